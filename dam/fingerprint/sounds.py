"""Sound: Chromaprint's code of it, and a search that finds a piece of a sound in ours, however it was compressed.

Chromaprint (`fpcalc`, Debian: libchromaprint-tools) gives one number of 32 bits for every eighth of a second. Compression
changes some of the bits; a piece agrees with ours at one shift in time, with few of all bits different.
"""

import io
import json
import shutil
import subprocess
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dam.errors import EngineError, PolicyError

ENGINE: Final = "chromaprint1"
RATE: Final = 11_025  # what Chromaprint works at
SECONDS: Final = 120.0  # of a sound that are kept
STEP_S: Final = 1365 / RATE  # from number to number
SAME_BELOW: Final = 0.25  # share of different bits; of different sounds at least .336 (docs/decisions/0030-sound.md)
_SURE_BELOW: Final = 0.2  # ... of a piece of less than ten seconds
_LEAST: Final = 32  # numbers that overlap: four seconds
_LONG: Final = 80
_KEY_SHIFT: Final = 12  # the upper 20 bits of a number are its key
_COMMON: Final = 500  # places of one key from which on it says nothing: silence, a tone
_CANDIDATES: Final = 24
_LEAST_DIFFERENT: Final = 8  # numbers: a tone or silence has fewer
_TIMEOUT_S: Final = 60.0

Numbers = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class SoundHit:
    """A sound of ours that agrees with what was asked for: it begins at `starts_s` of ours (negative: it has something in
    front), `errors` of the bits differ over `seconds`.
    """

    asset_id: str
    starts_s: float
    errors: float
    seconds: float


def available() -> bool:
    return shutil.which("fpcalc") is not None


def compute(samples: NDArray[np.int16]) -> Numbers | None:
    """The numbers of mono samples at RATE, or None where the sound has too little of a structure or is too short.

    Raises:
        PolicyError: "sound.no_fpcalc". EngineError: fpcalc gave no answer.
    """
    program = shutil.which("fpcalc")
    if program is None:
        raise PolicyError(
            "Sounds have fingerprints only where fpcalc is installed.",
            next_step="Install it (Debian: libchromaprint-tools), then run dam scan.", code="sound.no_fpcalc",
        )  # fmt: skip
    words = [program, "-raw", "-json", "-length", str(round(SECONDS)), "-"]
    try:
        done = subprocess.run(words, input=_wav(samples), capture_output=True, timeout=_TIMEOUT_S, check=False)
        said: Any = json.loads(done.stdout) if done.stdout.strip() else {}
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"fpcalc gave no answer: {error}.") from error
    # 1.5.1 exits with an error at the end of a pipe and has printed the answer; a short sound has none.
    given = said.get("fingerprint") if isinstance(said, dict) else None
    numbers = np.array([int(one) & 0xFFFFFFFF for one in given or ()], np.uint32)
    return numbers if len(np.unique(numbers)) >= _LEAST_DIFFERENT else None


def _wav(samples: NDArray[np.int16]) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(RATE)
        made.writeframes(samples.astype("<i2").tobytes())
    return out.getvalue()


class SoundIndex:
    """All sounds in memory: 12 bytes a number, 12 kB for two minutes. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sounds: dict[str, Numbers] = {}
        self._table: _Table | None = None

    def __len__(self) -> int:
        return len(self._sounds)

    def load(self, entries: Iterable[tuple[str, Numbers]]) -> None:
        """Add sounds, or put new numbers in the place of old ones."""
        given = dict(entries)
        if given:
            with self._lock:
                self._sounds = self._sounds | given
                self._table = None

    def near(self, asked: Numbers) -> list[SoundHit]:
        """Sounds that agree with it, the surest first."""
        with self._lock:
            if self._table is None:
                self._table = _Table(self._sounds)
            table = self._table
        best: dict[str, SoundHit] = {}
        for which, shift in table.candidates(asked):
            hit = _compared(table.names[which], table.sounds[which], asked, shift)
            if hit is not None and (hit.asset_id not in best or hit.errors < best[hit.asset_id].errors):
                best[hit.asset_id] = hit
        return sorted(best.values(), key=lambda hit: (hit.errors, hit.asset_id))


class _Table:
    """Where each key stands: sorted once, read by many searches."""

    def __init__(self, sounds: dict[str, Numbers]) -> None:
        self.names: Sequence[str] = list(sounds)
        self.sounds: Sequence[Numbers] = list(sounds.values())
        lengths = np.array([len(one) for one in self.sounds], np.int64)
        numbers = np.concatenate(self.sounds) if self.sounds else np.empty(0, np.uint32)
        keys = numbers >> np.uint32(_KEY_SHIFT)
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]
        self._which = np.repeat(np.arange(len(lengths)), lengths)[order]
        self._at = (np.arange(len(numbers)) - np.repeat(np.cumsum(lengths) - lengths, lengths))[order]

    def candidates(self, asked: Numbers) -> list[tuple[int, int]]:
        """(which sound, shift in numbers) that most keys speak for."""
        keys = asked >> np.uint32(_KEY_SHIFT)
        first, last = np.searchsorted(self._keys, keys, "left"), np.searchsorted(self._keys, keys, "right")
        votes: list[NDArray[np.int64]] = []
        for place in np.flatnonzero((last > first) & (last - first <= _COMMON)).tolist():
            span = slice(int(first[place]), int(last[place]))
            votes.append((self._which[span] << 32) + (self._at[span] - place + (1 << 31)))
        if not votes:
            return []
        places, counts = np.unique(np.concatenate(votes), return_counts=True)
        most = np.argsort(-counts, kind="stable")[:_CANDIDATES]
        return [(int(places[one] >> 32), int((places[one] & 0xFFFFFFFF) - (1 << 31))) for one in most]


def _compared(name: str, ours: Numbers, asked: Numbers, shift: int) -> SoundHit | None:
    """How they agree when the asked begins at `shift` of ours; None where they do not, or hardly overlap."""
    start, stop = max(0, shift), min(len(ours), shift + len(asked))
    count = stop - start
    if count < min(_LEAST, len(ours), len(asked)) or count < _LEAST_DIFFERENT:
        return None
    theirs = asked[start - shift : stop - shift]
    errors = float(np.bitwise_count(ours[start:stop] ^ theirs).sum()) / (32 * count)
    if errors > (SAME_BELOW if count >= _LONG else _SURE_BELOW) or len(np.unique(theirs)) < _LEAST_DIFFERENT:
        return None
    return SoundHit(name, round(shift * STEP_S, 2), round(errors, 4), round(count * STEP_S, 2))
