"""Edges from a C2PA manifest: our own assertion, the ingredients' manifests, the ingredients' titles.

| evidence | relation | confidence | when |
|---|---|---|---|
| headwater_assertion | protected_copy | 1.0 | our own assertion names an asset of ours by id and SHA-256 |
| c2pa_manifest | ingredient | 1.0 | the ingredient's manifest is the one of an asset of ours |
| c2pa_title | ingredient | 0.7 | the ingredient's title is the file name of one content under the child's root |
| c2pa_title | ingredient | 0.3 each | of several contents there |

Where the manifest no longer fits the bytes, or its signature does not hold, all this is hearsay: at most 0.5.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dam.lineage.names import AMBIGUOUS_LIMIT, Candidate, candidates_of
from dam.model import Credentials, CredentialState, Edge, Ingredient, Relation

INGREDIENT_LIMIT = 1000
_BINDING = frozenset({CredentialState.TRUSTED, CredentialState.UNTRUSTED_SIGNER})


def edges_from_credentials(
    child_id: str,
    credentials: Credentials,
    candidates: Iterable[Candidate],
    labels: Mapping[str, str],
) -> list[Edge]:
    """One edge for each parent and relation, the best founded, sorted; never the child itself.

    `candidates` are locations of assets that the titles may mean, and of the asset that our assertion names; `labels`
    leads from active manifest labels to the assets that carry them.
    """
    others = sorted({row for row in candidates if row.asset_id != child_id}, key=lambda row: (row.asset_id, row.path))
    ceiling = 1.0 if credentials.state in _BINDING else 0.5
    found = _from_assertion(child_id, credentials.custom, others, ceiling)
    for ingredient in credentials.ingredients[:INGREDIENT_LIMIT]:
        found += _from_ingredient(child_id, ingredient, others, labels, ceiling)
    copied = {edge.parent_id for edge in found if edge.relation is Relation.PROTECTED_COPY}
    best: dict[tuple[str, str], Edge] = {}
    for edge in sorted(found, key=lambda edge: (edge.confidence, repr(edge.detail))):
        if edge.relation is Relation.PROTECTED_COPY or edge.parent_id not in copied:
            best[edge.parent_id, edge.relation] = edge  # a protected copy's parentOf ingredient says the same again
    return [best[key] for key in sorted(best)]


def _from_assertion(
    child_id: str, custom: Mapping[str, Any], candidates: Sequence[Candidate], ceiling: float
) -> list[Edge]:
    asset_id, sha256 = custom.get("asset_id"), custom.get("sha256")
    if not isinstance(asset_id, str) or not isinstance(sha256, str):
        return []
    known = any(row.asset_id == asset_id and row.sha256.lower() == sha256.lower() for row in candidates)
    if not known:
        return []
    detail = {"sha256": sha256.lower()}
    return [Edge(asset_id, child_id, Relation.PROTECTED_COPY, "headwater_assertion", ceiling, detail)]


def _from_ingredient(
    child_id: str, ingredient: Ingredient, candidates: Sequence[Candidate], labels: Mapping[str, str], ceiling: float
) -> list[Edge]:
    detail: dict[str, Any] = {"title": ingredient.title, "relationship": ingredient.relationship}
    parent = labels.get(ingredient.manifest_label) if ingredient.manifest_label else None
    if parent is not None:
        if parent == child_id:
            return []
        detail["manifest_label"] = ingredient.manifest_label
        return [Edge(parent, child_id, Relation.INGREDIENT, "c2pa_manifest", ceiling, detail)]
    near = [row for row in candidates if row.same_root]
    parents = sorted({row.asset_id for row in candidates_of(ingredient.title or "", near)})
    if len(parents) > 1:
        detail["count"] = len(parents)
    confidence = min(ceiling, 0.7 if len(parents) == 1 else 0.3)
    return [
        Edge(parent, child_id, Relation.INGREDIENT, "c2pa_title", confidence, detail)
        for parent in parents[:AMBIGUOUS_LIMIT]
    ]
