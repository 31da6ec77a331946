"""One pass written down: roots that are away, the guard, settling, and hints."""

import os
import time

import pytest

from dam.catalogue import assets, records, work
from dam.media.files import Entry, entry_at
from dam.watch import identity
from dam.watch.scanner import ScanRules, arrival, look_at, scan_root
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
        return row.model_dump()


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


def test_an_empty_folder_that_held_files_looks_unmounted_unless_a_person_says_otherwise(catalogue, root, drive):
    def reason(folder, **more):
        with catalogue.reader() as reader:
            return identity.offline_reason(reader, root, identity.look(str(folder)), guard=0.5, **more)

    assert "unmounted" in reason(drive, knows_files=True, accept_missing=False)
    assert reason(drive, knows_files=True, accept_missing=True) is None
    assert reason(drive, knows_files=False, accept_missing=False) is None
    assert "not there" in reason(f"{drive}x", knows_files=False, accept_missing=True)


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


# -- renames, other drives, quick passes


def where(library):
    sql = "SELECT asset_id, path, availability, unverified FROM location ORDER BY path"
    return {r["path"]: (r["asset_id"], r["availability"], r["unverified"]) for r in ledger.rows(library, sql)}


def test_a_renamed_folder_is_the_same_files_and_none_of_them_is_to_be_read(library, drive, settled, scan):
    (drive / "old" / "deep").mkdir(parents=True)
    for n in range(10):
        os.rename(drive / f"{n}.png", drive / "old" / "deep" / f"{n}.png")
    assert (scan().relinked, scan().relinked) == (10, 0)
    before = where(library)
    os.rename(drive / "old", drive / "new")
    found = scan()
    assert (found.relinked, found.arrivals, found.missing, found.state) == (10, 0, 0, "online")
    after = where(library)
    assert {p.replace("new/", "old/"): v for p, v in after.items()} == before
    assert set(after.values()) == {(a, "online", 1) for a, _, _ in before.values()}
    assert ledger.rows(library, "SELECT * FROM intake") == []
    moved = [d for a, d in ledger.actions(library) if a == "location.moved"]
    assert moved[-1] == {"from": "old/deep", "to": "new/deep", "count": 10}


def test_files_that_swapped_their_names_are_both_read(library, drive, settled, scan):
    os.rename(drive / "1.png", drive / "x")
    os.rename(drive / "2.png", drive / "1.png")
    os.rename(drive / "x", drive / "2.png")
    assert (scan().arrivals, scan().relinked) == (2, 0)


def test_a_hard_link_is_another_place_and_no_move(drive, settled, scan):
    os.link(drive / "1.png", drive / "again.png")
    found = scan()
    assert (found.relinked, found.arrivals, found.missing) == (0, 1, 0)


def test_a_hint_follows_a_rename_without_reading(catalogue, library, drive, root, settled):
    (drive / "sub").mkdir()
    os.rename(drive / "1.png", drive / "sub" / "1.png")
    with catalogue.reader() as reader:
        look_at(catalogue, reader, root, ["sub/1.png"], rules())
    assert "sub/1.png" in where(library)
    assert "1.png" not in where(library)


def test_a_file_under_another_name_is_read_because_others_may_mean_that_name(library, drive, settled, scan):
    os.rename(drive / "1.png", drive / "one.png")
    found = scan()
    assert (found.relinked, found.arrivals, found.missing) == (0, 1, 0)


def test_another_drive_at_the_same_place_is_noticed_and_nothing_is_lost(
    library, drive, root, settled, scan, monkeypatch
):
    scan()
    root["drive_id"] = "ext4:fsid:1"
    monkeypatch.setattr(identity.mounts, "drive_id", lambda _: "ext4:fsid:2")
    assert scan().state == "online"  # another name, the same files: a copy, or mounted another way
    for n in range(10):
        os.rename(drive / f"{n}.png", drive / f"other {n}.png")
    root["drive_id"] = "ext4:fsid:1"
    found = scan()
    assert (found.state, "another drive" in found.reason) == ("offline", True)
    assert set(availability(library).values()) == {"online"}
    assert ledger.rows(library, "SELECT * FROM intake") == []
    assert scan(accept_missing=True).state == "online"


