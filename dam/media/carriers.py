"""What a walk over a file's structure collects: textual carriers, XMP, EXIF, the C2PA sign, problems."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from dam.model import Media, Problem

TEXT_CAP_BYTES = 8 << 20
RAW_CAP_BYTES = 4 << 20
BLOCK_CAP_BYTES = 16 << 20  # the most that is read of one EXIF, XMP or ICC block
TOO_MANY_PARTS = "file.too_many_parts"
_MAX_TEXTS = 2048
ALL_TEXT_BYTES = 16 << 20  # of one file: a dozen readers look through every text
_MAX_PACKETS = 4
_MAX_PROBLEMS = 32


@dataclass(frozen=True, slots=True)
class Text:
    """One textual carrier. `raw` (capped at 4 MiB) is what stood there, inflated but not decoded; `text` is capped at
    8 MiB; `raw_bytes` is the true length of raw as far as it was read; `whole_sha256` is that of all of it where raw was
    capped, else None.
    """

    carrier: str
    key: str
    text: str
    raw: bytes
    raw_bytes: int
    whole_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """Everything that metadata readers need of one file, without a pixel being decoded.

    `exif` merges IFD0 and the Exif IFD by tag number; values are str, bytes, int, float or tuples of numbers.
    `has_c2pa` errs towards True: it only says that asking the C2PA library is worth while.
    """

    path: str
    size_bytes: int
    media: Media
    texts: tuple[Text, ...] = ()
    xmp: tuple[bytes, ...] = ()
    exif: Mapping[int, object] = field(default_factory=dict)
    has_c2pa: bool = False
    problems: tuple[Problem, ...] = ()


class Source:
    """Bounded random access to an open file. Reads past the end give fewer bytes, never an error."""

    __slots__ = ("size_bytes", "stream")

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.size_bytes = stream.seek(0, 2)

    def read(self, offset: int, count: int) -> bytes:
        if offset < 0 or count <= 0 or offset >= self.size_bytes:
            return b""
        self.stream.seek(offset)
        return self.stream.read(min(count, self.size_bytes - offset))

    def contains(self, needle: bytes, start: int, end: int) -> bool:
        """Whether `needle` stands anywhere in [start, end), in constant memory."""
        step = 1 << 20
        end = min(end, self.size_bytes)
        return any(needle in self.read(at, min(step, end - at) + len(needle) - 1) for at in range(start, end, step))


@dataclass(slots=True)
class Found:
    """What has been found of one file so far; filled by the walkers, bounded in every direction."""

    width_px: int | None = None
    height_px: int | None = None
    duration_s: float | None = None
    frame_count: int | None = None
    media: Media | None = None  # set when the inside says better than the first bytes what the file is
    texts: list[Text] = field(default_factory=list)
    xmp: list[bytes] = field(default_factory=list)
    exif: dict[int, object] = field(default_factory=dict)
    has_c2pa: bool = False
    problems: list[Problem] = field(default_factory=list)
    _text_bytes: int = 0
    _xmp_bytes: int = 0

    def size(self, width_px: int, height_px: int) -> None:
        if width_px > 0 and height_px > 0:
            self.width_px, self.height_px = width_px, height_px

    def text(self, carrier: str, key: str, raw: bytes, text: str | None = None) -> None:
        self._text_bytes += min(len(raw), TEXT_CAP_BYTES)
        if len(self.texts) >= _MAX_TEXTS or self._text_bytes > ALL_TEXT_BYTES:
            self.problem("text.too_many", f"Only the first {len(self.texts)} texts were read.")
            return
        decoded = decode(raw[:TEXT_CAP_BYTES]) if text is None else text[:TEXT_CAP_BYTES]
        self.texts.append(Text(carrier, key, decoded, raw[:RAW_CAP_BYTES], len(raw), whole_sha256(raw)))

    def add_xmp(self, packet: bytes) -> None:
        packet = packet[:BLOCK_CAP_BYTES]
        fits = len(self.xmp) < _MAX_PACKETS and self._xmp_bytes + len(packet) <= BLOCK_CAP_BYTES
        if packet and fits and packet not in self.xmp:
            self.xmp.append(packet)
            self._xmp_bytes += len(packet)
            # A manifest kept elsewhere is named by dcterms:provenance (C2PA 2.4 §11.5); the prefix may differ.
            self.has_c2pa = self.has_c2pa or b"provenance" in packet or b"p\0r\0o\0v\0e\0n\0a\0n\0c\0e" in packet

    def too_many_parts(self, what: str) -> None:
        """So many parts that no library should be sent through them: nobody says whether a manifest is inside."""
        self.problem(TOO_MANY_PARTS, f"The file is made of {what}; a C2PA manifest was not looked for behind them.")

    def problem(self, code: str, message: str) -> None:
        new = Problem(code, message)
        if new not in self.problems and len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(new)


def whole_sha256(raw: bytes) -> str | None:
    """The hash that stands for what is not kept of `raw`; None if all of it is."""
    return hashlib.sha256(raw).hexdigest() if len(raw) > RAW_CAP_BYTES else None


def decode(raw: bytes) -> str:
    """Text of unknown coding: UTF-8 if it is that, else Latin-1 (what the PNG standard says of tEXt)."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start > len(raw) - 4 and len(raw) >= TEXT_CAP_BYTES:  # cut in the middle of a character by the cap
            return raw[: error.start].decode("utf-8")
        return raw.decode("latin-1")
