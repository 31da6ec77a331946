"""mflux (FLUX on Apple silicon): one JSON with `mflux_version` in EXIF UserComment, or beside the picture.

Source: mflux `generated_image._get_metadata`. `guidance` is the distilled model's, no CFG; `image_strength` grows with the
likeness to the initial picture, so it is no denoise.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata.contract import as_count, as_prompt, as_seed, as_text, claim_of, parse_object, plain_texts
from dam.model import Claim, Generation, Input, Lora

_PATHS = (
    ("image_path", "init"),
    ("image_paths", "reference"),
    ("masked_image_path", "mask"),
    ("controlnet_image_path", "control"),
    ("depth_image_path", "control"),
    ("redux_image_paths", "style"),
)
_IN_LIST = re.compile(r"'([^']{1,1000})'|\"([^\"]{1,1000})\"")


def generation_of(given: Mapping[str, Any]) -> Generation:
    """The normalised view."""
    return Generation(
        tool="mflux",
        tool_version=as_text(given.get("mflux_version")),
        model=as_text(given.get("model")),
        prompt=as_prompt(given.get("prompt")),
        negative_prompt=as_prompt(given.get("negative_prompt")),
        seed=as_seed(given.get("seed")),
        steps=as_count(given.get("steps")),
        width=as_count(given.get("width")),
        height=as_count(given.get("height")),
        loras=tuple(_loras(given)),
        inputs=tuple(dict.fromkeys(_inputs(given))),
    )


def _loras(given: Mapping[str, Any]) -> Iterator[Lora]:
    names, scales = given.get("lora_paths"), given.get("lora_scales")
    weights = scales if isinstance(scales, list) else []
    for at, each in enumerate(names[:256] if isinstance(names, list) else ()):
        name = as_text(each)
        if name:
            weight = weights[at] if at < len(weights) else None
            yield Lora(name.replace("\\", "/").rpartition("/")[2], weight if isinstance(weight, (int, float)) else None)


def _inputs(given: Mapping[str, Any]) -> Iterator[Input]:
    for key, role in _PATHS:
        value = given.get(key)
        if isinstance(value, str) and value.startswith("["):  # a list that was written as text
            value = [a or b for a, b in _IN_LIST.findall(value[:100_000])]
        for each in value[:64] if isinstance(value, list) else [value]:
            name = as_text(each, limit=1000)
            if name:
                yield Input(name, role=role)


class Mflux:
    """Reader of mflux' JSON."""

    name = "mflux"
    version = "1"

    def score(self, probe: Probe) -> int:
        return 95 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        return [claim_of(self, text, generation_of(given), given, ai_generated=True) for text, given in _found(probe)]


def _found(probe: Probe) -> list[tuple[Text, dict[str, Any]]]:
    found = []
    for text in plain_texts(probe):
        if '"mflux_version"' in text.text:
            given = parse_object(text.text)
            if given and "mflux_version" in given:
                found.append((text, given))
    return found


PLUGIN = Mflux()
