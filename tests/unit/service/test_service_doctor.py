"""The doctor's checks of drives, clock and place, each seen to say yes and no."""

import os

import pytest

from dam import mounts
from tests.support import pictures
from tests.support.libraries import opened


@pytest.fixture
def checked(library, tmp_path):
    pictures.put(tmp_path / "drive", "a/1.txt", b"words\n")
    with opened(library, protect="none") as service:
        service.roots.add(str(tmp_path / "drive"), name="drive")
        service.passes.scan()
        yield service, lambda name: next(c for c in service.upkeep.doctor() if c.name == name)


def test_it_says_how_a_drive_is_watched_and_what_is_to_be_verified(checked, tmp_path):
    service, check = checked
    assert check("drives").message.startswith("drive: events (")
    os.rename(tmp_path / "drive" / "a", tmp_path / "drive" / "b")
    service.passes.scan()
    service.roots.watch("drive", "polling")
    assert (check("drives").status, "polling" in check("drives").message) == ("ok", True)
    assert "1 moved files" in check("drives").message


def test_a_marker_that_was_deleted_is_told(checked, tmp_path):
    service, check = checked
    service.roots.mark("drive", wanted=True)
    assert check("drives").status == "ok"
    (tmp_path / "drive" / ".headwater-root").unlink()
    assert check("drives").status == "warn"


def test_a_library_on_a_share_is_a_failure(checked, monkeypatch):
    _, check = checked
    assert check("place").status == "ok"
    monkeypatch.setattr(mounts, "mount_of", lambda _: mounts.Mount("/mnt", "nfs4", "server:/export", "0:50"))
    assert (check("place").status, "nfs4" in check("place").message) == ("fail", True)


def test_a_disk_with_another_clock_is_told(checked, monkeypatch):
    service, check = checked
    assert check("clock").status == "ok"
    real = service.parts.wall
    object.__setattr__(service.parts, "wall", lambda: real() - 90)
    assert (check("clock").status, "+90 s" in check("clock").message) == ("warn", True)


def test_events_and_shares_have_their_modes():
    assert [mounts.is_share(k) for k in ("nfs4", "cifs", "fuse.sshfs", "9p", "ext4", "xfs", "fuseblk", "overlay", None)] == [
        True, True, True, True, False, False, False, False, False
    ]  # fmt: skip
