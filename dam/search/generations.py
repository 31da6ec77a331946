"""The index's folder on disk: numbered generations, the file that names the current one, and the writer's lock.

    index/current            the name of the generation in use, replaced atomically
    index/writer.lock        held (flock) by the one process that writes
    index/gen-000001/        tantivy's files + headwater.json (who made it)

A rebuild fills a new generation and only then swaps, so a reader always has a whole index (docs/decisions/0002).
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dam.errors import BusyError, StorageError

_NAME = re.compile(r"gen-\d{6,12}")
_SMALL_FILE_BYTES = 64 * 1024


def current(folder: Path) -> Path | None:
    """The generation in use, or None where there is none."""
    try:
        name = (folder / "current").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    path = folder / name
    return path if _NAME.fullmatch(name) and path.is_dir() else None


def new(folder: Path) -> Path:
    """An empty folder with a number above all others. Needs the writer's lock."""
    taken = [int(path.name[4:]) for path in _all(folder)]
    path = folder / f"gen-{max(taken, default=0) + 1:06d}"
    path.mkdir()
    return path


def swap(folder: Path, generation: Path) -> None:
    """Make it the current one for good, then drop the others. Needs the writer's lock.

    Readers that still use an old generation keep its mapped files until they reload.
    """
    for path in generation.iterdir():
        _sync(path)
    _sync(generation)
    _write_durably(folder / "current", generation.name)
    discard_others(folder, generation)


def discard_others(folder: Path, kept: Path) -> None:
    """Remove older generations and what an interrupted rebuild left. Needs the writer's lock."""
    for path in _all(folder):
        if path != kept:
            shutil.rmtree(path, ignore_errors=True)


def write_stamp(generation: Path, stamp: Mapping[str, Any]) -> None:
    _write_durably(generation / "headwater.json", json.dumps(stamp, sort_keys=True))


def read_stamp(generation: Path) -> dict[str, Any]:
    """What `write_stamp` wrote; {} where it is missing or damaged."""
    try:
        with (generation / "headwater.json").open("rb") as file:
            stamp = json.loads(file.read(_SMALL_FILE_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


@contextlib.contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Hold the folder's writer lock. Released by the kernel when the process dies.

    Raises BusyError "index.busy" if anybody holds it, StorageError if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(f"The index folder {folder} cannot be written: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(
                f"Another process writes the index {folder}.", code="index.busy", next_step="Wait for it, or stop it."
            ) from error
        yield
    finally:
        os.close(descriptor)


def _all(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]


def _write_durably(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
