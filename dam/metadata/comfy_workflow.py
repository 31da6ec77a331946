"""The editor's graph of ComfyUI (`workflow`) turned into an API graph: values by position, links by id, subgraphs opened.

Follows the front end's `graphToPrompt` where it can: reroutes and bypassed nodes are seen through, muted ones dropped,
primitives become literals. Node definitions are not in the file, so for old files the names of positional values are known
for the common nodes only; newer files name their widgets themselves.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dam.metadata.comfy_graph import MAX_NODES, Budget
from dam.metadata.comfy_widgets import host_widgets, widgets
from dam.metadata.contract import parse_json

MAX_STEPS = 300_000  # nodes and links looked at, in all scopes together
MAX_DEPTH = 60  # of what a link is followed through
MAX_SUBGRAPH_DEPTH = 8
_MUTED, _BYPASSED = 2, 4
_INPUT_SIDE = -10  # the virtual node at the inner border of a subgraph's inputs
_NO_OP = ("Note", "MarkdownNote", "PrimitiveNode", "Reroute", "SetNode", "GetNode")
_EVERYWHERE = (
    "Anything Everywhere",
    "Anything Everywhere3",
    "Anything Everywhere?",
    "Prompts Everywhere",
    "Seed Everywhere",
)


@dataclass(slots=True)
class _Scope:
    """One graph level: its nodes, its links (id -> source node, source slot) and what surrounds it."""

    prefix: str
    nodes: dict[str, Mapping[str, Any]]
    links: dict[int, tuple[str, int]]
    outer: "_Scope | None" = None
    host: Mapping[str, Any] | None = None
    out_links: list[list[int]] = field(default_factory=list)
    in_names: list[str] = field(default_factory=list)
    values: Mapping[str, Any] = field(default_factory=dict)  # of the host's widgets, by the subgraph's input names
    proxied: dict[str, dict[str, Any]] = field(default_factory=dict)  # values that the host shows for inner nodes
    opened: dict[str, "_Scope"] = field(default_factory=dict)
    answers: dict[int, Any] = field(default_factory=dict)  # what links lead to, as far as known
    sets: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # SetNodes by the name of their variable
    wireless: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)  # links that are not drawn
    broadcast: dict[str, int] = field(default_factory=dict)  # by type: the link that goes everywhere


def find_workflow(value: Any, depth: int = 4) -> dict[str, Any] | None:
    """The editor graph inside decoded JSON: itself, under `workflow`, or as a string of JSON."""
    if depth == 0:
        return None
    if isinstance(value, str) and "nodes" in value:
        return find_workflow(parse_json(value), depth - 1)
    if not isinstance(value, dict):
        return None
    nodes = value.get("nodes")
    if isinstance(nodes, list):
        good = [n for n in nodes if isinstance(n, dict) and isinstance(n.get("type"), str) and "data" not in n]
        return value if good and _is_litegraph(value, good) else None
    keys = [k for k in value if str(k).lower() in ("workflow", "extra_pnginfo", "extra_data", "comfyui")]
    return next((w for k in keys if (w := find_workflow(value[k], depth - 1)) is not None), None)


def _is_litegraph(graph: Mapping[str, Any], nodes: Sequence[Mapping[str, Any]]) -> bool:
    """Other programs' flows have `nodes` with a `type` as well (n8n: `connections`, `parameters`): theirs lack all these."""
    marks = ("widgets_values", "pos", "flags", "order", "mode", "inputs", "outputs")
    return isinstance(graph.get("links"), list) or any(mark in node for node in nodes[:100] for mark in marks)


def to_api_graph(workflow: Mapping[str, Any]) -> dict[str, Any]:
    """An API graph with every live node that could be read; never raises on odd shapes."""
    return _Converter(workflow).converted(workflow)


