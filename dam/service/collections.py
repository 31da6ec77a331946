"""Collections and saved searches: what people put together, to be found by `collection:NAME`, listed and drawn."""

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dam.catalogue import collecting, collections
from dam.catalogue.cards import Card
from dam.catalogue.reading import open_reader
from dam.errors import ConflictError, NotFoundError, UsageError
from dam.ingest.parts import Parts
from dam.service.finding import Finder
from dam.storage.local import write_atomic
from dam.tagging.vocabulary import NAME_CHARS, proper_name

MAX_ASSETS, MAX_QUERY = 10_000, 16_000
PAGE = 500
COLUMNS = (
    "id", "sha256", "title", "kind", "status", "root", "path", "availability", "characters", "scenes", "tool", "model", "prompt",
    "credential", "admitted_at",
)  # fmt: skip
SUFFIXES = {".csv": "csv", ".pdf": "sheet", ".png": "sheet"}


class Collections:
    def __init__(self, parts: Parts, find: Finder) -> None:
        self._parts, self._find = parts, find

    def all(self) -> list[dict[str, Any]]:
        with open_reader(self._parts.catalogue.path) as reader:
            return collections.all_of(reader.rows)

    def get(self, name: str) -> dict[str, Any]:
        """One by name or id.

        Raises:
            NotFoundError: there is none.
        """
        with open_reader(self._parts.catalogue.path) as reader:
            found = collections.named(reader.rows, name)
        if found is None:
            raise NotFoundError(
                f"No collection {name[:NAME_CHARS]!r}.",
                next_step="See: dam collection list",
                code="collection.not_found",
            )
        return found

    def create(self, name: str, *, assets: Sequence[str] = (), query: str | None = None, person: str) -> dict[str, Any]:
        """A new collection of these assets, or a saved search.

        Raises:
            UsageError: a bad name, or assets and a query at once. ConflictError: the name is taken.
        """
        proper = proper_name(name)
        if proper is None:
            raise UsageError(
                f"A name has 1 to {NAME_CHARS} characters, some of them letters.", code="collection.bad_name"
            )
        name = proper
        if query is not None and (assets or len(query) > MAX_QUERY):
            raise UsageError("A saved search holds no assets of its own, and has at most 16,000 characters.")
        with open_reader(self._parts.catalogue.path) as reader:
            taken = collections.named(reader.rows, name)
        if taken is not None:
            raise ConflictError(f"There is a collection {taken['name']!r}.", code="collection.taken")
        ids = [self._find.id_of(one) for one in assets]
        with self._parts.catalogue.change(f"person:{person}") as unit:
            made = collecting.create(unit, name, query, person)
            collecting.add(unit, made, ids, person)
        return self.get(made)

    def add(self, name: str, assets: Sequence[str], *, person: str) -> dict[str, Any]:
        """Put assets at its end; those that are in it stay where they are."""
        found = self._of_assets(name)
        ids = [self._find.id_of(one) for one in assets]
        if (found["assets"] or 0) + len(ids) > MAX_ASSETS:
            raise UsageError(f"A collection holds at most {MAX_ASSETS} assets.", code="collection.full")
        with self._parts.catalogue.change(f"person:{person}") as unit:
            changed = collecting.add(unit, found["id"], ids, person)
        return self.get(found["id"]) | {"changed": changed}

    def remove(self, name: str, assets: Sequence[str], *, person: str) -> dict[str, Any]:
        """Take assets out. They stay in the library."""
        found = self._of_assets(name)
        ids = [self._find.id_of(one) for one in assets]
        with self._parts.catalogue.change(f"person:{person}") as unit:
            changed = collecting.remove(unit, found["id"], ids)
        return self.get(found["id"]) | {"changed": changed}

    def drop(self, name: str, *, person: str) -> dict[str, Any]:
        """Forget a collection or saved search. Its assets stay."""
        found = self.get(name)
        with self._parts.catalogue.change(f"person:{person}") as unit:
            collecting.drop(unit, found["id"], found["name"])
        return found

    def cards(self, name: str) -> list[Card]:
        """Its assets in their order; of a saved search what it finds now, the first MAX_ASSETS."""
        found = self.get(name)
        if found["query"] is None:
            with open_reader(self._parts.catalogue.path) as reader:
                return reader.cards(collections.items(reader.rows, found["id"]))
        cards: list[Card] = []
        after = None
        while len(cards) < MAX_ASSETS:
            page = self._find.search(found["query"], limit=PAGE, after=after, facets=False)
            cards += page.assets
            after = page.next
            if after is None:
                break
        return cards[:MAX_ASSETS]

    def export(self, name: str, to: Path) -> dict[str, Any]:
        """Write its assets to a file: .csv, or a contact sheet as .pdf or .png (a PNG for each page).

        Raises:
            UsageError: another suffix, or nothing to draw. ConflictError: a file stands there already.
        """
        kind = SUFFIXES.get(to.suffix.lower())
        if kind is None:
            raise UsageError(f"{to.name}: no such format.", next_step=f"Choose one of {', '.join(SUFFIXES)}.")
        found, cards = self.get(name), self.cards(name)
        if kind == "csv":
            _free([to])
            write_atomic(to, table(cards).encode())
            written: Sequence[Path] = [to]
        else:
            written = self._sheet(found["name"], cards, to)
        return {"collection": found["name"], "assets": len(cards), "files": [str(path) for path in written]}

    def _sheet(self, title: str, cards: Sequence[Card], to: Path) -> Sequence[Path]:
        from dam.report import sheet  # it draws, and no other command needs it

        cells = [sheet.Cell(self._picture(c.id), _lines(c)) for c in cards]
        count, font = sheet.count(cells), self._parts.settings.label_font
        pages = sheet.pages(title, cells, font=str(font) if font else None)
        if to.suffix.lower() == ".pdf":
            _free([to])
            write_atomic(to, sheet.pdf(pages, title))
            return [to]
        names = [to] if count == 1 else [to.with_stem(f"{to.stem}-{n}") for n in range(1, count + 1)]
        _free(names)
        for path, page in zip(names, pages, strict=True):
            write_atomic(path, sheet.png(page))
        return names

    def _picture(self, asset_id: str) -> Callable[[], bytes | None]:
        """Fetched when its page is drawn: a sheet of thousands holds one page at a time."""

        def fetch() -> bytes | None:
            try:
                return self._find.thumbnail(asset_id, 1024)
            except NotFoundError:
                return None

        return fetch

    def _of_assets(self, name: str) -> dict[str, Any]:
        found = self.get(name)
        if found["query"] is not None:
            raise UsageError(f"{found['name']} is a saved search: what it finds is in it.", code="collection.is_search")
        return found


def _lines(card: Card) -> tuple[str, str, str]:
    return card.title, f"{card.status} · {card.sha256[:12]}", ", ".join((*card.characters, *card.scenes))


def _free(paths: Sequence[Path]) -> None:
    """Nothing that lies there is written over."""
    there = next((path for path in paths if path.exists()), None)
    if there is not None:
        raise ConflictError(f"{there} is there already.", next_step="Choose another name.", code="file.exists")


def table(cards: Sequence[Card]) -> str:
    """Cards as CSV (RFC 4180). A cell that a spreadsheet would run as a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for card in cards:
        place = card.locations[0] if card.locations else None
        more = {
            "root": place.root if place else "", "path": place.path if place else "",
            "characters": "; ".join(card.characters), "scenes": "; ".join(card.scenes),
        }  # fmt: skip
        writer.writerow([_cell(more.get(name, getattr(card, name, ""))) for name in COLUMNS])
    return out.getvalue()


def _cell(value: Any) -> str:
    text = "" if value is None else str(value).encode(errors="replace").decode()
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
