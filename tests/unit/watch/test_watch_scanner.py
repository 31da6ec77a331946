"""One pass written down: roots that are away, the guard, settling, and hints."""

import os
import time

import pytest

from dam.catalogue import assets, records, work
from dam.media.files import Entry, entry_at
from dam.watch.scanner import ScanRules, arrival, look_at, offline_reason, scan_root
from tests.support import ledger, rows


def rules(**more):
    return ScanRules(**({"now": time.time(), "settle_s": 0.0, "missing_guard": 0.5} | more))


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    folder.mkdir()
    return folder


@pytest.fixture
def root(catalogue, drive):
    with catalogue.change() as unit:
        row = records.add_root(unit, name="drive", path=str(drive), protect=None)
        return {"id": row.id, "name": "drive", "path": str(drive)}


@pytest.fixture
def scan(catalogue, root):
    def run(**more):
        with catalogue.reader() as reader:
            return scan_root(catalogue, reader, root, rules(**more))

    return run


@pytest.fixture
def settled(catalogue, drive, root, scan):
    """Ten files on the drive, each an asset at its location."""
    for n in range(10):
        (drive / f"{n}.png").write_bytes(b"%d" % n)
    scan()
    with catalogue.change() as unit:
        claimed = work.claim_arrivals(unit, "me", now=time.time(), limit=100)
    with catalogue.change() as unit:
        for arrived in claimed:
            made = rows.asset(unit, arrived.path[0])
            assets.place(unit, made, root["id"], arrived.path, arrived.seen)
            work.arrived(unit, arrived.id)


def availability(library):
    return {r["path"]: r["availability"] for r in ledger.rows(library, "SELECT path, availability FROM location")}


def test_a_pass_over_what_is_known_changes_nothing(catalogue, library, settled, scan):
    before = ledger.actions(library)
    found = scan()
    assert (found.state, found.seen, found.unchanged, found.arrivals, found.missing) == ("online", 10, 10, 0, 0)
    assert ledger.actions(library) == before


@pytest.mark.parametrize(("gone", "state"), [(5, "online"), (6, "guarded")])
def test_the_guard_stops_a_pass_that_would_lose_more_than_its_share(library, drive, settled, scan, gone, state):
    for n in range(gone):
        (drive / f"{n}.png").unlink()
    found = scan()
    assert found.state == state
    assert list(availability(library).values()).count("missing") == (gone if state == "online" else 0)


def test_a_guarded_root_is_free_again_when_its_files_are_back(library, drive, settled, scan):
    for n in range(8):
        os.rename(drive / f"{n}.png", drive.parent / f"{n}.png")
    assert scan().state == "guarded"
    for n in range(8):
        os.rename(drive.parent / f"{n}.png", drive / f"{n}.png")
    assert scan().state == "online"
    assert set(availability(library).values()) == {"online"}
    assert [a for a, _ in ledger.actions(library)].count("root.guarded") == 1


def test_a_person_may_say_that_the_files_are_gone(library, drive, settled, scan):
    for n in range(8):
        (drive / f"{n}.png").unlink()
    assert scan(accept_missing=True).missing == 8
    assert list(availability(library).values()).count("missing") == 8


def test_a_few_files_are_no_mass(library, drive, catalogue, root, scan):
    with catalogue.change() as unit:
        for letter in "abc":
            rows.asset(unit, letter, at=root["id"])
    (drive / "new.png").write_bytes(b"x")
    assert (scan().state, set(availability(library).values())) == ("online", {"missing"})


def test_a_missing_file_that_is_back_is_online_again(library, drive, settled, scan):
    os.rename(drive / "1.png", drive.parent / "1.png")
    scan()
    os.rename(drive.parent / "1.png", drive / "1.png")
    found = scan()
    assert (found.returned, found.arrivals) == (1, 0)
    assert availability(library)["1.png"] == "online"


