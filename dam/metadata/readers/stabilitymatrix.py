"""Stability Matrix: PNG `parameters-json`, its own record beside the infotext and the project (`smproj`).

Source: Stability Matrix `GenerationParameters`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata.contract import as_count, as_float, as_prompt, as_seed, as_text, claim_of, parse_object, plain_texts
from dam.model import Claim, Generation


def generation_of(given: Mapping[str, Any]) -> Generation:
    """The normalised view; keys are folded to lower case. Zero means not set."""
    return Generation(
        tool="Stability Matrix",
        model=as_text(given.get("modelname")),
        model_hash=as_text(given.get("modelhash")),
        prompt=as_prompt(given.get("positiveprompt")),
        negative_prompt=as_prompt(given.get("negativeprompt")),
        seed=as_seed(given.get("seed")),
        steps=as_count(given.get("steps")),
        sampler=as_text(given.get("sampler")),
        cfg_scale=as_float(given.get("cfgscale")) or None,
        width=as_count(given.get("width")),
        height=as_count(given.get("height")),
    )


class StabilityMatrix:
    """Reader of Stability Matrix' record."""

    name = "stabilitymatrix"
    version = "1"

    def score(self, probe: Probe) -> int:
        return 92 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        return [claim_of(self, text, generation_of(given), given, ai_generated=True) for text, given in _found(probe)]


def _found(probe: Probe) -> list[tuple[Text, dict[str, Any]]]:
    found = []
    for text in plain_texts(probe):
        if text.key.lower() == "parameters-json":
            given = {key.lower(): value for key, value in (parse_object(text.text) or {}).items()}
            if "positiveprompt" in given and "seed" in given:
                found.append((text, given))
    return found


PLUGIN = StabilityMatrix()
