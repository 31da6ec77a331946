"""Who works, and what becomes of the rows of one that died.

A row that was in hand when a worker died is a suspect: it is run alone from then on, in a process of its own, so that
the next death has one cause only. A worker of this machine is asked for by its process; one of another machine or
container shows by its lease that it lives.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from dam.catalogue.tables import IntakeRow, JobRow, LeaseRow
from dam.catalogue.unit import Unit

LEASE_S = 120.0  # a worker that has said nothing for so long is dead
RENEW_S = 30.0
CRASHED = "engine.crashed"
MAX_CRASHES = 3  # one death in company, then two alone

_TABLES: tuple[Any, ...] = (IntakeRow, JobRow)
_HELD = sa.delete(LeaseRow).where(col(LeaseRow.worker) == sa.bindparam("worker"))


def renew(unit: Unit, worker: str, now: float) -> None:
    """`worker` lives at `now` (Unix time)."""
    unit.db.execute(_HELD, {"worker": worker})
    unit.insert(LeaseRow, {"worker": worker, "until": now + LEASE_S})


def end(unit: Unit, worker: str) -> None:
    unit.db.execute(_HELD, {"worker": worker})


def lapsed(unit: Unit, now: float) -> frozenset[str]:
    """The workers whose lease has ended. One that never had a lease is not among them."""
    rows = unit.db.execute(sa.select(col(LeaseRow.worker)).where(col(LeaseRow.until) < now)).all()
    return frozenset(str(row[0]) for row in rows)


def release(unit: Unit, is_mine: Callable[[str], bool]) -> int:
    """Give back what was claimed and not begun by workers that end. Returns how many rows."""
    return _free(unit, is_mine, lambda _: {})


def died(unit: Unit, is_gone: Callable[[str], bool], *, alone: str | None = None) -> int:
    """Give back what dead workers left running; these rows are suspects now. Returns how many.

    `alone`: what the worker died of while nothing else was in hand, so that it is counted against the row. Ends the
    leases of the dead.
    """

    def count(table: Any) -> dict[str, Any]:
        crashes = col(table.crashes)
        if alone is None:
            return {"crashes": sa.case((crashes == 0, 1), else_=crashes)}
        return {"crashes": crashes + 1, "code": CRASHED, "message": alone}

    freed = _free(unit, is_gone, count)
    workers = [row[0] for row in unit.db.execute(sa.select(col(LeaseRow.worker))).all()]
    for worker in filter(is_gone, workers):
        end(unit, worker)
    return freed


def _free(unit: Unit, which: Callable[[str], bool], more: Callable[[Any], dict[str, Any]]) -> int:
    freed = 0
    for table in _TABLES:
        workers = unit.db.execute(sa.select(table.worker).where(table.state == "running").distinct()).all()
        for (worker,) in workers:
            if worker is None or which(worker):
                rows = sa.and_(
                    table.state == "running", table.worker.is_(None) if worker is None else table.worker == worker
                )
                result = unit.db.execute(sa.update(table).where(rows).values(state="due", worker=None, **more(table)))
                freed += int(getattr(result, "rowcount", 0))
    return freed


def set_aside(unit: Unit, *, max_crashes: int = MAX_CRASHES) -> Sequence[tuple[str, str, str]]:
    """Quarantine what took a worker down `max_crashes` times. Returns (table, id of the file's root or asset, path or stage)."""
    message = f"The worker died {max_crashes} times while this was in hand, the last times alone: "
    held: list[tuple[str, str, str]] = []
    table: Any
    for table, state, subject, what in (
        (IntakeRow, "quarantined", col(IntakeRow.root_id), col(IntakeRow.path)),
        (JobRow, "failed", col(JobRow.asset_id), col(JobRow.stage)),
    ):
        poison = sa.and_(col(table.state) == "due", col(table.crashes) >= max_crashes)
        held += [
            (table.__tablename__, str(a), str(b)) for a, b in unit.db.execute(sa.select(subject, what).where(poison))
        ]
        unit.db.execute(
            sa.update(table)
            .where(poison)
            .values(state=state, code=CRASHED, message=sa.literal(message) + col(table.message))
        )
    return held
