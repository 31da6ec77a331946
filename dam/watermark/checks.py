"""What every engine refuses, in the same words."""

import math
from typing import Final

import numpy as np

from dam.errors import PolicyError, UsageError
from dam.watermark.contract import Pixels

STRENGTH_DB: Final = (30.0, 60.0)


def check_pixels(pixels: Pixels) -> None:
    """Raise UsageError("mark.bad_pixels") unless they are uint8, (H, W, 3) or (H, W)."""
    grey_or_rgb = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)
    if pixels.dtype != np.uint8 or not grey_or_rgb or pixels.size == 0:
        raise UsageError(
            f"A mark needs 8-bit RGB or grey pixels, got {pixels.dtype} {pixels.shape}.", code="mark.bad_pixels"
        )


def check_size(pixels: Pixels, least_px: int) -> None:
    """Raise PolicyError("mark.too_small") where the short side has fewer pixels."""
    if min(pixels.shape[:2]) < least_px:
        raise PolicyError(
            f"A picture of {pixels.shape[1]} x {pixels.shape[0]} px is too small for an invisible mark.",
            next_step=f"The short side must have {least_px} px or more.",
            code="mark.too_small",
        )


def checked_strength(strength_db: float) -> float:
    """The strength. Raises UsageError("mark.bad_strength") on what no picture would bear, or nobody would read."""
    if not (math.isfinite(strength_db) and STRENGTH_DB[0] <= strength_db <= STRENGTH_DB[1]):
        raise UsageError(
            f"A strength of {strength_db} dB is out of range.",
            next_step=f"Give {STRENGTH_DB[0]:.0f} (strong) to {STRENGTH_DB[1]:.0f} (weak), or auto.",
            code="mark.bad_strength",
        )
    return float(strength_db)
