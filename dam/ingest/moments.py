"""MOMENTS: a walk through a video gives the codes by which a still, or a piece of it, leads back to its second."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict

from dam.catalogue import moments as stored
from dam.catalogue import work
from dam.catalogue.work import Job
from dam.fingerprint.contract import Luma
from dam.fingerprint.moments import Moment, distinct
from dam.ingest.parts import Parts
from dam.media.pixels import luma_of
from dam.model import Kind, Media
from dam.watermark.contract import FrameFold

STAGE = "moments"
VERSION = "1"
MOST_FOLDED = 240  # frames that a mark is looked for in
BUDGET_S = 600.0  # for one video; what lies behind it has no moments


def run(parts: Parts, job: Job, path: str) -> None:
    """Walk through the video at `path` and record its moments. Raises BadFileError: it cannot be decoded."""
    media = Media(Kind(job.kind), job.mime)
    found = look_through(path, media, max_pixels_mp=parts.settings.max_pixels_mp)
    with parts.catalogue.change() as unit:
        stored.put(unit, job.asset_id, (asdict(one) for one in found))
        work.job_ended(unit, job.id, "done")


def look_through(
    path: str, media: Media, *, max_pixels_mp: float, budget_s: float = BUDGET_S, fold: FrameFold | None = None,
    kept: Callable[[Luma], None] | None = None,
) -> list[Moment]:  # fmt: skip
    """The moments of a video file. Frames that are seen on the way also go into `fold`, MOST_FOLDED of them at most;
    `kept` as in `distinct`.
    """
    return distinct(_lumas(path, media, max_pixels_mp, budget_s, fold), kept)


def _lumas(
    path: str, media: Media, max_pixels_mp: float, budget_s: float, fold: FrameFold | None
) -> Iterator[tuple[float, Luma]]:
    from dam.media import frames  # PyAV takes 70 ms to import

    walk = frames.moments(path, media, max_pixels_mp=max_pixels_mp, budget_s=budget_s)
    with closing(walk) as found:
        for number, pixels in enumerate(found):
            if fold is not None and number < MOST_FOLDED:
                fold.add(pixels.rgb)
            yield pixels.frame_s, luma_of(pixels.rgb)
