"""The editor's graph of ComfyUI (`workflow`) turned into an API graph: values by position, links by id, subgraphs opened.

Follows the front end's `graphToPrompt` where it can: reroutes and bypassed nodes are seen through, muted ones dropped,
primitives become literals. Node definitions are not in the file, so for old files the names of positional values are known
for the common nodes only; newer files name their widgets themselves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dam.metadata.contract import parse_json

MAX_NODES = 20_000
_MUTED, _BYPASSED = 2, 4
_INPUT_SIDE, _OUTPUT_SIDE = -10, -20  # virtual nodes at the borders of a subgraph
_SEED_MODES = ("fixed", "increment", "decrement", "randomize")
_NO_OP = ("Note", "MarkdownNote", "PrimitiveNode", "Reroute")
# Widget names by position, for files that do not name them ("*" = the seed's mode, skipped).
_WIDGETS = {
    "KSampler": "seed * steps cfg sampler_name scheduler denoise",
    "KSamplerAdvanced": "add_noise noise_seed * steps cfg sampler_name scheduler start_at_step end_at_step return_with_leftover_noise",
    "SamplerCustom": "add_noise noise_seed * cfg",
    "RandomNoise": "noise_seed *",
    "KSamplerSelect": "sampler_name",
    "BasicScheduler": "scheduler steps denoise",
    "CFGGuider": "cfg",
    "CLIPTextEncode": "text",
    "CLIPTextEncodeFlux": "clip_l t5xxl guidance",
    "CLIPTextEncodeSDXL": "width height crop_w crop_h target_width target_height text_g text_l",
    "TextEncodeQwenImageEdit": "prompt",
    "TextEncodeAceStepAudio": "tags lyrics lyrics_strength",
    "FluxGuidance": "guidance",
    "CheckpointLoaderSimple": "ckpt_name",
    "CheckpointLoader": "config_name ckpt_name",
    "ImageOnlyCheckpointLoader": "ckpt_name",
    "unCLIPCheckpointLoader": "ckpt_name",
    "UNETLoader": "unet_name weight_dtype",
    "UnetLoaderGGUF": "unet_name",
    "LoraLoader": "lora_name strength_model strength_clip",
    "LoraLoaderModelOnly": "lora_name strength_model",
    "EmptyLatentImage": "width height batch_size",
    "EmptySD3LatentImage": "width height batch_size",
    "EmptyHunyuanLatentVideo": "width height length batch_size",
    "EmptyFlux2LatentImage": "width height batch_size",
    "SDTurboScheduler": "steps denoise",
    "AlignYourStepsScheduler": "model_type steps denoise",
    "Flux2Scheduler": "steps width height",
    "ModelSamplingFlux": "max_shift base_shift width height",
    "EmptyMochiLatentVideo": "width height length batch_size",
    "EmptyLTXVLatentVideo": "width height length batch_size",
    "EmptyLatentAudio": "seconds batch_size",
    "WanImageToVideo": "width height length batch_size",
    "LatentUpscale": "upscale_method width height crop",
    "LatentUpscaleBy": "upscale_method scale_by",
    "ImageScale": "upscale_method width height crop",
    "ImageScaleBy": "upscale_method scale_by",
    "LoadImage": "image",
    "LoadImageMask": "image channel",
    "LoadVideo": "file",
    "LoadAudio": "audio",
    "SaveImage": "filename_prefix",
    "SaveAnimatedWEBP": "filename_prefix",
    "SaveVideo": "filename_prefix",
    "SaveAudio": "filename_prefix",
    "PrimitiveStringMultiline": "value",
    "PrimitiveString": "value",
    "PrimitiveInt": "value *",
    "PrimitiveFloat": "value",
    "StringConcatenate": "string_a string_b delimiter",
}


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
        inputs = _widgets(node) | _proxied(scope, node)
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
    in_names = [str(i.get("name")) if isinstance(i, dict) else "" for i in given] if isinstance(given, list) else []
    return _Scope(prefix, nodes, links, outer, host, out_links, in_names)


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
        return found if found is not None else _host_value(scope.host or {}, outside)
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


def _widgets(node: Mapping[str, Any]) -> dict[str, Any]:
    """Widget values by name."""
    values = node.get("widgets_values")
    if isinstance(values, dict):
        return {str(k): v for k, v in values.items()}
    if not isinstance(values, list):
        return {}
    named = [str(i["widget"].get("name")) for i in _inputs(node) if isinstance(i.get("widget"), dict)]
    known = _WIDGETS.get(node["type"])
    if known and (len(named) < len([n for n in known.split() if n != "*"])):
        named = known.split()
    found: dict[str, Any] = {}
    at = 0
    for name in named:
        if at >= len(values):
            break
        if name == "*" and not (isinstance(values[at], bool) or values[at] in _SEED_MODES):  # a flag in 2023
            continue
        found[name] = values[at]
        at += 1
        if "seed" in name and at < len(values) and values[at] in _SEED_MODES and "*" not in named:
            at += 1
    if not named:
        found = _guessed(values)
    found.pop("*", None)
    return found


def _guessed(values: list[Any]) -> dict[str, Any]:
    """Names for the values of an unknown node: a number before a seed mode is a seed, the first wordy text a prompt."""
    found: dict[str, Any] = {}
    for at, value in enumerate(values):
        name = f"widget_{at}"
        if isinstance(value, int) and at + 1 < len(values) and values[at + 1] in _SEED_MODES:
            name = "seed"
        elif isinstance(value, str) and len(value.split()) >= 3:
            name = "prompt"
        if isinstance(value, (str, int, float, dict)):
            found.setdefault(name, value)
    return found


def _host_value(host: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """A widget of a subgraph node, set from outside."""
    value = _widgets(host).get(str(given.get("name"))) if isinstance(given.get("widget"), dict) else None
    return value if isinstance(value, (str, int, float)) else None


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
