"""SwarmUI: JSON `{"sui_image_params": .., "sui_extra_data": .., "sui_models": [..]}` (its docs/Image Metadata Format.md)."""

from collections.abc import Iterator, Mapping, Sequence
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
from dam.model import Claim, Generation, Lora, Stage


def generation_of(whole: Mapping[str, Any]) -> Generation:
    """The normalised view. No key is guaranteed; numbers may be strings; an empty negative prompt is not written."""
    params = whole["sui_image_params"]
    extra = whole.get("sui_extra_data")
    models = (
        [m for m in whole.get("sui_models") or [] if isinstance(m, dict)]
        if isinstance(whole.get("sui_models"), list)
        else []
    )
    prompt = as_prompt(params.get("prompt"))
    width, height = _size(params)
    base = Generation(
        tool="SwarmUI",
        tool_version=as_text(params.get("swarm_version"))
        or as_text(extra.get("swarm_version") if isinstance(extra, dict) else None),
        model=as_text(params.get("model")),
        model_hash=_hash(models, "model"),
        prompt=prompt,
        negative_prompt=as_prompt(params.get("negativeprompt", "" if prompt is not None else None)),
        seed=as_seed(params.get("seed")),
        steps=as_count(params.get("steps")),
        sampler=as_text(params.get("sampler", params.get("comfyuisampler"))),
        scheduler=as_text(params.get("scheduler", params.get("comfyuischeduler"))),
        cfg_scale=as_float(params.get("cfgscale")),
        width=width,
        height=height,
        denoise=as_float(params.get("initimagecreativity")),
        loras=_loras(params, models),
    )
    first = base_stage(base)
    more = tuple(_later(first, params, models))
    return replace(base, stages=(replace(first, denoise=base.denoise), *more)) if more else base


def _size(params: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Width and height; a raw resolution replaces both, and a multiplier makes the height."""
    raw = as_size(params.get("rawresolution"))
    if raw[0]:
        return raw
    width, height = as_count(params.get("width")), as_count(params.get("height"))
    times = as_float(params.get("altresolutionheightmult"))
    return width, as_count(width * times) if width and times and 0 < times < 100 else height


def _hash(models: Sequence[Mapping[str, Any]], param: str) -> str | None:
    return next((as_text(m.get("hash")) for m in models if m.get("param") == param), None)


def _later(first: Stage, params: Mapping[str, Any], models: Sequence[Mapping[str, Any]]) -> Iterator[Stage]:
    """The refiner's pass and the video model's, if they ran."""
    part = as_float(params.get("refinercontrolpercentage"))
    if part is not None and part > 0:
        scale = as_float(params.get("refinerupscale")) or 1.0
        cfg = as_float(params.get("refinercfgscale"))
        model = as_text(params.get("refinermodel"))
        model = None if model is None or model.startswith("(") else model  # "(Use Base)"
        yield replace(
            first,
            model=model or first.model,
            model_hash=_hash(models, "refinermodel") if model else first.model_hash,
            steps=as_count(params.get("refinersteps")) or first.steps,
            sampler=as_text(params.get("refinersampler")) or first.sampler,
            scheduler=as_text(params.get("refinerscheduler")) or first.scheduler,
            cfg_scale=first.cfg_scale if cfg is None else cfg,
            width=round(first.width * scale) if first.width and 0 < scale <= 100 else None,
            height=round(first.height * scale) if first.height and 0 < scale <= 100 else None,
            denoise=part,
        )
    video = as_text(params.get("videomodel"))
    if video is not None:
        cfg = as_float(params.get("videocfg"))
        yield replace(
            first,
            model=video,
            model_hash=_hash(models, "videomodel"),
            steps=as_count(params.get("videosteps")) or first.steps,
            cfg_scale=first.cfg_scale if cfg is None else cfg,
        )


def _loras(params: Mapping[str, Any], models: Sequence[Mapping[str, Any]]) -> tuple[Lora, ...]:
    names, weights = _listed(params.get("loras")), _listed(params.get("loraweights"))
    hashes = {_stem(str(m.get("name"))): as_text(m.get("hash")) for m in models if m.get("param") == "loras"}
    padded = [*weights, *([None] * len(names))]
    return tuple(Lora(n, as_float(w), hashes.get(_stem(n))) for n, w in zip(names, padded, strict=False))


def _listed(value: Any) -> list[str]:
    items = (
        value[:100_000].split(",", 255) if isinstance(value, str) else value[:256] if isinstance(value, list) else []
    )
    return [text for item in items if (text := as_text(item))]


def _stem(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(".safetensors").lower()


class SwarmUI:
    """Reader of SwarmUI's JSON."""

    name = "swarmui"
    version = "2"

    def score(self, probe: Probe) -> int:
        return 95 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        return [claim_of(self, text, generation_of(whole), whole, ai_generated=True) for text, whole in _found(probe)]


def _found(probe: Probe) -> list[tuple[Text, dict[str, Any]]]:
    found = []
    for text in plain_texts(probe):
        if "sui_image_params" in text.text:
            whole = parse_object(text.text)
            if whole and isinstance(whole.get("sui_image_params"), dict):
                found.append((text, whole))
    return found


PLUGIN = SwarmUI()
