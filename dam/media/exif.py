"""Read EXIF and TIFF directories: bounded, from any bytes, without a library that raises or warns."""

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dam.media.carriers import BLOCK_CAP_BYTES, Found, decode

NAMES = {
    0x010D: "DocumentName",
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x013B: "Artist",
    0x8298: "Copyright",
    0x927C: "MakerNote",
    0x9286: "UserComment",
    0x9C9B: "XPTitle",
    0x9C9C: "XPComment",
    0x9C9D: "XPAuthor",
    0x9C9E: "XPKeywords",
    0x9C9F: "XPSubject",
}
ORIENTATION = 0x0112
_C2PA = 0xCD41
_EXIF_IFD = 0x8769
_XMP = 0x02BC
_DNG_VERSION = 0xC612
_MAX_ENTRIES = 1024
_MAX_PAGES = 2048
_MAX_ALL_ENTRIES = 100_000
_WIDTHS = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)  # bytes of TIFF types 0..18
_CODES = {3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}

_MARKS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16
_WORDS = re.compile(r"[A-Za-z0-9 ,.:_-]*")

Read = Callable[[int, int], bytes]


@dataclass(slots=True)
class Tiff:
    """The directories of a TIFF structure: tags of the first page with the Exif IFD, and the number of pages."""

    tags: dict[int, object] = field(default_factory=dict)
    pages: int = 0
    has_c2pa: bool = False
    damaged: bool = False
    order: str = "<"
    orientation_at: int | None = None  # offset of the two bytes of the orientation's value
    _budget: int = 2 * BLOCK_CAP_BYTES
    _entries: int = 0


def read_block(block: bytes, found: Found) -> None:
    """Take an EXIF block (with or without its "Exif" prefix) into `found`: tags, texts, and a problem if damaged."""
    block = strip_prefix(block)
    tiff = parse(lambda at, count: block[at : at + count] if at >= 0 else b"")
    if tiff is None:
        found.problem("exif.damaged", "The EXIF block has no TIFF header.")
        return
    take(tiff, found)


def strip_prefix(block: bytes) -> bytes:
    return block[6:] if block[:4] == b"Exif" else block


def take(tiff: Tiff, found: Found) -> None:
    """Put the tags into `found`, the first value of a tag winning over later blocks, and every differing text as a text."""
    if tiff.damaged:
        found.problem("exif.damaged", "Some EXIF entries point outside their block.")
    for tag, value in tiff.tags.items():
        if tag == _XMP or (tag in found.exif and found.exif[tag] == value):
            continue
        found.exif.setdefault(tag, value)
        text = _text_of(tag, value, tiff.order)
        if text:
            raw = value if isinstance(value, bytes) else text.encode("utf-8", "replace")
            found.text(f"exif:0x{tag:04x}", NAMES.get(tag, f"0x{tag:04x}"), raw, text)
    packet = tiff.tags.get(_XMP)
    if isinstance(packet, bytes | str):
        found.add_xmp(packet if isinstance(packet, bytes) else packet.encode("utf-8", "replace"))
    found.has_c2pa = found.has_c2pa or tiff.has_c2pa


def is_dng(tiff: Tiff) -> bool:
    return _DNG_VERSION in tiff.tags


