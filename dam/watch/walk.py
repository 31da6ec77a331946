"""Walk a root folder by folder: every regular file with its stat, no links followed, no file opened."""

import hashlib
import marshal
import os
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from dam.media.files import Entry, clamp_ns
from dam.media.paths import to_text
from dam.mounts import inodes_last

IGNORED_SUFFIXES = (".tmp", ".part", ".partial", ".crdownload", ".download", "~")
IGNORED_PREFIXES = ("._", ".~", ".tmp-", ".nfs0", "~$")  # .nfs0…: deleted on an NFS share, still open somewhere
MARKER = ".headwater-root"
RULES = 1  # raise it when what is ignored changes: folders are then compared anew
IGNORED_NAMES = frozenset({MARKER, ".DS_Store", "Thumbs.db", "desktop.ini", ".stfolder"})
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


@dataclass(frozen=True, slots=True)
class Listing:
    """One folder as it was listed. `path` and `folders` (to walk) are relative, as the OS names them; `rows` are
    (name, size_bytes, mtime_ns, inode, mode) of everything that is no folder to walk, in name order.

    `digest` is of rows and folders: while it agrees, so does every stat. `mtime_ns` was read before the names, so what
    comes while they are read makes the folder look changed the next time. A `trouble` says why nothing was seen.
    """

    path: str
    mtime_ns: int = 0
    digest: bytes = b""
    rows: Sequence[tuple[str, int, int, int, int]] = ()
    folders: Sequence[str] = ()
    odd: Sequence[Unseen | Ignored] = ()
    lasting: bool = True
    trouble: str | None = None

    def items(self) -> Iterator[Entry | Unseen | Ignored]:
        """What was found, each with its reason if it is no asset."""
        if self.trouble is not None:
            yield Unseen(to_text(self.path), self.trouble)
        yield from self.odd
        for name, size, mtime_ns, inode, mode in self.rows:
            path = to_text(f"{self.path}{os.sep}{name}" if self.path else name)
            if mode == stat.S_IFLNK:
                yield Ignored(path, "symbolic link")
            elif mode != stat.S_IFREG:
                yield Ignored(path, "not a regular file")
            elif is_ignored(name):
                yield Ignored(path, "temporary or system file")
            else:
                yield Entry(path, size, clamp_ns(mtime_ns), str(inode) if self.lasting else "")


def list_folder(root: str, below: str) -> Listing:
    """List one folder of a root (a real path as the OS knows it). No link is followed, no file opened."""
    if below.count(os.sep) >= MAX_DEPTH:
        return Listing(below, trouble=f"folders are nested deeper than {MAX_DEPTH}")
    rows: list[tuple[str, int, int, int, int]] = []
    names: list[str] = []
    odd: list[Unseen | Ignored] = []
    try:
        here = os.path.join(root, below) if below else root
        was = os.stat(here, follow_symlinks=not below)
        lasting = inodes_last(was.st_dev)
        with os.scandir(here) as found:
            for item in found:
                try:
                    if item.is_dir(follow_symlinks=False):
                        names.append(item.name)
                        continue
                    s = item.stat(follow_symlinks=False)
                    rows.append((item.name, s.st_size, s.st_mtime_ns, s.st_ino if lasting else 0, s.st_mode & 0o170000))
                except FileNotFoundError:
                    continue  # gone between listing and looking: the next pass tells
                except OSError as error:
                    odd.append(Unseen(to_text(os.path.join(below, item.name)), error.strerror or str(error)))
    except OSError as error:
        return Listing(below, trouble=error.strerror or str(error))
    rows.sort()
    names.sort()
    odd += [Ignored(to_text(os.path.join(below, n)), "system folder") for n in names if is_ignored(n, folder=True)]
    folders = [os.path.join(below, n) for n in names if not is_ignored(n, folder=True)]
    # marshal is the fastest way to bytes, and version 2 of it writes equal values alike. It is never read back.
    packed = hashlib.blake2b(marshal.dumps((RULES, rows, names), 2), digest_size=16)
    return Listing(below, was.st_mtime_ns, packed.digest(), rows, folders, odd, lasting)


def walk(root: str, start: Sequence[str] = ("",), *, width: int = 1) -> Iterator[Listing]:
    """Every folder below `start`, each before those inside it. `width` folders are listed at once: on a share every
    stat is a round trip.
    """
    waiting = list(reversed(start))
    if width <= 1:
        while waiting:
            one = list_folder(root, waiting.pop())
            waiting.extend(reversed(one.folders))
            yield one
        return
    with ThreadPoolExecutor(width, thread_name_prefix="scan") as pool:
        flying: deque[Future[Listing]] = deque()
        while waiting or flying:
            while waiting and len(flying) < 2 * width:
                flying.append(pool.submit(list_folder, root, waiting.pop()))
            one = flying.popleft().result()
            waiting.extend(reversed(one.folders))
            yield one