def test_a_root_with_a_marker_is_only_there_with_it(library, drive, root, settled, scan):
    root["marker"] = True
    marker = drive / ".headwater-root"
    assert "marker file is not there" in scan().reason
    marker.write_bytes(identity.marker_bytes("library", "another"))
    assert "marker of another root" in scan().reason
    marker.write_bytes(b"[" * 5000)
    assert scan().state == "offline"
    marker.write_bytes(identity.marker_bytes("library", root["id"]))
    found = scan()
    assert (found.state, found.seen) == ("online", 10)


def old(folder):
    """As if nothing in this folder had changed for days."""
    for path, names, files in os.walk(folder):
        os.utime(path, (1_000_000, 1_000_000))
        del names, files


def test_a_quick_pass_lists_only_the_folders_that_changed(library, drive, settled, scan, monkeypatch):
    for name in ("a", "b"):
        (drive / name).mkdir()
        (drive / name / "x.png").write_bytes(name.encode())
    old(drive)
    with_known = scan()
    assert with_known.arrivals == 2
    for row in ledger.rows(library, "SELECT path FROM intake"):
        os.unlink(drive / row["path"])  # nobody reads here: a folder whose files wait is listed by every pass
    scan()
    old(drive)
    scan()
    quick = {"quick": True, "now": time.time() + 1}
    assert (scan(**quick).seen, scan(**quick).full) == (0, False)
    (drive / "b" / "new.png").write_bytes(b"new")
    found = scan(**quick)
    assert (found.arrivals, found.seen) == (1, 1)


def test_quick_passes_never_let_a_drive_go_part_by_part(library, drive, settled, scan):
    """Each sees a part of what is gone, and less than the guard's share; only a full pass may judge."""
    for n in range(10):
        (drive / f"part{n // 4}").mkdir(exist_ok=True)
        os.rename(drive / f"{n}.png", drive / f"part{n // 4}" / f"{n}.png")
    scan()
    scan()
    for n in range(4):
        (drive / "part0" / f"{n}.png").unlink()
    found = scan(quick=True)
    assert (found.unjudged, found.missing, set(availability(library).values())) == (4, 0, {"online"})
    for n in range(4, 8):
        (drive / "part1" / f"{n}.png").unlink()
    assert scan(quick=True).unjudged == 8
    assert scan().state == "guarded"
    assert set(availability(library).values()) == {"online"}


def test_a_quick_pass_may_say_that_a_few_files_are_gone_and_frees_no_guarded_root(library, drive, root, settled, scan):
    scan()
    (drive / "1.png").unlink()
    assert scan(quick=True).missing == 1
    root["state"] = "guarded"
    with_guard = scan(quick=True)
    assert (with_guard.state, with_guard.reason) == ("guarded", None)


def test_a_quick_pass_out_of_time_goes_on_where_it_was(drive, settled, scan):
    for n in range(600):
        (drive / f"{n:03d}").mkdir()
    scan()
    first = scan(quick=True, budget_s=0.0)
    assert first.cursor is not None
    (drive / "599" / "new.png").write_bytes(b"new")
    assert scan(quick=True, budget_s=0.0, cursor=first.cursor).arrivals == 1
    assert scan(quick=True, budget_s=60.0).cursor is None


def test_what_a_pass_remembers_of_a_folder_ends_with_a_change_that_it_did_not_see(
    catalogue, drive, root, settled, scan
):
    """Rewritten, noted by a hint, and put back as it was: the stat is that of before, the catalogue is not."""
    scan()
    kept = (drive / "1.png").stat()
    (drive / "1.png").write_bytes(b"other bytes")
    with catalogue.reader() as reader:
        look_at(catalogue, reader, root, ["1.png"], rules())
    with catalogue.change() as unit:
        (row,) = work.claim_arrivals(unit, "me", now=1e12, limit=9)
        assets.place(unit, rows.asset(unit, "f"), root["id"], "1.png", row.seen)
        work.arrived(unit, row.id)
    (drive / "1.png").write_bytes(b"1")
    os.utime(drive / "1.png", ns=(kept.st_mtime_ns, kept.st_mtime_ns))
    assert scan().arrivals == 1
