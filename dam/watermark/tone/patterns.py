"""The keyed patterns: one sync pattern and 16 symbol patterns on a circle of 16,384 samples at 8 kHz (2.048 s).

As the tile of pictures, in one dimension: magnitudes are flat from 1 to 3.8 kHz, where speech and music have their
energy and every codec keeps it; phases come from SHAKE-256 of the key. A symbol is a turn of its pattern by 1/256.
"""

import hashlib
from collections import OrderedDict
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dam.watermark.payload import CODE_SYMBOLS, derive

RATE: Final = 8_000
PERIOD: Final = 16_384  # samples at RATE
SYMBOLS: Final = 256
OVERSAMPLED: Final = 8
_LOW_HZ, _HIGH_HZ = 1_000.0, 3_800.0
_SYNC_ENERGY: Final = 0.2

_FREQUENCIES: Final = np.fft.rfftfreq(PERIOD, 1 / RATE)
BAND: Final = np.flatnonzero((_FREQUENCIES >= _LOW_HZ) & (_FREQUENCIES <= _HIGH_HZ))
BAND_HZ: Final = (_LOW_HZ - 50, _HIGH_HZ + 50)

Phases = NDArray[np.complex128]
Signal = NDArray[np.float32]


class BankCache:
    """Phases of a few keys, (17, bins): [0] is the sync pattern. Thread-safe; holds no key, only its SHA-256."""

    def __init__(self, limit: int = 8) -> None:
        self._limit = limit
        self._banks: OrderedDict[bytes, Phases] = OrderedDict()
        self._lock = Lock()

    def get(self, key: bytes) -> Phases:
        name = hashlib.sha256(key).digest()
        with self._lock:
            if (bank := self._banks.get(name)) is not None:
                self._banks.move_to_end(name)
                return bank
        bank = make_bank(key)
        with self._lock:
            self._banks[name] = bank
            while len(self._banks) > self._limit:
                self._banks.popitem(last=False)
        return bank


def make_bank(key: bytes) -> Phases:
    """Derive all patterns of a key (a few ms)."""
    stream = hashlib.shake_256(derive(key, b"tonemark/patterns")).digest(2 * len(BAND) * (CODE_SYMBOLS + 1))
    angles = np.frombuffer(stream, dtype="<u2").reshape(CODE_SYMBOLS + 1, len(BAND)) * (2 * np.pi / 65536)
    bank: Phases = np.exp(1j * angles)
    bank.setflags(write=False)
    return bank


def make_period(bank: Phases, code: bytes) -> Signal:
    """One turn of the mark, OVERSAMPLED times as fine as RATE: mean 0, standard deviation 1."""
    total = np.sqrt(_SYNC_ENERGY) * bank[0]
    amplitude = np.sqrt((1 - _SYNC_ENERGY) / CODE_SYMBOLS)
    for symbol, phases in zip(code, bank[1:], strict=True):
        total = total + amplitude * phases * np.exp(-2j * np.pi * BAND * symbol / SYMBOLS)
    spectrum = np.zeros(OVERSAMPLED * PERIOD // 2 + 1, np.complex128)
    spectrum[BAND] = total
    wave = np.fft.irfft(spectrum, OVERSAMPLED * PERIOD)
    return np.asarray(wave / wave.std(), np.float32)


def played(period: Signal, rate: int, start: int, count: int, origin: float) -> Signal:
    """`count` samples at `rate` of the repeated mark from sample `start` on; `origin` 0..1 turns it."""
    step = OVERSAMPLED * RATE / rate
    places = ((np.arange(start, start + count) * step) + origin * len(period)) % len(period)
    left = places.astype(np.int64)
    share = (places - left).astype(np.float32)
    return np.asarray(period[left] * (1 - share) + period[(left + 1) % len(period)] * share, np.float32)
