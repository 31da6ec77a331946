"""Workers in a process of their own: a file that takes it down is found, set aside, and nothing else is lost."""

import os
import signal
import sys
import threading
import time

import pytest

from dam.ingest.workers import worker_name
from dam.service import crew as crew_module
from dam.service import passes as passes_module
from dam.service.crew import Child, Crew
from tests.support import ledger, pictures, poison
from tests.support.libraries import dam, opened, settings
from tests.support.waiting import until


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    for n in range(12):
        pictures.put(folder, f"{n}.png", pictures.a1111_png(n))
    return folder


@pytest.fixture
def deadly(tmp_path, monkeypatch):
    """Worker processes of this test die of files with POISON in their name."""
    folder = poison.folder(tmp_path)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    return folder


@pytest.fixture
def watched(library, drive):
    """A service that watches `drive` with its workers in a child."""
    stop = threading.Event()
    with opened(library, protect="none", worker_process=True) as service:
        service.roots.add(str(drive), name="drive")
        thread = threading.Thread(target=service.watching.run, args=(stop,))
        thread.start()
        yield service
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def states(library):
    rows = ledger.rows(library, "SELECT state, count(*) AS n FROM job WHERE stage = 'pixels' GROUP BY state")
    return {r["state"]: r["n"] for r in rows}


def children():
    """Process numbers of the worker processes of this one."""
    me, found = str(os.getpid()), []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as stat, open(f"/proc/{name}/cmdline") as words:
                if stat.read().rsplit(")", 1)[1].split()[1] == me and "dam.service.worker" in words.read():
                    found.append(int(name))
        except OSError:
            continue  # it has just ended
    return found


def test_a_service_ingests_in_a_child(watched, library):
    assert until(lambda: states(library) == {"done": 12})
    (lease,) = ledger.rows(library, "SELECT worker FROM lease")
    (pid,) = children()
    assert lease["worker"].partition("#")[0] == worker_name(pid)


def test_a_child_that_is_killed_is_started_again_and_nothing_is_lost(watched, library, drive):
    assert until(lambda: states(library).get("done", 0) >= 1)
    (pid,) = children()
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: states(library) == {"done": 12}, 40)
    assert pid not in children()
    pictures.put(drive, "late.png", pictures.a1111_png(99))
    assert until(lambda: states(library) == {"done": 13}, 40)
    assert [a for a, _ in ledger.actions(library)].count("asset.admitted") == 13


def test_a_deadly_file_is_set_aside_by_what_it_did_and_the_others_go_on(deadly, watched, library, drive):
    pictures.put(drive, "POISON.png", pictures.a1111_png(77))
    assert until(lambda: states(library) == {"done": 12}, 60)
    held = "SELECT path, state, code, message FROM intake"
    assert until(lambda: [r["state"] for r in ledger.rows(library, held)] == ["quarantined"], 60)
    (row,) = ledger.rows(library, held)
    assert (row["path"], row["code"]) == ("POISON.png", "engine.crashed")
    assert "SIGSEGV" in row["message"]
    assert [d for a, d in ledger.actions(library) if a == "file.quarantined"] == [
        {"path": "POISON.png", "code": "engine.crashed"}
    ]


def test_a_scan_that_dies_of_a_file_finds_it_the_next_time(deadly, library, drive):
    pictures.put(drive, "POISON.png", pictures.a1111_png(77))
    env = {"PYTHONPATH": os.pathsep.join([str(deadly), *filter(None, sys.path)])}
    first = dam(library, "scan", str(drive), codes=(-signal.SIGSEGV,), **env)
    assert first.code == -signal.SIGSEGV
    second = dam(library, "scan", "--json", **env)
    assert [(q["path"], q["code"]) for q in second.json["quarantined"]] == [("POISON.png", "engine.crashed")]
    assert second.json["assets"] == 12


def test_a_service_stops_in_five_seconds_whatever_is_in_hand_and_blames_nobody(library, drive):
    with opened(library, protect="none", worker_process=True) as service:
        service.roots.add(str(drive), name="drive")
        service.passes.look()
        workers = Crew(service.parts)
        workers.start()
        assert until(lambda: ledger.rows(library, "SELECT 1 FROM job"))
        (pid,) = children()
        os.kill(pid, signal.SIGSTOP)  # it will not answer
        begun = time.monotonic()
        workers.stop()
        assert time.monotonic() - begun < 5.5
    for table in ("intake", "job"):
        assert ledger.rows(library, f"SELECT 1 FROM {table} WHERE state = 'running' OR crashes > 0") == []


def test_a_child_ends_with_its_service(library):
    child = Child(settings(library), alone=False)
    child.close()
    assert child.wait(20)
    assert child.ended() == ""


def test_a_scan_does_not_wait_for_ever_for_a_child_that_cannot_start(library, drive, monkeypatch, tmp_path):
    monkeypatch.setattr(passes_module, "UNSETTLED_PATIENCE_S", 0.5)
    (tmp_path / "dam").mkdir()
    (tmp_path / "dam" / "__init__.py").write_text("raise SystemExit(3)\n")
    with opened(library, protect="none") as service:
        service.roots.add(str(drive), name="drive")
        service.passes.look()
        with service.parts.catalogue.change() as unit:
            unit.db.exec_driver_sql("UPDATE intake SET crashes = 1 WHERE path = '3.png'")
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
        service.passes.finish()
    assert states(library) == {"done": 11}
    (left,) = ledger.rows(library, "SELECT path, state, crashes FROM intake")
    assert left == {"path": "3.png", "state": "due", "crashes": 1}  # not its fault


def test_a_crew_that_cannot_start_backs_off(library, monkeypatch, tmp_path):
    (tmp_path / "dam").mkdir()
    (tmp_path / "dam" / "__init__.py").write_text("raise SystemExit(3)\n")
    begun = []
    real = crew_module.Child
    monkeypatch.setattr(crew_module, "Child", lambda *a, **k: begun.append(time.monotonic()) or real(*a, **k))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with opened(library) as service:
        workers = Crew(service.parts)
        workers.start()
        assert until(lambda: len(begun) >= 3)
        workers.stop()
    assert begun[2] - begun[1] > 1.5
