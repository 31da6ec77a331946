"""Passes over a root: compare the drive with the catalogue and write down the difference. Reads no contents.

A full pass looks at every file. A quick one looks at folders' times and lists only those that changed, or did lately:
on a share with a million files that is the difference between a second and minutes. A folder whose names and stats
have the digest they had when nothing in it was new is not compared file by file.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from dam import mounts
from dam.catalogue import assets, drives, records, work
from dam.catalogue.drives import Holder
from dam.catalogue.reading import Reader
from dam.catalogue.unit import Catalogue, Unit
from dam.media.files import Entry, entry_at
from dam.media.paths import from_text, to_text
from dam.watch import identity
from dam.watch.compare import compare
from dam.watch.walk import Listing, Unseen, is_ignored, list_folder, walk

GUARD_FROM = 4  # files: below this, a share of missing files says nothing
FLUSH = 2_000  # findings that one transaction writes down
HOT_S = 86_400.0  # a file rewritten in place leaves its folder's time alone: folders of the last day are always listed
SETTLED_S = 2.0  # a folder listed so soon after its last change may have changed again within the same tick
SHARE_WIDTH = 8

Tell = Callable[[int, int], None]  # (files seen, files expected)


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass found. `state`: online, offline or guarded, with its reason. `missing` are found nowhere now,
    `relinked` stand at another path and were not read again. `full`: it looked at every file.
    """

    root: str
    state: str
    reason: str | None = None
    seen: int = 0
    unchanged: int = 0
    arrivals: int = 0
    missing: int = 0
    returned: int = 0
    ignored: int = 0
    unseen: Sequence[Unseen] = field(default_factory=tuple)
    relinked: int = 0
    full: bool = True
    cursor: str | None = None
    unjudged: int = 0  # files that a quick pass found gone, too many for it to say so: a full pass must


@dataclass(frozen=True, slots=True)
class ScanRules:
    """`now` is Unix time; `accept_missing` says that a person knows the files are really gone; `tell` hears how far the
    pass is; `quick` looks at folders' times only, for about `budget_s` seconds, from the folder after `cursor` on.
    """

    now: float
    settle_s: float
    missing_guard: float
    accept_missing: bool = False
    tell: Tell | None = None
    quick: bool = False
    budget_s: float = 20.0
    cursor: str | None = None


def scan_root(catalogue: Catalogue, reader: Reader, root: Mapping[str, Any], rules: ScanRules) -> Pass:
    """One pass over one root (its catalogue row; `path` as bytes-safe text)."""
    mounts.forget()
    folder = from_text(root["path"])
    knows = drives.knows_files(reader, root["id"])
    drive = identity.look(folder)
    reason = identity.offline_reason(
        reader, root, drive, knows_files=knows, accept_missing=rules.accept_missing, guard=rules.missing_guard
    )
    if reason is not None:
        with catalogue.change() as unit:
            records.set_root_state(unit, root["id"], "offline", reason)
        return Pass(root["name"], "offline", reason)
    if drive.id != root.get("drive_id") or drive.file_system != root.get("file_system"):
        with catalogue.change() as unit:
            drives.set_drive(unit, root["id"], drive_id=drive.id, file_system=drive.file_system)
    return _Scan(catalogue, reader, root, folder, rules, wide=mounts.is_share(drive.file_system)).run()


