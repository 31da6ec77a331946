"""Verdicts on credentials and what they were judged by: which are due again, and what judging again has changed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from dam.catalogue.sqlite import Rows
from dam.catalogue.tables import AssetRow, CopyVerdictRow, JobRow
from dam.catalogue.unit import Unit
from dam.catalogue.work import OFFLINE
from dam.model import Credentials

JUDGE = "judge"  # stage: the file of an asset
JUDGE_COPIES = "judge_copies"  # stage: its protected and labelled copies, which need no drive
BATCH = 500

# Two ranges and a NULL instead of <>: each is found in the index on judged_by.
_OTHER = "(m.judged_by < ? OR m.judged_by > ? OR m.judged_by IS NULL)"
_STALE = {
    JUDGE: f"SELECT m.asset_id FROM manifest m WHERE {_OTHER}",  # noqa: S608  # nothing of a stranger is put in
    JUDGE_COPIES: (
        "SELECT DISTINCT c.asset_id FROM copy_verdict m JOIN copy c ON c.sha256 = m.sha256"  # noqa: S608
        f" WHERE c.kind IN ('protected', 'labelled') AND {_OTHER}"
    ),
}
_UNASKED = " AND NOT EXISTS (SELECT 1 FROM job j WHERE j.asset_id = {} AND j.stage = ? AND j.version = ?) LIMIT ?"


@dataclass(slots=True)
class Rejudged:
    """What judging by one key has come to. `changes`: "untrusted_signer -> trusted (official)" -> how many files.

    `waiting`: on drives that are offline; `left`: still due.
    """

    judged: int = 0
    changed: int = 0
    waiting: int = 0
    left: int = 0
    failed: int = 0
    changes: dict[str, int] = field(default_factory=dict)


def stale(rows: Rows, stage: str, key: str, *, limit: int = BATCH) -> list[str]:
    """Assets whose verdicts were made by something else than `key`, and for which that is not asked yet."""
    asset = "m.asset_id" if stage == JUDGE else "c.asset_id"
    found = rows(_STALE[stage] + _UNASKED.format(asset), key, key, stage, key, limit)
    return [row["asset_id"] for row in found]


def ask(unit: Unit, asset_ids: Sequence[str], stage: str, key: str) -> None:
    """Make the stage due for these assets, by this key; what an older key had asked for is replaced."""
    for asset_id in asset_ids:
        values = {"version": key, "state": "due", "tries": 0, "not_before": 0.0, "code": None, "message": None}
        mine = sa.and_(col(JobRow.asset_id) == asset_id, col(JobRow.stage) == stage)
        done = unit.db.execute(sa.update(JobRow).where(mine).values(**values, worker=None, changed_at=unit.now))
        if not done.rowcount:
            row = {"id": unit.new_id(), "asset_id": asset_id, "stage": stage, **values, "changed_at": unit.now}
            unit.insert(JobRow, row)


def report(rows: Rows, key: str) -> Rejudged:
    """What has been judged by this key so far."""
    found = Rejudged()
    sql = (
        "SELECT state, code, message, count(*) AS n FROM job WHERE stage IN (?, ?) AND version = ?"
        " GROUP BY state, code, message"
    )
    for row in rows(sql, JUDGE, JUDGE_COPIES, key):
        count = row["n"]
        if row["state"] == "done":
            found.judged += count
            if row["message"]:
                found.changed += count
                found.changes[row["message"]] = found.changes.get(row["message"], 0) + count
        elif row["code"] == OFFLINE:
            found.waiting += count
        elif row["state"] in ("due", "running"):
            found.left += count
        else:
            found.failed += count
    return found


def of_asset(unit: Unit, asset_id: str) -> tuple[str, str | None]:
    """(state, tier) as the catalogue has it."""
    row = unit.db.execute(
        sa.select(col(AssetRow.credential_state), col(AssetRow.credential_tier)).where(col(AssetRow.id) == asset_id)
    ).one()
    return row[0], row[1]


def set_on_asset(unit: Unit, asset_id: str, verdict: Credentials) -> None:
    """Put the verdict's state and tier where lists and search look."""
    values = {"credential_state": verdict.state.value, "credential_tier": verdict.tier}
    unit.db.execute(sa.update(AssetRow).where(col(AssetRow.id) == asset_id).values(**values))
    unit.touch(asset_id)


def copies_of(rows: Rows, asset_id: str) -> list[dict[str, Any]]:
    """The asset's protected and labelled copies with the verdicts that are stored on them, None where there is none."""
    return rows(
        "SELECT c.sha256, c.mime, c.storage_key, v.state, v.tier FROM copy c"
        " LEFT JOIN copy_verdict v ON v.sha256 = c.sha256"
        " WHERE c.asset_id = ? AND c.kind IN ('protected', 'labelled') ORDER BY c.id",
        asset_id,
    )


def note_copy(unit: Unit, sha256: str) -> None:
    """A new copy whose verdict is not known: it is due."""
    if (
        unit.db.execute(sa.select(col(CopyVerdictRow.sha256)).where(col(CopyVerdictRow.sha256) == sha256)).first()
        is None
    ):
        unit.insert(CopyVerdictRow, {"sha256": sha256, "state": "", "detail": {}, "checked_at": unit.now})


def put_copy(unit: Unit, sha256: str, verdict: Credentials) -> None:
    """Store the verdict on a copy's contents."""
    detail = asdict(verdict) | {"state": verdict.state.value}
    unit.db.execute(sa.delete(CopyVerdictRow).where(col(CopyVerdictRow.sha256) == sha256))
    row = {"sha256": sha256, "state": verdict.state.value, "tier": verdict.tier, "detail": detail}
    unit.insert(CopyVerdictRow, {**row, "judged_by": verdict.judged_by, "checked_at": unit.now})
