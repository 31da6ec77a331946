"""SwarmUI: JSON `{"sui_image_params": .., "sui_extra_data": .., "sui_models": [..]}` (its docs/Image Metadata Format.md)."""

from collections.abc import Mapping, Sequence
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata.contract import as_count, as_float, as_prompt, as_seed, as_text, claim_of, parse_object, plain_texts
from dam.model import Claim, Generation, Lora


def generation_of(whole: Mapping[str, Any]) -> Generation:
    """The normalised view. No key is guaranteed; numbers may be strings; an empty negative prompt is not written."""
    params = whole["sui_image_params"]
    extra = whole.get("sui_extra_data")
    models = (
        [m for m in whole.get("sui_models") or [] if isinstance(m, dict)]
        if isinstance(whole.get("sui_models"), list)
        else []
    )
    model = next((m for m in models if m.get("param") == "model"), {})
    prompt = as_prompt(params.get("prompt"))
    return Generation(
        tool="SwarmUI",
        tool_version=as_text(params.get("swarm_version"))
        or as_text(extra.get("swarm_version") if isinstance(extra, dict) else None),
        model=as_text(params.get("model")),
        model_hash=as_text(model.get("hash")),
        prompt=prompt,
        negative_prompt=as_prompt(params.get("negativeprompt", "" if prompt is not None else None)),
        seed=as_seed(params.get("seed")),
        steps=as_count(params.get("steps")),
        sampler=as_text(params.get("sampler", params.get("comfyuisampler"))),
        scheduler=as_text(params.get("scheduler", params.get("comfyuischeduler"))),
        cfg_scale=as_float(params.get("cfgscale")),
        width=as_count(params.get("width")),
        height=as_count(params.get("height")),
        denoise=as_float(params.get("initimagecreativity")),
        loras=_loras(params, models),
    )


def _loras(params: Mapping[str, Any], models: Sequence[Mapping[str, Any]]) -> tuple[Lora, ...]:
    names, weights = _listed(params.get("loras")), _listed(params.get("loraweights"))
    hashes = {_stem(str(m.get("name"))): as_text(m.get("hash")) for m in models if m.get("param") == "loras"}
    padded = [*weights, *([None] * len(names))]
    return tuple(Lora(n, as_float(w), hashes.get(_stem(n))) for n, w in zip(names, padded, strict=False))


def _listed(value: Any) -> list[str]:
    items = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return [text for item in items if (text := as_text(item))]


def _stem(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(".safetensors").lower()


class SwarmUI:
    """Reader of SwarmUI's JSON."""

    name = "swarmui"
    version = "1"

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
