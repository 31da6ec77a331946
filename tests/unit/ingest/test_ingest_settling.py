"""Files that are still being written, in every way that writers have: none is admitted half, none is forgotten."""

import io
import os
import threading
import time

import pytest
from PIL import Image

from dam.media import unfinished
from tests.support import containers, everything, ledger, pictures
from tests.support.libraries import opened, sha256
from tests.support.waiting import until

SETTLE_S = 0.4


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    pictures.put(folder, "first.txt", b"first\n")
    return folder


@pytest.fixture
def watching(library, drive):
    """A service that watches `drive`; files must be quiet for SETTLE_S."""
    stop = threading.Event()
    with opened(library, protect="none", settle_s=SETTLE_S) as service:
        service.roots.add(str(drive), name="drive")
        thread = threading.Thread(target=service.watching.run, args=(stop,))
        thread.start()
        assert until(lambda: contents(library))
        yield service
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def contents(library):
    return {r["sha256"] for r in ledger.rows(library, "SELECT sha256 FROM asset")}


def held(library):
    return {r["code"] for r in ledger.rows(library, "SELECT code FROM intake")}


def written(path, parts, pause_s):
    """Write these one after the other, with a pause before each but the first."""
    with open(path, "wb") as stream:
        for n, part in enumerate(parts):
            if n:
                time.sleep(pause_s)
            stream.write(part)
            stream.flush()


DATA = pictures.a1111_png(1)
CUTS = [DATA[: len(DATA) // 3], DATA[len(DATA) // 3 : len(DATA) // 2], DATA[len(DATA) // 2 :]]


def webp():
    out = io.BytesIO()
    Image.fromarray(pictures.painted(2)).save(out, "WEBP", lossless=True)
    assert len(out.getvalue()) > 20_000
    return out.getvalue()


def assert_only_whole(library, *paths):
    """These files are assets, and nothing else ever was."""
    wanted = {sha256(p) for p in paths}
    assert until(lambda: wanted <= contents(library), 30)
    admitted = [d["sha256"] for a, d in ledger.actions(library) if a == "asset.admitted"]
    assert sorted(admitted) == sorted(wanted)
    assert "file.quarantined" not in [a for a, _ in ledger.actions(library)]


def test_a_slow_copy_is_taken_when_it_is_whole(watching, library, drive):
    written(drive / "slow.png", CUTS, SETTLE_S / 2)
    assert_only_whole(library, drive / "first.txt", drive / "slow.png")


def test_a_writer_that_stalls_for_longer_than_the_quiet_is_waited_for(watching, library, drive):
    written(drive / "stalls.png", CUTS, 3 * SETTLE_S)
    assert_only_whole(library, drive / "first.txt", drive / "stalls.png")


def test_a_file_whose_space_is_set_aside_first_is_waited_for(watching, library, drive):
    path = drive / "set_aside.webp"
    whole = webp()
    with open(path, "wb") as stream:
        stream.write(whole[:1000])
        stream.truncate(len(whole))
        stream.flush()
        time.sleep(3 * SETTLE_S)
        assert held(library) == {"file.unfinished"}
        stream.write(whole[1000:])
    assert_only_whole(library, drive / "first.txt", path)


def test_a_file_that_is_empty_first_is_waited_for(watching, library, drive):
    path = drive / "empty_first.png"
    path.touch()
    time.sleep(3 * SETTLE_S)
    assert held(library) == {"file.unfinished"}
    path.write_bytes(DATA)
    assert_only_whole(library, drive / "first.txt", path)


def test_an_archive_without_its_end_is_waited_for(watching, library, drive):
    data = containers.zipped({f"word/{n}.xml": os.urandom(4000) for n in range(9)})
    written(drive / "brief.docx", [data[: len(data) // 2], data[len(data) // 2 :]], 3 * SETTLE_S)
    assert_only_whole(library, drive / "first.txt", drive / "brief.docx")


def test_copies_that_are_renamed_and_editors_that_save_through_a_temporary_file(watching, library, drive):
    written(drive / "big.png.part", CUTS, SETTLE_S / 4)
    os.rename(drive / "big.png.part", drive / "big.png")
    (drive / ".first.txt.swp").write_bytes(b"half")
    (drive / ".first.txt.swp").unlink()
    (drive / "first.txt~").write_bytes(b"sec")
    old = sha256(drive / "first.txt")
    (drive / "first.txt~").write_bytes(b"second\n")
    os.replace(drive / "first.txt~", drive / "first.txt")
    new = sha256(drive / "first.txt")
    assert until(lambda: {old, new, sha256(drive / "big.png")} == contents(library), 30)


def test_a_file_written_in_place_is_never_admitted_half(watching, library, drive):
    other = pictures.a1111_png(3)
    (drive / "shot.png").write_bytes(DATA)
    assert until(lambda: sha256(drive / "shot.png") in contents(library))
    with open(drive / "shot.png", "r+b") as stream:
        stream.write(other[: len(other) // 2])
        stream.flush()
        time.sleep(SETTLE_S / 2)
        stream.write(other[len(other) // 2 :])
        stream.truncate()
    assert until(lambda: sha256(drive / "shot.png") in contents(library))
    assert len(contents(library)) == 3


def test_a_growing_recording_waits_until_its_writer_is_done(watching, library, drive):
    clip = everything.files()["a.mp4"]
    step = len(clip) // 12
    written(drive / "recording.mp4", [clip[at : at + step] for at in range(0, len(clip), step)], SETTLE_S / 2)
    assert_only_whole(library, drive / "first.txt", drive / "recording.mp4")


def test_what_stays_without_an_end_is_taken_as_it_is(watching, library, drive):
    (drive / "cut.png").write_bytes(CUTS[0])
    assert until(lambda: held(library) == {"file.unfinished"})
    assert until(lambda: sha256(drive / "cut.png") in contents(library), 30)


def test_an_old_file_without_an_end_waits_for_nobody(watching, library, drive):
    (drive / "old.tmp").write_bytes(CUTS[0])
    os.utime(drive / "old.tmp", (1_700_000_000, 1_700_000_000))
    os.rename(drive / "old.tmp", drive / "old.png")
    begun = time.monotonic()
    assert until(lambda: sha256(drive / "old.png") in contents(library))
    assert time.monotonic() - begun < 15 * SETTLE_S


@pytest.mark.parametrize(
    ("data", "problems", "said"),
    [
        (b"", [], "no bytes"),
        (b"x" * 10_000 + bytes(5000), [], "zeros"),
        (bytes(5000), [], None),  # too short to tell
        (b"PK\x03\x04" + b"x" * 100_000, [], "ZIP"),
        (b"%PDF-1.7\n" + b"x" * 100_000, [], "PDF"),
        (b"%PDF-1.7\n" + b"x" * 100_000 + b"%%EOF\n", [], None),
        (b"anything", ["png.truncated"], "cut off"),
        (b"anything", ["exif.damaged", "file.too_many_parts"], None),
    ],
)
def test_what_looks_unfinished(tmp_path, data, problems, said):
    path = tmp_path / "file"
    path.write_bytes(data)
    found = unfinished.reason(str(path), problems)
    assert found is None if said is None else said in found
