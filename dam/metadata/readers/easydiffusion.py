"""Easy Diffusion: a PNG text chunk a field (`Prompt`, `Seed`, `Stable Diffusion model` or snake_case), or one JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata.contract import as_count, as_float, as_prompt, as_seed, as_text, claim_of, parse_object, plain_texts
from dam.model import Claim, Generation, Lora

_NAMES = {
    "prompt": "prompt",
    "negative prompt": "negative",
    "seed": "seed",
    "steps": "steps",
    "num inference steps": "steps",
    "guidance scale": "cfg",
    "sampler": "sampler",
    "sampler name": "sampler",
    "scheduler name": "scheduler",
    "stable diffusion model": "model",
    "use stable diffusion model": "model",
    "width": "width",
    "height": "height",
    "prompt strength": "denoise",
    "use lora model": "lora",
    "lora model": "lora",
    "lora alpha": "lora weight",
}


def generation_of(given: Mapping[str, Any]) -> Generation:
    """The normalised view of fields under our short names. Model paths may be Windows paths: only the file is kept."""
    names = given.get("lora") if isinstance(given.get("lora"), list) else [given.get("lora")]
    weights = given.get("lora weight") if isinstance(given.get("lora weight"), list) else [given.get("lora weight")]
    pairs = zip(names or [], [*(weights or []), *([None] * len(names or []))], strict=False)
    return Generation(
        tool="Easy Diffusion",
        model=_file(given.get("model")),
        prompt=as_prompt(given.get("prompt")),
        negative_prompt=as_prompt(given.get("negative")),
        seed=as_seed(given.get("seed")),
        steps=as_count(given.get("steps")),
        sampler=as_text(given.get("sampler")),
        scheduler=as_text(given.get("scheduler")),
        cfg_scale=as_float(given.get("cfg")),
        width=as_count(given.get("width")),
        height=as_count(given.get("height")),
        denoise=as_float(given.get("denoise")),
        loras=tuple(Lora(name, as_float(weight)) for each, weight in pairs if (name := _file(each))),
    )


def _file(value: Any) -> str | None:
    text = as_text(value)
    return text.replace("\\", "/").rpartition("/")[2] if text else None


class EasyDiffusion:
    """Reader of Easy Diffusion's fields; the model key is what tells it from other tools."""

    name = "easydiffusion"
    version = "1"

    def score(self, probe: Probe) -> int:
        return 80 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        found = _found(probe)
        if found is None:
            return []
        text, given = found
        return [claim_of(self, text, generation_of(given), given, confidence=0.9, ai_generated=True)]


def _found(probe: Probe) -> tuple[Text, dict[str, Any]] | None:
    chunks = [(text, _NAMES[name]) for text in plain_texts(probe) if (name := _fold(text.key)) in _NAMES]
    given: dict[str, Any] = {name: text.text for text, name in chunks}
    if {"prompt", "seed", "model"} <= set(given) and not given["prompt"].lstrip().startswith("{"):
        return next(text for text, name in chunks if name == "prompt"), given
    for text in plain_texts(probe):
        if "diffusion" in text.text[:20_000].lower() and text.text.lstrip().startswith("{"):
            whole = parse_object(text.text) or {}
            given = {_NAMES[name]: value for key, value in whole.items() if (name := _fold(key)) in _NAMES}
            if {"prompt", "seed", "model"} <= set(given):
                return text, given
    return None


def _fold(key: str) -> str:
    return key.lower().replace("_", " ")


PLUGIN = EasyDiffusion()
