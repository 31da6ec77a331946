"""Tensor.Art: PNG `generation_data`, a JSON that ends in NUL bytes, beside the ComfyUI graph that the service ran."""

from collections.abc import Mapping, Sequence
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata.contract import as_count, as_float, as_prompt, as_seed, as_text, claim_of, parse_object, plain_texts
from dam.model import Claim, Generation


def generation_of(given: Mapping[str, Any]) -> Generation:
    """The normalised view; the seed is text."""
    base = given.get("baseModel")
    base = base if isinstance(base, dict) else {}
    return Generation(
        tool="Tensor.Art",
        model=as_text(base.get("modelFileName")),
        model_hash=as_text(base.get("hash")),
        prompt=as_prompt(given.get("prompt")),
        negative_prompt=as_prompt(given.get("negativePrompt")),
        seed=as_seed(given.get("seed")),
        steps=as_count(given.get("steps")),
        cfg_scale=as_float(given.get("cfgScale")),
        width=as_count(given.get("width")),
        height=as_count(given.get("height")),
    )


class TensorArt:
    """Reader of Tensor.Art's record."""

    name = "tensorart"
    version = "1"

    def score(self, probe: Probe) -> int:
        return 92 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        return [claim_of(self, text, generation_of(given), given, ai_generated=True) for text, given in _found(probe)]


def _found(probe: Probe) -> list[tuple[Text, dict[str, Any]]]:
    found = []
    for text in plain_texts(probe):
        if text.key.lower() == "generation_data":
            given = parse_object(text.text.rstrip("\0"))
            if given and "prompt" in given and ("baseModel" in given or "cfgScale" in given):
                found.append((text, given))
    return found


PLUGIN = TensorArt()
