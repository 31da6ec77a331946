"""Ingest in processes of its own: what strangers' bytes do to a decoder, they do not do to the service.

The service's process keeps two kinds of children: the crew, which takes what is due, and now and then a lone one for
what was in hand when a worker died. A child is told its settings over a pipe, works until that pipe is closed, by the
service or by its death, and is started anew if it dies.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from dam.errors import BusyError, StorageError
from dam.ingest.parts import Parts
from dam.ingest.workers import STOP_S, blame, give_back, worker_name
from dam.settings import Settings

log = logging.getLogger("dam.service")

TICK_S = 0.25
LONE_POLL_S = 1.0
BACK_OFF_S = (0.0, 0.5, 2.0, 10.0, 60.0)  # before a child that died is started again, by its short lives in a row
LONG_LIFE_S = 30.0
MAX_IDLE_DEATHS = 3
KILL_AFTER_S = STOP_S + 0.5


IMPORTS = {"PYTHONSAFEPATH": "1"}  # a child imports what we imported, never what lies in the current folder


class Child:
    """One worker process. `ended` looks without waiting."""

    def __init__(self, settings: Settings, *, alone: bool) -> None:
        self.alone = alone
        self.begun = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dam.service.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=os.environ | IMPORTS | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self.name = worker_name(self._process.pid)
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"settings": _plain(settings), "alone": alone}).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            log.warning("a worker process ended before it began")

    def ended(self) -> str | None:
        """What it died of; "" if it ended by itself; None while it lives."""
        code = self._process.poll()
        if code is None or code == 0:
            return None if code is None else ""
        return signal.Signals(-code).name if code < 0 else f"exit status {code}"

    def close(self) -> None:
        """Ask it to stop: its pipe ends."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            log.debug("it was gone already")

    def wait(self, seconds: float) -> bool:
        """Whether it ended by itself in time; else it is killed, and its rows are due again."""
        try:
            self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return False
        return True


def _plain(settings: Settings) -> dict[str, Any]:
    """Settings as JSON; the token's PIN goes with them: the pipe is ours alone."""
    pin = settings.pkcs11_pin
    return settings.model_dump(mode="json") | {"pkcs11_pin": pin.get_secret_value() if pin else None}


class Lone:
    """Runs suspects, one at a time, in a child: what kills it is known for certain."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._child: Child | None = None
        self._asked = 0.0
        self._idle_deaths = 0  # that no file can be blamed for: the program itself does not start

    @property
    def busy(self) -> bool:
        return self._child is not None

    def tick(self) -> None:
        """Look after the child, or start one if there is anything for it."""
        if self._child is not None:
            cause = self._child.ended()
            if cause is None:
                return
            if cause:
                log.warning("a file took its worker down: %s", cause)
                held = blame(self._parts, self._child.name, cause, alone=True)
                self._idle_deaths = 0 if held else self._idle_deaths + 1
            self._child.close()
            self._child = None
        if self._idle_deaths < MAX_IDLE_DEATHS and time.monotonic() - self._asked >= LONE_POLL_S:
            self._asked = time.monotonic()
            with self._parts.catalogue.reader() as reader:
                due = reader.is_due(self._parts.wall(), suspects=True)
            if due:
                self._child = Child(self._parts.settings, alone=True)

    def stop(self) -> None:
        if self._child is not None:
            _stop([self._child], self._parts)
            self._child = None


class Crew:
    """The workers of a service, in a child, and a thread that looks after them. Speaks like `ingest.workers.Workers`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lone = Lone(parts)
        self._child: Child | None = None
        self._deaths = 0
        self._start_at = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="crew", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Nothing to do: the child asks several times a second."""

    def stop(self) -> None:
        self._ending.set()
        self._thread.join()
        _stop([self._child] if self._child else [], self._parts)
        self._lone.stop()
        self._child = None

    def _look_after(self) -> None:
        while not self._ending.wait(TICK_S):
            try:
                self._tick()
            except (BusyError, StorageError) as error:
                log.warning("looking after the workers goes on: %s", error)

    def _tick(self) -> None:
        self._lone.tick()
        if self._child is None:
            if time.monotonic() >= self._start_at:
                self._child = Child(self._parts.settings, alone=False)
            return
        cause = self._child.ended()
        if cause is None:
            return
        self._deaths = 0 if time.monotonic() - self._child.begun > LONG_LIFE_S else self._deaths + 1
        wait_s = BACK_OFF_S[min(self._deaths, len(BACK_OFF_S) - 1)]
        log.warning("the ingest process ended (%s); started again in %.0f s", cause or "by itself", wait_s)
        blame(self._parts, self._child.name, cause, alone=False)
        self._child.close()
        self._child, self._start_at = None, time.monotonic() + wait_s


def _stop(children: list[Child], parts: Parts) -> None:
    end = time.monotonic() + KILL_AFTER_S
    for child in children:
        child.close()
    for child in children:
        if not child.wait(end - time.monotonic()):
            log.warning("a large file was in hand; it is taken up again at the next start")
            give_back(parts, child.name)


def watch_pipe(on_end: Callable[[], None]) -> None:
    """In a child: call `on_end` when the service closes the pipe or dies."""

    def read() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        on_end()

    threading.Thread(target=read, name="pipe", daemon=True).start()
