"""NovelAI: PNG `Comment` JSON beside Title/Description/Software/Source; v4 prompts with characters; stealth JSON alike."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata.contract import (
    as_count,
    as_float,
    as_prompt,
    as_seed,
    as_text,
    claim_of,
    parse_object,
    plain_texts,
)
from dam.model import Claim, Generation

_MARKS = ('"uc"', "v4_prompt", "NovelAI")
_HASH = re.compile(r"\b([0-9A-F]{8})$")


def generation_of(comment: Mapping[str, Any], description: str | None, source: str | None) -> Generation:
    """The normalised view. `source` ("Stable Diffusion 1D44365E") is the model with its hash."""
    digest = _HASH.search(source or "")
    return Generation(
        tool="NovelAI",
        model=as_text(source),
        model_hash=digest[1] if digest else None,
        prompt=_caption(comment.get("v4_prompt")) or as_prompt(comment.get("prompt")) or as_prompt(description),
        negative_prompt=_caption(comment.get("v4_negative_prompt")) or as_prompt(comment.get("uc")),
        seed=as_seed(comment.get("seed")),
        steps=as_count(comment.get("steps")),
        sampler=as_text(comment.get("sampler")),
        scheduler=as_text(comment.get("noise_schedule")),
        cfg_scale=as_float(comment.get("scale")),
        width=as_count(comment.get("width")),
        height=as_count(comment.get("height")),
        denoise=as_float(comment.get("strength")) if _is_img2img(comment) else None,
    )


def _is_img2img(comment: Mapping[str, Any]) -> bool:
    """Whether a picture went in. Comments without a request type (before 2023) carry a strength even without one."""
    kind = str(comment.get("request_type", ""))
    return "Img2Img" in kind or "Infill" in kind


def _caption(value: Any) -> str | None:
    """The base caption, then each character's on a line of its own."""
    caption = value.get("caption") if isinstance(value, dict) else None
    if not isinstance(caption, dict):
        return None
    characters = caption.get("char_captions")
    parts = [caption.get("base_caption")]
    parts += [c.get("char_caption") for c in characters if isinstance(c, dict)] if isinstance(characters, list) else []
    return "\n".join(p for p in parts if isinstance(p, str) and p.strip()) or None


class NovelAI:
    """Reader of NovelAI's text chunks."""

    name = "novelai"
    version = "2"

    def score(self, probe: Probe) -> int:
        return 90 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        return [
            claim_of(self, text, generation_of(comment, description, source), comment, ai_generated=True)
            for text, comment, description, source in _found(probe)
        ]


def _found(probe: Probe) -> list[tuple[Text, dict[str, Any], str | None, str | None]]:
    named = {text.key.lower(): text.text for text in plain_texts(probe)}
    ours = "novelai" in (named.get("software", "") + named.get("title", "")).lower()
    found = []
    for text in plain_texts(probe):
        if not text.text.lstrip().startswith("{") or not any(mark in text.text for mark in _MARKS):
            continue
        outer = parse_object(text.text)
        if outer is None:
            continue
        inner = outer.get("Comment")
        if "NovelAI" in str(outer.get("Software", "")) and isinstance(inner, (str, dict)):
            comment = parse_object(inner) if isinstance(inner, str) else inner
            if comment is not None:
                found.append((text, comment, as_prompt(outer.get("Description")), as_text(outer.get("Source"))))
        elif "c" in outer:
            continue  # Draw Things, which shares most keys
        elif ("uc" in outer and "steps" in outer and (ours or "scale" in outer)) or "v4_prompt" in outer:
            found.append((text, outer, named.get("description"), named.get("source")))
    return found


PLUGIN = NovelAI()
