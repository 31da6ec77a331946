"""Decoded pixels as one value, and the limit that every decoder asks first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dam.errors import LimitError

LOSSLESS = ("image/png", "image/tiff", "image/bmp", "image/gif")
NO_DECODER = "pixels.no_decoder"  # why a picture has no thumbnail though nothing is wrong with it
Bytes8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Pixels:
    """Upright sRGB pixels for looking and comparing.

    `rgb` is (H, W, 3) uint8 with transparency flattened on mid grey; `alpha` is (H, W) uint8, None where the picture is
    opaque. `icc` and `bit_depth` tell what the file held. `frame_s` is the time of a video's frame, 0 for stills.
    """

    rgb: Bytes8
    alpha: Bytes8 | None = None
    icc: bytes | None = None
    bit_depth: int = 8
    had_icc: bool = False
    frame_s: float = 0.0


def check_size(width_px: int | None, height_px: int | None, max_pixels_mp: float) -> None:
    if width_px and height_px and width_px * height_px > max_pixels_mp * 1e6:
        raise LimitError(
            f"The picture has {width_px} x {height_px} pixels; the limit is {max_pixels_mp:g} million.",
            next_step="Raise max_pixels_mp in the library's settings if such pictures are wanted.",
            code="image.too_large",
        )
