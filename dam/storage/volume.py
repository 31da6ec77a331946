"""Which file system a folder lies on, and whether a rename there replaces a file whole or not at all."""

import os
import re

from dam.errors import PolicyError

# File systems that promise it (POSIX rename; NFS: RFC 8881 §18.26). SMB, FAT and FUSE mounts may lose both files.
ATOMIC = frozenset(
    ["apfs", "bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "nfs", "nfs4", "nilfs2", "overlay", "ramfs",
     "reiserfs", "tmpfs", "ubifs", "xfs", "zfs"]
)  # fmt: skip
_MOUNTS = "/proc/self/mountinfo"


def file_system(folder: str) -> str | None:
    """The type of the file system that a folder lies on ("ext4"), or None where the system does not tell."""
    try:
        with open(_MOUNTS, "rb") as stream:
            lines = stream.read().split(b"\n")
    except OSError:
        return None
    real = os.fsencode(os.path.realpath(folder))
    best, found = -1, None
    for line in lines:
        before, _, after = line.partition(b" - ")
        fields = before.split(b" ")
        if len(fields) < 5 or not after:
            continue
        point = re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), fields[4])
        inside = point in (b"/", real) or real.startswith(point.rstrip(b"/") + b"/")
        if inside and len(point) >= best:  # of two mounts at one place, the later one is seen
            best, found = len(point), after.split(b" ")[0].decode("ascii", "replace")
    return found


def require_replaceable(folder: str) -> None:
    """Refuse a folder in which a file cannot be replaced safely.

    Raises:
        PolicyError: "protect.target_readonly" or "protect.target_unsafe", with the reason.
    """
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PolicyError(
            f"{folder!a} cannot be written.",
            next_step="Give this user the right to write there, or choose protect mode copy or sidecar.",
            code="protect.target_readonly",
        )
    kind = file_system(folder)
    if kind not in ATOMIC:
        raise PolicyError(
            f"{folder!a} lies on {kind or 'an unknown file system'}, where replacing a file is not known to be atomic.",
            next_step="Choose protect mode copy or sidecar for this root.",
            code="protect.target_unsafe",
        )
