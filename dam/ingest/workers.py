"""The workers: threads of one process that take what is due, admit first, then pixels, then protection.

Threads are enough within a process: hashing, decoding, resizing and signing release the GIL. What a thread claims is
written down as running under this process's name; `release_dead` gives back what a killed process had claimed.
"""

import gc
import itertools
import logging
import os
import random
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dam.catalogue import leases, placements, verdicts, work
from dam.catalogue.unit import Unit
from dam.catalogue.work import Arrival, Job
from dam.errors import BadFileError, BusyError, DamError, EngineError, PolicyError, StorageError, UnavailableError
from dam.ingest import admit, judge, moments, pixels, protect, sounds
from dam.ingest.memory import Room, budget_bytes, need_of
from dam.ingest.parts import Parts
from dam.media.files import entry_at
from dam.media.paths import from_text
from dam.media.picture import NO_DECODER

log = logging.getLogger("dam.ingest")
_POOLS = itertools.count()

BATCH = 16  # rows that one claim takes for one thread: a claim is a transaction of its own
IDLE_S = 0.2
STOP_S = 4.0  # how long a file in hand may take when the service is to stop
OFFLINE_RETRY_S = 300.0
STORAGE_RETRY_S = 10.0
STAGES: dict[str, Callable[[Parts, Job, str], None]] = {
    "pixels": pixels.run, "protect": protect.run, moments.STAGE: moments.run, sounds.STAGE: sounds.run,
    verdicts.JUDGE: judge.run, verdicts.JUDGE_COPIES: judge.run_copies,
}  # fmt: skip
IN_VAULT = (verdicts.JUDGE_COPIES,)  # stages that need no drive


def worker_name(pid: int | None = None) -> str:
    """host:pid:start, of this process or another: the start time tells a process from a later one with the same number."""
    number = pid or os.getpid()
    return f"{socket.gethostname()}:{number}:{_started(number)}"


