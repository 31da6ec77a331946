"""GIF, TIFF and the small headers of BMP, PSD, EXR, DPX, JPEG 2000 and JPEG XL."""

import struct

from dam.media import bmff, exif
from dam.media.carriers import BLOCK_CAP_BYTES, Found, Source
from dam.model import Kind, Media

_GIF_CAP_BYTES = 64 << 20
_GIF_BLOCKS = 100_000


def read_tiff(source: Source, found: Found) -> None:
    tiff = exif.parse(source.read)
    if tiff is None:
        found.problem("tiff.damaged", "The file has no TIFF header.")
        return
    exif.take(tiff, found)
    width, height = tiff.tags.get(0x0100), tiff.tags.get(0x0101)
    if isinstance(width, int) and isinstance(height, int):
        found.size(width, height)
    found.frame_count = tiff.pages or None
    if exif.is_dng(tiff):
        found.media = Media(Kind.IMAGE, "image/x-adobe-dng")
    if tiff.damaged:
        found.has_c2pa = True  # a directory could not be followed: let the library look
    if tiff.pages == 0:
        found.problem("tiff.truncated", "The TIFF's directory lies behind the end of the file.")
        return
    offsets, counts = tiff.tags.get(0x0111), tiff.tags.get(0x0117)
    if isinstance(offsets, int) and isinstance(counts, int) and offsets + counts > source.size_bytes:
        found.problem("tiff.truncated", "The TIFF's pixels reach past the end of the file.")


def read_gif(source: Source, found: Found) -> None:
    data = source.read(0, _GIF_CAP_BYTES)
    if len(data) < 13:
        found.problem("gif.truncated", "The file ends inside the GIF header.")
        return
    found.size(*struct.unpack_from("<HH", data, 6))
    walker = _Gif(data, found)
    if not walker.run():
        if len(data) < source.size_bytes:
            found.has_c2pa = True  # not walked to its end: let the library look
            return
        found.has_c2pa = True  # as above
        if walker.blocks >= _GIF_BLOCKS:
            found.too_many_parts(f"{walker.blocks} blocks or more")
        else:
            found.problem("gif.truncated", "The GIF's end mark was not found.")
    found.frame_count = walker.frames or None


class _Gif:
    def __init__(self, data: bytes, found: Found) -> None:
        self._data = data
        self._found = found
        self.frames = 0
        self.blocks = 0

    def run(self) -> bool:
        """Visit every block; False if the end mark is missing."""
        data, size = self._data, len(self._data)
        at = 13 + self._table(data[10])
        for _ in range(_GIF_BLOCKS):
            if at >= size:
                return False
            kind = data[at]
            self.blocks += 1
            if kind == 0x3B:
                return True
            if kind == 0x21 and at + 1 < size:
                at = self._extension(data[at + 1], at + 2)
            elif kind == 0x2C and at + 9 < size:
                self.frames += 1
                at = self._skip(at + 11 + self._table(data[at + 9]))
            else:
                return False
        return False

    @staticmethod
    def _table(flags: int) -> int:
        return 3 << ((flags & 7) + 1) if flags & 0x80 else 0

    def _skip(self, at: int) -> int:
        data, size = self._data, len(self._data)
        while at < size and data[at]:
            at += data[at] + 1
        return at + 1

    def _extension(self, label: int, at: int) -> int:
        end = self._skip(at)
        if label == 0xFE:
            self._found.text("gif:comment", "comment", self._joined(at, end))
        elif label == 0xFF and self._data[at : at + 1] == b"\x0b":
            name = self._data[at + 1 : at + 12]
            if name.startswith(b"C2PA_GIF"):
                self._found.has_c2pa = True
            elif name == b"XMP DataXMP":  # stored bare; 257 bytes of a trailer lead any reader to the block's end
                self._found.add_xmp(self._data[at + 12 : end].partition(b"\x01\xff\xfe")[0])
        return end

    def _joined(self, at: int, end: int) -> bytes:
        parts = []
        while at < min(end, len(self._data)) and self._data[at]:
            parts.append(self._data[at + 1 : at + 1 + self._data[at]])
            at += self._data[at] + 1
        return b"".join(parts)


