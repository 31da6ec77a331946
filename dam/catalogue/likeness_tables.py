"""What looks and sounds alike: fingerprints, moments, sounds, and the clusters and stacks made of them."""

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from dam.catalogue.tables import NAMING

assert SQLModel.metadata.naming_convention == NAMING  # set there, before any table is made


class FingerprintRow(SQLModel, table=True):
    """A perceptual code. `seq` grows with the commits, so that an in-memory index can follow it."""

    __tablename__ = "fingerprint"
    __table_args__ = (sa.UniqueConstraint("asset_id", "engine", "frame_s"), {"sqlite_autoincrement": True})
    seq: int | None = Field(default=None, primary_key=True)
    asset_id: str = Field(foreign_key="asset.id")
    engine: str
    frame_s: float
    code: str
    bits: int
    flat: bool = False


class MomentRow(SQLModel, table=True):
    """A stretch of a video that looks the same to a fingerprint, with its codes. `seq` as that of a fingerprint."""

    __tablename__ = "moment"
    __table_args__ = ({"sqlite_autoincrement": True},)
    seq: int | None = Field(default=None, primary_key=True)
    asset_id: str = Field(foreign_key="asset.id", index=True)
    at_s: float
    until_s: float
    code64: str
    code256: str


class SoundRow(SQLModel, table=True):
    """A sound's fingerprint: numbers of 32 bits, little-endian, one for every eighth of a second."""

    __tablename__ = "sound"
    __table_args__ = (sa.UniqueConstraint("asset_id", "engine"), {"sqlite_autoincrement": True})
    seq: int | None = Field(default=None, primary_key=True)
    asset_id: str = Field(foreign_key="asset.id")
    engine: str
    code: bytes


class ClusterRow(SQLModel, table=True):
    """Which representative a picture stands under; a representative under itself."""

    __tablename__ = "cluster"
    asset_id: str = Field(primary_key=True, foreign_key="asset.id")
    representative_id: str = Field(foreign_key="asset.id", index=True)


class FollowerRow(SQLModel, table=True):
    """How far something that follows rows by their `seq` has come."""

    __tablename__ = "follower"
    name: str = Field(primary_key=True)
    seq: int = Field(sa_type=sa.BigInteger)


class StackRow(SQLModel, table=True):
    """A person's word that assets are one thing: this one stands behind `front_id`. Taken back by `retracted_at`."""

    __tablename__ = "stack"
    id: str = Field(primary_key=True)
    asset_id: str = Field(foreign_key="asset.id", index=True)
    front_id: str = Field(foreign_key="asset.id", index=True)
    person: str
    reason: str | None = None
    stacked_at: str
    retracted_at: str | None = None
    retracted_by: str | None = None
