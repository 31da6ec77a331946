"""Characters, scenes and tags: bibles in versions, what people say of an asset, and how paths are read."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from dam.catalogue import tags, terms
from dam.catalogue.reading import open_reader
from dam.catalogue.sqlite import Rows
from dam.errors import ConflictError, NotFoundError, UsageError
from dam.ingest.parts import Parts
from dam.service.passes import OnProgress, Progress
from dam.service.roots import Roots
from dam.tagging.tagger import Tagger
from dam.tagging.templates import compiled, read
from dam.tagging.vocabulary import CHARACTER, KINDS, NAME_CHARS, Character, key, lora_key, proper_name

MAX_NAMES, MAX_TEXT = 200, 4_000
LISTS = ("aliases", "triggers", "loras", "references")
TEXTS = ("must", "never")
SHOWN_UNKNOWN = 20


class Cast:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # -- characters

    def characters(self) -> list[dict[str, Any]]:
        """Every character with its newest bible and how many assets show it."""
        with open_reader(self._parts.catalogue.path) as reader:
            return [self._with_bible(reader.rows, row) for row in tags.terms(reader.rows, CHARACTER)]

    def character(self, name: str) -> dict[str, Any]:
        """One character by name, alias or id, with every version of its bible.

        Raises:
            NotFoundError: nobody goes by that name.
        """
        term = self._character(name)
        with open_reader(self._parts.catalogue.path) as reader:
            row = next(r for r in tags.terms(reader.rows, CHARACTER) if r["id"] == term)
            return self._with_bible(reader.rows, row) | {"versions": tags.bibles(reader.rows, term)}

    def write(
        self,
        name: str,
        changes: Mapping[str, Any],
        *,
        person: str,
        new: bool = False,
        on_progress: OnProgress | None = None,
    ) -> dict[str, Any]:
        """Write a new version of a bible (`new`: of a character that is not there yet): what is not in `changes` stays.

        Every asset whose tags change by it is indexed again; no drive is touched.

        Raises:
            UsageError: a name that is too long, empty, or a word without letters. ConflictError: `new`, and it is there;
            or a name that another character goes by. NotFoundError: not `new`, and it is not there.
        """
        name = _name(name)
        before: dict[str, Any] = {}
        if new:
            self._free(name, None)
            term = tags.term_id(CHARACTER, name)
        else:
            term = self._character(name)
            before = self.character(term)["versions"][0]
        detail: dict[str, Any] = {n: _names(n, changes.get(n, before.get(n, ()))) for n in LISTS}
        detail |= {n: _text(n, changes.get(n, before.get(n))) for n in TEXTS}
        for other in (*detail["aliases"], *detail["triggers"]):
            self._free(other.removeprefix("="), term)
        for at, asset in enumerate(detail["references"]):
            with open_reader(self._parts.catalogue.path) as reader:
                detail["references"][at] = reader.find(asset)
        with self._parts.catalogue.change(f"person:{person}") as unit:
            if new:
                term = terms.add_term(unit, CHARACTER, name)
            terms.write_bible(unit, term, detail, person)
        retagged = self.retag(on_progress)
        return self.character(term) | {"retagged": retagged}

    def retire(self, name: str, *, person: str) -> dict[str, Any]:
        """A character is no longer looked for or shown. Its bibles, and what people said of it, stay."""
        found = self.character(name)
        with self._parts.catalogue.change(f"person:{person}") as unit:
            terms.retire(unit, found["id"])
        return found

    def retag(self, on_progress: OnProgress | None = None) -> int:
        """Have every asset indexed again whose tags are not what the vocabulary says now. Returns how many."""
        begun, done, changed = time.monotonic(), 0, 0
        with open_reader(self._parts.catalogue.path) as reader:
            made, total = tags.tagger(reader.rows), reader.one("SELECT count(*) FROM asset") or 0
            for ids, looked_at in tags.stale(reader.rows, made):
                done += looked_at
                changed += len(ids)
                if ids:
                    with self._parts.catalogue.change() as unit:
                        for asset_id in ids:
                            unit.touch(asset_id)
                if on_progress is not None:
                    rate = done / max(1e-6, time.monotonic() - begun)
                    on_progress(Progress(done, total - done, rate, (total - done) / rate))
        return changed

    # -- what an asset shows

    def of(self, asset: str) -> list[dict[str, Any]]:
        """Every term of an asset with its sources and what people said."""
        with open_reader(self._parts.catalogue.path) as reader:
            return tags.findings(reader.rows, reader.find(asset))

    def say(
        self, assets: Sequence[str], kind: str, name: str, *, confirmed: bool | None, person: str
    ) -> list[dict[str, Any]]:
        """A person says that these assets show that, or do not, or takes it back (None). It is remembered.

        Raises:
            UsageError: no such kind. NotFoundError: no such asset or character.
        """
        if kind not in KINDS:
            raise UsageError(f"No kind {kind!r}.", next_step=f"Choose one of {', '.join(KINDS)}.")
        name = _name(name)
        with open_reader(self._parts.catalogue.path) as reader:
            ids = [reader.find(asset) for asset in assets]
        known = self._character(name) if kind == CHARACTER else None
        with self._parts.catalogue.change(f"person:{person}") as unit:
            term = known or terms.add_term(unit, kind, name)
            for asset_id in ids:
                terms.say(unit, asset_id, term, confirmed=confirmed, person=person)
        with open_reader(self._parts.catalogue.path) as reader:
            return [{"asset_id": i, "tags": tags.findings(reader.rows, i)} for i in ids]

    def terms(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Characters, scenes, shots, projects and tags, with how many assets show each."""
        with open_reader(self._parts.catalogue.path) as reader:
            return tags.terms(reader.rows, kind)

    # -- how paths are read

    def set_template(
        self,
        root: str,
        template: str | None,
        *,
        dry_run: bool = False,
        actor: str = "service",
        on_progress: OnProgress | None = None,
    ) -> dict[str, Any]:
        """Read paths below a root by a template from now on (None: no more), or only say what it would find.

        Raises:
            UsageError: the template cannot be used. NotFoundError: no such root.
        """
        row = Roots(self._parts).get(root)
        report = {"root": row["name"], "template": template, "files": 0, "fit": 0, "unknown_characters": []}
        with open_reader(self._parts.catalogue.path) as reader:
            sql = "SELECT path FROM location WHERE root_id = ? AND availability <> 'missing' ORDER BY path"
            paths = [r["path"] for r in reader.rows(sql, row["id"])]
            who = Tagger(tags.characters(reader.rows)).who
        report["files"] = len(paths)
        if template is not None:
            made, unknown = compiled(template), dict[str, int]()
            for path in paths:
                found, name = read(made, path, who)
                report["fit"] += bool(found or name)
                if name is not None:
                    unknown[name] = unknown.get(name, 0) + 1
            report["template"] = made.text
            report["unknown_characters"] = sorted(unknown, key=lambda n: (-unknown[n], n))[:SHOWN_UNKNOWN]
        if not dry_run:
            with self._parts.catalogue.change(actor) as unit:
                terms.set_template(unit, row["id"], report["template"])
            self.retag(on_progress)
        return report

    def _character(self, name: str) -> str:
        wanted = key(name)
        with open_reader(self._parts.catalogue.path) as reader:
            known = tags.characters(reader.rows)
        exact = [c for c in known if c.id == name or key(c.name) == wanted]
        found = exact or [c for c in known if wanted in {key(a.removeprefix("=")) for a in c.aliases}]
        if len(found) != 1:
            raise NotFoundError(
                f"{'Nobody goes' if not found else 'Several characters go'} by the name {name[:NAME_CHARS]!r}.",
                next_step="See: dam character list", code="character.not_found",
            )  # fmt: skip
        return found[0].id

    def _free(self, name: str, term: str | None) -> None:
        """A name belongs to one character only."""
        with open_reader(self._parts.catalogue.path) as reader:
            known = tags.characters(reader.rows)
        owner = next((c for c in known if c.id != term and _goes_by(c, name)), None)
        if owner is not None:
            raise ConflictError(
                f"{owner.name} goes by the name {name!r}.", next_step="Choose another.", code="character.taken"
            )

    def _with_bible(self, rows: Rows, row: Mapping[str, Any]) -> dict[str, Any]:
        newest = tags.bibles(rows, row["id"])[0]
        return {**row, **{n: newest.get(n) for n in (*LISTS, *TEXTS)}, "version": newest["number"]}


def _goes_by(character: Character, name: str) -> bool:
    names = (*character.names, *character.triggers)
    return key(name) in {key(n.removeprefix("=")) for n in names}


def _name(name: str) -> str:
    proper = proper_name(name)
    if proper is None:
        raise UsageError(
            f"A name has 1 to {NAME_CHARS} characters, some of them letters or digits.", code="term.bad_name"
        )
    return proper


def _names(what: str, given: Sequence[str]) -> list[str]:
    if len(given) > MAX_NAMES:
        raise UsageError(f"More than {MAX_NAMES} {what}.", code="term.too_many")
    same = lora_key if what == "loras" else key
    return list({same(name): _name(name) for name in given}.values())


def _text(what: str, given: str | None) -> str | None:
    if given is not None and len(given) > MAX_TEXT:
        raise UsageError(f"{what} is longer than {MAX_TEXT} characters.", next_step="Shorten it.", code="term.too_long")
    return given.strip() or None if given else None
