"""Watching the roots until stopped. Scan is the truth, events only say where to look first."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dam.catalogue.reading import open_reader
from dam.errors import BusyError, StorageError
from dam.ingest import verify
from dam.ingest.parts import Parts
from dam.ingest.workers import Workers, release_dead
from dam.media.paths import from_text
from dam.service.crew import Crew
from dam.service.following import Follower
from dam.service.passes import TAKEOVER_S, Passes
from dam.watch.events import Hints, Watcher
from dam.watch.modes import EVENTS, mode_of
from dam.watch.scanner import Pass, look_at

log = logging.getLogger("dam.service")

TICK_S = 0.25
REST_FACTOR = 9.0  # after a pass, nine times as long passes before the next one of that root
RETRY_S = 5.0

Root = Mapping[str, Any]  # a row of the catalogue


class Watching:
    """The watch of one process: which roots are due for which pass, and the observer of those that have events."""

    def __init__(self, parts: Parts, passes: Passes) -> None:
        self._parts, self._passes = parts, passes
        self._hints = Hints()
        self._late: set[str] = set()  # roots with a hint that waits for its rest to end
        self._rest: dict[str, float] = {}
        self._full: dict[str, float] = {}  # when each root's next full pass is due
        self._quick: dict[str, float] = {}
        self._cursor: dict[str, str | None] = {}
        self._told: set[str] = set()

    def run(self, stop: threading.Event, *, on_tick: Callable[[], None] | None = None) -> None:
        """Until `stop` is set: passes when they are due, hints in between, and workers for what they find.

        A worker with nothing to do verifies what was moved.
        """
        with Follower(self._passes):
            self._watch(stop, on_tick)

    def _watch(self, stop: threading.Event, on_tick: Callable[[], None] | None) -> None:
        roots = self._passes.roots()
        watched, watcher = _with_events(roots), self._observe(roots)
        workers = self._workers()
        workers.start()
        checked = time.monotonic()
        try:
            while not stop.is_set():
                try:
                    self._due_passes(roots, stop)
                    self._take(roots)
                except (BusyError, StorageError) as error:
                    log.warning("watching goes on: %s", error)
                    self._look_again(roots, time.monotonic() + RETRY_S)  # a whole pass makes good what was missed
                roots = self._passes.roots()
                if not watcher.alive or watched != _with_events(roots):
                    watcher.stop()
                    watched, watcher = _with_events(roots), self._observe(roots)
                    self._look_again(roots, 0.0)  # what came while nobody looked
                if time.monotonic() - checked > TAKEOVER_S:
                    release_dead(self._parts)
                    checked = time.monotonic()
                workers.wake()
                if on_tick is not None:
                    on_tick()
                self._hints.ready.wait(TICK_S)
        finally:
            watcher.stop()
            workers.stop()

    def _workers(self) -> Workers | Crew:
        settings = self._parts.settings
        if settings.worker_process:
            return Crew(self._parts)
        return Workers(self._parts, settings.worker_count, spare=lambda: verify.one(self._parts))

    def _observe(self, roots: Sequence[Root]) -> Watcher:
        watcher = Watcher(_with_events(roots), self._hints.add)
        watcher.start()
        for problem in set(watcher.problems) - self._told:
            log.warning("%s", problem)
        self._told |= set(watcher.problems)
        return watcher

    def _look_again(self, roots: Sequence[Root], when: float) -> None:
        for root in roots:
            self._full[root["id"]] = when

    def _due_passes(self, roots: Sequence[Root], stop: threading.Event) -> None:
        settings = self._parts.settings
        ended = False
        for root in roots:
            if stop.is_set():
                return
            name, polled = root["id"], mode_of(root) != EVENTS
            if time.monotonic() >= self._full.get(name, 0.0):
                self._rested(root, settings.full_pass_s if polled else settings.reconcile_s, self._full)
                self._quick[name] = time.monotonic() + settings.poll_s
                ended = True
            elif polled and time.monotonic() >= self._quick.get(name, 0.0):
                more = {"quick": True, "budget_s": settings.poll_budget_s, "cursor": self._cursor.get(name)}
                found = self._rested(root, settings.poll_s, self._quick, **more)
                self._cursor[name] = found.cursor
                if found.unjudged:
                    self._full[name] = 0.0
        if ended:
            self._passes.wake()

    def _rested(self, root: Root, interval_s: float, due: dict[str, float], **more: Any) -> Pass:
        begun = time.monotonic()
        found = self._passes.look_at_root(root, **more)
        wait_s = _interval(found, interval_s, self._parts.settings.reconcile_s)
        due[root["id"]] = time.monotonic() + max(wait_s, REST_FACTOR * (time.monotonic() - begun))
        return found

    def _take(self, roots: Sequence[Root]) -> None:
        """Look where events point. Whole-root hints rest in between, so that a busy drive is not walked without end."""
        whole, paths = self._hints.take()
        self._late |= whole
        if not self._late and not paths:
            return
        by_id = {r["id"]: r for r in roots}
        for root_id in [r for r in self._late if time.monotonic() >= self._rest.get(r, 0.0)]:
            self._late.discard(root_id)
            if root_id in by_id:
                self._rested(by_id[root_id], 0.0, self._rest)
        with open_reader(self._parts.catalogue.path) as reader:
            for root_id, names in paths.items():
                if root_id in by_id:
                    rules = self._passes.rules(by_id[root_id])
                    look_at(self._parts.catalogue, reader, by_id[root_id], sorted(names), rules)


def _with_events(roots: Sequence[Root]) -> list[tuple[str, str]]:
    """(id, folder) of the roots that events are asked for: a drive that comes back needs new watches."""
    return [(r["id"], from_text(r["path"])) for r in roots if r["state"] != "offline" and mode_of(r) == EVENTS]


def _interval(found: Pass, interval_s: float, reconcile_s: float) -> float:
    """A root that is away is asked for at least as often as a local one: that costs one look at a folder."""
    return min(interval_s, reconcile_s) if found.state == "offline" else interval_s
