"""The light half of the service: search, cards, details, lineage, audit. Starts without the ORM and the decoders."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dam.audit import chain
from dam.catalogue import collections
from dam.catalogue.cards import Card
from dam.catalogue.reading import Reader, open_reader
from dam.errors import EngineError, NotFoundError
from dam.ingest import follow
from dam.lineage import graph
from dam.media.paths import to_text
from dam.model import Edge, Relation
from dam.search.fields import outside_terms
from dam.search.index import TantivyIndex
from dam.search.query import Query, Term, resolve
from dam.search.results import Sort
from dam.settings import Settings
from dam.storage.local import LocalStorage
from dam.watch.modes import with_mode

RELATED = {
    "similar": (Relation.NEAR_DUPLICATE,),
    "made-with": (
        Relation.INPUT,
        Relation.INGREDIENT,
        Relation.DERIVED_FROM,
        Relation.PROTECTED_COPY,
        Relation.REVISION,
    ),
    "used-in": (Relation.CLIP,),
}
REACH = {"similar": (1, 1), "made-with": (0, 8), "used-in": (1, 0)}  # generations up and down


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Attribute names are the wire's (dam_schemas.asset.SearchPageOut)."""

    query: str
    understood: str
    notes: tuple[str, ...]
    total: int
    facets: dict[str, dict[str, int]]
    assets: tuple[Card, ...]
    next: str | None
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineageView:
    start: str
    nodes: tuple[Card, ...]
    edges: tuple[Edge, ...]
    truncated: bool


MAX_SAVED, MAX_COLLECTED = 4, 100_000  # saved searches that name saved searches; assets of one


