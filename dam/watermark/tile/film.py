"""The tile in videos: every frame carries the same one, and a search reads all frames together.

Laid over each other, the frames' own contents fade and the mark stays: after strong compression no single frame can be
read, two seconds of them can.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np

from dam.watermark.contract import Pixels
from dam.watermark.payload import correctable
from dam.watermark.tile.adding import add
from dam.watermark.tile.patterns import Bank, Plane
from dam.watermark.tile.plane import MASK_FLOOR, canonical, repeat_tile, rms, visibility_mask, whiten
from dam.watermark.tile.reading import find_sync, read_symbols

_LEVELS: Final = 219.0  # of video luma, 16..235
_CALM_LEVELS: Final = 1.6  # standard deviation in calm places: a still pattern over what moves is seen sooner
_AS_LUMA: Final = 25.0  # levels: how large the fold of many frames is made, so that a search may whiten it again


class Marker:
    """Marks frame after frame with one tile. Holds no frame; may be shared between threads."""

    def __init__(self, tile: Plane, code: bytes, bank: Bank) -> None:
        self._tile, self._code, self._bank = tile, code, bank

    def mark(self, luma: Pixels, strength_db: float) -> Pixels:
        """See `FrameMarker.mark`."""
        small = canonical(luma)
        mark = repeat_tile(self._tile, small.shape) * visibility_mask(small)
        gain = _LEVELS * 10 ** (-strength_db / 20) / max(rms(mark), 1e-9)
        return add(luma, mark * np.float32(min(gain, _CALM_LEVELS / float(MASK_FLOOR))))

    def is_readable(self, lumas: Iterable[Pixels]) -> bool:
        """See `FrameMarker.is_readable`."""
        fold = Fold()
        for luma in lumas:
            fold.add(luma)
        plane = fold.plane()
        return plane is not None and correctable(
            read_symbols(find_sync(whiten(plane), self._bank), self._bank), self._code
        )


class Fold:
    """The whitened planes of frames, added up. Frames of another size than the first are left out."""

    def __init__(self) -> None:
        self._sum: Plane | None = None
        self.count = 0

    def add(self, pixels: Pixels) -> None:
        """See `FrameFold.add`."""
        plane = whiten(canonical(pixels))
        if self._sum is None:
            self._sum = plane
        elif self._sum.shape != plane.shape:
            return
        else:
            self._sum += plane
        self.count += 1

    def plane(self) -> Plane | None:
        """All frames as one plane of luma, or None where there was none."""
        if self._sum is None:
            return None
        return self._sum * np.float32(_AS_LUMA / max(float(self._sum.std()), 1e-9))
