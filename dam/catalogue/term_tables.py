"""The vocabulary: characters with their bibles, scenes and other terms, and which asset shows what."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from dam.catalogue.tables import NAMING

assert SQLModel.metadata.naming_convention == NAMING  # set there, before any table is made


class TermRow(SQLModel, table=True):
    """A character, scene, shot, project or tag by name. Retired ones are no longer looked for; what was said stays."""

    __tablename__ = "term"
    __table_args__ = (sa.UniqueConstraint("kind", "name_key"),)
    id: str = Field(primary_key=True)
    kind: str
    name: str
    name_key: str
    retired: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    created_at: str


class BibleRow(SQLModel, table=True):
    """One version of a character's bible, numbered from 1. `detail`: aliases, triggers, loras, must, never, references."""

    __tablename__ = "bible"
    term_id: str = Field(primary_key=True, foreign_key="term.id")
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    detail: dict[str, Any] = Field(sa_type=sa.JSON)
    person: str
    created_at: str


class AssetTagRow(SQLModel, table=True):
    """That the machine found a term for an asset, where, and how sure it is. Made anew whenever the asset is indexed."""

    __tablename__ = "asset_tag"
    asset_id: str = Field(primary_key=True, foreign_key="asset.id")
    term_id: str = Field(primary_key=True, foreign_key="term.id", index=True)
    source: str = Field(primary_key=True)
    confidence: float
    detail: str


class TagVerdictRow(SQLModel, table=True):
    """What a person said: the asset shows that, or does not. It stands above whatever the machine finds."""

    __tablename__ = "tag_verdict"
    asset_id: str = Field(primary_key=True, foreign_key="asset.id")
    term_id: str = Field(primary_key=True, foreign_key="term.id", index=True)
    confirmed: bool
    person: str
    said_at: str


class CollectionRow(SQLModel, table=True):
    """Assets that people put together, or with a `query` a search that they saved."""

    __tablename__ = "collection"
    id: str = Field(primary_key=True)
    name: str
    name_key: str = Field(unique=True)
    query: str | None = None
    person: str
    created_at: str


class CollectionItemRow(SQLModel, table=True):
    """An asset in a collection: pinned by its content, so it stays whatever becomes of the file's name or place."""

    __tablename__ = "collection_item"
    collection_id: str = Field(primary_key=True, foreign_key="collection.id")
    asset_id: str = Field(primary_key=True, foreign_key="asset.id")
    position: int
    person: str
    added_at: str
