"""Chromaprint's numbers of sounds: written once a sound, followed by the index in memory."""

import sqlalchemy as sa
from sqlmodel import col

from dam.catalogue.likeness_tables import SoundRow
from dam.catalogue.unit import Unit

AFTER = "SELECT seq, asset_id, code FROM sound WHERE seq > ? AND engine = ? ORDER BY seq"


def put(unit: Unit, asset_id: str, engine: str, code: bytes) -> None:
    """The numbers of a sound, 32 bits little-endian each, in the place of those it had."""
    mine = sa.and_(col(SoundRow.asset_id) == asset_id, col(SoundRow.engine) == engine)
    unit.db.execute(sa.delete(SoundRow).where(mine))
    unit.insert(SoundRow, {"asset_id": asset_id, "engine": engine, "code": code})
