"""Copy a file with a changed XMP packet (and China's AIGC chunk where a container has a place for it).

Only metadata moves: coded pixels, frames and samples are copied as they are. The source is read, the target written, and
never are both the same file. Where each container keeps its packet: XMP part 3.
"""

import struct
import zlib
from collections.abc import Callable
from typing import BinaryIO

from dam.media import bmff, jpeg, riff, tagembed
from dam.media.carriers import Source

Change = Callable[[bytes | None], bytes | None]

_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_JPEG_ROOM = 65_533 - len(_JPEG_XMP)
_PNG_HEAD = b"XML:com.adobe.xmp\0"
_BMFF_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_MAX_CHUNKS = 100_000
_PACKET_BYTES = 1 << 20
_RIFF_LIMIT = 0xFFFFFFFF - 8
MIMES = frozenset(
    ["image/jpeg", "image/png", "image/webp", "image/tiff", "audio/mpeg", "audio/flac", "video/mp4", "video/quicktime", "audio/mp4", "audio/wav", "audio/x-wav",
     "video/x-msvideo"]
)  # fmt: skip


def write(source: BinaryIO, target: BinaryIO, mime: str, change: Change, aigc: bytes | None = None) -> bool:
    """Copy `source` to `target` with its XMP packet run through `change`.

    Args:
        source: open for reading, anywhere.
        target: open for writing, empty.
        mime: the media type, one of MIMES.
        change: gets the packet (None = there is none) and gives the new one; None = leave the file as it is.
        aigc: JSON of China's label, for containers that have a place of that name (RIFF, ID3, FLAC).

    Returns:
        False where nothing was changed, and nothing written: the packet cannot be edited, the container is damaged or of
        another kind, or it has no room.
    """
    whole = Source(source)
    pictures = {"image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp, "image/tiff": tagembed.write_tiff}
    if mime in pictures:
        return pictures[mime](whole, target, change)
    if mime in ("video/mp4", "video/quicktime", "audio/mp4"):
        return _bmff(whole, target, change)
    if mime in ("audio/wav", "audio/x-wav", "video/x-msvideo"):
        return _riff(whole, target, change, aigc)
    if mime == "audio/mpeg":
        return tagembed.write_mp3(whole, target, change, aigc)
    return mime == "audio/flac" and tagembed.write_flac(whole, target, aigc)


def _spliced(source: Source, target: BinaryIO, start: int, end: int, new: bytes) -> bool:
    """The file with [start, end) replaced."""
    tagembed.copy(source, target, 0, start)
    target.write(new)
    tagembed.copy(source, target, end, source.size_bytes)
    return True


def _jpeg(source: Source, target: BinaryIO, change: Change) -> bool:
    found = list(jpeg.segments(source))
    if source.read(0, 2) != b"\xff\xd8" or not found or found[-1].marker != 0xDA:
        return False
    old = next((one for one in found if one.marker == 0xE1 and one.body.startswith(_JPEG_XMP)), None)
    packet = change(old.body[len(_JPEG_XMP) :] if old else None)
    if packet is None or len(packet) > _JPEG_ROOM:
        return False
    new = b"\xff\xe1" + (len(packet) + len(_JPEG_XMP) + 2).to_bytes(2, "big") + _JPEG_XMP + packet
    if old:
        return _spliced(source, target, old.at, old.at + 4 + len(old.body), new)
    at = 2
    for one in found:  # behind JFIF and Exif, which readers want first
        if one.marker != 0xE0 and not (one.marker == 0xE1 and one.body.startswith(b"Exif\0")):
            break
        at = one.at + 4 + len(one.body)
    return _spliced(source, target, at, at, new)


def _png(source: Source, target: BinaryIO, change: Change) -> bool:
    place = _png_place(source)
    if place is None:
        return False
    start, end, old = place
    packet = change(old)
    if packet is None:
        return False
    body = b"iTXt" + _PNG_HEAD + b"\0\0\0\0" + packet  # not compressed, no language, no translated keyword
    return _spliced(
        source, target, start, end, struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    )


def _png_place(source: Source) -> tuple[int, int, bytes | None] | None:
    """Start and end of the XMP chunk with its packet, or the place before the picture for a new one."""
    if source.read(0, 8) != b"\x89PNG\r\n\x1a\n":
        return None
    at, fresh = 8, None
    for _ in range(_MAX_CHUNKS):
        head = source.read(at, 8)
        if len(head) < 8:
            return None
        length, kind = struct.unpack(">I4s", head)
        end = at + 12 + length
        if kind == b"iTXt" and length <= 2 * _PACKET_BYTES and source.read(at + 8, len(_PNG_HEAD)) == _PNG_HEAD:
            packet = _png_text(source.read(at + 8, length)[len(_PNG_HEAD) :])
            return None if packet is None else (at, end, packet)
        if kind == b"IDAT" and fresh is None:
            fresh = at
        if kind == b"IEND":
            return None if fresh is None else (fresh, fresh, None)
        at = end
    return None


def _png_text(rest: bytes) -> bytes | None:
    """The text of an iTXt chunk behind its keyword; None if it is damaged or too large."""
    parts = rest[2:].split(b"\0", 2)
    if len(parts) != 3:
        return None
    if rest[:1] != b"\1":
        return parts[2]
    try:
        inflater = zlib.decompressobj()
        text = inflater.decompress(parts[2], _PACKET_BYTES + 1)
    except zlib.error:
        return None
    return text if len(text) <= _PACKET_BYTES else None


def _webp(source: Source, target: BinaryIO, change: Change) -> bool:
    head = source.read(0, 12)
    found = list(riff.chunks(source)) if head[:4] == b"RIFF" and head[8:] == b"WEBP" else []
    if not found or found[0][0] not in (b"VP8X", b"VP8 ", b"VP8L"):
        return False
    old = next((one for one in found if one[0] == b"XMP "), None)
    packet = change(source.read(old[1], min(old[2], _PACKET_BYTES + 1)) if old else None)
    extended = _vp8x(source, found[0]) if packet is not None else None
    if packet is None or extended is None:
        return False
    first = found[0][1] + found[0][2] + (found[0][2] & 1) if found[0][0] == b"VP8X" else 12
    kept = [(first, old[1] - 8), (old[1] + old[2] + (old[2] & 1), 0)] if old else [(first, 0)]
    end = min(source.size_bytes, 8 + int.from_bytes(head[4:8], "little"))
    kept[-1] = (kept[-1][0], max(kept[-1][0], end))
    tail = _chunk(b"XMP ", packet)
    total = 4 + len(extended) + sum(stop - start for start, stop in kept) + len(tail)
    target.write(b"RIFF" + struct.pack("<I", total) + b"WEBP" + extended)
    for start, stop in kept:
        tagembed.copy(source, target, start, stop)
    target.write(tail)
    return True


def _vp8x(source: Source, first: tuple[bytes, int, int]) -> bytes | None:
    """The extended header that announces XMP: the file's own with the flag set, or a new one of the picture's size."""
    kind, at, _ = first
    if kind == b"VP8X":
        data = bytearray(source.read(at, 10))
        if len(data) < 10:
            return None
        data[0] |= 0x04
        return _chunk(b"VP8X", bytes(data))
    data = bytearray(source.read(at, 10))
    if len(data) < 10:
        return None
    if kind == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        width, height, alpha = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), bits >> 28 & 1
    else:
        width, height = (number & 0x3FFF for number in struct.unpack("<HH", data[6:10]))
        alpha = 0
    if not width or not height:
        return None
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return _chunk(b"VP8X", bytes([0x04 | alpha << 4, 0, 0, 0]) + sizes)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)


