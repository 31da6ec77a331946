"""Rows of clusters (by likeness, kept by a follower) and of stacks (people's word). Writes work inside a Unit."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from dam.catalogue.likeness_tables import ClusterRow, FollowerRow, StackRow
from dam.catalogue.reading import Reader
from dam.catalogue.unit import Unit

FOLLOWER = "clusters"
PAIRED = (
    "SELECT f.seq, f.asset_id, f.engine, f.code, f.flat, a.sha256, coalesce(a.width_px, 0) * coalesce(a.height_px, 0) AS"
    " pixels, a.mime FROM fingerprint f JOIN asset a ON a.id = f.asset_id"
)
_CHUNK = 400


def seq(reader: Reader) -> int:
    """Up to which fingerprint clusters are made."""
    return int(reader.one("SELECT seq FROM follower WHERE name = ?", FOLLOWER) or 0)


def codes_after(reader: Reader, after: int, *, limit: int) -> list[dict[str, Any]]:
    """Fingerprints of pictures with what their order needs; the codes of one asset stand in one transaction, in a row."""
    return reader.rows(f"{PAIRED} WHERE f.seq > ? AND a.kind = 'image' ORDER BY f.seq LIMIT ?", after, limit)


def codes_until(reader: Reader, until: int) -> list[dict[str, Any]]:
    """Those of all pictures that stand in a cluster already."""
    return reader.rows(
        f"{PAIRED} JOIN cluster c ON c.asset_id = f.asset_id WHERE f.seq <= ? AND NOT f.flat ORDER BY f.seq", until
    )


def under(reader: Reader) -> dict[str, str]:
    """Asset → representative, of all."""
    return {row["asset_id"]: row["representative_id"] for row in reader.rows("SELECT * FROM cluster")}


def put(unit: Unit, moved: Mapping[str, str | None], reached: int) -> bool:
    """Write what has moved, and that everything up to the fingerprint `reached` is in."""
    names = list(moved)
    for at in range(0, len(names), _CHUNK):
        unit.db.execute(sa.delete(ClusterRow).where(col(ClusterRow.asset_id).in_(names[at : at + _CHUNK])))
    unit.insert(
        ClusterRow, *({"asset_id": one, "representative_id": head} for one, head in moved.items() if head is not None)
    )
    unit.db.execute(sa.delete(FollowerRow).where(col(FollowerRow.name) == FOLLOWER))
    unit.insert(FollowerRow, {"name": FOLLOWER, "seq": reached})
    for one in {*moved, *(head for head in moved.values() if head is not None)}:
        unit.touch(one)
    return True


def seq_now(unit: Unit) -> int:
    """`seq`, inside a change: nobody else can move it any more."""
    found = unit.db.execute(sa.select(col(FollowerRow.seq)).where(col(FollowerRow.name) == FOLLOWER)).first()
    return int(found[0]) if found else 0


def listed(reader: Reader, *, least: int, limit: int, after: tuple[int, str] | None = None) -> list[dict[str, Any]]:
    """Clusters of at least so many, the largest first: representative_id and size. `after`: the last one's size and id."""
    size, name = after or (1 << 60, "")
    return reader.rows(
        "SELECT representative_id, count(*) AS size FROM cluster GROUP BY representative_id HAVING count(*) >= ?"
        " AND (count(*) < ? OR (count(*) = ? AND representative_id > ?)) ORDER BY size DESC, representative_id LIMIT ?",
        least, size, size, name, limit,
    )  # fmt: skip


def members(reader: Reader, asset_id: str, *, limit: int) -> tuple[str | None, int, list[str]]:
    """(representative, size, members, the representative first) of the cluster that an asset stands in."""
    head = reader.one("SELECT representative_id FROM cluster WHERE asset_id = ?", asset_id)
    if head is None:
        return None, 0, []
    size = reader.one("SELECT count(*) FROM cluster WHERE representative_id = ?", head)
    rows = reader.rows(
        "SELECT asset_id FROM cluster WHERE representative_id = ? ORDER BY asset_id <> ?, asset_id LIMIT ?",
        head, head, limit,
    )  # fmt: skip
    return head, int(size), [row["asset_id"] for row in rows]


def same_seed(reader: Reader, asset_id: str, *, limit: int) -> list[dict[str, Any]]:
    """Assets of its kind whose generation has its seed, itself included: asset_id, kind, prompt, seed."""
    return reader.rows(
        "SELECT g.asset_id, a.kind, g.prompt, g.seed FROM generation g JOIN asset a ON a.id = g.asset_id"
        " WHERE g.seed = (SELECT seed FROM generation WHERE asset_id = ?) ORDER BY g.asset_id LIMIT ?",
        asset_id,
        limit,
    )


def behind(reader: Reader, front_id: str) -> list[dict[str, Any]]:
    """What people stacked behind an asset."""
    return reader.rows(
        "SELECT * FROM stack WHERE front_id = ? AND retracted_at IS NULL ORDER BY stacked_at, asset_id", front_id
    )


def fronts(reader: Reader, asset_ids: Sequence[str]) -> dict[str, str]:
    """Asset → what it stands behind, of those that stand behind something."""
    found: dict[str, str] = {}
    for at in range(0, len(asset_ids), _CHUNK):
        part = list(asset_ids[at : at + _CHUNK])
        marks = ", ".join("?" * len(part))
        rows = reader.rows(
            f"SELECT asset_id, front_id FROM stack WHERE retracted_at IS NULL AND asset_id IN ({marks})",  # noqa: S608
            *part,
        )
        found |= {row["asset_id"]: row["front_id"] for row in rows}
    return found


def stack(unit: Unit, asset_ids: Sequence[str], front_id: str, *, person: str, reason: str | None) -> None:
    """Put assets behind one; what they stood behind before is taken back."""
    unstack(unit, asset_ids, person=person)
    rows = [
        {
            "id": unit.new_id(), "asset_id": one, "front_id": front_id, "person": person, "reason": reason,
            "stacked_at": unit.now,
        }
        for one in asset_ids
    ]  # fmt: skip
    unit.insert(StackRow, *rows)
    for one in (*asset_ids, front_id):
        unit.touch(one)


def unstack(unit: Unit, asset_ids: Sequence[str], *, person: str) -> int:
    """Take people's word back: the rows stay, with who and when. Returns how many."""
    count = 0
    for at in range(0, len(asset_ids), _CHUNK):
        there = sa.and_(
            col(StackRow.asset_id).in_(list(asset_ids[at : at + _CHUNK])), col(StackRow.retracted_at).is_(None)
        )
        done = unit.db.execute(sa.update(StackRow).where(there).values(retracted_at=unit.now, retracted_by=person))
        count += int(getattr(done, "rowcount", 0))
    for one in asset_ids:
        unit.touch(one)
    return count
