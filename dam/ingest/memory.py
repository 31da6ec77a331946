"""Room for large files: the stages of one process that run at once may not need more memory together than there is."""

import contextlib
import os
import threading
from collections.abc import Iterator

from dam.catalogue.work import Job

# Peak bytes a pixel that a stage was measured to need (benchmarks/memory.py), rounded up; stages not named need little.
BYTES_PER_PIXEL = {"pixels": 8, "protect": 24}
BYTES_PER_BYTE = 2  # of a still picture's file: read whole, and written whole
LEAST = 64 << 20  # under which nobody asks
SHARE = 4  # of the machine's memory, a quarter


class Room:
    """`budget` bytes, handed out. Whatever needs more than all of it gets it all, and so runs alone."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.used = 0
        self._change = threading.Condition()

    @contextlib.contextmanager
    def take(self, need: int) -> Iterator[None]:
        """Wait until `need` bytes are free, and hold them."""
        need = min(need, self.budget) if need >= LEAST else 0
        with self._change:
            self._change.wait_for(lambda: self.used + need <= self.budget)
            self.used += need
        try:
            yield
        finally:
            with self._change:
                self.used -= need
                self._change.notify_all()


def need_of(job: Job) -> int:
    """Bytes of memory that a stage of a picture may need at its peak; 0 = not worth asking."""
    if job.kind != "image":
        return 0
    return job.pixels * BYTES_PER_PIXEL.get(job.stage, 0) + job.size_bytes * BYTES_PER_BYTE


def budget_bytes(memory_mib: int) -> int:
    """What the settings say, else a quarter of this machine's memory, or of what its container may use."""
    if memory_mib:
        return memory_mib << 20
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):  # not every system says
        whole = 4 << 30
    with contextlib.suppress(OSError, ValueError), open("/sys/fs/cgroup/memory.max", encoding="ascii") as limit:
        whole = min(whole, int(limit.read()))
    return whole // SHARE
