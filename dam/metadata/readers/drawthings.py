"""Draw Things (Apple): XMP `exif:UserComment` (or EXIF) holding JSON {c, uc, model, seed, scale, steps, sampler, size, lora}."""

from collections.abc import Mapping, Sequence
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
from dam.model import Claim, Generation, Lora


def generation_of(given: Mapping[str, Any]) -> Generation:
    """The normalised view."""
    width, height = as_size(given.get("size"))
    listed = given.get("lora")
    loras = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return Generation(
        tool="Draw Things",
        model=as_text(given.get("model")),
        prompt=as_prompt(given.get("c")),
        negative_prompt=as_prompt(given.get("uc")),
        seed=as_seed(given.get("seed")),
        steps=as_count(given.get("steps")),
        sampler=as_text(given.get("sampler")),
        cfg_scale=as_float(given.get("scale")),
        width=width,
        height=height,
        denoise=as_float(given.get("strength")),
        loras=tuple(
            Lora(name, as_float(i.get("weight"))) for i in loras if (name := as_text(i.get("model", i.get("file"))))
        ),
    )


class DrawThings:
    """Reader of Draw Things' JSON."""

    name = "drawthings"
    version = "1"

    def score(self, probe: Probe) -> int:
        return 85 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        return [claim_of(self, text, generation_of(given), given, ai_generated=True) for text, given in _found(probe)]


def _maybe(text: str) -> bool:
    return text.lstrip().startswith("{") and '"c"' in text and '"sampler"' in text


def _found(probe: Probe) -> list[tuple[Text, dict[str, Any]]]:
    candidates = [(text, text.text) for text in plain_texts(probe) if _maybe(text.text)]
    for text in xmp_texts(probe):
        if b"UserComment" in text.raw:
            candidates += [(text, value) for value in xmp.properties(text.raw).get((xmp.EXIF, "UserComment"), ())]
    parsed = [(text, parse_object(value)) for text, value in candidates]
    return [(text, given) for text, given in parsed if given and {"c", "model", "sampler", "steps"} <= set(given)]


PLUGIN = DrawThings()
