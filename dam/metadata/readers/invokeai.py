"""InvokeAI, all its ages: `Dream` command lines (1.x), `sd-metadata` (2.x), `invokeai_metadata` + graph (3 and later).

A JPEG carries the later form as COM segments `invokeai_graph: {..}`, so a name may stand before the JSON.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata.contract import as_count, as_float, as_prompt, as_seed, as_text, claim_of, parse_object, plain_texts
from dam.metadata.dream import Dream, parse_dream, split_negative
from dam.model import Claim, Generation, Input, Lora

_KEYS = ("dream", "sd-metadata", "invokeai_metadata", "invokeai", "invokeai_graph", "invokeai_workflow")
_PREFIX = re.compile(r"\s*(invokeai_(?:metadata|graph|workflow)|sd-metadata|dream)\s*:\s*(?=[{\"])", re.IGNORECASE)


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
        inputs=(Input(dream.init, role="init"),) if dream.init else (),
    )


def of_sd_metadata(data: Mapping[str, Any], dream: Dream | None) -> Generation:
    """`sd-metadata` of 1.15 to 2.x, with the initial image's name from the `Dream` line beside it."""
    image = data.get("image")
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
    model = data.get("model")
    model = model if isinstance(model, dict) else {"name": model}
    return Generation(
        tool="InvokeAI",
        tool_version=as_text(data.get("app_version")),
        model=as_text(model.get("name")) or as_text(model.get("model_name")),
        model_hash=as_text(model.get("hash")),
        prompt=as_prompt(data.get("positive_prompt")),
        negative_prompt=as_prompt(data.get("negative_prompt")),
        seed=as_seed(data.get("seed")),
        steps=as_count(data.get("steps")),
        sampler=as_text(data.get("scheduler")),
        scheduler=as_text(data.get("scheduler")),
        cfg_scale=as_float(data.get("cfg_scale")),
        width=as_count(data.get("width")),
        height=as_count(data.get("height")),
        denoise=as_float(data.get("strength")),
        loras=_loras(data.get("loras")),
        inputs=tuple(dict.fromkeys(_images(data))),
    )


def _loras(value: Any) -> tuple[Lora, ...]:
    found = []
    for item in value if isinstance(value, list) else []:
        model = item.get("model", item.get("lora")) if isinstance(item, dict) else None
        name = as_text(model.get("name", model.get("model_name"))) if isinstance(model, dict) else None
        if name and isinstance(model, dict):
            found.append(Lora(name, as_float(item.get("weight")), as_text(model.get("hash"))))
    return tuple(found)


def _images(value: Any, key: str = "", depth: int = 0) -> Iterator[Input]:
    """Every `image_name` below, with the role that the keys around it tell."""
    if depth > 12:
        return
    if isinstance(value, dict):
        name = as_text(value.get("image_name"))
        if name:
            yield Input(name, role=_role(key))
        for inner, child in value.items():
            plain = as_text(child)
            if inner in ("init_image", "initial_image_name") and plain:
                yield Input(plain, role="init")
            elif isinstance(child, (dict, list)):
                yield from _images(child, key if inner in ("image", "value") and key else f"{key} {inner}", depth + 1)
    elif isinstance(value, list):
        for child in value[:5000]:
            yield from _images(child, key, depth + 1)


def _role(key: str) -> str | None:
    low = key.lower()
    words = (
        ("mask", "mask"),
        ("control", "control"),
        ("t2i", "control"),
        ("adapter", "style"),
        ("init", "init"),
        ("base_image", "init"),
    )
    return next((role for word, role in words if word in low), "reference" if "reference" in low else None)


class InvokeAI:
    """Reader of InvokeAI's text carriers."""

    name = "invokeai"
    version = "1"

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
        inputs = tuple(dict.fromkeys(_images(data))) if name == "invokeai_graph" else ()
        generation = Generation(tool="InvokeAI", inputs=inputs)
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
