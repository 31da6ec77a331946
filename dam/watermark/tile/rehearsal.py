"""How strong must the mark be in this picture? Try it on the canonical plane against what the world does to pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from dam.watermark.contract import Pixels
from dam.watermark.payload import correctable
from dam.watermark.tile.patterns import Bank, Plane
from dam.watermark.tile.plane import canonical, rms, whiten
from dam.watermark.tile.reading import find_sync, read_symbols

# PSNR aimed at, weakest first. Above 50 dB rounding to 8 bits eats the mark, below 38.5 it can be seen.
LADDER_DB: Final = (50.0, 49.0, 48.0, 47.0, 46.0, 45.0, 44.0, 43.0, 42.0, 41.0, 40.0, 39.0, 38.5)


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

    def scaled_mark(self, strength_db: float) -> Plane:
        """The mark so that its RMS gives the PSNR."""
        gain = 255 * 10 ** (-strength_db / 20) / max(rms(self.mark), 1e-9)
        return self.mark * np.float32(gain)


def choose_strength(stage: Stage) -> Rehearsed:
    """Find the weakest rung that survives everything, by bisection: at most 4 of the 13 rungs are tried."""
    low, high = 0, len(LADDER_DB) - 1
    while low < high:
        middle = (low + high) // 2
        marked = _marked(stage, LADDER_DB[middle])
        if all(_readable(attack(marked), stage) for attack in ATTACKS.values()):  # stops at the first that fails
            high = middle
        else:
            low = middle + 1
    if high < len(LADDER_DB) - 1:
        return Rehearsed(LADDER_DB[high], dict.fromkeys(ATTACKS, True))
    return rehearse(stage, LADDER_DB[high])


def rehearse(stage: Stage, strength_db: float) -> Rehearsed:
    """Mark the plane at a strength, attack it in every way, read it back."""
    marked = _marked(stage, strength_db)
    return Rehearsed(strength_db, {name: _readable(attack(marked), stage) for name, attack in ATTACKS.items()})


def _marked(stage: Stage, strength_db: float) -> Pixels:
    marked: Plane = np.rint(stage.luma + stage.scaled_mark(strength_db))
    return np.clip(marked, 0, 255).astype(np.uint8)


def _readable(plane: Plane, stage: Stage) -> bool:
    return correctable(read_symbols(find_sync(whiten(plane), stage.bank), stage.bank), stage.code)


def _jpeg(luma: Pixels, quality: int) -> Pixels:
    encoded = cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE))


def _shrunk(luma: Pixels) -> Plane:
    height, width = luma.shape
    size = (max(1, round(width * 0.75)), max(1, round(height * 0.75)))
    return canonical(_jpeg(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), 50))


def _cropped(luma: Pixels) -> Plane:
    height, width = luma.shape
    top, left = height // 5, width // 4
    part = luma[top : top + max(8, height * 11 // 20), left : left + max(8, width * 11 // 20)]
    return _jpeg(np.ascontiguousarray(part), 75).astype(np.float32)


# "crop": a part with 55 % of each side; "shrink": the 512-px plane to 0.75 of its size. The likeliest to fail first.
ATTACKS: Final[dict[str, Callable[[Pixels], Plane]]] = {"crop55_jpeg75": _cropped, "shrink75_jpeg50": _shrunk}
