"""kill -9 at any instant: nothing is lost, nothing is done twice, and the queue drains to the same catalogue."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time

import pytest

import dam_migrations
from dam.catalogue.sqlite import driver
from dam.errors import DamError
from dam.service import backups
from dam.service.finding import Finder
from dam.storage.local import LocalStorage
from tests.support import drives, ledger
from tests.support.libraries import command, copy_of, dam, environment, opened, settings, sha256

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("CRASH_KILLS", "20"))  # scripts/nightly: 200, on a drive of 300 files
ORIGINALS = int(os.environ.get("CRASH_ORIGINALS", "12"))
OTHERS = max(4, KILLS // 8)  # of each of the other commands: backup, migrate, index rebuild
OLDER = "m0009"  # from which the killed migrations start
SEED = int(os.environ.get("CRASH_SEED", "20261121"))  # another one tries other moments


@pytest.fixture(scope="module")
def drive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drive")
    assert drives.fill(folder, originals=ORIGINALS) >= 3 * ORIGINALS
    return folder


@pytest.fixture(scope="module")
def reference(template_library, drive, tmp_path_factory):
    """(folder, how many audit entries, seconds) of a library that took the drive in undisturbed."""
    folder = _with_keys(template_library, tmp_path_factory.mktemp("reference") / "library")
    begun = time.monotonic()
    answer = dam(folder, "scan", "--json", str(drive))
    assert answer.code == 0
    assert {q["code"] for q in answer.json["quarantined"]} == {"file.empty", "file.undecodable"}
    return folder, len(ledger.actions(folder)), time.monotonic() - begun


def _with_keys(template, folder):
    """A library that has its keys and nothing else: the rest is made by the first command, which gets killed, too."""
    folder.mkdir(mode=0o700)
    shutil.copytree(template / "keys", folder / "keys")
    return folder


def test_kills_leave_the_same_catalogue(template_library, drive, reference, tmp_path):
    undisturbed, entries, seconds = reference
    library = _with_keys(template_library, tmp_path / "library")
    dice = random.Random(SEED)
    moments = [(-1, dice.uniform(0.02, 1.2)) for _ in range(KILLS * 3 // 10)]  # start-up, tables, the library's own row
    moments += sorted((dice.uniform(0, entries), dice.uniform(0, 0.08)) for _ in range(KILLS - len(moments)))
    killed = 0
    for done, more_s in moments:
        killed += _run_until(
            command("scan", str(drive)), library, lambda done=done: _entries(library) > done, more_s=more_s
        )
    print(killed, "of", KILLS, "scans were killed")
    assert killed >= KILLS * 9 // 10  # one that came too late is bad luck, not a test
    answer = dam(library, "scan", "--json", str(drive), timeout_s=120 + 10 * seconds)
    assert answer.code == 0
    assert_whole(library)
    here, there = ledger.contents(library), ledger.contents(undisturbed)
    assert {name: here[name] ^ there[name] for name in here} == {name: set() for name in here}
    assert_done_once(library, undisturbed)


def _run_until(words, library, enough, more_s=0.0):
    """Run a command in a process group of its own and kill it `more_s` after `enough()`. Returns whether it was alive."""
    process = subprocess.Popen(
        words, env=environment(library), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        while not enough() and process.poll() is None:
            time.sleep(0.002)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(more_s)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        _, said = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), said.decode()
    return process.returncode != 0


def _entries(library):
    """How many entries the ledger of a library has that somebody else is making or filling."""
    try:
        return ledger.rows(library, "SELECT max(seq) AS n FROM audit_entry")[0]["n"] or 0
    except (DamError, driver().Error):
        return 0  # no tables yet


def assert_whole(library):
    """The catalogue agrees with itself, the ledger, the vault and the index."""
    (check,) = ledger.rows(library, "PRAGMA integrity_check")
    assert list(check.values()) == ["ok"]
    assert ledger.rows(library, "PRAGMA foreign_key_check") == []
    finder = Finder(settings(library))
    assert finder.verify_audit().ok
    for table in ("intake", "job"):
        assert ledger.rows(library, f"SELECT * FROM {table} WHERE state IN ('running', 'due')") == []
    assert ledger.rows(library, "SELECT * FROM outbox") == []
    assets = {r["id"] for r in ledger.rows(library, "SELECT id FROM asset")}
    assert finder.index.state().documents == len(assets)
    assert {a.id for a in finder.search("", limit=1000).assets} == assets
    vault = LocalStorage(library / "vault")
    copies = ledger.rows(library, "SELECT storage_key, sha256 FROM copy")
    assert {c["storage_key"] for c in copies} == set(vault.list("protected"))
    for copy in copies:
        assert sha256(vault.path(copy["storage_key"])) == copy["sha256"]
    doctor = dam(library, "doctor", "--json")
    assert [c for c in doctor.json["checks"] if c["status"] == "fail"] == []


def assert_done_once(library, undisturbed):
    """Every act stands in the ledger as often as where nobody was killed."""
    once = ("library.created", "root.added", "asset.admitted", "copy.made", "edge.asserted", "file.quarantined")
    here, there = ([a for a, _ in ledger.actions(which)] for which in (library, undisturbed))
    assert {a: here.count(a) for a in once} == {a: there.count(a) for a in once}


def test_a_killed_backup_is_a_whole_one_or_none(reference, tmp_path):
    """And the library that was saved is none the worse for it."""
    library, _, _ = reference
    before, dice = ledger.contents(library), random.Random(SEED)
    begun = time.monotonic()
    assert dam(library, "backup", str(tmp_path / "whole"), "--with-vault").code == 0
    seconds = time.monotonic() - begun
    killed = 0
    for n in range(OTHERS):
        words = command("backup", str(tmp_path / f"b{n}"), "--with-vault")
        killed += _run_until(words, library, lambda: True, more_s=dice.uniform(0.3, 1.0) * seconds)
    print(killed, "of", OTHERS, "backups were killed")
    assert killed >= OTHERS // 2
    for folder in tmp_path.glob("b*"):
        assert backups.verify(folder)[0].problems == []
    assert ledger.contents(library) == before
    assert_whole(library)


def test_killed_migrations_and_rebuilds_end_in_the_same_catalogue(reference, tmp_path):
    undisturbed, _, _ = reference
    library = copy_of(undisturbed, tmp_path / "library")
    dice, killed, path = random.Random(SEED), 0, settings(library).catalogue_path
    dam_migrations.downgrade(path, OLDER)
    assert dam_migrations.current(path) == OLDER
    for _ in range(OTHERS):
        killed += _run_until(command("migrate"), library, lambda: True, more_s=dice.uniform(0.2, 0.8))
        if dam_migrations.current(path) == dam_migrations.HEAD:
            dam_migrations.downgrade(path, OLDER)
    assert dam(library, "migrate").code == 0
    for _ in range(OTHERS):
        killed += _run_until(command("index", "rebuild"), library, lambda: True, more_s=dice.uniform(0.4, 1.0))
    print(killed, "of", 2 * OTHERS, "migrations and rebuilds were killed")
    assert killed >= OTHERS
    assert dam(library, "scan").code == 0
    assert ledger.contents(library) == ledger.contents(undisturbed)
    assert_whole(library)


def test_two_scans_at_once_make_the_same_catalogue_together(template_library, drive, reference, tmp_path):
    undisturbed, _, _ = reference
    library = copy_of(template_library, tmp_path / "library")
    assert dam(library, "root", "add", str(drive)).code == 0
    both = [
        subprocess.Popen(
            command("scan", "--json"), env=environment(library), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    for process in both:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said.decode()
    assert_whole(library)
    here, there = ledger.contents(library), ledger.contents(undisturbed)
    assert {name: here[name] ^ there[name] for name in here} == {name: set() for name in here}
    assert_done_once(library, undisturbed)


@pytest.mark.parametrize("files", [1, 3, 5, 7, 9])
def test_a_library_that_was_killed_while_it_was_made_is_made_by_the_next_command(tmp_path, files):
    """Killed as soon as so many of its files are there: catalogue, then keys, trust list, settings."""
    library = tmp_path / "library"
    _run_until(command("init"), library, lambda: sum(p.is_file() for p in library.glob("**/*")) >= files)
    assert_made_by_the_next_command(library)


def test_a_library_that_was_killed_between_tables_and_row_is_completed(tmp_path):
    library = tmp_path / "library"
    dam_migrations.upgrade(settings(library).catalogue_path)
    assert_made_by_the_next_command(library)


def assert_made_by_the_next_command(library):
    answer = dam(library, "init")
    assert answer.code == 0, answer.err
    with opened(library) as service:
        assert [c for c in service.upkeep.doctor() if c.status == "fail"] == []
    assert [a for a, _ in ledger.actions(library)] == ["library.created"]
