"""Text of the A1111 family: AUTOMATIC1111, Forge, SD.Next, Civitai, and the many nodes and services that write the same.

The grammar is `dam.metadata.infotext`'s; here is what the keys mean. Sources: AUTOMATIC1111 `processing.create_infotext`,
SD.Next `processing_info.create_infotext`, stable-diffusion.cpp `get_image_params`, Civitai `automatic.metadata`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata.contract import (
    MAX_JSON_PARTS,
    MAX_PROMPT_CHARS,
    as_count,
    as_float,
    as_seed,
    as_size,
    as_text,
    claim_of,
    parse_json,
    plain_texts,
)
from dam.metadata.infotext import Infotext, parse_infotext
from dam.metadata.infotext_stages import stages_of
from dam.model import Claim, Generation, Lora

_MAX_LORAS = 256
_LORA_TAG = re.compile(r"<(?:lora|lyco|lycoris):([^:<>]{1,300})(?::([^<>]{0,100}))?>", re.IGNORECASE)
_UNET = re.compile(r"\bunet=(-?[\d.]{1,20})")
_NAME_AND_HASH = re.compile(r"(.{1,300})\(([0-9a-fA-F]{6,64})\)")
_EASY_DIFFUSION = re.compile(r"^Stable Diffusion model: ", re.MULTILINE | re.IGNORECASE)
_TOOLS = (
    ("sd.next", "SD.Next"),
    ("ruinedfooocus", "RuinedFooocus"),
    ("fooocus", "Fooocus"),
    ("comfyui", "ComfyUI"),
    ("stable-diffusion.cpp", "stable-diffusion.cpp"),
    ("koboldcpp", "KoboldCpp"),
    ("invoke", "InvokeAI"),
    ("forge", "Forge"),
)
_LORA_KINDS = ("lora", "lycoris", "dora", "locon")


def generation_of(info: Infotext) -> Generation:
    """The normalised view of an infotext."""
    get = {key.lower(): value for key, value in reversed([*info.settings.items()])}
    meta = _flat_json(get.get("civitai metadata", ""))
    hashes = _flat_json(get.get("hashes", ""))
    resources = _resources(get.get("civitai resources", ""))
    width, height = as_size(get.get("size"))
    if width is None:
        width, height = as_count(get.get("width", meta.get("width"))), as_count(get.get("height", meta.get("height")))
    tool, version = _tool(get)
    checkpoint = next((r for r in resources if _kind(r) in ("checkpoint", "model")), {})
    base = Generation(
        tool=tool,
        tool_version=version,
        model=_first(as_text, get.get("model"), get.get("unet"), checkpoint.get("modelName"), meta.get("model")),
        model_hash=as_text(get.get("model hash")) or as_text(hashes.get("model")),
        prompt=info.prompt or as_text(meta.get("prompt")) or "",
        negative_prompt=info.negative or as_text(meta.get("negativePrompt")) or "",
        seed=_first(as_seed, get.get("seed"), meta.get("seed")),
        steps=_first(as_count, get.get("steps"), meta.get("steps")),
        sampler=as_text(get.get("sampler")) or as_text(meta.get("sampler")),
        scheduler=as_text(get.get("schedule type")) or as_text(get.get("scheduler")) or as_text(meta.get("scheduler")),
        cfg_scale=_first(as_float, get.get("cfg scale"), meta.get("cfgScale")),
        width=width,
        height=height,
        denoise=as_float(get.get("denoising strength")),
        loras=_loras(info, get, hashes, resources),
    )
    return replace(base, stages=stages_of(base, get))


def _first(read: Any, *values: Any) -> Any:
    return next((found for found in map(read, values) if found is not None), None)


def _tool(get: Mapping[str, str]) -> tuple[str, str | None]:
    """Tool and version by evidence: `App`, Civitai's keys, the shape of `Version`; else the tool that made the format."""
    version = as_text(get.get("version"))
    app = as_text(get.get("app"))
    if app:
        return next((name for word, name in _TOOLS if word in app.lower()), app), version
    by_node = version == "ComfyUI"  # nodes that save for Civitai list its resources too, the service adds its own keys
    if "civitai metadata" in get or ("civitai resources" in get and (not by_node or "created date" in get)):
        return "Civitai", None if by_node else version
    if "operations" in get or get.get("backend", "").lower() in ("diffusers", "original"):
        return "SD.Next", version
    if version:
        named = next((name for word, name in _TOOLS if word in version.lower()), None)
        if named:
            return named, version if re.search(r"\d", version) else None
        if re.match(r"neo\b", version):
            return "Forge Neo", version if re.search(r"\d", version) else None
        if re.match(r"f\d", version):
            return "Forge", version
    return "AUTOMATIC1111", version


def _flat_json(text: str) -> dict[str, Any]:
    """The scalars of a JSON object, those of `params`/`input` objects inside it too."""
    value = parse_json(text) if text.startswith("{") else None
    if not isinstance(value, dict):
        return {}
    inner = [v for key in ("params", "input", "options") if isinstance(v := value.get(key), dict)]
    return {k: v for part in (*inner, value) for k, v in part.items() if isinstance(v, (str, int, float))}


