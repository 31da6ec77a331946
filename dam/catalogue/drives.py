"""What the catalogue knows of a drive, folder by folder: for the scanner. Reads take a Reader, writes a Unit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from dam.catalogue import assets, work
from dam.catalogue.reading import Reader
from dam.catalogue.tables import FolderRow, LocationRow, RootRow
from dam.catalogue.unit import Unit

Seen = tuple[int, int, str]  # size_bytes, mtime_ns, inode
_PAGE = 256
_LOCATION = "id, path, size_bytes, mtime_ns, inode, availability"
_INTAKE = "path, size_bytes, mtime_ns, inode, state, code"


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalogue knows of a path. `missing`: it was not there at the last pass. `held`: quarantined or waiting;
    `waits`: it is still to be read.
    """

    seen: Seen
    location_id: str | None = None
    missing: bool = False
    held: bool = False
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Holder:
    """A location that was last seen with some stat, and where."""

    location_id: str
    asset_id: str
    path: str


def known_in(reader: Reader, root_id: str, folder: str) -> tuple[dict[str, Known], set[str]]:
    """(files that lie directly in a folder, by path; folders inside it below which any file is known)."""
    inside: set[str] = set()
    locations = list(_direct(reader, "location", _LOCATION, root_id, folder, inside))
    held = list(_direct(reader, "intake", _INTAKE, root_id, folder, inside))
    return _known(locations, held), inside


def known_below(reader: Reader, root_id: str, folder: str) -> dict[str, Known]:
    """Every file below a folder that is not there any more."""
    between = "WHERE root_id = ? AND path > ? AND path < ?"
    low, high = folder + "/", folder + "0"  # "0" comes right after "/"
    return _known(
        reader.rows(f"SELECT {_LOCATION} FROM location {between}", root_id, low, high),  # noqa: S608  # names of ours
        reader.rows(f"SELECT {_INTAKE} FROM intake {between}", root_id, low, high),  # noqa: S608
    )


def known_at(reader: Reader, root_id: str, path: str) -> Known | None:
    """What is known of one path."""
    at = "WHERE root_id = ? AND path = ?"
    return _known(
        reader.rows(f"SELECT {_LOCATION} FROM location {at}", root_id, path),  # noqa: S608
        reader.rows(f"SELECT {_INTAKE} FROM intake {at}", root_id, path),  # noqa: S608
    ).get(path)


def _known(locations: Sequence[Mapping[str, Any]], held: Sequence[Mapping[str, Any]]) -> dict[str, Known]:
    known = {
        r["path"]: Known((r["size_bytes"], r["mtime_ns"], r["inode"]), r["id"], missing=r["availability"] == "missing")
        for r in locations
    }
    for r in held:
        retry = r["state"] == "quarantined" and r["code"] in work.RETRYABLE
        was = known.get(r["path"])
        known[r["path"]] = Known(
            (-1, -1, "") if retry else (r["size_bytes"], r["mtime_ns"], r["inode"]),
            was.location_id if was else None, missing=was.missing if was else False, held=True,
            waits=r["state"] != "quarantined",
        )  # fmt: skip
    return known


def _direct(
    reader: Reader, table: str, columns: str, root_id: str, folder: str, inside: set[str]
) -> Iterator[dict[str, Any]]:
    """Rows of the files directly in a folder. What lies deeper is skipped by a new seek for each folder inside it."""
    prefix = folder + "/" if folder else ""
    high = folder + "0" if folder else "\U0010ffff"
    cursor, first, page = prefix, ">", 16
    while True:
        rows = reader.rows(
            f"SELECT {columns} FROM {table} WHERE root_id = ? AND path {first} ? AND path < ?"  # noqa: S608
            " ORDER BY path LIMIT ?",
            root_id, cursor, high, page,
        )  # fmt: skip
        for row in rows:
            cut = row["path"].find("/", len(prefix))
            if cut >= 0:
                inside.add(row["path"][:cut])
                cursor, first, page = row["path"][:cut] + "0", ">=", 16
                break
            yield row
        else:
            if len(rows) < page:
                return
            cursor, first, page = rows[-1]["path"], ">", _PAGE


def knows_files(reader: Reader, root_id: str) -> bool:
    """Whether any file of a root should be there."""
    sql = "SELECT 1 FROM location WHERE root_id = ? AND availability <> 'missing' LIMIT 1"
    return bool(reader.one(sql, root_id))


def count_online(reader: Reader, root_id: str) -> int:
    return int(reader.one("SELECT count(*) FROM location WHERE root_id = ? AND availability = 'online'", root_id) or 0)


