"""The house's own mark: a keyed spread-spectrum tile, repeated over the picture, with closed-loop strength.

It survives recompression, resizing, crops, borders, flips, quarter and small turns and squeezes (numbers in the docs).
Whoever holds the key can also forge or erase: keep it on the server. All changes are equal in R, G and B, because
coloured noise is seen sooner than grey.
"""

import time
from typing import Final

import cv2
import numpy as np

from dam.watermark.checks import check_pixels, check_size, checked_strength
from dam.watermark.contract import Availability, Detection, Effort, Embedded, Pixels
from dam.watermark.payload import CODE_SYMBOLS, ID_BYTES, check_key, derive, encode, format_mark_id, parse_mark_id
from dam.watermark.tile.adding import add
from dam.watermark.tile.film import Fold, Marker
from dam.watermark.tile.patterns import TILE, Bank, BankCache, Plane, make_tile
from dam.watermark.tile.plane import canonical, is_small, repeat_tile, visibility_mask, whiten_small
from dam.watermark.tile.rehearsal import Stage, choose_strength, rehearse
from dam.watermark.tile.search import Found, Searcher

_SMALLEST_SEARCHED: Final = 32


class TileMark:
    """See the module. Holds only a bounded cache of patterns per key."""

    name = "tilemark"
    alg = "org.headwater.tilemark.v1"
    media = frozenset({"image", "video"})
    capacity_bits = 8 * CODE_SYMBOLS
    id_bits = 8 * ID_BYTES
    keyed = True
    min_short_side = 256

    def __init__(self) -> None:
        self._banks = BankCache()

    def available(self) -> Availability:
        return Availability(ready=True)

    def value(self, mark_id: int, key: bytes) -> str:
        """See `Watermarker.value`: 16 hex digits."""
        check_key(key)
        return format_mark_id(mark_id)

    def id_of(self, value: str) -> int:
        """See `Watermarker.id_of`."""
        return parse_mark_id(value)

    def embed(self, pixels: Pixels, mark_id: int, key: bytes, *, strength_db: float | None = None) -> Embedded:
        """See `Watermarker.embed`. About 25 ms of CPU for 1024 x 1024, most of it rehearsals."""
        check_pixels(pixels)
        check_size(pixels, self.min_short_side)
        code = encode(mark_id, key)
        luma = canonical(pixels)
        bank = self._banks.get(key)
        mark = repeat_tile(_tile(bank, code, mark_id, key), luma.shape) * visibility_mask(luma)
        stage = Stage(luma, mark, code, bank, max(pixels.shape[:2]))
        chosen = choose_strength(stage) if strength_db is None else rehearse(stage, checked_strength(strength_db))
        marked = add(pixels, stage.scaled_mark(chosen.strength_db))
        psnr_db = round(float(cv2.PSNR(pixels, marked)), 2)
        return Embedded(marked, psnr_db, chosen.strength_db, chosen.survived)

    def marker(self, mark_id: int, key: bytes) -> Marker:
        """See `FilmWatermarker.marker`. 2 ms of CPU a frame of 1280 x 720, and 3 for its plane."""
        code, bank = encode(mark_id, key), self._banks.get(key)
        return Marker(_tile(bank, code, mark_id, key), code, bank)

    def fold(self) -> Fold:
        """See `FilmWatermarker.fold`."""
        return Fold()

    def detect_fold(self, fold: Fold, key: bytes, *, effort: Effort, budget_s: float) -> Detection | None:
        """See `FilmWatermarker.detect_fold`."""
        deadline = time.monotonic() + budget_s
        check_key(key)
        plane = fold.plane()
        if plane is None:
            return None
        search = Searcher(plane, self._banks.get(key), key, deadline)
        if (found := search.fast()) is not None:
            return _detection(found, "fast")
        if effort == "deep" and (found := search.deep()) is not None:
            return _detection(found, "deep")
        return None

    def detect(self, pixels: Pixels, key: bytes, *, effort: Effort, budget_s: float) -> Detection | None:
        """See `Watermarker.detect`. Fast: a few ms; deep: up to a few seconds of CPU when nothing is there."""
        deadline = time.monotonic() + budget_s
        check_key(key)
        check_pixels(pixels)
        if min(pixels.shape[:2]) < _SMALLEST_SEARCHED:
            return None
        small = whiten_small(pixels) if is_small(pixels) else None
        search = Searcher(canonical(pixels), self._banks.get(key), key, deadline, small)
        if (found := search.fast()) is not None:
            return _detection(found, "fast")
        if effort == "deep" and (found := search.deep()) is not None:
            return _detection(found, "deep")
        return None


def _tile(bank: Bank, code: bytes, mark_id: int, key: bytes) -> Plane:
    return np.roll(make_tile(bank, code), _origin(mark_id, key), axis=(0, 1))


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


PLUGIN = TileMark()
