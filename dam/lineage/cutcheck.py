"""May a cut ship? Rules held against every clip, and what changed between two versions of a cut. Pure.

A clip is an asset where one match is sure enough; a clip that is none, or may be several, breaks every rule that asks for
something, because nobody can answer for it. Generators (titles, bars) are nobody's asset and break none.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

from dam.errors import UsageError

REQUIRABLE: Final = ("approved", "credentialed", "online", "protected")
FORBIDDABLE: Final = ("ai", "rejected", "unreviewed", "tool", "model", "lora")
SURE: Final = 0.6  # confidence of a match from which a clip is taken for that asset
_MOVED_S: Final = 0.02  # less is rounding between frame rates
_GENERATOR: Final = "generator"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules ask of an asset. `made_with`: (field, value) of its own making and, further up, of what it was made
    from, with the asset that it is said of.
    """

    asset_id: str
    title: str
    status: str
    credential: str
    availability: str
    protected: bool
    created_at: datetime
    ai: tuple[str, ...] = ()  # titles of the assets, itself or above it, that are AI-made
    made_with: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Clip:
    """One use on the timeline. `asset_id` is None where no match is sure enough; `candidates` are then what it may be."""

    position: int
    name: str
    start_s: float | None
    duration_s: float | None
    track: str | None
    kind: str | None = None
    asset_id: str | None = None
    candidates: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        return self.asset_id or f"name:{self.name}"


@dataclass(frozen=True, slots=True)
class Rules:
    require: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()  # "ai", "tool:flux*", ...
    max_age: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """One rule that one clip breaks, with the reason in words."""

    position: int
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """`what`: added, removed, replaced (another asset in the same place), moved, trimmed. `before` and `after` are clips."""

    what: str
    before: Clip | None = None
    after: Clip | None = None


@dataclass(frozen=True, slots=True)
class _Use:
    clips: list[Clip] = field(default_factory=list)


def rules_of(require: Sequence[str], forbid: Sequence[str], max_age: str | None) -> Rules:
    """Read rules as people write them ("approved,credentialed", "ai", "tool:x", "30d").

    Raises:
        UsageError: a rule that is none ("cut.rule").
    """
    wanted = tuple(dict.fromkeys(_split(require)))
    banned = tuple(dict.fromkeys(_split(forbid)))
    for name in wanted:
        if name not in REQUIRABLE:
            raise _no_rule("require", name, ", ".join(REQUIRABLE))
    for name in banned:
        head, colon, value = name.partition(":")
        with_value = head in ("tool", "model", "lora")
        if head not in FORBIDDABLE or with_value != bool(colon) or with_value != bool(value):
            raise _no_rule("forbid", name, "ai, rejected, unreviewed, tool:NAME, model:NAME, lora:NAME")
    return Rules(wanted, banned, None if max_age is None else _age(max_age))


def check(clips: Sequence[Clip], facts: Mapping[str, Facts], rules: Rules, now: datetime) -> list[Broken]:
    """Every rule that a clip breaks, in the order of the cut."""
    broken: list[Broken] = []
    for clip in clips:
        if clip.kind == _GENERATOR:
            continue
        asset = facts.get(clip.asset_id or "")
        if asset is None:
            broken.append(Broken(clip.position, "known", _unknown(clip)))
            continue
        broken += [Broken(clip.position, rule, reason) for rule, reason in _against(asset, rules, now)]
    return broken


def _unknown(clip: Clip) -> str:
    if clip.candidates:
        return f"It may be any of {len(clip.candidates)} assets: {', '.join(clip.candidates[:4])}."
    return "No asset of the library is known to be this clip."


