"""What is due: files to admit (intake) and stages to run (job). The tables are the truth; nothing else remembers.

A claim marks a row `running` with the worker's name (host:pid:...). A worker that dies leaves its rows running:
`leases` gives them back once its process is gone. Every stage is idempotent, so running one twice does no harm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from dam.catalogue.reading import WAITING_CODES
from dam.catalogue.tables import AssetRow, FolderRow, IntakeRow, JobRow, LocationRow, RootRow
from dam.catalogue.unit import Unit

STAGES = ("pixels", "protect", "moments", "sound", "judge", "judge_copies")  # the order in which they are claimed
CHAIN = ("pixels", "protect")  # of these, each waits for those before it and is skipped when one has failed
OFFLINE = "asset.offline"  # why a stage waits: no location can be read now
RETRYABLE = ("file.unreadable", "file.lost")  # quarantined files that every pass looks at again


# Statements of the hot path are built once: building one costs as much as running it.
_ARRIVED = sa.delete(IntakeRow).where(col(IntakeRow.id) == sa.bindparam("arrival"))
_ENDING = ("state", "code", "message", "worker", "not_before", "changed_at")
_JOB_ENDED = (
    sa.update(JobRow).where(col(JobRow.id) == sa.bindparam("job")).values({n: sa.bindparam(n) for n in _ENDING})
)
_JOB_DONE = _JOB_ENDED.values(tries=0, crashes=0)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file to admit: its root's folder and relative path (bytes-safe text), and what stat said of it.

    `protect` is the root's own policy, None = the library's; `protect_mode` None = copy.
    """

    id: str
    root_id: str
    root_path: str
    path: str
    seen: tuple[int, int, str]
    tries: int
    protect: str | None = None
    protect_mode: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    id: str
    asset_id: str
    stage: str
    version: str
    tries: int
    sha256: str
    kind: str
    mime: str
    size_bytes: int
    pixels: int = 0  # width x height, if known


def note_arrivals(unit: Unit, root_id: str, seen: Sequence[tuple[str, tuple[int, int, str], float]]) -> None:
    """Record new or changed files: (path, (size_bytes, mtime_ns, inode), not_before as Unix time).

    A row that stood for the path is replaced, so a worker that is still at the old state ends a row that is gone. What
    another pass noted in the meantime stays as it is: a file is taken in, and quarantined, once.
    """
    for at in range(0, len(seen), 400):
        part = _not_noted(unit, root_id, seen[at : at + 400])
        paths = [s[0] for s in part]
        if not paths:
            continue
        mine = sa.and_(col(IntakeRow.root_id) == root_id, col(IntakeRow.path).in_(paths))
        unit.db.execute(sa.delete(IntakeRow).where(mine))
        look_again(unit, root_id, paths)
        unit.insert(
            IntakeRow,
            *(
                {
                    "id": unit.new_id(),
                    "root_id": root_id,
                    "path": path,
                    "size_bytes": size_bytes,
                    "mtime_ns": mtime_ns,
                    "inode": inode,
                    "not_before": not_before,
                    "seen_at": unit.now,
                }
                for path, (size_bytes, mtime_ns, inode), not_before in part
            ),
        )


def look_again(unit: Unit, root_id: str, paths: Sequence[str]) -> None:
    """What was remembered of the folders of these files does not hold any more."""
    folders = sorted({path.rpartition("/")[0] for path in paths})
    for at in range(0, len(folders), 400):
        here = sa.and_(col(FolderRow.root_id) == root_id, col(FolderRow.path).in_(folders[at : at + 400]))
        unit.db.execute(sa.update(FolderRow).where(here).values(digest=b""))


def _not_noted(
    unit: Unit, root_id: str, seen: Sequence[tuple[str, tuple[int, int, str], float]]
) -> list[tuple[str, tuple[int, int, str], float]]:
    """Those that neither wait, are quarantined for good, nor stand in the catalogue in just this state."""
    paths = [s[0] for s in seen]
    noted: set[Any] = set()
    for table, holds in (
        (IntakeRow, sa.or_(col(IntakeRow.state) != "quarantined", col(IntakeRow.code).not_in(RETRYABLE))),
        (LocationRow, col(LocationRow.availability) != "missing"),
    ):
        here = sa.and_(col(table.root_id) == root_id, col(table.path).in_(paths), holds)
        state = sa.select(col(table.path), col(table.size_bytes), col(table.mtime_ns), col(table.inode)).where(here)
        noted.update(tuple(row) for row in unit.db.execute(state))
    return [s for s in seen if (s[0], *s[1]) not in noted]


