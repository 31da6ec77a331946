"""imaginAIry: EXIF UserComment JSON {"prompt": {..}} with Software "Imaginairy / Stable Diffusion ..".

Source: imaginAIry `schema.ImagineResult._exif`; pictures that went in are written as their repr.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata.contract import (
    as_count,
    as_float,
    as_seed,
    as_size,
    as_text,
    claim_of,
    parse_object,
    plain_texts,
)
from dam.model import Claim, Generation, Input

_FILE = re.compile(r"filepath=(.{1,1000}?) url=")


def generation_of(given: Mapping[str, Any]) -> Generation:
    """The normalised view of the inner object."""
    model = given.get("model_weights", given.get("model"))
    width, height = as_size(given.get("size"))
    init = tuple(_inputs(given))
    return Generation(
        tool="imaginAIry",
        model=as_text(model.get("name")) if isinstance(model, dict) else as_text(model),
        prompt=_joined(given.get("prompt", given.get("prompts"))),
        negative_prompt=_joined(given.get("negative_prompt")),
        seed=as_seed(given.get("seed")),
        steps=as_count(given.get("steps")),
        sampler=as_text(given.get("solver_type", given.get("sampler_type"))),
        cfg_scale=as_float(given.get("prompt_strength")),
        width=width or as_count(given.get("width")),
        height=height or as_count(given.get("height")),
        inputs=init,
    )


def _joined(value: Any) -> str | None:
    """One prompt, or weighted ones on lines of their own."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return None
    texts = [item.get("text") if isinstance(item, dict) else item for item in value[:256]]
    return "\n".join(text for text in texts if isinstance(text, str))


def _inputs(given: Mapping[str, Any]) -> Iterator[Input]:
    controls = given.get("control_inputs")
    pictures = [(given.get("init_image"), "init"), (given.get("mask_image"), "mask")]
    pictures += [(each, "control") for each in (controls[:64] if isinstance(controls, list) else ())]
    for value, role in pictures:
        path = _FILE.search(value[:5000]) if isinstance(value, str) else None
        name = as_text(path[1]) if path else None
        if name:
            yield Input(name, role=role)


class Imaginairy:
    """Reader of imaginAIry's EXIF."""

    name = "imaginairy"
    version = "1"

    def score(self, probe: Probe) -> int:
        return 85 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        return [claim_of(self, text, generation_of(given), given, ai_generated=True) for text, given in _found(probe)]


def _found(probe: Probe) -> list[tuple[Text, dict[str, Any]]]:
    texts = list(plain_texts(probe))
    if not any("imaginairy" in text.text[:200].lower() for text in texts if text.key.lower() == "software"):
        return []
    parsed = [(text, parse_object(text.text)) for text in texts if '"prompt_strength"' in text.text]
    inner = [(text, whole.get("prompt")) for text, whole in parsed if whole]
    return [(text, given) for text, given in inner if isinstance(given, dict)]


PLUGIN = Imaginairy()
