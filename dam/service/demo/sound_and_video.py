"""Sound and video of the demo drive: harbour ambience, a spoken-like line, a pan across a picture."""

import io
import wave
from collections.abc import Mapping
from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from dam.service.demo.brushes import Pixels

RATE_HZ = 44_100
Sound = NDArray[np.float32]  # mono, -1..1


def _low_pass(sound: Sound, cutoff_hz: float) -> Sound:
    spectrum = np.fft.rfft(sound)
    spectrum /= 1.0 + (np.fft.rfftfreq(sound.size, 1.0 / RATE_HZ) / cutoff_hz) ** 2
    out: Sound = np.fft.irfft(spectrum, sound.size).astype(np.float32)
    return out


def harbour_ambience(seed: int, duration_s: float) -> Sound:
    """Swell, a far horn and two gulls."""
    rng = np.random.default_rng((seed, 61))
    t = np.arange(int(duration_s * RATE_HZ), dtype=np.float32) / RATE_HZ
    swell = 0.35 + 0.3 * np.sin(2 * np.pi * 0.21 * t) + 0.2 * np.sin(2 * np.pi * 0.37 * t + 1.0)
    sea = _low_pass(rng.standard_normal(t.size).astype(np.float32), 420.0)
    sound = sea / np.abs(sea).max() * swell * 0.5
    horn = sum(np.sin(2 * np.pi * 98.0 * k * t) / k**1.4 for k in (1, 2, 3, 5))
    sound += 0.16 * horn * np.exp(-(((t - 0.45 * duration_s) / 0.7) ** 4))
    for start in (0.18, 0.74):
        at = t - start * duration_s
        cry = np.sin(2 * np.pi * (1500 * at - 420 * at**2)) * np.sin(np.pi * np.clip(at / 0.45, 0, 1)) ** 2
        sound += 0.09 * cry
    out: Sound = np.clip(sound, -0.98, 0.98).astype(np.float32)
    return out


def voice_line(seed: int, duration_s: float) -> Sound:
    """Tones with the pitch, formants and pauses of a short spoken line."""
    rng = np.random.default_rng((seed, 62))
    t = np.arange(int(duration_s * RATE_HZ), dtype=np.float32) / RATE_HZ
    pitch = 178 + 26 * np.sin(2 * np.pi * 0.55 * t) + 8 * np.sin(2 * np.pi * 4.7 * t) - 14 * t
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    sound = np.zeros_like(t)
    syllables = int(duration_s * 4.2)
    for k in range(syllables):
        middle = (k + 0.5 + rng.normal(0, 0.08)) * duration_s / syllables
        gate = np.exp(-(((t - middle) / 0.075) ** 4)) * (0.0 if k % 6 == 5 else 1.0)
        first, second = rng.uniform(320, 780), rng.uniform(1000, 2300)
        for harmonic in range(1, 16):
            level = np.exp(-(((harmonic * 178 - first) / 160) ** 2)) + 0.5 * np.exp(
                -(((harmonic * 178 - second) / 220) ** 2)
            )
            if level > 0.04:
                sound += (gate * level * np.sin(harmonic * phase)).astype(np.float32)
    out: Sound = (sound / np.abs(sound).max() * 0.8).astype(np.float32)
    return out


def wav(sound: Sound) -> bytes:
    """16-bit mono WAV without any text."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return out.getvalue()


def mp3(sound: Sound, texts: Mapping[str, str]) -> bytes:
    """MP3 with one ID3 TXXX frame per text, as ComfyUI's SaveAudioMP3 leaves them."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp3") as container:
        container.metadata.update(texts)
        stream = container.add_stream("libmp3lame", rate=RATE_HZ, layout="mono")
        stream.bit_rate = 128_000
        frame = av.AudioFrame.from_ndarray((sound * 32767).astype(np.int16)[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, 0
        resampler = av.AudioResampler(
            format="s16p", layout="mono", rate=RATE_HZ, frame_size=stream.codec_context.frame_size or 1152
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return out.getvalue()


def _pan(picture: Pixels, size: tuple[int, int], count: int) -> list[Pixels]:
    """Frames of a slow push from left to right across the picture."""
    width, height = size
    rows, cols = picture.shape[:2]
    frames: list[Pixels] = []
    for k in range(count):
        t = k / max(1, count - 1)
        ease = t * t * (3 - 2 * t)
        wide = cols * (0.78 - 0.16 * ease)
        tall = wide * height / width
        left, top = (cols - wide) * (0.12 + 0.76 * ease), (rows - tall) * 0.45
        scale = width / wide
        move = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]], np.float64)
        frames.append(cv2.warpAffine(picture, move, (width, height), flags=cv2.INTER_AREA))
    return frames


def mp4(picture: Pixels, texts: Mapping[str, str], *, duration_s: float = 2.5, fps: int = 16) -> bytes:
    """512x288 H.264 with `prompt` and `workflow` in moov/udta/meta, as ComfyUI's SaveVideo writes them."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4", options={"movflags": "use_metadata_tags"}) as container:
        container.metadata.update(texts)
        stream = container.add_stream("h264", rate=Fraction(fps))
        stream.width, stream.height, stream.pix_fmt = 512, 288, "yuv420p"
        stream.codec_context.thread_count = 1  # the same bytes on every run
        stream.options = {"preset": "veryfast", "crf": "23"}
        for pixels in _pan(picture, (512, 288), round(duration_s * fps)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return out.getvalue()
