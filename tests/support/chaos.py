"""Drives that people and programs do things to, and beside them what should then be true: kept without the service.

`World` acts on real folders and notes what it did. `differences` reads a library's tables and says where they differ
from that. Every choice comes from `choose`, so that a die, a script or Hypothesis can steer it.
"""

import hashlib
import os
import shutil
import threading
import time
import unicodedata
from collections import Counter
from pathlib import Path

from tests.support import ledger, pictures

FOLDERS = ("", "a", "a/b", "Szene é", unicodedata.normalize("NFD", "Szene é"), "c d/e")
TICK_S = 0.02  # longer than a file system's clock ticks: what is changed in place has another time


class Root:
    def __init__(self, name, path):
        self.name, self.path, self.here = name, path, path
        self.files = {}  # relative path -> SHA-256
        self.stranger = False  # another drive is mounted there

    @property
    def away(self):
        return self.here != self.path

    def at(self, path):
        return self.here / path


class World:
    """`names` of roots below `folder`. `choose(sequence)` picks one of a non-empty sequence."""

    def __init__(self, folder, names, choose):
        self.roots = [Root(name, folder / name) for name in names]
        for root in self.roots:
            root.path.mkdir(parents=True)
        self.choose = choose
        self.contents = set()  # every content that was ever whole
        self.decisions = {}  # SHA-256 -> reasons, oldest first
        self.maybe = Counter()  # reasons of decisions that were asked for and never answered
        self.done = Counter()
        self.busy = {}  # (root, path) of a slow write -> SHA-256 it will have
        self._writers = []
        self._count = 0

    # -- contents and places

    def bytes(self):
        """A content that was never there before."""
        self._count += 1
        n = self._count
        kind = self.choose(("text", "text", "picture", "derived"))
        if kind == "text":
            return b"call sheet %d\n" % n * (1 + n % 50), ".txt"
        small = {"width": 48, "height": 40}
        if kind == "picture":
            return pictures.a1111_png(n, f"lantern {n}", **small), ".png"
        paths = sorted(p for root in self.roots for p in root.files if p.endswith(".png")) or ["none.png"]
        return pictures.comfy_png(n, os.path.basename(self.choose(paths)), **small), ".png"

    def free(self, root, suffix):
        """A path that nothing stands at."""
        while True:
            self._count += 1
            path = os.path.join(self.choose(FOLDERS), f"take {self._count} ü{suffix}")
            if path not in root.files and not root.at(path).exists():
                return path

    def _present(self):
        return [r for r in self.roots if not r.stranger]

    def _file(self, roots=None):
        """(root, path) of a file that nobody writes, or None."""
        found = [(r, p) for r in roots or self._present() for p in sorted(r.files) if (r.name, p) not in self.busy]
        return self.choose(found) if found else None

    def _note(self, root, path, data):
        root.files[path] = sha256 = hashlib.sha256(data).hexdigest()
        self.contents.add(sha256)

    def _put(self, root, path, data):
        target = root.at(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.tmp")
        beside.write_bytes(data)
        os.replace(beside, target)
        self._note(root, path, data)

    # -- what happens to drives

    def act(self, names):
        """Do one of these things. Returns its name, or None if there was nothing to do it to."""
        name = self.choose(names)
        if getattr(self, name)() is False:
            return None
        self.done[name] += 1
        return name

    def create(self):
        data, suffix = self.bytes()
        root = self.choose(self._present() or [None])
        if root is None:
            return False
        self._put(root, self.free(root, suffix), data)
        return True

    def copy(self):
        return self._copy(shutil.copyfile)

    def hard_link(self):
        return self._copy(os.link)

    def _copy(self, how):
        found = self._file()
        if found is None:
            return False
        root, path = found
        new = self.free(root, Path(path).suffix)
        root.at(new).parent.mkdir(parents=True, exist_ok=True)
        how(root.at(path), root.at(new))
        root.files[new] = root.files[path]
        return True

    def save_over(self):
        """As editors do: through a temporary file."""
        found = self._file()
        if found is None:
            return False
        self._put(*found, self.bytes()[0])
        return True

    def write_in_place(self):
        found = self._file()
        if found is None or found[0].at(found[1]).stat().st_nlink > 1:
            return False
        root, path = found
        time.sleep(TICK_S)
        data = self.bytes()[0]
        root.at(path).write_bytes(data)
        self._note(root, path, data)
        return True

    def write_the_same(self):
        found = self._file()
        if found is None:
            return False
        root, path = found
        self._put(root, path, root.at(path).read_bytes())
        return True

    def rename(self):
        found = self._file()
        if found is None:
            return False
        root, path = found
        self._move(root, path, root, self.free(root, Path(path).suffix))
        return True

    def move_across(self):
        found = self._file()
        others = [r for r in self._present() if found and r is not found[0]]
        if not others:
            return False
        self._move(*found, other := self.choose(others), self.free(other, Path(found[1]).suffix))
        return True

    def _move(self, root, path, to, new):
        to.at(new).parent.mkdir(parents=True, exist_ok=True)
        os.rename(root.at(path), to.at(new))
        to.files[new] = root.files.pop(path)

    def rename_folder(self):
        root = self.choose(self._present() or [None])
        tops = sorted({p.split("/")[0] for p in root.files if "/" in p}) if root else []
        if not tops:
            return False
        old = self.choose(tops)
        if any(name == root.name and path.startswith(f"{old}/") for name, path in self.busy):
            return False
        self._count += 1
        new = f"folder {self._count}"
        os.rename(root.at(old), root.at(new))
        root.files = {f"{new}/{p[len(old) + 1 :]}" if p.startswith(f"{old}/") else p: s for p, s in root.files.items()}
        return True

    def swap(self):
        root = self.choose(self._present() or [None])
        first, second = (self._file([root]), self._file([root])) if root else (None, None)
        if first is None or first == second:
            return False
        one, two = first[1], second[1]
        os.rename(root.at(one), root.at("swapping.tmp"))
        os.rename(root.at(two), root.at(one))
        os.rename(root.at("swapping.tmp"), root.at(two))
        root.files[one], root.files[two] = root.files[two], root.files[one]
        return True

    def delete(self):
        found = self._file()
        if found is None:
            return False
        root, path = found
        root.at(path).unlink()
        del root.files[path]
        return True

    def slow_write(self):
        """A file that grows for a while; it is whole when its writer is done."""
        root = self.choose([r for r in self._present() if not r.away] or [None])
        if root is None:
            return False
        data, suffix = self.bytes()
        path = self.free(root, suffix)
        self.busy[root.name, path] = hashlib.sha256(data).hexdigest()
        writer = threading.Thread(target=self._write_slowly, args=(root, path, data), daemon=True)
        self._writers.append(writer)
        writer.start()
        return True

    def _write_slowly(self, root, path, data):
        target = root.at(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        step = max(1, len(data) // 12)
        with target.open("wb") as stream:
            for at in range(0, len(data), step):
                stream.write(data[at : at + step])
                stream.flush()
                time.sleep(0.25)
        self._note(root, path, data)
        del self.busy[root.name, path]

    def unmount(self):
        """The folder is gone, or stands empty; people may go on working on the drive elsewhere."""
        root = self.choose([r for r in self.roots if not r.away and not self._writes(r)] or [None])
        if root is None:
            return False
        root.here = root.path.with_name(f"{root.name} elsewhere")
        os.rename(root.path, root.here)
        if self.choose((True, False)):
            root.path.mkdir()
        return True

    def replace(self):
        """Another drive stands at the path."""
        root = self.choose([r for r in self.roots if r.away and not r.stranger] or [None])
        if root is None:
            return False
        root.path.mkdir(exist_ok=True)
        for n in range(5):
            (root.path / f"stranger {n}.txt").write_bytes(b"of another drive %d\n" % n)
        root.stranger = True
        return True

    def remount(self):
        root = self.choose([r for r in self.roots if r.away] or [None])
        if root is None:
            return False
        if root.path.exists():
            shutil.rmtree(root.path)
        os.rename(root.here, root.path)
        root.here, root.stranger = root.path, False
        return True

    def _writes(self, root):
        return any(name == root.name for name, _ in self.busy)

    def settle(self):
        """Wait for slow writers; every drive is back."""
        for writer in self._writers:
            writer.join(60)
        assert not self.busy
        while any(r.away for r in self.roots):
            self.remount()


FILES, SHAPES, DRIVES = (
    ("create", "copy", "hard_link", "save_over", "write_in_place", "write_the_same", "delete"),
    ("rename", "move_across", "rename_folder", "swap"),
    ("unmount", "replace", "remount"),
)


# What may never become less.
KEPT = {
    "assets": "SELECT sha256 AS k FROM asset",
    "decisions": "SELECT id AS k FROM decision",
    "edges": "SELECT parent_id || ' ' || relation || ' ' || child_id AS k FROM edge"
    " WHERE evidence NOT LIKE 'name_%'",  # an edge by name alone follows whoever stands at the place
    "ledger": "SELECT hash AS k FROM audit_entry",
}


def differences(world, library):
    """Where a library's tables are not as the world is, in words; of drives that are here and files that rest."""
    found = []
    rows = ledger.rows(
        library,
        "SELECT r.name, r.state, l.path, l.availability, a.sha256 FROM location l JOIN root r ON r.id = l.root_id"
        " JOIN asset a ON a.id = l.asset_id",
    )
    states = {r["name"]: r["state"] for r in ledger.rows(library, "SELECT name, state FROM root")}
    for root in world.roots:
        if root.away:
            continue
        if states[root.name] != "online":
            found.append(f"{root.name} is {states[root.name]}")
        there = {r["path"]: r["sha256"] for r in rows if r["name"] == root.name and r["availability"] == "online"}
        found += [
            f"{root.name}/{path}: {there.get(path)}, should be {root.files.get(path)}"
            for path in sorted(set(there) | set(root.files))
            if there.get(path) != root.files.get(path) and (root.name, path) not in world.busy
        ]
    known = {r["sha256"] for r in ledger.rows(library, "SELECT sha256 FROM asset")}
    found += [f"{sha256} was never a whole file" for sha256 in known - world.contents]
    return found + lost_decisions(world, library)


def lost_decisions(world, library):
    """Decisions that are not there as they were made, in their order."""
    made = {}
    for r in ledger.rows(
        library,
        "SELECT a.sha256, d.reason FROM decision d JOIN asset a ON a.id = d.asset_id ORDER BY d.decided_at, d.id",
    ):
        if r["reason"] not in world.maybe:
            made.setdefault(r["sha256"], []).append(r["reason"])
    return [
        f"{sha256}: decisions {made.get(sha256)}, should be {world.decisions.get(sha256)}"
        for sha256 in sorted(set(made) | set(world.decisions))
        if made.get(sha256) != world.decisions.get(sha256)
    ]
