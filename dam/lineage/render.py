"""Drawings of a lineage: a tree for terminals, Mermaid, Graphviz DOT, and W3C PROV-JSON.

Titles come from strangers' files. Each drawing has its own escape, and none passes on control characters, markup or
anything that could leave its quotes.
"""

import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from dam.lineage.graph import Lineage
from dam.media.paths import display
from dam.model import Edge

TITLE_LIMIT_CHARS = 120
_MERMAID_PLAIN = re.compile(r"[^\w .,()/+-]")
Titles = Mapping[str, str]


def tree(lineage: Lineage, titles: Titles) -> str:
    """Two trees below the start: what it was made from, and what was made from it. A node met again is not repeated."""
    lines = [_titled(lineage.start, titles)]
    up = _below(lineage, lambda edge: (edge.child_id, edge.parent_id))
    down = _below(lineage, lambda edge: (edge.parent_id, edge.child_id))
    sections = [(name, links) for name, links in (("made from", up), ("used in", down)) if links.get(lineage.start)]
    for at, (name, links) in enumerate(sections):
        final = at == len(sections) - 1
        lines.append(f"{'└' if final else '├'}── {name}")
        lines.extend(_branches(lineage.start, links, titles, "    " if final else "│   "))
    if lineage.truncated:
        lines.append("(cut: the graph is larger than its limit)")
    return "\n".join(lines) + "\n"


def _below(lineage: Lineage, ends: Callable[[Edge], tuple[str, str]]) -> dict[str, list[tuple[str, Edge]]]:
    links: dict[str, list[tuple[str, Edge]]] = {}
    for edge in lineage.edges:
        above, below = ends(edge)
        links.setdefault(above, []).append((below, edge))
    return links


def _branches(start: str, links: dict[str, list[tuple[str, Edge]]], titles: Titles, indent: str) -> list[str]:
    """Depth first with a stack of its own: a chain may be longer than Python's."""
    lines: list[str] = []
    met = {start}
    stack = [(indent, row, last) for row, last in _marked(links.get(start, []))]
    while stack:
        prefix, (name, edge), last = stack.pop()
        again = name in met
        note = f"[{edge.relation} · {display(edge.evidence)} · {edge.confidence:.2f}]"
        again_note = " (shown above)" if again and links.get(name) else ""
        lines.append(f"{prefix}{'└' if last else '├'}── {_titled(name, titles)}  {note}{again_note}")
        if not again:
            met.add(name)
            deeper = prefix + ("    " if last else "│   ")
            stack.extend((deeper, row, final) for row, final in _marked(links.get(name, [])))
    return lines


def _marked(rows: list[tuple[str, Edge]]) -> list[tuple[tuple[str, Edge], bool]]:
    """In the order of a stack: the last row first, marked as last."""
    return [(row, at == 0) for at, row in enumerate(reversed(rows))]


def mermaid(lineage: Lineage, titles: Titles) -> str:
    """A Mermaid flowchart. Whatever is not plain text becomes an entity code (`#60;`), also for old renderers."""
    names = {node.asset_id: f"n{at}" for at, node in enumerate(lineage.nodes)}
    lines = ["flowchart LR"]
    lines += [f'    {names[node.asset_id]}["{_mermaid_text(_title(node.asset_id, titles))}"]' for node in lineage.nodes]
    lines += [
        f'    {names[edge.parent_id]} -->|"{_mermaid_text(_edge_text(edge))}"| {names[edge.child_id]}'
        for edge in lineage.edges
    ]
    lines.append(f"    style {names[lineage.start]} stroke-width:3px")
    return "\n".join(lines) + "\n"


def _mermaid_text(text: str) -> str:
    return _MERMAID_PLAIN.sub(lambda match: f"#{ord(match[0])};", display(text))


def dot(lineage: Lineage, titles: Titles) -> str:
    """A Graphviz digraph."""
    lines = ["digraph lineage {", "    rankdir=LR;", "    node [shape=box];"]
    for node in lineage.nodes:
        bold = ", penwidth=3" if node.asset_id == lineage.start else ""
        lines.append(f"    {_dot_text(node.asset_id)} [label={_dot_text(_title(node.asset_id, titles))}{bold}];")
    for edge in lineage.edges:
        ends = f"{_dot_text(edge.parent_id)} -> {_dot_text(edge.child_id)}"
        lines.append(f"    {ends} [label={_dot_text(_edge_text(edge))}];")
    return "\n".join([*lines, "}"]) + "\n"


def _dot_text(text: str) -> str:
    escaped = display(text).replace("\\", "\\\\").replace('"', '\\"').replace("<", "&lt;").replace(">", "&gt;")
    return f'"{escaped}"'


def prov(lineage: Lineage, titles: Titles) -> str:
    """W3C PROV-JSON (https://www.w3.org/submissions/prov-json/): entities and wasDerivedFrom."""
    document = {
        "prefix": {"hw": "urn:headwater:asset:", "headwater": "urn:headwater:terms:"},
        "entity": {_prov_name(node.asset_id): {"prov:label": _title(node.asset_id, titles)} for node in lineage.nodes},
        "wasDerivedFrom": {
            f"_:edge{at}": {
                "prov:generatedEntity": _prov_name(edge.child_id),
                "prov:usedEntity": _prov_name(edge.parent_id),
                "headwater:relation": str(edge.relation),
                "headwater:evidence": edge.evidence,
                "headwater:confidence": edge.confidence,
            }
            for at, edge in enumerate(lineage.edges)
        },
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _prov_name(asset_id: str) -> str:
    return f"hw:{quote(asset_id, safe='')}"


def _edge_text(edge: Edge) -> str:
    return f"{edge.relation} {edge.evidence} {edge.confidence:.2f}"


def _title(asset_id: str, titles: Titles) -> str:
    return titles.get(asset_id, asset_id)[:TITLE_LIMIT_CHARS]


def _titled(asset_id: str, titles: Titles) -> str:
    """Title and id, for a terminal."""
    title = _title(asset_id, titles)
    return display(title) if title == asset_id else f"{display(title)} ({display(asset_id)})"
