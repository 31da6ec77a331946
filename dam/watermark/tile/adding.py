"""Put a mark of the plane's size into a picture of any size."""

from typing import Final

import cv2
import numpy as np

from dam.watermark.contract import Pixels
from dam.watermark.tile.patterns import Plane
from dam.watermark.tile.plane import LONG_SIDE, rms

_BAND_ROWS: Final = 512  # rows marked at once: bounds the memory on very large pictures
_LARGEST_GAIN: Final = 1.3  # for what enlarging the mark takes from its amplitude


def add(pixels: Pixels, mark: Plane) -> Pixels:
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
