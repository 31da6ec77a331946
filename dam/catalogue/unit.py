"""One unit of work = one transaction: the change, its audit entries and its outbox rows, all or nothing."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc
from sqlmodel import Session, SQLModel, col

from dam.audit import chain
from dam.catalogue import sqlite
from dam.catalogue.reading import Reader
from dam.catalogue.tables import AuditRow, OutboxRow
from dam.errors import MigrationError
from dam.settings import Settings

Clock = Callable[[], datetime]


iso = chain.timestamp  # one form of time in all tables: it sorts as text


def audit_values(link: chain.Link) -> dict[str, Any]:
    """The columns of one ledger entry."""
    entry = link.entry
    return {
        "seq": entry.seq,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "detail": json.dumps(entry.detail, ensure_ascii=False),
        "hash": link.hash,
    }


@cache
def _insert(row_type: type[SQLModel]) -> sa.Insert:
    return sa.insert(row_type)


@cache
def _defaults(row_type: type[SQLModel]) -> dict[str, Any]:
    keys = {column.name for column in sa.inspect(row_type).primary_key}
    fields = row_type.model_fields.items()
    return {name: field.default for name, field in fields if not field.is_required() and name not in keys}


_LAST_ENTRY = sa.select(col(AuditRow.seq), col(AuditRow.hash)).order_by(col(AuditRow.seq).desc()).limit(1)


class Unit:
    """What a change may do. `actor` is who asked ("person:ana", "service"); `now` is the transaction's time."""

    def __init__(
        self, connection: sa.Connection, *, actor: str, now: datetime, new_id: Callable[[], str], library_id: str
    ) -> None:
        self.db = connection
        self._session: Session | None = None
        self.actor = actor
        self.now = iso(now)
        self.new_id = new_id
        self._library_id = library_id
        self._touched: set[str] = set()
        self._links: list[chain.Link] = []

    @property
    def session(self) -> Session:
        """The ORM on this transaction, for changes that are not on the hot path."""
        if self._session is None:
            self._session = Session(self.db, expire_on_commit=False, autoflush=False)
        return self._session

    def insert(self, row_type: type[SQLModel], *rows: Mapping[str, Any]) -> None:
        """Add rows without the ORM's bookkeeping, which costs four to eight times as much on the hot path.

        Columns that a row leaves out get the model's defaults. What the session still holds back is not seen by this.
        """
        if rows:
            self.db.execute(_insert(row_type), [{**_defaults(row_type), **row} for row in rows])

    def audit(self, action: str, subject: str, detail: Mapping[str, Any] | None = None) -> None:
        """Append one entry to the hash chain. The IMMEDIATE transaction makes reading the last entry safe."""
        head = chain.Head(self._links[-1].entry.seq, self._links[-1].hash) if self._links else self._head()
        entry = chain.Entry(head.seq + 1, self.now, self.actor, action, subject, dict(detail or {}))
        self._links.append(chain.append(head, entry))

    def _head(self) -> chain.Head:
        last = self.db.execute(_LAST_ENTRY).first()
        return chain.Head(last[0], last[1]) if last else chain.genesis(self._library_id)

    def touch(self, asset_id: str) -> None:
        """The search index must look at this asset again."""
        self._touched.add(asset_id)

    def finish(self) -> None:
        """Write the audit entries and outbox rows of this change; called once, at its end."""
        if self._session is not None:
            self._session.flush()
        self.insert(AuditRow, *(audit_values(link) for link in self._links))
        self.insert(OutboxRow, *({"asset_id": asset_id} for asset_id in sorted(self._touched)))


class Catalogue:
    """The catalogue of one library. Make changes inside `change()`; read through `reading.Reader`."""

    def __init__(self, settings: Settings, *, clock: Clock, new_id: Callable[[], str]) -> None:
        self.path = settings.catalogue_path
        if not self.path.exists():
            raise MigrationError(f"No catalogue at {self.path}.", next_step="Create the library with: dam init")
        self.engine = sqlite.create_engine(self.path)
        self._clock = clock
        self._new_id = new_id
        self._local = threading.local()
        self._lock = threading.Lock()
        self._connections: list[Any] = []
        with self.reader() as reader:
            library_id = reader.one("SELECT id FROM library")
        if library_id is None:
            raise MigrationError(f"{self.path} holds no library.", next_step="Create it with: dam init")
        self.library_id: str = library_id

    @contextmanager
    def change(self, actor: str = "service") -> Iterator[Unit]:
        """One write transaction. Commits at the end of the block, rolls back on any exception."""
        try:
            with self.engine.connect().execution_options(dam_write=True) as connection, connection.begin():
                unit = Unit(connection, actor=actor, now=self._clock(), new_id=self._new_id, library_id=self.library_id)
                yield unit
                unit.finish()
        except sqlalchemy.exc.DBAPIError as error:
            if (ours := sqlite.translate(error, self.path)) is not None:
                raise ours from error
            raise

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """Plain reads on a connection that this thread keeps open: the workers ask several times a file."""
        with sqlite.our_errors(self.path):
            connection = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = sqlite.connect(self.path)
                with self._lock:
                    self._connections.append(connection)
            yield Reader(connection)

    def close(self) -> None:
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()
        self.engine.dispose()
