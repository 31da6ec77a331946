"""Videos written anew with a changed luma: H.264 beside the sound as it was, in the container that it came in.

Only what can be carried over whole is taken: planar 8-bit pictures, progressive, upright, one picture track and sound.
Colours are never converted: the luma plane alone is changed. The size follows the content.
"""

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from dam.errors import PolicyError, UndecodableError, UnreadableError
from dam.media import streams
from dam.media.picture import Bytes8, check_size
from dam.model import Media

CRF: Final = 16
PRESET: Final = "medium"
FORMS: Final = {"video/mp4": "mp4", "video/quicktime": "mov"}
_PLANAR: Final = ("yuv420p", "yuvj420p", "yuv444p", "yuvj444p")
_SAMPLE_FROM: Final = 3  # a third of the length: beginnings are black
_FEWEST: Final = 24
_SAMPLED_PX: Final = 100_000_000  # of all frames of a sample together: bounds the memory
Change = Callable[[Bytes8], Bytes8]


def check(path: str, media: Media, *, max_pixels_mp: float) -> None:
    """Whether a video can be written anew without losing anything but what compression takes.

    Raises:
        PolicyError: "mark.video" with the reason. UndecodableError: it cannot be decoded. UnreadableError: nor read.
    """
    if media.mime not in FORMS:
        raise _refused(f"Videos of type {media.mime} are not written anew.")
    with _opened(path, media) as container:
        video = _track(container, max_pixels_mp)
        context = video.codec_context
        others = {one.type for one in container.streams} - {"video", "audio"}
        if len(container.streams.video) > 1 or others:
            raise _refused("It has more than a picture track and sound.")
        if context.pix_fmt not in _PLANAR:
            raise _refused(f"Its pictures are {context.pix_fmt}, not 8-bit planar YUV 4:2:0 or 4:4:4.")
        if context.width % 2 or context.height % 2:
            raise _refused("Its sides are odd numbers.")
        frame = next(container.decode(video), None)
        if frame is None:
            raise UndecodableError("The video has no frame that can be decoded.")
        if frame.rotation:
            raise _refused("It is stored turned.")
        if frame.interlaced_frame:
            raise _refused("It is interlaced.")


def lumas(path: str, media: Media, *, max_pixels_mp: float, count: int) -> list[Bytes8]:
    """Up to `count` frames in a row (of large ones fewer, but 24), from a third of the length on, as luma planes of the
    stored range. Raises as `check`.
    """
    with _opened(path, media) as container:
        video = _track(container, max_pixels_mp)
        if container.duration:
            container.seek(container.duration // _SAMPLE_FROM)
        found: list[Bytes8] = []
        for frame in container.decode(video):
            found.append(_luma(frame.to_ndarray(), frame.height).copy())
            if len(found) >= min(count, max(_FEWEST, _SAMPLED_PX // found[0].size)):
                break
        return found


def through_h264(frames: Iterable[Bytes8], *, crf: int, rate: int = 24) -> Iterator[Bytes8]:
    """What is left of luma planes after H.264 at this CRF."""
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as out:
        stream: Any = None
        for luma in frames:
            height, width = luma.shape[0] // 2 * 2, luma.shape[1] // 2 * 2
            if stream is None:
                stream = out.add_stream("libx264", rate=rate, options={"crf": str(crf), "preset": "medium"})
                stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            grey = np.full((height * 3 // 2, width), 128, np.uint8)
            grey[:height] = luma[:height, :width]
            out.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="yuv420p")))
        if stream is None:
            return
        out.mux(stream.encode(None))
    written.seek(0)
    with av.open(written, "r", format="mov") as made:
        for frame in made.decode(video=0):
            yield _luma(frame.to_ndarray(), frame.height)


def remake(path: str, media: Media, target: Path, change: Change, *, max_pixels_mp: float) -> None:
    """Write the video anew into `target`, its luma changed frame by frame, sound and tags as they were.

    Raises as `check`; what it wrote until then is left to the caller. OSError: the target cannot be written.
    """
    with _opened(path, media) as source, target.open("w+b") as stream:
        video = _track(source, max_pixels_mp)
        options = {"movflags": "use_metadata_tags+faststart"}
        with av.open(stream, "w", format=FORMS[media.mime], options=options) as out:
            out.metadata.update(source.metadata)
            made = _picture_stream(out, video)
            sound = {one.index: out.add_stream_from_template(one) for one in source.streams.audio}
            for packet in source.demux([video, *source.streams.audio]):
                if packet.stream.type == "audio":
                    if packet.dts is not None:
                        packet.stream = sound[packet.stream.index]
                        out.mux(packet)
                    continue
                for frame in packet.decode():
                    check_size(frame.width, frame.height, max_pixels_mp)
                    out.mux(made.encode(_changed(frame, change)))
            out.mux(made.encode(None))


@contextmanager
def _opened(path: str, media: Media) -> Iterator[Any]:
    """A container for reading; what goes wrong with it within the block is said in our own errors."""
    try:
        stream = open(path, "rb")  # noqa: SIM115  # names as given
    except OSError as error:
        raise UnreadableError(f"The file cannot be read: {error.strerror or error}.") from error
    with stream:
        try:
            with streams.open_container(stream, media.mime) as container:
                yield container
        except (av.error.FFmpegError, ValueError) as error:
            raise UndecodableError(f"The video cannot be decoded: {streams.reason(error)}.") from error


def _track(container: Any, max_pixels_mp: float) -> Any:
    video = next((one for one in container.streams.video if one.codec_context is not None), None)
    if video is None:
        raise UndecodableError("The file has no picture track that can be decoded here.")
    check_size(video.codec_context.width, video.codec_context.height, max_pixels_mp)
    return video


def _picture_stream(out: Any, video: Any) -> Any:
    given = video.codec_context
    made = out.add_stream("libx264", rate=video.average_rate or 24, options={"crf": str(CRF), "preset": PRESET})
    made.width, made.height, made.pix_fmt = given.width, given.height, given.pix_fmt
    made.time_base = made.codec_context.time_base = video.time_base
    context = made.codec_context
    context.color_range, context.colorspace = given.color_range, given.colorspace
    context.color_primaries, context.color_trc = given.color_primaries, given.color_trc
    if video.sample_aspect_ratio:
        context.sample_aspect_ratio = video.sample_aspect_ratio
    return made


def _changed(frame: Any, change: Change) -> Any:
    planes = frame.to_ndarray()
    luma = _luma(planes, frame.height)
    luma[:] = change(luma)
    made = av.VideoFrame.from_ndarray(planes, format=frame.format.name)
    made.pts, made.time_base = frame.pts, frame.time_base
    made.color_range, made.colorspace = frame.color_range, frame.colorspace
    return made


def _luma(planes: Any, height: int) -> Bytes8:
    """The luma of what `to_ndarray` gives of planar YUV: (H * 3 / 2, W) of 4:2:0, (3, H, W) or (H, W, 3) of 4:4:4."""
    if planes.ndim == 2:
        return np.asarray(planes[:height], np.uint8)
    return np.asarray(planes[0] if planes.shape[0] == 3 else planes[:, :, 0], np.uint8)


def _refused(reason: str) -> PolicyError:
    return PolicyError(
        f"{reason} It is signed without an invisible mark.", next_step="Deliver it as H.264 in MP4 to have it marked.",
        code="mark.video",
    )  # fmt: skip
