"""The index and the clusters follow the catalogue, in a thread of their own: no pass over a drive and no question waits."""

import logging
import threading
import time
from typing import Self

from dam.service.passes import Passes

log = logging.getLogger("dam.service")

EVERY_S = 0.5
LAST_S = 1.0


class Follower:
    """While it runs, searches need not bring the index level themselves: it is at most a second or two behind."""

    def __init__(self, passes: Passes) -> None:
        self._passes = passes
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._passes.followed = True
        return self

    def __exit__(self, *_: object) -> None:
        self._passes.followed = False
        self._stop.set()
        self._thread.join()
        end = time.monotonic() + LAST_S
        self._passes.follow(lambda: time.monotonic() > end)  # what is left waits in the outbox

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                self._passes.follow(self._stop.is_set)
            except Exception:  # the edge of a thread: the next turn tries again
                log.exception("following")
