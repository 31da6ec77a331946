"""The house's own mark in sound: spread over 1 to 3.8 kHz, hidden under the sound, the same payload as in pictures.

It survives MP3, AAC and Opus at speech rates, resampling, volume, noise and cuts of five seconds (numbers in the docs). Not
searched: another tempo or pitch. Whoever holds the key can also forge or erase.
"""

from typing import Final

import numpy as np

from dam.errors import PolicyError, UsageError
from dam.watermark.contract import Detection, Transform
from dam.watermark.payload import CODE_SYMBOLS, SoftCode, check_key, decode_soft, derive, encode
from dam.watermark.tone.patterns import BAND, PERIOD, RATE, SYMBOLS, BankCache, Phases, Signal, make_period, played
from dam.watermark.tone.shaping import shaped, whitened

_LEAST_S: Final = 4.0  # two turns
_FLATTEN: Final = 0.3
_WORTH_READING: Final = 5.0  # sync score; the largest of noise over 16,384 places is about 4.6
_HOPELESS: Final = 0.35  # as for pictures


class ToneMark:
    """See the module. Holds only a bounded cache of patterns per key."""

    name = "tonemark"
    alg = "org.headwater.tonemark.v1"
    media = frozenset({"audio"})
    capacity_bits = 8 * CODE_SYMBOLS
    keyed = True

    def __init__(self) -> None:
        self._banks = BankCache()

    def mark(self, sound: Signal, rate: int, mark_id: int, key: bytes) -> Signal:
        """What to add to a sound (mono float32, any scale), as loud as the sound itself in every place: scale it by the
        strength, -20 dB and less.

        Raises:
            PolicyError: "mark.too_short". UsageError: "mark.bad_key", "mark.bad_id", "mark.bad_rate".
        """
        if not 2 * RATE <= rate <= 384_000:
            raise UsageError(f"Sound of {rate} samples a second takes no mark.", code="mark.bad_rate")
        if len(sound) < _LEAST_S * rate:
            raise PolicyError("The sound is too short for an invisible mark.", code="mark.too_short")
        period = make_period(self._banks.get(key), encode(mark_id, key))
        drawn = derive(key, b"tonemark/origin/" + mark_id.to_bytes(8, "big"))  # so that averaging shows nothing
        wave = played(period, rate, 0, len(sound), int.from_bytes(drawn[:2], "big") / 65536)
        return shaped(sound, wave, rate)

    def detect(self, sound: Signal, key: bytes) -> Detection | None:
        """Read a mark from mono samples at RATE: 20 ms for a minute. None = nothing found with this key, which proves nothing."""
        check_key(key)
        if len(sound) < PERIOD:
            return None
        bank = self._banks.get(key)
        spectrum = _folded(whitened(np.asarray(sound, np.float32)))
        deviation = float(np.sqrt(2 * (np.abs(spectrum) ** 2).sum())) / PERIOD + 1e-12
        plane = _wave(spectrum * bank[0].conj())
        if -plane.min() > plane.max():  # somebody's cable or plug-in turned the wave upside down
            spectrum, plane = -spectrum, -plane
        place = int(plane.argmax())
        score = float(plane[place]) / deviation
        if score < _WORTH_READING:
            return None
        soft = _symbols(spectrum * np.exp(2j * np.pi * BAND * place / PERIOD), bank, deviation)
        hopeless = sorted(soft.confidence)[CODE_SYMBOLS // 2] < _HOPELESS
        found = decode_soft(soft, key, chase=not hopeless)
        if found.mark_id is None:
            return None
        where = Transform(offset=(0.0, float(place)))
        return Detection(found.mark_id, True, where, round(score, 2), found.comparisons * 2.0**-32, "fast")


def _folded(wave: Signal) -> Phases:
    """All turns laid over each other, as the band of their spectrum, flattened."""
    turns = -(-len(wave) // PERIOD)
    padded = np.zeros(turns * PERIOD, np.float32)
    padded[: len(wave)] = wave
    spectrum = np.fft.rfft(padded.reshape(turns, PERIOD).sum(axis=0))[BAND]
    return np.asarray(spectrum / (np.abs(spectrum) ** _FLATTEN + 1e-12))


def _wave(band: Phases) -> Signal:
    spectrum = np.zeros(PERIOD // 2 + 1, np.complex128)
    spectrum[BAND] = band
    return np.fft.irfft(spectrum, PERIOD).astype(np.float32)


def _symbols(spectrum: Phases, bank: Phases, deviation: float) -> SoftCode:
    values = np.stack([_wave(spectrum * phases.conj())[:: PERIOD // SYMBOLS] for phases in bank[1:]]) / deviation
    order = np.argsort(values, axis=1)
    first, second = order[:, -1], order[:, -2]
    rows = np.arange(CODE_SYMBOLS)
    confidence = values[rows, first] - values[rows, second]
    return SoftCode(
        first.astype(np.uint8).tobytes(), second.astype(np.uint8).tobytes(), tuple(float(one) for one in confidence)
    )


PLUGIN = ToneMark()
