"""Walk ISO base media files (AVIF, HEIC, MP4, MOV): C2PA and XMP boxes, still pictures' size and EXIF, truncation.

Box layout: ISO/IEC 14496-12 §4.2; items of still pictures: §8.11.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from dam.media import exif
from dam.media.carriers import BLOCK_CAP_BYTES, Found, Source

_C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_MAX_BOXES = 50_000
_META_CAP_BYTES = 8 << 20
_MAX_ITEMS = 65_536  # of one table; a picture in a thousand tiles has a thousand
_MAX_BLOCKS = 16  # EXIF and XMP items that are read: all of them may lie over the same bytes
_MAX_DEPTH = 32  # boxes in boxes; films nest 8 deep, and the C2PA library gives up behind 32
_MAX_NESTED = 20_000  # boxes that are looked into for that
_NESTING = frozenset(  # boxes that hold nothing but boxes (ISO/IEC 14496-12)
    b"moov trak mdia minf stbl moof traf edts udta dinf tref mvex mfra meta schi sinf".split()
)
_MAX_C2PA_BOXES = 10_000  # the C2PA library's time grows with the square of them


@dataclass(frozen=True, slots=True)
class Box:
    """`body` is the offset of the contents (behind a uuid's 16 bytes too), `end` the offset after the box."""

    kind: bytes
    body: int
    end: int
    uuid: bytes = b""


def boxes(source: Source, start: int, end: int) -> Iterator[Box]:
    """The boxes that lie side by side in [start, end); the last may reach past the file's end."""
    at = start
    for _ in range(_MAX_BOXES):
        head = source.read(at, 32)
        if at + 8 > end or len(head) < 8:
            return
        size, kind, body = int.from_bytes(head[:4], "big"), head[4:8], 8
        if size == 1:
            size, body = int.from_bytes(head[8:16], "big"), 16
        elif size == 0:
            size = end - at
        if size < body:
            return
        uuid = head[body : body + 16] if kind == b"uuid" else b""
        yield Box(kind, at + body + len(uuid), at + size, uuid)
        at += size


def read_structure(source: Source, found: Found, name: str) -> bool:
    """C2PA, XMP and truncation of any BMFF file. `name` starts the problem's code ("mp4").

    False if there are so many boxes that no library should be sent through them.
    """
    kinds = set()
    end = count = 0
    deep = False
    for box in boxes(source, 0, source.size_bytes):
        kinds.add(box.kind)
        count += 1
        end = box.end
        if box.uuid == _C2PA or box.kind == b"jumb":
            found.has_c2pa = True
        elif box.uuid == _XMP:
            found.add_xmp(source.read(box.body, min(box.end - box.body, BLOCK_CAP_BYTES)))
        elif box.kind == b"moov":
            _movie(source, box, found)
            deep = deep or _is_deep(source, box)
    if deep:
        found.too_many_parts(f"boxes in boxes, more than {_MAX_DEPTH} deep")
        found.has_c2pa = True
    if end > source.size_bytes:
        found.problem(f"{name}.truncated", f"The file should be {end} bytes long and is {source.size_bytes}.")
    elif end < source.size_bytes and count < _MAX_C2PA_BOXES:
        found.has_c2pa = True  # an unreadable rest: let the library look
    if count >= _MAX_BOXES or (found.has_c2pa and count >= _MAX_C2PA_BOXES):
        found.too_many_parts(f"{count} boxes or more")
    if b"mdat" in kinds and not kinds & {b"moov", b"moof", b"meta"}:
        found.problem(f"{name}.truncated", "The file has no index: it was not finished or is cut off.")
    return count < _MAX_BOXES


def _is_deep(source: Source, top: Box) -> bool:
    """Whether boxes lie in boxes deeper than anything can be looked through."""
    waiting = [(top, 1)]
    seen = 0
    while waiting:
        outer, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            return True
        body = outer.body + (4 if outer.kind == b"meta" else 0)
        for box in boxes(source, body, min(outer.end, source.size_bytes)):
            seen += 1
            if seen > _MAX_NESTED:
                return False
            if box.kind in _NESTING:
                waiting.append((box, depth + 1))
    return False


def _movie(source: Source, movie: Box, found: Found) -> None:
    for box in boxes(source, movie.body, min(movie.end, source.size_bytes)):
        if box.uuid == _XMP:
            found.add_xmp(source.read(box.body, min(box.end - box.body, BLOCK_CAP_BYTES)))
        elif box.kind == b"udta":
            for user in boxes(source, box.body, min(box.end, source.size_bytes)):
                if user.kind == b"XMP_":
                    found.add_xmp(source.read(user.body, min(user.end - user.body, BLOCK_CAP_BYTES)))
                elif user.kind == b"AIGC":
                    label = source.read(user.body, min(user.end - user.body, BLOCK_CAP_BYTES))
                    found.text("mp4:udta:AIGC", "AIGC", label[label.find(b"{") :] if b"{" in label[:64] else label)


@dataclass(slots=True)
class _Items:
    """What the meta box says of a still picture's items."""

    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    mimes: dict[int, bytes] = field(default_factory=dict)
    places: dict[int, tuple[int, int]] = field(default_factory=dict)  # item -> offset, length; in the file
    data_at: int | None = None  # where the meta box's own data starts (idat), for items that lie there
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)  # property number -> width, height
    owned: dict[int, list[int]] = field(default_factory=dict)  # item -> property numbers


