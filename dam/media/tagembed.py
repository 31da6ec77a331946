"""Copy MP3, FLAC and TIFF files with a changed XMP packet or AIGC text. See `xmpembed`, which is the door.

ID3 2.3 and 2.4: XMP stands in a PRIV frame (XMP part 3 §1.2.2), AIGC in a TXXX frame. FLAC has no place for XMP that
programs agree on, so AIGC alone stands in a Vorbis comment. TIFF: tag 700 of the first directory, which is written anew
at the end of the file; no strip or tile moves.
"""

import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

from dam.media.carriers import Source

Change = Callable[[bytes | None], bytes | None]

_TAG_CAP_BYTES = 64 << 20
_PACKET_BYTES = 1 << 20
_BLOCKS = 1000
_ENTRIES = 4096
_XMP_TAG = 700


def copy(source: Source, target: BinaryIO, start: int, end: int) -> None:
    """Bytes [start, end) in constant memory."""
    source.stream.seek(start)
    left = end - start
    while left > 0 and (block := source.stream.read(min(left, 1 << 20))):
        target.write(block)
        left -= len(block)


def write_mp3(source: Source, target: BinaryIO, change: Change, aigc: bytes | None) -> bool:
    head = source.read(0, 10)
    version, start, frames, left = 3, 0, [], 0
    if head[:3] == b"ID3":
        size = _unsafe(head[6:10])
        if len(head) < 10 or head[3] not in (3, 4) or head[5] & 0xD0 or size > min(_TAG_CAP_BYTES, source.size_bytes):
            return False  # unsynchronised, with an extended header or a footer: rare, and not worth a mistake
        version, start = head[3], 10 + size
        frames = list(_frames(source.read(10, size), version))
        left = size - sum(len(one) for one in frames)
    elif source.read(0, 1) != b"\xff":
        return False
    old = next((one for one in frames if one[:4] == b"PRIV" and one[10:14] == b"XMP\0"), None)
    packet = change(old[14:] if old else None)
    if packet is None:
        return False
    kept = [one for one in frames if one is not old and not (aigc and _is_aigc(one))]
    kept.append(_frame(b"PRIV", b"XMP\0" + packet, version))
    if aigc:
        kept.append(_frame(b"TXXX", _text(aigc, version), version))
    body = b"".join(kept) + bytes(left)
    target.write(b"ID3" + bytes([version, 0, 0]) + _safe(len(body)) + body)
    copy(source, target, start, source.size_bytes)
    return True


def _frames(body: bytes, version: int) -> Iterator[bytes]:
    """Whole frames with their heads, up to the padding."""
    at = 0
    while at + 10 <= len(body) and body[at : at + 4].isalnum():
        size = _unsafe(body[at + 4 : at + 8]) if version == 4 else int.from_bytes(body[at + 4 : at + 8], "big")
        if at + 10 + size > len(body):
            return
        yield body[at : at + 10 + size]
        at += 10 + size


def _frame(name: bytes, data: bytes, version: int) -> bytes:
    return name + (_safe(len(data)) if version == 4 else struct.pack(">I", len(data))) + b"\0\0" + data


def _text(aigc: bytes, version: int) -> bytes:
    """A TXXX frame's data: UTF-8 where the version has it, else Latin-1 or UTF-16."""
    if version == 4 or aigc.isascii():
        return (b"\3" if version == 4 else b"\0") + b"AIGC\0" + aigc
    return b"\1" + "AIGC".encode("utf-16") + b"\0\0" + aigc.decode().encode("utf-16")


def _is_aigc(frame: bytes) -> bool:
    return frame[:4] == b"TXXX" and frame[11:].replace(b"\0", b"").lstrip(b"\xff\xfe").startswith(b"AIGC")


