"""Text that reaches an input of a ComfyUI graph over string nodes: primitives, concatenations, switches."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dam.metadata.comfy_graph import Graph, Link, Node
from dam.metadata.contract import MAX_PROMPT_CHARS

_WORDS = ("text", "string", "prompt", "value", "prefix", "suffix", "append", "prepend", "positive", "description")
_LETTERS = ("a", "b", "c", "d")
_NOT_SAID = re.compile(r"system|negative|template|example", re.IGNORECASE)  # what a language model is told besides
_SHOWN = ("text_0", "populated_text", "result")  # what a show, wildcard or string node had produced when it ran
_DELIMITERS = ("delimiter", "separator", "sep")


@dataclass(slots=True)
class _Budget:
    """How many nodes one text may still ask: concatenations that share inputs would double without end."""

    nodes: int = 200


def string(graph: Graph, link: Link) -> str | None:
    """The text that a string output holds. None = made while running (a language model, a caption)."""
    return _string(graph, link, _Budget())


def _string(graph: Graph, link: Link, budget: _Budget) -> str | None:
    node = graph.nodes.get(link.node)
    if node is None or budget.nodes <= 0:
        return None
    budget.nodes -= 1
    if not graph.budget.spend(10 + 3 * (len(node.links) + len(node.literals))):
        return None
    shown = next((v for key in _SHOWN if isinstance(v := node.literals.get(key), str)), None)
    if shown is not None:
        return shown[:MAX_PROMPT_CHARS]
    parts = _parts(graph, node, link.slot, budget)
    if not parts:
        only = next(iter(node.links.values())) if len(node.links) == 1 and not node.literals else None
        return _string(graph, only, budget) if only else None
    return (_delimiter(node).join(parts) if len(parts) > 1 else parts[0])[:MAX_PROMPT_CHARS]


def _parts(graph: Graph, node: Node, slot: int, budget: _Budget) -> list[str]:
    parts: list[str] = []
    for key in _keys(node, slot):
        given = node.literals.get(key)
        text = given if isinstance(given, str) else None
        if key in node.links:
            text = _string(graph, node.links[key], budget)
        if text:
            parts.append(text[:MAX_PROMPT_CHARS])
    if parts:
        return parts
    texts = [v for v in node.literals.values() if isinstance(v, str)]
    return texts if len(texts) == 1 else []


def _keys(node: Node, slot: int) -> Sequence[str]:
    """Names that hold pieces of a text: `text`, `string_a`, `text1`, `value`, `prompt` ..., in a stable order. Of a node
    with a positive and a negative text (a prompt styler) the first output holds the one, the second the other.
    """
    sides = [[key for key in (*node.literals, *node.links) if side in key.lower()] for side in ("positive", "negative")]
    if slot < len(sides) and all(len(side) == 1 for side in sides):
        return sides[slot]
    names = [
        key
        for key in (*node.literals, *node.links)
        if key not in _DELIMITERS and (key in _LETTERS or any(word in key.lower() for word in _WORDS))
    ]
    names = [name for name in names if not _NOT_SAID.search(name)] or names
    numbered = all(name[:-1] == names[0][:-1] for name in names)
    return sorted(names)[:100] if numbered else names[:100]


def _delimiter(node: Node) -> str:
    found = next((v for key in _DELIMITERS if isinstance(v := node.literals.get(key), str)), "")
    return found.replace("\\n", "\n")[:1000]
