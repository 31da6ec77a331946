"""When it is our own disk that is full, read-only or shut: said in a sentence, no file lost, made good later."""

import contextlib
import subprocess
import threading
import time

import pytest

from dam.ingest import workers
from tests.support import ledger, pictures
from tests.support.libraries import dam, opened
from tests.support.waiting import until


@contextlib.contextmanager
def tiny_disk(folder, size):
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("needs the right to mount a tmpfs for a disk that fills up")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_stops_copies_but_no_file_and_is_made_good_later(library, drive, scan):
    for n in range(2, 6):
        pictures.put(drive, f"{n}.png", pictures.a1111_png(n, width=768, height=768))
    with tiny_disk(library / "vault", "1200k"):
        summary = scan()
        assert (summary["admitted"], summary["assets"]) == (5, 5)
        assert summary["protected"] < 5
        assert summary["quarantined"] == []  # no file is to blame
        assert {p["code"] for p in summary["problems"]} == {"storage.full"}
        assert "wait for the disk" in summary["problems"][0]["message"]
        assert "Free some space" in summary["problems"][0]["message"]
        space = next(c for c in dam(library, "doctor", "--json").json["checks"] if c["name"] == "space")
        assert (space["status"], "wait for the disk" in space["message"]) == ("warn", True)
        assert not [p for p in (library / "vault").rglob("*") if p.name.startswith(".tmp-")]
        subprocess.run(["mount", "-o", "remount,size=64m", str(library / "vault")], check=True)
        summary = scan()
        assert (summary["protected"], summary["quarantined"]) == (5, [])
        assert dam(library, "doctor", "--json").json["ok"]


def test_a_watch_beside_a_full_disk_waits_and_goes_on_by_itself(library, drive, monkeypatch):
    monkeypatch.setattr(workers, "STORAGE_RETRY_S", 0.3)
    for n in range(2, 6):
        pictures.put(drive, f"{n}.png", pictures.a1111_png(n, width=768, height=768))
    stop = threading.Event()
    with tiny_disk(library / "vault", "1200k"), opened(library, protect="ai", reconcile_s=3600.0) as service:
        service.roots.add(str(drive))
        watching = threading.Thread(target=service.watching.run, args=(stop,))
        watching.start()
        try:
            assert until(lambda: waits(library) > 0, timeout_s=60)
            time.sleep(2.0)
            assert waits(library) > 0
            assert ledger.rows(library, "SELECT * FROM job WHERE tries > 0 OR state = 'failed'") == []
            subprocess.run(["mount", "-o", "remount,size=64m", str(library / "vault")], check=True)
            assert until(lambda: ledger.rows(library, "SELECT count(*) AS n FROM copy")[0]["n"] == 5, timeout_s=60)
        finally:
            stop.set()
            watching.join(20)
        assert waits(library) == 0


def waits(library):
    return ledger.rows(library, "SELECT count(*) AS n FROM job WHERE state = 'due' AND code = 'storage.full'")[0]["n"]


def test_a_full_catalogue_disk_is_said_in_a_sentence_and_loses_nothing(tmp_path, drive):
    library = tmp_path / "library"
    for n in range(2, 8):
        pictures.put(drive, f"{n}.png", pictures.a1111_png(n, width=512, height=512))
    with tiny_disk(library, "2m"):
        assert dam(library, "init").code == 0
        with contextlib.suppress(OSError):
            filler = (library / "filler").open("wb")
            with filler:
                filler.write(bytes(2_000_000))
                filler.flush()
        answer = dam(library, "scan", "--json", str(drive), timeout_s=120, codes=(0, 10))
        assert "full" in answer.err + answer.out
        (library / "filler").unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", str(library)], check=True)
        answer = dam(library, "scan", "--json", str(drive))
        assert (answer.code, answer.json["assets"], answer.json["protected"]) == (0, 7, 7)
        assert dam(library, "audit", "verify").code == 0


@contextlib.contextmanager
def read_only(folder):
    """A file system that cannot be written, as a share is when its server says so."""
    bound = subprocess.run(["mount", "--bind", str(folder), str(folder)], capture_output=True, check=False)
    if bound.returncode != 0:
        pytest.skip("needs the right to mount for a library that cannot be written")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_library_that_cannot_be_written_is_said_in_a_sentence(library, drive, scan):
    scan()
    pictures.put(drive, "more.png", pictures.a1111_png(2))
    with read_only(library):
        for words in (("scan",), ("review", "approve", "good.png"), ("search", "mara"), ("show", "good.png")):
            answer = dam(library, *words, codes=(0, 10))
            if answer.code:
                assert str(library) in answer.err
                assert len(answer.err.splitlines()) <= 3
    assert scan()["admitted"] == 1


def test_a_library_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path, drive, powerless):
    (tmp_path / "shut").mkdir(mode=0o555)
    answer = dam(tmp_path / "shut" / "library", "init", before=powerless, codes=(10,))
    assert str(tmp_path / "shut") in answer.err
