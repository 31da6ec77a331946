"""What an asset's XMP says of its origin: kept as ids in the catalogue, and turned into edges.

The reader `xmp_history` reads; `lineage.documents` decides; this joins the two.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dam.catalogue import documents
from dam.catalogue.documents import DocumentId
from dam.catalogue.unit import Unit
from dam.lineage.documents import (
    DERIVED,
    HOLDER_LIMIT,
    INGREDIENT,
    Documents,
    NamedFile,
    Source,
    edges_from_documents,
    known_id,
)
from dam.model import Claim, Edge

READER = "xmp_history"
EARLIER_SAVE = "xmp_history"
BY_NAME = "xmp_name"
_MAX_IDS = 600  # of one asset
_MAX_FILES = 100


def ids_of(claims: Iterable[Claim]) -> list[DocumentId]:
    """The ids that are kept of an asset: exactly those of its XMP."""
    return ids_in(_said(claims))


def files_of(claims: Iterable[Claim]) -> list[NamedFile]:
    """Files that the XMP names as sources, by name."""
    files: dict[NamedFile, None] = {}
    for said in _said(claims):
        named = [(DERIVED, _text(said, "raw_file")), (DERIVED, _text(said.get("derived_from"), "file"))]
        named += [(INGREDIENT, _text(one, "file")) for one in said.get("ingredients") or ()]
        # A name without a dot is a layer's or a folder's.
        files |= {NamedFile(role, name): None for role, name in named if name and "." in name}
    return list(files)[:_MAX_FILES]


def ids_in(said: Iterable[Mapping[str, Any]]) -> list[DocumentId]:
    """The ids of a file's packets in the catalogue's form; what tells nothing apart is left out."""
    found: dict[DocumentId, None] = {}
    for packet, fields in enumerate(said):
        own = {kind: known_id(_text(fields, f"{kind}_id")) for kind in documents.OWN}
        found |= {DocumentId(kind, value): None for kind, value in own.items() if value}
        sources = [("from", fields.get("derived_from")), *(("ingredient", x) for x in fields.get("ingredients") or ())]
        for position, (role, source) in enumerate(sources, packet * _MAX_IDS):
            for kind in documents.OWN:
                if value := known_id(_text(source, f"{kind}_id")):
                    found[DocumentId(f"{role}_{kind}", value, position)] = None
        for value in filter(None, map(known_id, fields.get("ancestors") or ())):
            found[DocumentId("ancestor", value)] = None
        saves = (known_id(_text(event, "instanceID")) for event in fields.get("history") or ())
        earlier = [value for value in dict.fromkeys(saves) if value and value != own["instance"]]
        found |= {DocumentId("history", value, position): None for position, value in enumerate(earlier)}
    return list(found)[:_MAX_IDS]


def wanting(unit: Unit, asset_id: str) -> set[str]:
    """Assets whose XMP names this one."""
    own = [one for one in documents.ids_of(unit, asset_id) if one.kind in documents.OWN]
    return documents.wanted_by(unit, own, limit=HOLDER_LIMIT) - {asset_id} if own else set()


def edges_by_id(unit: Unit, child_id: str) -> list[Edge] | None:
    """Edges into the child by ids alone; None if its XMP has none."""
    ids = documents.ids_of(unit, child_id)
    if not ids:
        return None
    named = sorted({one.value for one in ids if one.kind not in documents.OWN})
    holders = documents.holders(unit, named, limit=HOLDER_LIMIT) - {child_id} if named else set()
    others = [_documents(one, documents.ids_of(unit, one)) for one in sorted(holders)]
    return edges_from_documents(_documents(child_id, ids), others)


def _documents(asset_id: str, ids: Iterable[DocumentId]) -> Documents:
    by_kind: dict[str, list[DocumentId]] = {}
    for one in ids:
        by_kind.setdefault(one.kind, []).append(one)
    values = {kind: [one.value for one in some] for kind, some in by_kind.items()}
    sources = []
    for role, prefix in ((DERIVED, "from"), (INGREDIENT, "ingredient")):
        instances = {one.position: one.value for one in by_kind.get(f"{prefix}_instance", ())}
        named = {one.position: one.value for one in by_kind.get(f"{prefix}_document", ())}
        sources += [Source(role, instances.get(at), named.get(at)) for at in sorted({*instances, *named})]
    return Documents(
        asset_id,
        frozenset(values.get("document", ())),
        frozenset(values.get("instance", ())),
        tuple(sources),
        tuple(values.get("ancestor", ())),
        tuple(values.get("history", ())),
    )


def _said(claims: Iterable[Claim]) -> list[Mapping[str, Any]]:
    return [claim.fields for claim in claims if claim.reader == READER]


def _text(fields: object, name: str) -> str | None:
    value = fields.get(name) if isinstance(fields, Mapping) else None
    return value if isinstance(value, str) else None