def read_bmp(source: Source, found: Found) -> None:
    head = source.read(0, 26)
    if int.from_bytes(head[14:18], "little") == 12:
        found.size(*struct.unpack_from("<HH", head, 18))
    else:
        width, height = struct.unpack_from("<ii", head, 18)
        found.size(width, abs(height))
    found.frame_count = 1
    declared = int.from_bytes(head[2:6], "little")
    if declared > source.size_bytes:
        found.problem("bmp.truncated", f"The file should be {declared} bytes long and is {source.size_bytes}.")


def read_psd(source: Source, found: Found) -> None:
    head = source.read(0, 26)
    if len(head) < 26:
        found.problem("psd.truncated", "The file ends inside the PSD header.")
        return
    height, width = struct.unpack_from(">II", head, 14)
    found.size(width, height)
    found.frame_count = 1
    _photoshop_resources(source, found)


def _photoshop_resources(source: Source, found: Found) -> None:
    """Image resources 1058 (EXIF) and 1060 (XMP) of a PSD."""
    at = 26 + 4 + int.from_bytes(source.read(26, 4), "big")
    end = at + 4 + int.from_bytes(source.read(at, 4), "big")
    at += 4
    for _ in range(2000):
        head = source.read(at, 7)
        if at >= end or head[:4] != b"8BIM" or len(head) < 7:
            return
        at += 6 + (head[6] + 2 & ~1)
        length = int.from_bytes(source.read(at, 4), "big")
        data_at, number = at + 4, int.from_bytes(head[4:6], "big")
        if number == 1058:
            exif.read_block(source.read(data_at, min(length, BLOCK_CAP_BYTES)), found)
        elif number == 1060:
            found.add_xmp(source.read(data_at, min(length, BLOCK_CAP_BYTES)))
        at = data_at + length + (length & 1)


def read_exr(source: Source, found: Found) -> None:
    """OpenEXR attributes: name, type, length, value; strings are texts (a pipeline's comments)."""
    head = source.read(0, 1 << 20)
    at = 8
    for _ in range(256):
        name, _, rest = head[at : at + 256].partition(b"\0")
        if not name or not rest:
            return
        kind, _, _ = rest.partition(b"\0")
        at += len(name) + len(kind) + 2
        length = int.from_bytes(head[at : at + 4], "little")
        value = head[at + 4 : at + 4 + length]
        if name == b"dataWindow" and len(value) == 16:
            left, top, right, bottom = struct.unpack("<iiii", value)
            found.size(right - left + 1, bottom - top + 1)
        elif kind == b"string":
            key = name.decode("latin-1")
            found.text(f"exr:{key}", key, value)
        at += 4 + length


def read_dpx(source: Source, found: Found) -> None:
    head = source.read(0, 780)
    order = ">" if head[:4] == b"SDPX" else "<"
    if len(head) == 780:
        found.size(*struct.unpack_from(order + "II", head, 772))


def read_jp2(source: Source, found: Found) -> None:
    for box in bmff.boxes(source, 0, source.size_bytes):
        if box.kind == b"jp2h":
            for inner in bmff.boxes(source, box.body, box.end):
                head = source.read(inner.body, 8)
                if inner.kind == b"ihdr" and len(head) == 8:
                    height, width = struct.unpack(">II", head)
                    found.size(width, height)
        elif box.kind == b"jumb":
            found.has_c2pa = True
    if source.read(0, 4) == b"\xff\x4f\xff\x51" and len(head := source.read(8, 16)) == 16:
        right, bottom, left, top = struct.unpack(">IIII", head)  # SIZ marker (ISO/IEC 15444-1 §A.5.1)
        found.size(right - left, bottom - top)


def read_jxl(source: Source, found: Found) -> None:
    """JPEG XL in boxes: EXIF, XMP and C2PA; a bare codestream can hold none of them."""
    if source.read(0, 2) == b"\xff\x0a":
        return
    for box in bmff.boxes(source, 0, source.size_bytes):
        length = min(box.end - box.body, BLOCK_CAP_BYTES)
        if box.kind == b"Exif":
            exif.read_block(source.read(box.body + 4, length - 4), found)
        elif box.kind == b"xml ":
            found.add_xmp(source.read(box.body, length))
        elif box.kind in (b"jumb", b"brob"):  # brob: any box, Brotli-compressed
            found.has_c2pa = True
