"""Threads that take what is due: one bad row stops nobody, and what a full disk refused is not forgotten."""

import os
import threading
import time

import pytest

from dam.catalogue import leases, work
from dam.errors import StorageError, UndecodableError
from dam.ingest import admit, workers
from dam.ingest.workers import Workers, is_gone, worker_name
from dam.service import passes as passes_module
from tests.support import ledger, pictures
from tests.support.libraries import opened
from tests.support.waiting import until


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    for n in range(3):
        pictures.put(folder, f"{n}.txt", f"note {n}\n".encode())
    return folder


@pytest.fixture
def service(library, drive):
    with opened(library, protect="none") as service:
        service.roots.add(str(drive), name="drive")
        yield service


def admitted(library):
    return {r["path"] for r in ledger.rows(library, "SELECT path FROM location")}


def test_a_name_tells_a_process_from_a_later_one_with_its_number():
    name = worker_name()
    host, pid, started, *rest = name.split(":")
    assert not is_gone(name)
    assert is_gone(":".join([host, pid, str(int(started) + 1), *rest]))
    assert is_gone(":".join([host, str(2**22 + 1), started, *rest]))
    assert not is_gone(":".join(["another-machine", str(2**22 + 1), started, *rest]))
    assert int(pid) == os.getpid()


def test_a_file_that_makes_a_reader_fail_is_quarantined_with_the_reason_and_the_ledger_says_so(
    service, library, monkeypatch
):
    read = admit.examine

    def fails_on_one(path, *args, **kwargs):
        if path.endswith("1.txt"):
            raise UndecodableError("This one is damaged.", code="test.damaged")
        return read(path, *args, **kwargs)

    monkeypatch.setattr(admit, "examine", fails_on_one)
    summary = service.passes.scan()
    assert admitted(library) == {"0.txt", "2.txt"}
    assert [(q["path"], q["code"]) for q in summary.quarantined] == [("1.txt", "test.damaged")]
    assert [d["path"] for a, d in ledger.actions(library) if a == "file.quarantined"] == ["1.txt"]


def test_a_write_that_is_refused_for_a_while_is_made_good_while_the_service_runs(service, library, monkeypatch):
    """A disk that is full in one moment and not in the next: not even the failure can be written down."""
    commit, refused = admit._commit, []
    failed = work.arrival_failed

    def full(*args, **kwargs):
        if len(refused) < 2:
            refused.append(1)
            raise StorageError("The disk is full.", code="storage.full")
        return commit(*args, **kwargs)

    def full_too(*args, **kwargs):
        if len(refused) < 2:
            raise StorageError("The disk is full.", code="storage.full")
        return failed(*args, **kwargs)

    monkeypatch.setattr(admit, "_commit", full)
    monkeypatch.setattr(work, "arrival_failed", full_too)
    assert service.passes.scan().admitted == 3
    assert len(refused) == 2
    assert [a for a, _ in ledger.actions(library)].count("asset.admitted") == 3


def test_a_long_file_does_not_end_the_pass_before_it_is_done(service, library, monkeypatch):
    monkeypatch.setattr(passes_module, "UNSETTLED_PATIENCE_S", 0.2)
    read = admit.examine

    def slow(path, *args, **kwargs):
        time.sleep(1.0)
        return read(path, *args, **kwargs)

    monkeypatch.setattr(admit, "examine", slow)
    assert service.passes.scan().admitted == 3


def test_stopping_gives_back_what_was_claimed_and_not_begun(service, library, monkeypatch):
    started, go = threading.Event(), threading.Event()
    read = admit.examine

    def waits(path, *args, **kwargs):
        started.set()
        assert go.wait(10)
        return read(path, *args, **kwargs)

    monkeypatch.setattr(admit, "examine", waits)
    service.passes.look()
    pool = Workers(service.parts, 1)
    pool.start()
    assert started.wait(10)
    assert pool.busy == 1
    threading.Timer(0.1, go.set).start()
    pool.stop()
    assert (pool.busy, pool.done) == (0, 1)
    states = [r["state"] for r in ledger.rows(library, "SELECT state FROM intake")]
    assert states == ["due", "due"]
    assert len(admitted(library)) == 1


def test_a_stage_whose_drive_is_away_waits_and_counts_no_failure(service, library, drive):
    pictures.put(drive, "shot.png", pictures.a1111_png(1))
    service.passes.scan()
    (asset_id,) = [r["id"] for r in ledger.rows(library, "SELECT id FROM asset WHERE kind = 'image'")]
    with service.parts.catalogue.change() as unit:
        unit.db.exec_driver_sql("UPDATE job SET state = 'due' WHERE stage = 'pixels'")
    os.rename(drive, drive.with_name("away"))
    pool = Workers(service.parts, 1)
    pool.start()
    end = time.monotonic() + 10
    while time.monotonic() < end and not pool.done:
        time.sleep(0.02)
    pool.stop()
    query = "SELECT state, code, tries FROM job WHERE stage = 'pixels'"
    assert ledger.rows(library, query) == [{"state": "due", "code": "asset.offline", "tries": 0}]
    os.rename(drive.with_name("away"), drive)
    service.passes.scan()
    assert ledger.rows(library, query) == [{"state": "done", "code": None, "tries": 0}]
    assert service.find.card(asset_id).availability == "online"


def test_rows_of_a_worker_on_another_machine_are_taken_over_when_its_lease_has_ended(service, library):
    service.passes.look()
    there = "another-machine:1:1#0"
    with service.parts.catalogue.change() as unit:
        assert len(work.claim_arrivals(unit, there, now=service.parts.wall(), limit=9)) == 3
        leases.renew(unit, there, service.parts.wall())
    assert workers.release_dead(service.parts) == 0
    with service.parts.catalogue.change() as unit:
        leases.renew(unit, there, service.parts.wall() - 2 * leases.LEASE_S)
    assert workers.release_dead(service.parts) == 3
    assert ledger.rows(library, "SELECT * FROM lease") == []
    service.passes.finish()  # they are suspects: a process of their own runs them
    assert admitted(library) == {"0.txt", "1.txt", "2.txt"}


def test_a_worker_at_a_long_file_keeps_its_lease(service, library, monkeypatch):
    monkeypatch.setattr(leases, "RENEW_S", 0.1)
    read, go = admit.examine, threading.Event()

    def waits(path, *args, **kwargs):
        assert go.wait(20)
        return read(path, *args, **kwargs)

    monkeypatch.setattr(admit, "examine", waits)
    service.passes.look()
    pool = Workers(service.parts, 1)
    pool.start()
    try:
        seen = set()

        def renewed():
            seen.update(r["until"] for r in ledger.rows(library, "SELECT until FROM lease"))
            return len(seen) >= 3

        assert until(renewed)
    finally:
        go.set()
        pool.stop()
    assert ledger.rows(library, "SELECT * FROM lease") == []