class _Scan:
    """One pass: findings are written down in batches, so that memory does not grow with the drive."""

    def __init__(
        self,
        catalogue: Catalogue,
        reader: Reader,
        root: Mapping[str, Any],
        folder: str,
        rules: ScanRules,
        *,
        wide: bool,
    ) -> None:
        self._catalogue, self._reader, self._root, self._rules = catalogue, reader, root, rules
        self._id: str = root["id"]
        self._folder = folder
        self._width = SHARE_WIDTH if wide else 1
        self._begun = time.monotonic()
        self._seen = self._unchanged = self._ignored = self._arrived = self._returned = self._relinked = 0
        self._unseen: list[Unseen] = []
        self._vanished: list[str] = []
        self._moved: set[str] = set()
        self._new: list[Entry] = []
        self._back: list[str] = []
        self._gone_intake: list[str] = []
        self._gone_folders: list[str] = []
        self._rows: list[dict[str, Any]] = []
        self._expected = drives.count_online(reader, self._id) if rules.tell is not None else 0

    def run(self) -> Pass:
        cursor = None
        if self._rules.quick:
            cursor = self._quick()
        else:
            self._full()
        self._flush()
        return self._end(cursor)

    def _full(self) -> None:
        for listing in walk(self._folder, width=self._width):
            self._take(listing)

    def _quick(self) -> str | None:
        """Folders in path order from the cursor on; returns where the time ran out, None = at the end."""
        after, done = self._rules.cursor, False
        if after is None and drives.folder_row(self._reader, self._id, "") is None:
            self._full()
            return None
        with ThreadPoolExecutor(self._width, thread_name_prefix="scan") as pool:
            while not done:
                rows = drives.folder_rows(self._reader, self._id, after=after, limit=512)
                changed = [
                    row["path"] for row, differs in zip(rows, pool.map(self._differs, rows), strict=True) if differs
                ]
                for path in changed:
                    self._take_new(from_text(path))
                if not rows:
                    return None
                after = rows[-1]["path"]
                done = time.monotonic() - self._begun > self._rules.budget_s
        return after

    def _differs(self, row: Mapping[str, Any]) -> bool:
        if not row["digest"]:
            return True
        try:
            mtime_ns = os.lstat(os.path.join(self._folder, from_text(row["path"]))).st_mtime_ns
        except OSError:
            return True
        hot = self._rules.now - mtime_ns / 1e9 < HOT_S or row["listed_at"] - mtime_ns / 1e9 < SETTLED_S
        return hot or bool(mtime_ns != row["mtime_ns"])

    def _take_new(self, path: str) -> None:
        """One folder, and those inside it that no pass has seen."""
        waiting = [path]
        while waiting:
            listing = list_folder(self._folder, waiting.pop())
            self._take(listing)
            waiting += [f for f in listing.folders if drives.folder_row(self._reader, self._id, to_text(f)) is None]

    def _take(self, listing: Listing) -> None:
        path = to_text(listing.path)
        row = drives.folder_row(self._reader, self._id, path)
        if row is not None and listing.digest and row["digest"] == listing.digest and not listing.odd:
            self._seen += row["files"]
            self._unchanged += row["files"]
            self._ignored += row["ignored"]
            if row["mtime_ns"] != listing.mtime_ns:
                self._rows.append(row | {"mtime_ns": listing.mtime_ns, "listed_at": self._rules.now})
        else:
            self._compare(path, listing)
        if len(self._new) + len(self._rows) + len(self._back) >= FLUSH:
            self._flush()
        if self._rules.tell is not None:
            self._rules.tell(self._seen, max(self._expected, self._seen))

    def _compare(self, path: str, listing: Listing) -> None:
        known, inside = drives.known_in(self._reader, self._id, path)
        there = {to_text(f) for f in listing.folders}
        if listing.trouble is None:
            for lost in sorted(inside - there):
                known |= drives.known_below(self._reader, self._id, lost)
                self._gone_folders.append(lost)
        plan = compare(listing.items(), known)
        self._seen += plan.seen
        self._unchanged += plan.unchanged
        self._ignored += plan.ignored
        self._unseen += plan.unseen
        self._vanished += plan.vanished
        self._new += plan.arrivals
        self._back += plan.returned
        self._gone_intake += plan.gone_intake
        if listing.trouble is None:
            self._rows.append(
                {
                    "path": path, "mtime_ns": listing.mtime_ns, "digest": listing.digest if plan.settled else b"",
                    "files": plan.seen, "ignored": plan.ignored, "listed_at": self._rules.now,
                }
            )  # fmt: skip

    def _flush(self) -> None:
        moves, arrivals = sort_out_moves(self._reader, self._root, self._new)
        self._arrived += len(arrivals)
        self._returned += len(self._back)
        self._relinked += len(moves)
        if self._rows or moves or arrivals or self._back or self._gone_intake or self._gone_folders:
            with self._catalogue.change() as unit:
                drives.forget_folders(unit, self._id, self._gone_folders)
                drives.keep_folders(unit, self._id, self._rows)
                _note(unit, self._id, moves, arrivals, self._rules)
                work.forget_arrivals(unit, self._id, self._gone_intake)
                if self._back:
                    assets.set_availability(unit, self._back, "online")
                    unit.audit("location.returned", self._id, {"count": len(self._back)})
        self._moved |= {holder.location_id for holder, _ in moves}
        self._rows, self._new, self._back, self._gone_intake, self._gone_folders = [], [], [], [], []

    def _end(self, cursor: str | None) -> Pass:
        root, rules = self._root, self._rules
        vanished = [i for i in self._vanished if i not in self._moved]
        lost = len(vanished) - drives.stand_elsewhere(self._reader, vanished)
        online = drives.count_online(self._reader, self._id) if vanished else 0
        if rules.quick and lost >= GUARD_FROM:  # it sees a part of the drive: part by part, the guard would let all go
            return self._found(root["state"], None, 0, cursor, unjudged=lost)
        guarded = not rules.accept_missing and lost >= GUARD_FROM and lost / max(1, online) > rules.missing_guard
        told = f"{lost} of {online} files are gone"
        state = "guarded" if guarded or (rules.quick and root["state"] == "guarded") else "online"
        with self._catalogue.change() as unit:
            if vanished and not guarded:
                assets.set_availability(unit, vanished, "missing")
                unit.audit("location.missing", self._id, {"count": len(vanished)})
            if not rules.quick or root["state"] == "offline":
                records.set_root_state(unit, self._id, state, told if guarded else None)
            records.scanned(unit, self._id)
            if not rules.quick:
                drives.full_pass_ended(unit, self._id, round(time.monotonic() - self._begun, 3))
        reason = (
            f"{told}, more than the guard allows ({rules.missing_guard:.0%});"
            f" if that is right, run: dam scan {root['name']} --accept-missing"
            if guarded
            else None
        )
        return self._found(state, reason, 0 if guarded else lost, cursor)

    def _found(self, state: str, reason: str | None, missing: int, cursor: str | None, unjudged: int = 0) -> Pass:
        return Pass(
            self._root["name"], state, reason, self._seen, self._unchanged, self._arrived, missing, self._returned,
            self._ignored, tuple(self._unseen), self._relinked, not self._rules.quick, cursor, unjudged,
        )  # fmt: skip


