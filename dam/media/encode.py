"""The bytes of a protected copy: the source's own samples, changed by a mark, in the source's own format.

Unlike `pixels`, nothing is turned, flattened, or moved to another colour space: a copy must look like its source in
every program. Metadata is carried over byte for byte, except C2PA manifests, which would not hold for other pixels.
"""

import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dam.errors import EngineError, PolicyError, UndecodableError, UnreadableError
from dam.media import exif, jpeg, pixels, png, pngwrite, riff, vips
from dam.media.carriers import BLOCK_CAP_BYTES, Probe, Source
from dam.media.picture import check_size

Samples = NDArray[np.uint8] | NDArray[np.uint16]
Transform = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]

_WEBP_QUALITY = 92
_TO_PNG = frozenset({"image/tiff", "image/bmp", "image/gif", "image/avif"})
_NEXT_STEP = "The original stays as it is; export a still RGB or grey picture to have a protected copy."


@dataclass(frozen=True, slots=True)
class EncodedCopy:
    """A finished file in memory. `notes` say in sentences what differs from the source beside the mark."""

    data: bytes
    mime: str
    suffix: str
    notes: tuple[str, ...] = ()


def protected_bytes(
    source_path: str, probe_result: Probe, transform: Transform, *, max_pixels_mp: float = 268.0
) -> EncodedCopy:
    """Read `source_path` at full fidelity, apply `transform` to its colours, and encode it again.

    `transform` gets uint8 samples, (H, W, 3) or (H, W), in the source's own colour space and as stored (before any EXIF
    turn), and returns the same shape. 16-bit samples get the difference that it made, scaled by 257; alpha is kept.

    Raises:
        PolicyError: code "protect.unsupported": animated, CMYK, or a format that is not re-encoded.
        LimitError: larger than `max_pixels_mp` million pixels.
        UndecodableError: the source is damaged.
    """
    media = probe_result.media
    check_size(media.width_px, media.height_px, max_pixels_mp)
    if (media.frame_count or 1) > 1:
        raise _unsupported("it is animated or has several pages")
    if media.mime == "image/jpeg":
        return _jpeg(source_path, transform)
    if media.mime == "image/png":
        return _png(source_path, transform)
    if media.mime == "image/webp":
        return _webp(source_path, transform)
    if media.mime in _TO_PNG:
        return _to_png(source_path, probe_result, transform, max_pixels_mp)
    raise _unsupported(f"{media.mime} is not re-encoded here")


def _unsupported(reason: str) -> PolicyError:
    return PolicyError(f"No protected copy of this file: {reason}.", next_step=_NEXT_STEP, code="protect.unsupported")


def _png(path: str, transform: Transform) -> EncodedCopy:
    with _opened(path) as source:
        chunks = png.walk(source.stream)
    marked = _apply(_samples(vips.open_image(path, "image/png")), transform)
    notes = ["The palette was expanded to RGB."] if chunks.colour_type == 3 else []
    if chunks.bit_depth < 8 and chunks.colour_type == 0:
        notes.append(f"{chunks.bit_depth}-bit grey became 8-bit grey.")
    return _written_png(marked, chunks.ancillary, notes)


def _written_png(samples: Samples, chunks: list[tuple[bytes, bytes]], notes: list[str]) -> EncodedCopy:
    out = io.BytesIO()
    pngwrite.write_png(out, samples, chunks=chunks)
    return EncodedCopy(out.getvalue(), "image/png", ".png", tuple(notes))