class Finder:
    """Reads of one library. Cheap to make; each call sees the latest committed state."""

    def __init__(self, settings: Settings, *, followed: Callable[[], bool] = lambda: False) -> None:
        """`followed`: whether a thread of this process keeps the index level just now (service.following)."""
        self._settings = settings
        self._index = TantivyIndex(settings.library / "index")
        self._level = False
        self._followed = followed
        self._own = False

    @property
    def index(self) -> TantivyIndex:
        return self._index

    def level(self) -> int:
        """Bring the index level with the catalogue, rebuilding it where it is missing or damaged.

        Where a follower does that anyway, only after a change of this door's own: people find what they just did, and
        nobody waits for what thousands of new files ask of the index.
        """
        path = self._settings.catalogue_path
        if self._level and self._followed() and not self._own:
            self._index.reload()
            return 0
        self._own = False
        if self._level:
            try:
                count = follow.follow(path, self._index)
                self._index.reload()
                return count
            except EngineError:
                self._level = False  # damaged or of another version: made anew below
        self._index = follow.ready_index(path, self._settings.library / "index")
        self._level = True
        return 0

    def changed(self) -> None:
        """Somebody changed something through this door: the next search shows it."""
        self._own = True

    def search(
        self, text: str, *, limit: int = 50, after: str | None = None, sort: str | None = None, facets: bool = True
    ) -> SearchPage:
        """A page of assets for a query in the search language (docs/search.md)."""
        from dam.search.grammar import parse

        query: Query = parse(text)
        with open_reader(self._settings.catalogue_path):
            pass  # says "no library" before an index is made
        self.level()
        query, more = self._resolved(query)
        order = Sort(sort) if sort else Sort.RELEVANCE
        page = self._index.search(query, limit=limit, after=after, sort=order, facets=facets)
        with self._reader() as reader:
            cards = {c.id: c for c in reader.cards([h.asset_id for h in page.hits])}
        hits = tuple(replace(cards[h.asset_id], score=h.score) for h in page.hits if h.asset_id in cards)
        found = {k: dict(v) for k, v in page.facets.items()}
        instead = () if page.total or after else self._suggestions(query)
        return SearchPage(text, query.understood, (*query.notes, *more), page.total, found, hits, page.next, instead)

    def _suggestions(self, query: Query) -> tuple[str, ...]:
        """Queries nearby that do find something, by the names that stand in the index."""
        from dam.search.grammar import parse
        from dam.search.query import render
        from dam.search.suggest import suggestions

        known = self._index.search(parse(""), limit=1, facets=True).facets
        tried = [render(tree) for tree in suggestions(query.tree, {k: list(v) for k, v in known.items()})]
        return tuple(one for one in tried if self._index.search(parse(one), limit=1, facets=False).total)

    def _collected(self, name: str, depth: int) -> tuple[tuple[str, ...], list[str]]:
        """The assets of a collection, or those that a saved search finds now."""
        with self._reader() as reader:
            found = collections.named(reader.rows, name)
            if found is None:
                return (), [f"collection: there is none named {name[:60]}."]
            if found["query"] is None:
                return tuple(collections.items(reader.rows, found["id"])), []
        if depth >= MAX_SAVED:
            return (), [f"collection: saved searches name each other more than {MAX_SAVED} deep."]
        from dam.search.grammar import parse

        query, more = self._resolved(parse(found["query"]), depth + 1)
        ids: list[str] = []
        after = None
        while True:
            page = self._index.search(query, limit=1_000, after=after, sort=Sort.NEWEST, facets=False)
            ids += [hit.asset_id for hit in page.hits]
            after = page.next
            if after is None or len(ids) >= MAX_COLLECTED:
                return tuple(ids), list(more)

    def _resolved(self, query: Query, depth: int = 0) -> tuple[Query, tuple[str, ...]]:
        """Put in what only the catalogue knows (`similar:`, `made-with:`, `used-in:`); the rest is said to be unknown yet."""
        terms = outside_terms(query.tree)
        answers: dict[Term, tuple[str, ...]] = {}
        notes = []
        for term in terms:
            if term.field == "collection":
                answers[term], note = self._collected(term.value, depth)
                notes += note
                continue
            if term.field not in RELATED:
                notes.append(f"{term.field}: is not known yet; it finds nothing.")
                continue
            try:
                up, down = REACH[term.field]
                view = self.lineage(term.value, up=up, down=down)
            except NotFoundError as error:
                notes.append(f"{term.field}: {error.message}")
                continue
            kinds = RELATED[term.field]
            linked = {i for e in view.edges if e.relation in kinds for i in (e.parent_id, e.child_id)}
            answers[term] = tuple(sorted(linked - {view.start}))
        return resolve(query, answers), tuple(notes)

    def _reader(self) -> Any:
        return open_reader(self._settings.catalogue_path)

    def _find(self, reader: Reader, name: str) -> str:
        try:
            return reader.find(_storable(name))
        except NotFoundError:
            if os.path.sep in name or os.path.exists(name):
                return reader.find(to_text(os.path.realpath(name)))
            raise

    def id_of(self, name: str) -> str:
        """The asset id for an id, a unique prefix, a SHA-256 or a path."""
        with self._reader() as reader:
            return self._find(reader, name)

    def card(self, name: str) -> Card:
        with self._reader() as reader:
            card: Card = reader.cards([self._find(reader, name)])[0]
            return card

    def detail(self, name: str) -> dict[str, Any]:
        """Everything about one asset, flat under the wire's names (dam_schemas.asset.AssetDetailOut)."""
        with self._reader() as reader:
            found = reader.detail(self._find(reader, name))
        card = found.pop("card")
        fields = {n: getattr(card, n) for n in card.__dataclass_fields__ if n not in ("generation", "flags")}
        return {**fields, **found}

    def thumbnail(self, name: str, size_px: int) -> bytes:
        """The JPEG thumbnail (256 or 1024). NotFoundError "thumb.none" where there is none (yet)."""
        if size_px not in (256, 1024):
            raise NotFoundError(f"No thumbnails of {size_px} px.", next_step="Ask for 256 or 1024.", code="thumb.none")
        card = self.card(name)
        key = f"thumbs/{card.sha256[:2]}/{card.sha256}-{size_px}.jpg"
        try:
            return LocalStorage(self._settings.library / "vault").get(key)
        except NotFoundError as error:
            raise NotFoundError(f"{card.title} has no thumbnail (yet).", code="thumb.none") from error

    def copy_of(self, name: str) -> tuple[str, str, str]:
        """(file path, mime, download name) of an asset's protected copy, else of the manifest store that is kept for it."""
        found = self.detail(name)
        if (copy := _newest(found, "protected")) is not None:
            path = LocalStorage(self._settings.library / "vault").path(copy["storage_key"])
            stem, _ = os.path.splitext(found["title"])
            return os.fspath(path), copy["mime"], f"{stem}.protected{path.suffix}"
        if (beside := self.sidecar_of(found["id"])) is not None:
            return beside[0], "application/c2pa", f"{beside[1]}.c2pa"
        raise NotFoundError(
            f"{found['title']} has no protected copy.", next_step="See its stages: dam show", code="copy.none"
        )

    def sidecar_of(self, name: str) -> tuple[str, str] | None:
        """(file path of the manifest store, title of its file) of an asset whose copy is its own bytes, else None."""
        found = self.detail(name)
        copy = _newest(found, "sidecar")
        if copy is None or _newest(found, "protected") is not None:
            return None
        return os.fspath(LocalStorage(self._settings.library / "vault").path(copy["storage_key"])), found["title"]

    def lineage(self, name: str, *, up: int = 8, down: int = 8) -> LineageView:
        """Ancestors and descendants with the evidence for every edge, and what looks like the asset itself.

        Likeness is no descent, so it is not followed: a look-alike's look-alikes are not this asset's lineage.
        """
        with self._reader() as reader:
            start = self._find(reader, name)

            def neighbours(ids: Sequence[str], direction: graph.Direction) -> list[Edge]:
                going_up = direction is graph.Direction.UP
                found = [edge_of(e) for e in reader.edges(ids, up=going_up, down=not going_up)]
                return [e for e in found if e.relation is not Relation.NEAR_DUPLICATE]

            walked = graph.walk(start, neighbours, up, down)
            alike = [e for e in map(edge_of, reader.edges([start])) if e.relation is Relation.NEAR_DUPLICATE]
            ids = [node.asset_id for node in walked.nodes]
            likes = sorted({i for e in alike for i in (e.parent_id, e.child_id)} - set(ids))
            cards = reader.cards(ids + likes)
        return LineageView(start, tuple(cards), (*walked.edges, *alike), walked.truncated)

    def roots(self) -> list[dict[str, Any]]:
        with self._reader() as reader:
            return with_mode(reader.roots())

    def overview(self) -> dict[str, Any]:
        """Counts of the library, what is held back and what is still to do."""
        with self._reader() as reader:
            return {
                **reader.counts(),
                "quarantined": reader.quarantined(),
                "pending": reader.pending(),
                "waiting": reader.waiting_outside(),
                "roots": with_mode(reader.roots()),
            }

    def audit(self, *, after: int = 0, limit: int = 100, asset: str | None = None) -> list[dict[str, Any]]:
        with self._reader() as reader:
            subject = self._find(reader, asset) if asset else None
            rows = reader.audit(after=after, limit=limit, subject=subject)
        return [{**row, "detail": json.loads(row["detail"])} for row in rows]

    def verify_audit(self, progress: Callable[[int], None] | None = None) -> chain.Verdict:
        """Check the whole hash chain by its published rule (docs/audit.md)."""
        return verify_ledger(self._settings.catalogue_path, progress)


