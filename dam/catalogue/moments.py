"""Moments of videos: written once a video, followed by the index in memory."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from dam.catalogue.likeness_tables import MomentRow
from dam.catalogue.unit import Unit

AFTER = "SELECT seq, asset_id, at_s, until_s, code64, code256 FROM moment WHERE seq > ? ORDER BY seq"


def put(unit: Unit, asset_id: str, rows: Iterable[dict[str, Any]]) -> None:
    """All moments of a video, in the place of those it had: at_s, until_s, code64, code256."""
    unit.db.execute(sa.delete(MomentRow).where(col(MomentRow.asset_id) == asset_id))
    unit.insert(MomentRow, *({"asset_id": asset_id, **row} for row in rows))
