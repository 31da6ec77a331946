"""IPTC photo metadata in XMP: the digital source type, and the AI fields of IPTC 2025.1.

Any of the AI fields says that a system took part, the prompt's writer included. Google names its system in the credit
line alone ("Made with Google AI"), so the credit is read where the source type says AI.
"""

import re
from collections.abc import Sequence

from dam.media.probe import Probe, Text
from dam.metadata import source_type, xmp
from dam.metadata.contract import as_text, claim_of, xmp_texts
from dam.model import Claim, Generation

_AI_NAMES = ("AIPromptInformation", "AIPromptWriterName", "AISystemUsed", "AISystemVersionUsed")
_SOURCE_NAMES = ("DigitalSourceType", "DigitalSourceFileType", "digitalSourceType")
_WORDS = (b"DigitalSource", b"digitalSource", b"AISystem", b"AIPrompt")
_CREDIT = re.compile(r"(?:made|created|generated|imagined) with ([\w .·-]{2,60})", re.IGNORECASE)
_CREDITED = {"google ai": "Google Generative AI", "meta ai": "Meta AI", "apple intelligence": "Apple Intelligence"}


class IptcXmp:
    """Reader of Iptc4xmpExt properties."""

    name = "iptc_xmp"
    version = "2"

    def score(self, probe: Probe) -> int:
        return 50 if any(_may_say(text) for text in xmp_texts(probe)) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        claims = []
        for text, fields in _found(probe):
            source = source_type.short(fields.get("DigitalSourceType", "")) or None
            says = source_type.says_ai(source) if source else None
            says = True if any(name in fields for name in _AI_NAMES) else says
            tool = as_text(fields.get("AISystemUsed")) or (_credited(fields.get("Credit")) if says else None)
            prompt = as_text(fields.get("AIPromptInformation"))
            version = as_text(fields.get("AISystemVersionUsed"))
            generation = Generation(tool=tool, tool_version=version, prompt=prompt) if tool or prompt else None
            claims.append(
                claim_of(self, text, generation, fields, confidence=0.6, ai_generated=says, digital_source_type=source)
            )
        return claims


def _may_say(text: Text) -> bool:
    return b"iptc.org" in text.raw and any(word in text.raw for word in _WORDS)


def _found(probe: Probe) -> list[tuple[Text, dict[str, str]]]:
    found = []
    for text in xmp_texts(probe):
        if not _may_say(text):
            continue
        packet = xmp.properties(text.raw)
        fields = {name: value for name in _AI_NAMES if (value := xmp.first(packet, xmp.IPTC_EXT, name))}
        given = [value for name in _SOURCE_NAMES if (value := xmp.first(packet, xmp.IPTC_EXT, name))]
        if given:
            fields["DigitalSourceType"] = next((one for one in given if source_type.says_ai(one)), given[0])
        if fields:
            credit = xmp.first(packet, xmp.PHOTOSHOP, "Credit")
            found.append((text, fields | ({"Credit": credit} if credit else {})))
    return found


def _credited(credit: str | None) -> str | None:
    """The AI system that a credit line names, if it is one that signs in this way."""
    named = _CREDIT.fullmatch((credit or "").strip())
    return _CREDITED.get(named[1].strip().lower()) if named else None


PLUGIN = IptcXmp()
