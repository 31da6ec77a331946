"""The dialect file: everything that only SQLite knows. Another database gets a module of this shape.

SQLite 3.7.0 to 3.51.2 can corrupt a WAL database when two connections commit and checkpoint at once (fixed in 3.51.3),
and a watcher, an API and workers on one file are that pattern: where Python's own SQLite is older, the `pysqlite3`
wheel's is used. See docs/decisions/0003-sqlite.md.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dam.errors import BusyError, DamError, StorageError

if TYPE_CHECKING:
    from sqlalchemy import Engine

SAFE_VERSION = (3, 51, 3)
BUSY_TIMEOUT_MS = 30_000

Rows = Callable[..., list[dict[str, Any]]]  # a read: SQL and its values, rows by column (reading.Reader.rows)


@cache
def driver() -> Any:
    """The DB-API module with a safe SQLite; Python's own where nothing better is installed (doctor says so)."""
    if sqlite3.sqlite_version_info >= SAFE_VERSION:
        return sqlite3
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        return sqlite3
    return dbapi2 if dbapi2.sqlite_version_info >= sqlite3.sqlite_version_info else sqlite3


def is_safe() -> bool:
    return tuple(driver().sqlite_version_info) >= SAFE_VERSION


def connect(path: Path, *, write: bool = False) -> Any:
    """A bare connection for plain reads (and the outbox's deletes). Rows come back by name.

    Raises:
        StorageError: the file is no database, damaged or out of reach.
    """
    with our_errors(path):
        try:
            return _open(path, "rw" if write else "ro")
        except driver().OperationalError as error:
            if write or "readonly" not in str(error):
                raise
        # Killed in its very first write, before there was a WAL: only a connection that may write can roll that back.
        _open(path, "rw").close()
        return _open(path, "ro")


def _open(path: Path, mode: str) -> Any:
    connection = driver().connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_MS / 1000,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.row_factory = driver().Row
    try:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA schema_version")  # looks into the file
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def connected(path: Path, *, write: bool = False) -> Iterator[Any]:
    """`connect`, with our errors, closed at the end."""
    connection = connect(path, write=write)
    try:
        with our_errors(path):
            yield connection
    finally:
        connection.close()


@contextmanager
def our_errors(path: Path) -> Iterator[None]:
    """What a person can do something about becomes our error."""
    try:
        yield
    except driver().Error as error:
        if (ours := translate(error, path)) is not None:
            raise ours from error
        raise


def snapshot(source: Path, target: Path) -> None:
    """A copy of a catalogue as it is at one moment, while others read and write; one file, no WAL beside it.

    All pages in one step: a copy in several begins again with every change, and might never end beside an ingest.
    """
    with connected(source) as reading:
        writing = driver().connect(str(target), isolation_level=None)
        try:
            with our_errors(target):
                reading.backup(writing, pages=-1)
                writing.execute("PRAGMA journal_mode=DELETE")
        finally:
            writing.close()


def damage(path: Path) -> list[str]:
    """What SQLite's own checks find wrong in a catalogue: broken pages, rows without what they point to."""
    with connected(path) as connection:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)").fetchall()]
        loose = [
            f"{row[0]}: row {row[1]} points to no {row[2]}" for row in connection.execute("PRAGMA foreign_key_check")
        ]
    return ([] if found == ["ok"] else found) + loose[:20]


def create_engine(path: Path) -> "Engine":
    """WAL, synchronous FULL, foreign keys on. Connections marked `dam_write` begin IMMEDIATE: one writer at a time,
    so a transaction that has begun never fails later for want of the lock.
    """
    import sqlalchemy as sa

    engine = sa.create_engine(
        f"sqlite:///{path}", module=driver(), connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "isolation_level": None}
    )

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("dam_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def translate(error: Exception, path: Path) -> DamError | None:
    """Our error for a database failure that a person can do something about, else None."""
    # SQLAlchemy's own text quotes the statement's values: a picture named "full.png" must not look like a full disk.
    text = str(getattr(error, "orig", None) or error).lower()
    if "locked" in text or "busy" in text:
        return BusyError(
            f"{path} is held by another process.",
            next_step="Wait for the other dam command, or stop it, then try again.",
        )
    if "full" in text or ("i/o error" in text and _is_full(path.parent)):
        return StorageError(
            f"The disk of {path} is full.", next_step="Free some space, then run dam scan.", code="storage.full"
        )
    if "readonly" in text or "unable to open" in text or "i/o error" in text:
        return StorageError(
            f"{path} cannot be written ({text}).", next_step="Check the folder's permissions.", code="storage.readonly"
        )
    if "not a database" in text or "malformed" in text:
        return StorageError(
            f"{path} is damaged ({text}).", next_step="Put back the library from a backup.", code="library.damaged"
        )
    return None


def _is_full(folder: Path) -> bool:
    """SQLite says "I/O error" where the shared-memory file of the WAL finds no room to grow."""
    try:
        return shutil.disk_usage(folder).free < 1 << 16
    except OSError:
        return False
