"""ComfyUI: the API graph (`prompt`) and the editor's graph (`workflow`) in any text carrier of any container.

Carriers differ (PNG text, `comf`, any EXIF tag with a `prompt:` prefix, container and stream tags in any case, the JSON of
`comment`, SVG, GLB), the contents do not: what has `class_type` is an API graph, what has `nodes` with a `type` is a
workflow. A workflow beside an API graph adds no answer of its own; alone it is converted.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields as names_of
from dataclasses import replace
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata.comfy_graph import Budget, Graph, Node, build, find_api_graph
from dam.metadata.comfy_inputs import inputs_of
from dam.metadata.comfy_services import HOST, asked_of
from dam.metadata.comfy_stages import headline, is_sampler, is_service, passes
from dam.metadata.comfy_workflow import find_workflow, to_api_graph
from dam.metadata.contract import (
    as_count,
    as_float,
    as_prompt,
    as_seed,
    as_text,
    claim_of,
    clean_text,
    parse_json,
    parse_object,
    plain_texts,
)
from dam.model import Claim, Generation, Kind, Stage

MAX_OUTPUTS = 50
DOCUMENT = "json"  # the carrier of a file that is a graph and nothing else
MAX_DECODED_CHARS = 12 << 20  # of one file
MAX_DECODED_TWICE_CHARS = 1 << 18
_SAVES = re.compile(r"save|combine|export|output|write|send", re.IGNORECASE)
_PREVIEW = re.compile(r"preview|show|display|compare", re.IGNORECASE)
_FITS = {
    Kind.IMAGE: re.compile(r"image|webp|png|svg|gif", re.IGNORECASE),
    Kind.VIDEO: re.compile(r"video|webm|webp|mp4|gif", re.IGNORECASE),
    Kind.AUDIO: re.compile(r"audio|mp3|flac|opus|sound|music", re.IGNORECASE),
}


def generation_of(graph: Graph, kind: Kind | None = None) -> Generation:
    """What a graph says of the file it was written into; `kind` is the file's, to choose among output nodes. LoRAs are those
    of every pass: a video model's high-noise and low-noise halves have one each.
    """
    outputs = output_nodes(graph, kind)
    found = passes(graph, outputs)
    head = headline(graph, outputs, found)
    base = head.stage if head else Stage(tool=HOST)
    values = {each.name: getattr(base, each.name) for each in names_of(Stage)}
    loras = {lora.name: lora for each in ([head] if head else []) + list(found) for lora in each.stage.loras}
    values |= {"loras": tuple(loras.values()), "stages": tuple(each.stage for each in found)}
    return Generation(**values, inputs=inputs_of(graph, outputs))


def output_nodes(graph: Graph, kind: Kind | None = None) -> list[str]:
    """The output nodes that fit the container best. Several may fit alike: nothing in a file says which one wrote it."""
    ends = [n for n in graph.nodes.values() if n.id not in graph.readers or "filename_prefix" in n.literals]
    if len(ends) < 2:
        return [n.id for n in ends] or list(graph.nodes)[-1:]
    made = graph.downstream(n.id for n in graph.nodes.values() if is_sampler(n) or is_service(n))
    ranks = {node.id: (node.id in made, *_rank(node, kind)) for node in ends}
    best = max(ranks.values())
    return [name for name, rank in ranks.items() if rank == best][:MAX_OUTPUTS]


def _rank(node: Node, kind: Kind | None) -> tuple[bool, bool]:
    saves = ("filename_prefix" in node.literals or bool(_SAVES.search(node.kind))) and not _PREVIEW.search(node.kind)
    fits = kind in _FITS and bool(_FITS[kind].search(node.kind))
    return saves, fits


class ComfyUI:
    """Reader of ComfyUI graphs."""

    name = "comfyui"
    version = "2"

    def score(self, probe: Probe) -> int:
        return max((_score(text.text) for text in plain_texts(probe)), default=0)

    def read(self, probe: Probe) -> Sequence[Claim]:
        found = _carriers(probe)
        has_api = any(api is not None for _, api, _ in found)
        has_workflow = any(workflow is not None for _, _, workflow in found)
        kind = probe.media.kind if probe.media else None
        budget = Budget()
        claims = []
        for text, api, workflow in found:
            beside = api is None and has_api  # an editor's graph beside the graph that ran adds no answer of its own
            given = {} if budget.left == 0 or beside else api if api is not None else to_api_graph(workflow or {})
            graph = build(given, budget)
            answers = api is not None or bool(graph.nodes)
            made = generation_of(graph, kind) if answers else Generation(tool=HOST)
            made = _told_beside(made, (api or {}).get("extraMetadata"))
            fields = _fields(graph, workflow, made) if not beside else _seen(workflow or {})
            if api is not None:
                fields["has_workflow"] = has_workflow
            if text.carrier == DOCUMENT:  # a recipe: nothing was made yet, and nothing is derived from what it names
                made = replace(made, inputs=())
            sure = (1.0 if api is not None else 0.7) * (0.8 if text.carrier.startswith("sidecar:") else 1.0)
            ai = None if text.carrier == DOCUMENT else True
            claims.append(claim_of(self, text, made, fields, confidence=round(sure, 2), ai_generated=ai))
        return claims


def _told_beside(made: Generation, given: Any) -> Generation:
    """What a service that runs graphs for its users (Civitai) wrote into the graph, where the graph leaves it open."""
    said = parse_object(given) if isinstance(given, str) else None
    if said is None:
        return made
    told: dict[str, Any] = {
        "prompt": as_prompt(said.get("prompt")),
        "negative_prompt": as_prompt(said.get("negativePrompt")),
        "seed": as_seed(said.get("seed")),
        "steps": as_count(said.get("steps")),
        "sampler": as_text(said.get("sampler")),
        "cfg_scale": as_float(said.get("cfgScale")),
    }
    new = {name: value for name, value in told.items() if getattr(made, name) is None}
    if made.width is None:
        new |= {side: as_count(said.get(side)) for side in ("width", "height")}
    return replace(made, **new)


def _fields(graph: Graph, workflow: Mapping[str, Any] | None, made: Generation) -> dict[str, Any]:
    kinds = Counter(node.kind for node in graph.nodes.values())
    fields: dict[str, Any] = {"host": HOST, "nodes": len(graph.nodes), "node_kinds": dict(kinds.most_common(200))}
    services = {stage.tool for stage in made.stages if stage.tool != HOST}
    if services:
        fields["hosted"] = asked_of(graph, services)
    return fields | _front_end(workflow or {})


def _seen(workflow: Mapping[str, Any]) -> dict[str, Any]:
    """The same of an editor's graph that is not followed: its own nodes, without those inside subgraphs."""
    listed = workflow.get("nodes")
    kinds = Counter(
        clean_text(node["type"][:1000])
        for node in (listed if isinstance(listed, list) else [])
        if isinstance(node, dict) and isinstance(node.get("type"), str)
    )
    counts = {"host": HOST, "nodes": kinds.total(), "node_kinds": dict(kinds.most_common(200))}
    return counts | _front_end(workflow)


