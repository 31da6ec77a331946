"""Ancestors and descendants, walked level by level within limits."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dam.model import Edge

NODE_LIMIT = 2000
EDGES_PER_NODE = 8


class Direction(StrEnum):
    UP = "up"  # edges whose child is one of these
    DOWN = "down"  # edges whose parent is one of these


Neighbours = Callable[[Sequence[str], Direction], Iterable[Edge]]


@dataclass(frozen=True, slots=True)
class Node:
    """`level` 0 is the start, negative are ancestors, positive descendants: the shortest way found."""

    asset_id: str
    level: int


@dataclass(frozen=True, slots=True)
class Lineage:
    """Nodes by level and id, edges between them by parent and child. `truncated`: a limit on nodes or edges cut it."""

    start: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    truncated: bool


def walk(start: str, neighbours: Neighbours, up: int, down: int, max_nodes: int = NODE_LIMIT) -> Lineage:
    """Breadth first up and down from `start`, never sideways (a sibling is no ancestor). Cycles end by themselves.

    `neighbours` is asked once for each level with all its ids. Where nodes must be left out, the edges of highest
    confidence are followed first; the result does not depend on the order in which edges come.
    """
    levels = {start: 0}
    edges: dict[tuple[str, str, str, str], Edge] = {}
    truncated = False
    for direction, depth in ((Direction.UP, up), (Direction.DOWN, down)):
        truncated |= _walk_one_way((start, direction, depth), neighbours, levels, edges, max_nodes)
    between = [edges[key] for key in sorted(edges) if edges[key].parent_id in levels and edges[key].child_id in levels]
    limit = max(1, max_nodes) * EDGES_PER_NODE
    nodes = tuple(Node(name, level) for name, level in sorted(levels.items(), key=lambda item: (item[1], item[0])))
    return Lineage(start, nodes, tuple(between[:limit]), truncated or len(between) > limit)


def _walk_one_way(
    way: tuple[str, Direction, int],
    neighbours: Neighbours,
    levels: dict[str, int],
    edges: dict[tuple[str, str, str, str], Edge],
    max_nodes: int,
) -> bool:
    """Adds to `levels` and `edges`; True if something did not fit."""
    start, direction, depth = way
    sign = -1 if direction is Direction.UP else 1
    seen, frontier, truncated = {start}, [start], False
    for distance in range(1, depth + 1):
        if not frontier:
            break
        found = sorted(neighbours(tuple(frontier), direction), key=_strongest_first)
        frontier = []
        for edge in found:
            name = edge.parent_id if direction is Direction.UP else edge.child_id
            if name not in levels and len(levels) >= max_nodes:
                truncated = True
                continue
            edges.setdefault((edge.parent_id, edge.child_id, str(edge.relation), edge.evidence), edge)
            if name not in seen:
                seen.add(name)
                levels.setdefault(name, sign * distance)
                frontier.append(name)
        frontier.sort()
    return truncated


def _strongest_first(edge: Edge) -> tuple[float, str, str, str, str]:
    return -edge.confidence, edge.parent_id, edge.child_id, str(edge.relation), edge.evidence
