"""Backup and restore: a snapshot of the catalogue with what belongs to it, and the proof that it is whole.

A backup is a folder: `backup.json` (what must be there, with SHA-256 and size), `catalogue.db`, `dam.toml`, `trust/`, and
if asked for `keys/` and `vault/`. It appears under its name when everything is written and checked, or not at all.
"""

import contextlib
import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dam.catalogue import leases, sqlite
from dam.catalogue.reading import open_reader
from dam.catalogue.unit import Catalogue
from dam.errors import DamError, NotFoundError, UndecodableError
from dam.ingest.parts import Parts
from dam.media import hashing
from dam.model import Problem
from dam.service.finding import verify_ledger
from dam.settings import Settings
from dam.storage.local import LocalStorage, atomic_folder, write_atomic

MANIFEST, CATALOGUE = "backup.json", "catalogue.db"
FORMAT = "headwater-backup/1"
MANIFEST_BYTES = 1 << 30
BLOCK_BYTES = 1 << 20
ALONGSIDE = ("dam.toml", "trust")  # small things of a library that are no secret
INCLUDED, REFERENCE, NONE = "included", "reference", "none"


@dataclass(slots=True)
class Report:
    """What was saved or restored. Attribute names are the wire's (dam_schemas.answers.BackupOut)."""

    folder: str
    library: str
    tables: str
    made_at: str
    assets: int
    decisions: int
    edges: int
    audit_entries: int
    audit_head: str
    vault: str
    vault_files: int
    vault_bytes: int
    keys: str
    lost: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0


class _Unproven(Exception):  # noqa: N818  # no error: it takes the folder away
    """The folder that was made fails its check."""


def backup(parts: Parts, to: Path, *, keys: bool, vault: bool) -> Report:
    """Save a library that may be in use. What workers add meanwhile is not in it; all of one moment is.

    Raises:
        ConflictError: there is something at `to` already. StorageError: it cannot be written.
    """
    begun, library, to = time.monotonic(), parts.settings.library, to.absolute()
    with contextlib.suppress(_Unproven), atomic_folder(to) as folder:
        sqlite.snapshot(parts.catalogue.path, folder / CATALOGUE)
        for name in (*ALONGSIDE, *(("keys",) if keys else ())):
            _copy_tree(library / name, folder / name)
        listed = _vault_of(folder)
        held, kept = LocalStorage(library / "vault"), LocalStorage(folder / "vault")
        note = {
            "format": FORMAT, "made_at": parts.clock().isoformat(), **_facts(folder), "keys": INCLUDED if keys else NONE,
            "vault": INCLUDED if vault else REFERENCE, "vault_path": str((library / "vault").absolute()),
            "vault_files": listed, "lost": _copy_vault(held, kept, listed) if vault else [],
            "files": {name: _digest(folder / name) for name in _names(folder)},
        }  # fmt: skip
        write_atomic(folder / MANIFEST, json.dumps(note, indent=1, ensure_ascii=False).encode(), mode=0o600)
        report, _ = verify(folder)
        _prove(report)
    report.folder, report.seconds = str(to), round(time.monotonic() - begun, 3)
    return report


def restore(source: Path, target: Path | None, *, vault: Path | None = None, keys: Path | None = None) -> Report:
    """Make a library from a backup at `target` (None = only check the backup). A failed check leaves nothing behind.

    Raises:
        NotFoundError: no backup there. UndecodableError: its list cannot be read. ConflictError: there is a library at
            `target`. StorageError: it cannot be written.
    """
    begun, source = time.monotonic(), source.absolute()
    report, note = verify(source)
    if target is not None and not report.problems:
        report.folder = str(target.absolute())
        with contextlib.suppress(_Unproven), atomic_folder(target.absolute()) as folder:
            for name in (CATALOGUE, *ALONGSIDE, "keys"):
                _copy_tree(source / name, folder / name)
            if keys is not None:
                _copy_tree(keys, folder / "keys")
                report.keys = INCLUDED
            held, kept = LocalStorage(_vault_folder(source, note, vault)), LocalStorage(folder / "vault")
            report.lost = _copy_vault(held, kept, note["vault_files"])
            _compare(folder, note, report)
            _prove(report)
            _enter(folder, report)
    report.seconds = round(time.monotonic() - begun, 3)
    return report


def _prove(report: Report) -> None:
    if report.problems:
        raise _Unproven


def verify(folder: Path) -> tuple[Report, dict[str, Any]]:
    """Check a backup against its own list: every file, the tables, the ledger, the counts. (report, the list).

    Raises:
        NotFoundError: no backup there. UndecodableError: its list cannot be read.
    """
    note = _note(folder)
    try:
        report = Report(
            str(folder), note["library"], note["tables"], note["made_at"], note["assets"], note["decisions"], note["edges"],
            note["audit_entries"], note["audit_head"], note["vault"], len(note["vault_files"]),
            sum(f["size_bytes"] for f in note["vault_files"].values()), note["keys"], list(note["lost"]),
        )  # fmt: skip
        there = set(_names(folder)) - {MANIFEST}
        for name, wanted in note["files"].items():
            if name not in there:
                report.problems.append(Problem("backup.missing", f"{name} is not in the backup."))
            elif _digest(folder / name) != wanted:
                report.problems.append(Problem("backup.changed", f"{name} is not what was saved."))
        held = LocalStorage(folder / "vault")
        for key in sorted(set(note["vault_files"]) - set(note["lost"])) if note["vault"] == INCLUDED else ():
            wanted = note["vault_files"][key]
            if not held.exists(key) or _digest(held.path(key))["sha256"] != wanted["sha256"]:
                report.problems.append(Problem("backup.changed", f"vault/{key} is not what was saved."))
    except (KeyError, TypeError, AttributeError) as error:
        raise UndecodableError(
            f"{folder / MANIFEST} is no list of a backup ({error!r}).", code="backup.list"
        ) from error
    if not report.problems:
        _compare(folder, note, report)
    return report, note


