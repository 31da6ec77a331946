"""One unit of work = one transaction: the change, its audit entries and its outbox rows, all or nothing."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc
from sqlmodel import Session

from dam.audit import chain
from dam.catalogue import sqlite
from dam.catalogue.tables import AuditRow, LibraryRow, OutboxRow
from dam.errors import MigrationError
from dam.settings import Settings

Clock = Callable[[], datetime]


iso = chain.timestamp  # one form of time in all tables: it sorts as text


def audit_row(link: chain.Link) -> AuditRow:
    entry = link.entry
    return AuditRow(
        seq=entry.seq, at=entry.at, actor=entry.actor, action=entry.action, subject=entry.subject,
        detail=json.dumps(entry.detail, ensure_ascii=False), hash=link.hash,
    )  # fmt: skip


class Unit:
    """What a change may do. `actor` is who asked ("person:ana", "service"); `now` is the transaction's time."""

    def __init__(
        self, session: Session, *, actor: str, now: datetime, new_id: Callable[[], str], library_id: str
    ) -> None:
        self.session = session
        self.actor = actor
        self.now = iso(now)
        self.new_id = new_id
        self._library_id = library_id
        self._touched: set[str] = set()

    def audit(self, action: str, subject: str, detail: Mapping[str, Any] | None = None) -> None:
        """Append one entry to the hash chain. The IMMEDIATE transaction makes reading the last entry safe."""
        self.session.flush()
        last = self.session.execute(
            sa.select(AuditRow.seq, AuditRow.hash).order_by(sa.desc(AuditRow.seq)).limit(1)  # type: ignore[call-overload]
        ).first()
        head = chain.Head(last[0], last[1]) if last else chain.genesis(self._library_id)
        link = chain.append(head, chain.Entry(head.seq + 1, self.now, self.actor, action, subject, dict(detail or {})))
        self.session.add(audit_row(link))

    def touch(self, asset_id: str) -> None:
        """The search index must look at this asset again."""
        self._touched.add(asset_id)

    def finish(self) -> None:
        for asset_id in sorted(self._touched):
            self.session.add(OutboxRow(asset_id=asset_id))


class Catalogue:
    """The catalogue of one library. Make changes inside `change()`; read through `reading.Reader`."""

    def __init__(self, settings: Settings, *, clock: Clock, new_id: Callable[[], str]) -> None:
        self.path = settings.catalogue_path
        if not self.path.exists():
            raise MigrationError(f"No catalogue at {self.path}.", next_step="Create the library with: dam init")
        self.engine = sqlite.create_engine(self.path)
        self._clock = clock
        self._new_id = new_id
        with Session(self.engine) as session:
            library = session.execute(sa.select(LibraryRow.id)).first()  # type: ignore[call-overload]
        if library is None:
            raise MigrationError(f"{self.path} holds no library.", next_step="Create it with: dam init")
        self.library_id: str = library[0]

    @contextmanager
    def change(self, actor: str = "service") -> Iterator[Unit]:
        """One write transaction. Commits at the end of the block, rolls back on any exception."""
        try:
            with self.engine.connect().execution_options(dam_write=True) as connection, connection.begin():
                session = Session(connection, expire_on_commit=False, autoflush=False)
                unit = Unit(session, actor=actor, now=self._clock(), new_id=self._new_id, library_id=self.library_id)
                yield unit
                unit.finish()
                session.flush()
        except sqlalchemy.exc.DBAPIError as error:
            if (ours := sqlite.translate(error, self.path)) is not None:
                raise ours from error
            raise

    def close(self) -> None:
        self.engine.dispose()
