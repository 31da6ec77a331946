"""Writes about assets, their locations and what their bytes say. Each works inside a Unit."""

import zlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from dam.catalogue.tables import (
    AssetRow,
    ClaimRow,
    FingerprintRow,
    GenerationRow,
    JobRow,
    LocationRow,
    ManifestRow,
)
from dam.catalogue.unit import Unit
from dam.media.paths import match_key
from dam.model import Claim, Credentials, CredentialState, FingerprintCode, Generation, Inspection


def by_sha256(unit: Unit, sha256: str) -> AssetRow | None:
    return unit.session.exec(select(AssetRow).where(AssetRow.sha256 == sha256)).first()


def add(unit: Unit, found: Inspection, *, title: str, created_at: str) -> AssetRow:
    """A new asset with its claims, generation, verdict and named sources, as one inspection found them."""
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
    unit.session.add(asset)
    unit.session.flush()
    for claim in found.claims:
        unit.session.add(_claim(unit, asset.id, claim))
    if found.generation is not None:
        unit.session.add(_generation(asset.id, found.generation))
    if found.credentials.state is not CredentialState.NONE:
        set_manifest(unit, asset.id, found.credentials)
    unit.touch(asset.id)
    return asset


def _claim(unit: Unit, asset_id: str, claim: Claim) -> ClaimRow:
    return ClaimRow(
        id=unit.new_id(),
        asset_id=asset_id,
        carrier=claim.carrier,
        reader=claim.reader,
        reader_version=claim.reader_version,
        raw=zlib.compress(claim.raw, 6),
        raw_bytes=claim.raw_bytes,
        fields=dict(claim.fields),
        confidence=claim.confidence,
    )


def _generation(asset_id: str, made: Generation) -> GenerationRow:
    return GenerationRow(
        asset_id=asset_id,
        tool=made.tool,
        tool_version=made.tool_version,
        model=made.model,
        model_hash=made.model_hash,
        prompt=made.prompt,
        negative_prompt=made.negative_prompt,
        seed=None if made.seed is None else str(made.seed),
        steps=made.steps,
        sampler=made.sampler,
        scheduler=made.scheduler,
        cfg_scale=made.cfg_scale,
        width=made.width,
        height=made.height,
        detail={
            "loras": [asdict(x) for x in made.loras],
            "inputs": [asdict(x) for x in made.inputs],
            "stages": [asdict(x) for x in made.stages],
            "denoise": made.denoise,
        },
    )


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
        )
    )


def location_at(unit: Unit, root_id: str, path: str) -> LocationRow | None:
    return unit.session.exec(
        select(LocationRow).where(LocationRow.root_id == root_id, LocationRow.path == path)
    ).first()


def place(
    unit: Unit, asset_id: str, root_id: str, path: str, seen: tuple[int, int, str]
) -> tuple[LocationRow, str | None]:
    """Say that `path` now holds this asset. `seen` is (size_bytes, mtime_ns, inode).

    Returns the location and the id of the different asset that stood there before, if any.
    """
    size_bytes, mtime_ns, inode = seen
    location = location_at(unit, root_id, path)
    before = None
    if location is None:
        location = LocationRow(
            id=unit.new_id(),
            asset_id=asset_id,
            root_id=root_id,
            path=path,
            name_key=match_key(path),
            size_bytes=size_bytes,
            mtime_ns=mtime_ns,
            inode=inode,
            first_seen_at=unit.now,
            last_seen_at=unit.now,
        )
    else:
        if location.asset_id != asset_id:
            before = location.asset_id
            unit.touch(before)
        location.asset_id = asset_id
        location.size_bytes, location.mtime_ns, location.inode = size_bytes, mtime_ns, inode
        location.last_seen_at, location.availability = unit.now, "online"
    unit.session.add(location)
    unit.session.flush()
    unit.touch(asset_id)
    return location, before


def set_availability(unit: Unit, location_ids: Sequence[str], availability: str) -> None:
    """Mark locations online or missing, and tell the index about their assets."""
    for at in range(0, len(location_ids), 400):
        part = list(location_ids[at : at + 400])
        rows = unit.session.execute(sa.select(col(LocationRow.asset_id)).where(col(LocationRow.id).in_(part)))
        for (asset_id,) in rows:
            unit.touch(asset_id)
        unit.session.execute(
            sa.update(LocationRow)
            .where(col(LocationRow.id).in_(part))
            .values(availability=availability, last_seen_at=unit.now)
        )


def set_fingerprints(unit: Unit, asset_id: str, codes: Sequence[FingerprintCode], *, flat: bool) -> None:
    unit.session.execute(sa.delete(FingerprintRow).where(col(FingerprintRow.asset_id) == asset_id))
    for code in codes:
        unit.session.add(
            FingerprintRow(
                asset_id=asset_id, engine=code.engine, frame_s=code.frame_s, code=code.code, bits=code.bits, flat=flat
            )
        )


def fingerprints_after(unit: Unit, seq: int) -> list[tuple[int, str, str, str]]:
    """(seq, asset id, engine, code) of every comparable fingerprint that was committed after `seq`."""
    rows = unit.session.execute(
        sa.select(
            col(FingerprintRow.seq), col(FingerprintRow.asset_id), col(FingerprintRow.engine), col(FingerprintRow.code)
        )
        .where(col(FingerprintRow.seq) > seq, col(FingerprintRow.flat).is_(False))
        .order_by(col(FingerprintRow.seq))
    )
    return [(r[0], r[1], r[2], r[3]) for r in rows]


def facts(unit: Unit, asset_ids: Sequence[str]) -> list[AssetRow]:
    return list(unit.session.exec(select(AssetRow).where(col(AssetRow.id).in_(list(asset_ids)))).all())


def want_stage(unit: Unit, asset_id: str, stage: str, version: str, *, skip: tuple[str, str] | None = None) -> None:
    """Ask for a stage; `skip` = (code, reason) records at once that there is nothing to do, and why."""
    unit.session.add(
        JobRow(
            id=unit.new_id(),
            asset_id=asset_id,
            stage=stage,
            version=version,
            state="skipped" if skip else "due",
            code=skip[0] if skip else None,
            message=skip[1] if skip else None,
            changed_at=unit.now,
        )
    )
