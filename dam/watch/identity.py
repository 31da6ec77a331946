"""Is the drive that belongs to a root mounted there? An unmounted drive is an empty folder, and another drive may stand
at the same path: neither may cost a file its place.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dam import mounts
from dam.catalogue import drives
from dam.catalogue.reading import Reader
from dam.media.files import entry_at
from dam.media.paths import from_text
from dam.watch.walk import MARKER

SAMPLE = 200  # files that are looked for when a drive says it is another one
MARKER_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Drive:
    """What stands at a root's path now. `problem`: why nothing can be read there; `marker`: the root id in its marker
    file, "" if there is a marker that names none.
    """

    folder: str
    problem: str | None = None
    empty: bool = False
    id: str | None = None
    file_system: str | None = None
    marker: str | None = None


def look(folder: str) -> Drive:
    """What stands at a path, without reading any file but the marker."""
    try:
        with os.scandir(folder) as found:
            empty = next(found, None) is None
    except NotADirectoryError:
        return Drive(folder, "the path is a file, not a folder")
    except FileNotFoundError:
        return Drive(folder, "the folder is not there")
    except OSError as error:
        return Drive(folder, f"the folder cannot be read ({error.strerror or error})")
    mount = mounts.mount_of(folder)
    return Drive(
        folder, None, empty, mounts.drive_id(folder), mount.kind if mount else None, None if empty else _marker(folder)
    )


def offline_reason(
    reader: Reader, root: Mapping[str, Any], drive: Drive, *, knows_files: bool, accept_missing: bool, guard: float
) -> str | None:
    """Why a root counts as offline, or None. `accept_missing`: a person says that what is there now is right."""
    if drive.problem is not None:
        return drive.problem
    if accept_missing:
        return None
    if drive.empty and knows_files:
        return "the folder is empty, but it held files: it looks unmounted"
    if root.get("marker"):
        if drive.marker == root["id"]:
            return None
        return (
            "its marker file is not there: it looks unmounted, or another drive is mounted"
            if drive.marker is None
            else "it carries the marker of another root: another drive is mounted there"
        )
    was = root.get("drive_id")
    if knows_files and was is not None and drive.id is not None and drive.id != was:
        return _if_other_files(reader, root, drive, guard)
    return None


def _if_other_files(reader: Reader, root: Mapping[str, Any], drive: Drive, guard: float) -> str | None:
    """A drive of another name with the same files is a copy, or only mounted another way; with other files it is another."""
    wanted = drives.sample(reader, root["id"], SAMPLE)
    found = 0
    for path, seen in wanted:
        there = entry_at(drive.folder, from_text(path))
        found += there is not None and there.seen[0] == seen[0]
    if not wanted or 1 - found / len(wanted) <= guard:
        return None
    return (
        f"another drive is mounted there ({drive.id}, it was {root['drive_id']}): {found} of {len(wanted)} files were"
        f" found; if that is right, run: dam scan {root['name']} --accept-missing"
    )


def marker_bytes(library_id: str, root_id: str) -> bytes:
    """What a root's marker file holds."""
    note = "Headwater knows this drive by this file; see dam root set --help"
    return json.dumps({"library": library_id, "root": root_id, "note": note}, indent=1).encode() + b"\n"


def _marker(folder: str) -> str | None:
    try:
        handle = os.open(os.path.join(folder, MARKER), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            found = json.loads(stream.read(MARKER_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        return ""
    root = found.get("root") if isinstance(found, dict) else None
    return root if isinstance(root, str) else ""
