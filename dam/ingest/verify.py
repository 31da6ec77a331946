"""Read again, when there is nothing else to do, what was renamed and taken for the same by its stat."""

import os
import threading
from collections.abc import Mapping
from typing import Any

from dam.catalogue import assets, drives, work
from dam.errors import UnreadableError
from dam.ingest.parts import Parts
from dam.media import hashing
from dam.media.files import entry_at
from dam.media.paths import from_text

LOOKED_AT = 16  # of which the first that can be read is verified
_BUSY = threading.Lock()  # one thread of a process at a time: two would read the same file


def one(parts: Parts) -> bool:
    """Verify one moved file. Returns whether there was one.

    A file with other bytes than its asset's is looked at as a new one; one that cannot be read now is left to the next
    pass, which tells what became of it.
    """
    if not _BUSY.acquire(blocking=False):
        return False
    try:
        with parts.catalogue.reader() as reader:
            rows = drives.unverified(reader, LOOKED_AT)
        return any(_verify(parts, row) for row in rows)
    finally:
        _BUSY.release()


def _verify(parts: Parts, row: Mapping[str, Any]) -> bool:
    folder, path = from_text(row["folder"]), from_text(row["path"])
    seen = (row["size_bytes"], row["mtime_ns"], row["inode"])
    there = entry_at(folder, path)
    if there is None or there.seen != seen:
        return False
    try:
        found = hashing.sha256_file(os.path.join(folder, path))
    except UnreadableError:
        return False
    with parts.catalogue.change() as unit:
        drives.verified(unit, row["id"])
        if found != row["sha256"]:
            unit.audit("location.differs", row["root_id"], {"path": row["path"], "expected": row["sha256"]})
            assets.set_availability(unit, [row["id"]], "missing")
            work.note_arrivals(unit, row["root_id"], [(row["path"], seen, parts.wall())])
    return True
