"""Encode a video anew with the mark in every frame, as faint as survives a rehearsal."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from dam.errors import PolicyError
from dam.media import film as files
from dam.media.picture import Bytes8
from dam.model import Media
from dam.settings import Settings
from dam.watermark.contract import FrameMarker
from dam.watermark.engines import tilemark

STRENGTHS_DB: Final = (48.0, 46.5, 45.0, 43.5, 42.0, 40.5, 39.0)  # luma PSNR of a frame, the weakest first
_SAMPLE: Final = 72  # frames in a row that are rehearsed with: three seconds
_CRF: Final = 28
SMALLEST_PX: Final = 256  # short side


@dataclass(frozen=True, slots=True)
class Filmed:
    """The strength that was chosen, and what a few seconds marked with it survived."""

    strength_db: float
    survived: dict[str, bool] = field(default_factory=dict)


def film(path: str, media: Media, target: Path, mark_id: int, key: bytes, settings: Settings) -> Filmed:
    """Write a marked video into `target` and read the mark in it again.

    Raises:
        PolicyError: it cannot be written anew without loss ("mark.video"), is too small ("mark.too_small"), or the mark
            cannot be read in what was written ("mark.not_readable").
        BadFileError: it cannot be read or decoded.
    """
    most = settings.max_pixels_mp
    files.check(path, media, max_pixels_mp=most)
    sample = files.lumas(path, media, max_pixels_mp=most, count=_SAMPLE)
    if sample and min(sample[0].shape) < SMALLEST_PX:
        raise PolicyError("The video is too small for an invisible mark.", code="mark.too_small")
    marker = tilemark.PLUGIN.marker(mark_id, key)
    chosen = _choose(marker, sample)
    files.remake(path, media, target, lambda luma: marker.mark(luma, chosen.strength_db), max_pixels_mp=most)
    if not marker.is_readable(files.lumas(str(target), media, max_pixels_mp=most, count=_SAMPLE)):
        raise PolicyError("The mark cannot be read in the video; it may be too plain.", code="mark.not_readable")
    return chosen


def _choose(marker: FrameMarker, sample: list[Bytes8]) -> Filmed:
    """The weakest strength that survives everything, by bisection; else the strongest, with what it does not survive."""
    low, high, best = 0, len(STRENGTHS_DB) - 1, None
    while low < high:
        middle = (low + high) // 2
        tried = _rehearse(marker, sample, STRENGTHS_DB[middle])
        if all(tried.survived.values()):
            high, best = middle, tried
        else:
            low = middle + 1
    return best or _rehearse(marker, sample, STRENGTHS_DB[high])


def _rehearse(marker: FrameMarker, sample: list[Bytes8], strength_db: float) -> Filmed:
    marked = [marker.mark(luma, strength_db) for luma in sample]
    through = {"h264_crf28": marked, "half_h264_crf28": _halved(marked)}
    survived = {name: marker.is_readable(files.through_h264(lumas, crf=_CRF)) for name, lumas in through.items()}
    return Filmed(strength_db, survived)


def _halved(lumas: Iterable[Bytes8]) -> Iterable[Bytes8]:
    for luma in lumas:
        size = luma.shape[1] // 2, luma.shape[0] // 2
        yield np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)