def test_a_location_was_last_seen_when_it_was_there(library, drive, settled, scan):
    (drive / "1.png").unlink()
    before = ledger.rows(library, "SELECT last_seen_at FROM location WHERE path = '1.png'")
    scan()
    assert ledger.rows(library, "SELECT last_seen_at FROM location WHERE path = '1.png'") == before


def test_an_empty_folder_that_held_files_looks_unmounted_unless_a_person_says_otherwise(drive):
    folder = str(drive)
    assert "unmounted" in offline_reason(folder, knows_files=True, accept_missing=False)
    assert offline_reason(folder, knows_files=True, accept_missing=True) is None
    assert offline_reason(folder, knows_files=False, accept_missing=False) is None
    assert "not there" in offline_reason(folder + "x", knows_files=False, accept_missing=True)


def test_a_file_may_be_read_once_it_has_been_quiet_and_a_clock_of_the_future_holds_up_nothing():
    def when(mtime_s):
        return arrival(Entry("x", 1, int(mtime_s * 1e9), "1:1"), ScanRules(1000.0, 2.0, 0.5))[2]

    assert when(10.0) == 1000.0
    assert when(999.0) == 1001.0
    assert when(5000.0) == 1002.0


def test_hints_lead_to_new_and_changed_files_only(catalogue, library, drive, root, settled):
    (drive / "new.png").write_bytes(b"new")
    (drive / "1.png").write_bytes(b"changed")
    (drive / "x.tmp").write_bytes(b"partial")
    (drive / ".git").mkdir()
    (drive / ".git" / "config").write_bytes(b"x")
    paths = ["new.png", "1.png", "2.png", "x.tmp", ".git/config", "nowhere.png"]
    for expected in (2, 0):
        with catalogue.reader() as reader:
            assert look_at(catalogue, reader, root, paths, rules()) == expected
    waiting = {r["path"] for r in ledger.rows(library, "SELECT path FROM intake")}
    assert waiting == {"new.png", "1.png"}


def test_a_quarantined_file_waits_for_a_change_and_an_unreadable_one_for_nothing(catalogue, library, drive, root, scan):
    for name, code in (("bad.png", "file.empty"), ("locked.png", "file.unreadable")):
        (drive / name).write_bytes(b"x")
        with catalogue.change() as unit:
            work.note_arrivals(unit, root["id"], [(name, entry_at(str(drive), name).seen, 0.0)])
        with catalogue.change() as unit:
            (row,) = work.claim_arrivals(unit, "me", now=1.0, limit=9)
            work.arrival_failed(unit, row.id, code, "why", retry_at=None)
    scan()
    assert {r["path"]: r["state"] for r in ledger.rows(library, "SELECT path, state FROM intake")} == {
        "bad.png": "quarantined",
        "locked.png": "due",
    }


def test_what_another_pass_noted_in_the_meantime_is_not_noted_again(catalogue, library, drive, root, scan):
    for name in ("a.png", "b.png", "c.png"):
        (drive / name).write_bytes(b"x")
    scan()
    names = sorted(p.name for p in drive.iterdir())
    seen = [(name, entry_at(str(drive), name).seen, 0.0) for name in names]
    with catalogue.change() as unit:
        (first, *_) = work.claim_arrivals(unit, "me", now=1e12, limit=99)
        work.arrival_failed(unit, first.id, "file.empty", "why", retry_at=None)
    before = ledger.rows(library, "SELECT id, path, state FROM intake ORDER BY id")
    assert len(before) == len(names)
    with catalogue.change() as unit:
        work.note_arrivals(unit, root["id"], seen)
    assert ledger.rows(library, "SELECT id, path, state FROM intake ORDER BY id") == before
    size, mtime_ns, inode = seen[0][1]
    with catalogue.change() as unit:
        work.note_arrivals(unit, root["id"], [(names[0], (size + 1, mtime_ns, inode), 0.0)])
    after = ledger.rows(library, "SELECT id, path, state FROM intake ORDER BY id")
    assert len({r["id"] for r in after} - {r["id"] for r in before}) == 1
