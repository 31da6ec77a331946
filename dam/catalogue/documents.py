"""Ids from XMP: writes, and the look-ups that `lineage.documents` needs. Each works inside a Unit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col

from dam.catalogue.tables import DocumentRow
from dam.catalogue.unit import Unit

OWN = ("document", "instance")
_ROWS = 5_000  # of one look-up for holders; beyond it each id is asked for alone
_PARAMETERS = 500  # of one statement


@dataclass(frozen=True, slots=True)
class DocumentId:
    """One id. `kind` and `position` as in catalogue.tables.DocumentRow."""

    kind: str
    value: str
    position: int = 0


_OF_ASSET = (
    sa.select(col(DocumentRow.kind), col(DocumentRow.value), col(DocumentRow.position))
    .where(col(DocumentRow.asset_id) == sa.bindparam("asset"))
    .order_by(col(DocumentRow.kind), col(DocumentRow.position), col(DocumentRow.value))
)
_FORGET = sa.delete(DocumentRow).where(col(DocumentRow.asset_id) == sa.bindparam("asset"))


def replace(unit: Unit, asset_id: str, ids: Iterable[DocumentId]) -> None:
    """Make an asset's ids exactly these."""
    unit.db.execute(_FORGET, {"asset": asset_id})
    rows = (
        {"id": unit.new_id(), "asset_id": asset_id, "kind": x.kind, "value": x.value, "position": x.position}
        for x in ids
    )
    unit.insert(DocumentRow, *rows)


def ids_of(unit: Unit, asset_id: str) -> list[DocumentId]:
    return [DocumentId(*row) for row in unit.db.execute(_OF_ASSET, {"asset": asset_id})]


def holders(unit: Unit, values: Sequence[str], *, limit: int) -> set[str]:
    """Assets whose own document or instance id is one of these. Of an id that more hold, at least `limit` + 1 are told."""
    found: set[str] = set()
    for at in range(0, len(values), _PARAMETERS):
        part = list(values[at : at + _PARAMETERS])
        statement = sa.select(col(DocumentRow.asset_id)).where(
            col(DocumentRow.value).in_(part), col(DocumentRow.kind).in_(OWN)
        )
        rows = [row[0] for row in unit.db.execute(statement.limit(_ROWS))]
        if len(rows) == _ROWS:
            alone = (_holders_of(unit, value, limit + 1) for value in part)
            rows = [asset_id for some in alone for asset_id in some]
        found.update(rows)
    return found


def _holders_of(unit: Unit, value: str, limit: int) -> list[str]:
    statement = sa.select(col(DocumentRow.asset_id)).distinct()
    statement = statement.where(col(DocumentRow.value) == value, col(DocumentRow.kind).in_(OWN)).limit(limit)
    return [row[0] for row in unit.db.execute(statement)]


def wanted_by(unit: Unit, own: Iterable[DocumentId], *, limit: int) -> set[str]:
    """Assets that name one of these own ids, if the id still tells files apart.

    The holder that makes an id too common is answered once more, so that edges which stood on it go.
    """
    telling = [x.value for x in own if x.kind in OWN and len(_holders_of(unit, x.value, limit + 2)) <= limit + 1]
    statement = sa.select(col(DocumentRow.asset_id)).distinct()
    statement = statement.where(col(DocumentRow.value).in_(telling), col(DocumentRow.kind).not_in(OWN))
    return {row[0] for row in unit.db.execute(statement)} if telling else set()
