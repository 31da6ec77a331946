"""The Chinese label for generated content (GB 45438-2025): `AIGC` JSON in XMP, EXIF, tags, segments and documents.

The practice guides TC260-PG-20257A to 202510A say where it stands in each container. Who made the content is
ContentProducer; ContentPropagator only passed it on.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata import xmp
from dam.metadata.contract import claim_of, parse_object, plain_texts, xmp_texts
from dam.metadata.producers import producer_of
from dam.model import Claim, Generation

_KEYS = frozenset(("contentproducer", "produceid", "label"))
# GB 45438-2025 annex E: what Label means, and how sure it is.
_LABELS = {"1": ("generated", 0.9), "2": ("possibly generated", 0.6), "3": ("suspected generated", 0.4)}
_FRONT_LINE = re.compile(r"""^\s+([A-Za-z]\w{2,30})\s*:\s*['"]?(.*?)['"]?\s*$""")
_MADE_BY_JIMENG = frozenset(("dreamina", "jimeng", "jimeng_ai"))


class Aigc:
    """Reader of AIGC labels. Label 1 = is, 2 = possibly, 3 = suspected generated; only 1 is said with full confidence."""

    name = "aigc"
    version = "2"

    def score(self, probe: Probe) -> int:
        return 90 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        claims = []
        for text, label in _found(probe):
            given = {str(key).lower(): value for key, value in label.items()}
            means, sure = _LABELS.get(str(given.get("label", "1")).strip(), ("generated", 0.5))
            producer = producer_of(_plain(given.get("contentproducer")))
            generation = Generation(tool=producer.tool) if producer.tool else None
            fields = {"aigc": label, "means": means}
            if producer.code:
                fields["producer"] = {key: value for key, value in asdict(producer).items() if value}
            claims.append(claim_of(self, text, generation, fields, confidence=sure, ai_generated=True))
        return claims + [
            claim_of(self, text, made, fields, confidence=0.8, ai_generated=True)
            for text, made, fields in _jimeng(probe)
        ]


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _found(probe: Probe) -> list[tuple[Text, dict[str, Any]]]:
    found: list[tuple[Text, dict[str, Any]]] = []
    for text in xmp_texts(probe):
        values = xmp.properties(text.raw).get((xmp.TC260, "AIGC"), ()) if b"AIGC" in text.raw else ()
        labels = (_label(parse_object(_unescaped(value)), named=True) for value in values)
        found += [(text, label) for label in labels if label]
    for text in plain_texts(probe):
        named = text.key.rpartition(":")[2].lower() == "aigc"
        if named or "AIGC" in text.text[:5000]:
            value, named = _loose(text.text, named=named)
            if label := _label(value, named=named):
                found.append((text, label))
    return found


def _unescaped(text: str) -> str:
    """Without the entities that writers escape once or twice too often."""
    try:
        return html.unescape(html.unescape(text)) if "&" in text else text
    except ValueError:  # a character number of thousands of digits
        return text


def _loose(text: str, *, named: bool) -> tuple[Any, bool]:
    """(value, whether the text itself says that it is a label): JSON, behind `AIGC` or not, or a text's front matter."""
    if text.lstrip("\ufeff").startswith("---"):
        return _front_matter(text), True
    bare = _unescaped(text)
    prefix = re.match(r"""^\W{0,8}AIGC["']?\s*[:=]?\s*(?=\{)""", bare[:200])
    value = (
        parse_object(bare[prefix.end() :]) if prefix and not bare.lstrip().startswith('{"AIGC"') else parse_object(bare)
    )
    return (value, named or prefix is not None) if value is not None else (parse_object(text), named)


def _front_matter(text: str) -> Any:
    """`AIGC:` at the head of a Markdown file (TC260-PG-20258A): JSON on the same line, or indented lines below it."""
    lines = text[:8000].lstrip("\ufeff").splitlines()[1:60]
    at = next((n for n, line in enumerate(lines) if line.startswith("AIGC:")), None)
    if at is None or "---" in (line.strip() for line in lines[:at]):
        return None
    if "{" in lines[at]:
        return parse_object(lines[at].removeprefix("AIGC:"))
    found: dict[str, str] = {}
    for line in lines[at + 1 :]:
        member = _FRONT_LINE.match(line[:2000])
        if member is None:
            break
        found[member[1]] = member[2]
    return found


def _label(value: Any, named: bool) -> dict[str, Any] | None:  # a pair that _loose returns as one
    if not isinstance(value, Mapping):
        return None
    inner = next((value[k] for k in value if str(k).upper() == "AIGC"), None)
    if isinstance(inner, str):
        inner = parse_object(inner)
    if isinstance(inner, Mapping):
        return dict(inner) if _KEYS & {str(key).lower() for key in inner} else None
    return dict(value) if named and _KEYS & {str(key).lower() for key in value} else None


def _jimeng(probe: Probe) -> list[tuple[Text, Generation, dict[str, Any]]]:
    """Jimeng's and Dreamina's own note: `{"aigc_info": {"source_info": "dreamina"}, "data": {"exportType": "generation"}}`."""
    found = []
    for text in plain_texts(probe):
        if "aigc_info" not in text.text[:5000]:
            continue
        value = parse_object(text.text) or {}
        info, data = value.get("aigc_info"), value.get("data")
        source = info.get("source_info") if isinstance(info, Mapping) else None
        kind = data.get("exportType") if isinstance(data, Mapping) else None
        if str(source).lower() in _MADE_BY_JIMENG and kind in (None, "generation"):
            found.append((text, Generation(tool="Jimeng"), {"aigc_info": value}))
    return found


PLUGIN = Aigc()
