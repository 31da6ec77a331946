"""What a folder is mounted from, as the kernel tells: which file system, which drive, whether inode numbers last.

Nothing here reads a file of a drive. Linux's /proc/self/mountinfo (proc(5)) is the source; where it is not there, nothing
is known, and a root is treated as a local drive.
"""

import os
import re
from dataclasses import dataclass

_MOUNTS = "/proc/self/mountinfo"
_BY_UUID = "/dev/disk/by-uuid"
# Kernel events of these stop at this machine: what another machine writes is never told (inotify(7), "Limitations").
SHARES = frozenset(
    ["9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2",
     "prl_fs", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs"]
)  # fmt: skip
# Inode numbers of these are made up by the driver, and others after the next mount.
PASSING_INODES = frozenset(["exfat", "hfs", "iso9660", "msdos", "ntfs", "udf", "vfat"])
# statvfs' f_fsid of these is the file system's own UUID; of others it is the device's number, which changes.
_LASTING_FSID = frozenset(["btrfs", "ext2", "ext3", "ext4"])


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo: `device` as major:minor, `source` what was mounted ("/dev/sdb1", "server:/export")."""

    point: str
    kind: str
    source: str
    device: str


def mount_of(folder: str) -> Mount | None:
    """The mount that a folder lies on, or None where the system does not tell."""
    real = os.path.realpath(folder)
    best: Mount | None = None
    for one in _mounts():
        inside = one.point in ("/", real) or real.startswith(one.point.rstrip("/") + "/")
        if inside and (best is None or len(one.point) >= len(best.point)):
            best = one  # of two mounts at one place, the later one is seen
    return best


def is_share(kind: str | None) -> bool:
    """Whether files can change on such a file system without an event on this machine. fuseblk is a local disk."""
    return kind is not None and (kind in SHARES or kind == "fuse" or kind.startswith("fuse."))


def drive_id(folder: str) -> str | None:
    """What tells one drive from another at the same path: a UUID if there is one, else what was mounted.

    None where nothing is known. A name such as "vfat:/dev/sdb1" only tells that something changed, never that it is the
    same drive.
    """
    mount = mount_of(folder)
    if mount is None:
        return None
    if mount.kind in _LASTING_FSID:
        try:
            fsid = os.statvfs(folder).f_fsid
        except OSError:
            fsid = 0
        if fsid:
            return f"{mount.kind}:fsid:{fsid:016x}"
    uuid = _uuid_of(mount.source)
    return f"{mount.kind}:uuid:{uuid}" if uuid else f"{mount.kind}:{mount.source}"


def inodes_last(device: int) -> bool:
    """Whether the inode numbers of a device (st_dev) tell a file from another for good. Unknown devices are believed.

    Remembered until `forget`: a pass begins with it, since an old drive's device number may be a new one's.
    """
    known = _LAST.get(device)
    if known is None:
        name = f"{os.major(device)}:{os.minor(device)}"
        kinds = [m.kind for m in _mounts() if m.device == name]
        known = _LAST[device] = not any(kind in PASSING_INODES or kind.startswith("fuse") for kind in kinds)
    return known


def forget() -> None:
    """Ask the kernel again what devices are."""
    _LAST.clear()


_LAST: dict[int, bool] = {}


def _raw() -> bytes:
    try:
        with open(_MOUNTS, "rb") as stream:
            return stream.read()
    except OSError:
        return b""


def _mounts() -> list[Mount]:
    found = []
    for line in _raw().split(b"\n"):
        before, _, after = line.partition(b" - ")
        fields, rest = before.split(b" "), after.split(b" ")
        if len(fields) >= 5 and len(rest) >= 2:
            kind, source = (_plain(x) for x in rest[:2])
            found.append(Mount(_plain(fields[4]), kind, source, fields[2].decode("ascii", "replace")))
    return found


def _plain(field: bytes) -> str:
    r"""Mountinfo writes blanks as \040 and the like."""
    return os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), field))


def _uuid_of(source: str) -> str | None:
    if not source.startswith("/dev/"):
        return None
    try:
        wanted = os.stat(source).st_rdev
        for name in os.listdir(_BY_UUID):
            if os.stat(os.path.join(_BY_UUID, name)).st_rdev == wanted:
                return name
    except OSError:
        return None
    return None
