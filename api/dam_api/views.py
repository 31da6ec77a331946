"""What a page shows, worked out from the wire models before a template sees it. Pure: no request, no library."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from dam.model import Relation
from dam.search.grammar import parse
from dam.search.query import All, And, Node, Term, render
from dam_api.words import word
from dam_schemas.asset import AssetOut, EdgeOut, LineageOut, SearchPageOut

SHOWN_CHOICES = 7
NEIGHBOURS = 12
FACETS = (
    ("status", "Review"),
    ("character", "Character"),
    ("scene", "Scene"),
    ("project", "Project"),
    ("tag", "Tag"),
    ("kind", "Kind"),
    ("ai", "Origin"),
    ("tool", "Tool"),
    ("model", "Model"),
    ("lora", "LoRA"),
    ("credential", "Credential"),
    ("availability", "Availability"),
    ("root", "Root"),
)
_IS = {"status", "availability"}
_NAMES = {"tool", "model", "lora", "root", "character", "scene", "project", "tag"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet. `href` leads to the same search with it, or without it if it is `active`."""

    label: str
    count: int
    active: bool
    href: str


@dataclass(frozen=True, slots=True)
class Facet:
    title: str
    choices: tuple[Choice, ...]
    more: tuple[Choice, ...]
    is_name: bool  # the labels are strangers' texts


@dataclass(frozen=True, slots=True)
class Chip:
    """One part of the query, with the link that leaves it out."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A term of an asset with why it is there. `said`: what a person said of it, None = nothing."""

    kind: str
    name: str
    why: str
    said: bool | None
    href: str

    @property
    def refused(self) -> bool:
        return self.said is False


def terms_of(findings: Iterable[Mapping[str, Any]]) -> list[Shown]:
    """Each term once, with all its sources."""
    by_term: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for one in findings:
        by_term.setdefault((one["kind"], one["name"]), []).append(one)
    shown = []
    for (kind, name), sources in by_term.items():
        said = None if sources[0]["confirmed"] is None else bool(sources[0]["confirmed"])
        person = sources[0]["person"]
        why = [f"{s['source']}: {s['detail']}" for s in sources if s["source"] != "person"]
        if said is not None:
            why.insert(0, f"{'confirmed' if said else 'refused'} by {person}")
        shown.append(Shown(kind, name, ", ".join(why), said, search_href([Term(kind, name, "=")], None)))
    return shown


def term_of(facet: str, value: str) -> Term:
    """The filter that a facet's value stands for, in the search language."""
    if facet in _IS:
        return Term("is", value)
    return Term(facet, value, "=") if facet in _NAMES else Term(facet, value)


def parts_of(understood: str) -> tuple[Node, ...]:
    """What a query demands, one by one."""
    tree = parse(understood).tree
    if isinstance(tree, And):
        return tree.children
    return () if isinstance(tree, All) else (tree,)


def search_href(parts: Sequence[Node], sort: str | None) -> str:
    tree: Node = All() if not parts else parts[0] if len(parts) == 1 else And(tuple(parts))
    asked = {"q": render(tree), "sort": sort or ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/?{query}" if query else "/"


def facets_of(page: SearchPageOut, sort: str | None) -> list[Facet]:
    parts = parts_of(page.understood)
    found = []
    for name, title in FACETS:
        counts = page.facets.get(name, {})
        choices = [_choice(name, value, count, parts, sort) for value, count in counts.items()]
        choices.sort(key=lambda c: not c.active)
        if choices:
            found.append(Facet(title, tuple(choices[:SHOWN_CHOICES]), tuple(choices[SHOWN_CHOICES:]), name in _NAMES))
    return found


def _choice(facet: str, value: str, count: int, parts: tuple[Node, ...], sort: str | None) -> Choice:
    term = term_of(facet, value)
    active = term in parts
    wanted = tuple(part for part in parts if part != term) if active else (*parts, term)
    label = value if facet in _NAMES else word(value)
    return Choice(label, count, active, search_href(wanted, sort))


def chips_of(understood: str, sort: str | None) -> list[Chip]:
    parts = parts_of(understood)
    return [Chip(render(part), search_href([p for p in parts if p is not part], sort)) for part in parts]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another asset and why it is one: the strongest edge first. `evidence` in words."""

    asset: AssetOut
    relation: str
    evidence: tuple[str, ...]
    confidence: float
    asserted_by: str


@dataclass(frozen=True, slots=True)
class Family:
    parents: tuple[Neighbour, ...]
    children: tuple[Neighbour, ...]
    alike: tuple[Neighbour, ...]
    more: int


def family_of(view: LineageOut) -> Family:
    """The neighbours of the asset that a lineage of one step starts from."""
    cards = {card.id: card for card in view.nodes}
    alike = [e for e in view.edges if e.relation == Relation.NEAR_DUPLICATE]
    others = [e for e in view.edges if e.relation != Relation.NEAR_DUPLICATE]
    up = _neighbours(((e.parent_id, e) for e in others if e.child_id == view.start), cards)
    down = _neighbours(((e.child_id, e) for e in others if e.parent_id == view.start), cards)
    near = (
        (e.parent_id if e.child_id == view.start else e.child_id, e)
        for e in alike
        if view.start in (e.child_id, e.parent_id)
    )
    beside = _neighbours(near, cards)
    known = {n.asset.id for n in (*up, *down)}
    beside = tuple(n for n in beside if n.asset.id not in known)
    kept = [group[:NEIGHBOURS] for group in (up, down, beside)]
    more = sum(len(group) for group in (up, down, beside)) - sum(len(group) for group in kept)
    return Family(kept[0], kept[1], kept[2], more)


def _neighbours(edges: Iterable[tuple[str, EdgeOut]], cards: dict[str, AssetOut]) -> tuple[Neighbour, ...]:
    grouped: dict[tuple[str, str], list[EdgeOut]] = {}
    for other, edge in edges:
        if other in cards:
            grouped.setdefault((other, edge.relation), []).append(edge)
    found = []
    for (other, relation), same in grouped.items():
        best = max(same, key=lambda e: e.confidence)
        evidence = tuple(dict.fromkeys(word(e.evidence) for e in same))
        found.append(Neighbour(cards[other], relation, evidence, best.confidence, best.asserted_by))
    return tuple(sorted(found, key=lambda n: (-n.confidence, n.asset.title)))