def _to_png(path: str, probe_result: Probe, transform: Transform, max_pixels_mp: float) -> EncodedCopy:
    mime = probe_result.media.mime
    if mime in vips.READABLE:
        image = vips.open_image(path, mime)
        check_size(image.width, image.height, max_pixels_mp)
    else:
        image = pixels.open_with_pillow(path, probe_result.media, max_pixels_mp)
    if vips.has(image, "n-pages") and image.get("n-pages") > 1:
        raise _unsupported("it is animated or has several pages")
    samples = _samples(image)
    if vips.has(image, "orientation"):
        samples = pixels.upright(samples, int(image.get("orientation")))
    chunks = []
    if vips.has(image, "icc-profile-data"):
        chunks.append((b"iCCP", b"ICC\0\0" + zlib.compress(bytes(image.get("icc-profile-data")))))
    if vips.has(image, "exif-data"):
        chunks.append((b"eXIf", _upright_exif(bytes(image.get("exif-data")))))
    chunks += [(b"iTXt", _international(b"XML:com.adobe.xmp", packet)) for packet in probe_result.xmp[:1]]
    chunks += [(b"iTXt", _international(b"Comment", t.raw)) for t in probe_result.texts if t.carrier == "gif:comment"]
    return _written_png(_apply(samples, transform), chunks, [f"The copy of this {mime} is a PNG."])


def _international(key: bytes, text: bytes) -> bytes:
    try:
        text.decode()
    except UnicodeDecodeError:
        text = text.decode("latin-1").encode()
    return key + b"\0\0\0\0\0" + text


def _upright_exif(block: bytes) -> bytes:
    """The block with orientation 1: the copy's pixels are already turned."""
    block = exif.strip_prefix(block)
    tiff = exif.parse(lambda at, count: block[at : at + count])
    if tiff is None or tiff.orientation_at is None:
        return block
    one = b"\1\0" if tiff.order == "<" else b"\0\1"
    return block[: tiff.orientation_at] + one + block[tiff.orientation_at + 2 :]


def _samples(image: Any) -> Samples:
    """All samples as stored: (H, W, 1..4), uint8 or uint16."""
    kind = {"uchar": np.uint8, "ushort": np.uint16}.get(image.format)
    if image.interpretation not in ("srgb", "b-w", "rgb16", "grey16", "rgb") or kind is None or image.bands > 4:
        raise _unsupported(f"its pixels are {image.interpretation} of type {image.format}")
    try:
        flat = np.frombuffer(image.write_to_memory(), dtype=kind)
    except vips.ERRORS as error:
        raise vips.undecodable(error) from error
    return flat.reshape(image.height, image.width, image.bands)


def _apply(samples: Samples, transform: Transform) -> Samples:
    colours = samples[:, :, :3] if samples.shape[2] >= 3 else samples[:, :, 0]
    out = samples.copy()
    marked = _checked(colours, transform)
    if samples.shape[2] >= 3:
        out[:, :, :3] = marked
    else:
        out[:, :, 0] = marked
    return out


def _checked(colours: Samples, transform: Transform) -> Samples:
    before = (colours >> 8).astype(np.uint8) if colours.dtype == np.uint16 else np.array(colours, dtype=np.uint8)
    marked = transform(before.copy())
    if marked.shape != before.shape or marked.dtype != np.uint8:
        raise EngineError(f"The mark turned {before.shape} uint8 samples into {marked.shape} {marked.dtype}.")
    if colours.dtype == np.uint8:
        return marked
    change = (marked.astype(np.int32) - before) * 257
    return np.clip(colours + change, 0, 65535).astype(np.uint16)


def _jpeg(path: str, transform: Transform) -> EncodedCopy:
    from PIL import JpegImagePlugin

    notes: list[str] = []
    with _opened(path) as source:
        segments = list(jpeg.segments(source))
        coded = b"\xff\xd8" + b"".join(_segment(s) for s in segments if not _is_metadata(s))
        last = segments[-1] if segments else None
        if last is None or last.marker != 0xDA:
            raise UndecodableError("The JPEG has no scan.")
        coded += source.read(last.at + 4 + len(last.body), source.size_bytes)
    try:
        # Pillow sees the coded picture only: it would interpret, and warn about, metadata that is carried unread.
        image: Any = JpegImagePlugin.JpegImageFile(io.BytesIO(coded))
        if image.mode not in ("RGB", "L"):
            raise _unsupported(f"it is a {image.mode} JPEG")
        colours = np.asarray(image)
    except (OSError, ValueError, SyntaxError) as error:
        raise UndecodableError(f"The JPEG cannot be decoded: {error}.") from error
    options = _jpeg_options(image, notes)
    marked = _checked(colours, transform)
    return EncodedCopy(_spliced(_jpeg_bytes(marked, options, notes), segments), "image/jpeg", ".jpg", tuple(notes))


