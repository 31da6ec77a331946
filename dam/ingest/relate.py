"""Edges from what assets name as their sources: worked out again whenever either side arrives, so order never matters."""

from typing import Any

from dam.catalogue import documents, edges
from dam.catalogue.edges import Reference
from dam.catalogue.tables import AssetRow
from dam.catalogue.unit import Unit
from dam.ingest import cutting, papers
from dam.lineage.documents import NamedFile, edges_by_file_name
from dam.lineage.ingredients import edges_from_credentials
from dam.lineage.names import bare_name, edges_by_name
from dam.media.paths import match_key
from dam.model import Credentials, CredentialState, Derived, Edge, Ingredient, Input, Inspection, Relation

MAX_WAITING = 2_000  # children looked at again for one arrival; beyond it a name is too common to say anything
MAX_REFERENCES = 1_000  # sources of one asset
MADE_FROM_REFERENCES = (Relation.INPUT, Relation.INGREDIENT, Relation.DERIVED_FROM, Relation.PROTECTED_COPY)


def note_references(unit: Unit, child_id: str, found: Inspection) -> None:
    """Keep what a new asset names as its sources, found or not."""
    edges.add_references(unit, child_id, references(Derived.of(found), found.credentials))
    documents.replace(unit, child_id, papers.ids_of(found.claims))
    if found.timeline is not None:
        cutting.note(unit, child_id, found.timeline)


def references(found: Derived, credentials: Credentials) -> list[Reference]:
    """What a file names as its sources: inputs of its generation, ingredients of its credential, whose copy it is, and
    files in its XMP.
    """
    wanted = {
        Reference(
            "input", name=x.name, name_key=_key(x.name), sha256=x.sha256.lower() if x.sha256 else None, role=x.role
        )
        for x in (found.generation.inputs if found.generation else ())
    }
    for i in credentials.ingredients:
        wanted.add(
            Reference(
                "ingredient", name=i.title, name_key=_key(i.title), manifest_label=i.manifest_label, role=i.relationship
            )
        )
    copied = credentials.custom.get("sha256")
    if isinstance(copied, str):
        wanted.add(Reference("copy", sha256=copied.lower()))
    wanted |= {
        Reference("source_file", name=x.name, name_key=_key(x.name), role=x.role) for x in papers.files_of(found.claims)
    }
    return sorted(wanted, key=repr)[:MAX_REFERENCES]


def _key(name: str | None) -> str | None:
    return match_key(bare_name(name)) or None if name else None


def on_arrival(unit: Unit, asset: AssetRow, name_key: str) -> None:
    """An asset was seen under a name: settle its own sources, and those of every asset that may mean it."""
    labels = edges.labels_of(unit, asset.id) if asset.protected or asset.credential_state != "none" else []
    waiting = edges.children_wanting(unit, name_keys=[name_key], sha256=asset.sha256, labels=labels)
    waiting |= papers.wanting(unit, asset.id)
    for child_id in sorted({asset.id, *sorted(waiting)[:MAX_WAITING]}):
        settle(unit, child_id)
    cutting.on_arrival(unit, asset, name_key)


def on_label(unit: Unit, label: str) -> None:
    """A manifest label became known: settle the assets that name it."""
    for child_id in sorted(edges.children_wanting(unit, name_keys=[], sha256="", labels=[label]))[:MAX_WAITING]:
        settle(unit, child_id)


def settle(unit: Unit, child_id: str, *, anew: bool = False) -> int:
    """Make the machine's edges into `child_id` exactly what its references and today's catalogue say. Returns how many
    edges changed. `anew`: it may have edges from references that are no more.
    """
    wanted = edges.references_of(unit, child_id)
    by_id = papers.edges_by_id(unit, child_id)
    if not wanted and by_id is None and not anew:
        return 0
    found = [*(_edges(unit, child_id, wanted) if wanted else ()), *(by_id or ())]
    changed = 0
    for relation in MADE_FROM_REFERENCES:
        mine = _strongest([e for e in found if e.relation is relation])
        changed += edges.drop(unit, child_id, relation, keep={(e.parent_id, e.evidence) for e in mine})
        changed += edges.put(unit, mine)
    saves = [e for e in found if e.relation is Relation.REVISION]
    kept = {(e.parent_id, e.evidence) for e in saves}
    changed += edges.drop(unit, child_id, Relation.REVISION, keep=kept, evidence=papers.EARLIER_SAVE)
    return changed + edges.put(unit, saves)


def _strongest(found: list[Edge]) -> list[Edge]:
    """Without edges that rest on a file name in XMP, where an id in XMP has led to an asset."""
    if any(e.evidence.startswith("xmp_") and e.evidence != papers.BY_NAME for e in found):
        return [e for e in found if e.evidence != papers.BY_NAME]
    return found


def _edges(unit: Unit, child_id: str, wanted: list[Reference]) -> list[Edge]:
    holders = edges.holders(
        unit,
        name_keys=sorted({r.name_key for r in wanted if r.name_key}),
        sha256s=sorted({r.sha256 for r in wanted if r.sha256}),
        former=True,
    )
    made_at = edges.created_at(unit, child_id)
    candidates = cutting.candidates_of(unit, child_id, holders)
    inputs = [Input(r.name, r.sha256, r.role) for r in wanted if r.kind == "input"]
    found = edges_by_name(child_id, inputs, candidates, as_of=made_at)
    files = [NamedFile(r.role, r.name) for r in wanted if r.kind == "source_file" and r.name and r.role]
    if files:
        own = edges.names_of(unit, child_id)
        found += edges_by_file_name(child_id, files, candidates, own, as_of=made_at)
    detail = edges.manifest_detail(unit, child_id)
    if detail is not None:
        labels = edges.label_holders(unit, sorted({r.manifest_label for r in wanted if r.manifest_label}))
        found += edges_from_credentials(child_id, _credentials(detail), candidates, labels)
    return found


def _credentials(detail: dict[str, Any]) -> Credentials:
    """The part of a stored verdict that edges are made from."""
    return Credentials(
        CredentialState(detail["state"]),
        ingredients=tuple(Ingredient(**i) for i in detail["ingredients"]),
        custom=detail["custom"],
    )
