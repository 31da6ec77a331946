"""Mark the samples of a WAV file, as faint as survives a rehearsal; everything else of the file stays as it is."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from dam.errors import PolicyError
from dam.media import sound, wave
from dam.watermark.tone.patterns import RATE, Signal
from dam.watermark.tone.tonemark import PLUGIN

STRENGTHS_DB: Final = (26.0, 24.0, 22.0, 20.0, 18.0, 16.0, 14.0)  # under the sound in every place, the faintest first
MOST_BYTES: Final = 32 << 20  # ten times that in memory
_REHEARSED_S: Final = 12.0
_THROUGH: Final = {"mp3_64": ("libmp3lame", 64_000), "opus_24": ("libopus", 24_000)}


@dataclass(frozen=True, slots=True)
class Sounded:
    """A marked file in memory, the strength that was chosen and what it survived; `snr_db` is measured over all samples."""

    data: bytes = field(repr=False)
    strength_db: float
    snr_db: float
    survived: dict[str, bool] = field(default_factory=dict)


def mark(data: bytes, mark_id: int, key: bytes) -> Sounded:
    """Mark a WAV file, the same in every channel.

    Raises:
        PolicyError: too large, too short, samples that are not marked, or a mark that cannot be read in the result
            ("mark.sound", "mark.too_short", "mark.not_readable"). UndecodableError: it is damaged.
    """
    if len(data) > MOST_BYTES:
        raise PolicyError("The sound is too large to be marked in memory.", code="mark.sound")
    pcm = wave.locate(data)
    given = wave.samples(data, pcm)
    top = 1 << (pcm.bits - 1)
    mono = (given.mean(axis=1) / top).astype(np.float32)
    added = PLUGIN.mark(mono, pcm.rate, mark_id, key)
    strength_db, survived = _choose(mono, added, pcm.rate, mark_id, key)
    change = np.rint(added * np.float32(top * 10 ** (-strength_db / 20))).astype(np.int32)
    made = np.clip(given + change[:, None], -top, top - 1)
    if not _readable((made.mean(axis=1) / top).astype(np.float32), pcm.rate, mark_id, key):
        raise PolicyError("The mark cannot be read in the sound; it may be too quiet.", code="mark.not_readable")
    noise = float(np.mean((made - given).astype(np.float64) ** 2))
    snr_db = 10 * np.log10(max(float(np.mean(given.astype(np.float64) ** 2)), 1e-9) / max(noise, 1e-9))
    return Sounded(wave.replaced(data, pcm, made), strength_db, round(float(snr_db), 2), survived)


def _choose(mono: Signal, added: Signal, rate: int, mark_id: int, key: bytes) -> tuple[float, dict[str, bool]]:
    """The faintest strength that survives every codec in a piece from the middle, by bisection; else the strongest."""
    middle = max(0, round(len(mono) / 2 - _REHEARSED_S * rate / 2))
    part = slice(middle, middle + round(_REHEARSED_S * rate))

    def rehearse(strength_db: float) -> dict[str, bool]:
        marked = mono[part] + added[part] * np.float32(10 ** (-strength_db / 20))
        return {
            name: _readable(*sound.through(marked, rate, codec, bit_rate), mark_id, key)
            for name, (codec, bit_rate) in _THROUGH.items()
        }

    low, high, best = 0, len(STRENGTHS_DB) - 1, None
    while low < high:
        at = (low + high) // 2
        tried = rehearse(STRENGTHS_DB[at])
        if all(tried.values()):
            high, best = at, tried
        else:
            low = at + 1
    return STRENGTHS_DB[high], best or rehearse(STRENGTHS_DB[high])


def _readable(mono: Signal, rate: int, mark_id: int, key: bytes) -> bool:
    found = PLUGIN.detect(sound.resampled(mono, rate, RATE), key)
    return found is not None and found.mark_id == mark_id
