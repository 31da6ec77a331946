"""Size, length and tags of video and sound through PyAV: headers only, no frame is decoded."""

import re
from collections.abc import Mapping
from typing import Any, BinaryIO

import av
import av.logging

from dam.media import bmff, riff
from dam.media.carriers import Found, Source
from dam.model import Kind, Media

av.logging.set_level(av.logging.PANIC)  # a stranger's file must not write to our terminal

# The demuxer is chosen by our own sniffing: a playlist or concat script that names other files is never followed.
DEMUXERS = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/x-m4v": "mov",
    "audio/mp4": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/x-msvideo": "avi",
    "video/ogg": "ogg",
    "video/mp2t": "mpegts",
    "video/mpeg": "mpeg",
    "video/x-flv": "flv",
    "video/x-ms-asf": "asf",
    "application/mxf": "mxf",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/aac": "aac",
    "audio/aiff": "aiff",
}
_SOUND = {
    "video/mp4": "audio/mp4",
    "video/quicktime": "audio/mp4",
    "video/webm": "audio/webm",
    "video/ogg": "audio/ogg",
}
_ID3_XMP = "id3v2_priv.XMP"
_BMFF = frozenset({"video/mp4", "video/quicktime", "video/x-m4v", "audio/mp4"})
_SHORT = {
    "video/quicktime": "mov",
    "video/x-m4v": "m4v",
    "audio/mp4": "m4a",
    "video/x-msvideo": "avi",
    "audio/mpeg": "mp3",
}
_MAX_DURATION_S = 1e7
# To learn a stream's format the library decodes a frame of some, cover pictures too: at most 8K cinema's size.
_LOOK = {"max_pixels": str(40_000_000)}
_ID3_CAP_BYTES = 64 << 20


def short_name(mime: str) -> str:
    """The word that starts problem codes of a format ("mp4.truncated")."""
    return _SHORT.get(mime) or mime.partition("/")[2].removeprefix("x-")


def open_container(stream: BinaryIO, mime: str, options: dict[str, str] | None = None) -> Any:
    """Open for demuxing; raises av.error.FFmpegError (or ValueError) on what is not such a file."""
    form = DEMUXERS.get(mime)
    return av.open(stream, "r", format=form, options=options, metadata_errors="replace", timeout=(10.0, 10.0))


def read(source: Source, found: Found, media: Media) -> None:
    """Structure first (C2PA, truncation), then streams and tags."""
    name = short_name(media.mime)
    if media.mime in _BMFF:
        if not bmff.read_structure(source, found, name):
            found.problem(f"{name}.damaged", "The file is made of far too many boxes.")
            return
    elif media.mime in ("audio/wav", "video/x-msvideo"):
        riff.read_sound_or_video(source, found, name)
    else:
        _tags_c2pa(source, found)
    source.stream.seek(0)
    try:
        with open_container(source.stream, media.mime, _LOOK) as container:
            _describe(container, found, media)
    except (av.error.FFmpegError, ValueError, ArithmeticError, EOFError) as error:
        found.problem(f"{name}.undecodable", f"The streams cannot be read: {reason(error)}.")


def reason(error: Exception) -> str:
    """A library error in a few words, without its log."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).partition(";")[0]


def _tags_c2pa(source: Source, found: Found) -> None:
    """ID3 keeps a manifest in a GEOB frame (C2PA 2.4 §A.3.4), FLAC and others near the start as well."""
    head = source.read(0, 10)
    end = 1 << 16
    if head[:3] == b"ID3" and len(head) == 10:
        end = 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
        found.has_c2pa = end > _ID3_CAP_BYTES or source.contains(b"GEOB", 0, end)
        end += 1 << 16
    found.has_c2pa = found.has_c2pa or source.contains(b"c2pa", 0, min(end, _ID3_CAP_BYTES))


def _describe(container: Any, found: Found, media: Media) -> None:
    _texts("container", container.metadata, found)
    pictures = []
    for stream in container.streams:
        _texts(f"stream{stream.index}", stream.metadata, found)
        attached = bool(stream.disposition & av.stream.Disposition.attached_pic)
        if stream.type == "video" and not attached:
            pictures.append(stream)
    found.duration_s = _duration_s(container)
    if pictures:
        first = pictures[0]
        if first.codec_context is not None:  # None = no decoder for this codec
            found.size(first.codec_context.width, first.codec_context.height)
        found.frame_count = first.frames or None
    elif media.kind is Kind.VIDEO and len(container.streams):
        found.media = Media(Kind.AUDIO, _SOUND.get(media.mime, media.mime))


def _texts(carrier: str, tags: Mapping[str, str], found: Found) -> None:
    for key, value in tags.items():
        if key == _ID3_XMP:  # PRIV frames come with bytes written as \\xNN
            found.add_xmp(re.sub(rb"\\x([0-9a-f]{2})", _byte, value.encode("utf-8", "replace")))
            continue
        found.text(f"{carrier}:{key}", key, value.encode("utf-8", "replace"), value)


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode("ascii"))


def _duration_s(container: Any) -> float | None:
    duration_s = None
    if container.duration is not None:
        duration_s = container.duration / av.time_base
    else:
        known = [float(s.duration * s.time_base) for s in container.streams if s.duration and s.time_base]
        duration_s = max(known, default=None)
    return duration_s if duration_s is not None and 0 <= duration_s < _MAX_DURATION_S else None
