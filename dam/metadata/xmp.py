"""XMP packets as (namespace, name) -> values, parsed without entities or external references."""

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree as SafeET
from defusedxml.common import DefusedXmlException

MAX_XMP_BYTES = 4 << 20
IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
TC260 = "http://www.tc260.org.cn/ns/AIGC/1.0/"
DC = "http://purl.org/dc/elements/1.1/"
XMP = "http://ns.adobe.com/xap/1.0/"
EXIF = "http://ns.adobe.com/exif/1.0/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

Properties = Mapping[tuple[str, str], list[str]]


def properties(packet: bytes) -> Properties:
    """Every property of every rdf:Description, attribute or element, lists flattened; empty if it is not XML."""
    root = _root(packet)
    if root is None:
        return {}
    found: dict[tuple[str, str], list[str]] = {}
    for description in root.iter(f"{{{_RDF}}}Description"):
        for name, value in description.attrib.items():
            found.setdefault(_split(name), []).append(value)
        for child in description:
            texts = [child.attrib[k] for k in child.attrib if k == f"{{{_RDF}}}resource"]
            texts += [t.text.strip() for t in child.iter() if t.text and t.text.strip()]
            found.setdefault(_split(child.tag), []).extend(texts)
    return found


def _root(packet: bytes) -> Element | None:
    if len(packet) > MAX_XMP_BYTES:
        return None
    start, end = packet.find(b"<x:xmpmeta"), packet.rfind(b"</x:xmpmeta>")
    if start < 0:
        start, end = packet.find(b"<rdf:RDF"), packet.rfind(b"</rdf:RDF>")
    body = packet[start : packet.index(b">", end) + 1] if 0 <= start < end else packet
    # Nesting is bounded by hand: expat has no limit, and a deep tree makes iteration and freeing slow.
    if len(re.findall(rb"<[A-Za-z]", body)) > 200_000:
        return None
    try:
        root: Element = SafeET.fromstring(body.strip(b"\0"), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        return None
    return root


def _split(name: str) -> tuple[str, str]:
    space, _, local = name.rpartition("}")
    return space.lstrip("{"), local


def first(found: Properties, space: str, name: str) -> str | None:
    """The first value of a property, stripped; None if absent or blank."""
    return next((v.strip() for v in found.get((space, name), ()) if v.strip()), None)
