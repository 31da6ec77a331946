"""File-system events as hints: which roots should be looked at again, and which paths first.

watchdog is used with an `event_filter`: with its defaults (7.1) its own walk makes open events that overflow the
kernel queue again and again, and most files of a large tree are never reported. An overflow that it logs, and a
watch limit that is reached, become a hint for the whole root: scan is the truth.
"""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

LISTENED: list[type[FileSystemEvent]] = [
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]
MOST_PATHS = 20_000  # of one root: with more waiting, a pass over all of it is quicker and needs no memory
OnHint = Callable[[str, str | None], None]  # (root id, relative path or None = look at the whole root)


class _Handler(FileSystemEventHandler):
    def __init__(self, root_id: str, folder: str, hint: OnHint) -> None:
        self._root_id, self._folder, self._hint = root_id, folder, hint

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.is_directory or isinstance(event, FileDeletedEvent | FileMovedEvent):
            self._hint(self._root_id, None)
        for raw in (event.src_path, event.dest_path):
            path = os.fsdecode(raw) if raw else ""
            if path.startswith(self._folder + os.sep) and not event.is_directory:
                self._hint(self._root_id, path[len(self._folder) + 1 :])


class _OverflowLog(logging.Handler):
    """watchdog only logs a lost event; this makes every such line a hint for all roots."""

    def __init__(self, lost: Callable[[], None]) -> None:
        super().__init__(level=logging.WARNING)
        self._lost = lost

    def emit(self, record: logging.LogRecord) -> None:
        del record
        self._lost()


class Watcher:
    """Observes roots until `stop`. Hints arrive on watchdog's thread: the callback must be quick."""

    def __init__(self, roots: Sequence[tuple[str, str]], hint: OnHint) -> None:
        self._roots, self._hint = list(roots), hint
        self._observer = Observer()
        self._log = _OverflowLog(self._all)
        self.problems: list[str] = []

    def start(self) -> None:
        logging.getLogger("watchdog.observers.inotify_c").addHandler(self._log)
        logging.getLogger("watchdog.observers.inotify_buffer").addHandler(self._log)
        self._observer.start()  # first: a watch that cannot be set is then told where it is asked for
        for root_id, folder in self._roots:
            try:
                self._observer.schedule(
                    _Handler(root_id, folder, self._hint), folder, recursive=True, event_filter=LISTENED
                )
            except OSError as error:
                self.problems.append(f"{folder}: {error.strerror or error}; it is scanned instead")
        self.problems += [p for p in (_watch_limit_problem(),) if p]

    def _all(self) -> None:
        for root_id, _ in self._roots:
            self._hint(root_id, None)

    @property
    def alive(self) -> bool:
        return self._observer.is_alive()

    def stop(self) -> None:
        for name in ("watchdog.observers.inotify_c", "watchdog.observers.inotify_buffer"):
            logging.getLogger(name).removeHandler(self._log)
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join(timeout=5)


def _watch_limit_problem() -> str | None:
    """Watchdog starts happily with too few watches: count them against the kernel's limit."""
    try:
        limit = int(Path("/proc/sys/fs/inotify/max_user_watches").read_text())
        used = sum(
            path.read_text().count("inotify wd:") for path in Path("/proc/self/fdinfo").iterdir() if path.is_file()
        )
    except (OSError, ValueError):
        return None
    if used < limit:
        return None
    return f"the kernel's watch limit ({limit}) is reached: raise fs.inotify.max_user_watches; folders beyond it are scanned"


class Hints:
    """A thread-safe bag of hints, emptied by the scanner."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._roots: set[str] = set()
        self._paths: dict[str, set[str]] = {}
        self.ready = threading.Event()

    def add(self, root_id: str, path: str | None) -> None:
        with self._lock:
            if path is None:
                self._roots.add(root_id)
            elif len(paths := self._paths.setdefault(root_id, set())) < MOST_PATHS:
                paths.add(path)
            else:
                self._roots.add(root_id)
        self.ready.set()

    def take(self) -> tuple[set[str], dict[str, set[str]]]:
        """(roots to scan, paths to look at by root); paths of roots to scan are left out."""
        with self._lock:
            roots, paths = self._roots, self._paths
            self._roots, self._paths = set(), {}
            self.ready.clear()
        return roots, {r: p for r, p in paths.items() if r not in roots}
