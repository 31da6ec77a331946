"""Watching: files are taken in as they come, drives go and come back, and trouble does not end it."""

import os
import threading

import pytest

from dam.errors import BusyError
from dam.service import passes
from dam.service import watching as watching_module
from tests.support import ledger, pictures
from tests.support.libraries import opened
from tests.support.waiting import until


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    pictures.put(folder, "first.txt", b"first\n")
    return folder


@pytest.fixture
def watching(library, drive, monkeypatch):
    """Start watching with these settings; returns (service, until)."""
    monkeypatch.setattr(watching_module, "RETRY_S", 0.1)
    stop, threads, contexts = threading.Event(), [], []

    def start(**flags):
        context = opened(library, protect="none", **({"reconcile_s": 3600.0} | flags))
        service = context.__enter__()
        contexts.append(context)
        service.roots.ensure(str(drive))
        threads.append(threading.Thread(target=service.watching.run, args=(stop,)))
        threads[-1].start()
        return service

    yield start
    stop.set()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    for context in contexts:
        context.__exit__(None, None, None)


def online(library):
    rows = ledger.rows(
        library,
        "SELECT l.path FROM location l JOIN root r ON r.id = l.root_id"
        " WHERE l.availability = 'online' AND r.state = 'online'",
    )
    return {r["path"] for r in rows}


def test_files_are_found_as_they_come_and_are_searchable_at_once(watching, library, drive):
    service = watching()
    assert until(lambda: online(library) == {"first.txt"})
    pictures.put(drive, "sub/second.txt", b"second\n")
    assert until(lambda: online(library) == {"first.txt", "sub/second.txt"})
    assert until(lambda: service.find.search("second").total == 1)
    (drive / "first.txt").unlink()
    assert until(lambda: online(library) == {"sub/second.txt"})


def test_a_drive_that_comes_back_is_watched_again(watching, library, drive):
    watching(reconcile_s=1.0)
    assert until(lambda: online(library) == {"first.txt"})
    os.rename(drive, drive.with_name("away"))
    assert until(lambda: online(library) == set())
    os.rename(drive.with_name("away"), drive)
    assert until(lambda: online(library) == {"first.txt"})
    pictures.put(drive, "later.txt", b"later\n")
    assert until(lambda: "later.txt" in online(library))
    assert "location.missing" not in [a for a, _ in ledger.actions(library)]


def test_a_busy_catalogue_does_not_end_the_watch(watching, library, drive, monkeypatch):
    scan, failed = passes.scan_root, []

    def busy_at_first(*args, **kwargs):
        if len(failed) < 3:
            failed.append(1)
            raise BusyError("The catalogue is held by another process.")
        return scan(*args, **kwargs)

    monkeypatch.setattr(passes, "scan_root", busy_at_first)
    watching()
    assert until(lambda: online(library) == {"first.txt"})
    assert len(failed) == 3
