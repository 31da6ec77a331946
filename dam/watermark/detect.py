"""Try every engine and every key on one picture."""

import logging
import time
from collections.abc import Sequence
from functools import cache

from dam import plugins
from dam.errors import NotFoundError
from dam.watermark import engines
from dam.watermark.contract import GROUP, Detection, Effort, FilmWatermarker, Pixels, Watermarker, is_watermarker
from dam.watermark.payload import parse_mark_id
from dam.watermark.tone import tonemark
from dam.watermark.tone.patterns import Signal

log = logging.getLogger(__name__)


@cache
def discovery() -> plugins.Discovery[Watermarker]:
    """All engines, with those that could not be loaded and why. Looked up once per process."""
    return plugins.discover(engines, GROUP, is_watermarker)


def engine(name: str) -> Watermarker | None:
    """Return the engine of that name, or None."""
    return next((e for e in discovery().plugins if e.name == name), None)


def detect_all(
    pixels: Pixels, keys: Sequence[tuple[str, bytes]], *, effort: Effort, budget_s: float
) -> tuple[str, str, Detection] | None:
    """Look for any engine's mark under any key; the first verified one wins.

    Args:
        pixels: uint8, (H, W, 3) sRGB or (H, W) grey.
        keys: (key id, 32-byte key), the likeliest first.
        effort: "deep" first tries all keys fast, then each deeply.
        budget_s: wall-clock for everything; the fast tries (a few ms each) are always made.

    Returns:
        (key id, engine name, detection), or None = nothing found, which proves nothing.
    """
    deadline = time.monotonic() + budget_s
    found = _try_each(pixels, keys, "fast", deadline)
    if found is None and effort == "deep":
        found = _try_each(pixels, keys, "deep", deadline)
    return found


def _try_each(
    pixels: Pixels, keys: Sequence[tuple[str, bytes]], effort: Effort, deadline: float
) -> tuple[str, str, Detection] | None:
    ready = [e for e in discovery().plugins if "image" in e.media and e.available().ready]
    tries = [(key_id, key, e) for key_id, key in keys for e in ready]
    for number, (key_id, key, candidate) in enumerate(tries):
        left_s = deadline - time.monotonic()
        if effort == "deep" and left_s <= 0:
            return None
        share_s = max(0.0, left_s) / (len(tries) - number)  # a key without a mark must not eat the others' time
        try:
            detection = candidate.detect(pixels, key, effort=effort, budget_s=share_s)
        except Exception:  # the edge of a plug-in: one engine must not stop the others
            log.exception("watermark engine %s failed", candidate.name)
            continue
        if detection is not None and detection.verified:
            return key_id, candidate.name, detection
    return None


def detect_sound(sound: Signal, keys: Sequence[tuple[str, bytes]]) -> tuple[str, str, Detection] | None:
    """Look for a mark under any key in mono samples at `tone.patterns.RATE`."""
    for key_id, key in keys:
        found = tonemark.PLUGIN.detect(sound, key)
        if found is not None and found.verified:
            return key_id, tonemark.PLUGIN.name, found
    return None


def algorithms() -> tuple[str, ...]:
    """The names of all marks that can be read here, as C2PA soft-binding algorithms."""
    ready = (one.alg for one in discovery().plugins if one.available().ready)
    return tuple(sorted({*ready, tonemark.PLUGIN.alg}))


def id_of(alg: str, value: str) -> int:
    """The mark id that a soft binding names.

    Raises:
        UsageError: the value is not one of this algorithm.
        NotFoundError: no engine here has it.
    """
    if alg == tonemark.PLUGIN.alg:
        return parse_mark_id(value)
    for one in discovery().plugins:
        if one.alg == alg:
            return one.id_of(value)
    raise NotFoundError(f"No engine here reads {alg[:80]!r}.", code="binding.algorithm")


class Folds:
    """A fold for every engine that marks videos: give it frames, then ask it for marks."""

    def __init__(self) -> None:
        ready = (one for one in discovery().plugins if "video" in one.media and one.available().ready)
        self._folds = [(one, one.fold()) for one in ready if isinstance(one, FilmWatermarker)]

    def add(self, pixels: Pixels) -> None:
        """One more frame."""
        for _, fold in self._folds:
            fold.add(pixels)

    def detect_all(self, keys: Sequence[tuple[str, bytes]], *, budget_s: float) -> tuple[str, str, Detection] | None:
        """`detect_all`, deep, of all frames together."""
        deadline = time.monotonic() + budget_s
        for number, (key_id, key) in enumerate(keys):
            for one, fold in self._folds:
                share_s = max(0.0, deadline - time.monotonic()) / (len(keys) - number)
                try:
                    found = one.detect_fold(fold, key, effort="deep", budget_s=share_s)
                except Exception:  # the edge of a plug-in, as above
                    log.exception("watermark engine %s failed", one.name)
                    continue
                if found is not None and found.verified:
                    return key_id, one.name, found
        return None