def sort_out_moves(
    reader: Reader, root: Mapping[str, Any], entries: Sequence[Entry]
) -> tuple[list[tuple[Holder, str]], list[Entry]]:
    """(files whose folder was renamed or that were moved to another, files to read). Such a file keeps its name, size,
    mtime and inode, and leaves the old path.

    Only a path at which nothing is known is taken for its new one: of two files that swapped places, both are read.
    """
    moves: list[tuple[Holder, str]] = []
    arrivals: list[Entry] = []
    taken: set[str] = set()
    for entry in entries:
        holder = _left_by(reader, root, entry, taken) if entry.inode and entry.size_bytes else None
        if holder is None:
            arrivals.append(entry)
        else:
            taken.add(holder.location_id)
            moves.append((holder, entry.path))
    return moves, arrivals


def _left_by(reader: Reader, root: Mapping[str, Any], entry: Entry, taken: set[str]) -> Holder | None:
    """The location that this file left. Under another name, or on another root, files are what others mean by their
    sources: then it is read as if it were new, which settles that.
    """
    name = entry.path.rpartition("/")[2]
    found = [h for h in drives.holders(reader, root["id"], entry.seen) if h.location_id not in taken]
    for holder in (h for h in found if h.path.rpartition("/")[2] == name):
        known = drives.known_at(reader, root["id"], entry.path)
        if known is not None and (known.held or not known.missing):
            return None
        there = entry_at(from_text(root["path"]), from_text(holder.path))
        if there is None or there.seen != entry.seen:
            return holder
    return None


def arrival(entry: Entry, rules: ScanRules) -> tuple[str, tuple[int, int, str], float]:
    """When a file may be read: `settle_s` after its last change; a time in the future counts from now."""
    settled = entry.mtime_ns / 1e9 + rules.settle_s
    return entry.path, entry.seen, min(max(settled, rules.now), rules.now + rules.settle_s)


def look_at(
    catalogue: Catalogue, reader: Reader, root: Mapping[str, Any], paths: Sequence[str], rules: ScanRules
) -> int:
    """Follow hints: record those of `paths` (as the OS names them) that are new, changed or renamed. Returns how many."""
    folder = from_text(root["path"])
    entries = []
    for path in paths:
        parts = path.split(os.sep)
        if is_ignored(parts[-1]) or any(is_ignored(p, folder=True) for p in parts[:-1]):
            continue
        entry = entry_at(folder, path)
        if entry is not None and not _is_known(reader, root["id"], entry):
            entries.append(entry)
    moves, arrivals = sort_out_moves(reader, root, entries)
    if moves or arrivals:
        with catalogue.change() as unit:
            _note(unit, root["id"], moves, arrivals, rules)
    return len(entries)


def _note(
    unit: Unit, root_id: str, moves: Sequence[tuple[Holder, str]], arrivals: Sequence[Entry], rules: ScanRules
) -> None:
    """Write down what moved and what is to be read."""
    drives.relink(unit, root_id, moves)
    work.note_arrivals(unit, root_id, [arrival(e, rules) for e in arrivals])


def _is_known(reader: Reader, root_id: str, entry: Entry) -> bool:
    known = drives.known_at(reader, root_id, entry.path)
    return known is not None and known.seen == entry.seen and not known.missing
