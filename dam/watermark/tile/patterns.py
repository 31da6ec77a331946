"""The keyed patterns: one sync pattern and 16 symbol patterns on a 128 x 128 torus, kept as spectra.

A pattern is a fixed magnitude (band 4..32 cycles per tile, falling as f**-0.35, nothing on the axes, where the lines and
borders of pictures live) with keyed phases. The phases come straight from SHAKE-256, not from a random generator whose
stream may change between library versions: a mark must still be readable in ten years.

Spectra are cut to the band: arrays (65, 33) = frequencies y -32..32, x 0..32; negative x follows by symmetry.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dam.watermark.payload import CODE_SYMBOLS, derive

TILE: Final = 128  # canonical pixels
GRID: Final = 8  # a symbol is a cyclic shift by (high nibble, low nibble) times this
SHIFTS: Final = TILE // GRID
LOW: Final = 4.0  # cycles per tile
HIGH: Final = 32
TILT: Final = 0.35
SYNC_ENERGY: Final = 0.18  # share of the sync pattern

Spectrum = NDArray[np.complex64]
Plane = NDArray[np.float32]

FREQ_Y: Final = np.arange(-HIGH, HIGH + 1)
FREQ_X: Final = np.arange(HIGH + 1)
RADIUS: Final = np.hypot(FREQ_Y[:, None], FREQ_X[None])
IN_BAND: Final = (RADIUS >= LOW) & (RADIUS <= HIGH) & (FREQ_Y[:, None] != 0) & (FREQ_X[None] != 0)
_MAGNITUDE: Final = np.where(IN_BAND, np.maximum(RADIUS, 1.0) ** -TILT, 0.0)


@dataclass(frozen=True, slots=True)
class Bank:
    """The phases of a key, (17, 65, 33) complex, magnitude 1 in the band and 0 outside; [0] is the sync pattern."""

    phases: Spectrum


class BankCache:
    """A small, thread-safe store of banks, the least recently used dropped first; holds no key, only its SHA-256."""

    def __init__(self, limit: int = 8) -> None:
        self._limit = limit
        self._banks: OrderedDict[bytes, Bank] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._banks)

    def get(self, key: bytes) -> Bank:
        name = hashlib.sha256(key).digest()
        with self._lock:
            if (bank := self._banks.get(name)) is not None:
                self._banks.move_to_end(name)
                return bank
        bank = make_bank(key)  # outside the lock: two threads may do the same work once, with the same result
        with self._lock:
            self._banks[name] = bank
            while len(self._banks) > self._limit:
                self._banks.popitem(last=False)
        return bank


def make_bank(key: bytes) -> Bank:
    """Derive all patterns of a key (a few ms)."""
    count = int(IN_BAND.sum())
    stream = hashlib.shake_256(derive(key, b"tilemark/patterns")).digest(2 * count * (CODE_SYMBOLS + 1))
    angles = np.frombuffer(stream, dtype="<u2").reshape(CODE_SYMBOLS + 1, count) * (2 * np.pi / 65536)
    phases = np.zeros((CODE_SYMBOLS + 1, *IN_BAND.shape), np.complex64)
    phases[:, IN_BAND] = np.exp(1j * angles)
    phases.setflags(write=False)
    return Bank(phases)


def make_tile(bank: Bank, code: bytes) -> Plane:
    """Draw the (128, 128) tile that carries 16 symbols: mean 0, standard deviation 1."""
    total = np.sqrt(SYNC_ENERGY) * bank.phases[0].astype(np.complex128)
    amplitude = np.sqrt((1 - SYNC_ENERGY) / CODE_SYMBOLS)
    for symbol, phases in zip(code, bank.phases[1:], strict=True):
        ramp_y = np.exp(-2j * np.pi * FREQ_Y * (symbol >> 4) / SHIFTS)
        ramp_x = np.exp(-2j * np.pi * FREQ_X * (symbol & 15) / SHIFTS)
        total += amplitude * phases * ramp_y[:, None] * ramp_x[None]
    tile = to_plane((total * _MAGNITUDE).astype(np.complex64))
    return tile / np.float32(tile.std())


def to_plane(band: Spectrum) -> Plane:
    """Inverse transform of a band spectrum to (128, 128)."""
    from scipy import fft  # 0.3 s to import, and most commands mark nothing

    rows = np.zeros((TILE, HIGH + 1), np.complex64)
    rows[: HIGH + 1] = band[HIGH:]
    rows[-HIGH:] = band[:HIGH]
    return np.asarray(fft.irfft(fft.ifft(rows, axis=0), n=TILE, axis=1), np.float32)


def to_band(blocks: Plane) -> Spectrum:
    """Transform (n, 128, 128) blocks and keep the band: (n, 65, 33)."""
    from scipy import fft

    rows = fft.rfft(blocks, axis=2)[:, :, : HIGH + 1]
    full = fft.fft(rows, axis=1)
    return np.concatenate((full[:, -HIGH:], full[:, : HIGH + 1]), axis=1).astype(np.complex64, copy=False)


def at_grid(band: Spectrum) -> Plane:
    """Values of (n, 65, 33) spectra at the 256 shifts, (n, 256), on the scale of `to_plane`.

    Sampling every 8 px folds the frequencies modulo 16, so a small transform is exact (and, unlike a matrix product,
    never starts the threads of a BLAS).
    """
    from scipy import fft

    count = len(band)
    rows = band[:, :-1].reshape(count, -1, SHIFTS, HIGH + 1).sum(axis=1)
    rows[:, 0] += band[:, -1]
    folded = rows[:, :, :-1].reshape(count, SHIFTS, -1, SHIFTS).sum(axis=2)
    folded[:, :, 0] += rows[:, :, -1]
    values = np.asarray(fft.ifft2(folded).real, np.float32)
    return values.reshape(count, SHIFTS * SHIFTS) * np.float32(2 / GRID**2)
