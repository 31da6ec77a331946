"""InvokeAI's node graph (`invokeai_graph`) where a file has no `invokeai_metadata`: runs of hand-made workflows.

A graph is `{"nodes": {id: {"type": "denoise_latents", "steps": 30}}, "edges": [{"source": {"node_id", "field"},
"destination": {"node_id", "field"}}]}`; a field is set in its node or comes over an edge. Nodes are known by their fields.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dam.metadata.contract import as_count, as_float, as_prompt, as_seed, as_text
from dam.model import Generation, Lora

MAX_NODES = 5_000
MAX_EDGES = 20_000
MAX_WAY = 200
MAX_PASSES = 4
_MODELS = ("unet", "transformer", "unet_model", "model")
_VALUES = ("value", "prompt", "text", "string", "collection")


@dataclass(frozen=True, slots=True)
class InvokeGraph:
    """Nodes by id, and for each what its fields are fed from (several where a field collects)."""

    nodes: Mapping[str, Mapping[str, Any]]
    feeds: Mapping[str, Mapping[str, tuple[tuple[str, str], ...]]]

    def value(self, node: str, field: str) -> Any:
        """What a field holds, over edges; None = made while running."""
        for _ in range(MAX_WAY):
            feeds = self.feeds.get(node, {}).get(field)
            if not feeds:
                return self.nodes.get(node, {}).get(field)
            source, out = feeds[0]
            given = self.nodes.get(source, {})
            names = [name for name in (out, *_VALUES) if name in given or name in self.feeds.get(source, {})]
            if not names:
                return None
            node, field = source, names[0]
        return None

    def upstream(self, node: str, fields: tuple[str, ...]) -> Iterator[str]:
        """Nodes behind some fields of a node, nearest first, on over all their own fields."""
        queue = [source for field in fields for source, _ in self.feeds.get(node, {}).get(field, ())]
        seen = set(queue)
        while queue and len(seen) < MAX_WAY:
            name = queue.pop(0)
            yield name
            for feeds in self.feeds.get(name, {}).values():
                new = [source for source, _ in feeds if source not in seen]
                seen.update(new)
                queue += new


def graph_of(data: Mapping[str, Any]) -> InvokeGraph:
    """A graph from decoded JSON; what is of no use in it is left out."""
    given, edges = data.get("nodes"), data.get("edges")
    nodes = {
        str(name): node
        for name, node in (list(given.items())[:MAX_NODES] if isinstance(given, dict) else [])
        if isinstance(node, dict)
    }
    feeds: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {}
    for edge in edges[:MAX_EDGES] if isinstance(edges, list) else []:
        ends = [edge.get(side) for side in ("source", "destination")] if isinstance(edge, dict) else []
        named = [
            (str(e["node_id"]), str(e["field"]))
            for e in ends
            if isinstance(e, dict) and {"node_id", "field"} <= e.keys()
        ]
        if len(named) == 2:
            (source, target), fields = named, feeds.setdefault(named[1][0], {})
            fields[target[1]] = (*fields.get(target[1], ()), source)[:MAX_WAY]
    return InvokeGraph(nodes, feeds)


def metadata_of(graph: InvokeGraph) -> dict[str, Any] | None:
    """The node that collects what InvokeAI writes as metadata, with what comes to it over edges."""
    for name, node in graph.nodes.items():
        if as_text(node.get("type")) in ("core_metadata", "metadata_accumulator"):
            fields = {*node, *graph.feeds.get(name, {})} - {"id", "type", "is_intermediate", "use_cache"}
            return {field: graph.value(name, field) for field in fields}
    return None


def generation_of_graph(graph: InvokeGraph) -> Generation:
    """What the last denoising node of a graph was told. Without one, only the tool."""
    found = [name for name, node in graph.nodes.items() if _denoises(node)][-MAX_PASSES:]
    if not found:
        return Generation(tool="InvokeAI")
    last = next(
        (n for n in found if not any(n in graph.upstream(o, ("latents", "image")) for o in found if o != n)), found[-1]
    )
    first = {name: graph.value(last, name) for name in graph.nodes[last]}
    noise = next((n for n in graph.upstream(last, ("noise",)) if "seed" in graph.nodes[n]), last)
    start = as_float(graph.value(last, "denoising_start"))
    model, digest = _model(graph, last)
    return Generation(
        tool="InvokeAI",
        model=model,
        model_hash=digest,
        prompt=_prompt(graph, last, "positive"),
        negative_prompt=_prompt(graph, last, "negative"),
        seed=as_seed(graph.value(noise, "seed")),
        steps=as_count(first.get("steps", first.get("num_steps"))),
        sampler=as_text(first.get("scheduler")),
        scheduler=as_text(first.get("scheduler")),
        cfg_scale=as_float(first.get("cfg_scale")),
        width=as_count(graph.value(noise, "width")),
        height=as_count(graph.value(noise, "height")),
        denoise=None if start is None else round(1 - start, 4),
        loras=_loras(graph, last),
    )


def _denoises(node: Mapping[str, Any]) -> bool:
    kind = as_text(node.get("type")) or ""
    return "denoise" in kind or (kind in ("t2l", "l2l", "txt2img", "img2img"))


def _prompt(graph: InvokeGraph, node: str, role: str) -> str | None:
    fields = tuple(f for f in graph.feeds.get(node, {}) if f.startswith(role) and "conditioning" in f)
    for name in graph.upstream(node, fields):
        if {"prompt", "raw_prompt"} & {*graph.nodes[name], *graph.feeds.get(name, {})}:
            return as_prompt(graph.value(name, "prompt"))
    return None


def _model(graph: InvokeGraph, node: str) -> tuple[str | None, str | None]:
    for name in graph.upstream(node, _MODELS):
        model = graph.value(name, "model")
        if isinstance(model, dict):
            return as_text(model.get("name")) or as_text(model.get("model_name")), as_text(model.get("hash"))
    return None, None


def _loras(graph: InvokeGraph, node: str) -> tuple[Lora, ...]:
    found = []
    for name in graph.upstream(node, _MODELS):
        lora = graph.value(name, "lora")
        title = as_text(lora.get("name", lora.get("model_name"))) if isinstance(lora, dict) else None
        if title and isinstance(lora, dict):
            found.append(Lora(title, as_float(graph.value(name, "weight")), as_text(lora.get("hash"))))
    return tuple(found)
