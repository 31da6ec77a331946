"""Text of the A1111 family: AUTOMATIC1111, Forge, SD.Next, Civitai, and the many nodes and services that write the same.

Grammar (AUTOMATIC1111 `infotext_utils.parse_generation_parameters`): prompt lines, `Negative prompt:` lines, then one
line of `Key: value` pairs. In the wild the settings line is not always the last one, values hold unquoted JSON, and the
prompt may itself be JSON, so the settings are found by content, not by place.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata.contract import as_count, as_float, as_seed, as_size, as_text, claim_of, parse_json, plain_texts
from dam.model import Claim, Generation, Lora, Stage

_KNOWN = frozenset(
    [
        "steps",
        "sampler",
        "seed",
        "size",
        "model",
        "app",
        "version",
        "pipeline",
        "operations",
        "vae",
        "parser",
        "backend",
        "width",
        "height",
        "cfg scale",
        "model hash",
        "schedule type",
        "denoising strength",
        "clip skip",
        "lora hashes",
        "hashes",
        "civitai resources",
        "civitai metadata",
        "created date",
    ]
)
_KEY = re.compile(r"\s*(\w[\w \-/.()]{0,60}?):[ \t]*")
_END = re.compile(r"[,\n]")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
_TEMPLATE = re.compile(r"^(?:Negative )?Template:", re.IGNORECASE)
_LORA_TAG = re.compile(r"<(?:lora|lyco|lycoris):([^:<>]{1,300})(?::([^<>]{0,100}))?>", re.IGNORECASE)
_TOOLS = (
    ("sd.next", "SD.Next"),
    ("fooocus", "Fooocus"),
    ("comfyui", "ComfyUI"),
    ("forge", "Forge"),
    ("invoke", "InvokeAI"),
)


@dataclass(frozen=True, slots=True)
class Infotext:
    """The four parts of an infotext; `settings` keeps the keys as written (the first of a kind wins)."""

    prompt: str
    negative: str
    settings: Mapping[str, str]
    templates: tuple[str, ...] = ()


def parse_infotext(text: str) -> Infotext | None:
    """Split an infotext; None = this is not one."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\0\ufeff")
    lines = text.split("\n")
    at = _settings_line(lines)
    if at is None:
        return None
    tail = lines[at:]
    cut = next((i for i, line in enumerate(tail) if i and _TEMPLATE.match(line)), len(tail))
    settings = parse_settings("\n".join(tail[:cut]))
    parts: dict[str, list[str]] = {"prompt": [], "negative": [], "template": []}
    part = "prompt"
    for line in lines[:at]:
        if line.startswith("Negative prompt:"):
            part, line = "negative", line[len("Negative prompt:") :]  # noqa: PLW2901  # the rest of the line goes on
        elif _TEMPLATE.match(line) and any(parts["prompt"]):
            part = "template"
        parts[part].append(line)
    templates = tuple(t for t in ("\n".join(parts["template"]), "\n".join(tail[cut:])) if t.strip())
    return Infotext("\n".join(parts["prompt"]).strip(), "\n".join(parts["negative"]).strip(), settings, templates)


def _settings_line(lines: Sequence[str]) -> int | None:
    """The last line that starts a run of settings: three pairs, two of them known (or `Steps:` in front)."""
    first = max(0, len(lines) - 400)
    for at in range(len(lines) - 1, first - 1, -1):
        line = lines[at]
        if ":" not in line:
            continue
        found = parse_settings(line[:20_000])
        known = sum(key.lower() in _KNOWN for key in found)
        if (len(found) >= 3 and known >= 2) or (known >= 2 and line.startswith("Steps:")):
            return at
    return None


