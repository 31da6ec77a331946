"""Edges from what a generation says that it read: a hash where there is one, else a file name.

| evidence | confidence | when |
|---|---|---|
| sha256 | 1.0 | the input's own SHA-256 is an asset's |
| name_in_root | 0.9 | one content of that name under the child's root |
| name_in_other_root | 0.6 | none there, one content of that name elsewhere |
| name_ambiguous | 0.3 each | several contents of that name; `detail.count` says how many |

A stated SHA-256 that no candidate has speaks against every candidate of the same name: then there is no edge.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dam.media.paths import match_key
from dam.model import Edge, Input, Relation

AMBIGUOUS_LIMIT = 16  # edges of one name; `detail.count` keeps the true number
INPUT_LIMIT = 1000
_FOLDER_TAG = re.compile(r"\[(?:input|output|temp)\]\s*$", re.IGNORECASE)  # ComfyUI: "sub/name.png [output]"
_SHA256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One location of an asset that may be meant. `key` is media.paths.match_key of its file name; `path` is relative
    to its root; `same_root`: it lies under the child's root; `kind` is the asset's. `place` tells one root's paths from
    another's; `created_at` is when the asset's file was written.
    """

    asset_id: str
    sha256: str
    key: str
    same_root: bool
    path: str = ""
    kind: str = ""
    place: str = ""
    created_at: str = ""


def edges_by_name(
    child_id: str,
    inputs: Iterable[Input],
    candidates: Iterable[Candidate],
    *,
    carrier: str | None = None,
    as_of: str = "",
) -> list[Edge]:
    """At most one INPUT edge for each parent, the best founded; sorted, whatever the order of the arguments.

    Never the child itself. `as_of`: when the child was made (see `candidates_of`). `detail` has the name, role and carrier; `roles` where an asset was read in several.
    """
    others = sorted({candidate for candidate in candidates if candidate.asset_id != child_id}, key=_order)
    found: list[Edge] = []
    for given in list(inputs)[:INPUT_LIMIT]:
        found.extend(_edges_of(child_id, given, others, carrier, as_of))
    return _best_for_each_parent(found)


def bare_name(name: str) -> str:
    """The name without ComfyUI's folder tag."""
    return _FOLDER_TAG.sub("", name).strip()


def candidates_of(name: str, candidates: Sequence[Candidate], *, as_of: str = "") -> list[Candidate]:
    """Those of that file name. If the name has a folder that some of them lie in, only these.

    Of several contents that stood at one place, one after the other, the one that stood there at `as_of`: the latest
    written until then, else the first.
    """
    bare = bare_name(name)
    key = match_key(bare)
    if not key:
        return []
    named = _at_the_time([candidate for candidate in candidates if candidate.key == key], as_of)
    tail = _tail(bare)
    if "/" not in tail:
        return named
    return [candidate for candidate in named if f"/{_tail(candidate.path)}".endswith(f"/{tail}")] or named


def _at_the_time(named: list[Candidate], as_of: str) -> list[Candidate]:
    by_place: dict[str, list[Candidate]] = {}
    for one in named:
        by_place.setdefault(one.place or one.asset_id, []).append(one)
    chosen: set[Candidate] = set()
    for there in by_place.values():
        there.sort(key=lambda one: (one.created_at, one.asset_id))
        before = [one for one in there if one.created_at <= as_of]
        chosen.add(before[-1] if before else there[0])
    return [one for one in named if one in chosen] if as_of else named


def _edges_of(
    child_id: str, given: Input, candidates: Sequence[Candidate], carrier: str | None, as_of: str
) -> list[Edge]:
    detail = {"name": given.name, "role": given.role, "carrier": carrier}
    if given.sha256 and _SHA256.fullmatch(given.sha256):
        wanted = given.sha256.lower()
        exact = sorted({candidate.asset_id for candidate in candidates if candidate.sha256.lower() == wanted})
        return [Edge(parent, child_id, Relation.INPUT, "sha256", 1.0, detail) for parent in exact]
    if not given.name:
        return []
    named = candidates_of(given.name, candidates, as_of=as_of)
    near = [candidate for candidate in named if candidate.same_root]
    parents = sorted({candidate.asset_id for candidate in near or named})
    if len(parents) == 1:
        evidence, confidence = ("name_in_root", 0.9) if near else ("name_in_other_root", 0.6)
        return [Edge(parents[0], child_id, Relation.INPUT, evidence, confidence, detail)]
    counted = detail | {"count": len(parents)}
    return [
        Edge(parent, child_id, Relation.INPUT, "name_ambiguous", 0.3, counted) for parent in parents[:AMBIGUOUS_LIMIT]
    ]


def _best_for_each_parent(edges: list[Edge]) -> list[Edge]:
    by_parent: dict[str, list[Edge]] = {}
    for edge in edges:
        by_parent.setdefault(edge.parent_id, []).append(edge)
    best = []
    for parent in sorted(by_parent):
        rows = sorted(by_parent[parent], key=lambda edge: (-edge.confidence, _shown(edge.detail), edge.evidence))
        roles = sorted({edge.detail["role"] for edge in rows if edge.detail["role"]})
        merged = {**rows[0].detail, "roles": roles} if len(roles) > 1 else rows[0].detail
        best.append(replace(rows[0], detail=merged))
    return best


def _shown(detail: object) -> str:
    return repr(detail)


def _order(candidate: Candidate) -> tuple[str, str, str, bool]:
    return candidate.asset_id, candidate.path, candidate.key, candidate.same_root


def _tail(path: str) -> str:
    """Folders and name in one comparable form."""
    parts = re.split(r"[/\\]+", path.strip("/\\"))
    return "/".join(match_key(part) for part in parts if part not in {"", "."})