class _Converter:
    """One conversion: the subgraphs of the file, and the steps that are left."""

    def __init__(self, workflow: Mapping[str, Any]) -> None:
        definitions = workflow.get("definitions")
        listed = definitions.get("subgraphs") if isinstance(definitions, dict) else None
        found = [s for s in listed if isinstance(s, dict)] if isinstance(listed, list) else []
        self._subgraphs = {s["id"]: s for s in found if isinstance(s.get("id"), str)}
        self._budget = Budget(MAX_STEPS)

    def converted(self, workflow: Mapping[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for scope, node in self._all_nodes(self._scope(workflow, "", None, None), 0):
            if len(result) >= MAX_NODES or not self._budget.spend(5):
                break
            if node.get("mode") in (_MUTED, _BYPASSED) or node["type"] in _NO_OP:
                continue
            result[f"{scope.prefix}{node['id']}"] = {"class_type": node["type"], "inputs": self._inputs(scope, node)}
        return result

    def _inputs(self, scope: _Scope, node: Mapping[str, Any]) -> dict[str, Any]:
        inputs = widgets(node) | scope.proxied.get(str(node["id"]), {})
        for at, given in enumerate(_given(node)):
            source = self._source(scope, given.get("link"))
            if source is None and given.get("link") is None:
                source = self._undrawn(scope, node, at, given)
            if source is not None:
                name = str(given.get("name") or at)
                inputs.pop(name.rpartition(".")[2], None)  # a guess, where "model.prompt" is the name
                inputs[name] = source
        return inputs

    def _undrawn(self, scope: _Scope, node: Mapping[str, Any], at: int, given: Mapping[str, Any]) -> Any:
        """What "Anything Everywhere" feeds an open input: as the file lists it, else by the type of the input."""
        wireless = scope.wireless.get((str(node["id"]), at))
        if wireless is not None:
            return self._from_node(scope, *wireless, 0)
        if not scope.broadcast or given.get("widget") or given.get("shape") == 7 or node["type"] in _EVERYWHERE:
            return None
        kind, name = str(given.get("type")), str(given.get("name")).lower()
        side = "negative" if name.startswith("neg") else "positive" if name.startswith(("pos", "prompt")) else ""
        link = scope.broadcast.get(f"{kind} {side}") if side else None
        return self._source(scope, link if link is not None else scope.broadcast.get(kind))

    def _scope(
        self, graph: Mapping[str, Any], prefix: str, outer: _Scope | None, host: Mapping[str, Any] | None
    ) -> _Scope:
        listed = graph.get("nodes")
        nodes: dict[str, Mapping[str, Any]] = {
            str(n["id"]): n
            for n in (listed if isinstance(listed, list) else [])
            if isinstance(n, dict) and isinstance(n.get("id"), (int, str)) and isinstance(n.get("type"), str)
        }
        scope = _Scope(prefix, nodes, _links(graph.get("links")), outer, host)
        self._budget.spend(len(nodes) + len(scope.links))
        if outer is not None and host is not None:
            given = graph.get("inputs")
            ins = [i if isinstance(i, dict) else {} for i in given] if isinstance(given, list) else []
            scope.in_names = [str(i.get("name")) for i in ins]
            scope.values = host_widgets(host, ins)
            scope.out_links = _out_links(graph.get("outputs"))
            scope.proxied = _proxied(host)
        _find_undrawn(scope, graph)
        return scope

    def _all_nodes(self, scope: _Scope, depth: int) -> Iterator[tuple[_Scope, Mapping[str, Any]]]:
        for node in scope.nodes.values():
            if node["type"] not in self._subgraphs:
                yield scope, node
            elif depth < MAX_SUBGRAPH_DEPTH and node.get("mode") not in (_MUTED, _BYPASSED):
                inner = self._opened(scope, node)
                if inner is None:
                    return
                yield from self._all_nodes(inner, depth + 1)

    def _opened(self, scope: _Scope, node: Mapping[str, Any]) -> _Scope | None:
        """The scope inside a subgraph's node, made once. None = out of steps."""
        key = str(node["id"])
        if key not in scope.opened:
            if not self._budget.spend(10):
                return None
            scope.opened[key] = self._scope(self._subgraphs[node["type"]], f"{scope.prefix}{key}:", scope, node)
        return scope.opened[key]

    def _source(self, scope: _Scope, link: Any, depth: int = 0) -> Any:
        """What a link id leads to: `[node, slot]`, the literal of a primitive, or None. Sees through virtual nodes."""
        if not isinstance(link, int) or link not in scope.links or depth > MAX_DEPTH:
            return None
        if link not in scope.answers:
            if not self._budget.spend(3):
                return None
            scope.answers[link] = None  # a circle ends here
            scope.answers[link] = self._from_node(scope, *scope.links[link], depth)
        return scope.answers[link]

    def _from_node(self, scope: _Scope, origin: str, slot: int, depth: int) -> Any:
        if origin == str(_INPUT_SIDE):
            return self._from_outside(scope, slot, depth)
        node = scope.nodes.get(origin)
        if node is None or node.get("mode") == _MUTED:
            return None
        kind = node["type"]
        if kind == "PrimitiveNode":
            return _primitive(node.get("widgets_values"))
        if kind == "GetNode":
            inputs = _given(scope.sets.get(_variable(node), {}))
            return self._source(scope, inputs[0].get("link"), depth + 1) if inputs else None
        if kind == "Reroute" or node.get("mode") == _BYPASSED:
            return self._passed(scope, node, slot, depth)
        if kind in self._subgraphs:
            inner = self._opened(scope, node)
            ends = inner.out_links[slot] if inner and 0 <= slot < len(inner.out_links) else []
            return next((s for each in ends if inner and (s := self._source(inner, each, depth + 1)) is not None), None)
        return [f"{scope.prefix}{origin}", slot]

    def _from_outside(self, scope: _Scope, slot: int, depth: int) -> Any:
        """What stands on the outer side of a subgraph's input: a link, or the value of the host's widget."""
        if scope.outer is None or not 0 <= slot < len(scope.in_names):
            return None
        name = scope.in_names[slot]
        outside = next((i for i in _given(scope.host or {}) if i.get("name") == name), {"name": name, "widget": {}})
        found = self._source(scope.outer, outside.get("link"), depth + 1)
        if found is not None or not isinstance(outside.get("widget"), dict):
            return found
        value = scope.values.get(name)
        return value if isinstance(value, (str, int, float)) else None

    def _passed(self, scope: _Scope, node: Mapping[str, Any], slot: int, depth: int) -> Any:
        """What a reroute or a bypassed node hands on: the input of the output's type, the one at the same place first."""
        inputs, outputs = _given(node), node.get("outputs")
        kind = (
            outputs[slot].get("type")
            if isinstance(outputs, list) and 0 <= slot < len(outputs) and isinstance(outputs[slot], dict)
            else None
        )
        ordered = (inputs[slot : slot + 1] if slot >= 0 else []) + inputs
        same = [i for i in ordered if kind in (None, "*") or i.get("type") in (kind, "*")]
        return next((s for i in same if (s := self._source(scope, i.get("link"), depth + 1)) is not None), None)


def _links(given: Any) -> dict[int, tuple[str, int]]:
    links: dict[int, tuple[str, int]] = {}
    for link in given if isinstance(given, list) else []:
        if isinstance(link, list) and len(link) >= 5 and isinstance(link[0], int) and isinstance(link[2], int):
            links[link[0]] = (str(link[1]), link[2])
        elif isinstance(link, dict) and isinstance(link.get("id"), int) and isinstance(link.get("origin_slot"), int):
            links[link["id"]] = (str(link.get("origin_id")), link["origin_slot"])
    return links


def _out_links(outputs: Any) -> list[list[int]]:
    given = outputs if isinstance(outputs, list) else []
    lists = [o.get("linkIds") if isinstance(o, dict) else None for o in given]
    return [[i for i in each if isinstance(i, int)] if isinstance(each, list) else [] for each in lists]


def _given(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    given = node.get("inputs")
    return [i for i in given if isinstance(i, dict)] if isinstance(given, list) else []


def _primitive(values: Any) -> Any:
    return values[0] if isinstance(values, list) and values and isinstance(values[0], (str, int, float)) else None


def _variable(node: Mapping[str, Any]) -> str:
    value = _primitive(node.get("widgets_values"))
    return str(value) if value is not None else ""


def _find_undrawn(scope: _Scope, graph: Mapping[str, Any]) -> None:
    """Connections without a line: Set/Get pairs and "Anything Everywhere"."""
    extra = graph.get("extra")
    listed = extra.get("ue_links") if isinstance(extra, dict) else None
    for link in listed if isinstance(listed, list) else []:
        slots = (link.get("downstream_slot"), link.get("upstream_slot")) if isinstance(link, dict) else ()
        if len(slots) == 2 and isinstance(slots[0], int) and isinstance(slots[1], int):
            scope.wireless[str(link.get("downstream")), slots[0]] = (str(link.get("upstream")), slots[1])
    for node in scope.nodes.values():
        if node["type"] == "SetNode":
            scope.sets.setdefault(_variable(node), node)
        elif node["type"] in _EVERYWHERE and node.get("mode") not in (_MUTED, _BYPASSED):
            for given in _given(node):
                link = given.get("link")
                if isinstance(link, int):
                    side = str(given.get("label") or given.get("name")).lower()
                    sided = "Prompts" in node["type"] and side.startswith(("pos", "neg"))
                    key = f"{given.get('type')} {'negative' if side.startswith('neg') else 'positive'}"
                    scope.broadcast.setdefault(key if sided else str(given.get("type")), link)


def _proxied(host: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Values that the host of a subgraph shows for inner nodes (`properties.proxyWidgets`), by the inner node's id."""
    properties = host.get("properties")
    pairs = properties.get("proxyWidgets") if isinstance(properties, dict) else None
    values = host.get("widgets_values")
    found: dict[str, dict[str, Any]] = {}
    if isinstance(pairs, list) and isinstance(values, list):
        for pair, value in zip(pairs, values, strict=False):
            if isinstance(pair, list) and len(pair) >= 2 and value is not None:
                found.setdefault(str(pair[0]), {})[str(pair[1])] = value
    return found