def parse(read: Read) -> Tiff | None:
    """Read a TIFF structure through `read(offset, count)`; None if it does not start like one. Classic and BigTIFF."""
    head = read(0, 16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        return None
    version = int.from_bytes(head[2:4], "little" if order == "<" else "big")
    if version == 43 and len(head) == 16:
        layout, first = _Layout(order, big=True), struct.unpack(order + "Q", head[8:16])[0]
    elif version in (42, 0x55, 0x4F52):  # 42, and the raw formats that changed the number
        layout, first = _Layout(order, big=False), struct.unpack(order + "I", head[4:8])[0]
    else:
        return None
    tiff = Tiff(order=order)
    _pages(read, layout, first, tiff)
    return tiff


class _Layout:
    """Sizes of a directory's parts: classic TIFF (12-byte entries) or BigTIFF (20-byte entries)."""

    __slots__ = ("count", "entry", "inline", "next_page", "order")

    def __init__(self, order: str, *, big: bool) -> None:
        self.order = order
        self.count = struct.Struct(order + ("Q" if big else "H"))
        self.entry = struct.Struct(order + ("HHQ8s" if big else "HHI4s"))
        self.next_page = struct.Struct(order + ("Q" if big else "I"))
        self.inline = 8 if big else 4


def _pages(read: Read, layout: _Layout, first: int, tiff: Tiff) -> None:
    seen: set[int] = set()
    at = first
    while at and at not in seen and len(seen) < _MAX_PAGES:
        seen.add(at)
        following = _directory(read, layout, at, tiff, main=tiff.pages == 0)
        if following is None:
            tiff.damaged = True
            break
        tiff.pages += 1
        at = following
    nested = tiff.tags.get(_EXIF_IFD)
    if isinstance(nested, int) and nested and nested not in seen:
        _directory(read, layout, nested, tiff, main=True)


def _directory(read: Read, layout: _Layout, at: int, tiff: Tiff, *, main: bool) -> int | None:
    """Read one directory; the offset of the next page, or None if it lies outside the data."""
    head = read(at, layout.count.size)
    if len(head) < layout.count.size:
        return None
    count = min(layout.count.unpack(head)[0], _MAX_ENTRIES)
    tiff._entries += count  # noqa: SLF001  # as below
    if tiff._entries > _MAX_ALL_ENTRIES:  # noqa: SLF001  # directories may lie over each other
        return None
    at += layout.count.size
    block = read(at, count * layout.entry.size + layout.next_page.size)
    for index, (tag, kind, number, inline) in _entries(layout, block, count):
        tiff.has_c2pa = tiff.has_c2pa or tag == _C2PA
        if main and tag not in tiff.tags:
            value = _value(read, layout, (kind, number, inline), tiff)
            if value is None:
                tiff.damaged = True
                continue
            tiff.tags[tag] = value
            if tag == ORIENTATION and kind == 3:
                tiff.orientation_at = at + index * layout.entry.size + layout.entry.size - layout.inline
    tail = block[count * layout.entry.size :]
    return layout.next_page.unpack(tail)[0] if len(tail) == layout.next_page.size else 0


def _entries(layout: _Layout, block: bytes, count: int) -> Iterator[tuple[int, tuple[int, int, int, bytes]]]:
    size = layout.entry.size
    for index in range(min(count, len(block) // size)):
        yield index, layout.entry.unpack_from(block, index * size)


def _value(read: Read, layout: _Layout, entry: tuple[int, int, bytes], tiff: Tiff) -> object | None:
    kind, number, inline = entry
    width = _WIDTHS[kind] if kind < len(_WIDTHS) else 0
    size = width * number
    if not size or size > min(BLOCK_CAP_BYTES, tiff._budget):  # noqa: SLF001  # the budget is this module's own
        return None if size else b""
    if kind not in (1, 2, 7) and number > 4096:
        return ()  # strip offsets and the like: nobody's metadata
    data = inline[:size] if size <= layout.inline else read(_offset(layout, inline), size)
    if len(data) < size:
        return None
    tiff._budget -= size  # noqa: SLF001  # as above
    return _typed(kind, data, layout.order)


def _offset(layout: _Layout, inline: bytes) -> int:
    return int(layout.next_page.unpack(inline)[0])


def _typed(kind: int, data: bytes, order: str) -> object:
    if kind in (1, 7):
        return data
    if kind == 2:
        return decode(data.rstrip(b"\0"))
    numbers: tuple[float, ...]
    if kind in (5, 10):
        flat = struct.unpack(f"{order}{len(data) // 4}{'I' if kind == 5 else 'i'}", data)
        numbers = tuple(a / b if b else 0.0 for a, b in zip(flat[::2], flat[1::2], strict=True))
    else:
        code = _CODES[kind]
        numbers = struct.unpack(f"{order}{len(data) // struct.calcsize(code)}{code}", data)
    return numbers[0] if len(numbers) == 1 else numbers


def _text_of(tag: int, value: object, order: str) -> str | None:
    if isinstance(value, str):
        return user_comment(value.encode("utf-8"), order) if tag == 0x9286 else value
    if not isinstance(value, bytes):
        return None
    if tag == 0x9286:
        return user_comment(value, order)
    if 0x9C9B <= tag <= 0x9C9F:
        return value.decode("utf-16-le", "replace").rstrip("\0")
    if tag == 0x927C or (tag in NAMES):
        text = decode(value.rstrip(b"\0"))
        return text if "\0" not in text and text[:200].isprintable() else None
    return None


def user_comment(raw: bytes, order: str = ">") -> str:
    """Decode EXIF UserComment: the eight-byte code in front, or none (many tools leave it out)."""
    code, body = raw[:8], raw[8:]
    if code.startswith(b"UNICODE"):
        return _utf16(body, order).rstrip("\0")
    if code.startswith(b"ASCII") or code == b"\0" * 8:
        return decode(body).rstrip("\0 ") if b"\0" not in body.rstrip(b"\0") else _utf16(body, order).rstrip("\0")
    if code.startswith(b"JIS"):
        return body.decode("iso2022_jp", "replace").rstrip("\0")
    if b"\0" in raw.rstrip(b"\0"):
        return _utf16(raw, order).rstrip("\0")
    return decode(raw).rstrip("\0 ")


def _utf8(body: bytes) -> str | None:
    """The text, if bytes behind a prefix that says UTF-16 are plainly UTF-8; a few Chinese characters in UTF-16 may look so."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    long_enough = len(body) >= 16 or len(body) % 2 == 1 or body[:3] == b"\xef\xbb\xbf"
    return text if long_enough or not text.isascii() or _WORDS.fullmatch(text) else None


def free_text(raw: bytes) -> str:
    """Text of a comment that names no coding: UTF-16 shows by its mark or its zero bytes, the rest is UTF-8 or Latin-1."""
    start = raw[:4096].rstrip(b"\0")
    if raw[:2] in _MARKS or start.count(0) * 3 > len(start):
        return _utf16(raw, ">").rstrip("\0")
    return decode(raw.rstrip(b"\0"))


def _utf16(body: bytes, order: str) -> str:
    """UTF-16 of a byte order that the EXIF header often gets wrong: Latin text shows it by where its zero bytes are."""
    if body[:2] in _MARKS:
        return body.decode("utf-16", "replace")
    high, low = body[0::2].count(0), body[1::2].count(0)
    if not high and not low and len(body) > 3 and (text := _utf8(body)) is not None:
        return text
    coding = "utf-16-be" if high > low or (high == low and order == ">") else "utf-16-le"
    return body.decode(coding, "replace")
