"""What a file is, by its first bytes. Names only settle which text format a text is; they never make a picture."""

import re
from collections.abc import Callable

from dam.model import Kind, Media

HEAD_BYTES = 65536
UNKNOWN = Media(Kind.OTHER, "application/octet-stream")

_MAGIC: tuple[tuple[bytes, Kind, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", Kind.IMAGE, "image/png"),
    (b"\xff\xd8\xff", Kind.IMAGE, "image/jpeg"),
    (b"GIF87a", Kind.IMAGE, "image/gif"),
    (b"GIF89a", Kind.IMAGE, "image/gif"),
    (b"8BPS", Kind.IMAGE, "image/vnd.adobe.photoshop"),
    (b"\x76\x2f\x31\x01", Kind.IMAGE, "image/x-exr"),
    (b"\xff\x0a", Kind.IMAGE, "image/jxl"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", Kind.IMAGE, "image/jxl"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", Kind.IMAGE, "image/jp2"),
    (b"\xff\x4f\xff\x51", Kind.IMAGE, "image/jp2"),
    (b"fLaC", Kind.AUDIO, "audio/flac"),
    (b"%PDF-", Kind.DOCUMENT, "application/pdf"),
    (b"glTF", Kind.MODEL, "model/gltf-binary"),
    (b"GGUF", Kind.MODEL, "application/x-gguf"),
    (b"SDPX", Kind.IMAGE, "image/x-dpx"),
    (b"XPDS", Kind.IMAGE, "image/x-dpx"),
    (b"FLV\x01", Kind.VIDEO, "video/x-flv"),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02", Kind.VIDEO, "application/mxf"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Kind.VIDEO, "video/x-ms-asf"),
    (b"\0\0\x01\xba", Kind.VIDEO, "video/mpeg"),
)
_BRANDS: dict[bytes, tuple[Kind, str]] = {
    b"avif": (Kind.IMAGE, "image/avif"),
    b"avis": (Kind.IMAGE, "image/avif"),
    b"heic": (Kind.IMAGE, "image/heic"),
    b"heix": (Kind.IMAGE, "image/heic"),
    b"heim": (Kind.IMAGE, "image/heic"),
    b"heis": (Kind.IMAGE, "image/heic"),
    b"hevc": (Kind.IMAGE, "image/heic"),
    b"hevx": (Kind.IMAGE, "image/heic"),
    b"mif1": (Kind.IMAGE, "image/heif"),
    b"msf1": (Kind.IMAGE, "image/heif"),
    b"crx ": (Kind.IMAGE, "image/x-canon-cr3"),
    b"qt  ": (Kind.VIDEO, "video/quicktime"),
    b"M4V ": (Kind.VIDEO, "video/x-m4v"),
    b"M4VH": (Kind.VIDEO, "video/x-m4v"),
    b"M4A ": (Kind.AUDIO, "audio/mp4"),
    b"M4B ": (Kind.AUDIO, "audio/mp4"),
}
_TOP_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_RIFF: dict[bytes, tuple[Kind, str]] = {
    b"WEBP": (Kind.IMAGE, "image/webp"),
    b"WAVE": (Kind.AUDIO, "audio/wav"),
    b"AVI ": (Kind.VIDEO, "video/x-msvideo"),
}
_EBML: tuple[tuple[bytes, str], ...] = (
    (b"\x42\x82\x84webm", "video/webm"),
    (b"\x42\x82\x88matroska", "video/x-matroska"),
)
_ZIP_PARTS: tuple[tuple[bytes, Kind, str], ...] = (
    (b"word/", Kind.DOCUMENT, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", Kind.DOCUMENT, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", Kind.DOCUMENT, "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)
_RESOLVE_PART = re.compile(rb"project\.xml|MediaPool/[^\0]{0,200}MpFolder\.xml|SeqContainer/")
_EDL_EVENT = re.compile(r"^\d{3,6}\s+\S+\s+(?:V|A|B|NONE|AA)\S*\s+(?:C|D|W|K)", re.MULTILINE)
_EDL_TIMES = re.compile(
    r"^\d{3,6}[ \t]+\S[^\n]{1,200}(?:\s\d\d[:;.]\d\d[:;.]\d\d[:;.,]\d\d){4}[ \t]*\r?$", re.MULTILINE
)
_TEXT_SUFFIXES = {"md": "text/markdown", "csv": "text/csv", "srt": "application/x-subrip", "vtt": "text/vtt"}


def sniff(head: bytes, name: str = "") -> Media:
    """The kind and mime type of a file whose first bytes (`HEAD_BYTES` are plenty) are `head`.

    Args:
        head: the first bytes; fewer mean a poorer answer, never an error.
        name: file name; its suffix breaks ties between text formats when the content agrees.

    Returns:
        Media with only kind and mime set; `Kind.OTHER`, "application/octet-stream" when nothing fits.
    """
    for magic, kind, mime in _MAGIC:
        if head.startswith(magic):
            return Media(kind, mime)
    if head.startswith(b"ID3"):
        return Media(Kind.AUDIO, _behind_id3(head))
    for look in (_boxes, _riff, _tiff, _stream, _container, _safetensors):
        if (answer := look(head)) is not None:
            return Media(*answer)
    return _text(head, _suffix(name)) or UNKNOWN


def _boxes(head: bytes) -> tuple[Kind, str] | None:
    if head[4:8] == b"ftyp":
        size = int.from_bytes(head[:4], "big")
        brands = [head[8:12], *(head[at : at + 4] for at in range(16, min(size, len(head), 512) - 3, 4))]
        major = _BRANDS.get(brands[0])
        if major is not None and major[1] != "image/heif":
            return major
        # mif1 says only "some still picture": the compatible brands say which coding.
        return next((_BRANDS[b] for b in brands if b in (b"avif", b"avis", b"heic", b"heix", b"hevc")), None) or (
            major or (Kind.VIDEO, "video/mp4")
        )
    if head[4:8] in _TOP_BOXES and int.from_bytes(head[:4], "big") >= 8:
        return Kind.VIDEO, "video/quicktime"  # QuickTime of before ftyp
    if head[4:8] == b"jumb":
        return Kind.OTHER, "application/c2pa"
    return (Kind.VIDEO, "video/mp4") if head[4:8] in (b"styp", b"moof", b"sidx") else None


def _riff(head: bytes) -> tuple[Kind, str] | None:
    if head[:4] in (b"RIFF", b"RF64", b"BW64"):
        return _RIFF.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return Kind.AUDIO, "audio/aiff"
    return None


def _tiff(head: bytes) -> tuple[Kind, str] | None:
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return Kind.IMAGE, "image/x-adobe-dng" if _has_dng_version(head) else "image/tiff"
    if (
        head[:2] == b"BM"
        and len(head) >= 26
        and int.from_bytes(head[14:18], "little") in (12, 16, 40, 52, 56, 64, 108, 124)
    ):
        return Kind.IMAGE, "image/bmp"
    return None


def _has_dng_version(head: bytes) -> bool:
    order: Callable[[bytes], int] = (
        (lambda b: int.from_bytes(b, "little")) if head[:1] == b"I" else (lambda b: int.from_bytes(b, "big"))
    )
    at = order(head[4:8])
    count = order(head[at : at + 2])
    return any(order(head[at + 2 + 12 * i : at + 4 + 12 * i]) == 0xC612 for i in range(min(count, 512)))


def _stream(head: bytes) -> tuple[Kind, str] | None:
    if head[:4] == b"OggS":
        packet = head[28:92]
        if b"OpusHead" in packet:
            return Kind.AUDIO, "audio/opus"
        return (Kind.VIDEO, "video/ogg") if b"theora" in packet else (Kind.AUDIO, "audio/ogg")
    if head[:4] == b"\x1aE\xdf\xa3":
        return Kind.VIDEO, next((mime for mark, mime in _EBML if mark in head[:4096]), "video/x-matroska")
    if head[:1] == b"G" and head[188:189] == b"G" and head[376:377] == b"G" and head[564:565] == b"G":
        return Kind.VIDEO, "video/mp2t"
    if len(head) < 4 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:  # ADTS: sync, layer 0
        return Kind.AUDIO, "audio/aac"
    layer, rate, freq = head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    if head[1] & 0xE0 == 0xE0 and head[1] >> 3 & 3 != 1 and layer in (1, 2) and rate not in (0, 15) and freq != 3:
        return Kind.AUDIO, "audio/mpeg"
    return None


def _behind_id3(head: bytes) -> str:
    if len(head) < 10:
        return "audio/mpeg"
    end = 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
    return "audio/flac" if head[end : end + 4] == b"fLaC" else "audio/mpeg"


def _container(head: bytes) -> tuple[Kind, str] | None:
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        # The class id of an AAF's root is a SMPTE universal label (AAF Low-Level Container Specification §4).
        named = b"\x06\x0e\x2b\x34" in head[8:24]
        return (Kind.TIMELINE, "application/aaf") if named else (Kind.DOCUMENT, "application/x-ole-storage")
    if head[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
        return None
    if _RESOLVE_PART.match(head, 30) or (b"project.xml" in head and b"MediaPool/" in head):
        return Kind.TIMELINE, "application/x-davinci-resolve-project"
    if head[30:42] == b"content.otio" or (head[30:41] == b"version.txt" and b"content.otio" in head[41:4096]):
        return Kind.TIMELINE, "application/x-otio+zip"
    if head[30:38] == b"mimetype" and head[38:50] == b"application/":
        return Kind.DOCUMENT, head[38:120].split(b"PK")[0].decode("ascii", "replace")
    return next(((k, m) for part, k, m in _ZIP_PARTS if part in head), (Kind.DOCUMENT, "application/zip"))


def _safetensors(head: bytes) -> tuple[Kind, str] | None:
    size = int.from_bytes(head[:8], "little")
    if 2 <= size <= 100_000_000 and re.match(rb'\{\s*("|\})', head[8:64]):  # the format caps the header at 100 MB
        return Kind.MODEL, "application/x-safetensors"
    return None


def _text(head: bytes, suffix: str) -> Media | None:
    text = _decode(head)
    if text is None:
        return None
    body = text.lstrip("\ufeff \t\r\n")
    if body.startswith("<"):
        return _xml(body)
    if body[:1] in ("{", "["):
        if '"OTIO_SCHEMA"' in body:
            return Media(Kind.TIMELINE, "application/x-otio+json")
        if suffix == "gltf" and '"asset"' in body:
            return Media(Kind.MODEL, "model/gltf+json")
        if suffix == "json" or re.match(r'\{\s*("|\})|\[\s*(["\[{\]]|-?\d|true|false|null)', body):
            return Media(Kind.DOCUMENT, "application/json")
    if _EDL_EVENT.search(body) and (suffix == "edl" or re.search(r"^(TITLE|FCM):", body, re.MULTILINE)):
        return Media(Kind.TIMELINE, "text/x-edl")
    if _EDL_TIMES.search(body):  # a number and four time codes: nothing else looks like that
        return Media(Kind.TIMELINE, "text/x-edl")
    if body.startswith(("TITLE:", "FCM:")) and re.search(r"^FCM:", body[:4096], re.MULTILINE):
        return Media(Kind.TIMELINE, "text/x-edl")
    return Media(Kind.DOCUMENT, _TEXT_SUFFIXES.get(suffix, "text/plain")) if body or head else None


def _root(body: str) -> str:
    """Local name of the first element, behind declarations and comments."""
    at = 0
    for _ in range(64):
        at = body.find("<", at)
        closing = next((end for start, end in (("<?", "?>"), ("<!--", "-->")) if body.startswith(start, at)), ">")
        if at < 0:
            return ""
        if body[at + 1 : at + 2] not in ("?", "!"):
            found = re.match(r"[A-Za-z_][\w.:-]*", body[at + 1 : at + 200])
            return found[0].rpartition(":")[2] if found else ""
        at = body.find(closing, at)
        if at < 0:
            return ""
    return ""


def _xml(body: str) -> Media:
    name = _root(body)
    if name == "fcpxml":
        return Media(Kind.TIMELINE, "application/x-fcpxml")
    if name == "xmeml":
        return Media(Kind.TIMELINE, "application/x-fcp7-xml")
    if name == "svg":
        return Media(Kind.IMAGE, "image/svg+xml")
    if name.lower() == "html" or body[:14].lower() == "<!doctype html":
        return Media(Kind.DOCUMENT, "text/html")
    return Media(Kind.DOCUMENT, "application/xml" if name or body.startswith("<?xml") else "text/plain")


def _decode(head: bytes) -> str | None:
    if not head:
        return None
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", "replace")
    if head[:4] in (b"<\0?\0", b"\0<\0?"):  # an XML declaration in UTF-16 says which one it is
        return head.decode("utf-16-le" if head[:1] == b"<" else "utf-16-be", "replace")
    if re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]", head):
        return None
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(head) - 3:  # a character cut by the end of the head
            return head[: error.start].decode("utf-8")
        # A text in an old one-byte code: few high bytes among many letters.
        high = sum(byte > 0x7F for byte in head[:4096])
        return head.decode("latin-1") if high * 4 < len(head[:4096]) else None


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""