def _is_metadata(segment: jpeg.Segment) -> bool:
    """A comment or an APPn other than APP0 (JFIF) and APP14 (Adobe), which describe the coding."""
    return segment.marker == 0xFE or (0xE1 <= segment.marker <= 0xEF and segment.marker != 0xEE)


def _jpeg_options(image: Any, notes: list[str]) -> dict[str, Any]:
    from PIL import JpegImagePlugin

    options: dict[str, Any] = {"qtables": image.quantization, "progressive": bool(image.info.get("progressive"))}
    if image.mode == "RGB":
        sampling = JpegImagePlugin.get_sampling(image)
        if sampling < 0:
            notes.append("The unusual chroma sampling became 4:4:4.")
        options["subsampling"] = max(0, sampling)
    return options


def _jpeg_bytes(colours: Samples, options: dict[str, Any], notes: list[str]) -> bytes:
    from PIL import Image

    picture = Image.fromarray(colours)
    out = io.BytesIO()
    try:
        picture.save(out, "JPEG", **options)
    except (OSError, ValueError, TypeError):  # tables that no baseline encoder takes
        notes.append("The source's quantisation tables could not be used again; quality 95 was.")
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=95, subsampling=options.get("subsampling", 0))
    return out.getvalue()


def _spliced(encoded: bytes, segments: list[jpeg.Segment]) -> bytes:
    """The new picture with the source's own metadata segments, unread and unchanged, in their order."""
    head = [s for s in segments if s.marker == 0xE0 and s.body[:5] == b"JFIF\0"][:1]
    carried = b"".join(
        _segment(s)
        for s in segments
        # APP11 is C2PA, and MPF points at pictures that are not copied.
        if _is_metadata(s) and s.marker != 0xEB and not (s.marker == 0xE2 and s.body[:4] == b"MPF\0")
    )
    own_end = 4 + int.from_bytes(encoded[4:6], "big") if encoded[2:4] == b"\xff\xe0" else 2
    jfif = _segment(head[0]) if head else encoded[2:own_end]
    return encoded[:2] + jfif + carried + encoded[own_end:]


def _segment(segment: jpeg.Segment) -> bytes:
    return b"\xff" + bytes([segment.marker]) + (len(segment.body) + 2).to_bytes(2, "big") + segment.body


def _webp(path: str, transform: Transform) -> EncodedCopy:
    from PIL import Image

    with _opened(path) as source:
        lossless = riff.is_lossless_webp(source)
        blocks = {
            name: source.read(at, min(length, BLOCK_CAP_BYTES))
            for name, at, length in riff.chunks(source)
            if name in (b"ICCP", b"EXIF", b"XMP ")
        }
    marked = _apply(_samples(vips.open_image(path, "image/webp")), transform)
    options: dict[str, Any] = {"lossless": True, "method": 0, "exact": True}
    if not lossless:
        options = {"quality": _WEBP_QUALITY, "method": 2, "exact": True}
    names = {b"ICCP": "icc_profile", b"EXIF": "exif", b"XMP ": "xmp"}
    options |= {names[kind]: block for kind, block in blocks.items()}
    out = io.BytesIO()
    try:
        Image.fromarray(marked).save(out, "WEBP", **options)
    except (OSError, ValueError) as error:
        raise UndecodableError(f"The WebP cannot be encoded again: {error}.") from error
    notes = () if lossless else (f"Lossy WebP was encoded again with quality {_WEBP_QUALITY}.",)
    return EncodedCopy(out.getvalue(), "image/webp", ".webp", notes)


@contextmanager
def _opened(path: str) -> Iterator[Source]:
    try:
        stream = open(path, "rb")  # noqa: SIM115  # names stay as the system gave them; closed below
    except OSError as error:
        raise UnreadableError(f"The file cannot be read: {error.strerror or error}.") from error
    with stream:
        yield Source(stream)