def claim_arrivals(unit: Unit, worker: str, *, now: float, limit: int, suspects: bool = False) -> list[Arrival]:
    """Files to admit. `suspects`: those that were in hand when a worker died, instead of the others."""
    rows: Sequence[Any] = unit.db.execute(
        sa.select(
            col(IntakeRow.id), col(IntakeRow.root_id), col(RootRow.path).label("folder"), col(IntakeRow.path),
            col(IntakeRow.size_bytes), col(IntakeRow.mtime_ns), col(IntakeRow.inode), col(IntakeRow.tries),
            col(RootRow.protect), col(RootRow.protect_mode),
        )
        .join(RootRow, col(RootRow.id) == col(IntakeRow.root_id))
        .where(
            col(IntakeRow.state) == "due", col(IntakeRow.not_before) <= now, col(RootRow.state) != "offline",
            _suspect(IntakeRow, suspects),
        )
        .order_by(col(IntakeRow.not_before), col(IntakeRow.id))
        .limit(limit)
    ).all()  # fmt: skip
    if rows:
        mine = col(IntakeRow.id).in_([r.id for r in rows])
        unit.db.execute(sa.update(IntakeRow).where(mine).values(state="running", worker=worker))
    return [
        Arrival(
            r.id, r.root_id, r.folder, r.path, (r.size_bytes, r.mtime_ns, r.inode), r.tries, r.protect, r.protect_mode
        )
        for r in rows
    ]


def settle_later(
    unit: Unit,
    arrival_id: str,
    seen: tuple[int, int, str],
    not_before: float,
    *,
    code: str = "file.changing",
    message: str = "The file changed while it was being read.",
) -> None:
    """The file changed while it was read, or is not whole yet: look again later, and never count that against it."""
    row = unit.session.get(IntakeRow, arrival_id)
    if row is not None:
        row.size_bytes, row.mtime_ns, row.inode = seen
        row.state, row.worker, row.not_before = "due", None, not_before
        row.code, row.message = code, message
        unit.session.add(row)


def arrived(unit: Unit, arrival_id: str) -> None:
    unit.db.execute(_ARRIVED, {"arrival": arrival_id})


def arrival_failed(unit: Unit, arrival_id: str, code: str, message: str, *, retry_at: float | None) -> bool:
    """Try again at `retry_at`, or quarantine when it is None. Returns whether the file is now quarantined."""
    row = unit.session.get(IntakeRow, arrival_id)
    if row is None:
        return False
    row.tries += 1
    row.code, row.message, row.worker = code, message, None
    row.state, row.not_before = ("due", retry_at) if retry_at is not None else ("quarantined", 0.0)
    unit.session.add(row)
    return retry_at is None


def _suspect(table: Any, suspects: bool) -> Any:
    return col(table.crashes) > 0 if suspects else col(table.crashes) == 0


def claim_jobs(
    unit: Unit,
    worker: str,
    *,
    now: float,
    limit: int,
    asset_id: str | None = None,
    only: Sequence[str] = STAGES,
    suspects: bool = False,
) -> list[Job]:
    """Due stages (of one asset, if named), earlier stages first; a stage waits until its asset's earlier ones ended.

    `suspects`: those that were in hand when a worker died, instead of the others.
    """
    named = [col(JobRow.asset_id) == asset_id] if asset_id is not None else []
    named.append(_suspect(JobRow, suspects))
    before = aliased(JobRow)
    for stage in (s for s in STAGES if s in only):
        earlier = sa.exists().where(
            col(before.asset_id) == col(JobRow.asset_id),
            col(before.stage).in_(CHAIN[: CHAIN.index(stage)] if stage in CHAIN else ()),
            col(before.state).in_(("due", "running")),
        )
        rows: Sequence[Any] = unit.db.execute(
            sa.select(
                col(JobRow.id), col(JobRow.asset_id), col(JobRow.stage), col(JobRow.version), col(JobRow.tries),
                col(AssetRow.sha256), col(AssetRow.kind), col(AssetRow.mime), col(AssetRow.size_bytes),
                sa.func.coalesce(col(AssetRow.width_px) * col(AssetRow.height_px), 0),
            )
            .join(AssetRow, col(AssetRow.id) == col(JobRow.asset_id))
            .where(col(JobRow.state) == "due", col(JobRow.stage) == stage, col(JobRow.not_before) <= now, ~earlier, *named)
            .order_by(col(JobRow.not_before), col(JobRow.id))
            .limit(limit)
        ).all()  # fmt: skip
        if rows:
            mine = col(JobRow.id).in_([r.id for r in rows])
            unit.db.execute(sa.update(JobRow).where(mine).values(state="running", worker=worker))
            return [Job(*row) for row in rows]
    return []


