"""Where the tile repeats: the size, turn and squeeze of the mark, read off the picture's correlation with itself.

The tile repeats every 128 px of the original's plane, so a whitened plane is like itself at every vector of a square
lattice, whatever key made the tile. The lattice tells scale and turn directly, without trying them against a pattern:
one transform and one table look-up per guess. It cannot tell quarter turns and mirror images apart: the lattice of those
is the same. Where fewer than two tiles are left of a picture there is no repetition to see.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from dam.watermark.tile.patterns import TILE, Plane

_PADDED: Final = 768  # lags up to half the plane do not wrap, and further ones hardly share pixels
_LEAST_OVERLAP: Final = 0.05  # share of the plane; fewer pixels say nothing
_SCALE_STEP: Final = 0.006
_SCALES: Final = np.exp(np.arange(np.log(0.36), np.log(1.75), _SCALE_STEP)).astype(np.float32)
_TURN_STEP_DEG: Final = 0.3
_TURNS_DEG: Final = np.arange(-45.0, 45.0, _TURN_STEP_DEG, dtype=np.float32)
_SQUEEZES: Final = np.exp(np.arange(np.log(0.5), np.log(1.75), _SCALE_STEP)).astype(np.float32)
_MOST_SQUEEZED: Final = 2.0  # one way against the other
_VECTORS: Final = ((1, 0), (0, 1), (1, 1), (1, -1), (2, 0), (0, 2), (2, 1), (1, 2), (2, -1), (1, -2), (3, 0), (0, 3))
_APART: Final = (5, 5)  # steps between two guesses

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Guess:
    """How to undo what was done: scales of width and height from the found plane to the original's, the turn to undo in
    degrees counter-clockwise, and how far the likeness stands out, in standard deviations (6 and more is rarely chance).
    """

    score: float
    scale_x: float
    scale_y: float
    turn_deg: float = 0.0


class Likeness:
    """The correlation of one whitened plane with itself, and what lattices fit it."""

    def __init__(self, plane: Plane) -> None:
        from scipy import fft  # imported where it is used: see patterns

        height, width = plane.shape
        rows = fft.rfft(plane, n=_PADDED, axis=1)  # of the plane's own rows: the others are empty
        magnitude = np.abs(fft.fft(rows, n=_PADDED, axis=0))  # not the power: the picture's own periods are louder
        magnitude[0, 0] = 0
        raw = fft.irfft(fft.ifft(magnitude, axis=0), n=_PADDED, axis=1)
        lags = np.minimum(np.arange(_PADDED), _PADDED - np.arange(_PADDED)).astype(np.float32)
        shared = np.maximum(height - lags, 0)[:, None] * np.maximum(width - lags, 0)[None]
        raw /= np.sqrt(np.maximum(shared, _LEAST_OVERLAP * height * width))  # sums of fewer pixels vary less
        middle = raw[TILE // 3 : height // 2 + TILE // 3, TILE // 3 : width // 2 + TILE // 3]
        self._plane: Plane = np.asarray(raw / max(float(middle.std()), 1e-12), np.float32)
        self._shape = height, width

    def turned(self, count: int) -> list[Guess]:
        """The likeliest scales and turns, the best first."""
        turns = np.deg2rad(_TURNS_DEG)[None]
        size = (TILE / _SCALES)[:, None]
        scores = self._summed(size * np.cos(turns), size * np.sin(turns), size * np.cos(turns), size * np.sin(turns))
        return [
            Guess(score, s := float(np.exp(np.log(_SCALES[0]) + _SCALE_STEP * row)), s, float(_TURNS_DEG[0] + _TURN_STEP_DEG * column))
            for score, row, column in _peaks(scores, count)
        ]  # fmt: skip

    def squeezed(self, count: int) -> list[Guess]:
        """The likeliest scales of width and height, without a turn, the best first."""
        none = np.zeros((1, 1), np.float32)
        wide, high = (TILE / _SQUEEZES)[None], (TILE / _SQUEEZES)[:, None]
        scores = self._summed(wide + 0 * high, none, high + 0 * wide, none)
        ratio = _SQUEEZES[None] / _SQUEEZES[:, None]
        scores[(ratio > _MOST_SQUEEZED) | (ratio < 1 / _MOST_SQUEEZED)] = 0
        first = np.log(_SQUEEZES[0])
        return [
            Guess(score, float(np.exp(first + _SCALE_STEP * column)), float(np.exp(first + _SCALE_STEP * row)))
            for score, row, column in _peaks(scores, count)
        ]

    def _summed(self, x_cos: Plane, x_sin: Plane, y_cos: Plane, y_sin: Plane) -> Scores:
        """Likeness at all lattice vectors within the plane together, for tables of the two vectors that span a lattice:
        (x_cos, -x_sin) and (y_sin, y_cos), y pointing down.
        """
        height, width = self._shape
        total = np.zeros(np.broadcast(x_cos, y_cos).shape, np.float32)
        weight = np.zeros_like(total)
        for i, j in _VECTORS:
            x, y = i * x_cos + j * y_sin, j * y_cos - i * x_sin
            shared = np.clip(1 - np.abs(x) / width, 0, 1) * np.clip(1 - np.abs(y) / height, 0, 1)
            shared = np.where(shared < _LEAST_OVERLAP, 0, np.sqrt(shared)).astype(np.float32)
            x, y = (np.ascontiguousarray((one % _PADDED).astype(np.float32)) for one in np.broadcast_arrays(x, y))
            total += shared * cv2.remap(self._plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
            weight += shared * shared
        return np.asarray(total / np.sqrt(np.maximum(weight, 1e-3)), np.float32)


def _peaks(scores: Scores, count: int) -> list[tuple[float, float, float]]:
    """(score, row, column) of the highest local peaks, between the steps by parabolas."""
    tops = np.argwhere(scores >= cv2.dilate(scores, np.ones(_APART, np.uint8)))
    order = np.argsort(-scores[tops[:, 0], tops[:, 1]], kind="stable")[:count]
    found = []
    for row, column in tops[order].tolist():
        rows = scores[max(0, row - 1) : row + 2, column]
        columns = scores[row, max(0, column - 1) : column + 2]
        found.append((float(scores[row, column]), row + _vertex(rows), column + _vertex(columns)))
    return found


def _vertex(values: Scores) -> float:
    """Place of a peak among its neighbours, -0.5..0.5; 0 at the edge of a table."""
    if len(values) < 3:
        return 0.0
    before, peak, after = (float(v) for v in values)
    bend = before - 2 * peak + after
    return 0.0 if bend >= -1e-9 else min(0.5, max(-0.5, 0.5 * (before - after) / bend))
