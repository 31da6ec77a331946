"""Real file systems from loop devices: mounted, unmounted, swapped for another, renamed on. Skipped where none may be."""

import contextlib
import os
import shutil
import subprocess

import pytest

from dam import mounts
from tests.support import ledger, pictures
from tests.support.libraries import dam, opened

MAKE = {"ext4": ["mkfs.ext4", "-q", "-F"], "vfat": ["mkfs.vfat"]}


def run(*words):
    return subprocess.run([os.fspath(w) for w in words], capture_output=True, text=True, check=False)


class Disk:
    """An image file with a file system, and where it is mounted."""

    def __init__(self, image, kind, point):
        self.image, self.kind, self.point = image, kind, point
        self.shown = kind  # what the kernel calls it
        with open(image, "wb") as stream:
            stream.truncate(64 << 20)
        made = run(*MAKE[kind], image)
        if made.returncode:
            pytest.skip(f"{MAKE[kind][0]}: {made.stderr.strip()}")

    def mount(self):
        self.point.mkdir(exist_ok=True)
        done = run("mount", "-o", "loop", self.image, self.point)
        if done.returncode and self.kind == "vfat" and shutil.which("fusefat"):  # a kernel without it
            done = run("fusefat", "-o", "rw+", self.image, self.point)
            self.shown = "fuse.fusefat"
        if done.returncode:
            pytest.skip(f"this machine may not mount: {done.stderr.strip()}")

    def unmount(self):
        assert run("umount", self.point).returncode == 0


@pytest.fixture
def disk(tmp_path):
    if os.geteuid():
        pytest.skip("only root may mount")
    point, made = tmp_path / "drive", []

    def make(kind, name="disk"):
        if shutil.which(MAKE[kind][0]) is None:
            pytest.skip(f"{MAKE[kind][0]} is not installed")
        made.append(Disk(tmp_path / f"{name}.img", kind, point))
        return made[-1]

    yield make
    while run("umount", point).returncode == 0:
        continue


def filled(point):
    for n in range(6):
        pictures.put(point, f"shots/{n}.txt", b"words %d\n" % n)


def states(library):
    return {(r["availability"]) for r in ledger.rows(library, "SELECT availability FROM location")}


@pytest.mark.parametrize("kind", ["ext4", "vfat"])
def test_unmounting_and_mounting_again_keeps_every_decision_and_reads_nothing(library, disk, kind):
    one = disk(kind)
    one.mount()
    filled(one.point)
    with opened(library, protect="none") as service:
        service.roots.add(str(one.point), name="drive")
        assert service.passes.scan().admitted == 6
        card = service.find.card("3.txt")
        service.reviews.decide(card.id, "approve", reason="final")
        one.unmount()
        away = service.passes.scan()
        assert [r["state"] for r in away.roots] == ["offline"]
        assert service.find.card(card.id).availability == "offline"
        one.mount()
        back = service.passes.scan()
        assert (back.unchanged, back.admitted, back.missing, [r["file_system"] for r in back.roots]) == (
            6,
            0,
            0,
            [one.shown],
        )
        assert service.find.card(card.id).status == "approved"
        assert ledger.rows(library, "SELECT * FROM intake") == []
        assert [a for a, _ in ledger.actions(library)].count("location.added") == 0


@pytest.mark.parametrize("kinds", [("ext4", "ext4"), ("ext4", "vfat")])
def test_another_drive_at_the_same_place_is_noticed(library, disk, kinds):
    first, second = disk(kinds[0]), disk(kinds[1], "other")
    first.mount()
    filled(first.point)
    with opened(library, protect="none") as service:
        service.roots.add(str(first.point), name="drive")
        service.passes.scan()
        first.unmount()
        second.mount()
        for n in range(6):
            pictures.put(second.point, f"holiday/{n}.txt", b"sun %d\n" % n)
        found = service.passes.scan()
        (root,) = found.roots
        assert (root["state"], "another drive" in root["state_reason"]) == ("offline", True)
        assert (found.admitted, states(library)) == (0, {"online"})
        second.unmount()
        first.mount()
        assert service.passes.scan().unchanged == 6
        first.unmount()
        second.mount()
        assert service.passes.scan(accept_missing=True).admitted == 6
        assert states(library) == {"online", "missing"}


def test_a_marked_drive_is_known_by_its_marker(library, disk):
    first, second = disk("ext4"), disk("ext4", "other")
    first.mount()
    filled(first.point)
    assert dam(library, "root", "add", str(first.point), "--name", "drive").code == 0
    assert dam(library, "scan").code == 0
    marked = dam(library, "root", "set", "drive", "--marker", "--json")
    assert (marked.code, marked.json["marker"]) == (0, True)
    first.unmount()
    second.mount()
    filled(second.point)
    (root,) = dam(library, "scan", "--json").json["roots"]
    assert (root["state"], "marker" in root["state_reason"]) == ("offline", True)
    assert dam(library, "root", "set", "drive", "--no-marker").code == 4
    second.unmount()
    first.mount()
    assert dam(library, "scan", "--json").json["unchanged"] == 6
    assert dam(library, "root", "set", "drive", "--no-marker").code == 0
    assert sorted(os.listdir(first.point)) == ["lost+found", "shots"]


@pytest.mark.parametrize(("kind", "moved"), [("ext4", 6), ("vfat", 0)])
def test_a_renamed_folder_is_unread_on_ext4_and_read_on_vfat(library, disk, kind, moved):
    one = disk(kind)
    one.mount()
    filled(one.point)
    with opened(library, protect="none") as service:
        service.roots.add(str(one.point), name="drive")
        service.passes.scan()
        if one.shown == "fuse.fusefat":
            pytest.skip("no vfat in this kernel, and fusefat loses the files of a folder that is renamed")
        os.rename(one.point / "shots", one.point / "takes")
        (found,) = service.passes.look()
        assert (found.relinked, found.arrivals) == (moved, 6 - moved)
        service.passes.scan()
        online = ledger.rows(library, "SELECT path FROM location WHERE availability = 'online'")
        assert {r["path"] for r in online} == {f"takes/{n}.txt" for n in range(6)}


def test_inode_numbers_of_fat_and_a_reused_device_are_not_believed(disk):
    one, other = disk("ext4"), disk("vfat", "other")
    one.mount()
    with contextlib.closing(open(one.point / "x", "wb")) as stream:
        device = os.fstat(stream.fileno()).st_dev
    assert mounts.inodes_last(device)
    one.unmount()
    other.mount()
    mounts.forget()
    assert not mounts.inodes_last(os.stat(other.point).st_dev)
    assert mounts.mount_of(str(other.point)).kind == other.shown
    assert mounts.drive_id(str(other.point)).startswith(f"{other.shown}:")
