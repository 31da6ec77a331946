"""Fooocus (and its forks): JSON under `parameters` or in the EXIF comment, old logs with spaced keys too."""

import re
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
from dam.model import Claim, Generation, Lora

_HINT = re.compile(r"base.model|adm.guidance|refiner.switch|full.prompt|metadata.scheme|fooocus", re.IGNORECASE)
_MARKS = ("base_model", "adm_guidance", "refiner_switch", "full_prompt", "metadata_scheme", "sharpness")


def generation_of(given: Mapping[str, Any]) -> Generation:
    """The normalised view of Fooocus' scheme (keys folded to lower_snake_case)."""
    width, height = as_size(given.get("resolution"))
    return Generation(
        tool="Fooocus",
        tool_version=as_text(given.get("version")),
        model=as_text(given.get("base_model")) or as_text(given.get("base_model_name")),
        model_hash=as_text(given.get("base_model_hash")),
        prompt=as_prompt(given.get("prompt")),
        negative_prompt=as_prompt(given.get("negative_prompt")),
        seed=as_seed(given.get("seed")),
        steps=as_count(given.get("steps")),
        sampler=as_text(given.get("sampler")),
        scheduler=as_text(given.get("scheduler")),
        cfg_scale=as_float(given.get("guidance_scale", given.get("cfg"))),
        width=width,
        height=height,
        denoise=as_float(given.get("overwrite_strength")),
        loras=_loras(given),
    )


def _loras(given: Mapping[str, Any]) -> tuple[Lora, ...]:
    found: dict[str, Lora] = {}
    listed = given.get("loras")
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, list) and item and as_text(item[0]):
            found[str(item[0])] = Lora(str(item[0]), *_weight_and_hash(item[1:]))
    for key, value in given.items():
        if key.startswith("lora_combined_") and isinstance(value, str):
            name, _, weight = value.rpartition(" : ")
            found.setdefault(name or value, Lora(name or value, as_float(weight)))
        elif key.startswith("lora_") and isinstance(value, dict) and as_text(value.get("name")):
            found.setdefault(str(value["name"]), Lora(str(value["name"]), as_float(value.get("weight"))))
    return tuple(found.values())


def _weight_and_hash(rest: Sequence[Any]) -> tuple[float | None, str | None]:
    weight = next((w for item in rest if not isinstance(item, bool) and (w := as_float(item)) is not None), None)
    return weight, next((item for item in rest if isinstance(item, str) and as_float(item) is None), None)


class Fooocus:
    """Reader of Fooocus' JSON scheme (its A1111 scheme is read by that reader)."""

    name = "fooocus"
    version = "1"

    def score(self, probe: Probe) -> int:
        return 90 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        return [claim_of(self, text, generation_of(given), given, ai_generated=True) for text, given in _found(probe)]


def _found(probe: Probe) -> list[tuple[Text, dict[str, Any]]]:
    found = []
    for text in plain_texts(probe):
        if not text.text.lstrip().startswith("{") or not _HINT.search(text.text):
            continue
        given = parse_object(text.text)
        if given is None:
            continue
        folded = {key.lower().replace(" ", "_"): value for key, value in given.items()}
        versioned = "fooocus" in str(folded.get("version", "")).lower()
        if "prompt" in folded and (versioned or sum(mark in folded for mark in _MARKS) >= 2):
            found.append((text, folded))
    return found


PLUGIN = Fooocus()
