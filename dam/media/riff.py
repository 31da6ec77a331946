"""Walk RIFF files (WebP, WAV, AVI) by their top chunks: size, EXIF, XMP, C2PA, animation, truncation."""

import struct
from collections.abc import Iterator

from dam.media import exif
from dam.media.carriers import BLOCK_CAP_BYTES, Found, Source

_MAX_CHUNKS = 100_000
_TEXT_CHUNKS = (b"AIGC", b"iXML")  # what stands in LIST/INFO, bext and id3 comes from PyAV
_STREAMED = (0, 0xFFFFFFFF)  # sizes that programs leave in the header while recording


def chunks(source: Source) -> Iterator[tuple[bytes, int, int]]:
    """Top-level chunks as (name, offset of the data, length)."""
    at = 12
    for _ in range(_MAX_CHUNKS):
        head = source.read(at, 8)
        if len(head) < 8:
            return
        name, length = head[:4], int.from_bytes(head[4:], "little")
        yield name, at + 8, length
        at += 8 + length + (length & 1)


def read_webp(source: Source, found: Found) -> None:
    frames = count = 0
    end = 12
    for name, at, length in chunks(source):
        end = at + length
        count += 1
        if name == b"VP8X":
            head = source.read(at, 10)
            found.size(1 + int.from_bytes(head[4:7], "little"), 1 + int.from_bytes(head[7:10], "little"))
        elif name in (b"VP8 ", b"VP8L"):
            frames += 1
            if found.width_px is None:
                found.size(*_frame_size(name, source.read(at, 10)))
        elif name == b"ANMF":
            frames += 1
        elif name == b"EXIF":
            exif.read_block(source.read(at, min(length, BLOCK_CAP_BYTES)), found)
        elif name == b"XMP ":
            found.add_xmp(source.read(at, min(length, BLOCK_CAP_BYTES)))
        elif name == b"C2PA":
            found.has_c2pa = True
    found.frame_count = max(1, frames)
    _check_count(found, count)
    _check_length(source, found, end, "webp")


def read_sound_or_video(source: Source, found: Found, name: str) -> None:
    """C2PA, XMP and truncation of WAV and AVI; texts and streams are PyAV's."""
    end, count = 12, 0
    for chunk, at, length in chunks(source):
        count += 1
        if chunk == b"C2PA":
            found.has_c2pa = True
        elif chunk in _TEXT_CHUNKS:
            name_of = chunk.decode("ascii")
            found.text(f"riff:{name_of}", name_of, source.read(at, min(length, BLOCK_CAP_BYTES)).rstrip(b"\0"))
        elif chunk == b"_PMX":
            found.add_xmp(source.read(at, min(length, BLOCK_CAP_BYTES)))
        elif chunk in (b"id3 ", b"ID3 ") and source.contains(b"GEOB", at, at + min(length, BLOCK_CAP_BYTES)):
            found.has_c2pa = True
        if length not in _STREAMED:
            end = at + length
    _check_count(found, count)
    if source.read(0, 4) == b"RIFF":  # RF64 keeps its sizes elsewhere
        _check_length(source, found, end, name)


def is_lossless_webp(source: Source) -> bool:
    return any(name == b"VP8L" for name, _, _ in chunks(source))


def has_alpha_webp(source: Source) -> bool:
    """Whether the extended header announces an alpha plane: that is stored without loss beside lossy colours."""
    flags = source.read(20, 1)
    return source.read(12, 4) == b"VP8X" and bool(flags) and bool(flags[0] & 0x10)


def _check_count(found: Found, count: int) -> None:
    if count >= _MAX_CHUNKS:
        found.has_c2pa = True  # not walked to its end
        found.too_many_parts(f"{count} chunks or more")


def _check_length(source: Source, found: Found, end: int, name: str) -> None:
    declared = int.from_bytes(source.read(4, 4), "little")
    longest = max(end, 0 if declared in _STREAMED else declared + 8)
    if longest > source.size_bytes:
        found.problem(f"{name}.truncated", f"The file should be {longest} bytes long and is {source.size_bytes}.")


def _frame_size(name: bytes, head: bytes) -> tuple[int, int]:
    if len(head) < 10:
        return 0, 0
    if name == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", head[6:10])
    return width & 0x3FFF, height & 0x3FFF