def skip_later_stages(unit: Unit, asset_id: str, stage: str, code: str, message: str) -> None:
    """A stage that failed for good makes those after it pointless: they are skipped with its reason."""
    later = CHAIN[CHAIN.index(stage) + 1 :] if stage in CHAIN else ()
    unit.session.execute(
        sa.update(JobRow)
        .where(col(JobRow.asset_id) == asset_id, col(JobRow.stage).in_(later), col(JobRow.state) == "due")
        .values(state="skipped", code=code, message=message, changed_at=unit.now)
    )


def job_ended(
    unit: Unit,
    job_id: str,
    state: str,
    *,
    code: str | None = None,
    message: str | None = None,
    retry_at: float = 0.0,
    waits: bool = False,
) -> None:
    """`state`: done, skipped, failed (quarantined), or due (tried again at `retry_at`).

    Waiting is no try: neither for a drive, nor for whatever `waits` says.
    """
    values = {"state": state, "code": code, "message": message, "worker": None, "not_before": retry_at}
    tried = 0 if state == "done" or code == OFFLINE or waits else 1
    statement = _JOB_DONE if state == "done" else _JOB_ENDED.values(tries=col(JobRow.tries) + tried)
    unit.db.execute(statement, {"job": job_id, **values, "changed_at": unit.now})


def retry_failed(unit: Unit, *, code_prefix: str) -> int:
    """Make stages due again that failed, or were skipped behind one that failed, for no fault of the file (storage.*)."""
    result = unit.session.execute(
        sa.update(JobRow)
        .where(col(JobRow.state).in_(("failed", "skipped")), col(JobRow.code).like(f"{code_prefix}%"))
        .values(state="due", tries=0, not_before=0.0)
    )
    return int(getattr(result, "rowcount", 0))


def forget_arrivals(unit: Unit, root_id: str, paths: Sequence[str]) -> None:
    """Files that were waiting or quarantined and are not there any more."""
    for at in range(0, len(paths), 400):
        unit.session.execute(
            sa.delete(IntakeRow).where(
                col(IntakeRow.root_id) == root_id, col(IntakeRow.path).in_(list(paths[at : at + 400]))
            )
        )


def wake_waiting(unit: Unit) -> int:
    """Stages that waited for a time stamp or a signing key are due now."""
    result = unit.session.execute(
        sa.update(JobRow)
        .where(col(JobRow.state) == "due", sa.or_(*(col(JobRow.code).like(f"{one}%") for one in WAITING_CODES)))
        .values(not_before=0.0, code=None)
    )
    return int(getattr(result, "rowcount", 0))


def wake_offline(unit: Unit) -> int:
    """Stages that waited for a drive are due now."""
    result = unit.session.execute(
        sa.update(JobRow)
        .where(col(JobRow.state) == "due", col(JobRow.code) == OFFLINE)
        .values(not_before=0.0, code=None)
    )
    return int(getattr(result, "rowcount", 0))


def ask_again(unit: Unit, asset_id: str, stage: str, *, skipped_for: str | None = None) -> str | None:
    """Make a stage due that was skipped, failed or done. Returns its job, or None if the asset has no such stage.

    `skipped_for`: only if it was skipped with this code.
    """
    wanted = [col(JobRow.asset_id) == asset_id, col(JobRow.stage) == stage]
    if skipped_for is not None:
        wanted += [col(JobRow.state) == "skipped", col(JobRow.code) == skipped_for]
    found = unit.db.execute(sa.select(col(JobRow.id)).where(*wanted)).first()
    if found is None:
        return None
    suspect = sa.case((col(JobRow.crashes) > 0, 1), else_=0)  # what took workers down is still run alone
    values = {"state": "due", "tries": 0, "not_before": 0.0, "code": None, "message": None, "crashes": suspect}
    unit.db.execute(
        sa.update(JobRow).where(col(JobRow.id) == found[0], col(JobRow.state) != "running").values(**values)
    )
    return str(found[0])
