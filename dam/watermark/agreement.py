"""Is the picture that a mark was read from the picture that it was made for? A mark can be lifted onto another one.

The search tells how the found picture was turned and scaled, so its middle can be laid over the registered one: the same
picture agrees in its detail wherever it was cropped, another one does not. Fingerprints say nothing after a crop.
"""

from typing import Final

import cv2
import numpy as np

from dam.watermark.contract import Pixels, Transform
from dam.watermark.tile.patterns import Plane
from dam.watermark.tile.plane import canonical
from dam.watermark.tile.search import undone

SAME_FROM: Final = 0.2  # nearly plain pictures agree with themselves by as little as 0.19 to 0.3 (docs/marks.md)
_REDUCED: Final = 0.375  # of the plane: detail of about 3 px of it is compared
_MIDDLE: Final = 0.6  # of each side of the found picture: borders and reflected corners stay out
_ROOM: Final = 0.25  # around the registered picture, for what was found outside of it
_LEAST: Final = 12  # px of each side, to compare


def agreement(found: Pixels, transform: Transform, registered: Pixels | bytes) -> float | None:
    """Correlation of the detail of two pictures, -1..1, at the best place; None where there is too little to compare.

    Args:
        found: uint8 (H, W, 3) or (H, W), the picture that a mark was read from.
        transform: of that detection.
        registered: the original that the mark was made for, or a small picture of it; bytes are a JPEG of ours. It may
            lie on its side: a copy may have been marked as its samples are stored, not as they are shown.
    """
    if isinstance(registered, bytes):
        decoded = cv2.imdecode(np.frombuffer(registered, np.uint8), cv2.IMREAD_GRAYSCALE)
        if decoded is None:
            return None
        registered = np.asarray(decoded)
    one, other = _detail(undone(found, transform)), _detail(canonical(registered))
    tried = [_correlated(one, np.ascontiguousarray(np.rot90(other, quarters))) for quarters in range(4)]
    return max((value for value in tried if value is not None), default=None)


def _correlated(one: Plane, other: Plane) -> float | None:
    height, width = one.shape
    top, left = round(height * (1 - _MIDDLE) / 2), round(width * (1 - _MIDDLE) / 2)
    part = np.ascontiguousarray(one[top : height - top, left : width - left])
    if min(part.shape) < _LEAST or float(part.std()) < 1e-3 or float(other.std()) < 1e-3:
        return None
    room = [
        max(round(_ROOM * side), 1 + (need - side) // 2 + 1) for side, need in zip(other.shape, part.shape, strict=True)
    ]
    field = cv2.copyMakeBorder(other, room[0], room[0], room[1], room[1], cv2.BORDER_CONSTANT, value=0)
    return float(cv2.matchTemplate(field, part, cv2.TM_CCOEFF_NORMED).max())


def _detail(plane: Plane) -> Plane:
    """What is finer than a few pixels of a reduced plane, edges of all contrasts alike."""
    height, width = plane.shape
    size = max(_LEAST, round(width * _REDUCED)), max(_LEAST, round(height * _REDUCED))
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    fine = small - cv2.blur(small, (9, 9))
    spread = np.sqrt(np.maximum(cv2.blur(fine * fine, (15, 15)), 0))
    return np.asarray(fine / (spread + 1.0), np.float32)
