"""The house's own mark: a keyed spread-spectrum tile, repeated over the picture, with closed-loop strength.

It survives recompression, resizing, crops, borders, flips, quarter and small turns and squeezes (numbers in the docs).
Whoever holds the key can also forge or erase: keep it on the server. All changes are equal in R, G and B, because
coloured noise is seen sooner than grey.
"""

import math
import time
from typing import Final

import cv2
import numpy as np

from dam.errors import PolicyError, UsageError
from dam.watermark.contract import Availability, Detection, Effort, Embedded, Pixels
from dam.watermark.payload import CODE_SYMBOLS, check_key, derive, encode
from dam.watermark.tile.patterns import TILE, BankCache, Plane, make_tile
from dam.watermark.tile.plane import LONG_SIDE, canonical, is_small, repeat_tile, rms, visibility_mask, whiten_small
from dam.watermark.tile.rehearsal import Stage, choose_strength, rehearse
from dam.watermark.tile.search import Found, Searcher

_BAND_ROWS: Final = 512  # rows marked at once: bounds the memory on very large pictures
_STRENGTH_DB: Final = (30.0, 60.0)
_SMALLEST_SEARCHED: Final = 32
_LARGEST_GAIN: Final = 1.3  # for what enlarging the mark takes from its amplitude


class TileMark:
    """See the module. Holds only a bounded cache of patterns per key."""

    name = "tilemark"
    alg = "org.headwater.tilemark.v1"
    media = frozenset({"image"})
    capacity_bits = 8 * CODE_SYMBOLS
    keyed = True
    min_short_side = 256

    def __init__(self) -> None:
        self._banks = BankCache()

    def available(self) -> Availability:
        return Availability(ready=True)

    def embed(self, pixels: Pixels, mark_id: int, key: bytes, *, strength_db: float | None = None) -> Embedded:
        """See `Watermarker.embed`. About 25 ms of CPU for 1024 x 1024, most of it rehearsals."""
        _check_pixels(pixels)
        if min(pixels.shape[:2]) < self.min_short_side:
            raise PolicyError(
                f"A picture of {pixels.shape[1]} x {pixels.shape[0]} px is too small for an invisible mark.",
                next_step=f"The short side must have {self.min_short_side} px or more.",
                code="mark.too_small",
            )
        code = encode(mark_id, key)
        luma = canonical(pixels)
        bank = self._banks.get(key)
        tile = np.roll(make_tile(bank, code), _origin(mark_id, key), axis=(0, 1))
        mark = repeat_tile(tile, luma.shape) * visibility_mask(luma)
        stage = Stage(luma, mark, code, bank, max(pixels.shape[:2]))
        chosen = choose_strength(stage) if strength_db is None else rehearse(stage, _checked_strength(strength_db))
        marked = _add(pixels, stage.scaled_mark(chosen.strength_db))
        psnr_db = round(float(cv2.PSNR(pixels, marked)), 2)
        return Embedded(marked, psnr_db, chosen.strength_db, chosen.survived)

    def detect(self, pixels: Pixels, key: bytes, *, effort: Effort, budget_s: float) -> Detection | None:
        """See `Watermarker.detect`. Fast: a few ms; deep: up to a few seconds of CPU when nothing is there."""
        deadline = time.monotonic() + budget_s
        check_key(key)
        _check_pixels(pixels)
        if min(pixels.shape[:2]) < _SMALLEST_SEARCHED:
            return None
        small = whiten_small(pixels) if is_small(pixels) else None
        search = Searcher(canonical(pixels), self._banks.get(key), key, deadline, small)
        if (found := search.fast()) is not None:
            return _detection(found, "fast")
        if effort == "deep" and (found := search.deep()) is not None:
            return _detection(found, "deep")
        return None


def _origin(mark_id: int, key: bytes) -> tuple[int, int]:
    """Where the tile begins in this picture. Were it the same in all, the average of many marked pictures would show the
    patterns that they share; a search finds the place anyway, so 16,384 of them cost nothing.
    """
    drawn = derive(key, b"tilemark/origin/" + mark_id.to_bytes(8, "big"))
    return drawn[0] % TILE, drawn[1] % TILE


def _detection(found: Found, effort: Effort) -> Detection:
    return Detection(
        mark_id=found.mark_id,
        verified=True,
        transform=found.transform,
        score=round(found.score, 2),
        p_false=found.comparisons * 2.0**-32,
        effort=effort,
    )


def _add(pixels: Pixels, mark: Plane) -> Pixels:
    """Add the canonical mark at the picture's size, saturating, the same to every channel."""
    height, width = pixels.shape[:2]
    if mark.shape != (height, width):
        before = rms(mark)
        mark = cv2.resize(mark, (width, height), interpolation=_interpolation(max(height, width)))
        mark *= np.float32(min(_LARGEST_GAIN, before / max(rms(mark), 1e-9)))
    out = np.empty_like(pixels, order="C")
    for top in range(0, height, _BAND_ROWS):
        band = slice(top, top + _BAND_ROWS)
        change = np.rint(mark[band]).astype(np.int16)
        if pixels.ndim == 3:
            change = cv2.merge([change] * 3)
        out[band] = cv2.add(np.ascontiguousarray(pixels[band]), change, dtype=cv2.CV_8U)
    return out


def _interpolation(long_side: int) -> int:
    if long_side < LONG_SIDE:
        return int(cv2.INTER_AREA)
    return int(cv2.INTER_LINEAR if long_side > 2 * LONG_SIDE else cv2.INTER_CUBIC)


def _check_pixels(pixels: Pixels) -> None:
    grey_or_rgb = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)
    if pixels.dtype != np.uint8 or not grey_or_rgb or pixels.size == 0:
        raise UsageError(
            f"A mark needs 8-bit RGB or grey pixels, got {pixels.dtype} {pixels.shape}.", code="mark.bad_pixels"
        )


def _checked_strength(strength_db: float) -> float:
    if not (math.isfinite(strength_db) and _STRENGTH_DB[0] <= strength_db <= _STRENGTH_DB[1]):
        raise UsageError(
            f"A strength of {strength_db} dB is out of range.",
            next_step=f"Give {_STRENGTH_DB[0]:.0f} (strong) to {_STRENGTH_DB[1]:.0f} (weak), or auto.",
            code="mark.bad_strength",
        )
    return float(strength_db)


PLUGIN = TileMark()
