"""Put properties into an XMP packet. Everything else in it stays byte for byte: nothing is parsed and written anew.

New properties stand in an rdf:Description of their own at the end of the rdf:RDF, about the same resource as the others.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import defusedxml.ElementTree as SafeET
from defusedxml.common import DefusedXmlException

Name = tuple[str, str]  # namespace, local name

MAX_PACKET_BYTES = 1 << 20
_MAX_TAGS = 20_000
_MAX_DEPTH = 64
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DESCRIPTION = f"{_RDF} Description"
_ROOT = f"{_RDF} RDF"
_ABOUT = f"{_RDF} about"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PREFIXES = {
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://www.tc260.org.cn/ns/AIGC/1.0/": "TC260",
}
_NEW = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    f'<rdf:RDF xmlns:rdf="{_RDF}">\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'
).encode()


@dataclass(slots=True)
class _Layout:
    """Where things stand in a packet: byte offsets."""

    about: str = ""
    insert_at: int | None = None  # before the end tag of the rdf:RDF
    places: dict[Name, list[tuple[int, int, str]]] = field(default_factory=dict)  # start, end, text


def merge(packet: bytes | None, add: Mapping[Name, str], replace: Mapping[Name, str] | None = None) -> bytes | None:
    """The packet with more properties; a new one for None.

    Args:
        packet: an XMP packet in UTF-8 or UTF-16, with or without its wrapper.
        add: simple properties that are put in unless the packet says something under that name.
        replace: simple properties that are put in whatever it says.

    Returns:
        The packet unchanged where there is nothing to add; None where it cannot be edited without harm: it is damaged,
        carries a DTD, is larger than 1 MiB, or is no RDF.
    """
    body = _utf8(packet) if packet is not None else _NEW
    names = frozenset(add) | frozenset(replace or ())
    layout = _layout(body, names) if body is not None else None
    if body is None or layout is None or layout.insert_at is None:
        return None
    wanted = {
        name: value
        for name, value in add.items()
        if not any(text.strip() for _, _, text in layout.places.get(name, ())) and name not in (replace or {})
    }
    wanted |= replace or {}
    if not wanted:
        return packet if packet is not None else body
    edits = [(start, end, b"") for name in wanted for start, end, _ in layout.places.get(name, ())]
    edits.append((layout.insert_at, layout.insert_at, _description(layout.about, wanted)))
    merged = _edited(body, edits)
    again = _layout(merged, names)
    done = again is not None and all(
        [text for _, _, text in again.places.get(name, ())] == [_legal(value)] for name, value in wanted.items()
    )
    return merged if done else None


def _utf8(packet: bytes) -> bytes | None:
    if len(packet) > MAX_PACKET_BYTES:
        return None
    head = packet[:4096]
    for coding in ("utf-16-be", "utf-16-le"):
        places = (head.find(word.encode(coding)) for word in ("<x:xmpmeta", "<rdf:RDF"))
        if any(at >= 0 and at % 2 == 0 for at in places):  # at odd places one byte order looks like the other
            try:
                return packet[: len(packet) & ~1].decode(coding).encode()
            except UnicodeDecodeError:
                return None
    return packet


def _edited(body: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    parts, at = [], 0
    for start, end, new in sorted(edits):
        parts += [body[at:start], new]
        at = end
    return b"".join([*parts, body[at:]])


def _description(about: str, wanted: Mapping[Name, str]) -> bytes:
    spaces = dict.fromkeys(space for space, _ in wanted)
    prefixes = {space: _PREFIXES.get(space, f"ns{at}") for at, space in enumerate(spaces)}
    names = " ".join(f"xmlns:{prefix}={quoteattr(space)}" for space, prefix in prefixes.items())
    lines = [
        f"<{prefixes[space]}:{name}>{escape(_legal(value))}</{prefixes[space]}:{name}>"
        for (space, name), value in wanted.items()
    ]
    head = f'<rdf:Description xmlns:rdf="{_RDF}" rdf:about={quoteattr(about)} {names}>'
    return "\n".join(["", head, *lines, "</rdf:Description>", ""]).encode()


def _legal(value: str) -> str:
    """A value without what XML cannot hold, as it will be read again."""
    return _NOT_XML.sub("", value).replace("\r\n", "\n").replace("\r", "\n").strip()


def _layout(packet: bytes, names: frozenset[Name]) -> _Layout | None:
    """Where the packet's own properties of these names stand; None for what is no well-formed, harmless XML."""
    start = packet.find(b"<x:xmpmeta")
    start = packet.find(b"<rdf:RDF") if start < 0 else start
    close = b"</x:xmpmeta>" if packet.startswith(b"<x:xmpmeta", start) else b"</rdf:RDF>"
    end = packet.rfind(close)
    if not 0 <= start < end or packet.count(b"<") > 2 * _MAX_TAGS:
        return None
    body = packet[start : end + len(close)]
    walk = _Walk(body, start, names)
    try:
        SafeET.fromstring(body, forbid_dtd=True)  # what it refuses is not looked at any closer
        walk.parser.Parse(body, True)  # expat's own signature takes it by place only
    except (SafeET.ParseError, DefusedXmlException, expat.ExpatError, ValueError, RecursionError):
        return None
    return walk.layout


