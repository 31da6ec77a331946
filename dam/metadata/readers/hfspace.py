"""Hugging Face Spaces that run diffusers: JSON under `parameters` with `num_inference_steps`, `Model` and `resolution`."""

from collections.abc import Mapping, Sequence
from typing import Any

from dam.media.probe import Probe, Text
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
)
from dam.model import Claim, Generation


def generation_of(given: Mapping[str, Any]) -> Generation:
    """The normalised view."""
    width, height = as_size(given.get("resolution"))
    return Generation(
        tool="Hugging Face Space",
        model=as_text(given.get("Model")),
        model_hash=as_text(given.get("Model hash")),
        prompt=as_prompt(given.get("prompt")),
        negative_prompt=as_prompt(given.get("negative_prompt")),
        seed=as_seed(given.get("seed")),
        steps=as_count(given.get("num_inference_steps")),
        sampler=as_text(given.get("sampler")),
        cfg_scale=as_float(given.get("guidance_scale")),
        width=width,
        height=height,
    )


class HuggingFaceSpace:
    """Reader of that JSON; the three keys together are what no other tool writes."""

    name = "hfspace"
    version = "1"

    def score(self, probe: Probe) -> int:
        return 80 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        return [
            claim_of(self, text, generation_of(given), given, confidence=0.9, ai_generated=True)
            for text, given in _found(probe)
        ]


def _found(probe: Probe) -> list[tuple[Text, dict[str, Any]]]:
    found = []
    for text in plain_texts(probe):
        if '"num_inference_steps"' in text.text and '"resolution"' in text.text:
            given = parse_object(text.text)
            if given and {"prompt", "num_inference_steps", "resolution", "Model"} <= set(given):
                found.append((text, given))
    return found


PLUGIN = HuggingFaceSpace()
