"""glibc gives each thread a heap of its own and rarely gives memory back: with two, a service of 14 threads needs 250 MiB
instead of 420 while thousands of files come in, and is as quick (docs/benchmarks.md).
"""

import ctypes
import sys

ARENAS = 2
_M_ARENA_MAX = -8  # malloc.h


def share_heaps() -> None:
    """Call before threads are started. Nothing where the C library is another."""
    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)
    except (OSError, AttributeError):
        return  # musl has neither the function nor the trouble
