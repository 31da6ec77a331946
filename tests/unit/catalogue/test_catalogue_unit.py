"""One unit of work: the change, its ledger entries and its outbox rows come together or not at all."""

import contextlib
import json
import shutil

import pytest
import sqlalchemy as sa

from dam.audit import chain
from dam.catalogue import assets, records, sqlite
from dam.catalogue.library import ensure_row
from dam.catalogue.unit import Catalogue
from dam.errors import BusyError, MigrationError, StorageError
from dam.model import Generation
from tests.support import ledger, rows
from tests.support.libraries import NOON, settings


def links(library):
    found = ledger.rows(library, "SELECT * FROM audit_entry ORDER BY seq")
    return [
        chain.Link(
            chain.Entry(r["seq"], r["at"], r["actor"], r["action"], r["subject"], json.loads(r["detail"])), r["hash"]
        )
        for r in found
    ]


def counts(library):
    return [ledger.rows(library, f"SELECT count(*) AS n FROM {t}")[0]["n"] for t in ("asset", "audit_entry", "outbox")]


def test_a_change_its_ledger_entry_and_its_outbox_row_are_one(catalogue, library):
    with catalogue.change("person:ana") as unit:
        asset_id = rows.asset(unit)
        records.decide(unit, asset_id, verdict="approve", reason=None, person="ana")
    assert counts(library) == [1, 2, 1]
    assert ledger.rows(library, "SELECT asset_id FROM outbox") == [{"asset_id": asset_id}]
    last = links(library)[-1].entry
    assert (last.actor, last.action, last.subject) == ("person:ana", "decision.approve", asset_id)
    assert last.at == "2026-11-21T12:00:00.000000Z"


def change_and_fail(catalogue, error=RuntimeError):
    with catalogue.change() as unit:
        rows.asset(unit)
        unit.audit("asset.admitted", "x")
        raise error("stop")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, StorageError])
def test_a_change_that_fails_leaves_neither(catalogue, library, error):
    with pytest.raises(error):
        change_and_fail(catalogue, error)
    assert counts(library) == [0, 1, 0]


def test_the_chain_holds_over_many_changes_and_rollbacks(catalogue, library):
    for n in range(20):
        with catalogue.change() as unit:
            for k in range(n % 3):
                unit.audit("test.act", f"subject {n}", {"k": k, "text": "naïve \u2028 \U0001f600"})
        with contextlib.suppress(RuntimeError):
            change_and_fail(catalogue)
    verdict = chain.verify(links(library), chain.genesis(catalogue.library_id))
    assert verdict.ok
    assert verdict.checked == 1 + sum(n % 3 for n in range(20))


@pytest.mark.parametrize("column", ["at", "actor", "action", "subject", "detail", "hash"])
def test_any_column_that_is_changed_behind_our_back_is_found(catalogue, library, column):
    with catalogue.change() as unit:
        unit.audit("test.act", "x", {"n": 1})
        unit.audit("test.act", "y", {"n": 2})
    forged = {"at": "2020-01-01T00:00:00.000000Z", "detail": '{"n": 3}', "hash": "0" * 64}.get(column, "forged")
    connection = sqlite.connect(library / "catalogue.db", write=True)
    connection.execute(f"UPDATE audit_entry SET {column} = ? WHERE seq = 2", (forged,))
    connection.close()
    verdict = chain.verify(links(library), chain.genesis(catalogue.library_id))
    assert (verdict.ok, verdict.first_bad_seq) == (False, 2)


def test_an_asset_that_is_touched_twice_stands_once_in_the_outbox(catalogue, library):
    with catalogue.change() as unit:
        asset_id = rows.asset(unit)
        for _ in range(3):
            unit.touch(asset_id)
    assert counts(library)[2] == 1


def test_a_foreign_key_that_leads_nowhere_is_refused(catalogue):
    with pytest.raises(sa.exc.IntegrityError), catalogue.change() as unit:
        assets.place(unit, "nobody", "nowhere", "x.png", rows.SEEN)


def test_two_writers_wait_for_each_other_and_the_second_is_told_when_it_takes_too_long(catalogue, library, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 50)
    other = Catalogue(settings(library), clock=lambda: NOON, new_id=lambda: "x")
    try:
        with catalogue.change() as unit:
            unit.audit("test.act", "first")
            with pytest.raises(BusyError, match="another process"), other.change():
                pass
        with other.change() as unit:
            unit.audit("test.act", "second")
    finally:
        other.close()
    assert [e.entry.subject for e in links(library)[1:]] == ["first", "second"]


def test_an_error_that_quotes_a_file_name_is_not_taken_for_a_full_disk(library):
    error = sa.exc.IntegrityError("INSERT", {"title": "full locked busy.png"}, Exception("UNIQUE constraint failed"))
    assert sqlite.translate(error, library / "catalogue.db") is None
    full = sa.exc.OperationalError("INSERT", {}, Exception("database or disk is full"))
    assert sqlite.translate(full, library / "catalogue.db").code == "storage.full"


def test_a_library_row_is_made_once(library):
    path = library / "catalogue.db"
    assert ensure_row(path, lambda: "another", lambda: NOON) == ensure_row(path, lambda: "third", lambda: NOON)
    assert [a for a, _ in ledger.actions(library)] == ["library.created"]


def test_a_catalogue_that_is_not_there_is_not_made_by_opening_it(tmp_path):
    with pytest.raises(MigrationError, match="dam init"):
        Catalogue(settings(tmp_path / "none"), clock=lambda: NOON, new_id=lambda: "x")
    assert not (tmp_path / "none").exists()


def test_every_read_connection_refuses_to_write(library):
    with pytest.raises(StorageError, match="readonly"), sqlite.connected(library / "catalogue.db") as connection:
        connection.execute("DELETE FROM library")


def test_a_catalogue_whose_first_writer_was_killed_can_be_read(tmp_path):
    """Before there is a WAL there is a rollback journal, which a read-only connection may not roll back."""
    made, killed = tmp_path / "made.db", tmp_path / "killed.db"
    with contextlib.closing(sqlite.driver().connect(made, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 2")
        writer.execute("CREATE TABLE t (x)")
        writer.execute("BEGIN")
        writer.execute("CREATE TABLE half (x)")
        writer.executemany("INSERT INTO half VALUES (zeroblob(4000))", [()] * 40)
        for tail in ("", "-journal"):
            shutil.copyfile(f"{made}{tail}", f"{killed}{tail}")
        writer.execute("ROLLBACK")
    with sqlite.connected(killed) as connection:
        assert [r["name"] for r in connection.execute("SELECT name FROM sqlite_master")] == ["t"]


def test_the_sqlite_that_is_used_is_one_that_does_not_corrupt():
    assert sqlite.is_safe()


@pytest.mark.parametrize("seed", [0, -1, 2**63, 2**64 - 1, 2**80])
def test_a_seed_of_any_size_comes_back_as_it_was(catalogue, seed):
    with catalogue.change() as unit:
        asset_id = rows.asset(unit, generation=Generation(tool="x", seed=seed))
    with catalogue.reader() as reader:
        assert reader.cards([asset_id])[0].generation["seed"] == seed