def parse_settings(text: str) -> dict[str, str]:
    """`Key: value` pairs; values may be quoted strings or unquoted JSON with commas inside."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        key = _KEY.match(text, at)
        if key is None:
            at = _next_pair(text, at)
            continue
        value, at = _value(text, key.end())
        found.setdefault(key[1].strip(), value)
        at = _next_pair(text, at)
    return found


def _value(text: str, at: int) -> tuple[str, int]:
    head = text[at : at + 1]
    if head in ("{", "["):
        try:
            end = json.JSONDecoder(strict=False).raw_decode(text, at)[1]
            return text[at:end], end
        except (ValueError, RecursionError):
            pass
    quoted = _QUOTED.match(text, at) if head == '"' else None
    if quoted:
        plain = parse_json(quoted[0])
        return (plain if isinstance(plain, str) else quoted[0][1:-1]), quoted.end()
    end = _next_pair(text, at)
    stop = end - 1 if end <= len(text) and text[end - 1 : end] in (",", "\n") else end
    return text[at:stop].strip(), stop


def _next_pair(text: str, at: int) -> int:
    """The position after the next comma or line end."""
    end = _END.search(text, at)
    return end.end() if end else len(text)


def generation_of(info: Infotext) -> Generation:
    """The normalised view of an infotext."""
    get = {key.lower(): value for key, value in info.settings.items()}
    meta = _flat_json(get.get("civitai metadata", ""))
    hashes = _flat_json(get.get("hashes", ""))
    resources = _resources(get.get("civitai resources", ""))
    width, height = as_size(get.get("size"))
    if width is None:
        width, height = as_count(get.get("width", meta.get("width"))), as_count(get.get("height", meta.get("height")))
    tool, version = _tool(get)
    checkpoint = next((r for r in resources if str(r.get("type")).lower() in ("checkpoint", "model")), {})
    base = Generation(
        tool=tool,
        tool_version=version,
        model=as_text(get.get("model")) or as_text(checkpoint.get("modelName")) or as_text(meta.get("model")),
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
    return replace(base, stages=_stages(base, get))


def _first(read: Any, *values: Any) -> Any:
    return next((found for found in map(read, values) if found is not None), None)


def _tool(get: Mapping[str, str]) -> tuple[str, str | None]:
    """Tool and version by evidence: `App`, Civitai's keys, the shape of `Version`; else the tool that made the format."""
    version = as_text(get.get("version"))
    app = as_text(get.get("app"))
    if app:
        return next((name for word, name in _TOOLS if word in app.lower()), app), version
    if "civitai resources" in get or "civitai metadata" in get:
        return "Civitai", None if version == "ComfyUI" else version
    if "operations" in get or get.get("backend", "").lower() in ("diffusers", "original"):
        return "SD.Next", version
    if version:
        named = next((name for word, name in _TOOLS if word in version.lower()), None)
        if named:
            return named, version if re.search(r"\d", version) else None
        if re.match(r"f\d|neo\b", version):
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
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _loras(
    info: Infotext, get: Mapping[str, str], hashes: Mapping[str, Any], resources: Sequence[Mapping[str, Any]]
) -> tuple[Lora, ...]:
    found: dict[str, Lora] = {}
    for name, rest in _LORA_TAG.findall(info.prompt):
        weight = as_float((rest or "1").split(":")[0])
        found.setdefault(name.strip(), Lora(name.strip(), weight))
    digests = dict(re.findall(r"([^:,]+):\s*([0-9a-fA-F]{6,64})", get.get("lora hashes", "")))
    digests |= {key[5:]: str(value) for key, value in hashes.items() if key.lower().startswith("lora:")}
    for name, digest in digests.items():
        known = found.get(name.strip(), Lora(name.strip()))
        found[name.strip()] = replace(known, hash=digest)
    for item in resources:
        if str(item.get("type")).lower() in ("lora", "lycoris", "dora", "locon"):
            name = as_text(item.get("modelName")) or f"civitai:{as_text(item.get('modelVersionId')) or '?'}"
            found.setdefault(name, Lora(name, as_float(item.get("weight"))))
    return tuple(found.values())


def _stages(base: Generation, get: Mapping[str, str]) -> tuple[Stage, ...]:
    """The base pass, then the hires pass if one ran (`Hires upscale`/`Hires resize` stand only then)."""
    names = [
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
    ]
    first = Stage(**{name: getattr(base, name) for name in names})
    scale, resize = as_float(get.get("hires upscale")), as_size(get.get("hires resize"))
    if scale is None and resize[0] is None:
        return (replace(first, denoise=base.denoise),)
    width, height = resize
    if width is None and scale and 0 < scale <= 100 and base.width and base.height:
        width, height = round(base.width * scale), round(base.height * scale)
    second = replace(
        first,
        model=as_text(get.get("hires checkpoint")) or first.model,
        model_hash=None if get.get("hires checkpoint") else first.model_hash,
        prompt=as_text(get.get("hires prompt")) or first.prompt,
        negative_prompt=as_text(get.get("hires negative prompt")) or first.negative_prompt,
        steps=as_count(get.get("hires steps")) or first.steps,
        sampler=as_text(get.get("hires sampler")) or first.sampler,
        scheduler=as_text(get.get("hires schedule type")) or first.scheduler,
        cfg_scale=_first(as_float, get.get("hires cfg scale"), first.cfg_scale),
        width=width,
        height=height,
        denoise=base.denoise,
    )
    return first, second


class A1111:
    """Reader of infotexts in any text carrier."""

    name = "a1111"
    version = "1"

    def score(self, probe: Probe) -> int:
        found = [text.key.lower() for text, _ in _infotexts(probe)]
        return 0 if not found else 90 if "parameters" in found or "0x9286" in found else 60

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
        if "Steps:" not in text.text and "Seed:" not in text.text and "CFG scale:" not in text.text:
            continue
        if text.text.lstrip()[:1] in ("{", "[") and parse_json_whole(text.text):
            continue
        info = parse_infotext(text.text)
        if info is not None:
            found.append((text, info))
    return found


def parse_json_whole(text: str) -> bool:
    """Whether all of a text is JSON (then it is another tool's, even under the key `parameters`)."""
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True


PLUGIN = A1111()
