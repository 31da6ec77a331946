"""The library's own row."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import sqlalchemy.exc
from sqlmodel import Session, select

from dam.audit import chain
from dam.catalogue import sqlite
from dam.catalogue.tables import AuditRow, LibraryRow
from dam.catalogue.unit import audit_values, iso


def ensure_row(catalogue: Path, new_id: Callable[[], str], clock: Callable[[], datetime]) -> str:
    """The library's id; on first call it is made, with the first entry of the audit chain."""
    engine = sqlite.create_engine(catalogue)
    try:
        with engine.connect().execution_options(dam_write=True) as connection, connection.begin():
            session = Session(connection)
            row = session.exec(select(LibraryRow)).first()
            if row is not None:
                return row.id
            now, library_id = iso(clock()), new_id()
            entry = chain.Entry(1, now, "service", "library.created", library_id, {"rule": "headwater-audit/1"})
            session.add(LibraryRow(id=library_id, created_at=now))
            session.add(AuditRow(**audit_values(chain.append(chain.genesis(library_id), entry))))
            session.flush()
            return library_id
    except sqlalchemy.exc.DBAPIError as error:
        if (ours := sqlite.translate(error, catalogue)) is not None:
            raise ours from error
        raise
    finally:
        engine.dispose()
