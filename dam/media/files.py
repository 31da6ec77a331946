"""A file as the operating system sees it, without opening it: what tells an unchanged file from a changed one."""

import os
import stat
from dataclasses import dataclass

from dam.media.paths import to_text

_FAR = 2**63 - 1  # nanoseconds: the year 2262; file systems allow dates that no database column holds


@dataclass(frozen=True, slots=True)
class Entry:
    """A regular file. `path` is relative to its root, bytes-safe text.

    `inode` has no device: a share may get another st_dev at each mount, and its files are still the same.
    """

    path: str
    size_bytes: int
    mtime_ns: int
    inode: str

    @property
    def seen(self) -> tuple[int, int, str]:
        """(size, mtime, inode): while these agree, the contents are taken for unchanged."""
        return self.size_bytes, self.mtime_ns, self.inode


def entry_of(path: str, found: os.stat_result) -> Entry:
    """The entry for a relative path as the OS names it and its stat."""
    return Entry(to_text(path), found.st_size, min(max(found.st_mtime_ns, -_FAR), _FAR), str(found.st_ino))


def entry_at(root: str, path: str) -> Entry | None:
    """The regular file at a relative path as the OS names it, or None. A link is not followed."""
    try:
        found = os.lstat(os.path.join(root, path))
    except OSError:
        return None
    return entry_of(path, found) if stat.S_ISREG(found.st_mode) else None