def _against(asset: Facts, rules: Rules, now: datetime) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    holds = {
        "approved": (asset.status == "approved", f"{asset.title} is {asset.status}."),
        "credentialed": (asset.credential == "trusted" or asset.protected, f"{asset.title} has no trusted credential."),
        "online": (asset.availability == "online", f"{asset.title} is {asset.availability}."),
        "protected": (asset.protected, f"{asset.title} has no protected copy."),
    }
    found += [(f"require {name}", holds[name][1]) for name in rules.require if not holds[name][0]]
    for rule in rules.forbid:
        found += [(f"forbid {rule}", reason) for reason in _banned(asset, rule)]
    if rules.max_age is not None and now - asset.created_at > rules.max_age:
        found.append((f"max age {rules.max_age.days}d", f"{asset.title} is of {asset.created_at:%Y-%m-%d}."))
    return found


def _banned(asset: Facts, rule: str) -> list[str]:
    head, _, value = rule.partition(":")
    if head == "ai":
        return [
            f"{asset.title} is AI-made." if one == asset.title else f"It was made from {one}, AI-made."
            for one in asset.ai
        ]
    if head in ("rejected", "unreviewed"):
        return [f"{asset.title} is {head}."] if asset.status == head else []
    wanted = value.casefold()
    return [
        f"{title} was made with {head} {made}."
        for field_, made, title in asset.made_with
        if field_ == head and fnmatchcase(made.casefold(), wanted)
    ]


def diff(before: Sequence[Clip], after: Sequence[Clip]) -> list[Change]:
    """What changed from one version to the next, in the order of the newer one, then what went.

    Uses of one asset (or, unknown, of one name) are paired in order; what is left over on both sides in the same place of
    the same track was replaced.
    """
    old, new = _uses(before), _uses(after)
    changes: list[tuple[float, Change]] = []
    gone: list[Clip] = []
    come: list[Clip] = []
    for identity in dict.fromkeys([*new, *old]):
        had, has = old[identity].clips, new[identity].clips
        for one, other in zip(had, has, strict=False):
            changes += [(_at(other), change) for change in _same(one, other)]
        gone += had[len(has) :]
        come += has[len(had) :]
    places: defaultdict[tuple[str | None, float], list[Clip]] = defaultdict(list)
    for clip in gone:
        places[clip.track, _at(clip)].append(clip)
    for clip in come:
        there = places[clip.track, _at(clip)]
        changes.append((_at(clip), Change("replaced", there.pop(0), clip) if there else Change("added", None, clip)))
    changes += [(_at(clip), Change("removed", clip, None)) for left in places.values() for clip in left]
    return [change for _, change in sorted(changes, key=lambda pair: (pair[0], pair[1].what))]


def _same(one: Clip, other: Clip) -> list[Change]:
    found = []
    if one.track != other.track or abs(_at(one) - _at(other)) > _MOVED_S:
        found.append(Change("moved", one, other))
    if (
        one.duration_s is not None
        and other.duration_s is not None
        and abs(one.duration_s - other.duration_s) > _MOVED_S
    ):
        found.append(Change("trimmed", one, other))
    return found


def _uses(clips: Sequence[Clip]) -> defaultdict[str, _Use]:
    found: defaultdict[str, _Use] = defaultdict(_Use)
    for clip in sorted(clips, key=lambda one: (_at(one), one.position)):
        found[clip.identity].clips.append(clip)
    return found


def _at(clip: Clip) -> float:
    return round(clip.start_s or 0.0, 2)


def _split(given: Sequence[str]) -> list[str]:
    return [part.strip() for text in given for part in text.split(",") if part.strip()]


def _age(text: str) -> timedelta:
    unit = {"d": 1, "w": 7}.get(text[-1:])
    if unit is None or not text[:-1].isdecimal() or not 0 < int(text[:-1]) <= 36_500:
        raise _no_rule("max-age", text, "a number of days or weeks: 30d, 4w")
    return timedelta(days=unit * int(text[:-1]))


def _no_rule(option: str, name: str, known: str) -> UsageError:
    return UsageError(f"--{option} knows no {name[:60]!r}.", next_step=f"Known: {known}.", code="cut.rule")
