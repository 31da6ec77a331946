"""Editing history in XMP (`xmpMM:`): a file's own ids, what it was made from, and which programs saved it.

Photoshop, Lightroom, Camera Raw, Illustrator, InDesign, Premiere Pro and After Effects, Affinity, Capture One, GIMP and
darktable write it (XMP Specification part 2 §1.2.4 and part 1 §8.2). Editing is not generating: such a claim never has
a generation and never says AI.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from dam.media.probe import Probe, Text
from dam.metadata import xmp
from dam.metadata.contract import as_text, claim_of, xmp_texts
from dam.metadata.xmp import Value
from dam.model import Claim

_EVENTS = 256
_REFERENCES = 256
_ID = re.compile(r"(?:[a-z.]+:)*[a-z.]*:?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_ID_PREFIX = re.compile(
    r"(?:xmp\.(?:did|iid)|adobe:docid|adobe:dam|gimp:docid|uuid|urn:uuid|proof\.pdf):", re.IGNORECASE
)
_EVENT_FIELDS = ("action", "softwareAgent", "when", "parameters", "changed", "instanceID")
_SPACES = (b"ns.adobe.com/xap/1.0/mm/", b"camera-raw-settings", b"DocumentAncestors")


class XmpHistory:
    """Reader of XMP media management. Fields: own ids, `derived_from`, `history`, `ingredients`, `ancestors`, `raw_file`."""

    name = "xmp_history"
    version = "1"

    def score(self, probe: Probe) -> int:
        return 30 if any(_may_say(text) for text in xmp_texts(probe)) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        found = [(text, _fields(xmp.resource(text.raw))) for text in xmp_texts(probe) if _may_say(text)]
        return [claim_of(self, text, None, fields, confidence=0.8) for text, fields in found if fields]


def _may_say(text: Text) -> bool:
    return any(space in text.raw for space in _SPACES)


def _fields(found: Mapping[tuple[str, str], Value]) -> dict[str, Any]:
    """What the packet says of the file's origin; {} where it is nothing but a creator tool."""
    mm = {name: value for (space, name), value in found.items() if space == xmp.XMP_MM}
    fields: dict[str, Any] = {
        "document_id": _id(mm.get("DocumentID")),
        "instance_id": _id(mm.get("InstanceID")),
        "original_document_id": _id(mm.get("OriginalDocumentID")),
        "derived_from": _reference(mm.get("DerivedFrom")),
        "history": [_event(one) for one in xmp.structs_of(mm.get("History"))[-_EVENTS:]],
        "ingredients": [ref for one in xmp.structs_of(mm.get("Ingredients"))[:_REFERENCES] if (ref := _struct(one))],
        "ancestors": _texts(found.get((xmp.PHOTOSHOP, "DocumentAncestors"))),
        "raw_file": as_text(xmp.text_of(found.get((xmp.CRS, "RawFileName"))), limit=1000),
    }
    kept = {name: value for name, value in fields.items() if value}
    if kept:
        tools = [as_text(xmp.text_of(found.get((xmp.XMP, "CreatorTool"))), limit=200)]
        tools += [event.get("softwareAgent") for event in fields["history"]]
        kept["edited_with"] = list(dict.fromkeys(tool for tool in tools if tool))[:32]
    return kept


def _event(struct: Mapping[tuple[str, str], Value]) -> dict[str, str]:
    by_name = {name: value for (_, name), value in struct.items()}
    return {key: text for key in _EVENT_FIELDS if (text := as_text(xmp.text_of(by_name.get(key)), limit=500))}


def _reference(value: Value | None) -> dict[str, str]:
    """DerivedFrom: a structure, or (darktable, some exporters) one text that is an id or a file name."""
    if isinstance(value, str):
        text = as_text(value, limit=1000)
        if text is None:
            return {}
        return {"document_id": text} if _ID_PREFIX.match(text) or _ID.fullmatch(text) else {"file": file_name(text)}
    return _struct(next(iter(xmp.structs_of(value)), {}))


def _struct(struct: Mapping[tuple[str, str], Value]) -> dict[str, str]:
    by_name = {name: value for (_, name), value in struct.items()}
    path = as_text(xmp.text_of(by_name.get("filePath")), limit=4000)
    found = {
        "document_id": _id(by_name.get("documentID")),
        "instance_id": _id(by_name.get("instanceID")),
        "original_document_id": _id(by_name.get("originalDocumentID")),
        "file": file_name(path) if path else None,
    }
    return {name: text for name, text in found.items() if text}


def _id(value: Value | None) -> str | None:
    return as_text(xmp.text_of(value), limit=300)


def _texts(value: Value | None) -> list[str]:
    given = value if isinstance(value, list) else [value]
    return [text for one in given[:_REFERENCES] if isinstance(one, str) and (text := as_text(one, limit=300))]


def file_name(path: str) -> str:
    """The last part of a path or file: URL, of any system."""
    bare = unquote(path) if re.match(r"[a-z-]{2,20}:/", path, re.IGNORECASE) else path
    return re.split(r"[/\\]", bare.rstrip("/\\"))[-1][:500]


PLUGIN = XmpHistory()
