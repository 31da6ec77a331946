"""Passes over the drives: one full pass and drain (`scan`), and one more worker. Watching is in `watching`."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dam.catalogue import work
from dam.catalogue.reading import open_reader
from dam.errors import BusyError, EngineError, StorageError
from dam.fingerprint import sounds
from dam.ingest import follow
from dam.ingest.parts import Parts
from dam.ingest.workers import Workers, release_dead
from dam.model import Problem
from dam.search.index import TantivyIndex
from dam.service.crew import Lone
from dam.service.roots import Roots
from dam.watch.modes import settle_of
from dam.watch.scanner import Pass, ScanRules, scan_root

log = logging.getLogger("dam.service")

POLL_S = 0.1
TAKEOVER_S = 15.0  # how often a worker asks whether another one has died
UNSETTLED_PATIENCE_S = 30.0  # how long a pass waits, with nothing else to do, for files that keep changing


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a pass stands: rows ended, rows left, rows per second, seconds to go (None = unknown yet).

    `doing`: "looking" at the drive (files) or "working" on what is due (files and stages).
    """

    done: int
    left: int
    rate: float
    eta_s: float | None
    doing: str = "working"


@dataclass(slots=True)
class Summary:
    """What a pass ends with. Attribute names are the wire's (dam_schemas.asset.SummaryOut)."""

    seen: int = 0
    admitted: int = 0
    unchanged: int = 0
    moved: int = 0
    missing: int = 0
    ignored: int = 0
    waiting: list[str] = field(default_factory=list)
    quarantined: list[dict[str, Any]] = field(default_factory=list)
    unexplained: int = 0
    problems: list[Problem] = field(default_factory=list)
    roots: list[dict[str, Any]] = field(default_factory=list)
    assets: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)
    by_state: dict[str, int] = field(default_factory=dict)
    by_credential: dict[str, int] = field(default_factory=dict)
    protected: int = 0
    seconds: float = 0.0


OnProgress = Callable[[Progress], None]


