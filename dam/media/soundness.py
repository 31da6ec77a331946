"""Whether a file is whole enough to be signed: the C2PA library signs most damaged files without a word (facts: 19 to 100 %).

Pictures are decoded by the pixels stage before anything is signed; here is what that stage does not decode.
"""

import zipfile
import zlib
from collections.abc import Callable
from typing import Any

from dam.errors import UndecodableError, UnreadableError
from dam.media.carriers import Probe
from dam.model import Kind

WHOLE_S, WHOLE_BYTES = 20.0, 64 << 20  # clips up to this length and size are decoded whole
_PACKETS = 48  # of every stream, at the beginning and at the end
_END_S = 2.0
_MAX_PACKETS = 20_000
_JOINED_IN_THE_MIDDLE = frozenset({"mpegts", "mpeg"})  # recordings that start where they start
_FRAMES, _ANIMATED_PX = 1_000, 500_000_000  # of an animation: so many, and so many pixels of them, are decoded
_TAIL_BYTES = 2048
_MEMBERS = 20_000
_UNZIPPED_BYTES = 256 << 20
_STEP = 1 << 20
_UNZIPPABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError, OSError)


def check(found: Probe) -> None:
    """Refuse what is cut off or damaged, as far as can be told in seconds.

    Video and sound: the first and the last packets of every stream are demuxed and decoded, all of a short clip. PDF
    and ZIP: the structure. Others: what the probe says of their structure.

    Raises:
        UndecodableError: it is damaged, with the reason. UnreadableError: the system does not let it be read.
    """
    damage = next((p for p in found.problems if p.code.endswith((".truncated", ".damaged", ".undecodable"))), None)
    if damage is not None and not damage.code.startswith(("exif.", "text.")):
        raise UndecodableError(f"The file is damaged: {damage.message}", code="file.undecodable")
    special: dict[str, Callable[[str], None]] = {"application/pdf": _pdf, "application/zip": _zip}
    try:
        if found.media.kind in (Kind.VIDEO, Kind.AUDIO):
            _clip(found)
        elif found.media.mime in special:
            special[found.media.mime](found.path)
        elif (found.media.frame_count or 1) > 1:
            _animation(found)
    except UndecodableError:
        raise
    except FileNotFoundError as error:
        raise UnreadableError(f"The file is gone: {error.strerror}.") from error


def _clip(found: Probe) -> None:
    import av

    from dam.media import streams

    if found.media.mime not in streams.DEMUXERS:
        return
    try:
        with open(found.path, "rb") as stream, streams.open_container(stream, found.media.mime) as container:
            tracks = [s for s in container.streams if s.codec_context is not None and s.type in ("video", "audio")]
            for track in tracks:
                track.codec_context.thread_count = 1
            length_s = container.duration / av.time_base if container.duration else None
            whole = length_s is not None and length_s <= WHOLE_S and found.size_bytes <= WHOLE_BYTES
            seen = _decoded(container, tracks, None if whole else _PACKETS)
            if not whole and length_s is not None and length_s > _END_S:
                container.seek(int((length_s - _END_S) * av.time_base))
                seen += _decoded(container, tracks, None)
    except (av.error.FFmpegError, ValueError, ArithmeticError, EOFError) as error:
        raise UndecodableError(f"It cannot be decoded: {streams.reason(error)}.", code="file.undecodable") from error
    if tracks and not seen:
        raise UndecodableError("No frame of it can be decoded.", code="file.undecodable")


def _decoded(container: Any, tracks: list[Any], limit: int | None) -> int:
    """How many frames came out of up to `limit` packets of every track. An error of the decoder is not caught."""
    frames, counts = 0, dict.fromkeys((track.index for track in tracks), 0)
    if not tracks:
        return 0
    for number, packet in enumerate(container.demux(tracks)):
        if number > _MAX_PACKETS or (limit is not None and min(counts.values()) >= limit):
            break
        if packet.is_corrupt and container.format.name not in _JOINED_IN_THE_MIDDLE:
            raise ValueError("a packet is damaged")
        counts[packet.stream.index] += 1
        if limit is None or counts[packet.stream.index] <= limit:
            frames += len(packet.decode())
    return frames


def _animation(found: Probe) -> None:
    """Every frame of a GIF, WebP or PNG: the pixels stage decodes the first only."""
    from PIL import GifImagePlugin, PngImagePlugin, WebPImagePlugin

    # The plug-ins are called directly: Image.open would try every format on the bytes.
    readers: dict[str, Any] = {
        "image/gif": GifImagePlugin.GifImageFile,
        "image/webp": WebPImagePlugin.WebPImageFile,
        "image/png": PngImagePlugin.PngImageFile,
    }
    if found.media.mime not in readers:
        return
    area = max(1, (found.media.width_px or 1) * (found.media.height_px or 1))
    try:
        with open(found.path, "rb") as stream, readers[found.media.mime](stream) as picture:
            for index in range(min(picture.n_frames, _FRAMES, max(1, _ANIMATED_PX // area))):
                picture.seek(index)
                picture.load()
    except (OSError, ValueError, SyntaxError, EOFError, IndexError) as error:
        raise UndecodableError(f"A frame of it cannot be decoded: {error}.", code="file.undecodable") from error


def _pdf(path: str) -> None:
    with open(path, "rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _TAIL_BYTES))
        tail = stream.read()
        at = tail.rpartition(b"startxref")[2].split(b"%%EOF")[0].strip() if b"startxref" in tail else b""
        if b"%%EOF" not in tail or not at.isdigit() or int(at) >= size:
            raise UndecodableError("The PDF has no end: it is cut off.", code="file.undecodable")
        stream.seek(int(at))
        table = stream.read(64).lstrip()
    if not table.startswith(b"xref") and b" obj" not in table:  # a table, or a stream of one (ISO 32000-2 §7.5.8)
        raise UndecodableError("The PDF's table of objects is not where it should be.", code="file.undecodable")


def _zip(path: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > _MEMBERS:
                raise UndecodableError(f"The archive has more than {_MEMBERS} members.", code="file.undecodable")
            left = _UNZIPPED_BYTES
            for member in members:
                if member.flag_bits & 1:  # encrypted: nobody here can look
                    continue
                with archive.open(member) as stream:
                    while left > 0 and (block := stream.read(min(_STEP, left))):  # checks the CRC at its end
                        left -= len(block)
    except _UNZIPPABLE as error:
        raise UndecodableError(f"The archive is damaged: {error}.", code="file.undecodable") from error
