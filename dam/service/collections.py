"""Collections and saved searches: what people put together, to be found by `collection:NAME`, listed and drawn."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dam.catalogue import collections
from dam.catalogue.reading import Card, open_reader
from dam.errors import ConflictError, NotFoundError, UsageError
from dam.ingest.parts import Parts
from dam.report import sheet
from dam.service.finding import Finder
from dam.storage.local import write_atomic
from dam.tagging.vocabulary import key

MAX_NAME, MAX_ASSETS, MAX_QUERY = 100, 10_000, 16_000
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
                f"No collection {name[:MAX_NAME]!r}.", next_step="See: dam collection list", code="collection.not_found"
            )
        return found

    def create(self, name: str, *, assets: Sequence[str] = (), query: str | None = None, person: str) -> dict[str, Any]:
        """A new collection of these assets, or a saved search.

        Raises:
            UsageError: a bad name, or assets and a query at once. ConflictError: the name is taken.
        """
        name = " ".join(name.split())
        if not key(name) or len(name) > MAX_NAME or not name.isprintable() or not any(c.isalnum() for c in name):
            raise UsageError(
                f"A name has 1 to {MAX_NAME} characters, some of them letters.", code="collection.bad_name"
            )
        if query is not None and (assets or len(query) > MAX_QUERY):
            raise UsageError("A saved search holds no assets of its own, and has at most 16,000 characters.")
        with open_reader(self._parts.catalogue.path) as reader:
            taken = collections.named(reader.rows, name)
        if taken is not None:
            raise ConflictError(f"There is a collection {taken['name']!r}.", code="collection.taken")
        ids = [self._find.id_of(one) for one in assets]
        with self._parts.catalogue.change(f"person:{person}") as unit:
            made = collections.create(unit, name, query, person)
            collections.add(unit, made, ids, person)
        return self.get(made)

    def add(self, name: str, assets: Sequence[str], *, person: str) -> dict[str, Any]:
        """Put assets at its end; those that are in it stay where they are."""
        found = self._of_assets(name)
        ids = [self._find.id_of(one) for one in assets]
        if (found["assets"] or 0) + len(ids) > MAX_ASSETS:
            raise UsageError(f"A collection holds at most {MAX_ASSETS} assets.", code="collection.full")
        with self._parts.catalogue.change(f"person:{person}") as unit:
            changed = collections.add(unit, found["id"], ids, person)
        return self.get(found["id"]) | {"changed": changed}

    def remove(self, name: str, assets: Sequence[str], *, person: str) -> dict[str, Any]:
        """Take assets out. They stay in the library."""
        found = self._of_assets(name)
        ids = [self._find.id_of(one) for one in assets]
        with self._parts.catalogue.change(f"person:{person}") as unit:
            changed = collections.remove(unit, found["id"], ids)
        return self.get(found["id"]) | {"changed": changed}

    def drop(self, name: str, *, person: str) -> dict[str, Any]:
        """Forget a collection or saved search. Its assets stay."""
        found = self.get(name)
        with self._parts.catalogue.change(f"person:{person}") as unit:
            collections.drop(unit, found["id"], found["name"])
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
            written = {to: table(cards).encode()}
        else:
            pages = list(sheet.pages(found["name"], [self._cell(c) for c in cards], font=self._font()))
            if to.suffix.lower() == ".pdf":
                written = {to: sheet.pdf(pages, found["name"])}
            else:
                names = [to] if len(pages) == 1 else [to.with_stem(f"{to.stem}-{n}") for n in range(1, len(pages) + 1)]
                written = {path: sheet.png(page) for path, page in zip(names, pages, strict=True)}
        there = [path for path in written if path.exists()]
        if there:
            raise ConflictError(f"{there[0]} is there already.", next_step="Choose another name.", code="file.exists")
        for path, data in written.items():
            write_atomic(path, data)
        return {"collection": found["name"], "assets": len(cards), "files": [str(path) for path in written]}

    def _font(self) -> str | None:
        chosen = self._parts.settings.label_font
        return str(chosen) if chosen else None

    def _cell(self, card: Card) -> sheet.Cell:
        try:
            picture: bytes | None = self._find.thumbnail(card.id, 1024)
        except NotFoundError:
            picture = None
        who = ", ".join((*card.characters, *card.scenes))
        return sheet.Cell(picture, (card.title, f"{card.status} · {card.sha256[:12]}", who))

    def _of_assets(self, name: str) -> dict[str, Any]:
        found = self.get(name)
        if found["query"] is not None:
            raise UsageError(f"{found['name']} is a saved search: what it finds is in it.", code="collection.is_search")
        return found


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
