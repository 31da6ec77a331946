"""One full pass over a root: compare the drive with the catalogue and write down the difference. Reads no contents."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dam.catalogue import assets, records, work
from dam.catalogue.reading import Reader
from dam.catalogue.unit import Catalogue, Unit
from dam.media.files import Entry, entry_at
from dam.media.paths import from_text
from dam.watch.compare import Known, Plan, compare
from dam.watch.walk import Unseen, is_ignored, walk

GUARD_FROM = 4  # files: below this, a share of missing files says nothing


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass found. `state`: online, offline or guarded, with its reason. `missing` are found nowhere now."""

    root: str
    state: str
    reason: str | None = None
    seen: int = 0
    unchanged: int = 0
    arrivals: int = 0
    missing: int = 0
    returned: int = 0
    ignored: int = 0
    unseen: Sequence[Unseen] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class ScanRules:
    """`now` is Unix time; `accept_missing` says that a person knows the files are really gone."""

    now: float
    settle_s: float
    missing_guard: float
    accept_missing: bool = False


def known_paths(reader: Reader, root_id: str) -> dict[str, Known]:
    """Every path that the catalogue has for a root: locations, and files that wait or are quarantined."""
    known = {
        r["path"]: Known((r["size_bytes"], r["mtime_ns"], r["inode"]), r["id"], missing=r["availability"] == "missing")
        for r in reader.rows(
            "SELECT id, path, size_bytes, mtime_ns, inode, availability FROM location WHERE root_id = ?", root_id
        )
    }
    for r in reader.rows(
        "SELECT path, size_bytes, mtime_ns, inode, state, code FROM intake WHERE root_id = ?", root_id
    ):
        retry = r["state"] == "quarantined" and r["code"] in work.RETRYABLE
        was = known.get(r["path"])
        seen = (-1, -1, "") if retry else (r["size_bytes"], r["mtime_ns"], r["inode"])
        known[r["path"]] = Known(
            seen, was.location_id if was else None, missing=was.missing if was else False, held=True
        )
    return known


def offline_reason(folder: str, *, knows_files: bool, accept_missing: bool) -> str | None:
    """Why a root counts as offline, or None. An empty folder that held files is an unmounted drive, not a deletion."""
    try:
        with os.scandir(folder) as found:
            empty = next(found, None) is None
    except NotADirectoryError:
        return "the path is a file, not a folder"
    except FileNotFoundError:
        return "the folder is not there"
    except OSError as error:
        return f"the folder cannot be read ({error.strerror or error})"
    if empty and knows_files and not accept_missing:
        return "the folder is empty, but it held files: it looks unmounted"
    return None


def scan_root(catalogue: Catalogue, reader: Reader, root: Mapping[str, str], rules: ScanRules) -> Pass:
    """One pass over one root (`id`, `name`, `path` as bytes-safe text)."""
    folder = from_text(root["path"])
    known = known_paths(reader, root["id"])
    knows = any(k.location_id and not k.missing for k in known.values())
    reason = offline_reason(folder, knows_files=knows, accept_missing=rules.accept_missing)
    if reason is not None:
        with catalogue.change() as unit:
            records.set_root_state(unit, root["id"], "offline", reason)
        return Pass(root["name"], "offline", reason)
    plan = compare(walk(folder), known)
    guarded = not rules.accept_missing and plan.lost >= GUARD_FROM and plan.missing_share() > rules.missing_guard
    with catalogue.change() as unit:
        _apply(unit, root, plan, rules, guarded=guarded)
    reason = (
        f"{plan.lost} of {plan.known_online} files are gone, more than the guard allows ({rules.missing_guard:.0%});"
        f" if that is right, run: dam scan {root['name']} --accept-missing"
        if guarded
        else None
    )
    return Pass(
        root["name"], "guarded" if guarded else "online", reason, plan.seen, plan.unchanged, len(plan.arrivals),
        0 if guarded else plan.lost, len(plan.returned), plan.ignored, tuple(plan.unseen),
    )  # fmt: skip


def _apply(unit: Unit, root: Mapping[str, str], plan: Plan, rules: ScanRules, *, guarded: bool) -> None:
    work.note_arrivals(unit, root["id"], [arrival(e, rules) for e in plan.arrivals])
    work.forget_arrivals(unit, root["id"], plan.gone_intake)
    if plan.returned:
        assets.set_availability(unit, plan.returned, "online")
        unit.audit("location.returned", root["id"], {"count": len(plan.returned)})
    if plan.vanished and not guarded:
        assets.set_availability(unit, plan.vanished, "missing")
        unit.audit("location.missing", root["id"], {"count": len(plan.vanished)})
    if guarded:
        records.set_root_state(unit, root["id"], "guarded", f"{plan.lost} of {plan.known_online} files are gone")
    else:
        records.set_root_state(unit, root["id"], "online", None)
    records.scanned(unit, root["id"])


def arrival(entry: Entry, rules: ScanRules) -> tuple[str, tuple[int, int, str], float]:
    """When a file may be read: `settle_s` after its last change; a time in the future counts from now."""
    settled = entry.mtime_ns / 1e9 + rules.settle_s
    return entry.path, entry.seen, min(max(settled, rules.now), rules.now + rules.settle_s)


def look_at(
    catalogue: Catalogue, reader: Reader, root: Mapping[str, str], paths: Sequence[str], rules: ScanRules
) -> int:
    """Follow hints: record those of `paths` (as the OS names them) that are new or changed. Returns how many."""
    folder = from_text(root["path"])
    entries = []
    for path in paths:
        parts = path.split(os.sep)
        if is_ignored(parts[-1]) or any(is_ignored(p, folder=True) for p in parts[:-1]):
            continue
        entry = entry_at(folder, path)
        if entry is not None and not _is_known(reader, root["id"], entry):
            entries.append(entry)
    if entries:
        with catalogue.change() as unit:
            work.note_arrivals(unit, root["id"], [arrival(e, rules) for e in entries])
    return len(entries)


def _is_known(reader: Reader, root_id: str, entry: Entry) -> bool:
    for table in ("location", "intake"):
        rows = reader.rows(
            f"SELECT size_bytes, mtime_ns, inode FROM {table} WHERE root_id = ? AND path = ?",  # noqa: S608  # a name of ours
            root_id,
            entry.path,
        )
        missing = table == "location" and bool(
            reader.one(
                "SELECT 1 FROM location WHERE root_id = ? AND path = ? AND availability = 'missing'",
                root_id,
                entry.path,
            )
        )
        if rows and not missing and (rows[0]["size_bytes"], rows[0]["mtime_ns"], rows[0]["inode"]) == entry.seen:
            return True
    return False
