"""Everything that metadata readers need of a file, by its structure alone: no pixel is decoded.

Bad contents are an answer (`Probe.problems`), never an exception.
"""

import io
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath
from typing import BinaryIO

from dam.errors import UnreadableError
from dam.media import bmff, exif, headers, jpeg, png, riff, sniff, weights, workflows
from dam.media.carriers import Found, Probe, Source, Text
from dam.model import Kind, Media

__all__ = ["Probe", "Text", "from_bytes", "probe"]

_SIDECAR_CAP_BYTES = 1 << 20
_SIDECARS = ("txt", "json")

_READERS: dict[str, Callable[[Source, Found], None]] = {
    "image/jpeg": jpeg.read,
    "image/webp": riff.read_webp,
    "image/gif": headers.read_gif,
    "image/tiff": headers.read_tiff,
    "image/x-adobe-dng": headers.read_tiff,
    "image/bmp": headers.read_bmp,
    "image/vnd.adobe.photoshop": headers.read_psd,
    "image/x-exr": headers.read_exr,
    "image/x-dpx": headers.read_dpx,
    "image/jp2": headers.read_jp2,
    "image/jxl": headers.read_jxl,
    "application/x-safetensors": weights.read_safetensors,
    "application/x-gguf": weights.read_gguf,
}


def probe(path: str) -> Probe:
    """Probe the file at `path`; a `.txt` or `.json` of the same stem beside a picture or clip is read as its sidecar,
    and beside a video without a graph the PNG of the same stem, if its graph writes videos.

    Raises:
        UnreadableError: the operating system does not let the file be read.
    """
    try:
        with open(path, "rb") as stream:  # Path would normalise names that the system gave us
            found = Found()
            source = Source(stream)
            media = _read(source, path, found)
            if media.kind in (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO):
                _sidecars(path, found)
            if media.kind is Kind.VIDEO:
                workflows.read_first_frame(os.path.splitext(path)[0], found)  # names stay as the system gave them
            return _answer(path, source.size_bytes, media, found)
    except OSError as error:
        raise UnreadableError(
            f"The file cannot be read: {error.strerror or error}.", next_step="Check that it exists and may be read."
        ) from error


def from_bytes(data: bytes, name: str = "") -> Probe:
    """Probe a file that lies in memory. Never raises, whatever the bytes are."""
    found = Found()
    media = _read(Source(io.BytesIO(data)), name, found)
    return _answer(name, len(data), media, found)


def _read(source: Source, name: str, found: Found) -> Media:
    head = source.read(0, sniff.HEAD_BYTES)
    if not head:
        found.problem("file.empty", "The file has no bytes.")
        return sniff.UNKNOWN
    media = sniff.sniff(head, PurePath(name).name)
    try:
        _dispatch(source, media, found)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001  # the edge: one file from a stranger must never stop a drive
        found.problem("file.damaged", f"The file's structure cannot be read ({type(error).__name__}).")
        found.has_c2pa = True  # not looked at to its end
    return media


def _dispatch(source: Source, media: Media, found: Found) -> None:
    reader = _READERS.get(media.mime)
    if media.mime == "image/png":
        _png(source, found)
    elif reader is not None:
        reader(source, found)
    elif media.mime in ("image/avif", "image/heic", "image/heif"):
        bmff.read_still(source, found, media.mime.removeprefix("image/"))
    elif media.kind in (Kind.VIDEO, Kind.AUDIO):
        from dam.media import streams  # PyAV takes 70 ms to import; pictures do not need it

        streams.read(source, found, media)
    else:
        _other(source, media, found)


def _other(source: Source, media: Media, found: Found) -> None:
    from dam.media import markup

    if media.mime == "image/svg+xml":
        markup.read_svg(source, found)
    elif media.mime == "model/gltf-binary":
        markup.read_glb(source, found)
    elif media.mime == "model/gltf+json":
        markup.read_gltf(source, found)
    elif media.mime == "application/json":
        workflows.read_json(source, found)
    else:
        markup.read_document(source, found, media.mime)


def _png(source: Source, found: Found) -> None:
    chunks = png.walk(source.stream)
    found.size(chunks.width_px, chunks.height_px)
    found.frame_count = chunks.frame_count
    # Chunks that were not reached may hold a manifest; those behind the end of a cut-off file are simply not there.
    unfinished = chunks.ends is None and any(problem.code != "png.truncated" for problem in chunks.problems)
    found.has_c2pa = chunks.has_c2pa or unfinished or chunks.too_many_chunks
    if chunks.too_many_chunks:
        found.too_many_parts(f"more than {png.DEFAULT_LIMITS.chunks} chunks")
    for problem in chunks.problems:
        found.problem(problem.code, problem.message)
    for text in (*chunks.texts, *chunks.comf):
        found.texts.append(
            Text(f"png:{text.kind}:{text.key}", text.key, text.text, text.raw, text.raw_bytes, text.whole_sha256)
        )
        if text.key == "XML:com.adobe.xmp":
            found.add_xmp(text.raw)
        elif text.key.startswith("Raw profile type "):
            _raw_profile(text.key.removeprefix("Raw profile type "), text.text, found)
    if chunks.exif is not None:
        exif.read_block(chunks.exif, found)


def _raw_profile(kind: str, text: str, found: Found) -> None:
    """ImageMagick's way of keeping EXIF and XMP in PNG texts: name, length, hex digits over many lines."""
    words = text.split(maxsplit=2)
    if len(words) < 3 or kind not in ("exif", "APP1", "xmp"):
        return
    try:
        block = bytes.fromhex(words[2])
    except ValueError:
        return
    if block.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
        found.add_xmp(block[29:])
    elif kind == "xmp":
        found.add_xmp(block)
    else:
        exif.read_block(block, found)


def _sidecars(path: str, found: Found) -> None:
    stem = os.path.splitext(path)[0]  # as above: names stay as the system gave them
    for suffix in _SIDECARS:
        try:
            with open(f"{stem}.{suffix}", "rb") as stream:
                data = _bounded(stream)
        except OSError:
            continue
        marked = data[:2] in (b"\xff\xfe", b"\xfe\xff")  # UTF-16 of a Windows editor
        if data and (marked or b"\0" not in data[:1024]):
            found.text(f"sidecar:{suffix}", PurePath(f"{stem}.{suffix}").name, data, exif.free_text(data))


def _bounded(stream: BinaryIO) -> bytes:
    data = stream.read(_SIDECAR_CAP_BYTES + 1)
    return data if len(data) <= _SIDECAR_CAP_BYTES else b""  # so large a text is somebody's data, not a sidecar


def _answer(path: str, size_bytes: int, media: Media, found: Found) -> Probe:
    media = replace(
        found.media or media,
        width_px=found.width_px,
        height_px=found.height_px,
        duration_s=found.duration_s,
        frame_count=found.frame_count,
    )
    return Probe(
        path, size_bytes, media, tuple(found.texts), tuple(found.xmp), found.exif, found.has_c2pa, tuple(found.problems)
    )
