"""Moments of a video: stretches that look the same to a fingerprint, and how a found clip lies along one of ours.

A frame is kept when it looks different from the one kept last, so a still scene is one moment and a fast one is many.
A clip that was cut out of one of ours agrees with it at one shift in time: frames that agree at different shifts are
chance, or pictures that both videos use.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from dam.fingerprint.contract import Luma, hamming, is_flat
from dam.fingerprint.engines import phash64, phash256

MOVED_BITS: Final = 4  # of 64: half of what still is the same picture
MAX_MOMENTS: Final = 20_000
_SLACK_S: Final = 0.5  # frames are looked at in steps, and a new frame rate moves them
_LEAST_MATCHED: Final = 3
_LEAST_SHARE: Final = 0.3


@dataclass(frozen=True, slots=True)
class Moment:
    """From `at_s` to `until_s` the video looks like this. Codes as the engines phash64 and phash256 give them."""

    at_s: float
    until_s: float
    code64: str
    code256: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """A moment of one of our videos that looks like a frame that was asked for."""

    asset_id: str
    at_s: float
    until_s: float
    distance64: int
    distance256: int


@dataclass(frozen=True, slots=True)
class Aligned:
    """One of our videos that a clip lies along: `matched` of the clip's `asked` moments agree when the clip's beginning is
    laid at `starts_s` of ours (negative: the clip has something in front).
    """

    asset_id: str
    starts_s: float
    matched: int
    asked: int
    distance256: int

    @property
    def share(self) -> float:
        return self.matched / self.asked


def distinct(frames: Iterable[tuple[float, Luma]], kept: Callable[[Luma], None] | None = None) -> list[Moment]:
    """The moments of (seconds, canonical luma) in order; flat frames have none. At most MAX_MOMENTS.

    `kept` gets the frame with which each moment begins: for codes of its other views.
    """
    found: list[Moment] = []
    open_ = False  # whether the last moment still goes on
    for at_s, luma in frames:
        if is_flat(luma):
            open_ = False
            continue
        code64 = phash64.PLUGIN.compute(luma)
        last = found[-1] if found else None
        if open_ and last is not None and hamming(code64, last.code64, phash64.PLUGIN.bits) <= MOVED_BITS:
            found[-1] = Moment(last.at_s, at_s, last.code64, last.code256)
            continue
        if len(found) >= MAX_MOMENTS:
            break
        found.append(Moment(at_s, at_s, code64, phash256.PLUGIN.compute(luma)))
        if kept is not None:
            kept(luma)
        open_ = True
    return found


class OtherViews:
    """Codes of the other views of the frames with which moments begin, of the first `most`: to be given as `kept`."""

    def __init__(self, views: Callable[[Luma], Sequence[tuple[str, Luma]]], most: int) -> None:
        self._views, self._left = views, most
        self._codes: list[list[tuple[str, str, str]]] = []

    def kept(self, luma: Luma) -> None:
        if self._left > 0:
            self._left -= 1
            ones = [(name, view) for name, view in self._views(luma) if not is_flat(view)]
            codes = [(name, phash64.PLUGIN.compute(view), phash256.PLUGIN.compute(view)) for name, view in ones]
            self._codes.append(codes)

    def of(self, moments: Sequence[Moment]) -> dict[str, list[Moment]]:
        """The same moments as they are seen in each view, by its name."""
        found: dict[str, list[Moment]] = defaultdict(list)
        for moment, ones in zip(moments, self._codes, strict=False):
            for name, code64, code256 in ones:
                found[name].append(Moment(moment.at_s, moment.until_s, code64, code256))
        return dict(found)


def aligned(asked: Sequence[Moment], alike: Sequence[Sequence[Likeness]]) -> list[Aligned]:
    """Our videos that a clip lies along, the best first; `alike[n]` is what looks like `asked[n]`.

    Enough is: three moments and three tenths of all, or every one of a clip that has fewer.
    """
    by_asset: dict[str, dict[int, list[Likeness]]] = defaultdict(lambda: defaultdict(list))
    for number, ones in enumerate(alike):
        for one in ones:
            by_asset[one.asset_id][number].append(one)
    found = []
    for asset_id, matches in by_asset.items():
        matched, shift_s = _best_shift(asked, matches)
        needed = min(len(asked), max(_LEAST_MATCHED, _LEAST_SHARE * len(asked)))
        if matched >= needed:
            nearest = min(one.distance256 for ones in matches.values() for one in ones)
            found.append(Aligned(asset_id, round(shift_s, 3), matched, len(asked), nearest))
    return sorted(found, key=lambda one: (-one.matched, one.distance256, one.asset_id))


def _best_shift(asked: Sequence[Moment], matches: dict[int, list[Likeness]]) -> tuple[int, float]:
    """At which shift in time most of the asked moments agree, and how many: a sweep over the ends of what is possible."""
    ends: list[tuple[float, int]] = []
    for number, ones in matches.items():
        mine = asked[number]
        spans = sorted((one.at_s - mine.until_s - _SLACK_S, one.until_s - mine.at_s + _SLACK_S) for one in ones)
        for first, last in _merged(spans):
            ends += [(first, 0), (last, 1)]  # a span begins before another ends at the same place
    best, best_from, count = 0, 0.0, 0
    best_to = best_from
    for place, is_end in sorted(ends):
        if is_end:
            if count == best and best_to < best_from:
                best_to = place
            count -= 1
        else:
            count += 1
            if count > best:
                best, best_from, best_to = count, place, place - 1.0
    return best, (best_from + best_to) / 2


def _merged(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Sorted spans without overlaps: one asked moment counts once at any shift."""
    found: list[tuple[float, float]] = []
    for first, last in spans:
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found
