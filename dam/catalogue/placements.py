"""Signed copies that stand in the place of their originals on a drive (protect mode `in_place`). Each works inside a Unit.

A placement is written down before the copy appears, by the SHA-256 of its bytes: a file with these bytes, wherever it
is met, holds the asset and is no new one. `state`: planned, placed, undone.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from dam.catalogue import work
from dam.catalogue.sqlite import Rows
from dam.catalogue.tables import CopyRow, JobRow, LocationRow, PlacementRow
from dam.catalogue.unit import Unit

ORIGINAL = "original"  # the kind of copy that keeps an original's bytes in the vault


@dataclass(frozen=True, slots=True)
class Place:
    """A location in a root: `seen` as the catalogue knows it; `copy_sha256` None = it holds the original's bytes."""

    root_id: str
    folder: str
    path: str
    seen: tuple[int, int, str]
    copy_sha256: str | None
    mode: str


def asset_of(unit: Unit, sha256: str) -> str | None:
    """The asset whose copy has these bytes and stands, or stood, in the place of its original."""
    statement = sa.select(col(PlacementRow.asset_id)).where(col(PlacementRow.sha256) == sha256).limit(1)
    found: str | None = unit.db.execute(statement).scalar()
    return found


def places(rows: Rows, asset_id: str) -> list[Place]:
    """Where an asset can be reached now."""
    found = rows(
        "SELECT l.root_id, r.path AS folder, l.path, l.size_bytes, l.mtime_ns, l.inode, l.copy_sha256,"
        " coalesce(r.protect_mode, 'copy') AS mode FROM location l JOIN root r ON r.id = l.root_id"
        " WHERE l.asset_id = ? AND l.availability = 'online' AND r.state <> 'offline' ORDER BY l.first_seen_at, l.path",
        asset_id,
    )
    return [
        Place(
            r["root_id"], r["folder"], r["path"], (r["size_bytes"], r["mtime_ns"], r["inode"]), r["copy_sha256"], r["mode"]
        )
        for r in found
    ]  # fmt: skip


def modes(rows: Rows, asset_id: str) -> set[str]:
    """How the roots of an asset want it protected: copy, sidecar, in_place."""
    sql = (
        "SELECT DISTINCT coalesce(r.protect_mode, 'copy') AS mode FROM location l JOIN root r ON r.id = l.root_id"
        " WHERE l.asset_id = ? AND l.availability <> 'missing'"
    )
    return {r["mode"] for r in rows(sql, asset_id)}


def keep_original(unit: Unit, asset_id: str, values: dict[str, Any]) -> None:
    """Note that the vault keeps an original's bytes (once)."""
    known = sa.select(col(CopyRow.id)).where(col(CopyRow.asset_id) == asset_id, col(CopyRow.kind) == ORIGINAL)
    if unit.db.execute(known).first() is None:
        unit.insert(
            CopyRow,
            {
                "id": unit.new_id(),
                "asset_id": asset_id,
                "kind": ORIGINAL,
                "recipe": ORIGINAL,
                "made_at": unit.now,
                **values,
            },
        )
        unit.audit("original.kept", asset_id, {"sha256": values["sha256"]})


def plan(unit: Unit, asset_id: str, place: Place, sha256: str, temp: str) -> None:
    """Say that a file of these bytes will appear at a place, by way of a temp file of this name."""
    unit.db.execute(sa.delete(PlacementRow).where(*_at(asset_id, place)))
    row = {"id": unit.new_id(), "asset_id": asset_id, "root_id": place.root_id, "path": place.path}
    unit.insert(PlacementRow, {**row, "sha256": sha256, "temp": temp, "state": "planned", "changed_at": unit.now})


def placed(unit: Unit, asset_id: str, place: Place, sha256: str, seen: tuple[int, int, str]) -> None:
    """The copy stands there now, as `seen`."""
    unit.db.execute(sa.update(PlacementRow).where(*_at(asset_id, place)).values(state="placed", changed_at=unit.now))
    _hold(unit, place, sha256, seen)
    unit.audit("copy.placed", asset_id, {"sha256": sha256, "root": place.root_id, "path": place.path})
    unit.touch(asset_id)


def undo(unit: Unit, asset_id: str, place: Place, temp: str) -> None:
    """Say that the original will be put back, by way of a temp file of this name; nothing asks for the copy again."""
    unit.db.execute(
        sa.update(PlacementRow).where(*_at(asset_id, place)).values(state="undone", temp=temp, changed_at=unit.now)
    )
    values = {"state": "skipped", "code": "protect.undone", "message": "The original was put back."}
    stage = sa.update(JobRow).where(col(JobRow.asset_id) == asset_id, col(JobRow.stage) == "protect")
    unit.db.execute(stage.values(**values, changed_at=unit.now))


def undone(unit: Unit, asset_id: str, place: Place, seen: tuple[int, int, str]) -> None:
    """The original stands there again, and stays."""
    _hold(unit, place, None, seen)
    unit.audit("original.restored", asset_id, {"root": place.root_id, "path": place.path})
    unit.touch(asset_id)


def ask_again(unit: Unit, asset_id: str) -> None:
    """An original of an asset whose copy is made stands in a root that wants it replaced."""
    unit.db.execute(
        sa.update(JobRow)
        .where(col(JobRow.asset_id) == asset_id, col(JobRow.stage) == "protect", col(JobRow.state) == "done")
        .values(state="due", tries=0, not_before=0.0, changed_at=unit.now)
    )


def leftovers(rows: Rows, asset_id: str) -> list[dict[str, Any]]:
    """Where temp files of an asset's placements may lie, if their process was killed: root folder, path, temp name."""
    return rows(
        "SELECT r.path AS folder, p.path, p.temp FROM placement p JOIN root r ON r.id = p.root_id WHERE p.asset_id = ?",
        asset_id,
    )


def _at(asset_id: str, place: Place) -> tuple[Any, ...]:
    return (
        col(PlacementRow.asset_id) == asset_id,
        col(PlacementRow.root_id) == place.root_id,
        col(PlacementRow.path) == place.path,
    )


def _hold(unit: Unit, place: Place, copy_sha256: str | None, seen: tuple[int, int, str]) -> None:
    work.look_again(unit, place.root_id, [place.path])
    unit.db.execute(
        sa.update(LocationRow)
        .where(col(LocationRow.root_id) == place.root_id, col(LocationRow.path) == place.path)
        .values(
            copy_sha256=copy_sha256, size_bytes=seen[0], mtime_ns=seen[1], inode=seen[2], last_seen_at=unit.now,
            availability="online",
        )
    )  # fmt: skip
