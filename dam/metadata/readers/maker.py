"""Names of generators in the fields where programs sign their work: weak evidence, for files with nothing better.

XMP CreatorTool, EXIF and PNG Software, and Suno's comment in sound. The whole field must be a generator's name with at
most a version behind it: an editor that can also generate (Photoshop, Canva) is never taken for one, and a description
that mentions a generator says nothing.
"""

import html
import itertools
import re
from collections.abc import Iterator, Sequence

from dam.media.probe import Probe, Text
from dam.metadata.contract import claim_of, plain_texts, xmp_texts
from dam.model import Claim, Generation

_NAMES = {
    "adobe firefly": "Adobe Firefly",
    "midjourney": "Midjourney",
    "dall-e": "DALL-E",
    "dall·e": "DALL-E",
    "openai dall-e": "DALL-E",
    "gpt-image": "OpenAI",
    "leonardo.ai": "Leonardo.Ai",
    "leonardo ai": "Leonardo.Ai",
    "ideogram": "Ideogram",
    "ideogram.ai": "Ideogram",
    "canva magic media": "Canva Magic Media",
    "bing image creator": "Bing Image Creator",
    "image creator from designer": "Microsoft Designer",
    "apple image playground": "Apple Image Playground",
    "image playground": "Apple Image Playground",
    "stable diffusion": "Stable Diffusion",
    "suno": "Suno",
    "udio": "Udio",
}
_CREATOR_TOOL = re.compile(rb"CreatorTool(?:\s*=\s*[\"']|>)([^\"'<>]{3,200})[\"'<]")
_SIGNED = re.compile(r"(.{3,40}?)(?:[ /]+v?(\d+(?:\.\d+){0,3}))?", re.DOTALL)
_SUNO = re.compile(r"made with suno(?: studio)?\s*;\s*created=[^;]{4,40};\s*id=([0-9a-f-]{36})", re.IGNORECASE)
_SIGNATURES = frozenset(("0x0131", "software", "creatortool", "creator tool", "encoded_by"))
_COMMENTS = frozenset(("comment", "description", "comments", "icmt", "\xa9cmt"))


class Maker:
    """Reader of generators' names."""

    name = "maker"
    version = "1"

    def score(self, probe: Probe) -> int:
        return 20 if any(True for _ in _found(probe)) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        return [
            claim_of(self, text, generation, fields, confidence=0.4, ai_generated=True)
            for text, generation, fields in _found(probe)
        ]


def _found(probe: Probe) -> Iterator[tuple[Text, Generation, dict[str, str]]]:
    for text in xmp_texts(probe):
        # A short plain value: to parse the packet once more for it would be dear.
        for found in itertools.islice(_CREATOR_TOOL.finditer(text.raw), 4):
            name = html.unescape(found[1].decode("utf-8", "replace")).strip()
            if made := _generator(name):
                yield text, made, {"creator_tool": name}
                break
    for text in plain_texts(probe):
        key = text.key.rpartition(":")[2].lower()
        if key in _SIGNATURES and (made := _generator(text.text)):
            yield text, made, {"software": text.text.strip()[:200]}
        elif key in _COMMENTS and len(text.text) < 300 and (song := _SUNO.match(text.text.strip("\0 \n"))):
            yield text, Generation(tool="Suno"), {"song_id": song[1]}


def _generator(name: str) -> Generation | None:
    if len(name) > 200:
        return None
    found = _SIGNED.fullmatch(name.strip("\0 "))
    tool = _NAMES.get(found[1].strip().lower()) if found else None
    return Generation(tool=tool, tool_version=found[2]) if found and tool else None


PLUGIN = Maker()
