"""A file as the operating system sees it, without opening it: what tells an unchanged file from a changed one."""

import os
import stat
from dataclasses import dataclass

from dam.media.paths import to_text
from dam.mounts import inodes_last

_FAR = 2**63 - 1  # nanoseconds: the year 2262; file systems allow dates that no database column holds


@dataclass(frozen=True, slots=True)
class Entry:
    """A regular file. `path` is relative to its root, bytes-safe text.

    `inode` has no device: a share may get another st_dev at each mount, and its files are still the same. It is empty on
    file systems that make it up anew at each mount (FAT, FUSE).
    """

    path: str
    size_bytes: int
    mtime_ns: int
    inode: str

    @property
    def seen(self) -> tuple[int, int, str]:
        """(size, mtime, inode): while these agree, the contents are taken for unchanged."""
        return self.size_bytes, self.mtime_ns, self.inode


def clamp_ns(mtime_ns: int) -> int:
    """A time as a database column can hold it."""
    return min(max(mtime_ns, -_FAR), _FAR)


def entry_of(path: str, found: os.stat_result) -> Entry:
    """The entry for a relative path as the OS names it and its stat."""
    inode = str(found.st_ino) if inodes_last(found.st_dev) else ""
    return Entry(to_text(path), found.st_size, clamp_ns(found.st_mtime_ns), inode)


def entry_at(root: str, path: str) -> Entry | None:
    """The regular file at a relative path as the OS names it, or None. A link is not followed."""
    try:
        found = os.lstat(os.path.join(root, path))
    except OSError:
        return None
    return entry_of(path, found) if stat.S_ISREG(found.st_mode) else None
