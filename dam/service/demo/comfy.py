"""ComfyUI's two graphs: the API graph ("prompt") as written here, and the UI graph ("workflow") drawn from it."""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

Node = tuple[str, str, Mapping[str, Any]]  # id, class_type, inputs (links are [id, slot]); widgets in the UI's order
Graph = dict[str, dict[str, Any]]

_OUTPUTS: Mapping[str, tuple[str, ...]] = {
    "BasicGuider": ("GUIDER",),
    "BasicScheduler": ("SIGMAS",),
    "CLIPLoader": ("CLIP",),
    "CLIPTextEncode": ("CONDITIONING",),
    "CheckpointLoaderSimple": ("MODEL", "CLIP", "VAE"),
    "ControlNetApplyAdvanced": ("CONDITIONING", "CONDITIONING"),
    "ControlNetLoader": ("CONTROL_NET",),
    "CreateVideo": ("VIDEO",),
    "DualCLIPLoader": ("CLIP",),
    "EmptyLatentAudio": ("LATENT",),
    "EmptyLatentImage": ("LATENT",),
    "EmptySD3LatentImage": ("LATENT",),
    "FluxGuidance": ("CONDITIONING",),
    "KSampler": ("LATENT",),
    "KSamplerSelect": ("SAMPLER",),
    "LoadImage": ("IMAGE", "MASK"),
    "LoraLoader": ("MODEL", "CLIP"),
    "ModelSamplingSD3": ("MODEL",),
    "RandomNoise": ("NOISE",),
    "SamplerCustomAdvanced": ("LATENT", "LATENT"),
    "SaveAnimatedWEBP": (),
    "SaveAudioMP3": (),
    "SaveImage": (),
    "SaveVideo": (),
    "UNETLoader": ("MODEL",),
    "VAEDecode": ("IMAGE",),
    "VAEDecodeAudio": ("AUDIO",),
    "VAEEncode": ("LATENT",),
    "VAELoader": ("VAE",),
    "WanImageToVideo": ("CONDITIONING", "CONDITIONING", "LATENT"),
}
_TITLES: Mapping[str, str] = {
    "CLIPLoader": "Load CLIP",
    "CLIPTextEncode": "CLIP Text Encode (Prompt)",
    "CheckpointLoaderSimple": "Load Checkpoint",
    "ControlNetApplyAdvanced": "Apply ControlNet",
    "ControlNetLoader": "Load ControlNet Model",
    "CreateVideo": "Create Video",
    "EmptyLatentImage": "Empty Latent Image",
    "LoadImage": "Load Image",
    "LoraLoader": "Load LoRA",
    "SaveAudioMP3": "Save Audio (MP3)",
    "SaveImage": "Save Image",
    "SaveVideo": "Save Video",
    "UNETLoader": "Load Diffusion Model",
    "VAEDecode": "VAE Decode",
    "VAEEncode": "VAE Encode",
    "VAELoader": "Load VAE",
}


def api_graph(nodes: Sequence[Node]) -> Graph:
    return {
        ident: {"inputs": dict(inputs), "class_type": kind, "_meta": {"title": _TITLES.get(kind, kind)}}
        for ident, kind, inputs in nodes
    }


def _is_link(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)


def _depths(graph: Graph) -> dict[str, int]:
    """Distance of every node from the loaders; gives running order and column."""
    depths: dict[str, int] = {}

    def depth(ident: str) -> int:
        if ident not in depths:
            sources = [v[0] for v in graph[ident]["inputs"].values() if _is_link(v)]
            depths[ident] = 1 + max((depth(s) for s in sources), default=-1)
        return depths[ident]

    for ident in graph:
        depth(ident)
    return depths


def _widgets(kind: str, inputs: Mapping[str, Any]) -> list[Any]:
    values: list[Any] = []
    for name, value in inputs.items():
        if _is_link(value):
            continue
        values.append(value)
        if name in {"seed", "noise_seed"}:
            values.append("randomize")  # the UI's control_after_generate
    return [*values, "image"] if kind == "LoadImage" else values


def ui_graph(graph: Graph) -> dict[str, Any]:
    """The workflow as the browser saves it: nodes with positional widget values, and a list of links."""
    depths = _depths(graph)
    order = sorted(graph, key=lambda i: (depths[i], int(i)))
    links: list[list[Any]] = []
    taken: dict[tuple[str, int], list[int]] = {}
    sockets: dict[str, list[dict[str, Any]]] = {}
    for ident in order:
        sockets[ident] = []
        for name, value in graph[ident]["inputs"].items():
            if not _is_link(value):
                continue
            source, slot = value
            kind = _OUTPUTS[graph[source]["class_type"]][slot]
            links.append([len(links) + 1, int(source), slot, int(ident), len(sockets[ident]), kind])
            taken.setdefault((source, slot), []).append(len(links))
            sockets[ident].append({"name": name, "type": kind, "link": len(links)})
    nodes = [_ui_node(graph, ident, sockets[ident], taken, (depths[ident], k)) for k, ident in enumerate(order)]
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(graph))),
        "revision": 0,
        "last_node_id": max(int(i) for i in graph),
        "last_link_id": len(links),
        "nodes": nodes,
        "links": links,
        "groups": [],
        "config": {},
        "extra": {"ds": {"scale": 0.9, "offset": [120.5, 64.25]}, "frontendVersion": "1.28.7"},
        "version": 0.4,
    }


def _ui_node(
    graph: Graph,
    ident: str,
    sockets: list[dict[str, Any]],
    taken: Mapping[tuple[str, int], list[int]],
    place: tuple[int, int],
) -> dict[str, Any]:
    kind = graph[ident]["class_type"]
    column, order = place
    node: dict[str, Any] = {
        "id": int(ident),
        "type": kind,
        "pos": [40 + column * 360, 80 + (order % 4) * 230],
        "size": [315, 180],
        "flags": {},
        "order": order,
        "mode": 0,
        "inputs": sockets,
        "outputs": [
            {"name": name, "type": name, "slot_index": slot, "links": taken.get((ident, slot))}
            for slot, name in enumerate(_OUTPUTS[kind])
        ],
        "properties": {"cnr_id": "comfy-core", "ver": "0.3.64", "Node name for S&R": kind},
        "widgets_values": _widgets(kind, graph[ident]["inputs"]),
    }
    return node


def texts(nodes: Sequence[Node]) -> dict[str, str]:
    """The two texts every ComfyUI output carries: {"prompt": ..., "workflow": ...}, ASCII JSON as Python writes it."""
    graph = api_graph(nodes)
    return {"prompt": json.dumps(graph), "workflow": json.dumps(ui_graph(graph))}
