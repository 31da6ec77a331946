"""Alembic's environment: one connection to the catalogue named in the config's attributes."""

from alembic import context
from sqlmodel import SQLModel

from dam.catalogue import likeness_tables, sqlite, tables, term_tables
from dam.errors import MigrationError

__all__ = ["likeness_tables", "tables", "term_tables"]  # imported for its metadata

engine = sqlite.create_engine(context.config.attributes["catalogue"])
with engine.connect().execution_options(dam_write=True) as connection:
    # A table that is made anew is dropped first, and rows of others point to it: "Making Other Kinds Of Table Schema
    # Changes" (sqlite.org/lang_altertable.html) switches the keys off meanwhile, outside the transaction, and checks.
    connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
    context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
        loose = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if loose:
            raise MigrationError(
                f"After the migration {len(loose)} rows would point to nothing, e.g. {tuple(loose[0])}."
            )
    connection.commit()
engine.dispose()
