"""The vault on a local disk: keys are relative POSIX paths made by us, never by a stranger."""

import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

from dam.errors import ConflictError, NotFoundError, StorageError

_BUFFER_BYTES = 1 << 20
_KEY = re.compile(r"[a-z0-9_]+(/[a-z0-9][a-z0-9._-]*)+")


def write_atomic(path: Path, data: bytes, *, mode: int = 0o644, durable: bool = True) -> None:
    """Temp file in the same folder, fsync, rename, fsync of the folder. A failure leaves the old file as it was.

    `durable=False` leaves out the two fsyncs, for what can be made again (thumbnails); the rename stays atomic.

    Raises:
        StorageError: the disk is full ("storage.full") or refuses to be written ("storage.readonly").
    """
    with atomic_file(path, mode=mode, durable=durable) as (stream, _):
        stream.write(data)


@contextmanager
def atomic_file(path: Path, *, mode: int = 0o644, durable: bool = True) -> Iterator[tuple[BinaryIO, Path]]:
    """(stream, its temp path) for a file that appears at `path` whole, when the block ends, or not at all.

    The temp file lies in the same folder, open for reading and writing with a buffer of a megabyte. A failure of the
    block, whatever it is, removes it.

    Raises:
        StorageError: as `write_atomic`.
    """
    temp = path.with_name(f".tmp-{secrets.token_hex(8)}")
    try:
        handle = _create(temp, mode)
    except OSError as error:
        raise explain(error, path) from error
    try:
        with os.fdopen(handle, "w+b", buffering=_BUFFER_BYTES) as stream:
            yield stream, temp
            stream.flush()
            os.fchmod(stream.fileno(), mode)  # whatever the umask says
            if durable:
                os.fsync(stream.fileno())
        os.replace(temp, path)
        if durable:
            sync_folder(path.parent)
    except BaseException as error:
        temp.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise explain(error, path) from error
        raise


@contextmanager
def atomic_folder(path: Path, *, mode: int = 0o700) -> Iterator[Path]:
    """A folder to fill, which appears at `path` when the block ends, or not at all. `path` may be an empty folder.

    A failure of the block, whatever it is, removes what was filled. What lies in it must be durable by itself.

    Raises:
        ConflictError: something is at `path` already. StorageError: as `write_atomic`.
    """
    temp = path.with_name(f".tmp-{secrets.token_hex(8)}")
    try:
        if path.exists() and not (path.is_dir() and next(path.iterdir(), None) is None):
            raise ConflictError(f"{path} is there already.", next_step="Name a new folder.", code="storage.taken")
        temp.mkdir(mode=mode, parents=True)
        yield temp
        sync_folder(temp)
        os.replace(temp, path)
        sync_folder(path.parent)
    except OSError as error:
        raise explain(error, path) from error
    finally:
        shutil.rmtree(temp, ignore_errors=True)


def _create(temp: Path, mode: int) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(temp, flags, mode)
    except FileNotFoundError:
        temp.parent.mkdir(parents=True, exist_ok=True)
        return os.open(temp, flags, mode)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def explain(error: OSError, path: Path) -> StorageError:
    """Our error for an OSError of a write, with the next step."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError(
            f"The disk is full: {path} could not be written.",
            next_step="Free some space in the library's disk, then run dam scan: the work is taken up again.",
            code="storage.full",
        )
    return StorageError(
        f"{path} could not be written ({error.strerror or error}).",
        next_step="Check that the library's folder is writable, then run dam scan.",
        code="storage.readonly",
    )


class LocalStorage:
    """A folder of files by key ("protected/ab/ab12….png")."""

    scheme = "file"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, key: str) -> Path:
        if not _KEY.fullmatch(key) or ".." in key:
            raise NotFoundError(f"No such key: {key!r}.", code="storage.key")
        return self._folder / key

    def put(self, key: str, data: bytes, *, durable: bool = True) -> None:
        write_atomic(self.path(key), data, durable=durable)

    def writing(self, key: str) -> AbstractContextManager[tuple[BinaryIO, Path]]:
        """A file of this key that is written piece by piece (see `atomic_file`)."""
        return atomic_file(self.path(key))

    @contextmanager
    def scratch(self, suffix: str = "") -> Iterator[Path]:
        """A path for a file that is needed while the block runs; a killed process's is swept like any other temp file."""
        path = self._folder / f".tmp-{secrets.token_hex(8)}{suffix}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            yield path
        except OSError as error:
            raise explain(error, path) from error
        finally:
            path.unlink(missing_ok=True)

    def get(self, key: str) -> bytes:
        try:
            return self.path(key).read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError(f"{key} is not in the vault.", code="storage.not_found") from error

    def exists(self, key: str) -> bool:
        return self.path(key).is_file()

    def list(self, prefix: str) -> Iterator[str]:
        """Keys below a first folder, temp files of interrupted writes left out."""
        base = self._folder / prefix
        for path in sorted(base.rglob("*")):
            if path.is_file() and not path.name.startswith(".tmp-"):
                yield path.relative_to(self._folder).as_posix()

    def sweep(self) -> int:
        """Remove temp files that an interrupted write left. Call only while nobody writes."""
        count = 0
        for path in self._folder.rglob(".tmp-*"):
            path.unlink(missing_ok=True)
            count += 1
        return count