def read_still(source: Source, found: Found, name: str) -> None:
    """AVIF and HEIC: size of the primary picture (as stored), EXIF, XMP; then everything of `read_structure`."""
    for kind, data in still_blocks(source, found):
        if kind == b"Exif":
            skip = int.from_bytes(data[:4], "big")  # distance to the TIFF header (ISO/IEC 23008-12 §A.2.1)
            exif.read_block(data[4 + skip :] if skip < len(data) else data[4:], found)
        else:
            found.add_xmp(data)
    if source.read(8, 4) not in (b"avis", b"msf1", b"hevc"):
        found.frame_count = 1
    read_structure(source, found, name)


def still_blocks(source: Source, found: Found) -> list[tuple[bytes, bytes]]:
    """The EXIF and XMP items as (kind, bytes); the primary picture's size goes to `found`."""
    meta = next((b for b in boxes(source, 0, source.size_bytes) if b.kind == b"meta"), None)
    if meta is None or meta.end - meta.body > _META_CAP_BYTES:
        return []
    items = _Items()
    inside = {b.kind: b for b in boxes(source, meta.body + 4, min(meta.end, source.size_bytes))}
    items.data_at = inside[b"idat"].body if b"idat" in inside else None
    for kind, reader in ((b"pitm", _primary), (b"iinf", _infos), (b"iloc", _places), (b"iprp", _properties)):
        if kind in inside:
            box = inside[kind]
            try:
                reader(source, box, items)
            except (struct.error, IndexError):
                found.problem("bmff.damaged", f"The picture's {kind.decode('ascii')} box cannot be read.")
    sizes = [items.sizes[p] for p in items.owned.get(items.primary, ()) if p in items.sizes]
    if best := max(sizes or items.sizes.values(), default=None, key=lambda s: s[0] * s[1]):
        found.size(*best)
    wanted = [
        (items.kinds[i], place)
        for i, place in items.places.items()
        if items.kinds.get(i) == b"Exif" or items.mimes.get(i, b"").startswith(b"application/rdf+xml")
    ]
    budget = BLOCK_CAP_BYTES
    blocks = []
    for kind, (at, length) in wanted[:_MAX_BLOCKS]:
        blocks.append((kind, source.read(at, min(length, budget))))
        budget -= len(blocks[-1][1])
    return blocks


def _primary(source: Source, box: Box, items: _Items) -> None:
    data = source.read(box.body, 8)
    items.primary = int.from_bytes(data[4:6] if data[0] == 0 else data[4:8], "big")


def _infos(source: Source, box: Box, items: _Items) -> None:
    version = source.read(box.body, 1)[0]
    for entry in boxes(source, box.body + (6 if version == 0 else 8), box.end):
        data = source.read(entry.body, min(entry.end - entry.body, 256))
        if len(data) < 8 or data[0] < 2:
            continue
        wide = 2 if data[0] == 2 else 4
        item = int.from_bytes(data[4 : 4 + wide], "big")
        rest = data[6 + wide :]
        items.kinds[item] = rest[:4]
        if rest[:4] == b"mime":
            items.mimes[item] = rest[4:].partition(b"\0")[2]


def _places(source: Source, box: Box, items: _Items) -> None:
    data = source.read(box.body, min(box.end - box.body, _META_CAP_BYTES))
    version = data[0]
    offset_size, length_size, base_size = data[4] >> 4, data[4] & 15, data[5] >> 4
    index_size = data[5] & 15 if version in (1, 2) else 0
    wide = 4 if version == 2 else 2
    reader = _Numbers(data, 6)
    for _ in range(min(reader.take(wide), _MAX_ITEMS)):
        item = reader.take(wide)
        method = reader.take(2) & 15 if version in (1, 2) else 0
        reader.take(2)
        base = reader.take(base_size)
        count = reader.take(2)
        start = {0: 0, 1: items.data_at}.get(method)
        if start is not None and count:
            reader.take(index_size)
            items.places[item] = (start + base + reader.take(offset_size), reader.take(length_size))
            count -= 1
        reader.skip(count * (index_size + offset_size + length_size))


def _properties(source: Source, box: Box, items: _Items) -> None:
    for part in boxes(source, box.body, box.end):
        if part.kind == b"ipco":
            for number, prop in enumerate(boxes(source, part.body, part.end), 1):
                if prop.kind == b"ispe":
                    items.sizes[number] = struct.unpack(">II", source.read(prop.body + 4, 8))
        elif part.kind == b"ipma":
            _associations(source.read(part.body, min(part.end - part.body, _META_CAP_BYTES)), items)


def _associations(data: bytes, items: _Items) -> None:
    reader = _Numbers(data, 4)
    wide, big = (2 if data[0] < 1 else 4), bool(data[3] & 1)
    for _ in range(min(reader.take(4), _MAX_ITEMS)):
        item = reader.take(wide)
        count = reader.take(1)
        items.owned[item] = [reader.take(2) & 0x7FFF if big else reader.take(1) & 0x7F for _ in range(count)]


class _Numbers:
    """Big-endian numbers one after the other; IndexError at the end, so that a lying count cannot loop for long."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at

    def take(self, size: int) -> int:
        end = self._at + size
        if end > len(self._data) or (size == 0 and self._at >= len(self._data)):
            raise IndexError
        value = int.from_bytes(self._data[self._at : end], "big")
        self._at = end
        return value

    def skip(self, size: int) -> None:
        self._at += size
