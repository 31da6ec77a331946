"""IPTC photo metadata in XMP: the digital source type, and the AI fields of IPTC 2025.1."""

from collections.abc import Sequence

from dam.media.probe import Probe, Text
from dam.metadata import source_type, xmp
from dam.metadata.contract import as_text, claim_of, xmp_texts
from dam.model import Claim, Generation

_NAMES = ("AIPromptInformation", "AIPromptWriterName", "AISystemUsed", "AISystemVersionUsed", "DigitalSourceType")


class IptcXmp:
    """Reader of Iptc4xmpExt properties."""

    name = "iptc_xmp"
    version = "1"

    def score(self, probe: Probe) -> int:
        return 50 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        claims = []
        for text, fields in _found(probe):
            source = source_type.short(fields.get("DigitalSourceType", "")) or None
            tool = as_text(fields.get("AISystemUsed"))
            prompt = as_text(fields.get("AIPromptInformation"))
            version = as_text(fields.get("AISystemVersionUsed"))
            generation = Generation(tool=tool, tool_version=version, prompt=prompt) if tool or prompt else None
            says = source_type.says_ai(source) if source else None
            says = True if generation is not None else says
            claims.append(
                claim_of(self, text, generation, fields, confidence=0.6, ai_generated=says, digital_source_type=source)
            )
        return claims


def _found(probe: Probe) -> list[tuple[Text, dict[str, str]]]:
    found = []
    for text in xmp_texts(probe):
        if b"iptc.org" not in text.raw:
            continue
        packet = xmp.properties(text.raw)
        fields = {name: value for name in _NAMES if (value := xmp.first(packet, xmp.IPTC_EXT, name))}
        if fields:
            found.append((text, fields))
    return found


PLUGIN = IptcXmp()
