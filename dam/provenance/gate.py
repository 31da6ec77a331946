"""How many large files are signed or judged at once: the SDK holds most of one in memory (facts: up to half a gigabyte)."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SMALL_BYTES = 16 << 20  # below this, a file costs less than the decoders around it
_PEAK_BYTES = 560 << 20  # what signing a file of half a gigabyte or more takes, measured; it does not grow further
_LEAST_BYTES, _MOST_BYTES = 600 << 20, 4 << 30


class MemoryGate:
    """Lets files in as long as what they take together fits the budget; one file may always go in alone."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._taken = 0
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, size_bytes: int) -> Iterator[None]:
        """Wait until a file of this size fits, and keep its place for the length of the block. Not to be nested."""
        cost = min(size_bytes, _PEAK_BYTES) if size_bytes > _SMALL_BYTES else 0
        with self._changed:
            self._changed.wait_for(lambda: not self._taken or self._taken + cost <= self._budget)
            self._taken += cost
        try:
            yield
        finally:
            with self._changed:
                self._taken -= cost
                self._changed.notify_all()


def budget_bytes() -> int:
    """An eighth of the machine's memory, within bounds."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        memory = 0
    return min(max(memory // 8, _LEAST_BYTES), _MOST_BYTES)


GATE = MemoryGate(budget_bytes())  # of this process: its threads share it
