"""Which manifest stores the SDK may be asked about in our own process: asked of the bytes, before the SDK is.

Its time grows with the square of the boxes of a store: 1,000 assertions of one claim take 0.2 s, 2,000 take 1.0 s, 3,000
take 2.3 s, 100,000 would take most of an hour (measured, 0.38.1), and nothing interrupts a thread. Half of it goes into
parsing alone, so asking the SDK for a count first is no bound. Boxes stand as plain bytes in most carriers and can be
counted; they cannot where a store is compressed, base64 (SVG), cut into sub-blocks (GIF), or deflated (zip, PDF).
"""

from collections.abc import Iterator
from enum import Enum
from typing import BinaryIO

MAX_ASSERTIONS = 2_000  # of one claim: beyond it the SDK is never asked
MAX_BOXES = 1_500  # of all manifests together, for an answer in our own process: 0.6 s at worst
MAX_ALL_BOXES = 50_000
SMALL_BYTES = 96 * 1024  # so few bytes hold fewer than MAX_BOXES boxes, unless they are compressed
_BOX = b"jumd"  # every JUMBF box has one of these (ISO/IEC 19566-5)
_STORE = b"c2pa.assertions\0"  # label of the box that holds one claim's assertions (C2PA 2.4 §11.1.4.2)
_COMPRESSED = (b"jumdc2cm", b"brob")  # a manifest as Brotli (C2PA 2.4 §11.1.5)
_ENCODED = (b"%PDF", b"PK\x03\x04")
_CUT_UP = (b"GIF8", b"\xff\xd8")
_JXL = b"\0\0\0\x0cJXL "  # may hold any box as Brotli
_AROUND = 4 * 1024  # a box's name: there stand its label and the sizes of those around it
_STEP = 1 << 18
_PIECES = 8  # parts of a store in a JPEG that need not be looked at: 64 KB each is what writers make
_PIECE_BYTES = 16 * 1024


class Size(Enum):
    """How a store may be judged."""

    SMALL = "small"  # here and now
    UNSURE = "unsure"  # by a process that can be ended: many boxes, or nobody can say how many
    LARGE = "large"  # not at all


def size_of_store(stream: BinaryIO) -> Size:
    """How large the manifest store of a file is for the SDK, from bounded counts of its bytes. Rewinds the stream."""
    stream.seek(0)
    head = stream.read(4)
    stream.seek(0)
    boxes, most, compressed, total = _counted(stream)
    stream.seek(0)
    if most > MAX_ASSERTIONS or boxes > MAX_ALL_BOXES:
        return Size.LARGE
    if compressed or boxes > MAX_BOXES or head.startswith(_ENCODED):
        return Size.UNSURE
    if total <= SMALL_BYTES:
        return Size.SMALL
    if head.startswith(b"\xff\xd8"):
        return Size.UNSURE if _is_chopped(stream) else Size.SMALL
    plain = boxes > 0 or not head.startswith(_CUT_UP)
    text = head.lstrip()[:1] == b"<" or head.startswith(b"\xef\xbb\xbf")  # SVG: base64
    return Size.SMALL if plain and not text else Size.UNSURE


def too_many_assertions(stream: BinaryIO) -> bool:
    """Whether the SDK is never to be asked about the file. Rewinds the stream."""
    return size_of_store(stream) is Size.LARGE


def _counted(stream: BinaryIO) -> tuple[int, int, bool, int]:
    """(boxes, most boxes behind one label of an assertion store, whether anything is compressed, bytes).

    One pass over all bytes from both ends of each block towards the first and last box; all else is looked for between.
    """
    boxes = run = most = total = 0
    compressed = inside = False
    for data, fresh in _windows(stream):
        total += fresh
        compressed = compressed or (total == fresh and data.startswith(_JXL))
        last = data.rfind(_BOX)  # in most blocks there is none, and from behind that takes half the time
        if last < 0:
            continue
        part = data[max(0, data.find(_BOX) - _AROUND) : last + _AROUND]
        compressed = compressed or any(mark in part for mark in _COMPRESSED)
        for number, piece in enumerate(part.split(_STORE)):
            if number:
                inside, run = True, 0
            count = piece.count(_BOX)
            boxes += count
            run += count if inside else 0
            most = max(most, run)
    return boxes, most, compressed, total


def _windows(stream: BinaryIO) -> Iterator[tuple[bytearray, int]]:
    """Blocks of the file, each with the end of the one before in front, and how many of its bytes are new."""
    kept = len(_STORE) - 1
    buffer = bytearray(kept + _STEP)
    view = memoryview(buffer)
    start = kept
    while size := stream.readinto(view[kept:]):  # type: ignore[attr-defined]  # every binary stream of ours has it
        if start == 0 and size == _STEP:
            yield buffer, size
        else:
            yield buffer[start : kept + size], size
        buffer[:kept] = buffer[size : kept + size]
        start = 0


def _is_chopped(stream: BinaryIO) -> bool:
    """Whether a JPEG's store lies in so many short segments that names of boxes may be cut in two. Rewinds the stream."""
    count = size = 0
    at = 2
    while count <= MAX_BOXES:
        stream.seek(at)
        head = stream.read(6)
        if len(head) < 6 or head[0] != 0xFF or head[1] == 0xDA:
            break
        length = int.from_bytes(head[2:4], "big")
        if head[1] == 0xEB and head[4:6] == b"JP":
            count += 1
            size += length
        at += 2 + length
    stream.seek(0)
    return count > _PIECES and size < count * _PIECE_BYTES
