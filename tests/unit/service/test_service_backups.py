"""A backup is all of one moment, proven; a restore is the same library, or nothing."""

import json
import shutil
import threading
from pathlib import Path

import pytest

import dam_migrations
from dam.errors import ConflictError, NotFoundError, UndecodableError
from dam.service import backups
from tests.support import ledger, pictures
from tests.support.libraries import dam, opened


@pytest.fixture
def filled(library, tmp_path):
    """A library with a signed copy and a decision; returns its folder."""
    pictures.put(tmp_path / "drive", "hero.png", pictures.a1111_png(7))
    pictures.put(tmp_path / "drive", "notes.txt", b"words\n")
    with opened(library, protect="ai") as service:
        service.roots.add(str(tmp_path / "drive"), name="drive")
        service.passes.scan()
        service.reviews.decide("hero.png", "approve", reason="final")
    return library


def saved(library, to, **more):
    with opened(library) as service:
        return backups.backup(service.parts, to, **({"keys": False, "vault": False} | more))


def test_a_restored_library_holds_the_same_and_works_on(filled, tmp_path):
    report = saved(filled, tmp_path / "backup", keys=True, vault=True)
    assert (report.problems, report.lost, report.assets, report.decisions, report.vault_files) == ([], [], 2, 1, 1)
    shutil.move(filled, tmp_path / "broken")
    again = tmp_path / "again"
    done = backups.restore(tmp_path / "backup", again)
    assert (done.problems, done.lost, done.audit_head) == ([], [], report.audit_head)
    assert ledger.contents(again) == ledger.contents(tmp_path / "broken")
    assert [a for a, _ in ledger.actions(again)][-1] == "library.restored"
    with opened(again, protect="ai") as service:
        assert service.passes.scan().unchanged == 2
        assert service.find.card("hero.png").status == "approved"
        assert service.find.search("hero").total == 1
        assert [c for c in service.upkeep.doctor() if c.status == "fail"] == []


def test_a_vault_by_reference_is_found_where_it_was_or_where_a_person_says(filled, tmp_path):
    assert saved(filled, tmp_path / "backup").vault == "reference"
    assert not (tmp_path / "backup" / "vault").exists()
    assert not (tmp_path / "backup" / "keys").exists()
    assert backups.restore(tmp_path / "backup", tmp_path / "one", keys=filled / "keys").lost == []
    shutil.move(filled / "vault", tmp_path / "vault")
    assert len(backups.restore(tmp_path / "backup", tmp_path / "two").lost) == 1
    moved = backups.restore(tmp_path / "backup", tmp_path / "three", vault=tmp_path / "vault", keys=filled / "keys")
    assert moved.lost == []
    with opened(tmp_path / "three") as service:
        vault, *_ = service.find.copy_of("hero.png")
        assert Path(vault).is_file()


@pytest.mark.parametrize("broken", ["catalogue.db", "dam.toml", "vault"])
def test_a_backup_that_was_changed_is_refused_and_leaves_nothing(filled, tmp_path, broken):
    saved(filled, tmp_path / "backup", vault=True)
    path = tmp_path / "backup" / broken
    path = next(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else path
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    report = backups.restore(tmp_path / "backup", tmp_path / "again")
    assert [p.code for p in report.problems] == ["backup.changed"]
    assert not (tmp_path / "again").exists()
    assert not list(tmp_path.glob(".tmp-*"))


def test_a_ledger_that_was_rewritten_does_not_pass_even_if_the_list_was_too(filled, tmp_path):
    saved(filled, tmp_path / "backup")
    catalogue = tmp_path / "backup" / "catalogue.db"
    from dam.catalogue import sqlite

    with sqlite.connected(catalogue, write=True) as connection:
        connection.execute("UPDATE audit_entry SET actor = 'person:nobody' WHERE seq = 2")
    note = json.loads((tmp_path / "backup" / "backup.json").read_text())
    note["files"]["catalogue.db"] = backups._digest(catalogue)
    (tmp_path / "backup" / "backup.json").write_text(json.dumps(note))
    assert [p.code for p in backups.restore(tmp_path / "backup", None).problems] == ["backup.ledger"]


def test_what_is_there_is_never_written_over(filled, tmp_path):
    saved(filled, tmp_path / "backup")
    with pytest.raises(ConflictError):
        saved(filled, tmp_path / "backup")
    with pytest.raises(ConflictError):
        backups.restore(tmp_path / "backup", filled)
    with pytest.raises(ConflictError):
        backups.restore(tmp_path / "backup", filled / "dam.toml")
    with pytest.raises(NotFoundError):
        backups.restore(tmp_path / "nowhere", tmp_path / "x")
    for text in ("{", "[]", '{"format": "headwater-backup/1"}'):
        (tmp_path / "backup" / "backup.json").write_text(text)
        with pytest.raises(UndecodableError):
            backups.restore(tmp_path / "backup", None)


def test_a_backup_of_older_tables_is_restored_and_then_migrated(filled, tmp_path):
    before = ledger.contents(filled)
    with opened(filled) as service:
        dam_migrations.downgrade(service.parts.catalogue.path, "m0009")
        backups.backup(service.parts, tmp_path / "backup", keys=True, vault=True)
    report = backups.restore(tmp_path / "backup", tmp_path / "again")
    assert (report.tables, report.problems) == ("m0009", [])
    assert dam(tmp_path / "again", "root", "list").code == 5
    assert dam(tmp_path / "again", "migrate").code == 0
    assert ledger.contents(tmp_path / "again") == before


def test_a_backup_with_settings_that_are_wrong_is_still_restored(filled, tmp_path):
    (filled / "dam.toml").write_text("port = 'x'\n")
    with opened(filled, port=0) as service:
        assert backups.backup(service.parts, tmp_path / "backup", keys=True, vault=False).problems == []
    assert backups.restore(tmp_path / "backup", tmp_path / "again").problems == []


def test_a_backup_beside_an_ingest_is_of_one_moment(library, tmp_path):
    drive = tmp_path / "drive"
    for n in range(300):
        pictures.put(drive, f"{n}.txt", b"words %d\n" % n)
    with opened(library, protect="none") as service:
        service.roots.add(str(drive))
        scan = threading.Thread(target=service.passes.scan)
        scan.start()
        reports = []
        while scan.is_alive():
            reports.append(backups.backup(service.parts, tmp_path / f"b{len(reports)}", keys=False, vault=False))
        scan.join()
    assert all(not r.problems for r in reports)
    some = reports[len(reports) // 2]
    assert backups.restore(tmp_path / f"b{len(reports) // 2}", tmp_path / "again", keys=library / "keys").problems == []
    with opened(tmp_path / "again", protect="none") as service:
        service.passes.scan()
        assert service.find.overview()["assets"] == 300 >= some.assets


def test_the_commands_say_what_was_proven(filled, tmp_path):
    made = dam(filled, "backup", str(tmp_path / "backup"), "--with-keys", "--json")
    assert (made.code, made.json["keys"], made.json["problems"]) == (0, "included", [])
    assert dam(filled, "backup", str(tmp_path / "backup")).code == 4
    checked = dam(tmp_path / "new", "restore", str(tmp_path / "backup"), "--dry-run")
    assert (checked.code, "ledger" in checked.out, (tmp_path / "new").exists()) == (0, True, False)
    assert dam(tmp_path / "new", "restore", str(tmp_path / "backup")).code == 0
    assert dam(tmp_path / "new", "audit", "verify").code == 0
    (tmp_path / "backup" / "dam.toml").unlink()
    assert dam(tmp_path / "other", "restore", str(tmp_path / "backup")).code == 1
