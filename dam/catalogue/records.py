"""Writes about roots, decisions, copies and marks. Each works inside a Unit."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from dam.catalogue import verdicts
from dam.catalogue.tables import (
    AssetRow,
    CopyRow,
    DecisionRow,
    FolderRow,
    FormerLocationRow,
    IntakeRow,
    LocationRow,
    MarkRow,
    RootRow,
)
from dam.catalogue.unit import Unit
from dam.errors import ConflictError, NotFoundError, StorageError
from dam.model import MarkRecord


def add_root(unit: Unit, *, name: str, path: str, protect: str | None) -> RootRow:
    for other in unit.session.exec(select(RootRow)).all():
        if other.name == name:
            raise ConflictError(
                f"There is already a root named {name} ({other.path}).", next_step="Choose another --name."
            )
        inside = (
            path == other.path
            or path.startswith(other.path.rstrip("/") + "/")
            or other.path.startswith(path.rstrip("/") + "/")
        )
        if inside:
            raise ConflictError(
                f"{path} and the root {other.name} ({other.path}) lie inside one another.",
                next_step="A file belongs to one root: add the outer folder only.",
            )
    row = RootRow(id=unit.new_id(), name=name, path=path, protect=protect, added_at=unit.now)
    unit.session.add(row)
    unit.audit("root.added", row.id, {"name": name, "path": path, "protect": protect})
    return row


def get_root(unit: Unit, name: str) -> RootRow:
    """By name, id or path (bytes-safe text)."""
    row = unit.session.exec(
        select(RootRow).where(sa.or_(col(RootRow.name) == name, col(RootRow.id) == name, col(RootRow.path) == name))
    ).first()
    if row is None:
        raise NotFoundError(f"No root {name}.", next_step="See: dam root list", code="root.not_found")
    return row


_PLACE = ("asset_id", "root_id", "path", "name_key")


def remove_root(unit: Unit, name: str) -> RootRow:
    """Forget a root: its locations and waiting files go; assets, decisions and copies stay, and the names that edges
    stand on.
    """
    row = get_root(unit, name)
    for (asset_id,) in unit.session.execute(
        sa.select(col(LocationRow.asset_id)).where(col(LocationRow.root_id) == row.id).distinct()
    ):
        unit.touch(asset_id)
    here = sa.select(*(col(getattr(LocationRow, name)) for name in _PLACE)).where(
        col(LocationRow.root_id) == row.id,
        ~sa.exists().where(*(col(getattr(FormerLocationRow, n)) == col(getattr(LocationRow, n)) for n in _PLACE[:3])),
    )
    unit.session.execute(sa.insert(FormerLocationRow).from_select(list(_PLACE), here))
    for table in (LocationRow, IntakeRow, FolderRow):
        unit.session.execute(sa.delete(table).where(col(table.root_id) == row.id))
    unit.audit("root.removed", row.id, {"name": row.name, "path": row.path})
    unit.session.delete(row)
    return row


def set_root_state(unit: Unit, root_id: str, state: str, reason: str | None) -> None:
    """online, offline or guarded. Going on- or offline changes nothing else, but the index must show it."""
    row = unit.session.get(RootRow, root_id)
    if row is None:
        return
    if row.state != state:
        unit.audit(f"root.{state}", root_id, {"name": row.name, "reason": reason})
        if "offline" in (row.state, state):
            rows = unit.session.execute(
                sa.select(col(LocationRow.asset_id)).where(col(LocationRow.root_id) == root_id).distinct()
            )
            for (asset_id,) in rows:
                unit.touch(asset_id)
    row.state, row.state_reason = state, reason
    unit.session.add(row)


def decide(unit: Unit, asset_id: str, *, verdict: str, reason: str | None, person: str) -> DecisionRow:
    """Enter a person's decision and set the asset's review status by it."""
    asset = unit.session.get(AssetRow, asset_id)
    if asset is None:
        raise NotFoundError(f"No asset {asset_id}.", code="asset.not_found")
    row = DecisionRow(
        id=unit.new_id(), asset_id=asset_id, verdict=verdict, reason=reason, person=person, decided_at=unit.now
    )
    unit.session.add(row)
    asset.review_status = {"approve": "approved", "reject": "rejected"}[verdict]
    unit.session.add(asset)
    unit.audit(f"decision.{verdict}", asset_id, {"sha256": asset.sha256, "reason": reason, "person": person})
    unit.touch(asset_id)
    return row


def add_copy(unit: Unit, row: CopyRow, mark: MarkRecord | None) -> None:
    """Register a copy (protected, sidecar, labelled, original) and its mark; the same copy made again replaces its own row."""
    old = unit.session.exec(
        select(CopyRow).where(CopyRow.asset_id == row.asset_id, CopyRow.kind == row.kind, CopyRow.recipe == row.recipe)
    ).first()
    if old is not None:
        unit.session.execute(sa.delete(MarkRow).where(col(MarkRow.copy_id) == old.id))
        unit.session.delete(old)
        unit.session.flush()
    unit.session.add(row)
    unit.session.flush()
    verdicts.note_copy(unit, row.sha256)
    detail: dict[str, Any] = {"kind": row.kind, "recipe": row.recipe, "sha256": row.sha256}
    if mark is not None:
        held = unit.session.get(MarkRow, mark.mark_id)
        if held is not None and held.asset_id != row.asset_id:
            raise StorageError("Another asset has this mark id since a moment ago.", code="mark.taken")
        unit.session.merge(
            MarkRow(
                mark_id=mark.mark_id,
                asset_id=row.asset_id,
                copy_id=row.id,
                engine=mark.engine,
                key_id=mark.key_id,
                psnr_db=mark.psnr_db,
                survived=dict(mark.survived),
            )
        )
        detail["mark_id"] = mark.mark_id
    asset = unit.session.get(AssetRow, row.asset_id)
    if asset is not None and row.kind in ("protected", "sidecar"):
        asset.protected = True
        unit.session.add(asset)
    unit.audit("copy.made", row.asset_id, detail)
    unit.touch(row.asset_id)


def scanned(unit: Unit, root_id: str) -> None:
    row = unit.session.get(RootRow, root_id)
    if row is not None:
        row.last_scan_at = unit.now
        unit.session.add(row)
