"""Writes of lineage edges, and the look-ups that the pure lineage rules need. Each works inside a Unit."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from dam.catalogue.tables import (
    AssetRow,
    CopyRow,
    EdgeRow,
    FormerLocationRow,
    LocationRow,
    ManifestRow,
    ReferenceRow,
    RootRow,
)
from dam.catalogue.unit import Unit
from dam.model import Edge, Relation

MACHINE = "machine"


CLIP = "clip"  # the kind of a timeline's references: they stand apart, see dam.ingest.cutting


@dataclass(frozen=True, slots=True)
class Holder:
    """An asset that may be what a reference means: under which name and root it was ever seen."""

    asset_id: str
    sha256: str
    name_key: str
    root_id: str
    path: str
    kind: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A source that an asset names. `kind`: input, ingredient, copy (of which content), source_file (XMP) or clip."""

    kind: str
    name: str | None = None
    name_key: str | None = None
    sha256: str | None = None
    manifest_label: str | None = None
    role: str | None = None


def put(unit: Unit, edges: Iterable[Edge]) -> int:
    """Add edges, or update their confidence and detail. Returns how many are new or different.

    What a person asserted is never changed by the machine.
    """
    changed = 0
    for edge in edges:
        row = unit.session.exec(
            select(EdgeRow).where(
                EdgeRow.parent_id == edge.parent_id,
                EdgeRow.child_id == edge.child_id,
                EdgeRow.relation == edge.relation.value,
                EdgeRow.evidence == edge.evidence,
            )
        ).first()
        detail: dict[str, Any] = dict(edge.detail)
        if row is None:
            changed += 1
            row = EdgeRow(
                id=unit.new_id(), parent_id=edge.parent_id, child_id=edge.child_id, relation=edge.relation.value,
                evidence=edge.evidence, confidence=edge.confidence, detail=detail, asserted_by=edge.asserted_by,
                asserted_at=unit.now,
            )  # fmt: skip
            unit.audit(
                "edge.asserted",
                edge.child_id,
                {"parent": edge.parent_id, "relation": edge.relation.value, "evidence": edge.evidence},
            )
        elif row.asserted_by != edge.asserted_by and edge.asserted_by == MACHINE:
            continue
        elif (row.confidence, row.detail) != (edge.confidence, detail):
            changed += 1
            row.confidence, row.detail = edge.confidence, detail
        unit.session.add(row)
    unit.session.flush()
    return changed


def drop(
    unit: Unit, child_id: str, relation: Relation, *, keep: Iterable[tuple[str, str]], evidence: str | None = None
) -> int:
    """Remove machine-made edges into `child_id` of this relation whose (parent, evidence) is not in `keep`.

    With `evidence`, only edges that stand on it are looked at. Returns how many went.
    """
    kept, dropped = set(keep), 0
    rows = unit.session.exec(
        select(EdgeRow).where(
            EdgeRow.child_id == child_id, EdgeRow.relation == relation.value, EdgeRow.asserted_by == MACHINE
        )
    ).all()
    for row in rows:
        if (row.parent_id, row.evidence) not in kept and evidence in (None, row.evidence):
            unit.audit(
                "edge.retracted",
                child_id,
                {"parent": row.parent_id, "relation": row.relation, "evidence": row.evidence},
            )
            unit.session.delete(row)
            dropped += 1
    unit.session.flush()
    return dropped


def settle(
    unit: Unit, child_id: str, relation: Relation, edges: Sequence[Edge], *, parents: Collection[str] | None = None
) -> None:
    """Make the machine's edges into `child_id` of this relation exactly these: for many edges, one query finds them.

    With `parents`, only the edges from these assets are looked at.
    """
    statement = sa.select(
        col(EdgeRow.id), col(EdgeRow.parent_id), col(EdgeRow.evidence), col(EdgeRow.confidence), col(EdgeRow.detail),
        col(EdgeRow.asserted_by),
    ).where(col(EdgeRow.child_id) == child_id, col(EdgeRow.relation) == relation.value)  # fmt: skip
    if parents is not None and len(parents) <= 400:
        statement = statement.where(col(EdgeRow.parent_id).in_(sorted(parents)))
    there = {
        (row.parent_id, row.evidence): row
        for row in unit.db.execute(statement)
        if parents is None or row.parent_id in parents
    }
    wanted = {(edge.parent_id, edge.evidence): edge for edge in edges}
    gone = [key for key, row in there.items() if key not in wanted and row.asserted_by == "machine"]
    for at in range(0, len(gone), 400):
        part = [there[key].id for key in gone[at : at + 400]]
        unit.db.execute(sa.delete(EdgeRow).where(col(EdgeRow.id).in_(part)))
    new = []
    for key, edge in wanted.items():
        old, detail = there.get(key), dict(edge.detail)
        if old is None:
            new.append({
                "id": unit.new_id(), "parent_id": edge.parent_id, "child_id": child_id, "relation": relation.value,
                "evidence": edge.evidence, "confidence": edge.confidence, "detail": detail, "asserted_by": "machine",
                "asserted_at": unit.now,
            })  # fmt: skip
        elif old.asserted_by == "machine" and (old.confidence, old.detail) != (edge.confidence, detail):
            changed = sa.update(EdgeRow).where(col(EdgeRow.id) == old.id)
            unit.db.execute(changed.values(confidence=edge.confidence, detail=detail))
    unit.insert(EdgeRow, *new)
    for action, keys in (
        ("edge.retracted", gone),
        ("edge.asserted", [key for key in wanted if key not in there]),
    ):
        for parent, evidence in keys:
            unit.audit(action, child_id, {"parent": parent, "relation": relation.value, "evidence": evidence})


