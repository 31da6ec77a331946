"""Derive an asset's claims and answers again from what was kept, without its file: after readers have changed, or when
a hidden text was found in its pixels.
"""

import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dam.catalogue import assets, derived, edges, work
from dam.catalogue.derived import Change, Sources, Stored
from dam.catalogue.unit import Unit
from dam.ingest import papers, relate
from dam.ingest.admit import why_not_protected
from dam.ingest.inspection import NO_CREDENTIALS, derive
from dam.ingest.parts import Parts
from dam.media.carriers import Text
from dam.metadata import keep
from dam.metadata.keep import Kept
from dam.model import Credentials, Derived

ACTION = "asset.reparsed"


@dataclass(frozen=True, slots=True)
class Again:
    """What an asset's carriers say now, beside what is stored."""

    stored: Stored
    found: Derived
    kept: Kept
    sources: Sources
    change: Change


def again(stored: Stored, *, hidden: Text | None = None) -> Again | None:
    """Read the kept carriers once more (with a hidden text that was found). Pure; None if none were kept.

    Raises:
        StorageError: what was kept cannot be read.
    """
    if stored.packed is None:
        return None
    probe, kept = keep.opened(stored.packed, stored.media, size_bytes=stored.size_bytes)
    if hidden is not None:
        probe = replace(probe, texts=(*probe.texts, hidden))
        kept = keep.pack(probe)
    credentials = NO_CREDENTIALS if stored.credentials is None else credentials_of(stored.credentials)
    found = derive(probe, credentials)
    sources = Sources(tuple(relate.references(found, credentials)), tuple(papers.ids_of(found.claims)))
    return Again(stored, found, kept, sources, derived.compare(stored, found, kept, sources))


def write(parts: Parts, unit: Unit, new: Again, *, because: str) -> int:
    """Put a changed asset's answers in place, with audit entry and outbox row, and settle its machine-made edges.

    Returns how many edges changed. People's decisions and edges are not touched.
    """
    asset_id, change = new.stored.id, new.change
    others = papers.wanting(unit, asset_id) if "documents" in change.fields else set()
    derived.write(unit, new.stored, new.found, new.kept, new.sources)
    detail = {
        "sha256": new.stored.sha256,
        "because": because,
        "fields": list(change.fields),
        "readers": list(change.readers),
    }
    unit.audit(ACTION, asset_id, detail)
    if new.found.ai_generated is True and new.stored.ai_generated is not True:
        _protect(parts, unit, asset_id)
    if "documents" in change.fields:
        others |= papers.wanting(unit, asset_id)
    return settle(unit, new) + sum(_settled(unit, other) for other in sorted(others)[: relate.MAX_WAITING])


def settle(unit: Unit, new: Again) -> int:
    """Make the edges what the sources say; needed too where only an edge was lost. Returns how many changed."""
    if not new.sources and not new.stored.has_sources:
        return 0
    return _settled(unit, new.stored.id, anew=new.stored.has_sources)


def _settled(unit: Unit, asset_id: str, *, anew: bool = False) -> int:
    changed = relate.settle(unit, asset_id, anew=anew)
    if changed:
        unit.touch(asset_id)
    return changed


def _protect(parts: Parts, unit: Unit, asset_id: str) -> None:
    """The policy may want a copy of what is known to be AI-made only now."""
    asset = assets.facts(unit, [asset_id])[0]
    policies = edges.policies_of(unit, asset_id)
    if any(why_not_protected(asset, policy or parts.settings.protect) is None for policy in policies):
        work.ask_again(unit, asset_id, "protect", skipped_for="protect.policy")


def hidden_text(parts: Parts, unit: Unit, asset_id: str, text: Text) -> None:
    """Keep a text that was found in an asset's pixels, and derive its answers again; nothing if it has spoken already."""
    stored = derived.load(derived.rows_of(unit), [asset_id])[0]
    if stored.generation is not None:
        return
    new = again(stored, hidden=text)
    if new is not None and new.change:
        write(parts, unit, new, because="hidden text")


def credentials_of(detail: Mapping[str, Any]) -> Credentials:
    """A stored verdict (model.Credentials as plain data) as it was; what this version does not know is left out."""
    found: Credentials = _revived(Credentials, detail)
    return found


def _revived(wanted: Any, value: Any) -> Any:
    """Plain data as the dataclasses, enumerations and tuples that it was made from."""
    origin = typing.get_origin(wanted)
    if value is None or origin in (types.UnionType, typing.Union):
        inner = [one for one in typing.get_args(wanted) if one is not type(None)]
        return None if value is None else _revived(inner[0], value) if len(inner) == 1 else value
    if origin is tuple:
        return tuple(_revived(typing.get_args(wanted)[0], one) for one in value)
    if dataclasses.is_dataclass(wanted) and isinstance(value, Mapping):
        hints = _hints(wanted if isinstance(wanted, type) else type(wanted))
        known = {name: _revived(hints[name], one) for name, one in value.items() if name in hints}
        return wanted(**known)  # type: ignore[operator]  # a dataclass type
    if isinstance(wanted, type) and issubclass(wanted, enum.Enum):
        return wanted(value)
    return value


@functools.cache
def _hints(wanted: Any) -> dict[str, Any]:
    return typing.get_type_hints(wanted)
