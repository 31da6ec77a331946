"""Edges from the ids that editors write into XMP (`xmpMM:`), and from the file names beside them.

| evidence | relation | confidence | when |
|---|---|---|---|
| xmp_instance | derived_from, ingredient | 0.95 | the instance id that the child names is one asset's |
| xmp_document | derived_from, ingredient | 0.9 | no asset has that instance, one has the document id that the child names |
| xmp_ancestor | derived_from | 0.6 | a document that was pasted into the child is one asset's |
| xmp_history | revision_of | 0.95 | same document, and the parent's instance is an earlier save in the child's history |
| xmp_name | derived_from, ingredient | 0.7 | one content under the child's root has the file name that the child names |
| the same | the same | 0.3 each | several assets fit, or only one under another root has the name |

Of the earlier saves only the latest that is in the library is a parent. An id that more than HOLDER_LIMIT assets hold
(a template's) says nothing, nor does one of zeros; nor do two assets that each name the other. A shared
OriginalDocumentID makes no edge: siblings are no ancestors.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dam.lineage.names import AMBIGUOUS_LIMIT, Candidate, candidates_of
from dam.model import Edge, Relation

HOLDER_LIMIT = 50
INGREDIENT = "ingredient"
DERIVED = "derived_from"
_RELATIONS = {DERIVED: Relation.DERIVED_FROM, INGREDIENT: Relation.INGREDIENT}
_SEVERAL = 0.3


@dataclass(frozen=True, slots=True)
class Source:
    """A file that an asset names as its source, by ids. `role`: derived_from or ingredient."""

    role: str
    instance: str | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that an asset names as its source, by name only."""

    role: str
    name: str


@dataclass(frozen=True, slots=True)
class Documents:
    """What an asset's XMP says: its own ids, what it names as its sources, and its earlier saves, oldest first."""

    asset_id: str
    documents: frozenset[str] = frozenset()
    instances: frozenset[str] = frozenset()
    sources: tuple[Source, ...] = ()
    ancestors: tuple[str, ...] = ()
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """Who holds which id."""

    by_document: Mapping[str, list[Documents]] = field(default_factory=dict)
    by_instance: Mapping[str, list[Documents]] = field(default_factory=dict)


def known_id(value: str | None) -> str | None:
    """An id in its comparable form; None if it cannot tell one file from another (empty, all zeros, a bare prefix)."""
    text = (value or "").strip().casefold()
    digits = re.sub(r"[^0-9a-z]", "", text.rpartition(":")[2])
    return text if len(digits) >= 8 and len(set(digits)) > 2 else None


def edges_from_documents(child: Documents, others: Iterable[Documents]) -> list[Edge]:
    """One edge for each parent and relation, the best founded; sorted, whatever the order of the arguments.

    Args:
        child: the asset whose edges are wanted.
        others: every asset that holds one of the ids that the child names, with all that it says itself.
    """
    near = sorted(
        {one.asset_id: one for one in others if one.asset_id != child.asset_id}.values(), key=lambda x: x.asset_id
    )
    found = _Found(_index(near, "documents"), _index(near, "instances"))
    edges = [edge for source in child.sources for edge in _from_source(child, source, found)]
    for ancestor in child.ancestors:
        if ancestor not in child.documents:
            holders = found.by_document.get(ancestor, [])
            edges += _edges(child, holders, (Relation.DERIVED_FROM, "xmp_ancestor", 0.6), {"document_id": ancestor})
    edges += _from_history(child, found)
    return _best(edges)


def edges_by_file_name(
    child_id: str,
    files: Iterable[NamedFile],
    candidates: Iterable[Candidate],
    own_keys: frozenset[str],
    *,
    as_of: str = "",
) -> list[Edge]:
    """Edges by name alone. `own_keys` are the child's own file names: a file that names its own name says nothing.

    `as_of`: when the child was made (names.candidates_of).
    """
    others = sorted(
        {row for row in candidates if row.asset_id != child_id and row.key not in own_keys},
        key=lambda row: (row.asset_id, row.path),
    )
    edges: list[Edge] = []
    for given in files:
        named = candidates_of(given.name, others, as_of=as_of)
        near = [row for row in named if row.same_root]
        parents = sorted({row.asset_id for row in near or named})
        sure = 0.7 if near else _SEVERAL
        detail: dict[str, Any] = {"name": given.name, "role": given.role}
        edges += _several(parents, child_id, (_RELATIONS[given.role], "xmp_name", sure), detail)
    return _best(edges)


def _index(others: Sequence[Documents], name: str) -> dict[str, list[Documents]]:
    index: dict[str, list[Documents]] = {}
    for one in others:
        for value in getattr(one, name):
            index.setdefault(value, []).append(one)
    return {value: holders for value, holders in index.items() if len(holders) <= HOLDER_LIMIT}


def _from_source(child: Documents, source: Source, found: _Found) -> list[Edge]:
    relation = _RELATIONS[source.role]
    if source.instance and source.instance not in child.instances and (exact := found.by_instance.get(source.instance)):
        return _edges(child, exact, (relation, "xmp_instance", 0.95), {"instance_id": source.instance})
    # Its own document's other saves: which of them is meant, and which came first, the document id cannot tell.
    if source.document and source.document not in child.documents:
        holders = found.by_document.get(source.document, [])
        return _edges(child, holders, (relation, "xmp_document", 0.9), {"document_id": source.document})
    return []


def _from_history(child: Documents, found: _Found) -> list[Edge]:
    for instance in reversed(child.history):
        holders = [one for one in found.by_instance.get(instance, []) if one.documents & child.documents]
        if holders and instance not in child.instances:
            return _edges(child, holders, (Relation.REVISION, "xmp_history", 0.95), {"instance_id": instance})
    return []


def _edges(
    child: Documents, holders: Sequence[Documents], kind: tuple[Relation, str, float], detail: dict[str, Any]
) -> list[Edge]:
    parents = [one.asset_id for one in holders if not _names(one, child)]
    return _several(parents, child.asset_id, kind, detail)


def _several(
    parents: Sequence[str], child_id: str, kind: tuple[Relation, str, float], detail: dict[str, Any]
) -> list[Edge]:
    relation, evidence, sure = kind
    if len(parents) > 1:
        sure, detail = _SEVERAL, detail | {"count": len(parents)}
    return [Edge(parent, child_id, relation, evidence, sure, detail) for parent in parents[:AMBIGUOUS_LIMIT]]


def _names(one: Documents, other: Documents) -> bool:
    """Whether `one` names `other` as its source, by whichever rule."""
    instances = {source.instance for source in one.sources}
    if one.documents & other.documents:
        instances |= set(one.history) - one.instances
    documents = {source.document for source in one.sources} | set(one.ancestors)
    return bool(instances & other.instances) or bool((documents & other.documents) - one.documents)


def _best(edges: Iterable[Edge]) -> list[Edge]:
    best: dict[tuple[str, str], Edge] = {}
    for edge in sorted(edges, key=lambda edge: (edge.confidence, edge.evidence, repr(edge.detail))):
        best[edge.parent_id, edge.relation] = edge
    return [best[key] for key in sorted(best)]