def _riff(source: Source, target: BinaryIO, change: Change, aigc: bytes | None) -> bool:
    """WAV and AVI: chunks behind the others. A chunk that is there already becomes JUNK, so that nothing moves."""
    head = source.read(0, 12)
    end = 8 + int.from_bytes(head[4:8], "little")
    if head[:4] != b"RIFF" or not 12 < end <= source.size_bytes:  # RF64 and unfinished recordings keep no size here
        return False
    places = {name: (at, length) for name, at, length in riff.chunks(source) if name in (b"_PMX", b"AIGC")}
    old = places.get(b"_PMX")
    packet = change(source.read(old[0], min(old[1], _PACKET_BYTES + 1)).rstrip(b"\0") if old else None)
    if packet is None:
        return False
    tail = _chunk(b"_PMX", packet) + (_chunk(b"AIGC", aigc) if aigc else b"")
    gone = [places[name][0] - 8 for name in (b"_PMX", *((b"AIGC",) if aigc else ())) if name in places]
    pad = b"\0" * (end & 1)
    if end - 8 + len(pad) + len(tail) > _RIFF_LIMIT:
        return False
    target.write(b"RIFF" + struct.pack("<I", end - 8 + len(pad) + len(tail)))
    _renamed(source, target, (8, end), gone, b"JUNK")
    target.write(pad + tail)
    tagembed.copy(source, target, end + len(pad), source.size_bytes)
    return True


