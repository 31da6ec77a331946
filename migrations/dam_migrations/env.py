"""Alembic's environment: one connection to the catalogue named in the config's attributes."""

from alembic import context
from sqlmodel import SQLModel

from dam.catalogue import sqlite, tables

__all__ = ["tables"]  # imported for its metadata

engine = sqlite.create_engine(context.config.attributes["catalogue"])
with engine.connect().execution_options(dam_write=True) as connection:
    context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
