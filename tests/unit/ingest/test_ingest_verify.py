"""What was renamed is believed by its stat, and read again when there is time."""

import os
import threading

from dam.ingest import verify
from tests.support import ledger, pictures
from tests.support.libraries import opened
from tests.support.waiting import until


def test_renamed_files_are_verified_later_and_a_file_with_other_bytes_is_taken_in_anew(library, tmp_path):
    drive = tmp_path / "drive"
    for n in range(3):
        pictures.put(drive, f"{n}.txt", b"words %d\n" % n)
    with opened(library, protect="none") as service:
        service.roots.add(str(drive))
        service.passes.scan()
        for n in range(3):
            (drive / "moved").mkdir(exist_ok=True)
            os.rename(drive / f"{n}.txt", drive / "moved" / f"{n}.txt")
        kept = (drive / "moved" / "1.txt").stat()
        (drive / "moved" / "1.txt").write_bytes(b"wordy 1\n")
        os.utime(drive / "moved" / "1.txt", ns=(kept.st_mtime_ns, kept.st_mtime_ns))
        summary = service.passes.scan()
        assert (summary.moved, summary.admitted, summary.missing) == (3, 0, 0)
        assert [verify.one(service.parts) for _ in range(4)] == [True, True, True, False]
        assert service.passes.scan().admitted == 1
        assert "location.differs" in [a for a, _ in ledger.actions(library)]
        assert service.find.overview()["assets"] == 4


def test_a_watch_verifies_what_was_moved_when_nothing_is_due(library, tmp_path):
    drive = tmp_path / "drive"
    pictures.put(drive, "a/1.txt", b"words\n")
    stop = threading.Event()
    with opened(library, protect="none") as service:
        service.roots.add(str(drive))
        service.passes.scan()
        os.rename(drive / "a", drive / "b")
        watching = threading.Thread(target=service.watching.run, args=(stop,))
        watching.start()
        state = "SELECT path, unverified FROM location"
        try:
            assert until(lambda: ledger.rows(library, state) == [{"path": "b/1.txt", "unverified": 0}])
        finally:
            stop.set()
            watching.join(20)
        assert "location.moved" in [a for a, _ in ledger.actions(library)]
