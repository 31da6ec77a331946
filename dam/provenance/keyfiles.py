"""Files that only their owner may read: 0600 from the first byte, whole or absent, never replaced."""

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path

from dam.errors import ConflictError, PolicyError, StorageError, UnreadableError

MAX_FILE_BYTES = 64 * 1024
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def prepare(folder: Path) -> None:
    """Make the folder and shut it (0700).

    Raises:
        StorageError: the operating system refuses.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise StorageError(f"The key folder {folder} cannot be made: {error.strerror}.") from error


def put(path: Path, data: bytes) -> None:
    """Write a new file: temp beside it, fsync, then a link, which unlike a rename never replaces.

    Raises:
        ConflictError: the name is taken.
        StorageError: the operating system refuses.
    """
    temp = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        try:
            descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _name(temp, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                temp.unlink()
        _sync_folder(path.parent)
    except FileExistsError as error:
        raise ConflictError(f"{path} is there already and is never replaced.", code="keys.exist") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error


def get(path: Path) -> bytes:
    """Read a small file.

    Raises:
        UnreadableError: it is gone, or the operating system refuses.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES)
    except OSError as error:
        raise UnreadableError(f"{path} cannot be read: {error.strerror}.", code="keys.unreadable") from error


def get_secret(path: Path) -> bytes:
    """Read a file that nobody else may read.

    Raises:
        PolicyError: others may read it.
        UnreadableError: it is gone, or the operating system refuses.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise UnreadableError(f"{path} cannot be read: {error.strerror}.", code="keys.unreadable") from error
    if stat.S_IMODE(mode) & 0o077:
        raise PolicyError(
            f"Others may read the secret {path} (mode {stat.S_IMODE(mode):o}).",
            next_step=f"Run `chmod 600 {path}`, and think of who may have read it.",
            code="keys.exposed",
        )
    return get(path)


def _name(temp: Path, path: Path) -> None:
    try:
        os.link(temp, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if path.exists():  # a file system without links: the best that is left
            raise FileExistsError(errno.EEXIST, "exists", str(path)) from error
        temp.rename(path)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
