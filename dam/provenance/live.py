"""A value that is read from files, and read again when they change: another process may rotate keys or change lists."""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from dam.errors import DamError

log = logging.getLogger(__name__)
T = TypeVar("T")
_Seen = tuple[tuple[int, int, int] | None, ...]


class Live(Generic[T]):
    """`get` costs a stat a file. A change that cannot be read leaves the last good value, and says so in the log."""

    def __init__(self, read: Callable[[], T], paths: Sequence[Path]) -> None:
        self._read, self._paths = read, tuple(paths)
        self._lock = threading.Lock()
        self._seen = self._look()
        self._value = read()

    def get(self) -> T:
        seen = self._look()
        with self._lock:
            if seen != self._seen:
                try:
                    self._value = self._read()
                except DamError as error:
                    log.warning("%s (what was read before still counts)", error)
                self._seen = seen
            return self._value

    def _look(self) -> _Seen:
        return tuple(_stat(path) for path in self._paths)


def _stat(path: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
