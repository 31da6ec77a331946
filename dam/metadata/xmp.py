"""XMP packets as (namespace, name) -> values, parsed without entities or external references."""

import re
from collections.abc import Mapping
from typing import TypeAlias
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree as SafeET
from defusedxml.common import DefusedXmlException

from dam.metadata.once import once

MAX_XMP_BYTES = 4 << 20
IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
TC260 = "http://www.tc260.org.cn/ns/AIGC/1.0/"
DC = "http://purl.org/dc/elements/1.1/"
XMP = "http://ns.adobe.com/xap/1.0/"
EXIF = "http://ns.adobe.com/exif/1.0/"
XMP_MM = "http://ns.adobe.com/xap/1.0/mm/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
CRS = "http://ns.adobe.com/camera-raw-settings/1.0/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

_XML = "http://www.w3.org/XML/1998/namespace"
_MAX_TAGS = 60_000  # Photoshop's lists of ancestors reach tens of thousands; each tag costs 5 us a reader
MAX_DEPTH = 16
MAX_VALUES = 20_000

Name = tuple[str, str]
Properties = Mapping[Name, list[str]]
Value: TypeAlias = str | list["Value"] | dict[Name, "Value"]


@once
def properties(packet: bytes) -> Properties:
    """Every property of the packet's own resource, attribute or element, lists flattened; empty if it is not XML.

    A description inside another (Premiere's Pantry keeps its ingredients' packets) speaks of another file.
    """
    root = _root(packet)
    if root is None:
        return {}
    found: dict[Name, list[str]] = {}
    for description in _descriptions(root):
        for name, value in description.attrib.items():
            found.setdefault(_split(name), []).append(value)
        for child in description:
            texts = [child.attrib[k] for k in child.attrib if k == f"{{{_RDF}}}resource"]
            texts += [t.text.strip() for t in child.iter() if t.text and t.text.strip()]
            found.setdefault(_split(child.tag), []).extend(texts)
    return found


@once
def resource(packet: bytes) -> dict[Name, Value]:
    """The packet's own properties with their structure: text, list (Seq, Bag, Alt) or structure by (namespace, name).

    Structures in all of RDF's spellings: parseType="Resource", a nested Description, attributes on the property. At most
    MAX_DEPTH levels and MAX_VALUES values; what lies beyond is left out. Empty if it is not XML.
    """
    root = _root(packet)
    if root is None:
        return {}
    walk = _Walk(MAX_VALUES)
    found: dict[Name, Value] = {}
    for description in _descriptions(root):
        found |= walk.members(description, MAX_DEPTH)
    return found


class _Walk:
    """Turns elements into values, `left` of them at most."""

    def __init__(self, left: int) -> None:
        self._left = left

    def members(self, element: Element, depth: int) -> dict[Name, Value]:
        """Attributes and children of a Description (or of a property in one of the short spellings)."""
        found: dict[Name, Value] = {}
        for name, text in element.attrib.items():
            space, local = _split(name)
            if space not in (_RDF, _XML, "") and self._take():
                found[space, local] = text.strip()
        for child in element if depth > 0 else ():
            if isinstance(child.tag, str) and self._take():
                found[_split(child.tag)] = self.value(child, depth - 1)
        return found

    def value(self, element: Element, depth: int) -> Value:
        children = [child for child in element if isinstance(child.tag, str)]
        if not children:
            link = element.get(f"{{{_RDF}}}resource")
            members = {} if link else self.members(element, 0)
            return link or members or (element.text or "").strip()
        space, local = _split(children[0].tag)
        if space == _RDF and local in ("Seq", "Bag", "Alt"):
            items = children[0] if depth > 0 else ()
            return [self.value(item, depth - 2) for item in items if isinstance(item.tag, str) and self._take()]
        inner = children[0] if space == _RDF and local == "Description" else element
        members = self.members(inner, depth)
        return members.get((_RDF, "value"), members)

    def _take(self) -> bool:
        self._left -= 1
        return self._left >= 0


def text_of(value: Value | None) -> str | None:
    """The text of a value; of a list its first; None if there is none."""
    if isinstance(value, list):
        return next((text for one in value if (text := text_of(one) if isinstance(one, str) else None)), None)
    return value.strip() or None if isinstance(value, str) else None


def structs_of(value: Value | None) -> list[dict[Name, Value]]:
    """The structures of a value: itself, or those in its list."""
    if isinstance(value, dict):
        return [value]
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _descriptions(root: Element) -> list[Element]:
    """The descriptions that stand directly in an rdf:RDF; in a packet without one, all of them."""
    wanted = f"{{{_RDF}}}Description"
    found = [child for rdf in root.iter(f"{{{_RDF}}}RDF") for child in rdf if child.tag == wanted]
    return found or list(root.iter(wanted))


@once
def _root(packet: bytes) -> Element | None:
    if len(packet) > MAX_XMP_BYTES:
        return None
    start, end = packet.find(b"<x:xmpmeta"), packet.rfind(b"</x:xmpmeta>")
    if start < 0:
        start, end = packet.find(b"<rdf:RDF"), packet.rfind(b"</rdf:RDF>")
    body = packet[start : packet.index(b">", end) + 1] if 0 <= start < end else packet
    # Nesting is bounded by hand: expat has no limit, and a deep tree makes iteration and freeing slow.
    if len(re.findall(rb"<[A-Za-z]", body)) > _MAX_TAGS:
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
