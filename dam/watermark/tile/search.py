"""Find the tile after what happens to pictures in the wild: fast without geometry, deep stage by stage.

whole     mirrored, on its side, upside down
turned    crops, borders and turns by any angle: what `lattice` sees, tried against the key in all eight orientations
squeezed  the same with width and height apart
scaled    crops and borders once more, scale by scale against the key: where hardly two tiles are left, or where the
          picture itself repeats; then whole pictures of other proportions
further   more of what the lattice saw

A quick score tells the right place from nearly all others (6.3 and more in 304 marks; the largest of a search without a
mark is 5.25 in the median and 6.3 at most, of 120), so only the best few places of a stage are read exactly. The clock is read between places, and what was ranked by then is still read.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np

from dam.watermark.contract import Pixels, Transform
from dam.watermark.tile.lattice import Guess, Likeness
from dam.watermark.tile.patterns import Bank, Plane
from dam.watermark.tile.plane import LONG_SIDE, canonical, rescale, whiten
from dam.watermark.tile.reading import Sync, decode_at, find_faint_sync, find_sync, oriented_scores, quick_score

_SCALE_STEP: Final = 0.008  # half a step moves the edge of the plane by 1 px, which the quick score bears
_SCALE_RANGE: Final = (0.28, 1.6)  # crops to a twelfth of the area; borders of a third of each side
_ASPECT_RANGE: Final = (0.6, 1.67)
_GUESSES: Final = 8
_MORE_GUESSES: Final = 12
_READ_PER_STAGE: Final = 3
_PROMISING: Final = 5.2  # quick score
_SURE: Final = 8.0  # quick score from which nothing else of the stage is looked at before it is read
_FINE: Final = (1.0, 0.998, 1.002)
_WORTH_READING: Final = 4.2  # sync score; the largest of the noise in one plane is about 4.4
_UNLIKE_SQUARE: Final = 0.012  # width against height: less than that is no squeeze

Scored = tuple[float, Transform]


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
    small: Plane | None = None  # `whiten_small` of a picture that is smaller than the plane
    comparisons: int = 0
    levels: dict[int, Plane] = field(default_factory=dict)
    likeness: Likeness | None = None
    guesses: list[Guess] = field(default_factory=list)

    def fast(self) -> Found | None:
        if self.small is not None and (found := self._decoded(find_faint_sync(self.small, self.bank), Transform())):
            return found
        return self._read(self.luma, Transform())

    def deep(self) -> Found | None:
        for stage in (self._whole, self._turned, self._squeezed, self._scaled, self._further):
            if (found := self._best_of(stage())) is not None:
                return found
            if time.monotonic() >= self.deadline:
                return None
            self.levels.clear()  # no two stages share one: keep the memory flat
        return None

    def _best_of(self, places: Iterable[Scored]) -> Found | None:
        """Read the most promising places of a stage, a sure one at once."""
        waiting: list[Scored] = []
        left = _READ_PER_STAGE
        for score, transform in places:
            if score >= _SURE and left:
                left -= 1
                if (found := self._refine(transform)) is not None:
                    return found
            elif score >= _PROMISING:
                waiting.append((score, transform))
        for _, transform in sorted(waiting, key=lambda scored: -scored[0])[:_READ_PER_STAGE]:
            if (found := self._refine(transform)) is not None:
                return found
        return None

    def _whole(self) -> Iterator[Scored]:
        plane = whiten(self.luma)
        for score, quarters, flipped in oriented_scores(plane, self.bank):
            if quarters or flipped:
                yield score, Transform(rotation_deg=90.0 * quarters, flipped=flipped)

    def _turned(self) -> Iterator[Scored]:
        self.guesses = self._likeness().turned(_GUESSES + _MORE_GUESSES)
        return self._oriented(self.guesses[:_GUESSES])

    def _squeezed(self) -> Iterator[Scored]:
        guesses = self._likeness().squeezed(2 * _GUESSES)
        unlike = [one for one in guesses if abs(one.scale_x / one.scale_y - 1) > _UNLIKE_SQUARE]
        return self._oriented(unlike[:_GUESSES])

    def _scaled(self) -> Iterator[Scored]:
        yield from self._scan(Transform(scale=scale) for scale in _scales(_SCALE_RANGE))
        height, width = self.luma.shape
        yield from self._scan(Transform(aspect=width / height * squeeze) for squeeze in _scales(_ASPECT_RANGE))

    def _further(self) -> Iterator[Scored]:
        return self._oriented(self.guesses[_GUESSES:])

    def _likeness(self) -> Likeness:
        if self.likeness is None:
            self.likeness = Likeness(whiten(self.luma))
        return self.likeness

    def _oriented(self, guesses: Iterable[Guess]) -> Iterator[Scored]:
        """Undo each guess and try its tile all eight ways round."""
        whitened, (height, width) = whiten(self.luma), self.luma.shape
        for guess in guesses:
            size = round(width * guess.scale_x), round(height * guess.scale_y)
            matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -guess.turn_deg, 1)
            matrix *= [[size[0] / width], [size[1] / height]]
            plane = cv2.warpAffine(whitened, matrix, size, flags=cv2.INTER_LINEAR)
            for score, quarters, flipped in oriented_scores(plane, self.bank):
                yield score, _undoing(guess, size, quarters, flipped=flipped)
            if time.monotonic() >= self.deadline:
                return

    def _scan(self, places: Iterable[Transform]) -> Iterator[Scored]:
        for transform in places:
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
        return self._decoded(find_sync(whiten(luma), self.bank), transform)

    def _decoded(self, sync: Sync, transform: Transform) -> Found | None:
        if sync.score < _WORTH_READING:
            return None
        decoded = decode_at(sync, self.bank, self.key)
        self.comparisons += decoded.comparisons
        if decoded.mark_id is None:
            return None
        return Found(decoded.mark_id, replace(transform, offset=sync.offset), sync.score, self.comparisons)

    def _exactly(self, transform: Transform) -> Plane:
        """Undo the transform on the luma: whitened afterwards, at the right size."""
        return _undone(self.luma, transform)

    def _roughly(self, transform: Transform) -> Plane:
        """Undo scale and proportions on a plane that was whitened at the nearest half octave: one resize per place."""
        half_octave = round(2 * np.log2(transform.scale))
        level = self.levels.get(half_octave)
        if level is None:
            factor = 2 ** (half_octave / 2)
            height, width = self.luma.shape
            level = self.levels[half_octave] = whiten(
                rescale(self.luma, (round(width * factor), round(height * factor)))
            )
        return rescale(level, _target(self.luma, transform))


def undone(pixels: Pixels, transform: Transform) -> Plane:
    """The luma of a picture that a mark was read from, turned and scaled back to the plane of its original."""
    return _undone(canonical(pixels), transform)


def _undone(luma: Plane, transform: Transform) -> Plane:
    view = _turned(luma, transform.rotation_deg, flipped=transform.flipped)
    return rescale(view, _target(view, transform))


def _scales(span: tuple[float, float]) -> list[float]:
    """The ratios of a scan, the mildest first, so that a short budget goes to the likeliest."""
    steps = np.arange(np.log(span[0]), np.log(span[1]), _SCALE_STEP)
    return [float(s) for s in np.exp(steps[np.argsort(np.abs(steps), kind="stable")])]


def _undoing(guess: Guess, size: tuple[int, int], quarters: int, *, flipped: bool) -> Transform:
    turn = (guess.turn_deg + 90.0 * quarters + 180.0) % 360.0 - 180.0
    if guess.scale_x == guess.scale_y:
        return Transform(scale=guess.scale_x, rotation_deg=turn, flipped=flipped)
    width, height = size[::-1] if quarters % 2 else size
    return Transform(scale=max(size) / LONG_SIDE, rotation_deg=turn, flipped=flipped, aspect=width / height)


def _target(view: Plane, transform: Transform) -> tuple[int, int]:
    height, width = view.shape
    if transform.aspect is not None:
        long_wide = transform.aspect >= 1
        width = LONG_SIDE if long_wide else round(LONG_SIDE * transform.aspect)
        height = round(LONG_SIDE / transform.aspect) if long_wide else LONG_SIDE
    return round(width * transform.scale), round(height * transform.scale)


def _turned(luma: Plane, rotation_deg: float, *, flipped: bool) -> Plane:
    """Turn back by the rotation (counter-clockwise turns are undone clockwise), then unflip."""
    quarters = round(rotation_deg / 90.0)
    rest = rotation_deg - 90.0 * quarters
    view = luma
    if rest:
        height, width = luma.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -rest, 1)
        view = cv2.warpAffine(luma, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    view = np.rot90(view, -quarters)
    return np.ascontiguousarray(view[:, ::-1] if flipped else view)