def _safe(number: int) -> bytes:
    """28 bits in four bytes of seven."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _unsafe(data: bytes) -> int:
    value = 0
    for byte in data:
        value = value << 7 | byte & 0x7F
    return value


def write_flac(source: Source, target: BinaryIO, aigc: bytes | None) -> bool:
    if source.read(0, 4) != b"fLaC" or aigc is None:
        return False
    blocks, at = [], 4
    for _ in range(_BLOCKS):
        head = source.read(at, 4)
        if len(head) < 4:
            return False
        length = int.from_bytes(head[1:], "big")
        blocks.append((head[0] & 0x7F, at + 4, length))
        at += 4 + length
        if head[0] & 0x80:
            break
    else:
        return False
    comment = next((one for one in blocks if one[0] == 4), None)
    body = _comments(source.read(comment[1], comment[2]) if comment else b"\0\0\0\0\0\0\0\0", aigc)
    if body is None or len(body) > 0xFFFFFF or blocks[0][0] != 0:
        return False
    if comment is None:
        blocks.insert(1, (4, -1, 0))
    target.write(b"fLaC")
    for number, (kind, start, length) in enumerate(blocks, 1):
        size = len(body) if kind == 4 and (start == -1 or (kind, start, length) == comment) else length
        target.write(bytes([kind | (0x80 if number == len(blocks) else 0)]) + size.to_bytes(3, "big"))
        if start == -1 or (kind, start, length) == comment:
            target.write(body)
        else:
            copy(source, target, start, start + length)
    copy(source, target, at, source.size_bytes)
    return True


def _comments(data: bytes, aigc: bytes) -> bytes | None:
    """A Vorbis comment block with this AIGC text instead of any other; None if it is damaged."""
    try:
        (vendor,) = struct.unpack_from("<I", data, 0)
        (count,) = struct.unpack_from("<I", data, 4 + vendor)
        at, kept = 8 + vendor, []
        for _ in range(min(count, 100_000)):
            (length,) = struct.unpack_from("<I", data, at)
            one = data[at : at + 4 + length]
            if len(one) < 4 + length:
                return None
            if not one[4:].upper().startswith(b"AIGC="):
                kept.append(one)
            at += 4 + length
    except struct.error:
        return None
    kept.append(struct.pack("<I", len(aigc) + 5) + b"AIGC=" + aigc)
    return data[: 4 + vendor] + struct.pack("<I", len(kept)) + b"".join(kept)


def write_tiff(source: Source, target: BinaryIO, change: Change) -> bool:
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(source.read(0, 4))  # BigTIFF has another number
    if order is None or source.size_bytes > 0xFFFF0000:
        return False
    (at,) = struct.unpack(order + "I", source.read(4, 4).ljust(4, b"\0"))
    (count,) = struct.unpack(order + "H", source.read(at, 2).ljust(2, b"\0"))
    table = source.read(at + 2, count * 12 + 4)
    if at < 8 or not 0 < count < _ENTRIES or len(table) < count * 12 + 4:
        return False
    entries = [table[n * 12 : n * 12 + 12] for n in range(count)]
    tags = [struct.unpack(order + "H", one[:2])[0] for one in entries]
    old = None
    if _XMP_TAG in tags:
        _, length, place = struct.unpack(order + "HII", entries[tags.index(_XMP_TAG)][2:])
        old = source.read(place, min(length, _PACKET_BYTES + 1)) if length > 4 else b""
    packet = change(old)
    if packet is None:
        return False
    place = source.size_bytes + (source.size_bytes & 1)
    entry = struct.pack(order + "HHII", _XMP_TAG, 1, len(packet), place)
    kept = [one for one, tag in zip(entries, tags, strict=True) if tag != _XMP_TAG]
    kept = sorted([*kept, entry], key=lambda one: struct.unpack(order + "H", one[:2])[0])
    directory = place + len(packet) + (len(packet) & 1)
    copy(source, target, 0, 4)
    target.write(struct.pack(order + "I", directory))
    copy(source, target, 8, source.size_bytes)
    target.write(b"\0" * (source.size_bytes & 1) + packet + b"\0" * (len(packet) & 1))
    target.write(struct.pack(order + "H", len(kept)) + b"".join(kept) + table[count * 12 :])
    return True
