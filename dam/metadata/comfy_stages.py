"""Sampler passes of a ComfyUI graph, found by the shape of their inputs and followed over links."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dam.metadata.comfy_graph import Graph, Link, Node, number
from dam.metadata.comfy_models import loras_of, model_of
from dam.metadata.comfy_services import (
    HOST,
    SEEDS,
    Services,
    asks,
    input_text,
    is_local,
    named_service,
    own_size,
    service_stage,
)
from dam.metadata.comfy_text import carries_both, conditioning_text, join, node_text
from dam.metadata.contract import as_count, as_float, as_seed, as_text
from dam.model import Stage

_STEPS = ("steps", "num_inference_steps", "sampling_steps", "num_steps", "inference_steps")
_CFG = ("cfg", "cfg_scale", "cfg_conds", "guidance_scale", "text_cfg", "cfg1", "cfg_text")
_PIPES = ("basic_pipe", "pipe", "context", "optional_pipe", "base_ctx", "pipeline", "sdxl_tuple")
MAX_PASSES = 32
# Inputs that lead away from the picture: not followed when looking for its size or for the pass before.
NOT_PICTURE = frozenset(
    [
        "model",
        "model1",
        "model2",
        "clip",
        "vae",
        "positive",
        "negative",
        "conditioning",
        "text_embeds",
        "control_net",
        "guider",
        "sampler",
        "sigmas",
        "noise",
        "mask",
        "clip_vision",
        "clip_vision_output",
        "style_model",
        "lora",
        "lora_stack",
        "upscale_model",
        "bbox_detector",
        "sam_model_opt",
        "segs",
        "basic_pipe",
        "audio",
        "unet_model",
        "ipadapter",
        "reference_latent",
        "image_proj",
        "cond",
    ]
)


@dataclass(frozen=True, slots=True)
class Pass:
    """A sampler node with what could be read of it."""

    node: str
    stage: Stage


def is_sampler(node: Node) -> bool:
    """Whether a node denoises: it takes sigmas with a sampler or guider, or a seed, steps and a guidance or condition."""
    names = {*node.literals, *node.links}
    if "sigmas" in node.links and names & {"guider", "sampler"}:
        return True
    if not (names & set(SEEDS) and names & set(_STEPS)):
        return False
    conditioned = any(
        name.startswith(("positive", "cond")) or name.endswith("embeds") or name in ("model", "basic_pipe")
        for name in node.links
    )
    return bool(names & set(_CFG)) or conditioned


def is_service(node: Node) -> bool:
    """Whether a node asks a generator by itself, as hosted ones do."""
    return asks(node) or (named_service(node.kind) is not None and not is_local(node))


def passes(graph: Graph, outputs: Sequence[str]) -> tuple[Pass, ...]:
    """The passes that feed the outputs, in running order: samplers and hosted generators. Where there are neither, nodes
    of that shape that nobody can name, and writers of text.
    """
    order = running_order(graph, outputs)
    services = Services(graph, order)
    hosted = {node.id for node in services.makers(order)}
    found = [node for node in order if node.id in hosted or (services.name(node) is None and is_sampler(node))]
    if not found:
        found = services.makers(order, texts=True) or [node for node in order if asks(node)]
    return tuple(
        Pass(node.id, _stage(graph, node))
        if node.id not in hosted and is_sampler(node)
        else Pass(node.id, service_stage(graph, node, services.name(node)))
        for node in found[-MAX_PASSES:]
    )


def running_order(graph: Graph, outputs: Sequence[str]) -> list[Node]:
    """Nodes that the outputs depend on, inputs before users (an iterative post-order walk)."""
    done: dict[str, bool] = {}
    order: list[Node] = []
    stack = [(name, False) for name in reversed(outputs)]
    while stack:
        name, leaving = stack.pop()
        if leaving:
            order.append(graph.nodes[name])
        elif name not in done and name in graph.nodes:
            done[name] = True
            stack.append((name, True))
            stack.extend((link.node, False) for link in reversed(list(graph.nodes[name].links.values())))
    return order


def headline(graph: Graph, outputs: Sequence[str], found: Sequence[Pass]) -> Pass | None:
    """The pass at the root of the picture line: from the output back over latents and images until no sampler lies behind.

    So the base pass of a hires or refiner chain speaks for the file, and in a chain of edits (where the earlier picture
    comes in as a condition) the last edit does. A hosted generator makes its picture anew: what it was given is no earlier
    pass. Without a clear line: the last pass that has a prompt.
    """
    by_node = {each.node: each for each in found}
    ends = frozenset(each.node for each in found if each.stage.tool != HOST and each.stage.prompt)
    root: Pass | None = None
    for output in outputs:
        for node in graph.upstream(output, NOT_PICTURE, ends):
            if node.id in by_node:
                root = by_node[node.id]  # nearest first: the farthest one stays
        if root:
            break
    if root and root.stage.prompt:
        return root
    return next((each for each in reversed(found) if each.stage.prompt), root or (found[-1] if found else None))


def _stage(graph: Graph, node: Node) -> Stage:
    guider = graph.nodes.get(node.links["guider"].node) if "guider" in node.links else None
    sigmas = _chain(graph, node, "sigmas")
    positive, negative = _prompts(graph, node, guider)
    model = _model_link(node, guider)
    width, height = _size(graph, node)
    holders = [node, *([guider] if guider else []), *_makers(graph, node)]
    return Stage(
        tool=HOST,
        model=model_of(graph, model),
        loras=loras_of(graph, model),
        prompt=positive,
        negative_prompt=negative if negative is not None or positive is None else "",
        seed=as_seed(_first_number(graph, [node, *_chain(graph, node, "noise")], SEEDS)),
        steps=as_count(_first_number(graph, [node, *sigmas], _STEPS)) or _steps_listed(sigmas),
        sampler=_sampler_name(graph, node),
        scheduler=_first_text(graph, [node, *sigmas], ("scheduler", "scheduler_name")),
        cfg_scale=as_float(_first_number(graph, holders, _CFG)),
        denoise=as_float(_first_number(graph, [node, *sigmas], ("denoise", "denoise_strength"))),
        width=width,
        height=height,
    )


def _makers(graph: Graph, node: Node) -> list[Node]:
    """What hands a sampler prompts and settings in one: the maker of its text embeds or of its pipe, and their settings."""
    links = [link for key, link in node.links.items() if carries_both(key)]
    makers = [graph.nodes[link.node] for link in links[:4] if link.node in graph.nodes]
    behind = [link for maker in makers for key, link in maker.links.items() if "cfg" in key.lower()]
    return makers + [graph.nodes[link.node] for link in behind[:4] if link.node in graph.nodes]


def _steps_listed(sigmas: Sequence[Node]) -> int | None:
    """The steps of noise levels that somebody wrote down: "1.0, 0.75, 0.5, 0.0" are three."""
    for each in sigmas:
        value = each.literals.get("sigmas")
        levels = re.findall(r"[^\s,;]+", value[:20_000]) if isinstance(value, str) else ()
        if len(levels) > 1 and all(as_float(level) is not None for level in levels):
            return len(levels) - 1
    return None


def _chain(graph: Graph, node: Node, key: str) -> list[Node]:
    """The node on an input and those behind it on the same kind of input (`sigmas` through SplitSigmas)."""
    found: list[Node] = []
    link = node.links.get(key)
    while link is not None and len(found) < 30:
        behind = graph.nodes.get(link.node)
        if behind is None or behind in found:
            break
        found.append(behind)
        link = behind.links.get(key) or next(
            (each for name, each in behind.links.items() if name.startswith(key)), None
        )
    return found


def _first_number(graph: Graph, nodes: Sequence[Node], keys: tuple[str, ...]) -> object:
    return next((value for each in nodes if (value := number(graph, each, keys)) is not None), None)


def _first_text(graph: Graph, nodes: Sequence[Node], keys: tuple[str, ...]) -> str | None:
    for each in nodes:
        for key in keys:
            value = input_text(graph, each, key)
            if as_text(value):
                return as_text(value)
    return None


def _sampler_name(graph: Graph, node: Node) -> str | None:
    chain = _chain(graph, node, "sampler")
    named = _first_text(graph, [node, *chain], ("sampler_name", "sampler"))
    if named or not chain:
        return named
    return (
        chain[-1].kind.removeprefix("Sampler") or None
    )  # SamplerEulerAncestral and the like carry the name themselves


def _prompts(graph: Graph, node: Node, guider: Node | None) -> tuple[str | None, str | None]:
    holders = [h for h in (node, guider) if h is not None]
    positive, negative = _prompt(graph, holders, "positive"), _prompt(graph, holders, "negative")
    said = any(key.startswith("neg") for h in holders for key in (*h.links, *h.literals))
    # Over one input for both sides, or from two outputs of one encoder, a text that is not split is read twice.
    doubled = negative == positive and (not said or any(_one_encoder(graph, h) for h in holders))
    return positive, None if doubled else negative


def _one_encoder(graph: Graph, holder: Node) -> bool:
    """Whether both sides are different outputs of one node that holds a text and takes no conditioning."""
    sides = [holder.links[role] for role in ("positive", "negative") if role in holder.links]
    if len(sides) < 2 or sides[0].node != sides[1].node or sides[0].slot == sides[1].slot:
        return False
    node = graph.nodes.get(sides[0].node)
    return node is not None and "text" in node.literals and "positive" not in node.links


def _prompt(graph: Graph, holders: Sequence[Node], role: str) -> str | None:
    for holder in holders:
        keys = _condition_keys(holder, role)
        both = any(carries_both(key) for key in keys)
        found = conditioning_text(graph, [holder.links[key] for key in keys], role, both=both)
        if found is None:
            found = _literal(graph, holder, role)
        if found is not None:
            return found
    return None


def _condition_keys(node: Node, role: str) -> list[str]:
    """The inputs that bring the prompt of a role: its own, else the conditions, else what carries both roles."""
    if role in node.links:
        return [role]
    embeds = [key for key in node.links if key.endswith("embeds") and "image" not in key]
    if role == "negative":
        plain = [key for key in node.links if key.startswith("neg")] + embeds
    else:  # the second condition of a dual guider is its negative side
        plain = [key for key in node.links if key.startswith(("cond", "pos")) or key in embeds][:1]
    return plain or [key for key in _PIPES if key in node.links]


def _literal(graph: Graph, node: Node, role: str) -> str | None:
    """A sampler that holds its prompts itself."""
    keys = {"positive", "negative", "positive_prompt", "negative_prompt", "prompt", "text"}
    if not keys & {*node.literals, *node.links} - {role}:
        return None
    texts = node_text(graph, node, role) if any(k in node.literals for k in keys) else None
    return join(texts) if texts else None


def _model_link(node: Node, guider: Node | None) -> Link | None:
    for holder in (node, guider):
        for key, link in holder.links.items() if holder else ():
            if key == "model" or key.startswith(("model", "unet", "diffusion")):
                return link
    return next((node.links[k] for k in _PIPES if k in node.links), None)


def _size(graph: Graph, node: Node) -> tuple[int | None, int | None]:
    """The size that the pass works at: the nearest width and height on the picture line behind it."""
    for each in graph.upstream(node.id, NOT_PICTURE):
        if (
            any(key in each.literals for key in ("scale_by", "upscale_by", "megapixels"))
            and "width" not in each.literals
        ):
            return None, None
        width, height = own_size(graph, each)
        if width:
            return width, height
    return None, None
