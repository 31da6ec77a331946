"""Read again, when there is nothing else to do, what was renamed and taken for the same by its stat."""

import os
import time

from dam.catalogue import assets, drives, work
from dam.errors import UnreadableError
from dam.ingest.parts import Parts
from dam.media import hashing
from dam.media.files import entry_at
from dam.media.paths import from_text

BATCH = 16
BUDGET_S = 0.5


def some(parts: Parts, *, budget_s: float = BUDGET_S) -> int:
    """Verify renamed files for about `budget_s` seconds, and at least one. Returns how many.

    A file with other bytes than its asset's is looked at as a new one; one that cannot be read stays for another time.
    """
    begun, count = time.monotonic(), 0
    with parts.catalogue.reader() as reader:
        rows = drives.unverified(reader, BATCH)
    for row in rows:
        folder, path = from_text(row["folder"]), from_text(row["path"])
        seen = (row["size_bytes"], row["mtime_ns"], row["inode"])
        there = entry_at(folder, path)
        if there is None or there.seen != seen:
            continue  # the next pass tells what became of it
        try:
            found = hashing.sha256_file(os.path.join(folder, path))
        except (OSError, UnreadableError):
            continue
        with parts.catalogue.change() as unit:
            drives.verified(unit, row["id"])
            if found != row["sha256"]:
                unit.audit("location.differs", row["root_id"], {"path": row["path"], "expected": row["sha256"]})
                assets.set_availability(unit, [row["id"]], "missing")
                work.note_arrivals(unit, row["root_id"], [(row["path"], seen, parts.wall())])
        count += 1
        if time.monotonic() - begun > budget_s:
            break
    return count
