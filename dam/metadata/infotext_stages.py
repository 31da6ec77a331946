"""The sampler passes that an infotext tells of: base, refiner, hires, and the detailers' passes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from dam.metadata.contract import as_count, as_float, as_size, as_text
from dam.model import Generation, Stage

_FIELDS = (
    "tool",
    "tool_version",
    "model",
    "model_hash",
    "prompt",
    "negative_prompt",
    "seed",
    "steps",
    "sampler",
    "scheduler",
    "cfg_scale",
    "width",
    "height",
    "loras",
)
_NAMED = re.compile(r"(.*\S)\s*\[([0-9a-fA-F]{6,64})\]\s*")
_ORDINALS = ("", " 2nd", " 3rd", *(f" {n}th" for n in range(4, 16)))


def base_stage(base: Generation) -> Stage:
    """The headline as a stage, without its denoise."""
    return Stage(**{name: getattr(base, name) for name in _FIELDS})


def stages_of(base: Generation, get: Mapping[str, str]) -> tuple[Stage, ...]:
    """Every pass in running order. `get` are the settings under lower-case keys."""
    first = base_stage(base)
    small = as_size(get.get("first pass size"))  # before hires fix of 2023 `Size` was the size after it
    old_hires = "first pass size" in get
    hires = _hires(replace(first, denoise=base.denoise), get, grown=(base.width, base.height) if old_hires else None)
    if old_hires:
        first = replace(first, width=small[0], height=small[1])
    elif hires is None:
        first = replace(first, denoise=base.denoise)
    refined = _refiner(replace(first, denoise=None), get)
    middle = hires or first
    return tuple(s for s in (first, refined, hires, *_adetailer(middle, get), *_detailer(middle, get)) if s is not None)


def named_model(value: str | None) -> tuple[str | None, str | None]:
    """Name and hash from "name [hash]"; "Use same checkpoint" names none."""
    text = as_text(value)
    if text is None or text.lower().startswith("use same"):
        return None, None
    found = _NAMED.fullmatch(text[:2000])
    return (found[1], found[2]) if found else (text, None)


def _other_model(stage: Stage, value: str | None, digest: str | None = None) -> Stage:
    name, own = named_model(value)
    return stage if name is None else replace(stage, model=name, model_hash=own or digest)


def _own(value: str | None) -> str | None:
    text = as_text(value)
    return None if text is None or text.lower().startswith("use same") else text


def _hires(first: Stage, get: Mapping[str, str], *, grown: tuple[int | None, int | None] | None) -> Stage | None:
    """The second pass, if one ran (its size stands only then). SD.Next writes `Hires scale`, `Hires size`, `Hires strength`;
    there a size without steps is an upscaler's work, not a sampler's.
    """
    scale = as_float(get.get("hires upscale"))
    size = as_size(get.get("hires resize"))
    if "hires steps" in get or "hires strength" in get or "hires force" in get:
        scale = scale if scale is not None else as_float(get.get("hires scale"))
        size = size if size[0] else as_size(get.get("hires size"))
    if grown is not None:
        size = grown
    if scale is None and size[0] is None:
        return None
    width, height = size
    if width is None and scale and 0 < scale <= 100 and first.width and first.height:
        width, height = round(first.width * scale), round(first.height * scale)
    cfg, strength = as_float(get.get("hires cfg scale")), as_float(get.get("hires strength"))
    stage = replace(
        first,
        prompt=as_text(get.get("hires prompt")) or first.prompt,
        negative_prompt=as_text(get.get("hires negative prompt")) or first.negative_prompt,
        steps=as_count(get.get("hires steps")) or first.steps,
        sampler=_own(get.get("hires sampler")) or first.sampler,
        scheduler=_own(get.get("hires schedule type")) or first.scheduler,
        cfg_scale=first.cfg_scale if cfg is None else cfg,
        width=width,
        height=height,
        denoise=first.denoise if strength is None else strength,
    )
    return _other_model(stage, get.get("hires checkpoint"))


def _refiner(first: Stage, get: Mapping[str, str]) -> Stage | None:
    """The model that takes over before the last steps."""
    if named_model(get.get("refiner"))[0] is None:
        return None
    stage = replace(
        first,
        prompt=as_text(get.get("refiner prompt")) or first.prompt,
        negative_prompt=as_text(get.get("refiner negative")) or first.negative_prompt,
        steps=as_count(get.get("refiner steps")) or first.steps,
    )
    return _other_model(stage, get.get("refiner"), as_text(get.get("refiner hash")))


def _adetailer(first: Stage, get: Mapping[str, str]) -> Sequence[Stage]:
    """ADetailer inpaints what a detector finds, up to 15 passes: `ADetailer model`, `ADetailer model 2nd`, .."""
    found = []
    for ordinal in _ORDINALS:
        if as_text(get.get(f"adetailer model{ordinal}")) is None:
            continue

        def own(name: str, ordinal: str = ordinal) -> str | None:
            return get.get(f"adetailer {name}{ordinal}")

        cfg = as_float(own("cfg scale"))
        stage = replace(
            first,
            prompt=as_text(own("prompt")) or first.prompt,
            negative_prompt=as_text(own("negative prompt")) or first.negative_prompt,
            steps=as_count(own("steps")) or first.steps,
            sampler=_own(own("sampler")) or first.sampler,
            scheduler=_own(own("scheduler")) or first.scheduler,
            cfg_scale=first.cfg_scale if cfg is None else cfg,
            width=as_count(own("inpaint width")),
            height=as_count(own("inpaint height")),
            denoise=as_float(own("denoising strength")),
        )
        found.append(_other_model(stage, own("checkpoint")))
    return found


def _detailer(first: Stage, get: Mapping[str, str]) -> Sequence[Stage]:
    """SD.Next's own detailer."""
    if as_text(get.get("detailer")) is None or as_float(get.get("detailer strength")) is None:
        return ()
    size = as_count(get.get("detailer resolution"))
    stage = replace(
        first,
        prompt=as_text(get.get("detailer prompt")) or first.prompt,
        negative_prompt=as_text(get.get("detailer negative")) or first.negative_prompt,
        steps=as_count(get.get("detailer steps")) or first.steps,
        denoise=as_float(get.get("detailer strength")),
        width=size,
        height=size,
    )
    return (stage,)