def verify_ledger(catalogue: Path, progress: Callable[[int], None] | None = None) -> chain.Verdict:
    """Check the whole hash chain of any catalogue file."""
    with open_reader(catalogue) as reader:
        library_id = reader.one("SELECT id FROM library")
        return chain.verify(_ledger(reader, progress), chain.genesis(library_id))


def _newest(detail: dict[str, Any], kind: str) -> dict[str, Any] | None:
    """The last made copy of a kind, of an asset's details."""
    copies: list[dict[str, Any]] = detail["copies"]
    return next((one for one in reversed(copies) if one["kind"] == kind), None)


def _storable(name: str) -> str:
    """A name from a command line; one that is not UTF-8 can only be a path."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return to_text(name)
    return name


def _ledger(reader: Reader, progress: Callable[[int], None] | None) -> Iterator[chain.Link]:
    last = 0
    while rows := reader.audit(after=last, limit=5_000):
        for row in rows:
            yield link_of(row)
        last = rows[-1]["seq"]
        if progress is not None:
            progress(last)


def link_of(row: dict[str, Any]) -> chain.Link:
    """A stored row as the rule sees it; detail that is no JSON is kept as what cannot match its hash."""
    try:
        detail = json.loads(row["detail"])
    except ValueError:
        detail = {"unreadable": row["detail"]}
    if not isinstance(detail, dict):
        detail = {"unreadable": row["detail"]}
    entry = chain.Entry(row["seq"], row["at"], row["actor"], row["action"], row["subject"], detail)
    return chain.Link(entry, row["hash"])


def edge_of(row: dict[str, Any]) -> Edge:
    return Edge(
        row["parent_id"],
        row["child_id"],
        Relation(row["relation"]),
        row["evidence"],
        row["confidence"],
        row["detail"],
        row["asserted_by"],
    )
