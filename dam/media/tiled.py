"""A text over the whole picture, for previews that must not be used as they are: pale, slanted, and again and again."""

import math
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from dam.media import fonts

SLANT_DEG: Final = 30.0
_TALL: Final = 0.06  # of the shortest side: the size of the font
_LEAST_PX: Final = 12
_WHITE, _BLACK = 0.38, 0.30  # how much of the letters and of their edge is seen: one of the two shows on any ground
_ACROSS, _DOWN = 1.6, 3.2  # from one text to the next, in texts and in sizes of the font
_BAND_ROWS: Final = 512
_DRAWN_PX: Final = 4096


def draw_tiled(pixels: NDArray[np.uint8], text: str, font: str) -> NDArray[np.uint8]:
    """A copy of uint8 (H, W, 3) or (H, W) pixels, upright, with the text in slanted rows over all of it."""
    height, width = pixels.shape[:2]
    factor = min(1.0, _DRAWN_PX / max(height, width))  # the turned canvas of a huge picture would be huge
    drawn = max(1, round(height * factor)), max(1, round(width * factor))
    size = max(_LEAST_PX, round(min(drawn) * _TALL))
    letters, edge = _masks(text, fonts.load(font, size), size, drawn)
    if drawn != (height, width):
        letters, edge = (cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in (letters, edge))
    out = np.empty_like(pixels)
    for top in range(0, height, _BAND_ROWS):
        rows = slice(top, top + _BAND_ROWS)
        white, black = (_share(mask[rows], pixels.ndim, most) for mask, most in ((letters, _WHITE), (edge, _BLACK)))
        mixed = pixels[rows].astype(np.float32) * (1 - black)
        out[rows] = np.rint(mixed + (255 - mixed) * white).astype(np.uint8)
    return out


def _share(mask: NDArray[np.uint8], dimensions: int, most: float) -> NDArray[np.float32]:
    share = mask.astype(np.float32) * np.float32(most / 255)
    return share if dimensions == 2 else share[..., None]


def _masks(text: str, face: Any, size: int, shape: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The letters, and the line round them: rows of text on a canvas that is turned and cut to the picture."""
    from PIL import Image, ImageDraw

    height, width = shape
    side = math.ceil(math.hypot(height, width)) + 2 * size
    letters, both = Image.new("L", (side, side)), Image.new("L", (side, side))
    on_letters, on_both = ImageDraw.Draw(letters), ImageDraw.Draw(both)
    line = max(1, size // 16)
    left, _, right, _ = face.getbbox(text)
    step = max(1, round((right - left) * _ACROSS))
    for number, y in enumerate(range(0, side, round(size * _DOWN))):
        for x in range(-(number % 2) * step // 2, side, step):  # every other row begins half a step earlier
            on_letters.text((x, y), text, fill=255, font=face)
            on_both.text((x, y), text, fill=255, font=face, stroke_width=line)
    box = ((side - width) // 2, (side - height) // 2, (side - width) // 2 + width, (side - height) // 2 + height)
    cut = [np.asarray(one.rotate(SLANT_DEG, Image.Resampling.BILINEAR).crop(box)) for one in (letters, both)]
    return cut[0], np.clip(cut[1].astype(np.int16) - cut[0], 0, 255).astype(np.uint8)
