"""Draw Things (Apple): XMP `exif:UserComment` (or EXIF) holding JSON {c, uc, model, seed, scale, steps, sampler, size, lora}.

Newer versions add a block `v2` with the whole configuration. `dc:description` says the same as text ("prompt", then
"-negative", then `Steps: .., Guidance Scale: ..`) and is read where the JSON is missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata import xmp
from dam.metadata.contract import (
    as_count,
    as_float,
    as_prompt,
    as_seed,
    as_size,
    as_text,
    claim_of,
    parse_object,
    plain_texts,
    xmp_texts,
)
from dam.metadata.infotext import parse_settings
from dam.metadata.infotext_stages import base_stage
from dam.model import Claim, Generation, Lora

_USUAL = frozenset(("uc", "model", "sampler", "steps", "seed", "scale", "size", "v2"))
_TEXT_KEYS = {
    "Steps": "steps",
    "Sampler": "sampler",
    "Guidance Scale": "scale",
    "Seed": "seed",
    "Size": "size",
    "Model": "model",
    "Strength": "strength",
}


def generation_of(given: Mapping[str, Any]) -> Generation:
    """The normalised view."""
    more = given.get("v2")
    more = more if isinstance(more, dict) else {}
    width, height = as_size(given.get("size"))
    base = Generation(
        tool="Draw Things",
        model=as_text(given.get("model")) or as_text(more.get("model")),
        prompt=as_prompt(given.get("c")),
        negative_prompt=as_prompt(given.get("uc")),
        seed=as_seed(given.get("seed", more.get("seed"))),
        steps=as_count(given.get("steps", more.get("steps"))),
        sampler=as_text(given.get("sampler")),
        cfg_scale=as_float(given.get("scale", more.get("guidanceScale"))),
        width=width or as_count(more.get("width")),
        height=height or as_count(more.get("height")),
        denoise=as_float(given.get("strength", more.get("strength"))),
        loras=_loras(given.get("lora"), more.get("loras")),
    )
    refiner = as_text(more.get("refinerModel"))
    if refiner is None:
        return base
    first = base_stage(base)
    return replace(base, stages=(replace(first, denoise=base.denoise), replace(first, model=refiner, model_hash=None)))


def _loras(*lists: Any) -> tuple[Lora, ...]:
    """`lora: [{model, weight}]`, and `loras: [{file, weight}]` of the newer block; one a name."""
    found: dict[str, Lora] = {}
    for listed in lists:
        for item in listed[:256] if isinstance(listed, list) else ():
            name = as_text(item.get("model", item.get("file"))) if isinstance(item, dict) else None
            if name:
                found.setdefault(name, Lora(name, as_float(item.get("weight"))))
    return tuple(found.values())


class DrawThings:
    """Reader of Draw Things' JSON."""

    name = "drawthings"
    version = "2"

    def score(self, probe: Probe) -> int:
        return 85 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        return [claim_of(self, text, generation_of(given), given, ai_generated=True) for text, given in _found(probe)]


def _maybe(text: str) -> bool:
    return text.lstrip()[:1] == "{" and '"c"' in text and '"model"' in text


def _found(probe: Probe) -> list[tuple[Text, dict[str, Any]]]:
    candidates = [(text, text.text) for text in plain_texts(probe) if _maybe(text.text)]
    described = []
    for text in xmp_texts(probe):
        if b"UserComment" not in text.raw and b"Draw Things" not in text.raw:
            continue
        found = xmp.properties(text.raw)
        candidates += [(text, value) for value in found.get((xmp.EXIF, "UserComment"), ()) if _maybe(value)]
        if xmp.first(found, xmp.XMP, "CreatorTool") == "Draw Things":
            described.append((text, xmp.first(found, xmp.DC, "description") or ""))
    parsed = [(text, parse_object(value)) for text, value in candidates]
    answers = [(text, given) for text, given in parsed if given and "c" in given and len(_USUAL & set(given)) >= 3]
    if answers:
        return answers
    return [(text, given) for text, words in described if (given := _described(words))]


def _described(words: str) -> dict[str, Any] | None:
    """The same fields from the description's lines."""
    lines = words.split("\n")
    at = next((i for i in range(len(lines) - 1, -1, -1) if lines[i].startswith("Steps:")), None)
    if at is None:
        return None
    minus = next((i for i in range(at) if lines[i].startswith("-")), at)
    settings = parse_settings(lines[at])
    given: dict[str, Any] = {_TEXT_KEYS[key]: value for key, value in settings.items() if key in _TEXT_KEYS}
    return {"c": "\n".join(lines[:minus]), "uc": "\n".join(lines[minus:at]).removeprefix("-"), **given}


PLUGIN = DrawThings()
