"""Frames of a video through PyAV, in one thread: a few that stand alone, or a walk through the whole."""

import time
from collections.abc import Generator, Iterator
from typing import Any

import av
import numpy as np

from dam.errors import UndecodableError, UnreadableError
from dam.media import streams
from dam.media.picture import NO_DECODER, Pixels, check_size
from dam.model import Media

_MAX_PACKETS = 20_000
_MAX_READ = 2_000_000  # packets of a whole video: nine hours at 60 a second
# How close the frames of a walk are: a panning camera changes a fingerprint within a tenth of a second, but what a
# second costs in time and memory must fall as videos get long.
# (up to this length, seconds from frame to frame, which frames the decoder leaves out)
_STEPS = ((60.0, 1 / 12, "DEFAULT"), (600.0, 1 / 4, "NONREF"), (float("inf"), 1.0, "NONKEY"))


def moments(path: str, media: Media, *, max_pixels_mp: float, budget_s: float) -> Generator[Pixels, None, None]:
    """Upright frames of a whole video in order: twelve a second up to a minute of length, four up to ten minutes, of a
    longer one its key frames.

    Ends early, without a word, when `budget_s` seconds have passed. Raises as `key_frames`.
    """
    ends = time.monotonic() + budget_s
    try:
        with open(path, "rb") as stream, streams.open_container(stream, media.mime) as container:
            video = _picture_track(container, max_pixels_mp)
            length_s = (container.duration or 0) / av.time_base
            step_s, left_out = next((step_s, left_out) for up_to_s, step_s, left_out in _STEPS if length_s <= up_to_s)
            video.codec_context.skip_frame = left_out
            next_s = float("-inf")
            for frame in _decoded(container, video, limit=None, packets=_MAX_READ):
                frame_s = float(frame.time or 0.0)
                if frame_s >= next_s:
                    check_size(frame.width, frame.height, max_pixels_mp)
                    next_s = frame_s + step_s - 1e-3
                    yield _pixels(frame, frame_s)
                if time.monotonic() > ends:
                    return
    except (av.error.FFmpegError, ValueError) as error:
        raise UndecodableError(f"The video cannot be decoded: {streams.reason(error)}.") from error
    except OSError as error:
        raise UnreadableError(f"The file cannot be read: {error.strerror or error}.") from error


def key_frames(path: str, media: Media, *, max_pixels_mp: float, limit: int) -> Generator[Pixels, None, None]:
    """Up to `limit` upright key frames: the first ones in order for `limit` = 1, else spread evenly over the length.

    Raises:
        UndecodableError: no key frame can be decoded.
        LimitError: frames larger than the limit.
    """
    try:
        with open(path, "rb") as stream, streams.open_container(stream, media.mime) as container:  # names as given
            video = _picture_track(container, max_pixels_mp)
            video.codec_context.skip_frame = "NONKEY"
            yield from _frames(container, video, limit, max_pixels_mp)
    except (av.error.FFmpegError, ValueError) as error:
        raise UndecodableError(f"The video cannot be decoded: {streams.reason(error)}.") from error
    except OSError as error:
        raise UnreadableError(f"The file cannot be read: {error.strerror or error}.") from error


def _picture_track(container: Any, max_pixels_mp: float) -> Any:
    video = next((s for s in container.streams.video if s.codec_context is not None), None)
    if video is None:
        raise UndecodableError("The file has no picture track that can be decoded here.", code=NO_DECODER)
    check_size(video.codec_context.width, video.codec_context.height, max_pixels_mp)
    video.codec_context.thread_count = 1
    return video


def _frames(container: Any, video: Any, limit: int, max_pixels_mp: float) -> Iterator[Pixels]:
    given = 0
    last_s = -1.0
    for target_s in _targets(container, limit):
        if target_s is not None:
            container.seek(int(target_s * av.time_base))
        for frame in _decoded(container, video, limit=1 if target_s is not None else limit):
            check_size(frame.width, frame.height, max_pixels_mp)
            frame_s = float(frame.time or 0.0)
            if frame_s > last_s or given == 0:
                last_s = frame_s
                given += 1
                yield _pixels(frame, frame_s)
    if not given:
        raise UndecodableError("The video has no key frame that can be decoded.")


def _targets(container: Any, limit: int) -> list[float | None]:
    """Where to seek for each frame; [None] = read from the start."""
    if limit <= 1 or not container.duration:
        return [None]
    length_s = container.duration / av.time_base
    return [length_s * index / limit for index in range(limit)]


def _decoded(container: Any, video: Any, *, limit: int | None, packets: int = _MAX_PACKETS) -> Iterator[Any]:
    found = 0
    for number, packet in enumerate(container.demux(video)):
        if number > packets:
            return
        try:
            decoded = packet.decode()
        except av.error.InvalidDataError:
            continue  # one damaged packet; a later key frame may be whole
        for frame in decoded:
            yield frame
            found += 1
            if limit is not None and found >= limit:
                return


def _pixels(frame: Any, frame_s: float) -> Pixels:
    # The display matrix turns counter-clockwise, as rot90 does.
    array = np.rot90(frame.to_ndarray(format="rgb24"), k=round(frame.rotation / 90))
    depth = max((c.bits for c in frame.format.components), default=8)
    return Pixels(np.ascontiguousarray(array), bit_depth=depth, frame_s=frame_s)