def _renamed(source: Source, target: BinaryIO, part: tuple[int, int], names: list[int], name: bytes) -> None:
    """Bytes of `part` with another four-character name at each offset of `names`."""
    at, end = part
    for place in sorted(names):
        tagembed.copy(source, target, at, place)
        target.write(name)
        at = place + 4
    tagembed.copy(source, target, at, end)


def _bmff(source: Source, target: BinaryIO, change: Change) -> bool:
    """MP4 and MOV: a uuid box behind the others, so that no offset of a sample changes; an old packet becomes free space.

    The random access index of fragmented files (mfra) has to stay the last box.
    """
    boxes = list(bmff.boxes(source, 0, source.size_bytes))
    if not boxes or boxes[0].kind != b"ftyp" or boxes[-1].end != source.size_bytes or len(boxes) > 10_000:
        return False
    old = _bmff_packet(source, boxes)
    packet = change(source.read(old[1], min(old[2] - old[1], _PACKET_BYTES + 1)) if old else None)
    last = boxes[-1]
    start = boxes[-2].end if last.kind == b"mfra" and len(boxes) > 1 else source.size_bytes
    if packet is None or _is_open(source, boxes[-2].end if len(boxes) > 1 else 0):
        return False
    _renamed(source, target, (0, start), [old[0] + 4] if old else [], b"free")
    target.write(struct.pack(">I4s", 24 + len(packet), b"uuid") + _BMFF_XMP + packet)
    tagembed.copy(source, target, start, source.size_bytes)
    return True


def _is_open(source: Source, at: int) -> bool:
    """Whether the box at `at` reaches to the file's end without saying so: nothing can follow it."""
    return source.read(at, 4) == b"\0\0\0\0"


def _bmff_packet(source: Source, boxes: list[bmff.Box]) -> tuple[int, int, int] | None:
    """(start of the box, start and end of the packet): a uuid box of the file or the movie, or QuickTime's XMP_."""
    places = list(boxes)
    for movie in (box for box in boxes if box.kind == b"moov"):
        inner = list(bmff.boxes(source, movie.body, movie.end))
        places += inner
        for data in (box for box in inner if box.kind == b"udta"):
            places += [box for box in bmff.boxes(source, data.body, data.end) if box.kind == b"XMP_"]
    for box in places:
        if box.uuid == _BMFF_XMP or box.kind == b"XMP_":
            head = 24 if box.uuid else 8
            if source.read(box.body - head + 4, 4) == box.kind:  # not one with a 64-bit size
                return box.body - head, box.body, box.end
    return None
