"""The Chinese label for generated content (GB 45438-2025, TC260-PG-20258A): `AIGC` JSON in XMP, EXIF, PNG text or tags."""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata import xmp
from dam.metadata.contract import claim_of, parse_object, plain_texts, xmp_texts
from dam.model import Claim, Generation

# Producer codes hold the unified social credit code of the company: 001 + kind + USCC (18) + service (5).
_PRODUCERS = (
    ("91110102MACQD9K640", "Doubao"),
    ("91110102MACQD9K64", "Doubao"),
    ("9144030008867405X2", "Jimeng"),
    ("9144030008867405X", "Jimeng"),
)
_KEYS = ("ContentProducer", "ProduceID", "Label")


class Aigc:
    """Reader of AIGC labels. Label 1 = is, 2 = possibly, 3 = suspected generated; only 1 is said with full confidence."""

    name = "aigc"
    version = "1"

    def score(self, probe: Probe) -> int:
        return 90 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        claims = []
        for text, label in _found(probe):
            producer = str(label.get("ContentProducer") or label.get("contentProducer") or "")
            tool = next((name for code, name in _PRODUCERS if code in producer), None)
            sure = str(label.get("Label", "1")).strip() == "1"
            generation = Generation(tool=tool) if tool else None
            claims.append(
                claim_of(self, text, generation, {"aigc": label}, confidence=0.9 if sure else 0.5, ai_generated=True)
            )
        return claims


def _found(probe: Probe) -> list[tuple[Text, dict[str, Any]]]:
    found = []
    for text in xmp_texts(probe):
        if b"AIGC" in text.raw:
            for value in xmp.properties(text.raw).get((xmp.TC260, "AIGC"), ()):
                label = _label(parse_object(html.unescape(value)))
                if label:
                    found.append((text, label))
    for text in plain_texts(probe):
        named = text.key.rpartition(":")[2].lower() == "aigc"
        if named or "AIGC" in text.text[:5000]:
            label = _label(_loose(text.text), named=named)
            if label:
                found.append((text, label))
    return found


def _loose(text: str) -> Any:
    """The JSON after an `AIGC` prefix, or the text as JSON."""
    return parse_object(re.sub(r"^\s*AIGC\s*[:=]?\s*(?=\{)", "", html.unescape(text)))


def _label(value: Any, *, named: bool = True) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    inner = next((value[k] for k in value if str(k).upper() == "AIGC"), None)
    if isinstance(inner, str):
        inner = parse_object(inner)
    if isinstance(inner, Mapping):
        return dict(inner)
    return dict(value) if named and any(key in value for key in _KEYS) else None


PLUGIN = Aigc()
