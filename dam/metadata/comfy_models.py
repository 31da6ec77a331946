"""Models and LoRAs of a ComfyUI pass: the way from its `model` input to the loader."""

import re
from typing import Any

from dam.metadata.comfy_graph import Graph, Link, Node
from dam.metadata.contract import as_float, as_int, as_text
from dam.model import Lora

MAX_LORAS = 256
_LOADER_KEYS = (
    "ckpt_name",
    "unet_name",
    "base_ckpt_name",
    "diffusion_model",
    "model_name",
    "gguf_name",
    "checkpoint",
    "model_path",
    "model",
)
_FILE = re.compile(r"\.(safetensors|ckpt|gguf|pt|pth|sft|bin|onnx|engine)$", re.IGNORECASE)
_NOT_MODEL = re.compile(r"vae|clip|lora|control|style|encoder|upscale|text|embed|config|t5|taesd", re.IGNORECASE)
_ANY = re.compile(r"(any|input|value|on_|pipe)\w*$", re.IGNORECASE)
_LORA_TAG = re.compile(r"<lora:([^:<>\n]{1,300})(?::(-?[\d.]{1,20}))?[^<>\n]{0,40}>", re.IGNORECASE)
_LORA_KEY = re.compile(r"lora(_name)?(_?\d+)?(_name)?", re.IGNORECASE)
_WEIGHTS = (
    "strength_model",
    "strength",
    "lora_strength",
    "model_strength",
    "lora_model_strength",
    "weight",
    "lora_weight",
    "strength_clip",
)


def model_of(graph: Graph, link: Link | None) -> str | None:
    """The name in the loader that a model link leads to (the first model of a merge). What takes a model and loads a file
    besides (a motion module, a patch) is not that loader, unless nothing else on the way is.
    """
    names = [(node, name) for node in _model_line(graph, link) if (name := _loaded_name(node))]
    return next(
        (name for node, name in names if not {"model", "unet"} & set(node.links)), names[0][1] if names else None
    )


def loras_of(graph: Graph, link: Link | None) -> tuple[Lora, ...]:
    """LoRAs on the way, those nearest the loader first; also from LoRA stacks linked into it."""
    found: dict[str, Lora] = {}
    for node in reversed(_model_line(graph, link, with_loras=True)):
        if len(found) >= MAX_LORAS or not graph.budget.spend(10 * len(node.literals)):
            break
        for lora in _loras(node):
            found.setdefault(lora.name, lora)
    return tuple(found.values())[:MAX_LORAS]


def _model_line(graph: Graph, link: Link | None, *, with_loras: bool = False) -> list[Node]:
    line: list[Node] = []
    seen: set[str] = set()
    queue = [link] if link else []
    while queue and len(line) < 500:
        each = queue.pop(0)
        node = graph.nodes.get(each.node)
        if node is None or node.id in seen:
            continue
        if not graph.budget.spend(5 + 3 * len(node.links) + len(node.literals)):
            break
        seen.add(node.id)
        line.append(node)
        queue[:0] = _behind(node, with_loras=with_loras)
    return line


def _behind(node: Node, *, with_loras: bool) -> list[Link]:
    words = (
        ("model", "unet", "pipe", "ckpt", "context", "lora")
        if with_loras
        else ("model", "unet", "pipe", "ckpt", "context")
    )
    named = [
        v
        for k, v in node.links.items()
        if any(w in k.lower() for w in words) and not re.search(r"style|upscale|clip|vision", k.lower())
    ]
    if named or len(node.links) == 1:
        return named or list(node.links.values())
    return [v for k, v in node.links.items() if _ANY.match(k)]  # a switch: its first live input


def _loaded_name(node: Node) -> str | None:
    for key in _LOADER_KEYS:
        name = as_text(node.literals.get(key))
        if name and (_FILE.search(name) or key.endswith("name") or not node.links):
            return name
        if isinstance(given := node.literals.get(key), dict) and as_text(given.get("content")):
            return as_text(given["content"])
    if any("model" in key for key in node.links):
        return None
    for key, value in node.literals.items():
        if isinstance(value, str) and _FILE.search(value) and not _NOT_MODEL.search(key):
            return value
    return None


def _loras(node: Node) -> list[Lora]:
    found: list[Lora] = []
    off = {k.lower() for k, v in node.literals.items() if v in ("Off", False)}
    if "toggle" in off:
        return []
    count = as_int(node.literals.get("lora_count", node.literals.get("num_loras")))
    for key, value in node.literals.items():
        if isinstance(value, dict) and as_text(value.get("lora")):
            if value.get("on") is not False:
                found.append(Lora(str(value["lora"]), as_float(value.get("strength"))))
        elif isinstance(value, dict) and isinstance(value.get("__value__"), list):
            found += _listed(value["__value__"])
        elif key == "loras" and isinstance(value, list):
            found += _listed(value)
        elif _LORA_KEY.fullmatch(key) and isinstance(value, str) and as_text(value):
            suffix = "".join(re.findall(r"\d+", key))
            beyond = count is not None and suffix.isdigit() and int(suffix) > count
            if f"switch_{suffix}" not in off and not beyond:
                found.append(Lora(value, _weight(node, suffix)))
    return found or _tagged(node)


def _listed(values: list[Any]) -> list[Lora]:
    """LoRAs as a list of objects (LoraManager): those that are active."""
    given = [v for v in values[:200] if isinstance(v, dict) and as_text(v.get("name")) and v.get("active") is not False]
    return [Lora(str(v["name"]), as_float(v.get("strength"))) for v in given]


def _tagged(node: Node) -> list[Lora]:
    """LoRAs as tags in a text that a node on the way reads: what was filled in before what it was made of."""
    if not any("model" in key for key in node.links):
        return []
    keys = ("populated_text",) if isinstance(node.literals.get("populated_text"), str) else tuple(node.literals)
    texts = [v for key in keys if isinstance(v := node.literals[key], str) and "<lora:" in v.lower()]
    tags = [tag for text in texts[:10] for tag in _LORA_TAG.findall(text[:20_000])]
    return [Lora(name.strip(), as_float(weight)) for name, weight in tags]


def _weight(node: Node, suffix: str) -> float | None:
    words = ["model_weight", "model_str", "lora_wt", "strength", "weight", "strength_model"]
    if node.literals.get("input_mode") == "simple":
        words.insert(0, "lora_wt")
    numbered = [f"{word}_{suffix}" for word in words] if suffix else []
    numbered += [f"strength{suffix}", f"lora_{suffix}_strength"] if suffix else []
    return next((w for key in (*numbered, *_WEIGHTS) if (w := as_float(node.literals.get(key))) is not None), None)
