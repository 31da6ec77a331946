"""ADMIT: a settled path becomes an asset with a location, claims, a generation and edges, and is searchable.

Reading happens outside the transaction; the file's stat is compared before and after, so half a file is never admitted.
"""

import os
from datetime import UTC, datetime

from dam.catalogue import assets, derived, edges, placements, work
from dam.catalogue.tables import AssetRow
from dam.catalogue.unit import Unit, iso
from dam.catalogue.work import Arrival
from dam.ingest import relate
from dam.ingest.inspection import examine
from dam.ingest.moments import STAGE as MOMENTS
from dam.ingest.moments import VERSION as MOMENTS_VERSION
from dam.ingest.parts import Parts
from dam.ingest.sounds import STAGE as SOUND
from dam.ingest.sounds import VERSION as SOUND_VERSION
from dam.media import unfinished
from dam.media.files import Entry, entry_at
from dam.media.paths import from_text, match_key
from dam.metadata import keep
from dam.metadata.keep import Kept
from dam.model import CredentialState, Derived, Edge, Inspection, Kind, Relation

PIXELS_VERSION = "1"
PROTECT_VERSION = "1"
UNFINISHED_FACTOR = 15  # times settle_s: how long after the last write a file without an end is waited for
RETRY_CODES = ("file.unreadable", "file.lost")


def admit(parts: Parts, arrival: Arrival) -> str:
    """Admit one file. Returns what became of it: admitted, known, changing, gone, retried or quarantined."""
    folder, path = from_text(arrival.root_path), from_text(arrival.path)
    before = entry_at(folder, path)
    if before is None:
        return _gone(parts, arrival, folder)
    later = parts.wall() + parts.settings.settle_s
    if before.seen != arrival.seen:
        with parts.catalogue.change() as unit:
            work.settle_later(unit, arrival.id, before.seen, later)
        return "changing"
    whole = os.path.join(folder, path)
    if before.size_bytes == 0:
        if _waits_for_end(parts, arrival, before, whole, []):
            return "changing"
        return _fail(parts, arrival, "file.empty", "The file has 0 bytes. It is looked at again when it changes.")
    found, carriers = examine(whole, parts.trust, max_bytes=parts.max_bytes)
    after = entry_at(folder, path)
    if after is None:
        return _gone(parts, arrival, folder)
    if after.seen != before.seen:
        with parts.catalogue.change() as unit:
            work.settle_later(unit, arrival.id, after.seen, later)
        return "changing"
    if found.sha256 is None:
        problem = found.problems[0]
        return _fail(parts, arrival, problem.code, problem.message)
    if _waits_for_end(parts, arrival, before, whole, [problem.code for problem in found.problems]):
        return "changing"
    kept = keep.pack(carriers) if carriers is not None else None
    with parts.catalogue.change() as unit:
        return _commit(parts, unit, arrival, found, kept)


def _waits_for_end(parts: Parts, arrival: Arrival, there: Entry, path: str, problems: list[str]) -> bool:
    """A file that was written to just now and has no end yet is waited for, a few times longer than for quiet."""
    patience = UNFINISHED_FACTOR * parts.settings.settle_s
    left = patience - (parts.wall() - there.seen[1] / 1e9)
    if not 0 < left <= patience:
        return False
    why = unfinished.reason(path, problems)
    if why is None:
        return False
    later = parts.wall() + max(parts.settings.settle_s, left / 2)
    with parts.catalogue.change() as unit:
        work.settle_later(unit, arrival.id, there.seen, later, code="file.unfinished", message=why)
    return True


def _gone(parts: Parts, arrival: Arrival, folder: str) -> str:
    if not os.path.isdir(folder):
        return _fail(parts, arrival, "file.lost", "The root went away while the file was waiting.")
    with parts.catalogue.change() as unit:
        work.arrived(unit, arrival.id)
    return "gone"


def _fail(parts: Parts, arrival: Arrival, code: str, message: str) -> str:
    again = code in RETRY_CODES and arrival.tries + 1 < parts.settings.max_tries
    retry_at = parts.wall() + 0.5 * 2**arrival.tries if again else None
    with parts.catalogue.change() as unit:
        if work.arrival_failed(unit, arrival.id, code, message, retry_at=retry_at):
            unit.audit("file.quarantined", arrival.root_id, {"path": arrival.path, "code": code})
            assets.vacate(unit, arrival.root_id, arrival.path, arrival.seen)
            return "quarantined"
    return "retried"


