"""The editor's graph of ComfyUI (`workflow`) turned into an API graph: values by position, links by id, subgraphs opened.

Follows the front end's `graphToPrompt` where it can: reroutes and bypassed nodes are seen through, muted ones dropped,
primitives become literals. Node definitions are not in the file, so for old files the names of positional values are known
for the common nodes only; newer files name their widgets themselves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dam.metadata.comfy_widgets import host_widgets, widgets
from dam.metadata.contract import parse_json

MAX_NODES = 20_000
_MUTED, _BYPASSED = 2, 4
_INPUT_SIDE, _OUTPUT_SIDE = -10, -20  # virtual nodes at the borders of a subgraph
_NO_OP = ("Note", "MarkdownNote", "PrimitiveNode", "Reroute")


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
        return value if good else None
    keys = [k for k in value if str(k).lower() in ("workflow", "extra_pnginfo", "extra_data", "comfyui")]
    return next((w for k in keys if (w := find_workflow(value[k], depth - 1)) is not None), None)


def to_api_graph(workflow: Mapping[str, Any]) -> dict[str, Any]:
    """An API graph with every live node that could be read; never raises on odd shapes."""
    definitions = workflow.get("definitions")
    listed = definitions.get("subgraphs") if isinstance(definitions, dict) else None
    subgraphs = (
        {s["id"]: s for s in listed if isinstance(s, dict) and isinstance(s.get("id"), str)}
        if isinstance(listed, list)
        else {}
    )
    result: dict[str, Any] = {}
    for scope, node in _all_nodes(_scope(workflow, "", None, None), subgraphs, 0):
        if len(result) >= MAX_NODES:
            break
        if node.get("mode") in (_MUTED, _BYPASSED) or node.get("type") in _NO_OP:
            continue
        inputs = widgets(node) | _proxied(scope, node)
        for at, given in enumerate(_inputs(node)):
            source = _source(scope, given.get("link"), subgraphs)
            if source is not None:
                inputs[str(given.get("name") or at)] = source
        result[f"{scope.prefix}{node['id']}"] = {"class_type": str(node["type"]), "inputs": inputs}
    return result


def _scope(graph: Mapping[str, Any], prefix: str, outer: _Scope | None, host: Mapping[str, Any] | None) -> _Scope:
    listed = graph.get("nodes")
    nodes: dict[str, Mapping[str, Any]] = {
        str(n["id"]): n
        for n in (listed if isinstance(listed, list) else [])
        if isinstance(n, dict) and isinstance(n.get("id"), (int, str)) and isinstance(n.get("type"), str)
    }
    links: dict[int, tuple[str, int]] = {}
    given = graph.get("links")
    for link in given if isinstance(given, list) else []:
        if isinstance(link, list) and len(link) >= 5 and isinstance(link[0], int) and isinstance(link[2], int):
            links[link[0]] = (str(link[1]), link[2])
        elif isinstance(link, dict) and isinstance(link.get("id"), int) and isinstance(link.get("origin_slot"), int):
            links[link["id"]] = (str(link.get("origin_id")), link["origin_slot"])
    outputs = graph.get("outputs") if outer is not None else None
    out_links = (
        [[i for i in o.get("linkIds") or [] if isinstance(i, int)] if isinstance(o, dict) else [] for o in outputs]
        if isinstance(outputs, list)
        else []
    )
    given = graph.get("inputs") if outer is not None else None
    ins = [i if isinstance(i, dict) else {} for i in given] if isinstance(given, list) else []
    in_names = [str(i.get("name")) for i in ins]
    return _Scope(prefix, nodes, links, outer, host, out_links, in_names, host_widgets(host, ins) if host else {})


def _all_nodes(scope: _Scope, subgraphs: Mapping[str, Any], depth: int) -> Iterator[tuple[_Scope, Mapping[str, Any]]]:
    for node in scope.nodes.values():
        if node["type"] in subgraphs and depth < 8:
            if node.get("mode") not in (_MUTED, _BYPASSED):
                yield from _all_nodes(_opened(scope, node, subgraphs), subgraphs, depth + 1)
        else:
            yield scope, node


def _opened(scope: _Scope, node: Mapping[str, Any], subgraphs: Mapping[str, Any]) -> _Scope:
    return _scope(subgraphs[node["type"]], f"{scope.prefix}{node['id']}:", scope, node)


def _inputs(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    given = node.get("inputs")
    return [i for i in given if isinstance(i, dict)] if isinstance(given, list) else []


def _source(scope: _Scope, link: Any, subgraphs: Mapping[str, Any], depth: int = 0) -> Any:
    """What a link id leads to: `[node, slot]`, the literal of a primitive, or None. Sees through virtual nodes."""
    if not isinstance(link, int) or link not in scope.links or depth > 60:
        return None
    origin, slot = scope.links[link]
    if origin == str(_INPUT_SIDE):
        if scope.outer is None or not 0 <= slot < len(scope.in_names):
            return None
        name = scope.in_names[slot]
        outside = next((i for i in _inputs(scope.host or {}) if i.get("name") == name), {"name": name, "widget": {}})
        found = _source(scope.outer, outside.get("link"), subgraphs, depth + 1)
        value = scope.values.get(name) if isinstance(outside.get("widget"), dict) else None
        return found if found is not None else value if isinstance(value, (str, int, float)) else None
    node = scope.nodes.get(origin)
    if node is None or node.get("mode") == _MUTED:
        return None
    kind = node["type"]
    if kind == "PrimitiveNode":
        values = node.get("widgets_values")
        return values[0] if isinstance(values, list) and values and isinstance(values[0], (str, int, float)) else None
    if kind == "GetNode":
        return _variable(scope, node, subgraphs, depth)
    if kind == "Reroute" or node.get("mode") == _BYPASSED:
        return _passed(scope, node, slot, subgraphs, depth)
    if kind in subgraphs:
        inner = _opened(scope, node, subgraphs)
        ends = inner.out_links[slot] if 0 <= slot < len(inner.out_links) else []
        return next((s for each in ends if (s := _source(inner, each, subgraphs, depth + 1)) is not None), None)
    return [f"{scope.prefix}{origin}", slot]


def _passed(scope: _Scope, node: Mapping[str, Any], slot: int, subgraphs: Mapping[str, Any], depth: int) -> Any:
    """What a reroute or a bypassed node hands on: the input of the output's type, the one at the same place first."""
    inputs, outputs = _inputs(node), node.get("outputs")
    kind = (
        outputs[slot].get("type")
        if isinstance(outputs, list) and 0 <= slot < len(outputs) and isinstance(outputs[slot], dict)
        else None
    )
    ordered = inputs[slot : slot + 1] + inputs
    same = [i for i in ordered if kind in (None, "*") or i.get("type") in (kind, "*")]
    return next((s for i in same if (s := _source(scope, i.get("link"), subgraphs, depth + 1)) is not None), None)


def _variable(scope: _Scope, node: Mapping[str, Any], subgraphs: Mapping[str, Any], depth: int) -> Any:
    name = node.get("widgets_values")
    for other in scope.nodes.values():
        if other["type"] == "SetNode" and other.get("widgets_values") == name:
            inputs = _inputs(other)
            return _source(scope, inputs[0].get("link"), subgraphs, depth + 1) if inputs else None
    return None


def _proxied(scope: _Scope, node: Mapping[str, Any]) -> dict[str, Any]:
    """Values that the host of a subgraph shows for this inner node (`properties.proxyWidgets`)."""
    properties = (scope.host or {}).get("properties")
    pairs = properties.get("proxyWidgets") if isinstance(properties, dict) else None
    values = (scope.host or {}).get("widgets_values")
    if not isinstance(pairs, list) or not isinstance(values, list):
        return {}
    return {
        str(pair[1]): value
        for pair, value in zip(pairs, values, strict=False)
        if isinstance(pair, list) and len(pair) >= 2 and str(pair[0]) == str(node["id"]) and value is not None
    }
