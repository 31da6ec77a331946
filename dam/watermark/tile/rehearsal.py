"""How strong must the mark be in this picture? Try it on the canonical plane against what the world does to pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from dam.watermark.contract import Pixels
from dam.watermark.payload import correctable
from dam.watermark.tile.patterns import Bank, Plane
from dam.watermark.tile.plane import LONG_SIDE, MASK_FLOOR, canonical, rms, whiten, whiten_small
from dam.watermark.tile.reading import find_faint_sync, find_sync, read_symbols

# PSNR aimed at, weakest first. Above 50 dB rounding to 8 bits eats the mark, below 38.5 it can be seen; rounding adds a little to the noise.
LADDER_DB: Final = (50.0, 49.0, 48.0, 47.0, 46.0, 45.0, 44.0, 43.0, 42.0, 41.0, 40.0, 39.0, 38.6)
WISHED_DB: Final = 40.0  # what a picture is made to survive if this is enough, but no stronger mark is made for
# Levels (standard deviation) in calm places, where an even grain is seen first, whatever the PSNR says
CALM_LEVELS: Final = 1.9
WISHED_CALM_LEVELS: Final = 1.6
_SMALL_PICTURE: Final = 768  # px; a larger one at half its size is as large as the plane at 0.75


Attack = Callable[[Pixels], "Plane | Picture"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of its own size, to be read as one; a plane is read at the size that it has."""

    luma: Pixels


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """The strength to use and which rehearsals the mark survived at it."""

    strength_db: float
    survived: dict[str, bool]


@dataclass(frozen=True, slots=True)
class Stage:
    """One picture about to be marked: its plane, the masked mark at any scale, its code and the key's patterns."""

    luma: Plane
    mark: Plane
    code: bytes
    bank: Bank
    long_side: int  # of the picture, px

    def scaled_mark(self, strength_db: float) -> Plane:
        """The mark so that its RMS gives the PSNR."""
        return self.mark * np.float32(self._gain(strength_db))

    def calm_levels(self, strength_db: float) -> float:
        """How much the mark changes what has no detail at all: standard deviation in levels of 255."""
        return self._gain(strength_db) * float(MASK_FLOOR)

    def _gain(self, strength_db: float) -> float:
        return float(255 * 10 ** (-strength_db / 20) / max(rms(self.mark), 1e-9))


def choose_strength(stage: Stage) -> Rehearsed:
    """Find the weakest rung that survives everything, by bisection: at most 4 of the 13 rungs are tried. A rung that would
    be seen in calm places is not taken, whatever it survives; the answer says what does not survive then.
    """
    rungs = [db for db in LADDER_DB if stage.calm_levels(db) <= CALM_LEVELS] or [LADDER_DB[0]]
    trials = [_Trial(stage, db) for db in rungs]
    low, high = 0, len(rungs) - 1
    while low < high:
        middle = (low + high) // 2
        wished = trials[middle].wishes if _may_wish(stage, rungs[middle + 1]) else {}
        if all(trials[middle].survives(name) for name in (*ATTACKS, *wished)):  # stops at the first that fails
            high = middle
        else:
            low = middle + 1
    return trials[high].rehearsed()


def _may_wish(stage: Stage, strength_db: float) -> bool:
    """Whether a mark may be so strong for wishes alone."""
    return strength_db >= WISHED_DB and stage.calm_levels(strength_db) <= WISHED_CALM_LEVELS


def rehearse(stage: Stage, strength_db: float) -> Rehearsed:
    """Mark the plane at a strength, attack it in every way, read it back."""
    return _Trial(stage, strength_db).rehearsed()


class _Trial:
    """One strength: the plane is marked once, each attack is tried once at most."""

    def __init__(self, stage: Stage, strength_db: float) -> None:
        self._stage, self._strength_db = stage, strength_db
        self.wishes = _wishes(stage)
        self._marked: Pixels | None = None
        self._survived: dict[str, bool] = {}

    def survives(self, name: str) -> bool:
        if name not in self._survived:
            if self._marked is None:
                self._marked = _marked(self._stage, self._strength_db)
            attack = ATTACKS[name] if name in ATTACKS else self.wishes[name]
            self._survived[name] = _readable(attack(self._marked), self._stage)
        return self._survived[name]

    def rehearsed(self) -> Rehearsed:
        return Rehearsed(self._strength_db, {name: self.survives(name) for name in (*ATTACKS, *self.wishes)})


def _wishes(stage: Stage) -> dict[str, Attack]:
    """A small picture is worn by what a larger one does not feel: at half its size there are few pixels to a tile."""
    if stage.long_side >= _SMALL_PICTURE:
        return {}
    half, quarter = 0.5 * stage.long_side / LONG_SIDE, 0.25 * stage.long_side / LONG_SIDE
    return {
        "half_jpeg50": lambda luma: Picture(_jpeg(_smaller(luma, half), 50)),
        "quarter": lambda luma: Picture(_smaller(luma, quarter)),
    }


def _marked(stage: Stage, strength_db: float) -> Pixels:
    marked: Plane = np.rint(stage.luma + stage.scaled_mark(strength_db))
    return np.clip(marked, 0, 255).astype(np.uint8)


def _readable(what: "Plane | Picture", stage: Stage) -> bool:
    """Whether a search would read it at first."""
    if isinstance(what, Picture):
        sync = find_faint_sync(whiten_small(what.luma), stage.bank)
    else:
        sync = find_sync(whiten(what), stage.bank)
    return correctable(read_symbols(sync, stage.bank), stage.code)


def _jpeg(luma: Pixels, quality: int) -> Pixels:
    encoded = cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE))


def _smaller(luma: Pixels, factor: float) -> Pixels:
    height, width = luma.shape
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA))


def _shrunk(luma: Pixels) -> Plane:
    return canonical(_jpeg(_smaller(luma, 0.75), 50))


def _cropped(luma: Pixels) -> Plane:
    height, width = luma.shape
    top, left = height // 5, width // 4
    part = luma[top : top + max(8, height * 11 // 20), left : left + max(8, width * 11 // 20)]
    return _jpeg(np.ascontiguousarray(part), 75).astype(np.float32)


# "crop": a part with 55 % of each side; "shrink": the 512-px plane to 0.75 of its size. The likeliest to fail first.
ATTACKS: Final[dict[str, Attack]] = {"crop55_jpeg75": _cropped, "shrink75_jpeg50": _shrunk}
