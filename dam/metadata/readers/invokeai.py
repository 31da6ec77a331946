"""InvokeAI, all its ages: `Dream` command lines (1.x), `sd-metadata` (2.x), `invokeai_metadata` + graph (3 and later).

A JPEG carries the later form as COM segments `invokeai_graph: {..}`, so a name may stand before the JSON.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata.contract import as_count, as_float, as_prompt, as_seed, as_text, claim_of, parse_object, plain_texts
from dam.metadata.dream import Dream, parse_dream, split_negative
from dam.metadata.infotext_stages import base_stage
from dam.metadata.invoke_graph import generation_of_graph, graph_of, metadata_of
from dam.model import Claim, Generation, Input, Lora

_KEYS = ("dream", "sd-metadata", "invokeai_metadata", "invokeai", "invokeai_graph", "invokeai_workflow")
_MAX_INPUTS = 256
_PREFIX = re.compile(r"\s*+(invokeai_(?:metadata|graph|workflow)|sd-metadata|dream)\s*:\s*(?=[{\"])", re.IGNORECASE)


def of_dream(dream: Dream, version: str | None = None) -> Generation:
    """A command line; `sd-metadata` beside it knows more, but only here stands the name of the initial image."""
    return Generation(
        tool="InvokeAI",
        tool_version=version,
        prompt=dream.prompt,
        negative_prompt=dream.negative,
        seed=as_seed(dream.switches.get("S")),
        steps=as_count(dream.switches.get("s")),
        sampler=as_text(dream.switches.get("A")),
        cfg_scale=as_float(dream.switches.get("C")),
        width=as_count(dream.switches.get("W")),
        height=as_count(dream.switches.get("H")),
        denoise=as_float(dream.switches.get("f")) if dream.init else None,
        inputs=tuple(_dream_inputs(dream)),
    )


def _dream_inputs(dream: Dream) -> Iterator[Input]:
    for name, role in ((dream.init, "init"), (dream.switches.get("M"), "mask")):
        plain = as_text(name)
        if plain:
            yield Input(plain, role=role)


def of_sd_metadata(data: Mapping[str, Any], dream: Dream | None) -> Generation:
    """`sd-metadata` of 1.15 to 2.x, with the initial image's name from the `Dream` line beside it."""
    image = data.get("image")
    if image is None and isinstance(data.get("images"), list):  # a grid: its first picture stands for all
        image = next(iter(data["images"]), None)
    image = image if isinstance(image, dict) else {}
    prompts = image.get("prompt")
    parts = prompts if isinstance(prompts, list) else [prompts]
    joined = " ".join(
        p["prompt"] if isinstance(p, dict) and isinstance(p.get("prompt"), str) else p if isinstance(p, str) else ""
        for p in parts
    )
    prompt, negative = split_negative(joined.strip())
    return Generation(
        tool="InvokeAI",
        tool_version=as_text(data.get("app_version")),
        model=as_text(data.get("model_weights")) or as_text(data.get("model_id")) or as_text(data.get("model")),
        model_hash=as_text(data.get("model_hash")),
        prompt=prompt,
        negative_prompt=negative,
        seed=as_seed(image.get("seed")),
        steps=as_count(image.get("steps")),
        sampler=as_text(image.get("sampler")),
        cfg_scale=as_float(image.get("cfg_scale")),
        width=as_count(image.get("width")),
        height=as_count(image.get("height")),
        denoise=as_float(image.get("strength", image.get("strength_steps"))),
        inputs=_old_inputs(image, dream),
    )


def _old_inputs(image: Mapping[str, Any], dream: Dream | None) -> tuple[Input, ...]:
    found: list[Input] = []
    digest = as_text(image.get("orig_hash"))
    name = as_text(image.get("init_img", image.get("init_image_path"))) or (dream.init if dream else None)
    if name or digest:
        found.append(Input(name, digest.lower() if digest else None, "init"))
    mask = as_text(image.get("mask", image.get("init_mask")))
    if mask:
        found.append(Input(mask, role="mask"))
    steps = image.get("postprocessing")
    for step in steps if isinstance(steps, list) else []:
        command = step.get("dream_command") if isinstance(step, dict) else None
        parent = re.search(r"!fix\s+(?:\"([^\"]+)\"|'([^']+)'|(\S+))", command) if isinstance(command, str) else None
        if parent:
            found.append(Input(next(g for g in parent.groups() if g), role="init"))
    return tuple(found)


def of_metadata(data: Mapping[str, Any]) -> Generation:
    """`invokeai_metadata` of 3 and later."""
    name, digest = _model(data.get("model"))
    negative = as_prompt(data.get("negative_prompt"))
    if negative is None and "negative_prompt" in data:
        negative = ""  # null: a model that takes none
    base = Generation(
        tool="InvokeAI",
        tool_version=as_text(data.get("app_version")),
        model=name,
        model_hash=digest,
        prompt=as_prompt(data.get("positive_prompt")),
        negative_prompt=negative,
        seed=as_seed(data.get("seed")),
        steps=as_count(data.get("steps")),
        sampler=as_text(data.get("scheduler")),
        scheduler=as_text(data.get("scheduler")),
        cfg_scale=as_float(data.get("cfg_scale")),
        width=as_count(data.get("width")),
        height=as_count(data.get("height")),
        denoise=as_float(data.get("strength")),
        loras=_loras(data.get("loras")),
        inputs=tuple(itertools.islice(dict.fromkeys(_images(data)), _MAX_INPUTS)),
    )
    refiner = _model(data.get("refiner_model"))
    if refiner[0] is None:
        return base
    first = base_stage(base)
    cfg, sampler = as_float(data.get("refiner_cfg_scale")), as_text(data.get("refiner_scheduler"))
    refined = replace(
        first,
        model=refiner[0],
        model_hash=refiner[1],
        steps=as_count(data.get("refiner_steps")) or first.steps,
        sampler=sampler or first.sampler,
        scheduler=sampler or first.scheduler,
        cfg_scale=first.cfg_scale if cfg is None else cfg,
    )
    return replace(base, stages=(replace(first, denoise=base.denoise), refined))