class Passes:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._index = TantivyIndex(parts.settings.library / "index")
        self._level = False
        self._following = threading.Lock()
        self.followed = False  # whether a thread does it all the time (service.following)

    # -- one pass

    def scan(
        self, roots: Sequence[str] = (), *, accept_missing: bool = False, on_progress: OnProgress | None = None
    ) -> Summary:
        """Look at every root (or those named), then work until nothing is due.

        A root that is offline or guarded is a problem in the summary, never an exception; other roots go on.
        """
        begun = time.monotonic()
        before = self._counts()
        passes = self.look(roots, accept_missing=accept_missing, on_progress=on_progress)
        self.finish(on_progress)
        return self._summary(passes, before, time.monotonic() - begun)

    def rules(self, root: Mapping[str, Any], **more: Any) -> ScanRules:
        """How a root is looked at now."""
        settings = self._parts.settings
        return ScanRules(self._parts.wall(), settle_of(root, settings), settings.missing_guard, **more)

    def roots(self, names: Sequence[str] = ()) -> list[dict[str, Any]]:
        """The rows of these roots, none named = of all."""
        if names:
            nouns = Roots(self._parts)
            return [nouns.get(name) for name in names]
        with self._parts.catalogue.reader() as reader:
            return reader.root_rows()

    def look(
        self, names: Sequence[str] = (), *, accept_missing: bool = False, on_progress: OnProgress | None = None
    ) -> list[Pass]:
        """A full pass over every root (or those named); what waited for a drive or for room is due again."""
        passes = [
            self.look_at_root(r, accept_missing=accept_missing, tell=_teller(on_progress)) for r in self.roots(names)
        ]
        self.wake()
        return passes

    def look_at_root(self, root: Mapping[str, Any], **more: Any) -> Pass:
        """One pass over one root."""
        with open_reader(self._parts.catalogue.path) as reader:
            return scan_root(self._parts.catalogue, reader, root, self.rules(root, **more))

    def wake(self) -> None:
        """What waited for a drive, a service or room on the disk is due now."""
        with self._parts.catalogue.change() as unit:
            work.wake_offline(unit)
            work.wake_waiting(unit)
            work.retry_failed(unit, code_prefix="storage.")
            if sounds.available():
                work.retry_failed(unit, code_prefix="sound.no_fpcalc")

    def finish(self, on_progress: OnProgress | None = None) -> None:
        """Run workers until nothing is left but files that will not settle or drives that are offline."""
        workers, lone = Workers(self._parts, self._parts.settings.worker_count), Lone(self._parts)
        workers.start()
        begun, quiet_since = time.monotonic(), time.monotonic()
        last_done = 0
        try:
            while (left := self._left()) > 0:
                lone.tick()
                if workers.busy or lone.busy or workers.done != last_done:
                    last_done, quiet_since = workers.done, time.monotonic()
                if time.monotonic() - quiet_since > UNSETTLED_PATIENCE_S + self._parts.settings.settle_s:
                    break
                if on_progress is not None:
                    on_progress(_progress(workers.done, left, time.monotonic() - begun))
                time.sleep(POLL_S)
        finally:
            workers.stop()
            lone.stop()
            self.follow()

    def _left(self) -> int:
        with self._parts.catalogue.reader() as reader:
            return sum(reader.pending().values())

    def follow(self, enough: Callable[[], bool] = lambda: False) -> int:
        """Bring clusters and index level; an index that fails is rebuilt, now or at the next search, and never fails the pass."""
        with self._following:
            return self._follow(enough)

    def _follow(self, enough: Callable[[], bool]) -> int:
        path = self._parts.catalogue.path
        try:
            self._parts.clustering.follow(self._parts.catalogue)
            with self._parts.catalogue.reader() as reader:
                if self._level and not reader.outbox(1):
                    return 0
            if not self._level and self._index.state().needs_rebuild:
                count = follow.rebuild(path, self._index)
            else:
                count = follow.follow(path, self._index, enough=enough)
            self._level = True
            return count
        except (StorageError, BusyError, EngineError) as error:
            self._level = False
            log.warning("the index waits: %s", error)  # the outbox keeps what it has not taken; doctor shows the lag
            return 0

    def _counts(self) -> dict[str, Any]:
        with open_reader(self._parts.catalogue.path) as reader:
            return reader.counts()

    def _summary(self, passes: Sequence[Pass], before: dict[str, Any], seconds: float) -> Summary:
        with open_reader(self._parts.catalogue.path) as reader:
            counts = reader.counts()
            waiting, outside = reader.waiting(), reader.waiting_outside()
            summary = Summary(
                seen=sum(p.seen for p in passes),
                admitted=counts["assets"] - before["assets"],
                unchanged=sum(p.unchanged for p in passes),
                moved=sum(p.returned + p.relinked for p in passes),
                missing=sum(p.missing for p in passes),
                ignored=sum(p.ignored for p in passes),
                waiting=waiting,
                quarantined=reader.quarantined(),
                roots=Roots(self._parts).list(),
                seconds=round(seconds, 3),
                **counts,
            )
            summary.unexplained = max(
                0, sum(p.seen for p in passes) - reader.explained([p.root for p in passes]) - len(waiting)
            )
        for one in passes:
            if one.state != "online":
                summary.problems.append(Problem(f"root.{one.state}", f"{one.root}: {one.reason}"))
            summary.problems += [Problem("scan.unseen", f"{one.root}/{u.path}: {u.reason}") for u in one.unseen]
        summary.problems += [
            Problem(w["code"], f"{w['n']} {_what_waits(w['code'], w['n'])}: {w['message']}") for w in outside
        ]
        return summary

    def work_until(self, stop: threading.Event) -> None:
        """One more ingest worker beside others: takes what is due, watches nothing."""
        release_dead(self._parts)
        workers, lone = Workers(self._parts, self._parts.settings.worker_count), Lone(self._parts)
        workers.start()
        checked = time.monotonic()
        try:
            while not stop.wait(0.5):
                lone.tick()
                self.follow()
                if time.monotonic() - checked > TAKEOVER_S:
                    release_dead(self._parts)
                    checked = time.monotonic()
        finally:
            workers.stop()
            lone.stop()


def _what_waits(code: str, count: int) -> str:
    if code.startswith("storage."):  # thumbnails and copies
        return "file waits for the disk" if count == 1 else "files wait for the disk"
    return "protected copy waits" if count == 1 else "protected copies wait"


def _teller(on_progress: OnProgress | None) -> Callable[[int, int], None] | None:
    """Tell a person how far a pass over a drive is, a few times a second."""
    if on_progress is None:
        return None
    begun, last = time.monotonic(), [0.0]

    def tell(seen: int, expected: int) -> None:
        now = time.monotonic()
        if now - last[0] >= POLL_S:
            last[0] = now
            one = _progress(seen, expected - seen, now - begun)
            on_progress(replace(one, doing="looking"))

    return tell


def _progress(done: int, left: int, seconds: float) -> Progress:
    rate = done / seconds if seconds > 0 else 0.0
    return Progress(done, left, rate, left / rate if rate > 0 else None)
