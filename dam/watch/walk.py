"""Walk a root: every regular file with its stat, no links followed, no file opened."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from dam.media.paths import to_text

IGNORED_SUFFIXES = (".tmp", ".part", ".partial", ".crdownload", ".download", "~")
IGNORED_PREFIXES = ("._", ".~", ".tmp-", "~$")
IGNORED_NAMES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", ".stfolder", ".nfs"})
IGNORED_FOLDERS = frozenset(
    {"@eaDir", ".stversions", "#recycle", "$RECYCLE.BIN", "System Volume Information", ".Trashes", ".Spotlight-V100", "lost+found", ".dam", ".git"}
)
MAX_DEPTH = 128


@dataclass(frozen=True, slots=True)
class Entry:
    """A regular file. `path` is relative to the root, bytes-safe text; `inode` is "device:inode"."""

    path: str
    size_bytes: int
    mtime_ns: int
    inode: str

    @property
    def seen(self) -> tuple[int, int, str]:
        return self.size_bytes, self.mtime_ns, self.inode


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


def entry_at(root: str, path: str) -> Entry | None:
    """The regular file at an (unescaped) relative path, or None. Links are not followed, on the way neither."""
    try:
        found = os.lstat(os.path.join(root, path))
    except OSError:
        return None
    return _entry(path, found) if stat.S_ISREG(found.st_mode) else None


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
            if item.is_symlink():
                yield Ignored(to_text(path), "symbolic link")
            elif item.is_dir(follow_symlinks=False):
                if is_ignored(item.name, folder=True):
                    yield Ignored(to_text(path), "system folder")
                else:
                    yield from _walk(root, path, depth + 1)
            elif is_ignored(item.name):
                yield Ignored(to_text(path), "temporary or system file")
            elif item.is_file(follow_symlinks=False):
                yield _entry(path, item.stat(follow_symlinks=False))
            else:
                yield Ignored(to_text(path), "not a regular file")
        except FileNotFoundError:
            continue  # gone between listing and looking: the next pass tells
        except OSError as error:
            yield Unseen(to_text(path), error.strerror or str(error))


def _entry(path: str, found: os.stat_result) -> Entry:
    return Entry(to_text(path), found.st_size, found.st_mtime_ns, f"{found.st_dev}:{found.st_ino}")
