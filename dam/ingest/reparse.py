"""Reparse: run today's readers over everything that was kept, in batches, without opening a file of a drive."""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from dam.catalogue import derived
from dam.catalogue.derived import Stored
from dam.catalogue.reading import open_reader
from dam.errors import StorageError
from dam.ingest import rederive
from dam.ingest.parts import Parts
from dam.ingest.rederive import Again
from dam.metadata.read import reader_versions
from dam.storage.local import write_atomic

BATCH = 200
STATE_NAME = "reparse.json"
MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What to look at: assets with a claim of `reader` or a carrier that nobody read; these `assets` only; or everything."""

    reader: str | None = None
    assets: tuple[str, ...] = ()
    dry_run: bool = False


@dataclass(slots=True)
class Report:
    """What a run did. Attribute names are the wire's (dam_schemas.answers.ReparseOut).

    `not_kept`: read before carriers were kept, so left as they are. `resumed_after`: how many assets an earlier run of the
    same kind, which was stopped, had looked at; they are counted in.
    """

    reader: str | None = None
    dry_run: bool = False
    looked_at: int = 0
    changed: int = 0
    unchanged: int = 0
    not_kept: int = 0
    edges: int = 0
    by_field: dict[str, int] = field(default_factory=dict)
    by_reader: dict[str, int] = field(default_factory=dict)
    problems: list[dict[str, str]] = field(default_factory=list)
    resumed_after: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Changed:
    """One asset that changed, or would."""

    asset_id: str
    sha256: str
    fields: tuple[str, ...]
    readers: tuple[str, ...]
    edges: int = 0


OnChange = Callable[[Changed], None]
OnProgress = Callable[[int, int, float], None]  # assets done, assets in all, assets per second


class Run:
    """One run. Every batch is a transaction of its own, so a run that is stopped goes on where it stood."""

    def __init__(self, parts: Parts, asked: Asked, *, actor: str) -> None:
        self._parts = parts
        self._asked = asked
        self._actor = actor
        self._state = parts.settings.library / STATE_NAME
        self._resumes = not asked.assets and not asked.dry_run
        self._report = Report(reader=asked.reader, dry_run=asked.dry_run)
        self._after = ""

    def run(self, on_progress: OnProgress | None = None, on_change: OnChange | None = None) -> Report:
        """Look at every asset that was asked for.

        Raises:
            NotFoundError: an asset that was named is none. BusyError, StorageError: the catalogue cannot be written.
        """
        begun = time.monotonic()
        self._resume()
        report = self._report
        before, total = report.looked_at, self._total()
        while ids := self._next():
            for one in self._batch(ids):
                if on_change is not None:
                    on_change(one)
            self._after = ids[-1]
            self._save()
            seconds = time.monotonic() - begun
            if on_progress is not None:
                on_progress(report.looked_at, total, (report.looked_at - before) / max(seconds, 1e-6))
        report.seconds = round(time.monotonic() - begun, 3)
        self._end()
        return report

    def _next(self) -> list[str]:
        with open_reader(self._parts.catalogue.path) as reader:
            return derived.due(reader.rows, self._asked.reader, self._asked.assets, after=self._after, limit=BATCH)

    def _total(self) -> int:
        with open_reader(self._parts.catalogue.path) as reader:
            left = derived.due_count(reader.rows, self._asked.reader, self._asked.assets, after=self._after)
        return self._report.looked_at + left

    # -- a batch

    def _batch(self, ids: Sequence[str]) -> list[Changed]:
        """Derive outside the transaction; what differs is compared once more and written inside."""
        report = self._report
        with open_reader(self._parts.catalogue.path) as reader:
            stored = derived.load(reader.rows, ids)
        found = [new for one in stored if (new := self._again(one)) is not None]
        due = [n for n in found if n.change or n.sources or n.stored.has_sources]
        changed = self._would(due) if report.dry_run or not due else self._write(due)
        report.looked_at += len(stored)
        report.changed += len(changed)
        report.unchanged += len(found) - len(changed)
        for one in changed:
            report.edges += one.edges
            _count(report.by_field, one.fields)
            _count(report.by_reader, one.readers)
        return changed

    def _again(self, stored: Stored) -> Again | None:
        try:
            new = rederive.again(stored)
        except StorageError as error:
            if len(self._report.problems) < MAX_PROBLEMS:
                self._report.problems.append({"code": error.code, "message": f"{stored.id}: {error.message}"})
            return None
        if new is None:
            self._report.not_kept += 1
        return new

    def _would(self, due: Sequence[Again]) -> list[Changed]:
        return [_changed(new, 0) for new in due if new.change]

    def _write(self, due: Sequence[Again]) -> list[Changed]:
        changed = []
        with self._parts.catalogue.change(self._actor) as unit:
            now = {one.id: one for one in derived.load(derived.rows_of(unit), [n.stored.id for n in due])}
            for new in due:
                if now.get(new.stored.id) != new.stored:  # somebody wrote in between
                    latest = now.get(new.stored.id)
                    fresh = self._again(latest) if latest is not None else None
                    if fresh is None:
                        continue
                    new = fresh  # noqa: PLW2901  # the same asset, as it stands now
                edges = (
                    rederive.write(self._parts, unit, new, because="reparse")
                    if new.change
                    else rederive.settle(unit, new)
                )
                if new.change or edges:
                    changed.append(_changed(new, edges))
        return changed

    # -- going on after a stop

    def _key(self) -> dict[str, Any]:
        return {"reader": self._asked.reader, "readers": dict(reader_versions())}

    def _resume(self) -> None:
        if not self._resumes:
            return
        try:
            saved = json.loads(self._state.read_bytes())
            if saved["key"] == self._key():
                self._report = Report(**saved["report"])
                self._after = saved["after"]
                self._report.resumed_after = self._report.looked_at
        except (OSError, ValueError, LookupError, TypeError):
            return

    def _save(self) -> None:
        if self._resumes:
            state = {"key": self._key(), "after": self._after, "report": asdict(self._report)}
            write_atomic(self._state, json.dumps(state).encode())

    def _end(self) -> None:
        report = self._report
        if report.dry_run:
            return
        detail = {
            "reader": report.reader, "looked_at": report.looked_at, "changed": report.changed, "edges": report.edges,
            "not_kept": report.not_kept, "by_field": report.by_field, "by_reader": report.by_reader,
        }  # fmt: skip
        with self._parts.catalogue.change(self._actor) as unit:
            unit.audit("library.reparsed", self._parts.catalogue.library_id, detail)
        if self._resumes:
            self._state.unlink(missing_ok=True)


def _changed(new: Again, edges: int) -> Changed:
    fields = (*new.change.fields, *(("edges",) if edges else ())) or ("carriers",)
    return Changed(new.stored.id, new.stored.sha256, fields, new.change.readers, edges)


def _count(totals: dict[str, int], names: Sequence[str]) -> None:
    for name, number in Counter(names).items():
        totals[name] = totals.get(name, 0) + number
