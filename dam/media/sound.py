"""Samples of a sound file through PyAV: mono, at one rate, so much of it as is asked for."""

import io
import time
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from dam.errors import UndecodableError, UnreadableError
from dam.media import streams
from dam.media.picture import NO_DECODER
from dam.model import Media

Samples = NDArray[np.int16]
_BUDGET_S: Final = 60.0
_RATES: Final = (2_000, 768_000)  # a frame said to be of one sample a second would become gigabytes


def samples(path: str, media: Media, *, rate: int, seconds: float) -> Samples:
    """The first `seconds` of the first sound track: int16 (n,), mono, `rate` a second. Damaged packets are left out.

    Raises:
        UndecodableError: no sound can be decoded. UnreadableError: the operating system does not let the file be read.
    """
    ends = time.monotonic() + _BUDGET_S
    wanted, count = round(rate * seconds), 0
    found: list[Samples] = []
    try:
        with open(path, "rb") as stream, streams.open_container(stream, media.mime) as container:
            track = next((one for one in container.streams.audio if one.codec_context is not None), None)
            if track is None:
                raise UndecodableError("The file has no sound track that can be decoded here.", code=NO_DECODER)
            track.codec_context.thread_count = 1
            resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
            for frame in _frames(container, track):
                if not _RATES[0] <= frame.sample_rate <= _RATES[1]:
                    raise UndecodableError(f"Sound of {frame.sample_rate} samples a second is not listened to.")
                for made in resampler.resample(frame):
                    found.append(made.to_ndarray().reshape(-1))
                    count += len(found[-1])
                if count >= wanted or time.monotonic() > ends:
                    break
    except (av.error.FFmpegError, ValueError) as error:
        raise UndecodableError(f"The sound cannot be decoded: {streams.reason(error)}.") from error
    except OSError as error:
        raise UnreadableError(f"The file cannot be read: {error.strerror or error}.") from error
    if not found:
        raise UndecodableError("The sound has no part that can be decoded.")
    return np.concatenate(found)[:wanted].astype(np.int16, copy=False)


def resampled(wave: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    """Mono samples at another rate."""
    if rate == wanted:
        return wave
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=wanted)
    made = resampler.resample(_frame(wave, rate)) + resampler.resample(None)
    return np.concatenate([one.to_ndarray().reshape(-1) for one in made]).astype(np.float32, copy=False)


def through(wave: NDArray[np.float32], rate: int, codec: str, bit_rate: int) -> tuple[NDArray[np.float32], int]:
    """What is left of mono samples after a codec at so many bits a second, with its own rate: 48,000 or 44,100."""
    coded = 48_000 if codec == "libopus" else 44_100
    written = io.BytesIO()
    with av.open(written, "w", format="ogg" if codec == "libopus" else "mp3") as out:
        stream = out.add_stream(codec, rate=coded, layout="mono")
        stream.bit_rate = bit_rate
        resampler, fifo = av.AudioResampler(format=stream.format, layout="mono", rate=coded), av.AudioFifo()
        for made in resampler.resample(_frame(wave, rate)) + resampler.resample(None):
            made.pts = None
            fifo.write(made)
        size = stream.codec_context.frame_size or 1024
        while (part := fifo.read(size, partial=True)) is not None:
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    written.seek(0)
    back = av.AudioResampler(format="fltp", layout="mono", rate=coded)
    with av.open(written, "r") as given:
        heard = [one.to_ndarray().reshape(-1) for frame in given.decode(audio=0) for one in back.resample(frame)]
    return np.concatenate(heard).astype(np.float32, copy=False), coded


def _frame(wave: NDArray[np.float32], rate: int) -> Any:
    frame = av.AudioFrame.from_ndarray(np.clip(wave, -1, 1).astype(np.float32)[None], format="fltp", layout="mono")
    frame.sample_rate = rate
    return frame


def _frames(container: Any, track: Any) -> Any:
    for packet in container.demux(track):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue
