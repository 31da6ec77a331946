"""A ComfyUI API graph as nodes and links, with the walks that readers of it need. Knows no node by name.

An API graph is `{"3": {"class_type": "KSampler", "inputs": {"seed": 1, "positive": ["6", 0]}}}`: an input is a literal or
a link `[node id, output slot]`. Every walk is iterative or depth-bounded, so a cycle or a huge graph ends.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dam.metadata.contract import as_float, clean_text, parse_json

MAX_NODES = 10_000
MAX_LINKS = 100_000
MAX_INPUTS = 1_000  # of one node
MAX_WALK = 5_000
# What all walks over one graph may cost together, in about a microsecond each: an honest graph of 3,000 nodes with 32 passes
# needs a quarter of it. When it is used up, walks end early and later answers are missing.
MAX_STEPS = 500_000
# Controls of switch nodes, and the names of what they choose among (core, Impact, Easy-Use, Comfyroll).
_SWITCH = ("select", "index", "boolean", "switch", "Input", "input", "condition")
_ON = ("on_true", "true", "if_true", "on_yes", "true_value")
_OFF = ("on_false", "false", "if_false", "on_no", "false_value")
_CASES = ("input", "input_", "value", "value_", "any_", "text", "model", "image", "latent", "conditioning", "string")


@dataclass(frozen=True, slots=True)
class Link:
    """Where an input comes from."""

    node: str
    slot: int


@dataclass(frozen=True, slots=True)
class Node:
    """One node: literals and links apart, in the order of the file."""

    id: str
    kind: str
    literals: Mapping[str, Any]
    links: Mapping[str, Link]
    changed: tuple[str, ...] = ()  # `is_changed`: for media loaders the SHA-256 of the file that was read


@dataclass(slots=True)
class Budget:
    """Steps that are left for everything that is asked of one graph."""

    left: int = MAX_STEPS

    def spend(self, steps: int) -> bool:
        """Take `steps`. False = not so many are left, and from then on none."""
        self.left = self.left - steps if steps <= self.left else 0
        return self.left > 0


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by id and, for each, who reads it. Every walk pays from one budget."""

    nodes: Mapping[str, Node]
    readers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget, compare=False)

    def upstream(
        self, start: str, skip: frozenset[str] = frozenset(), ends: frozenset[str] = frozenset()
    ) -> Iterator[Node]:
        """Nodes reached backwards from `start` (which comes first), nearest first, through inputs not in `skip` and not
        beyond the nodes in `ends`.
        """
        seen, queue = {start}, [start]
        for name in itertools.islice(queue, MAX_WALK):
            node = self.nodes.get(name)
            if node is None:
                continue
            if not self.budget.spend(2 + len(node.links)):
                return
            yield node
            if name in ends:
                continue
            for key, link in node.links.items():
                if key not in skip and link.node not in seen:
                    seen.add(link.node)
                    queue.append(link.node)

    def downstream(self, starts: Iterable[str]) -> set[str]:
        """Every node that depends on one of `starts`, these included."""
        users: dict[str, list[str]] = {}
        for node in self.nodes.values():
            for link in node.links.values():
                users.setdefault(link.node, []).append(node.id)
        seen = set(starts)
        queue = list(seen)
        while queue:
            new = [user for user in users.get(queue.pop(), ()) if user not in seen]
            seen.update(new)
            queue += new
        return seen


def find_api_graph(value: Any, depth: int = 4) -> dict[str, Any] | None:
    """The API graph inside decoded JSON: itself, under `prompt`, as a string of JSON, or in a queue-history list."""
    if depth == 0:
        return None
    if isinstance(value, str) and "class_type" in value:
        return find_api_graph(parse_json(value), depth - 1)
    if isinstance(value, dict):
        if isinstance(value.get("nodes"), list):
            return None  # an editor's graph: what lies in its `extra.prompt` is of some earlier run
        if any(is_api_node(node) for node in value.values()):
            return value
        keys = sorted(value, key=lambda k: str(k).lower() != "prompt")
        return next((g for k in keys[:50] if (g := find_api_graph(value[k], depth - 1)) is not None), None)
    if isinstance(value, list):
        return next((g for v in value[:50] if (g := find_api_graph(v, depth - 1)) is not None), None)
    return None


def is_api_node(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("class_type"), str)
        and isinstance(value.get("inputs", {}), dict)
    )


def build(raw: Mapping[str, Any], budget: Budget | None = None) -> Graph:
    """Nodes and links of an API graph; what is not a node is left out. Graphs of one file share one `budget`."""
    given = {str(k): v for k, v in itertools.islice(raw.items(), MAX_NODES) if is_api_node(v)}
    nodes: dict[str, Node] = {}
    readers: dict[str, list[str]] = {}
    left = MAX_LINKS
    for key, value in given.items():
        literals, links = _inputs(value.get("inputs") or {}, given, left)
        left -= len(links)
        for link in links.values():
            readers.setdefault(link.node, []).append(key)
        kind = clean_text(value["class_type"][:1000])
        nodes[key] = Node(key, kind, literals, links, _changed(value.get("is_changed")))
    graph = Graph(nodes, {key: tuple(names) for key, names in readers.items()}, budget or Budget())
    graph.budget.spend(5 * len(nodes) + MAX_LINKS - left)
    settled = {key: _settled(graph, node) for key, node in nodes.items()}
    return Graph(settled, graph.readers, graph.budget)


