"""Fooocus (and its forks): JSON under `parameters` or in the EXIF comment, old logs with spaced keys too.

RuinedFooocus names itself in `software` and its LoRAs as [sha256, "weight - name"]. Source: Fooocus `meta_parser`,
RuinedFooocus `async_worker`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from dam.metadata.infotext_stages import base_stage
from dam.model import Claim, Generation, Lora

_HINTS = ("base_model", "base model", "adm_guidance", "adm guidance", "refiner", "full_prompt", "full prompt", "scheme")
_HINT_CHARS = 200_000
_MARKS = ("base_model", "adm_guidance", "refiner_switch", "full_prompt", "metadata_scheme", "sharpness")
_WEIGHT_NAME = re.compile(r"(-?[\d.]{1,20}) - (.{1,1000})", re.DOTALL)
_HASH = re.compile(r"[0-9a-fA-F]{4,64}")


def generation_of(given: Mapping[str, Any]) -> Generation:
    """The normalised view of Fooocus' scheme (keys folded to lower_snake_case)."""
    width, height = as_size(given.get("resolution"))
    base = Generation(
        tool=_tool(given),
        tool_version=as_text(given.get("version")),
        model=as_text(given.get("base_model")) or as_text(given.get("base_model_name")),
        model_hash=as_text(given.get("base_model_hash")),
        prompt=as_prompt(given.get("prompt")),
        negative_prompt=as_prompt(given.get("negative_prompt", given.get("negative"))),
        seed=as_seed(given.get("seed")),
        steps=as_count(given.get("steps")),
        sampler=as_text(given.get("sampler")) or as_text(given.get("sampler_name")),
        scheduler=as_text(given.get("scheduler")),
        cfg_scale=as_float(given.get("guidance_scale", given.get("cfg"))),
        width=width or as_count(given.get("width")),
        height=height or as_count(given.get("height")),
        denoise=as_float(given.get("overwrite_strength", given.get("denoise"))),
        loras=_loras(given),
    )
    refiner = as_text(given.get("refiner_model"))
    if refiner is None:
        return base
    first = base_stage(base)
    refined = replace(first, model=refiner, model_hash=as_text(given.get("refiner_model_hash")))
    return replace(base, stages=(replace(first, denoise=base.denoise), refined))


def _tool(given: Mapping[str, Any]) -> str:
    return "RuinedFooocus" if "ruinedfooocus" in str(given.get("software", ""))[:200].lower() else "Fooocus"


def _loras(given: Mapping[str, Any]) -> tuple[Lora, ...]:
    found: dict[str, Lora] = {}
    listed = given.get("loras")
    for item in listed[:256] if isinstance(listed, list) else []:
        if isinstance(item, list) and item and as_text(item[0]):
            lora = _listed_lora(item)
            found.setdefault(lora.name, lora)
    for key, value in given.items():
        if not key.startswith("lora_") or len(found) >= 256:
            continue
        if isinstance(value, str):
            name, weight = _combined(value)
            if name:
                found.setdefault(name, Lora(name, weight))
        elif isinstance(value, dict) and as_text(value.get("name")):
            found.setdefault(str(value["name"]), Lora(str(value["name"]), as_float(value.get("weight"))))
    return tuple(found.values())


def _listed_lora(item: Sequence[Any]) -> Lora:
    """[name, weight, hash], or RuinedFooocus' [hash, "weight - name"]."""
    second = _WEIGHT_NAME.fullmatch(item[1]) if len(item) > 1 and isinstance(item[1], str) else None
    if second:
        return Lora(second[2], as_float(second[1]), item[0] if _HASH.fullmatch(str(item[0])) else None)
    rest = item[1:]
    weight = next((w for each in rest if not isinstance(each, bool) and (w := as_float(each)) is not None), None)
    digest = next((each for each in rest if isinstance(each, str) and _HASH.fullmatch(each)), None)
    return Lora(str(item[0]), weight, digest)


def _combined(value: str) -> tuple[str | None, float | None]:
    """Of "name : weight" or "True : name : weight"; a LoRA that was switched off is none."""
    parts = value[:2000].split(" : ")
    if len(parts) < 2:
        return None, None
    if parts[0] == "False":
        return None, None
    return as_text(" : ".join(parts[1 if parts[0] == "True" and len(parts) > 2 else 0 : -1])), as_float(parts[-1])


class Fooocus:
    """Reader of Fooocus' JSON scheme (its A1111 scheme is read by that reader)."""

    name = "fooocus"
    version = "2"

    def score(self, probe: Probe) -> int:
        return 90 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        return [claim_of(self, text, generation_of(given), given, ai_generated=True) for text, given in _found(probe)]


def _found(probe: Probe) -> list[tuple[Text, dict[str, Any]]]:
    found = []
    for text in plain_texts(probe):
        if not text.text.lstrip().startswith("{") or not _hinted(text.text[:_HINT_CHARS].lower()):
            continue
        given = parse_object(text.text)
        if given is None:
            continue
        folded = {key.lower().replace(" ", "_"): value for key, value in given.items()}
        named = any("fooocus" in str(folded.get(key, ""))[:200].lower() for key in ("version", "software"))
        if "prompt" in folded and "class_type" not in folded and (named or sum(m in folded for m in _MARKS) >= 2):
            found.append((text, folded))
    return found


def _hinted(low: str) -> bool:
    return "fooocus" in low or any(hint in low for hint in _HINTS)


PLUGIN = Fooocus()