def sample(reader: Reader, root_id: str, count: int) -> list[tuple[str, Seen]]:
    """(path, stat) of online files, spread over the whole root."""
    total = count_online(reader, root_id)
    step = max(1, total // count)
    rows = reader.rows(
        "SELECT path, size_bytes, mtime_ns, inode FROM (SELECT *, row_number() OVER (ORDER BY path) AS n FROM location"
        " WHERE root_id = ? AND availability = 'online') numbered WHERE n % ? = 0 LIMIT ?",
        root_id, step, count,
    )  # fmt: skip
    return [(r["path"], (r["size_bytes"], r["mtime_ns"], r["inode"])) for r in rows]


def holders(reader: Reader, root_id: str, seen: Seen) -> list[Holder]:
    """The locations of a root that were last seen with just this stat."""
    rows = reader.rows(
        "SELECT id, asset_id, path FROM location WHERE inode = ? AND size_bytes = ? AND mtime_ns = ? AND root_id = ? LIMIT 16",
        seen[2], seen[0], seen[1], root_id,
    )  # fmt: skip
    return [Holder(r["id"], r["asset_id"], r["path"]) for r in rows]


def stand_elsewhere(reader: Reader, location_ids: Sequence[str]) -> int:
    """How many of these locations were only renamed: a file with the same stat is online elsewhere, or waits to be read."""
    gone = set(location_ids)
    count = 0
    same = "t.inode = l.inode AND t.size_bytes = l.size_bytes AND t.mtime_ns = l.mtime_ns"
    for location_id in location_ids:
        twins = reader.rows(
            f"SELECT t.id FROM location l JOIN location t ON {same} WHERE l.id = ? AND l.inode <> ''"  # noqa: S608  # ours
            f" AND t.availability = 'online' UNION SELECT t.id FROM location l JOIN intake t ON {same} WHERE l.id = ?"
            " AND l.inode <> ''",
            location_id,
            location_id,
        )
        count += any(t["id"] not in gone for t in twins)
    return count


def folder_of(path: str) -> str:
    return path.rpartition("/")[0]


def folder_row(reader: Reader, root_id: str, path: str) -> dict[str, Any] | None:
    found = reader.rows("SELECT * FROM folder WHERE root_id = ? AND path = ?", root_id, path)
    return found[0] if found else None


def folder_rows(reader: Reader, root_id: str, *, after: str | None, limit: int) -> list[dict[str, Any]]:
    """Folders in path order, from the one after `after` (None = from the first)."""
    if after is None:
        return reader.rows("SELECT * FROM folder WHERE root_id = ? ORDER BY path LIMIT ?", root_id, limit)
    return reader.rows(
        "SELECT * FROM folder WHERE root_id = ? AND path > ? ORDER BY path LIMIT ?", root_id, after, limit
    )


# -- writes


def keep_folders(unit: Unit, root_id: str, rows: Sequence[dict[str, Any]]) -> None:
    """Remember how folders looked; `digest` b"" = look at it again in the next pass, whatever its time says."""
    paths = [r["path"] for r in rows]
    for at in range(0, len(paths), 400):
        mine = sa.and_(col(FolderRow.root_id) == root_id, col(FolderRow.path).in_(paths[at : at + 400]))
        unit.db.execute(sa.delete(FolderRow).where(mine))
    unit.insert(FolderRow, *({**r, "root_id": root_id} for r in rows))


def forget_folders(unit: Unit, root_id: str, below: Sequence[str]) -> None:
    """These folders, and all inside them, are not there any more."""
    for folder in below:
        inside = sa.and_(col(FolderRow.path) > folder + "/", col(FolderRow.path) < folder + "0")
        unit.db.execute(
            sa.delete(FolderRow).where(col(FolderRow.root_id) == root_id, sa.or_(col(FolderRow.path) == folder, inside))
        )


def relink(unit: Unit, root_id: str, moves: Sequence[tuple[Holder, str]]) -> None:
    """Say that locations stand at other paths of their root now. Contents are believed until they are read.

    A row that was missing at the new path gives way.
    """
    told: dict[tuple[str, str], int] = {}
    for holder, path in moves:
        at = sa.and_(col(LocationRow.root_id) == root_id, col(LocationRow.path) == path)
        there = unit.db.execute(
            sa.select(col(LocationRow.asset_id)).where(at, col(LocationRow.availability) == "missing")
        )
        for (asset_id,) in there.all():
            assets.remember_place(unit, asset_id, root_id, path)
        unit.db.execute(sa.delete(LocationRow).where(at, col(LocationRow.availability) == "missing"))
        values = {"path": path, "last_seen_at": unit.now, "availability": "online", "unverified": True}
        unit.db.execute(sa.update(LocationRow).where(col(LocationRow.id) == holder.location_id).values(**values))
        unit.touch(holder.asset_id)
        where = (folder_of(holder.path), folder_of(path))
        told[where] = told.get(where, 0) + 1
    work.look_again(unit, root_id, [p for holder, path in moves for p in (holder.path, path)])
    for (source, target), count in told.items():
        unit.audit("location.moved", root_id, {"from": source, "to": target, "count": count})


def full_pass_ended(unit: Unit, root_id: str, seconds: float) -> None:
    _set(unit, root_id, full_scan_at=unit.now, full_scan_s=seconds)


def set_drive(unit: Unit, root_id: str, *, drive_id: str | None, file_system: str | None) -> None:
    """Which drive a root is now."""
    _set(unit, root_id, drive_id=drive_id, file_system=file_system)


def _set(unit: Unit, root_id: str, **values: Any) -> None:
    unit.db.execute(sa.update(RootRow).where(col(RootRow.id) == root_id).values(**values))


# -- contents that are believed, not read


def unverified(reader: Reader, limit: int) -> list[dict[str, Any]]:
    """Locations that were renamed since their contents were read; `sha256` is what they should hold."""
    return reader.rows(
        "SELECT l.id, l.root_id, r.path AS folder, l.path, l.size_bytes, l.mtime_ns, l.inode,"
        " coalesce(l.copy_sha256, a.sha256) AS sha256 FROM location l JOIN root r ON r.id = l.root_id"
        " JOIN asset a ON a.id = l.asset_id WHERE l.unverified = 1 AND l.availability = 'online' AND r.state <> 'offline'"
        " ORDER BY l.id LIMIT ?",
        limit,
    )


def verified(unit: Unit, location_id: str) -> None:
    unit.db.execute(sa.update(LocationRow).where(col(LocationRow.id) == location_id).values(unverified=False))
