"""The program of a worker process (`crew`): python -m dam.service.worker, settings as a line of JSON on stdin."""

import json
import logging
import signal
import sys
import threading
from typing import Any

from dam.ingest import verify
from dam.ingest.workers import IDLE_S, STOP_S, Workers
from dam.service.allocator import share_heaps
from dam.service.crew import watch_pipe
from dam.service.library import wire
from dam.settings import Settings

SETTINGS_BYTES = 1 << 20


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal goes to the whole group: the service tells us
    logging.getLogger("dam").addHandler(logging.NullHandler())
    logging.getLogger("dam").propagate = False
    told: dict[str, Any] = json.loads(sys.stdin.buffer.readline(SETTINGS_BYTES))
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    watch_pipe(stop.set)
    share_heaps()
    parts = wire(Settings(**told["settings"]))
    try:
        if told["alone"]:
            _alone(parts, stop)
        else:
            workers = Workers(parts, parts.settings.worker_count, spare=lambda: verify.one(parts))
            workers.start()
            stop.wait()
            workers.stop(STOP_S)
    finally:
        parts.means.close()
        parts.catalogue.close()
    return 0


def _alone(parts: Any, stop: threading.Event) -> None:
    """Until no suspect is due."""
    workers = Workers(parts, 1, suspects=True)
    workers.start()
    quiet = 0
    while quiet < 3 and not stop.wait(IDLE_S):
        with parts.catalogue.reader() as reader:
            due = reader.is_due(parts.wall(), suspects=True)
        quiet = 0 if due or workers.busy else quiet + 1
    workers.stop(STOP_S)


if __name__ == "__main__":
    sys.exit(main())
