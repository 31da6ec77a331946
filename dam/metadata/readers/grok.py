"""xAI Grok: EXIF ImageDescription `Signature: <base64>` with a UUID as Artist; no tool name, no prompt."""

import re
from collections.abc import Sequence

from dam.media.probe import Probe, Text
from dam.metadata.contract import claim_of, plain_texts
from dam.model import Claim, Generation

_SIGNATURE = re.compile(r"\s{0,8}Signature:\s{0,8}[A-Za-z0-9+/=_-]{40,}\s*")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Grok:
    """Reader of Grok's two EXIF tags; both must be there."""

    name = "grok"
    version = "2"

    def score(self, probe: Probe) -> int:
        return 80 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        found = _found(probe)
        if found is None:
            return []
        text, artist = found
        fields = {"artist": artist, "signature": text.text.strip()}
        return [claim_of(self, text, Generation(tool="Grok"), fields, confidence=0.8, ai_generated=True)]


def _found(probe: Probe) -> tuple[Text, str] | None:
    texts = list(plain_texts(probe))
    artist = next(
        (
            t.text.strip("\0 ")
            for t in texts
            if t.key.lower() in ("artist", "0x013b") and _UUID.fullmatch(t.text.strip("\0 "))
        ),
        None,
    )
    signed = next((t for t in texts if _SIGNATURE.fullmatch(t.text.strip("\0"))), None)
    return (signed, artist) if signed and artist else None


PLUGIN = Grok()