def _started(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return "0"


def is_gone(worker: str) -> bool:
    """Whether a worker of this machine has died. Other machines' workers are never judged from here."""
    host, pid, started = worker.partition("#")[0].rsplit(":", 2)
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        return False
    return _started(int(pid)) != started


def release_dead(parts: Parts) -> int:
    """Make due again what dead workers left running: of this machine by their process, of others by their lease.

    Call at start, and now and then. Returns how many rows.
    """
    with parts.catalogue.reader() as reader:
        if not reader.is_running():
            return 0  # asking a file's origin must not need the write lock
    here = f"{socket.gethostname()}:"
    with parts.catalogue.change() as unit:
        lapsed = leases.lapsed(unit, parts.wall())
        freed = leases.died(unit, lambda w: is_gone(w) or (w in lapsed and not w.startswith(here)))
        _set_aside(unit)
        return freed


def blame(parts: Parts, process: str, cause: str, *, alone: bool) -> int:
    """A worker process (`worker_name`) was seen to die of `cause`. Returns how many rows it had in hand."""
    with parts.catalogue.change() as unit:
        freed = leases.died(unit, lambda w: w.partition("#")[0] == process, alone=cause if alone else None)
        _set_aside(unit)
        return freed


def give_back(parts: Parts, process: str) -> None:
    """What a worker process had in hand when we ended it ourselves is due again, and no suspect."""
    with parts.catalogue.change() as unit:
        leases.release(unit, lambda w: w.partition("#")[0] == process)


def _set_aside(unit: Unit) -> None:
    for table, subject, what in leases.set_aside(unit):
        if table == "intake":
            unit.audit("file.quarantined", subject, {"path": what, "code": leases.CRASHED})
        else:
            work.skip_later_stages(unit, subject, what, leases.CRASHED, "An earlier stage took its worker down.")
            unit.audit("stage.quarantined", subject, {"stage": what, "code": leases.CRASHED})
            unit.touch(subject)


class Workers:
    """A pool of ingest threads over one catalogue. `done` counts rows ended since the start, `busy` those in hand.

    `only`: these stages and nothing else, no new files either. `spare`: what a thread does when nothing is due; it
    says whether there was anything to do. `suspects`: one thread for what was in hand when a worker died, a row at a
    time; every other pool leaves that alone.
    """

    def __init__(
        self,
        parts: Parts,
        count: int,
        *,
        only: Sequence[str] = (),
        spare: Callable[[], bool] = lambda: False,
        suspects: bool = False,
    ) -> None:
        self._parts = parts
        self._spare = spare
        self._suspects = suspects
        self._limit = 1 if suspects else BATCH * count
        self._only = tuple(only)
        self._name = f"{worker_name()}#{next(_POOLS)}"  # two pools of one process never give back each other's rows
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._claiming = threading.Lock()
        self._claimed: deque[Arrival | Job] = deque()
        self._threads = [threading.Thread(target=self._run, name=f"ingest-{n}", daemon=True) for n in range(count)]
        self._counting = threading.Lock()
        self._room = Room(budget_bytes(parts.settings.memory_mib))
        self._renewed = 0.0
        self.done = 0
        self.busy = 0
        self.fatal: BaseException | None = None

    def start(self) -> None:
        gc.freeze()  # modules and tables live as long as the process: not walking them again saves 5 % of an ingest
        for thread in self._threads:
            thread.start()
        threading.Thread(target=self._live, name="ingest-lease", daemon=True).start()

    def _live(self) -> None:
        """Keep the lease while rows are in hand: one file may take longer than a lease lasts."""
        while not self._stop.wait(leases.RENEW_S / 2):
            if (self.busy or self._claimed) and time.monotonic() - self._renewed > leases.RENEW_S / 2:
                try:
                    with self._parts.catalogue.change() as unit:
                        self._renew(unit)
                except (BusyError, StorageError) as error:
                    log.warning("%s", error)

    def _renew(self, unit: Unit) -> None:
        leases.renew(unit, self._name, self._parts.wall())
        self._renewed = time.monotonic()

    def wake(self) -> None:
        self._wake.set()

    def stop(self, timeout_s: float = STOP_S) -> None:
        """Let every thread end its file, then give back what was claimed and not begun."""
        self._stop.set()
        self._wake.set()
        end = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        if any(t.is_alive() for t in self._threads):
            log.warning("a worker is still busy with a large file; it is taken up again at the next start")
            return
        with self._parts.catalogue.change() as unit:
            leases.release(unit, lambda worker: worker == self._name)
            leases.end(unit, self._name)

    def run_asset(self, asset_id: str) -> None:
        """Run the due stages of one asset in this thread, without starting the pool."""
        while True:
            with self._parts.catalogue.change() as unit:
                jobs = work.claim_jobs(unit, self._name, now=self._parts.wall(), limit=1, asset_id=asset_id)
            if not jobs:
                return
            self._do(jobs[0])

    def _run(self) -> None:
        while not self._stop.is_set():
            item = None
            try:
                item = self._next()
                if item is None:
                    if self._spare():
                        continue
                    self._wake.wait(IDLE_S)
                    self._wake.clear()
                    continue
                self._do(item)
            except (BusyError, StorageError) as error:
                log.warning("%s", error)
                if item is not None:
                    self._claimed.append(item)  # not even its failure could be written down: it is ours still
                self._stop.wait(1.0)
            except Exception as error:  # the edge of a thread: it must outlive one bad row
                log.exception("ingest worker")
                self.fatal = error
                self._stop.wait(1.0)

    def _next(self) -> Arrival | Job | None:
        with self._claiming:
            if not self._claimed:
                self._claim()
            return self._claimed.popleft() if self._claimed else None

    def _claim(self) -> None:
        now = self._parts.wall()
        with self._parts.catalogue.reader() as reader:
            if not reader.is_due(now, suspects=self._suspects):
                return
        with self._parts.catalogue.change() as unit:
            how: dict[str, Any] = {"now": now, "limit": self._limit, "suspects": self._suspects}
            if not self._only:
                self._claimed.extend(work.claim_arrivals(unit, self._name, **how))
            if not self._claimed:
                self._claimed.extend(work.claim_jobs(unit, self._name, only=self._only or work.STAGES, **how))
            if self._claimed and time.monotonic() - self._renewed > leases.RENEW_S:
                self._renew(unit)

    def _do(self, item: Arrival | Job) -> None:
        self._count(busy=1)
        try:
            if isinstance(item, Arrival):
                self._admit(item)
            else:
                self._stage(item)
            self._count(done=1)
        finally:
            self._count(busy=-1)

    def _count(self, *, busy: int = 0, done: int = 0) -> None:
        with self._counting:
            self.busy += busy
            self.done += done

    def _admit(self, item: Arrival) -> None:
        try:
            admit.admit(self._parts, item)
        except (BusyError, StorageError) as error:
            log.warning("admitting %s: %s", item.path, error)
            message, later = "The catalogue could not be written.", self._parts.wall() + 2
            with self._parts.catalogue.change() as unit:
                work.arrival_failed(unit, item.id, "storage.failed", message, retry_at=later)
        except Exception as error:  # one file: it is quarantined with the reason, the others go on
            log.exception("admitting %s", item.path)
            ours = error if isinstance(error, DamError) else EngineError(f"{type(error).__name__}: {error}")
            again = item.tries + 1 < self._parts.settings.max_tries
            retry_at = self._parts.wall() + 0.5 * 2**item.tries if again else None
            with self._parts.catalogue.change() as unit:
                if work.arrival_failed(unit, item.id, ours.code, ours.message, retry_at=retry_at):
                    unit.audit("file.quarantined", item.root_id, {"path": item.path, "code": ours.code})

    def _stage(self, job: Job) -> None:
        parts = self._parts
        path = "" if job.stage in IN_VAULT else readable_path(parts, job)
        if path is None:
            message = "No location of the asset can be read now; the stage runs when its drive is back."
            self._end(job, "due", work.OFFLINE, message, retry_at=parts.wall() + OFFLINE_RETRY_S)
            return
        try:
            with self._room.take(need_of(job)):
                STAGES[job.stage](parts, job, path)
        except UnavailableError as error:  # no fault of the file: it waits, and that is no try
            self._wait(job, error, error.retry_after_s)
        except StorageError as error:  # our own disk: full, or not to be written
            with parts.catalogue.reader() as reader:
                waiting = sum(w["n"] for w in reader.waiting_outside())
            self._wait(job, error, STORAGE_RETRY_S + random.uniform(0, waiting))  # noqa: S311  # about one try a second
        except PolicyError as error:
            self._end(job, "skipped", error.code, error.message)
        except BadFileError as error:
            state = "skipped" if error.code == NO_DECODER else "failed"  # nothing is wrong with such a file
            self._end(job, state, error.code, error.message)
        except (DamError, OSError, MemoryError) as error:
            code = error.code if isinstance(error, DamError) else "engine.failed"
            self._retry(job, code, str(error))
        except Exception as error:  # a library's own error on one file
            log.exception("%s of %s", job.stage, job.asset_id)
            self._retry(job, "engine.failed", f"{type(error).__name__}: {error}")

    def _retry(self, job: Job, code: str, message: str) -> None:
        if job.tries + 1 >= self._parts.settings.max_tries:
            self._end(job, "failed", code, message)
        else:
            self._end(job, "due", code, message, retry_at=self._parts.wall() + 0.5 * 2**job.tries)

    def _wait(self, job: Job, error: DamError, retry_after_s: float) -> None:
        log.info("%s waits: %s", job.stage, error)
        later = self._parts.wall() + retry_after_s + random.uniform(0, 0.5)  # noqa: S311  # not all at once
        with self._parts.catalogue.change() as unit:
            work.job_ended(unit, job.id, "due", code=error.code, message=str(error), retry_at=later, waits=True)

    def _end(self, job: Job, state: str, code: str, message: str, *, retry_at: float = 0.0) -> None:
        with self._parts.catalogue.change() as unit:
            work.job_ended(unit, job.id, state, code=code, message=message, retry_at=retry_at)
            if state == "failed":
                work.skip_later_stages(unit, job.asset_id, job.stage, code, message)
                unit.audit("stage.quarantined", job.asset_id, {"stage": job.stage, "code": code})
                unit.touch(job.asset_id)


def readable_path(parts: Parts, job: Job) -> str | None:
    """A path that still holds the asset's bytes by (size, mtime, inode), as the operating system names it; else the
    vault's, if they were kept there.
    """
    with parts.catalogue.reader() as reader:
        places = reader.readable_places(job.asset_id)
        kept = reader.copy_key(job.asset_id, placements.ORIGINAL)
    for folder, path, seen in places:
        entry = entry_at(from_text(folder), from_text(path))
        if entry is not None and entry.seen == seen:
            return os.path.join(from_text(folder), from_text(path))
    return os.fspath(parts.storage.path(kept)) if kept and parts.storage.exists(kept) else None
