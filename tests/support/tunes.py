"""Tunes: random notes with overtones over random chords and a beat, unlike each other, as samples and as files."""

import av
import numpy as np

RATE = 22_050


def tune(seed, seconds=20.0):
    """int16 (n,), mono, at RATE."""
    draw = np.random.default_rng(seed)
    total = np.zeros(round(seconds * RATE))
    scale = 220.0 * 2 ** (np.array([0, 2, 3, 5, 7, 8, 10, 12, 14, 15]) / 12 + draw.uniform(0, 1))
    at = 0.0
    while at < seconds - 0.1:
        length = draw.choice([0.25, 0.5, 0.75])
        for _ in range(draw.integers(1, 4)):
            begin, count = round(at * RATE), round(min(length, seconds - at) * RATE)
            times = np.arange(count) / RATE
            pitch = draw.choice(scale)
            wave = sum(np.sin(2 * np.pi * pitch * k * times) / k for k in range(1, 6))
            total[begin : begin + count] += wave * np.exp(-3 * times)
        at += length
    total += draw.normal(0, 0.02, len(total))
    return np.round(total / np.abs(total).max() * 20_000).astype(np.int16)


def write(path, samples, *, codec=None, rate=RATE, bit_rate=None, container=None):
    """A sound file; the codec follows the suffix unless one is named."""
    chosen = (
        codec
        or {"wav": "pcm_s16le", "mp3": "libmp3lame", "flac": "flac", "m4a": "aac", "opus": "libopus"}[path.suffix[1:]]
    )
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(chosen, rate=rate, layout="mono")
        if bit_rate:
            stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate)
        fifo = av.AudioFifo()
        for made in resampler.resample(frame) + resampler.resample(None):
            made.pts = None
            fifo.write(made)
        size = stream.codec_context.frame_size or 1024
        while (part := fifo.read(size, partial=True)) is not None:
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return path
