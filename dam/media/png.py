"""Walk the chunks of a PNG to its end without decoding a pixel: texts, EXIF, C2PA, and what a copy must carry over.

Own code because the libraries miss carriers (text after IDAT, private chunks, duplicate keys) or refuse the whole
file over one large text.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from dam.media.carriers import ALL_TEXT_BYTES, RAW_CAP_BYTES, TEXT_CAP_BYTES, decode, whole_sha256
from dam.model import Problem

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = struct.Struct(">I4s")
_CARRIED = frozenset(
    {b"iCCP", b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"pHYs", b"tIME", b"eXIf", b"tEXt", b"zTXt"}
    | {b"iTXt", b"comf"}
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a PNG's metadata is read, inflated and kept."""

    text_bytes: int = TEXT_CAP_BYTES  # of one text, after inflating
    all_text_bytes: int = ALL_TEXT_BYTES
    chunk_bytes: int = 32 << 20  # a longer metadata chunk is passed over
    all_chunk_bytes: int = 64 << 20
    chunks: int = 100_000
    texts: int = 2048


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class TextChunk:
    """A text of one chunk; `raw` is the inflated value (capped at 4 MiB), `raw_bytes` its length as inflated."""

    kind: str  # tEXt, zTXt, iTXt, comf
    key: str
    text: str
    raw: bytes
    raw_bytes: int
    whole_sha256: str | None = None


@dataclass(slots=True)
class PngChunks:
    """What the chunks of a PNG say. `ancillary` are the chunks that a re-encoded copy carries, in file order, raw.

    `ends` is the offset after IEND, None if the file ends before it.
    """

    width_px: int = 0
    height_px: int = 0
    bit_depth: int = 0
    colour_type: int = 0
    interlaced: bool = False
    frame_count: int = 1
    texts: list[TextChunk] = field(default_factory=list)
    comf: list[TextChunk] = field(default_factory=list)
    exif: bytes | None = None
    iccp: bytes | None = None
    has_c2pa: bool = False
    ancillary: list[tuple[bytes, bytes]] = field(default_factory=list)
    ends: int | None = None
    trailing_bytes: int = 0
    too_many_chunks: bool = False
    problems: list[Problem] = field(default_factory=list)


