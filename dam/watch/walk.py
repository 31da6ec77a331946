"""Walk a root: every regular file with its stat, no links followed, no file opened."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from dam.media.files import Entry, entry_of
from dam.media.paths import to_text

IGNORED_SUFFIXES = (".tmp", ".part", ".partial", ".crdownload", ".download", "~")
IGNORED_PREFIXES = ("._", ".~", ".tmp-", ".nfs0", "~$")  # .nfs0…: deleted on an NFS share, still open somewhere
IGNORED_NAMES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", ".stfolder"})
IGNORED_FOLDERS = frozenset(
    {
        "@eaDir",
        ".stversions",
        "#recycle",
        "$RECYCLE.BIN",
        "System Volume Information",
        ".Trashes",
        ".Spotlight-V100",
        "lost+found",
        ".dam",
        ".git",
    }
)
MAX_DEPTH = 128


@dataclass(frozen=True, slots=True)
class Unseen:
    """A folder or file that could not be looked at: nothing below it may be called missing."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A name that is never an asset: a partial download, a system file, a link, a socket."""

    path: str
    reason: str


def is_ignored(name: str, *, folder: bool = False) -> bool:
    if folder:
        return name in IGNORED_FOLDERS
    low = name.lower()
    return name in IGNORED_NAMES or low.endswith(IGNORED_SUFFIXES) or name.startswith(IGNORED_PREFIXES)


def walk(root: str) -> Iterator[Entry | Unseen | Ignored]:
    """Everything below `root` in name order within a folder. `root` is a real path as the OS knows it."""
    yield from _walk(root, "", 0)


def _walk(root: str, below: str, depth: int) -> Iterator[Entry | Unseen | Ignored]:
    if depth > MAX_DEPTH:
        yield Unseen(to_text(below), f"folders are nested deeper than {MAX_DEPTH}")
        return
    try:
        with os.scandir(os.path.join(root, below) if below else root) as found:
            entries = sorted(found, key=lambda e: e.name)
    except OSError as error:
        yield Unseen(to_text(below), error.strerror or str(error))
        return
    for item in entries:
        path = os.path.join(below, item.name) if below else item.name
        try:
            one: Entry | Unseen | Ignored | None = _look(item, path)
        except FileNotFoundError:
            continue  # gone between listing and looking: the next pass tells
        except OSError as error:
            one = Unseen(to_text(path), error.strerror or str(error))
        if one is None:
            yield from _walk(root, path, depth + 1)
        else:
            yield one


def _look(item: os.DirEntry[str], path: str) -> Entry | Unseen | Ignored | None:
    """What one name is; None = a folder to walk."""
    if item.is_symlink():
        return Ignored(to_text(path), "symbolic link")
    if item.is_dir(follow_symlinks=False):
        return Ignored(to_text(path), "system folder") if is_ignored(item.name, folder=True) else None
    if is_ignored(item.name):
        return Ignored(to_text(path), "temporary or system file")
    if item.is_file(follow_symlinks=False):
        return entry_of(path, item.stat(follow_symlinks=False))
    return Ignored(to_text(path), "not a regular file")
