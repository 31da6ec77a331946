"""Writes and look-ups of timelines. Each works inside a Unit."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from dam.catalogue.tables import CutClipRow, CutRow
from dam.catalogue.unit import Unit
from dam.model import Timeline


def add(unit: Unit, asset_id: str, cut: Timeline) -> None:
    """Keep a new timeline and all its clips."""
    facts: dict[str, Any] = {
        name: getattr(cut, name) for name in ("name", "rate", "duration_s", "tool", "reader", "reader_version")
    }
    row = {"asset_id": asset_id, **facts, "clip_count": len(cut.clips), "sequences": list(cut.sequences)}
    unit.insert(CutRow, row)
    unit.insert(
        CutClipRow,
        *(
            {"asset_id": asset_id, "position": at, **asdict(clip), "others": list(clip.others)}
            for at, clip in enumerate(cut.clips)
        ),
    )


def clips(unit: Unit, asset_id: str, positions: Sequence[int] | None = None) -> list[Mapping[str, Any]]:
    """What the clips (at these positions, or all) call their media: name, media, kind, sha256, others; in order."""
    statement = (
        sa.select(
            col(CutClipRow.name), col(CutClipRow.media), col(CutClipRow.kind), col(CutClipRow.sha256),
            col(CutClipRow.others),
        )
        .where(col(CutClipRow.asset_id) == asset_id)
        .order_by(col(CutClipRow.position))
    )  # fmt: skip
    if positions is not None:
        statement = statement.where(col(CutClipRow.position).in_(list(positions)))
    return [dict(row) for row in unit.db.execute(statement).mappings()]
