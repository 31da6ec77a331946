"""Easy Diffusion: a PNG text chunk a field (`Prompt`, `Seed`, `Stable Diffusion model` or snake_case), one JSON in JPEG and
WebP, or a sidecar: JSON, or a line a field. Source: Easy Diffusion `save_utils`, sdkit `save_dicts`.
"""

import re
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
    "lora strength": "lora weight",
}
_MAX_LINES = 2000
_QUOTED = re.compile(r"'([^']{1,1000})'|\"([^\"]{1,1000})\"")


def generation_of(given: Mapping[str, Any]) -> Generation:
    """The normalised view of fields under our short names. Model paths may be Windows paths: only the file is kept."""
    names, weights = _listed(given.get("lora")), _listed(given.get("lora weight"))
    pairs = zip(names, [*weights, *([None] * len(names))], strict=False)
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


def _listed(value: Any) -> list[Any]:
    """One or several values: a JSON list, a Python list as text (chunks), or "a, b" (the text form)."""
    if isinstance(value, list):
        return value[:256]
    if not isinstance(value, str):
        return [] if value is None else [value]
    inner = value.strip()[:100_000]
    if not inner.startswith("["):
        return inner.split(", ", 255)
    quoted = [a or b for a, b in _QUOTED.findall(inner)]
    return quoted or [part.strip() for part in inner.strip("[]").split(",", 255)]


def _file(value: Any) -> str | None:
    text = as_text(value)
    return text.replace("\\", "/").rpartition("/")[2] if text else None


class EasyDiffusion:
    """Reader of Easy Diffusion's fields; the model key is what tells it from other tools."""

    name = "easydiffusion"
    version = "2"

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
    if _complete(given) and not given["prompt"].lstrip().startswith("{"):
        return next(text for text, name in chunks if name == "prompt"), given
    for text in plain_texts(probe):
        given = _of_one(text.text)
        if _complete(given):
            return text, given
    return None


def _complete(given: Mapping[str, Any]) -> bool:
    return {"prompt", "seed", "model"} <= set(given)


def _of_one(text: str) -> dict[str, Any]:
    """The fields of a text that holds all of them."""
    low = text[:20_000].lower()
    if "stable diffusion model" not in low and "stable_diffusion_model" not in low:
        return {}
    if text.lstrip().startswith("{"):
        whole = parse_object(text) or {}
        return {_NAMES[name]: value for key, value in whole.items() if (name := _fold(key)) in _NAMES}
    given: dict[str, Any] = {}
    last = None
    for line in text.replace("\r\n", "\n").split("\n", _MAX_LINES)[:_MAX_LINES]:
        key, colon, value = line.partition(": ")
        name = _NAMES.get(_fold(key.strip("\ufeff ")), "") if colon or line.endswith(":") else ""
        if name or _is_key(key, colon):
            last = name or None
            given |= {name: value} if name else {}
        elif last in ("prompt", "negative"):  # a prompt of several lines
            given[last] += "\n" + line
    return {name: value.rstrip("\n") for name, value in given.items()}


def _is_key(key: str, colon: str) -> bool:
    return bool(colon) and key in (
        "Clip Skip",
        "ControlNet model",
        "ControlNet Filter",
        "VAE model",
        "Embedding models",
    )


def _fold(key: str) -> str:
    return key[:60].rstrip(":").lower().replace("_", " ")


PLUGIN = EasyDiffusion()
