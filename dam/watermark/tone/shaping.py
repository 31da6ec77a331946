"""Short-time spectra: how loud a mark may be in each place of a sound, and what a sound is without its own loudness."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dam.watermark.tone.patterns import BAND_HZ, RATE, Signal

Spectra = NDArray[np.complex64]

_FAST_RATE: Final = 30_000
_BLOCK: Final = 1 << 19  # samples shaped at once: bounds the memory
_HIDE_BINS: Final = 2  # neighbours on each side that hide a place
_WHITEN_SIZE: Final = 256  # at RATE
_WHITEN_BINS: Final = 3
_WHITEN_SHARE: Final = 0.7  # of the neighbours' loudness, the rest the place's own
_FLOOR: Final = 1e-4


def shaped(sound: Signal, mark: Signal, rate: int) -> Signal:
    """The mark (standard deviation 1, flat in its band) as loud as the sound in every place and moment of the band."""
    out = np.zeros(len(sound), np.float32)
    size = 1024 if rate > _FAST_RATE else 512
    margin = 4 * size
    for start in range(0, len(sound), _BLOCK):
        first, last = max(0, start - margin), min(len(sound), start + _BLOCK + margin)
        part = _shaped_block(sound[first:last], mark[first:last], rate, size)
        out[start : start + _BLOCK] = part[start - first : start - first + min(_BLOCK, len(sound) - start)]
    return out


def _shaped_block(sound: Signal, mark: Signal, rate: int, size: int) -> Signal:
    loud = np.sqrt(_around(np.abs(spectra(sound, size)) ** 2, _HIDE_BINS))
    marked = spectra(mark, size)
    frequencies = np.fft.rfftfreq(size, 1 / rate)
    inside = (frequencies >= BAND_HZ[0]) & (frequencies <= BAND_HZ[1])
    level = np.sqrt(np.mean(np.abs(marked[:, inside]) ** 2)) + 1e-12
    return back(marked * (loud * inside / level), size, len(sound))


def whitened(sound: Signal) -> Signal:
    """A sound at RATE with every place and moment about equally loud, so that the mark is not outvoted."""
    given = spectra(sound, _WHITEN_SIZE)
    size = np.abs(given)
    around = np.sqrt(_around(size**2, _WHITEN_BINS))
    given /= around**_WHITEN_SHARE * size ** (1 - _WHITEN_SHARE) + _FLOOR * size.max() + np.float32(1e-9)
    return back(given, _WHITEN_SIZE, len(sound))


def spectra(wave: Signal, size: int) -> Spectra:
    """(frames, size / 2 + 1) under a root-Hann window, half overlapping, with room at both ends."""
    padded = np.concatenate([np.zeros(size, np.float32), wave, np.zeros(2 * size, np.float32)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 2]
    return np.fft.rfft(frames * _window(size), axis=1).astype(np.complex64)


def back(given: NDArray[np.complexfloating], size: int, count: int) -> Signal:
    """The wave of such spectra."""
    hop = size // 2
    frames = (np.fft.irfft(given, size, axis=1) * _window(size)).astype(np.float32)
    out = np.zeros((len(frames) + 1) * hop, np.float32)
    out[: len(frames) * hop] += frames[:, :hop].ravel()
    out[hop:] += frames[:, hop:].ravel()
    return out[size : size + count]


def _window(size: int) -> NDArray[np.float32]:
    return np.sqrt(np.hanning(size + 1)[:-1]).astype(np.float32)


def _around(power: NDArray[np.floating], bins: int) -> NDArray[np.float32]:
    """Means over so many neighbours on each side in frequency."""
    padded = np.pad(power, ((0, 0), (bins + 1, bins)), mode="edge")
    sums = np.cumsum(padded, axis=1, dtype=np.float64)
    return ((sums[:, 2 * bins + 1 :] - sums[:, : -2 * bins - 1]) / (2 * bins + 1)).astype(np.float32)


__all__ = ["RATE", "back", "shaped", "spectra", "whitened"]
