"""Find the tile after what happens to pictures in the wild: fast without geometry, deep over a plan of stages.

Every stage scans with the quick score, then reads its best few places exactly. The order is by how common the damage
is and how cheap it is to look for it; the clock is read between scans, and what was scanned by then is still read.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np

from dam.watermark.contract import Transform
from dam.watermark.tile.patterns import Bank, Plane
from dam.watermark.tile.plane import LONG_SIDE, rescale, whiten
from dam.watermark.tile.reading import decode_at, find_sync, quick_score

_SCALE_STEP: Final = 0.006  # half a step moves the edge of the plane by 0.8 px: what the finest pattern bears
_SCALE_RANGE: Final = (0.28, 2.4)  # crops to a twelfth of the area; borders that add half as much again on each side
_TURNED_SCALE_RANGE: Final = (0.4, 1.5)  # together with a flip or a turn: the rest is rare and slow
_ASPECT_RANGE: Final = (0.5, 2.0)
_TURNS_DEG: Final = (0.65, -0.65, 1.3, -1.3, 1.95, -1.95)
_READ_PER_STAGE: Final = 5
_FINE: Final = (1.0, 0.998, 1.002)
_WORTH_READING: Final = 4.2  # sync score; the largest of the noise in one plane is about 4.4


@dataclass(frozen=True, slots=True)
class Found:
    """A verified mark id with the number of tags compared to get there."""

    mark_id: int
    transform: Transform
    score: float
    comparisons: int


@dataclass(slots=True)
class Searcher:
    """One search in one canonical plane. Used by one thread, for one call."""

    luma: Plane
    bank: Bank
    key: bytes
    deadline: float  # time.monotonic()
    comparisons: int = 0
    views: dict[tuple[float, bool], Plane] = field(default_factory=dict)
    levels: dict[tuple[float, bool, int], Plane] = field(default_factory=dict)

    def fast(self) -> Found | None:
        return self._read(self.luma, Transform())

    def deep(self) -> Found | None:
        for stage in self._plan():
            best = sorted(self._scan(stage), key=lambda scored: -scored[0])[:_READ_PER_STAGE]
            for _, transform in best:
                if (found := self._refine(transform)) is not None:
                    return found
            if time.monotonic() >= self.deadline:
                return None
            self.views.clear()  # no two stages share a view but the first: keep the memory flat
            self.levels.clear()
        return None

    def _plan(self) -> Iterator[Iterable[Transform]]:
        yield [Transform(flipped=True), *_quarter_turns()]
        yield [Transform(scale=s) for s in _scales(_SCALE_RANGE)]
        yield self._squeezes()
        yield [Transform(scale=s, flipped=True) for s in _scales(_TURNED_SCALE_RANGE)]
        for turn in _TURNS_DEG:
            yield [Transform(scale=s, rotation_deg=turn) for s in _scales(_TURNED_SCALE_RANGE)]

    def _squeezes(self) -> list[Transform]:
        height, width = self.luma.shape
        return [Transform(aspect=width / height * squeeze) for squeeze in _scales(_ASPECT_RANGE)]

    def _scan(self, stage: Iterable[Transform]) -> Iterator[tuple[float, Transform]]:
        for transform in stage:
            yield quick_score(self._roughly(transform), self.bank), transform
            if time.monotonic() >= self.deadline:
                return

    def _refine(self, transform: Transform) -> Found | None:
        for factor in _FINE:
            near = replace(transform, scale=transform.scale * factor)
            found = self._read(self._exactly(near), near)
            if found is not None:
                return found
        return None

    def _read(self, luma: Plane, transform: Transform) -> Found | None:
        sync = find_sync(whiten(luma), self.bank)
        if sync.score < _WORTH_READING:
            return None
        decoded = decode_at(sync, self.bank, self.key)
        self.comparisons += decoded.comparisons
        if decoded.mark_id is None:
            return None
        return Found(decoded.mark_id, replace(transform, offset=sync.offset), sync.score, self.comparisons)

    def _exactly(self, transform: Transform) -> Plane:
        """Undo the transform on the luma: whitened afterwards, at the right size."""
        view = self._view(transform)
        return rescale(view, _target(view, transform))

    def _roughly(self, transform: Transform) -> Plane:
        """Undo it on a plane that was whitened at the nearest half octave of the scale: one resize per scale."""
        view = self._view(transform)
        half_octave = round(2 * np.log2(transform.scale))
        name = (transform.rotation_deg, transform.flipped, half_octave)
        level = self.levels.get(name)
        if level is None:
            factor = 2 ** (half_octave / 2)
            level = whiten(rescale(view, (round(view.shape[1] * factor), round(view.shape[0] * factor))))
            self.levels[name] = level
        return rescale(level, _target(view, transform))

    def _view(self, transform: Transform) -> Plane:
        name = (transform.rotation_deg, transform.flipped)
        view = self.views.get(name)
        if view is None:
            view = self.views[name] = _turned(self.luma, *name)
        return view


def _scales(span: tuple[float, float]) -> list[float]:
    """The ratios of a scan, the mildest first, so that a short budget goes to the likeliest."""
    steps = np.arange(np.log(span[0]), np.log(span[1]), _SCALE_STEP)
    return [float(s) for s in np.exp(steps[np.argsort(np.abs(steps), kind="stable")])]


def _quarter_turns() -> list[Transform]:
    return [Transform(rotation_deg=turn, flipped=flip) for turn in (90.0, 180.0, 270.0) for flip in (False, True)]


def _target(view: Plane, transform: Transform) -> tuple[int, int]:
    height, width = view.shape
    if transform.aspect is not None:
        long_wide = transform.aspect >= 1
        width = LONG_SIDE if long_wide else round(LONG_SIDE * transform.aspect)
        height = round(LONG_SIDE / transform.aspect) if long_wide else LONG_SIDE
    return round(width * transform.scale), round(height * transform.scale)


def _turned(luma: Plane, rotation_deg: float, flipped: bool) -> Plane:
    """Turn back by the rotation (counter-clockwise turns are undone clockwise), then unflip."""
    quarters, rest = divmod(rotation_deg, 90.0)
    if rest and abs(rotation_deg) > 45:
        raise ValueError("only quarter turns and small turns are searched")
    view = luma
    if rest:
        height, width = luma.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -rotation_deg, 1)
        view = cv2.warpAffine(luma, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    elif quarters:
        view = np.rot90(luma, -int(quarters))
    return np.ascontiguousarray(view[:, ::-1] if flipped else view)