class _Walk:
    """Expat's offsets of the wanted properties of the top descriptions, those that stand in the first rdf:RDF."""

    def __init__(self, body: bytes, offset: int, names: frozenset[Name]) -> None:
        self.layout = _Layout()
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._body, self._offset, self._names = body, offset, names
        self._path: list[tuple[str, int]] = []
        self._words: list[str] = []
        self._root = 0  # the depth of the rdf:RDF, once it was seen
        self._first = True

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        at = self.parser.CurrentByteIndex
        self._path.append((name, at))
        if len(self._path) > _MAX_DEPTH:
            raise ValueError(_MAX_DEPTH)
        if name == _ROOT and not self._root:
            self._root = len(self._path)
        elif self._is_top(1) and name == _DESCRIPTION:
            if self._first:
                self.layout.about, self._first = attributes.get(_ABOUT, ""), False
            for attribute, value in attributes.items():
                if (one := _split(attribute)) in self._names:
                    self._attribute(at, one, value)
        elif self._is_property():
            self._words = [attributes.get(f"{_RDF} resource", "")]

    def _end(self, name: str) -> None:
        at = self.parser.CurrentByteIndex
        start = self._path[-1][1]
        if self._is_property() and (one := _split(name)) in self._names:
            end = _tag_end(self._body, start)
            if not self._body.startswith(b"/>", end - 2):
                end = self._body.index(b">", at) + 1
            self._note(one, start, end, "".join(self._words).strip())
        elif name == _ROOT and len(self._path) == self._root:
            if not self._body.startswith(b"/>", _tag_end(self._body, start) - 2):
                self.layout.insert_at = self._offset + at
            self._root = _MAX_DEPTH * 2  # another rdf:RDF behind it is not ours to read
        self._path.pop()

    def _text(self, text: str) -> None:
        self._words.append(text)

    def _is_top(self, below: int) -> bool:
        return self._root > 0 and len(self._path) == self._root + below

    def _is_property(self) -> bool:
        return self._is_top(2) and self._path[-2][0] == _DESCRIPTION

    def _attribute(self, tag: int, name: Name, value: str) -> None:
        written = self._body[tag : _tag_end(self._body, tag)]
        local = re.escape(name[1].encode())
        found = list(re.finditer(rb"\s[^\s=<>\"'/:]+:" + local + rb"\s*=\s*(?:\"[^\"]*\"|'[^']*')", written))
        if len(found) != 1:
            raise ValueError(name)  # two prefixes with this local name: which is which is not ours to guess
        self._note(name, tag + found[0].start(), tag + found[0].end(), value)

    def _note(self, name: Name, start: int, end: int, text: str) -> None:
        self.layout.places.setdefault(name, []).append((self._offset + start, self._offset + end, text))


def _split(name: str) -> Name:
    space, _, local = name.rpartition(" ")
    return space, local


def _tag_end(body: bytes, start: int) -> int:
    """The offset behind the tag that begins at `start`; ">" may stand inside quotes."""
    at, quote = start, 0
    while at < len(body):
        char = body[at]
        if quote:
            quote = 0 if char == quote else quote
        elif char in b"\"'":
            quote = char
        elif char == 0x3E:
            return at + 1
        at += 1
    raise ValueError(start)