def _resources(text: str) -> list[dict[str, Any]]:
    value = parse_json(text) if text.startswith("[") else None
    return [item for item in value if isinstance(item, dict)][:1000] if isinstance(value, list) else []


def _kind(resource: Mapping[str, Any]) -> str:
    """A resource's type, also from its `urn:air:sdxl:lora:civitai:1@2`."""
    parts = str(resource.get("air", ""))[:300].split(":")
    return str(resource.get("type") or (parts[3] if len(parts) > 4 else "")).lower()


def _loras(
    info: Infotext, get: Mapping[str, str], hashes: Mapping[str, Any], resources: Sequence[Mapping[str, Any]]
) -> tuple[Lora, ...]:
    """LoRAs of the prompt's tags, then what other keys add: weights, hashes, and networks that no tag names."""
    found: dict[str, Lora] = {}
    for tag in _LORA_TAG.finditer(info.prompt[:MAX_PROMPT_CHARS]):
        if len(found) >= _MAX_LORAS:
            break
        found.setdefault(tag[1].strip(), Lora(tag[1].strip(), _weight(tag[2])))
    for name, digest in _lora_hashes(get, hashes):
        found[name] = replace(found.get(name, Lora(name)), hash=digest)
    for name, weight in _pairs(get.get("lora weights", "")):
        known = found.get(name, Lora(name))
        found[name] = replace(known, weight=as_float(weight) if known.weight is None else known.weight)
    for lora in _addnet(get):
        found.setdefault(lora.name, lora)
    for item in resources:
        if _kind(item) in _LORA_KINDS:
            name = as_text(item.get("modelName")) or f"civitai:{as_text(item.get('modelVersionId')) or '?'}"
            found.setdefault(name, Lora(name, as_float(item.get("weight"))))
    return tuple(found.values())[:_MAX_LORAS]


def _weight(rest: str | None) -> float | None:
    """The first of a tag's arguments, or its `unet=`: "0.8", "0.8:0.5", "te=0.5:unet=0.6", "1:lbw=OUTD"; none is 1."""
    if rest is None or not rest.strip():
        return 1.0
    named = _UNET.search(rest)
    return as_float(named[1] if named else rest.split(":")[0].rpartition("=")[2])


def _lora_hashes(get: Mapping[str, str], hashes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, rest in _pairs(get.get("lora hashes", "")):
        digest = rest.partition(":")[0].strip()  # old Fooocus writes "name: hash: weight"
        if re.fullmatch(r"[0-9a-fA-F]{6,64}", digest):
            yield name, digest
    for key, value in hashes.items():
        if key.lower().startswith("lora:"):
            yield key[5:].strip(), str(value)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Pairs of "a: 1, b: 2"; a comma without a colon belongs to nobody."""
    for part in text[:100_000].split(",", _MAX_LORAS):
        name, colon, value = part.partition(":")
        if colon and name.strip():
            yield name.strip(), value.strip()


def _addnet(get: Mapping[str, str]) -> Iterator[Lora]:
    """The extension "Additional Networks": `AddNet Model 1: name(hash)`, `AddNet Weight 1` or `AddNet Weight A 1`."""
    for number in range(1, 6):
        model = as_text(get.get(f"addnet model {number}"))
        if model is None or "lora" not in get.get(f"addnet module {number}", "LoRA").lower():
            continue
        weight = get.get(f"addnet weight a {number}", get.get(f"addnet weight {number}"))
        named = _NAME_AND_HASH.fullmatch(model)
        yield Lora(named[1] if named else model, as_float(weight), named[2] if named else None)


class A1111:
    """Reader of infotexts in any text carrier."""

    name = "a1111"
    version = "2"

    def score(self, probe: Probe) -> int:
        found = [text.key.lower() for text, _ in _infotexts(probe)]
        return 0 if not found else 90 if "parameters" in found or "usercomment" in found else 60

    def read(self, probe: Probe) -> Sequence[Claim]:
        claims = []
        for text, info in _infotexts(probe):
            fields: dict[str, Any] = {"settings": dict(info.settings)}
            if info.templates:
                fields["templates"] = list(info.templates)
            claims.append(claim_of(self, text, generation_of(info), fields, confidence=0.95, ai_generated=True))
        return claims


def _infotexts(probe: Probe) -> list[tuple[Text, Infotext]]:
    found = []
    for text in plain_texts(probe):
        if _EASY_DIFFUSION.search(text.text[:100_000]):
            continue  # the same words, a line each, and another tool's
        info = parse_infotext(text.text)
        if info is not None and not (text.text.lstrip()[:1] in ("{", "[") and parse_json_whole(text.text)):
            found.append((text, info))
    return found


def parse_json_whole(text: str) -> bool:
    """Whether all of a text is JSON (then it is another tool's, even under the key `parameters`)."""
    if sum(map(text.count, ",[{")) > MAX_JSON_PARTS:
        return True
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True


PLUGIN = A1111()
