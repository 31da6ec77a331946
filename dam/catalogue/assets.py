"""Writes about assets, their locations and what their bytes say. Each works inside a Unit."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from dam.catalogue import cuts, derived
from dam.catalogue.likeness_tables import FingerprintRow
from dam.catalogue.tables import AssetRow, FormerLocationRow, JobRow, LocationRow, ManifestRow
from dam.catalogue.unit import Unit
from dam.media.paths import match_key
from dam.metadata.keep import Kept
from dam.model import Credentials, CredentialState, Derived, FingerprintCode, Inspection

# Statements of the hot path are built once: building one costs as much as running it.
_BY_SHA256 = sa.select(AssetRow.__table__).where(col(AssetRow.sha256) == sa.bindparam("wanted"))  # type: ignore[attr-defined]
_PLACE = sa.select(col(LocationRow.id), col(LocationRow.asset_id)).where(
    col(LocationRow.root_id) == sa.bindparam("in_root"), col(LocationRow.path) == sa.bindparam("at_path")
)
_MARK_DECODED = sa.update(AssetRow).where(col(AssetRow.id) == sa.bindparam("asset")).values(decoded=True)
_DROP_CODES = sa.delete(FingerprintRow).where(col(FingerprintRow.asset_id) == sa.bindparam("asset"))
_NEW_CODES = (
    sa.select(
        col(FingerprintRow.seq), col(FingerprintRow.asset_id), col(FingerprintRow.engine), col(FingerprintRow.code)
    )
    .where(col(FingerprintRow.seq) > sa.bindparam("after"), col(FingerprintRow.flat).is_(False))
    .order_by(col(FingerprintRow.seq))
)


def by_sha256(unit: Unit, sha256: str) -> AssetRow | None:
    found = unit.db.execute(_BY_SHA256, {"wanted": sha256}).first()
    return AssetRow(**found._mapping) if found else None  # noqa: SLF001  # SQLAlchemy's public name for it


def add(unit: Unit, found: Inspection, *, title: str, created_at: str, kept: Kept | None = None) -> AssetRow:
    """A new asset with its carriers, claims, generation and verdict, as one inspection found them."""
    if found.media is None or found.sha256 is None or found.size_bytes is None:
        raise ValueError("an asset needs readable bytes")
    asset = AssetRow(
        id=unit.new_id(),
        sha256=found.sha256,
        size_bytes=found.size_bytes,
        kind=found.media.kind.value,
        mime=found.media.mime,
        width_px=found.media.width_px,
        height_px=found.media.height_px,
        duration_s=found.media.duration_s,
        frame_count=found.media.frame_count,
        title=title,
        created_at=created_at,
        admitted_at=unit.now,
        ai_generated=found.ai_generated,
        digital_source_type=found.digital_source_type,
        credential_state=found.credentials.state.value,
        credential_tier=found.credentials.tier,
    )
    unit.insert(AssetRow, asset.model_dump())
    derived.add(unit, asset.id, Derived.of(found), kept)
    if found.credentials.state is not CredentialState.NONE:
        set_manifest(unit, asset.id, found.credentials)
    if found.timeline is not None:
        cuts.add(unit, asset.id, found.timeline)
    unit.touch(asset.id)
    return asset


def set_manifest(unit: Unit, asset_id: str, verdict: Credentials) -> None:
    detail: dict[str, Any] = asdict(verdict)
    detail["state"] = verdict.state.value
    unit.session.merge(
        ManifestRow(
            asset_id=asset_id,
            label=verdict.label,
            state=verdict.state.value,
            tier=verdict.tier,
            detail=detail,
            trust_list=verdict.trust_list,
            sdk_version=verdict.sdk_version,
            checked_at=unit.now,
            judged_by=verdict.judged_by,
        )
    )
    unit.session.flush()  # edges are made from it in the same change


def place(
    unit: Unit, asset_id: str, root_id: str, path: str, seen: tuple[int, int, str], *, copy_sha256: str | None = None
) -> str | None:
    """Say that `path` now holds this asset. `seen` is (size_bytes, mtime_ns, inode); `copy_sha256`: by these bytes
    of its signed copy, not by its own.

    Returns the id of the different asset that stood there before, if any.
    """
    there = unit.db.execute(_PLACE, {"in_root": root_id, "at_path": path}).first()
    now_there = {
        "asset_id": asset_id,
        "size_bytes": seen[0],
        "mtime_ns": seen[1],
        "inode": seen[2],
        "last_seen_at": unit.now,
        "availability": "online",
        "copy_sha256": copy_sha256,
        "unverified": False,
    }
    unit.touch(asset_id)
    if there is None:
        new = {"id": unit.new_id(), "root_id": root_id, "path": path, "name_key": match_key(path)}
        unit.insert(LocationRow, {**new, "first_seen_at": unit.now, **now_there})
        return None
    unit.db.execute(sa.update(LocationRow).where(col(LocationRow.id) == there[0]).values(**now_there))
    before: str = there[1]
    if before == asset_id:
        return None
    unit.touch(before)
    remember_place(unit, before, root_id, path)
    return before


def remember_place(unit: Unit, asset_id: str, root_id: str, path: str) -> None:
    """Another content stands at `path` now: this one stood there before."""
    place = {"asset_id": asset_id, "root_id": root_id, "path": path}
    if unit.session.get(FormerLocationRow, (asset_id, root_id, path)) is None:
        unit.session.add(FormerLocationRow(**place, name_key=match_key(path)))
        unit.session.flush()


def set_availability(unit: Unit, location_ids: Sequence[str], availability: str) -> None:
    """Mark locations online or missing, and tell the index about their assets."""
    values = {"availability": availability} | ({"last_seen_at": unit.now} if availability == "online" else {})
    for at in range(0, len(location_ids), 400):
        part = list(location_ids[at : at + 400])
        rows = unit.session.execute(sa.select(col(LocationRow.asset_id)).where(col(LocationRow.id).in_(part)))
        for (asset_id,) in rows:
            unit.touch(asset_id)
        unit.session.execute(sa.update(LocationRow).where(col(LocationRow.id).in_(part)).values(**values))


def set_fingerprints(unit: Unit, asset_id: str, codes: Sequence[FingerprintCode], *, flat: bool) -> None:
    unit.db.execute(_DROP_CODES, {"asset": asset_id})
    unit.insert(FingerprintRow, *({"asset_id": asset_id, "flat": flat, **asdict(code)} for code in codes))


def vacate(unit: Unit, root_id: str, path: str, seen: tuple[int, int, str]) -> None:
    """What stood at `path` does not any more: it holds other bytes, which could not be read."""
    rows = unit.db.execute(
        sa.select(
            col(LocationRow.id), col(LocationRow.size_bytes), col(LocationRow.mtime_ns), col(LocationRow.inode)
        ).where(col(LocationRow.root_id) == root_id, col(LocationRow.path) == path)
    ).all()
    set_availability(unit, [r[0] for r in rows if (r[1], r[2], r[3]) != seen], "missing")


def mark_decoded(unit: Unit, asset_id: str) -> None:
    unit.db.execute(_MARK_DECODED, {"asset": asset_id})


def fingerprints_after(unit: Unit, seq: int) -> list[tuple[int, str, str, str]]:
    """(seq, asset id, engine, code) of every comparable fingerprint that was committed after `seq`."""
    rows = unit.db.execute(_NEW_CODES, {"after": seq})
    return [(r[0] or 0, r[1], r[2], r[3]) for r in rows]


def facts(unit: Unit, asset_ids: Sequence[str]) -> list[AssetRow]:
    return list(unit.session.exec(select(AssetRow).where(col(AssetRow.id).in_(list(asset_ids)))).all())


def want_stages(unit: Unit, asset_id: str, stages: Sequence[tuple[str, str, tuple[str, str] | None]]) -> None:
    """Ask for stages: (name, version, skip). `skip` = (code, reason) records that there is nothing to do, and why."""
    rows = [
        {
            "id": unit.new_id(),
            "asset_id": asset_id,
            "stage": stage,
            "version": version,
            "state": "skipped" if skip else "due",
            "code": skip[0] if skip else None,
            "message": skip[1] if skip else None,
            "changed_at": unit.now,
        }
        for stage, version, skip in stages
    ]
    unit.insert(JobRow, *rows)