def walk(stream: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> PngChunks:
    """Read every chunk but IDAT's contents. Never raises on any bytes: damage is a problem in the answer."""
    return _Walk(stream, limits).run()


class _Walk:
    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        self._out = PngChunks()
        self._chunk_budget = limits.all_chunk_bytes
        self._text_budget = limits.all_text_bytes
        self._readers: dict[bytes, Callable[[bytes], None]] = {
            b"IHDR": self._header,
            b"tEXt": self._plain,
            b"zTXt": self._compressed,
            b"iTXt": self._international,
            b"comf": self._comf,
            b"eXIf": self._exif,
            b"iCCP": self._icc,
            b"acTL": self._animation,
        }

    def run(self) -> PngChunks:
        size = self._stream.seek(0, 2)
        self._stream.seek(0)
        if self._stream.read(8) != SIGNATURE:
            self._problem("png.damaged", "The file does not start with the PNG signature.")
            return self._out
        end = self._chunks(size)
        if end is None:
            return self._out
        self._out.ends = end
        self._out.trailing_bytes = max(0, size - end)
        return self._out

    def _chunks(self, size: int) -> int | None:
        """Visit chunks up to IEND; the offset after it, or None where the file ends or breaks before."""
        seek, read, unpack = self._stream.seek, self._stream.read, _HEAD.unpack
        at = 8
        for _ in range(self._limits.chunks):
            head = read(8)
            if len(head) < 8:
                self._problem("png.truncated", f"The file ends at byte {size}, before the PNG's end mark.")
                return None
            length: int
            length, kind = unpack(head)
            at += 12 + length
            if kind == b"IDAT" and at <= size:
                seek(at)
                continue
            if length > 0x7FFFFFFF or not kind.isalpha():
                self._problem("png.damaged", f"There is no PNG chunk at byte {at - 12 - length}.")
                return None
            if kind == b"IEND":
                return at
            if at > size:
                self._problem("png.truncated", f"The file ends at byte {size}, inside a {kind.decode('ascii')} chunk.")
                return None
            self._visit(kind, length)
            seek(at)
        self._out.too_many_chunks = True
        return None

    def _visit(self, kind: bytes, length: int) -> None:
        if kind == b"caBX":
            self._out.has_c2pa = True
        if kind not in self._readers and kind not in _CARRIED:
            return
        if length > min(self._limits.chunk_bytes, self._chunk_budget):
            self._problem("png.text_capped", f"A {kind.decode('ascii')} chunk of {length} bytes was passed over.")
            return
        data = self._stream.read(length)
        self._chunk_budget -= length
        if kind in _CARRIED:
            self._out.ancillary.append((kind, data))
        reader = self._readers.get(kind)
        if reader is not None:
            reader(data)

    def _header(self, data: bytes) -> None:
        if len(data) != 13 or self._out.width_px:
            self._problem("png.damaged", "The PNG header is not one of 13 bytes.")
            return
        width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", data)
        out = self._out
        out.width_px, out.height_px, out.bit_depth, out.colour_type = width, height, depth, colour
        out.interlaced = bool(interlace)

    def _animation(self, data: bytes) -> None:
        if len(data) >= 4:
            self._out.frame_count = max(1, int.from_bytes(data[:4], "big"))

    def _exif(self, data: bytes) -> None:
        self._out.exif = self._out.exif or data

    def _icc(self, data: bytes) -> None:
        self._out.iccp = self._out.iccp or data

    def _plain(self, data: bytes) -> None:
        key, _, value = data.partition(b"\0")
        self._keep("tEXt", key, value)

    def _compressed(self, data: bytes) -> None:
        key, _, rest = data.partition(b"\0")
        self._keep("zTXt", key, self._inflate(rest[1:]))

    def _international(self, data: bytes) -> None:
        key, _, rest = data.partition(b"\0")
        parts = rest[2:].split(b"\0", 2)  # language, translated key, text
        value = parts[-1] if len(parts) == 3 else b""
        self._keep("iTXt", key, self._inflate(value) if rest[:1] == b"\1" else value)

    def _comf(self, data: bytes) -> None:
        key, _, value = data.partition(b"\0")
        if len(self._out.comf) < self._limits.texts:
            self._out.comf.append(self._text("comf", key, value))

    def _keep(self, kind: str, key: bytes, value: bytes) -> None:
        self._out.texts.append(self._text(kind, key, value))
        if len(self._out.texts) >= self._limits.texts:
            self._problem("png.limit", f"Only the first {self._limits.texts} texts were read.")
            for name in (b"tEXt", b"zTXt", b"iTXt", b"comf"):
                self._readers.pop(name, None)

    def _text(self, kind: str, key: bytes, value: bytes) -> TextChunk:
        cap = max(0, min(self._limits.text_bytes, self._text_budget))
        if len(value) > cap:
            self._problem("png.text_capped", f"The text {decode(key)[:79]!r} was cut at {cap} bytes.")
        self._text_budget -= min(len(value), cap)
        raw = value[: min(cap, RAW_CAP_BYTES)]
        return TextChunk(kind, decode(key[:1024]), decode(value[:cap]), raw, len(value), whole_sha256(value))

    def _inflate(self, data: bytes) -> bytes:
        # One byte more than allowed tells "exactly at the cap" from "cut"; more is never inflated (bombs).
        cap = max(0, min(self._limits.text_bytes, self._text_budget)) + 1
        inflater = zlib.decompressobj()
        try:
            return inflater.decompress(data, cap)
        except zlib.error:
            self._problem("png.text_damaged", "A compressed text cannot be inflated.")
            return b""

    def _problem(self, code: str, message: str) -> None:
        problem = Problem(code, message)
        if problem not in self._out.problems and len(self._out.problems) < 16:
            self._out.problems.append(problem)