_HOLDER = (
    sa.select(
        col(AssetRow.id),
        col(AssetRow.sha256),
        col(LocationRow.name_key),
        col(LocationRow.root_id),
        col(LocationRow.path),
        col(AssetRow.kind),
        col(AssetRow.created_at),
    )
    .join(LocationRow, col(LocationRow.asset_id) == col(AssetRow.id))
    .order_by(col(AssetRow.sha256), col(LocationRow.path))
)
_FORMER_HOLDER = (
    sa.select(
        col(AssetRow.id),
        col(AssetRow.sha256),
        col(FormerLocationRow.name_key),
        col(FormerLocationRow.root_id),
        col(FormerLocationRow.path),
        col(AssetRow.kind),
        col(AssetRow.created_at),
    )
    .join(FormerLocationRow, col(FormerLocationRow.asset_id) == col(AssetRow.id))
    .order_by(col(AssetRow.sha256), col(FormerLocationRow.path))
)


def holders(
    unit: Unit, *, name_keys: Sequence[str] = (), sha256s: Sequence[str] = (), former: bool = False
) -> list[Holder]:
    """Every asset with one of these names (in any root, missing or not) or contents. `former`: also those that were
    saved over since.
    """
    named, wanted = list(name_keys), list(sha256s)
    places: list[tuple[Any, Any]] = [(_HOLDER, LocationRow)]
    if former:
        places.append((_FORMER_HOLDER, FormerLocationRow))
    found: list[Holder] = []
    for statement, table in places:
        either = sa.or_(col(table.name_key).in_(named), col(AssetRow.sha256).in_(wanted))
        found += [Holder(*row) for row in unit.db.execute(statement.where(either))]
    return found


def stem_holders(unit: Unit, stems: Sequence[str]) -> list[Holder]:
    """Every asset whose name is one of these and a suffix: a range of the index, "stem." up to before "stem/"."""
    found: list[Holder] = []
    name = col(LocationRow.name_key)
    for at in range(0, len(stems), 100):
        spans = [sa.and_(name >= f"{stem}.", name < f"{stem}/") for stem in stems[at : at + 100]]
        found += [Holder(*row) for row in unit.db.execute(_HOLDER.where(sa.or_(*spans)))]
    return found


def label_holders(unit: Unit, labels: Sequence[str]) -> dict[str, str]:
    """Manifest label → asset: by the manifest that the asset's own bytes carry, or that its protected copy carries."""
    wanted = list(labels)
    found: dict[str, str] = {}
    for label, asset_id in (
        (col(CopyRow.manifest_label), col(CopyRow.asset_id)),
        (col(ManifestRow.label), col(ManifestRow.asset_id)),
    ):
        rows = unit.db.execute(sa.select(label, asset_id).where(label.in_(wanted)))
        found |= {row[0]: row[1] for row in rows if row[0]}
    return found


def add_references(unit: Unit, child_id: str, wanted: Iterable[Reference]) -> None:
    unit.insert(ReferenceRow, *({"id": unit.new_id(), "child_id": child_id, **asdict(one)} for one in wanted))


def manifest_detail(unit: Unit, asset_id: str) -> dict[str, Any] | None:
    """The verdict as it was stored (model.Credentials as plain data), or None."""
    row = unit.session.get(ManifestRow, asset_id)
    return dict(row.detail) if row else None