def _compare(folder: Path, note: dict[str, Any], report: Report) -> None:
    """The catalogue in a folder agrees with itself and with what the list says of it."""
    try:
        broken = sqlite.damage(folder / CATALOGUE)
        report.problems += [Problem("backup.damaged", text) for text in broken]
        if broken:
            return
        verdict = verify_ledger(folder / CATALOGUE)
        if not verdict.ok:
            report.problems.append(Problem("backup.ledger", f"Entry {verdict.first_bad_seq}: {verdict.reason}"))
        for name, value in _facts(folder).items():
            if value != note[name]:
                report.problems.append(Problem("backup.differs", f"{name}: {value}, the list says {note[name]}."))
    except DamError as error:
        report.problems.append(Problem(error.code, error.message))


def _enter(folder: Path, report: Report) -> None:
    """Write the restore into the ledger; what the old library's workers had in hand is due again."""
    settings = Settings.model_construct(library=folder)  # its dam.toml is not asked: it may be of another version
    catalogue = Catalogue(settings, clock=lambda: datetime.now(UTC), new_id=lambda: str(uuid.uuid4()))
    try:
        with catalogue.change() as unit:
            freed = leases.release(unit, lambda _: True)
            detail = {
                "made_at": report.made_at,
                "head": report.audit_head,
                "due_again": freed,
                "lost": len(report.lost),
            }
            unit.audit("library.restored", report.library, detail)
    finally:
        catalogue.close()


def _facts(folder: Path) -> dict[str, Any]:
    """What must be the same wherever this catalogue goes."""
    with open_reader(folder / CATALOGUE) as reader:
        head = reader.rows("SELECT seq, hash FROM audit_entry ORDER BY seq DESC LIMIT 1")
        counts = {n: reader.one(f"SELECT count(*) FROM {n}") or 0 for n in ("asset", "decision", "edge")}  # noqa: S608
        return {
            "library": reader.one("SELECT id FROM library"), "tables": reader.one("SELECT version_num FROM alembic_version"),
            "assets": counts["asset"], "decisions": counts["decision"], "edges": counts["edge"],
            "audit_entries": head[0]["seq"] if head else 0, "audit_head": head[0]["hash"] if head else "",
        }  # fmt: skip


def _vault_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Every file that the catalogue has in the vault, by its key."""
    with open_reader(folder / CATALOGUE) as reader:
        rows = reader.rows("SELECT storage_key, sha256, size_bytes FROM copy ORDER BY storage_key")
    return {r["storage_key"]: {"sha256": r["sha256"], "size_bytes": r["size_bytes"]} for r in rows}


def _vault_folder(source: Path, note: dict[str, Any], named: Path | None) -> Path:
    if named is not None:
        return named
    return source / "vault" if note["vault"] == INCLUDED else Path(note["vault_path"])


def _copy_vault(source: LocalStorage, target: LocalStorage, listed: dict[str, dict[str, Any]]) -> list[str]:
    """Copy what is listed, each file checked by its SHA-256 on the way. Returns the keys that were not there as listed."""
    lost = []
    for key, wanted in listed.items():
        try:
            with open(source.path(key), "rb") as reading, target.writing(key) as (writing, _):
                digest = hashlib.sha256()
                while block := reading.read(BLOCK_BYTES):
                    digest.update(block)
                    writing.write(block)
                _require(digest.hexdigest() == wanted["sha256"], key)
        except (FileNotFoundError, NotFoundError, UndecodableError):
            lost.append(key)
    return lost


def _require(same: bool, key: str) -> None:
    if not same:
        raise UndecodableError(f"{key} has other bytes.")


def _copy_tree(source: Path, target: Path) -> None:
    """A file, or a folder of plain files, durably; what is not there is left out, links are not followed."""
    if source.is_symlink():
        return
    if source.is_dir():
        target.mkdir(mode=0o700, exist_ok=True)
        for one in sorted(source.iterdir()):
            if not one.name.startswith(".tmp-"):
                _copy_tree(one, target / one.name)
    elif source.is_file():
        shutil.copyfile(source, target)
        os.chmod(target, source.stat().st_mode & 0o777)
        with open(target, "rb") as stream:
            os.fsync(stream.fileno())


def _names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith("vault/"):  # those are listed with their SHA-256 already
            yield name


def _digest(path: Path) -> dict[str, Any]:
    return {"sha256": hashing.sha256_file(str(path)), "size_bytes": path.stat().st_size}


def _note(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        if path.stat().st_size > MANIFEST_BYTES:
            raise UndecodableError(f"{path} is too large.", code="backup.list")
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFoundError(
            f"No backup in {folder}.", next_step="Name a folder that dam backup made.", code="backup.not_found"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise UndecodableError(f"{path} cannot be read ({error}).", code="backup.list") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise UndecodableError(f"{path} is no list of a backup of this program.", code="backup.list")
    return found
