"""The ways in which a found picture may show one of ours: as it is, mirrored, and without the border that was put round it.

Codes are stored of pictures as they are; a query is asked in every view. A mirrored or letterboxed copy has a code that
has nothing to do with the original's (docs/decisions/0005).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dam.fingerprint.contract import Luma

_PLAIN_LEVELS: Final = 3.0  # standard deviation of a line of a border after JPEG
_SAME_LEVELS: Final = 6.0  # ... and how far its mean may be from the outermost line's
_LEAST_BORDER: Final = 0.02  # of a side: less moves no code by more than noise does
_LEAST_LEFT: Final = 0.25  # of a side: what is smaller is no picture with a border


def views(luma: Luma) -> list[tuple[str, Luma]]:
    """(name, luma) of each view: "as it is", "mirrored", and with "without border" both ways where there is a border."""
    found = [("as it is", luma), ("mirrored", _mirrored(luma))]
    inner = without_border(luma)
    if inner is not None:
        found += [("without border", inner), ("without border, mirrored", _mirrored(inner))]
    return found


def without_border(luma: Luma) -> Luma | None:
    """The picture inside a plain border (one colour on each side that has one), or None where there is none."""
    if min(luma.shape) < 16:
        return None
    top, bottom = _plain(luma), _plain(luma[::-1])
    left, right = _plain(luma.T), _plain(luma.T[::-1])
    height, width = luma.shape
    high, wide = height - top - bottom, width - left - right
    if high < _LEAST_LEFT * height or wide < _LEAST_LEFT * width:
        return None
    if max((top + bottom) / height, (left + right) / width) < _LEAST_BORDER:
        return None
    return np.ascontiguousarray(luma[top : top + high, left : left + wide])


def _plain(lines: Luma) -> int:
    """How many lines from the first on are plain and of one colour."""
    means = lines.mean(axis=1)
    plain: NDArray[np.bool_] = (lines.std(axis=1) < _PLAIN_LEVELS) & (np.abs(means - means[0]) < _SAME_LEVELS)
    return len(plain) if plain.all() else int(np.argmin(plain))


def _mirrored(luma: Luma) -> Luma:
    return np.ascontiguousarray(luma[:, ::-1])
