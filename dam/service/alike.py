"""Which assets of ours look like what a file shows: pictures as a whole, stills of videos, pieces of videos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dam.catalogue.reading import open_reader
from dam.fingerprint.chance import chance_alike
from dam.fingerprint.moments import Likeness, Moment, aligned
from dam.fingerprint.sounds import Numbers
from dam.ingest.near import ENGINE_64, ENGINE_256
from dam.ingest.parts import Parts
from dam.model import FingerprintCode

MOST: Final = 8  # assets named
_MOST_ASKED: Final = 240  # moments of a clip, spread over it
View = tuple[str, Sequence[FingerprintCode]]


@dataclass(frozen=True, slots=True)
class Match:
    asset_id: str
    found_by: str
    score: float
    detail: dict[str, Any] = field(default_factory=dict)


def by_fingerprint(parts: Parts, views: Sequence[View]) -> list[Match]:
    """Assets that look like the picture in any of its views; each once, in the view that is nearest."""
    with open_reader(parts.catalogue.path) as reader:
        parts.near.follow(reader)
    compared, best = len(parts.near) * len(views), dict[str, Match]()
    for view, codes in views:
        for hit in parts.near.near(*_codes(codes), limit=MOST):
            detail = {"distance64": hit.distance64, "distance256": hit.distance256, "view": view}
            detail["p_false"] = chance_alike(hit.distance256, compared)
            _keep_nearer(best, Match(hit.asset_id, "fingerprint", _score(hit.distance64, hit.distance256), detail))
    return _ranked(best)


def by_frame(parts: Parts, views: Sequence[View]) -> list[Match]:
    """Videos in which the picture is a frame, with the seconds from which to which they look like it."""
    with open_reader(parts.catalogue.path) as reader:
        parts.moments.follow(reader)
    compared, best = len(parts.moments) * len(views), dict[str, Match]()
    for view, codes in views:
        for one in parts.moments.near(*_codes(codes)):
            detail = {
                "at_s": one.at_s, "until_s": one.until_s, "distance64": one.distance64, "distance256": one.distance256,
                "view": view, "p_false": chance_alike(one.distance256, compared),
            }  # fmt: skip
            _keep_nearer(best, Match(one.asset_id, "frame", _score(one.distance64, one.distance256), detail))
    return _ranked(best)


def by_clip(parts: Parts, moments: Sequence[Moment], otherwise: Mapping[str, Sequence[Moment]]) -> list[Match]:
    """Videos that a clip lies along, with the second of ours at which the clip begins. Where none is found, its other
    views are asked: mirrored, without the border round it.
    """
    with open_reader(parts.catalogue.path) as reader:
        parts.moments.follow(reader)
    found = _along(parts, "as it is", moments)
    if found:
        return found
    best = dict[str, Match]()
    for view, seen in otherwise.items():
        for match in _along(parts, view, seen):
            _keep_nearer(best, match)
    return _ranked(best)


def _along(parts: Parts, view: str, moments: Sequence[Moment]) -> list[Match]:
    asked = _spread(moments)
    if not asked:
        return []
    alike: list[list[Likeness]] = [parts.moments.near(one.code64, one.code256) for one in asked]
    compared = len(parts.moments) * len(asked)
    return [
        Match(
            one.asset_id,
            "clip",
            round(one.share, 4),
            {
                "starts_s": one.starts_s, "matched": one.matched, "asked": one.asked, "distance256": one.distance256,
                "view": view,
                "p_false": chance_alike(one.distance256, compared),
            },
        )
        for one in aligned(asked, alike)[:MOST]
    ]  # fmt: skip


def by_sound(parts: Parts, numbers: Numbers | None) -> list[Match]:
    """Sounds that a sound agrees with, with the second of ours at which it begins. `errors`: share of different bits."""
    if numbers is None:
        return []
    with open_reader(parts.catalogue.path) as reader:
        parts.sounds.follow(reader)
    return [
        Match(
            one.asset_id,
            "sound",
            round(1 - 2 * one.errors, 4),
            {"starts_s": one.starts_s, "errors": one.errors, "seconds": one.seconds},
        )
        for one in parts.sounds.near(numbers)[:MOST]
    ]


def _codes(codes: Sequence[FingerprintCode]) -> tuple[str, str]:
    by_engine = {one.engine: one.code for one in codes}
    return by_engine[ENGINE_64], by_engine[ENGINE_256]


def _score(distance64: int, distance256: int) -> float:
    return round(1 - max(distance64 / 64, distance256 / 256), 4)


def _keep_nearer(best: dict[str, Match], match: Match) -> None:
    there = best.get(match.asset_id)
    if there is None or match.score > there.score:
        best[match.asset_id] = match


def _ranked(best: dict[str, Match]) -> list[Match]:
    return sorted(best.values(), key=lambda match: (-match.score, match.asset_id))[:MOST]


def _spread(moments: Sequence[Moment]) -> list[Moment]:
    step = max(1, -(-len(moments) // _MOST_ASKED))
    return list(moments[::step])
