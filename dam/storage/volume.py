"""Whether a rename in a folder replaces a file whole or not at all, by the file system that it lies on."""

import os

from dam.errors import PolicyError
from dam.mounts import mount_of

# File systems that promise it (POSIX rename; NFS: RFC 8881 §18.26). SMB, FAT and FUSE mounts may lose both files.
ATOMIC = frozenset(
    ["apfs", "bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "nfs", "nfs4", "nilfs2", "overlay", "ramfs",
     "reiserfs", "tmpfs", "ubifs", "xfs", "zfs"]
)  # fmt: skip


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
    mount = mount_of(folder)
    kind = mount.kind if mount else None
    if kind not in ATOMIC:
        raise PolicyError(
            f"{folder!a} lies on {kind or 'an unknown file system'}, where replacing a file is not known to be atomic.",
            next_step="Choose protect mode copy or sidecar for this root.",
            code="protect.target_unsafe",
        )