def _front_end(workflow: Mapping[str, Any]) -> dict[str, str]:
    extra = workflow.get("extra")
    version = extra.get("frontendVersion") if isinstance(extra, dict) else None
    return {"frontend_version": version} if isinstance(version, str) else {}


def _score(text: str) -> int:
    """How much a text looks like a graph; a large one is not decoded twice for that."""
    if "class_type" not in text and "nodes" not in text:
        return 0
    if len(text) > MAX_DECODED_TWICE_CHARS:
        return 95 if '"class_type' in text or "class_type\\" in text else 85
    value = _decoded(text)
    return 95 if find_api_graph(value) is not None else 85 if find_workflow(value) is not None else 0


def _carriers(probe: Probe) -> list[tuple[Text, dict[str, Any] | None, dict[str, Any] | None]]:
    """Texts with an API graph, a workflow, or both."""
    found = []
    left = MAX_DECODED_CHARS
    for text in plain_texts(probe):
        if ("class_type" not in text.text and "nodes" not in text.text) or len(text.text) > left:
            continue
        left -= len(text.text)
        value = _decoded(text.text)
        if value is None:
            continue
        api, workflow = find_api_graph(value), find_workflow(value)
        if api is not None or workflow is not None:
            found.append((text, api, workflow))
    return found


def _decoded(text: str) -> Any:
    if not re.search(r"[{\[]", text[:4000]):
        return None
    value = parse_json(text)
    return parse_object(value) if isinstance(value, str) else value


PLUGIN = ComfyUI()
