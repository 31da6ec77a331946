"""Assets as lists and the index see them: one card of each, with its places, flags and terms."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dam.catalogue import tags
from dam.catalogue.sqlite import Rows
from dam.tagging.vocabulary import CHARACTER, PROJECT, SCENE, SHOT, TAG


@dataclass(frozen=True, slots=True)
class LocationCard:
    root: str
    path: str
    availability: str


@dataclass(frozen=True, slots=True)
class Card:
    """An asset as lists show it. Attribute names are the wire's (dam_schemas.asset.AssetOut)."""

    id: str
    sha256: str
    kind: str
    status: str
    title: str
    mime: str
    size_bytes: int
    width_px: int | None
    height_px: int | None
    duration_s: float | None
    ai_generated: bool | None
    digital_source_type: str | None
    tool: str | None
    model: str | None
    prompt: str | None
    credential: str
    credential_tier: str | None
    protected: bool
    availability: str
    admitted_at: str
    created_at: str
    locations: tuple[LocationCard, ...]
    characters: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()
    shots: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    score: float | None = None
    generation: dict[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()


def of(rows: Rows, ids: Sequence[str]) -> dict[str, Card]:
    """Cards by id, of at most a few hundred assets: eight statements in all."""
    marks = ",".join("?" * len(ids))
    assets = rows(f"SELECT * FROM asset WHERE id IN ({marks})", *ids)  # noqa: S608  # only "?" is put in
    generations = {
        r["asset_id"]: r
        for r in rows(f"SELECT * FROM generation WHERE asset_id IN ({marks})", *ids)  # noqa: S608
    }
    locations: dict[str, list[LocationCard]] = {}
    sql = (
        "SELECT l.asset_id, l.path, l.availability, r.name, r.state FROM location l JOIN root r ON r.id = l.root_id "  # noqa: S608
        f"WHERE l.asset_id IN ({marks}) ORDER BY l.first_seen_at, l.path"
    )
    for r in rows(sql, *ids):
        state = "offline" if r["state"] == "offline" and r["availability"] == "online" else r["availability"]
        locations.setdefault(r["asset_id"], []).append(LocationCard(r["name"], r["path"], state))
    unparsed = {
        r["asset_id"]
        for r in rows(
            f"SELECT DISTINCT asset_id FROM claim WHERE reader = 'unparsed' AND asset_id IN ({marks})",  # noqa: S608
            *ids,
        )
    }
    failed = {
        r["asset_id"]
        for r in rows(f"SELECT asset_id FROM job WHERE state = 'failed' AND asset_id IN ({marks})", *ids)  # noqa: S608
    }
    stacked = rows(
        f"SELECT asset_id FROM stack WHERE retracted_at IS NULL AND asset_id IN ({marks})",  # noqa: S608
        *ids,
    )
    alike = rows(
        f"SELECT asset_id FROM cluster WHERE representative_id <> asset_id AND asset_id IN ({marks})",  # noqa: S608
        *ids,
    )
    held = {"parse:unparsed": unparsed, "quarantined": failed}
    held |= {"stacked": {r["asset_id"] for r in stacked}, "duplicate": {r["asset_id"] for r in alike}}
    flags = {i: tuple(flag for flag, those in held.items() if i in those) for i in ids}
    shown = tags.shown(rows, ids)
    return {
        a["id"]: _card(
            a, generations.get(a["id"], {}), locations.get(a["id"], []), flags[a["id"]], shown.get(a["id"], {})
        )
        for a in assets
    }


def _availability(states: Iterable[str]) -> str:
    found = set(states)
    return next((s for s in ("online", "offline") if s in found), "missing")


def _card(
    asset: dict[str, Any],
    made: dict[str, Any],
    locations: list[LocationCard],
    flags: tuple[str, ...],
    shown: dict[str, list[str]],
) -> Card:
    generation = {k: v for k, v in made.items() if k not in ("asset_id", "detail") and v is not None}
    if made:
        generation |= json.loads(made["detail"]) if isinstance(made["detail"], str) else made["detail"]
        if "seed" in generation:
            generation["seed"] = int(generation["seed"])
    return Card(
        id=asset["id"],
        sha256=asset["sha256"],
        kind=asset["kind"],
        status=asset["review_status"],
        title=asset["title"],
        mime=asset["mime"],
        size_bytes=asset["size_bytes"],
        width_px=asset["width_px"],
        height_px=asset["height_px"],
        duration_s=asset["duration_s"],
        ai_generated=None if asset["ai_generated"] is None else bool(asset["ai_generated"]),
        digital_source_type=asset["digital_source_type"],
        tool=made.get("tool"),
        model=made.get("model"),
        prompt=made.get("prompt"),
        credential=asset["credential_state"],
        credential_tier=asset["credential_tier"],
        protected=bool(asset["protected"]),
        availability=_availability(location.availability for location in locations),
        admitted_at=asset["admitted_at"],
        created_at=asset["created_at"],
        locations=tuple(locations),
        characters=tuple(shown.get(CHARACTER, ())),
        scenes=tuple(shown.get(SCENE, ())),
        shots=tuple(shown.get(SHOT, ())),
        projects=tuple(shown.get(PROJECT, ())),
        tags=tuple(shown.get(TAG, ())),
        generation=generation,
        flags=flags,
    )