def _commit(parts: Parts, unit: Unit, arrival: Arrival, found: Inspection, kept: Kept | None) -> str:
    assert found.sha256 is not None
    if (holder := placements.asset_of(unit, found.sha256)) is not None:
        return _own_copy(unit, arrival, holder, found.sha256)
    asset = assets.by_sha256(unit, found.sha256)
    new = asset is None
    if asset is None:
        created = iso(datetime.fromtimestamp(max(0, arrival.seen[1]) / 1e9, tz=UTC))
        asset = assets.add(unit, found, title=match_title(arrival.path), created_at=created, kept=kept)
        relate.note_references(unit, asset.id, found)
        assets.want_stages(unit, asset.id, stages_for(parts, asset, arrival, is_copy=_is_protected_copy(found)))
    replaced = assets.place(unit, asset.id, arrival.root_id, arrival.path, arrival.seen)
    work.arrived(unit, arrival.id)
    if new:
        unit.audit("asset.admitted", asset.id, {"sha256": asset.sha256, "root": arrival.root_id, "path": arrival.path})
    else:
        if kept is not None:
            derived.keep(unit, asset.id, Derived.of(found), kept)
        if not asset.protected and why_not_protected(asset, arrival.protect or parts.settings.protect) is None:
            work.ask_again(unit, asset.id, "protect", skipped_for="protect.policy")
        if asset.protected and arrival.protect_mode == "in_place":
            placements.ask_again(unit, asset.id)
        unit.audit("location.added", asset.id, {"root": arrival.root_id, "path": arrival.path})
    if replaced is not None:
        edge = Edge(replaced, asset.id, Relation.REVISION, "same_path", 0.9, {"path": arrival.path})
        edges.put(unit, [edge])
        unit.audit("location.replaced", asset.id, {"before": replaced, "root": arrival.root_id, "path": arrival.path})
    relate.on_arrival(unit, asset, match_key(arrival.path))
    return "admitted" if new else "known"


def _own_copy(unit: Unit, arrival: Arrival, asset_id: str, sha256: str) -> str:
    """Our own signed copy, in its original's place or moved from there: the same asset, decisions and all."""
    replaced = assets.place(unit, asset_id, arrival.root_id, arrival.path, arrival.seen, copy_sha256=sha256)
    work.arrived(unit, arrival.id)
    detail = {"root": arrival.root_id, "path": arrival.path, "copy": sha256}
    unit.audit("location.added" if replaced is None else "location.replaced", asset_id, detail)
    return "known"


def match_title(path: str) -> str:
    """The file's name: what people call the asset until they name it."""
    return path.rsplit("/", 1)[-1]


def _is_protected_copy(found: Inspection) -> bool:
    """Whether the file is a protected copy, by a credential that can be believed."""
    return found.credentials.state is CredentialState.TRUSTED and "sha256" in found.credentials.custom


def stages_for(
    parts: Parts, asset: AssetRow, arrival: Arrival, *, is_copy: bool
) -> list[tuple[str, str, tuple[str, str] | None]]:
    """The stages that a new asset goes through, each with why it is skipped, if it is."""
    stages: list[tuple[str, str, tuple[str, str] | None]] = []
    if asset.kind in (Kind.IMAGE, Kind.VIDEO):
        stages.append(("pixels", PIXELS_VERSION, None))
    # A second mark on top of the first would blur both, and lead to the copy instead of the original.
    copy = ("protect.is_copy", "It is a protected copy already.") if is_copy else None
    skip = copy or why_not_protected(asset, arrival.protect or parts.settings.protect)
    stages.append(("protect", PROTECT_VERSION, skip))
    if asset.kind == Kind.VIDEO:
        stages.append((MOMENTS, MOMENTS_VERSION, copy))  # its original's moments are what a search should find
    if asset.kind == Kind.AUDIO:
        stages.append((SOUND, SOUND_VERSION, copy))
    return stages


def why_not_protected(asset: AssetRow, policy: str) -> tuple[str, str] | None:
    """(code, reason) when policy or format leave this file without a protected copy, else None."""
    if policy == "none":
        return "protect.policy", "The root's policy makes no protected copies."
    if policy == "ai" and asset.ai_generated is not True:
        return "protect.policy", "The policy protects AI-made files; nothing says that this is one."
    if asset.mime == "application/c2pa":
        return "protect.unsupported", "It is a manifest store itself."
    return None
