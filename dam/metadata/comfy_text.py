"""Prompts in a ComfyUI graph: from a sampler's conditioning back to the text that a person wrote."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dam.metadata.comfy_graph import Graph, Link, Node
from dam.metadata.comfy_strings import string
from dam.metadata.contract import MAX_PROMPT_CHARS

MAX_DEPTH = 200
MAX_NODES_A_PROMPT = 500
MAX_FAN = 16

_TEXT_KEYS = [
    "populated_text",
    "text",
    "text_g",
    "text_l",
    "t5xxl",
    "clip_l",
    "clip_g",
    "llama",
    "bert",
    "mt5xl",
    "prompt",
    "tags",
    "lyrics",
    "caption",
    "text_positive",
    "wildcard_text",
    "string",
    "value",
    "positive_prompt",
    "prompt_text",
    "user_prompt",
    "bg_text",
]
_ROLE_KEYS = {
    "positive": ("positive", "positive_prompt", "text_positive", "prompt_positive", "positive_text", "prompt"),
    "negative": ("negative", "negative_prompt", "text_negative", "prompt_negative", "negative_text"),
}
_BOTH = re.compile(r"pipe|context|ctx|tuple|^(?!.*image).*embeds")
_OTHER_ROLE = {"positive": "negative", "negative": "positive"}
# What carries no words: never followed in search of a prompt.
_NOT_WORDS = frozenset(
    [
        "model",
        "clip",
        "vae",
        "image",
        "images",
        "pixels",
        "mask",
        "latent",
        "latent_image",
        "samples",
        "control_net",
        "clip_vision",
        "clip_vision_output",
        "sigmas",
        "sampler",
        "noise",
        "style_model",
        "audio",
        "video",
        "unet",
        "ipadapter",
        "audio_encoder_output",
        "start_image",
        "end_image",
    ]
)


@dataclass(frozen=True, slots=True)
class _Way:
    """A link on the way back, for which role it is followed, and whether it carries both roles."""

    link: Link
    role: str
    both: bool


def carries_both(key: str) -> bool:
    """Whether an input of this name carries the positive and the negative side at once."""
    return bool(_BOTH.search(key.lower()))


def conditioning_text(graph: Graph, links: Sequence[Link], role: str, *, both: bool = False) -> str | None:
    """The prompt that reaches conditioning links; `role` is "positive" or "negative". "" = known to be empty. `both`: the
    links carry both roles (a pipe, text embeds), so neither their slot nor a lone `prompt` behind them tells the role.
    """
    seen: dict[tuple[str, str], bool] = {}
    found = [_conditioning(graph, _Way(link, role, both), seen, 0) for link in links[:MAX_FAN]]
    known = [texts for texts in found if texts is not None]
    return join(text for texts in known for text in texts) if known else None


def join(texts: Iterable[str]) -> str:
    """Several texts of one prompt: each different one once, in order, on lines of their own; empties give way."""
    unique = list(dict.fromkeys(text[:MAX_PROMPT_CHARS] for text in texts))[:MAX_NODES_A_PROMPT]
    return "\n".join([t for t in unique if t.strip()])[:MAX_PROMPT_CHARS] or next(iter(unique), "")


def _conditioning(graph: Graph, way: _Way, seen: dict[tuple[str, str], bool], depth: int) -> list[str] | None:
    link, role = way.link, way.role
    node = graph.nodes.get(link.node)
    if node is None or depth > MAX_DEPTH or (link.node, role) in seen or len(seen) > MAX_NODES_A_PROMPT:
        return None
    seen[link.node, role] = True
    if not graph.budget.spend(10 + 5 * (len(node.links) + len(node.literals))):
        return None
    if "zeroout" in node.kind.lower():
        return [""]
    sides = {"positive", "negative"} <= set(node.links) and not {"model", "clip"} & set(node.links)
    if link.slot == 0 and sides and not way.both:
        role = "positive"  # the first output of what takes both is the positive one (InstructPixToPix, ControlNetApplyAdvanced)
    follow = _next_links(node, role)
    if follow:
        found = [_conditioning(graph, _Way(each, role, both=False), seen, depth + 1) for each in follow[:MAX_FAN]]
        known = [texts for texts in found if texts is not None]
        if known:
            return [text for texts in known for text in texts]
    own = node_text(graph, node, role, both=way.both)
    if own is not None:
        return own
    rest = [key for key in node.links if key.lower() not in _NOT_WORDS and _role_of(key) in (None, role)]
    for key in rest[:MAX_FAN]:
        texts = _conditioning(graph, _Way(node.links[key], role, way.both or carries_both(key)), seen, depth + 1)
        if texts is not None:
            return texts
    return None


def _next_links(node: Node, role: str) -> list[Link]:
    """The conditioning inputs of a node that passes conditioning on."""
    if role in node.links and _looks_like_conditioning(node):
        return [node.links[role]]
    return [
        link
        for key, link in node.links.items()
        if key.lower().startswith("cond") and not key.lower().startswith("conditional")
    ]


def _looks_like_conditioning(node: Node) -> bool:
    return not isinstance(node.literals.get("text"), str) or len(node.links) > 1


def _role_of(key: str) -> str | None:
    low = key.lower()
    return "negative" if low.startswith("neg") else "positive" if low.startswith("pos") else None


def node_text(graph: Graph, node: Node, role: str, *, both: bool = False) -> list[str] | None:
    """The text inputs of an encoder node: literal, or linked from string nodes. None = it has none. `both`: the node
    speaks for both roles, so only what is called negative is.
    """
    if isinstance(filled := node.literals.get("populated_text"), str) and filled:
        return [filled]  # what the wildcards became when it ran
    for key in _ROLE_KEYS[role]:
        text = _value(graph, node, key)
        if text is not None:
            return [text]
    if both and role == "negative":
        return None
    own = {*node.literals, *node.links} & set(_ROLE_KEYS[role])
    other = {key for key in _ROLE_KEYS[_OTHER_ROLE[role]] if own or key != "prompt"}  # `prompt` alone is either's
    keys = [key for key in _text_keys(node) if key not in other]
    texts = [text for key in keys if (text := _value(graph, node, key)) is not None]
    return texts or None


def _text_keys(node: Node) -> list[str]:
    """Known names first in their order; a lone unknown string of an encoder counts only if its name speaks of text."""
    names = [*node.literals, *node.links]
    known = [key for key in _TEXT_KEYS if key in names]
    return known or [key for key in names if any(word in key.lower() for word in ("text", "prompt", "caption"))]


def _value(graph: Graph, node: Node, key: str) -> str | None:
    value = node.literals.get(key)
    if isinstance(value, str):
        return value
    if key in node.links and key not in _ROLE_KEYS:  # `positive` as a link carries conditioning
        return string(graph, node.links[key])
    return None