def references_of(unit: Unit, child_id: str) -> list[Reference]:
    """What an asset names as its sources, but for the clips of a timeline: those stand in cut_clip."""
    rows = unit.db.execute(
        sa.select(
            col(ReferenceRow.kind), col(ReferenceRow.name), col(ReferenceRow.name_key), col(ReferenceRow.sha256),
            col(ReferenceRow.manifest_label), col(ReferenceRow.role),
        )
        .where(col(ReferenceRow.child_id) == child_id, col(ReferenceRow.kind) != CLIP)
        .order_by(col(ReferenceRow.id))
    )  # fmt: skip
    return [Reference(*row) for row in rows]


def children_wanting(unit: Unit, *, name_keys: Sequence[str], sha256: str, labels: Sequence[str]) -> set[str]:
    """Assets that name one of these as their source, found or not."""
    statement = sa.select(col(ReferenceRow.child_id)).where(
        col(ReferenceRow.kind) != CLIP,
        sa.or_(
            col(ReferenceRow.name_key).in_(list(name_keys)),
            col(ReferenceRow.sha256) == sha256,
            col(ReferenceRow.manifest_label).in_(list(labels)),
        ),
    )
    return {row[0] for row in unit.db.execute(statement)}


def names_of(unit: Unit, asset_id: str) -> frozenset[str]:
    """The keys of all file names under which an asset was ever seen."""
    names: set[str] = set()
    table: Any
    for table in (LocationRow, FormerLocationRow):
        rows = unit.db.execute(sa.select(col(table.name_key)).where(col(table.asset_id) == asset_id))
        names.update(row[0] for row in rows)
    return frozenset(names)


# Asked for every file that arrives, so it is built once.
_CLIPS_WANTING = sa.select(col(ReferenceRow.child_id), col(ReferenceRow.role)).where(
    col(ReferenceRow.kind) == CLIP,
    sa.or_(
        col(ReferenceRow.name_key).in_(sa.bindparam("names", expanding=True)),
        col(ReferenceRow.sha256).in_(sa.bindparam("hashes", expanding=True)),
    ),
)


def clips_wanting(
    unit: Unit, *, name_keys: Sequence[str], sha256s: Sequence[str], cut_id: str | None = None
) -> list[tuple[str, int]]:
    """(timeline, position) of clips whose media have one of these names or contents; of one timeline, or of all."""
    rows = unit.db.execute(_CLIPS_WANTING, {"names": list(name_keys), "hashes": list(sha256s)})
    return sorted({(row[0], int(row[1] or 0)) for row in rows if cut_id is None or row[0] == cut_id})


def names_and_hashes(unit: Unit, asset_ids: Sequence[str]) -> list[tuple[str, str]]:
    """(name key, SHA-256) of every location of these assets."""
    found: list[tuple[str, str]] = []
    for at in range(0, len(asset_ids), 400):
        rows = unit.db.execute(
            sa.select(col(LocationRow.name_key), col(AssetRow.sha256))
            .join(AssetRow, col(AssetRow.id) == col(LocationRow.asset_id))
            .where(col(LocationRow.asset_id).in_(list(asset_ids[at : at + 400])))
        )
        found += [(row[0], row[1]) for row in rows]
    return found


def created_at(unit: Unit, asset_id: str) -> str:
    """When an asset's file was written, as far as its drive says."""
    return str(unit.db.execute(sa.select(col(AssetRow.created_at)).where(col(AssetRow.id) == asset_id)).scalar_one())


def roots_of(unit: Unit, asset_id: str) -> set[str]:
    rows = unit.db.execute(sa.select(col(LocationRow.root_id)).where(col(LocationRow.asset_id) == asset_id))
    return {row[0] for row in rows}


def labels_of(unit: Unit, asset_id: str) -> list[str]:
    """Manifest labels under which others may name this asset: its own bytes' manifest, and its copies'."""
    own = unit.db.execute(sa.select(col(ManifestRow.label)).where(col(ManifestRow.asset_id) == asset_id))
    copies = unit.db.execute(sa.select(col(CopyRow.manifest_label)).where(col(CopyRow.asset_id) == asset_id))
    return sorted({row[0] for row in [*own, *copies] if row[0]})


def policies_of(unit: Unit, asset_id: str) -> list[str | None]:
    """The protection policies of the roots where an asset stands (None: the library's)."""
    rows = unit.db.execute(
        sa.select(col(RootRow.protect))
        .join(LocationRow, col(LocationRow.root_id) == col(RootRow.id))
        .where(col(LocationRow.asset_id) == asset_id)
        .distinct()
    )
    return [row[0] for row in rows]
