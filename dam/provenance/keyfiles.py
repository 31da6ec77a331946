"""Files that only their owner may read: 0600 from the first byte, whole or absent. Only the ring's file is replaced."""

import contextlib
import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
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
    try:
        with _written(path, data) as temp:
            _name(temp, path)
        _sync_folder(path.parent)
    except FileExistsError as error:
        raise ConflictError(f"{path} is there already and is never replaced.", code="keys.exist") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error


def replace(path: Path, data: bytes) -> None:
    """Put a file into another's place: readers see the old one or the new one, never a part.

    Raises:
        StorageError: the operating system refuses; the old file stays.
    """
    try:
        with _written(path, data) as temp:
            os.replace(temp, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise StorageError(f"{path} cannot be replaced: {error.strerror}.") from error


def destroy(path: Path) -> bool:
    """Overwrite and remove a secret. Best effort: journals, snapshots and flash memory may keep what was there.

    Returns whether the file was there.

    Raises:
        StorageError: the operating system refuses.
    """
    try:
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        _sync_folder(path.parent)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorageError(f"{path} cannot be destroyed: {error.strerror}.") from error
    return True


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process changes a ring at a time. Readers need no lock.

    Raises:
        StorageError: the folder cannot be written.
    """
    try:
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(f"The key folder {folder} cannot be written: {error.strerror}.") from error
    try:
        with contextlib.suppress(OSError):  # a file system without locks: the catalogue's own lock is left
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _written(path: Path, data: bytes) -> Iterator[Path]:
    """A synced temp file beside `path`; gone at the end of the block."""
    temp = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield temp
    finally:
        with contextlib.suppress(FileNotFoundError):
            temp.unlink()


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