def _of_graph(data: Mapping[str, Any]) -> Generation:
    """`invokeai_graph`: the fields of its metadata node if it has one, else those of its denoising node."""
    graph = graph_of(data)
    collected = metadata_of(graph)
    return of_metadata(collected) if collected is not None else generation_of_graph(graph)


def _model(value: Any) -> tuple[str | None, str | None]:
    """Name and hash of a model identifier of any age."""
    model = value if isinstance(value, dict) else {"name": value}
    return as_text(model.get("name")) or as_text(model.get("model_name")), as_text(model.get("hash"))


def _loras(value: Any) -> tuple[Lora, ...]:
    found = []
    for item in value if isinstance(value, list) else []:
        model = item.get("model", item.get("lora")) if isinstance(item, dict) else None
        name = as_text(model.get("name", model.get("model_name"))) if isinstance(model, dict) else None
        if name and isinstance(model, dict):
            found.append(Lora(name, as_float(item.get("weight")), as_text(model.get("hash"))))
    return tuple(found)


def _images(value: Any, keys: tuple[str, ...] = (), depth: int = 0) -> Iterator[Input]:
    """Every picture below, with the role that the keys around it tell: `{image_name}`, or `{name, width, height}` of the
    control layers of 4.2. Layers and references that were switched off took no part.
    """
    if depth > 16:
        return
    if isinstance(value, dict):
        if value.get("isEnabled") is False:
            return
        sized = "width" in value and "height" in value
        name = as_text(value.get("image_name")) or (as_text(value.get("name")) if sized else None)
        if name:
            yield Input(name, role=_role(keys))
        kind = value.get("type")
        around = (*keys, kind) if isinstance(kind, str) else keys
        for inner, child in value.items():
            plain = as_text(child)
            if inner in ("init_image", "initial_image_name") and plain:
                yield Input(plain, role="init")
            elif isinstance(child, (dict, list)):
                yield from _images(child, (*around, inner), depth + 1)
    elif isinstance(value, list):
        for child in value[:5000]:
            yield from _images(child, keys, depth + 1)


_ROLES = (
    ("mask", "mask"),
    ("ref_image", "reference"),
    ("referenceimage", "reference"),
    ("ip_adapter", "style"),
    ("ipadapter", "style"),
    ("control", "control"),
    ("t2i", "control"),
    ("adapter", "style"),
    ("init", "init"),
    ("raster", "init"),
    ("base_image", "init"),
    ("reference", "reference"),
)


def _role(keys: Sequence[str]) -> str | None:
    """The role that the innermost telling key gives."""
    for key in reversed(keys):
        low = key[:100].lower()
        for word, role in _ROLES:
            if word in low:
                return role
    return None


class InvokeAI:
    """Reader of InvokeAI's text carriers."""

    name = "invokeai"
    version = "2"

    def score(self, probe: Probe) -> int:
        return 90 if _carriers(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        carriers = _carriers(probe)
        dream = next((parse_dream(body) for _, name, body in carriers if name == "dream"), None)
        answers = [self._claim(text, name, body, dream) for text, name, body in carriers]
        return [claim for claim in answers if claim is not None]

    def _claim(self, text: Text, name: str, body: str, dream: Dream | None) -> Claim | None:
        if name == "dream":
            own = parse_dream(body)
            fields: dict[str, Any] = {"switches": dict(own.switches)}
            return claim_of(self, text, of_dream(own), fields, confidence=0.8, ai_generated=True)
        data = parse_object(body)
        if data is None:
            return None
        if name == "sd-metadata":
            return claim_of(self, text, of_sd_metadata(data, dream), data, ai_generated=True)
        if name in ("invokeai_metadata", "invokeai"):
            return claim_of(self, text, of_metadata(data), data, ai_generated=True)
        inputs = tuple(itertools.islice(dict.fromkeys(_images(data)), _MAX_INPUTS)) if name == "invokeai_graph" else ()
        told = _of_graph(data) if name == "invokeai_graph" else Generation(tool="InvokeAI")
        generation = replace(told, inputs=inputs)
        return claim_of(self, text, generation, {"kind": name}, confidence=0.7, ai_generated=True)


def _carriers(probe: Probe) -> list[tuple[Text, str, str]]:
    """(carrier, name, body) of what InvokeAI wrote."""
    found = []
    for text in plain_texts(probe):
        key = text.key.lower()
        prefix = _PREFIX.match(text.text)
        if key in _KEYS:
            found.append((text, key, text.text))
        elif prefix:
            found.append((text, prefix[1].lower(), text.text[prefix.end() :]))
    return found


PLUGIN = InvokeAI()
