"""Walk the segments of a JPEG up to its scan: size, EXIF, XMP, every comment, C2PA; and its end mark."""

from collections.abc import Iterator
from dataclasses import dataclass

from dam.media import exif
from dam.media.carriers import BLOCK_CAP_BYTES, Found, Source

_EXIF = b"Exif\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_MAX_SEGMENTS = 20_000
_MAX_SEGMENT_BYTES = 64 << 20
_END = b"\xff\xd9"
_TAIL_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Segment:
    """A marker segment: `body` without marker and length; `at` is the offset of its marker."""

    marker: int
    at: int
    body: bytes


def segments(source: Source) -> Iterator[Segment]:
    """The segments before the first scan, then the scan's own header (marker 0xDA), which is the last."""
    at, budget = 2, _MAX_SEGMENT_BYTES
    for _ in range(_MAX_SEGMENTS):
        head = source.read(at, 4)
        if len(head) < 2 or head[0] != 0xFF:
            return
        marker = head[1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in _BARE:
            at += 2
            continue
        length = int.from_bytes(head[2:4], "big")
        if len(head) < 4 or length < 2 or marker == 0xD9 or budget < length:
            return
        body = source.read(at + 4, length - 2)
        budget -= length
        yield Segment(marker, at, body)
        if marker == 0xDA:
            return
        at += 2 + length


def read(source: Source, found: Found) -> None:
    extended: dict[bytes, dict[int, bytes]] = {}
    scan_at: int | None = None
    count = 0
    for count, segment in enumerate(segments(source), 1):  # noqa: B007  # the last number is the count
        if segment.marker == 0xDA:
            scan_at = segment.at
        else:
            _take(segment.marker, segment.body, found, extended)
    for parts in extended.values():
        found.add_xmp(b"".join(part for _, part in sorted(parts.items())))
    found.frame_count = 1
    _check_end(source, found, scan_at, count)


def _check_end(source: Source, found: Found, scan_at: int | None, count: int) -> None:
    """Whether the walk came to the picture, and the picture to its end."""
    if scan_at is None and count >= _MAX_SEGMENTS:
        found.has_c2pa = True  # not walked to its end
        found.too_many_parts(f"{count} segments or more")
    if scan_at is None or not _has_end(source, scan_at):
        found.problem("jpeg.truncated", "The JPEG has no end mark: the picture is cut off.")


def _take(marker: int, body: bytes, found: Found, extended: dict[bytes, dict[int, bytes]]) -> None:
    if marker in _FRAMES and len(body) >= 5:
        found.size(int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"))
    elif marker == 0xFE:
        found.text("jpeg:com", "comment", body.rstrip(b"\0"), exif.free_text(body))
    elif marker == 0xE1:
        _app1(body, found, extended)
    elif marker == 0xEB:
        found.has_c2pa = True  # JUMBF lives in APP11 and next to nothing else does (C2PA 2.4 §A.3.1)
    elif 0xE0 <= marker <= 0xEF and body.lstrip()[:4] == b"AIGC":
        found.text(f"jpeg:app{marker - 0xE0}", "AIGC", body)


def _app1(body: bytes, found: Found, extended: dict[bytes, dict[int, bytes]]) -> None:
    if body.startswith(_EXIF):
        exif.read_block(body, found)
    elif body.startswith(_XMP):
        found.add_xmp(body[len(_XMP) :])
    elif body.startswith(_EXTENDED_XMP):
        rest = body[len(_EXTENDED_XMP) :]  # 32 bytes GUID, 4 bytes full length, 4 bytes offset (XMP part 3 §1.1.3.1)
        parts = extended.setdefault(rest[:32], {}) if len(extended) < 8 else {}
        if len(parts) * 65_536 < BLOCK_CAP_BYTES:  # no segment is longer
            parts[int.from_bytes(rest[36:40], "big")] = rest[40:]


def _has_end(source: Source, scan_at: int) -> bool:
    """Whether the end mark stands behind the scan; usually in the last bytes, else before data appended by a camera.

    Inside a scan a 0xFF is always stuffed, so the mark cannot occur there by chance.
    """
    start = max(scan_at, source.size_bytes - _TAIL_BYTES)
    return _END in source.read(start, _TAIL_BYTES) or source.contains(_END, scan_at, min(start, scan_at + (256 << 20)))
