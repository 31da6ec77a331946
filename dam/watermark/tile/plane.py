"""The canonical plane: luma with the long side at 512 px, where the tile repeats. Plain resizes need no search there."""

from typing import Final

import cv2
import numpy as np

from dam.watermark.contract import Pixels
from dam.watermark.tile.patterns import TILE, Plane

# One call uses one core: the service runs many at once, and results must not depend on the number of cores.
cv2.setNumThreads(1)

LONG_SIDE: Final = 512
_MIN_SIDE: Final = 8
# Visibility mask: (detail contrast in levels) ** exponent above a floor
_MASK_WINDOW: Final = (7, 7)
MASK_FLOOR: Final = np.float32(0.55)
_MASK_CEILING: Final = np.float32(6)
_MASK_EXPONENT: Final = np.float32(0.6)
# Whitening, tuned on 28 real pictures: small windows beat the larger ones of the prototype by about 2.5 dB
_HIGH_PASS: Final = (7, 7)
_LOCAL: Final = (5, 5)
_SMALL: Final = (3, 3)  # both windows, at the size of a picture that is smaller than the plane
_NOISE_FLOOR: Final = np.float32(0.3)  # levels
_CLIP: Final = np.float32(1.5)


def canonical(pixels: Pixels) -> Plane:
    """Return the luma plane, values 0..255, long side 512 (smaller pictures are enlarged)."""
    height, width = pixels.shape[:2]
    factor = LONG_SIDE / max(height, width)
    size = (max(_MIN_SIDE, round(width * factor)), max(_MIN_SIDE, round(height * factor)))
    if factor < 1:
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    grey: Pixels = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    luma = grey.astype(np.float32)
    if factor > 1:
        luma = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_CUBIC), np.float32)
    return luma


def visibility_mask(luma: Plane) -> Plane:
    """How much change each place hides (relative amplitude). Gradients and soft edges hide nothing, so only detail
    counts, and the calmer side of an edge decides.
    """
    contrast = np.sqrt(_local_power(_detail(luma), _MASK_WINDOW))
    calm = np.maximum(cv2.blur(cv2.erode(contrast, np.ones((9, 9), np.uint8)), (9, 9)), 0)
    hidden: Plane = np.minimum(calm**_MASK_EXPONENT + MASK_FLOOR, _MASK_CEILING)
    return hidden


def whiten(luma: Plane) -> Plane:
    """Take away what the picture predicts of itself, so that edges and textures do not outvote the mark."""
    detail = _detail(luma)
    power = np.maximum(cv2.blur(_local_power(detail, _LOCAL), _LOCAL), 0)
    detail /= np.sqrt(power) + _NOISE_FLOOR
    return np.clip(detail, -_CLIP, _CLIP, out=detail)


def is_small(pixels: Pixels) -> bool:
    """Whether the plane is larger than the picture, so that its finest detail is only interpolated."""
    return bool(max(pixels.shape[:2]) < LONG_SIDE)


def whiten_small(pixels: Pixels) -> Plane:
    """`whiten` at the picture's own size, then enlarged: what is left of a mark after strong shrinking is as fine as the
    pixels are, and the windows of the plane would take it for the picture.
    """
    grey: Pixels = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    luma = grey.astype(np.float32)
    detail = luma - cv2.blur(cv2.blur(luma, _SMALL), _SMALL)
    power = np.maximum(cv2.blur(_local_power(detail, _SMALL), _SMALL), 0)
    detail = np.clip(detail / (np.sqrt(power) + _NOISE_FLOOR), -_CLIP, _CLIP)
    height, width = detail.shape
    factor = LONG_SIDE / max(height, width)
    size = (max(_MIN_SIDE, round(width * factor)), max(_MIN_SIDE, round(height * factor)))
    return np.asarray(cv2.resize(detail, size, interpolation=cv2.INTER_CUBIC), np.float32)


def _detail(luma: Plane) -> Plane:
    return np.asarray(luma - cv2.blur(cv2.blur(luma, _HIGH_PASS), _HIGH_PASS), np.float32)


def _local_power(detail: Plane, window: tuple[int, int]) -> Plane:
    return np.asarray(np.maximum(cv2.blur(detail * detail, window), 0), np.float32)  # a running sum may end below 0


def repeat_tile(tile: Plane, shape: tuple[int, ...]) -> Plane:
    """Cover (height, width) with the tile, its origin at the top left."""
    height, width = shape
    return np.tile(tile, (-(-height // TILE), -(-width // TILE)))[:height, :width]


def rescale(plane: Plane, size: tuple[int, int]) -> Plane:
    """Resize a plane to (width, height), at least 8 px each."""
    width, height = max(_MIN_SIDE, size[0]), max(_MIN_SIDE, size[1])
    if plane.shape == (height, width):
        return plane
    shrinks = width * height < 0.4 * plane.size
    return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR))


def rms(plane: Plane) -> float:
    return float(cv2.norm(plane)) / float(np.sqrt(plane.size))