def _inputs(
    given: Mapping[str, Any], ids: Mapping[str, Any], most_links: int
) -> tuple[dict[str, Any], dict[str, Link]]:
    literals: dict[str, Any] = {}
    links: dict[str, Link] = {}
    for key, value in itertools.islice(given.items(), MAX_INPUTS):
        name = str(key)
        link = _link(value, ids)
        if link is None:
            literals[name] = value
        elif len(links) < most_links:
            links[_bare(name, given) if "." in name else name] = link
    _undotted(literals)
    return literals, links


def _bare(name: str, given: Mapping[str, Any]) -> str:
    """`model.images.image_1` is the input `images.image_1` that the choice in `model` opened."""
    head, _, rest = name.partition(".")
    known = head == "model" or isinstance(given.get(head), str)
    return rest if rest and known and rest not in given else name


def _undotted(literals: dict[str, Any]) -> None:
    """Inputs that depend on another input are written "model.prompt": readable as "prompt" too."""
    for name in [name for name in literals if "." in name]:
        literals.setdefault(name.rpartition(".")[2], literals[name])


def _settled(graph: Graph, node: Node) -> Node:
    """A switch (`select: 2`, `input1`, `input2`) keeps its one live input: the others are dead branches."""
    control = next((key for key in _SWITCH if key in node.literals or key in node.links), None)
    if control is None:
        return node
    chosen = node.literals.get(control)
    if control in node.links:
        chosen = _control(graph, node.links[control])
    if isinstance(chosen, bool):
        names: tuple[str, ...] = _ON if chosen else _OFF
    elif isinstance(chosen, int):
        names = tuple(f"{stem}{chosen}" for stem in _CASES)
    else:
        return node
    live = next((name for name in names if name in node.links or name in node.literals), None)
    if live is None:
        return node
    literals = {live: node.literals[live]} if live in node.literals else {}
    links = {live: node.links[live]} if live in node.links else {}
    return Node(node.id, node.kind, literals, links, node.changed)


def _control(graph: Graph, link: Link) -> Any:
    """What a linked switch is set to: the one flag or number of the node behind it."""
    for _ in range(20):
        node = graph.nodes.get(link.node)
        if node is None or not graph.budget.spend(2 + len(node.literals)):
            return None
        flags = [v for v in node.literals.values() if isinstance(v, int)]
        if len(flags) == 1:
            return flags[0]
        if len(node.links) != 1:
            return None
        link = next(iter(node.links.values()))
    return None


def _link(value: Any, ids: Mapping[str, Any]) -> Link | None:
    if (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], (str, int))
        and not isinstance(value[0], bool)
    ):
        slot = value[1]
        if str(value[0]) in ids and isinstance(slot, int) and not isinstance(slot, bool):
            return Link(str(value[0]), slot)
    return None


def _changed(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(v for v in values if isinstance(v, str) and re.fullmatch(r"[0-9a-f]{64}", v))


def number(graph: Graph, node: Node, keys: tuple[str, ...]) -> Any:
    """A number under one of `keys`, as a literal or through primitive nodes. None = not known before running."""
    for key in keys:
        value = node.literals.get(key)
        if _is_number(value):
            return value
        if key in node.links:
            found = _linked_number(graph, node.links[key], key)
            if found is not None:
                return found
    return None


def _linked_number(graph: Graph, link: Link, key: str) -> Any:
    """The number that an output holds: under the asked name, a usual one, or the only number of a node that sets one."""
    for _ in range(20):
        node = graph.nodes.get(link.node)
        if node is None or not graph.budget.spend(5 + len(node.literals)):
            return None
        names = (key, "value", "seed", "noise_seed", "int", "float", "number", "Number", "Value")
        found = next((v for n in names if _is_number(v := node.literals.get(n))), None)
        if found is not None:
            return found
        alike = [v for name, v in node.literals.items() if name.lower().startswith(key) and _is_number(v)]
        if len(alike) == 1:
            return alike[0]  # `steps_total` of a node that sets several things
        numbers = [v for v in node.literals.values() if not isinstance(v, str) and _is_number(v)]
        if len(numbers) == 1 and not node.links:
            return numbers[0]
        if len(node.links) != 1:
            return None
        link = next(iter(node.links.values()))
    return None


def _is_number(value: Any) -> bool:
    """Also one that a text box holds."""
    if isinstance(value, str):
        return len(value) < 64 and as_float(value) is not None
    return isinstance(value, (int, float)) and not isinstance(value, bool)
