"""Edges from a timeline to the assets that its clips mean.

| evidence | confidence | when |
|---|---|---|
| clip_sha256 | 1.0 | the timeline states a SHA-256 that is an asset's |
| clip_path | 0.95, or 0.8 in another root | file name and at least one folder above it agree; the longest such tail wins |
| clip_name_in_root | 0.9 | no folder agrees, one content of that file name under the timeline's root |
| clip_name_in_other_root | 0.6 | none there, one content of that name elsewhere |
| clip_stem | 0.7, or 0.5 in another root | no file of that name; one content whose name without suffix is the clip's name |
| clip_stem | 0.5, or 0.4 in another root | or is the clip's file name without its suffix (another coding of the same shot) |
| clip_ambiguous | 0.3 each | several contents fit equally; `detail.count` says how many |

Only pictures, video and sound can be a clip. Paths are those of an editor's machine, so a folder that nobody has says
nothing. Of the names that a clip has, the first that leads anywhere counts: its media, further places of it, its name.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from dam.lineage.names import AMBIGUOUS_LIMIT, Candidate
from dam.media.paths import match_key
from dam.model import Edge, Relation

PLAYABLE = frozenset({"image", "video", "audio"})  # kinds of assets that can be a clip
USE_LIMIT = 2_000  # different media of one timeline
NAMES_LIMIT = 50  # names that one edge keeps
_SUFFIX = re.compile(r"(?<=[^.])\.[a-z0-9]{2,5}$")
_FRAMES = re.compile(r"\[(\d{1,9})-\d{1,9}\](?=\.[A-Za-z0-9]{2,5}$)")  # "sh010.[1001-1020].exr"
_FIRST = {"audio": ("audio", "video"), "video": ("video", "image")}


@dataclass(frozen=True, slots=True)
class Use:
    """A media file as a timeline means it. `names`: paths and names, the best first; `kind`: video, audio or None."""

    names: tuple[str, ...]
    kind: str | None = None
    sha256: str | None = None

    @property
    def label(self) -> str:
        """What stands for this use in the detail of an edge."""
        return self.names[0] if self.names else self.sha256 or ""


def uses_of(clips: Iterable[Mapping[str, Any]]) -> list[Use]:
    """The different media of a timeline's clips (keys name, media, kind, sha256, others), at most 2,000."""
    return [use for _, use in placed_uses(clips)]


def placed_uses(clips: Iterable[Mapping[str, Any]]) -> list[tuple[int, Use]]:
    """The same, each with the number of the first clip that says so."""
    found: dict[Use, int] = {}
    for at, clip in enumerate(clips):
        if clip["kind"] == "generator":
            continue
        names = dict.fromkeys(name for name in (clip["media"], *clip["others"], clip["name"]) if name)
        if names or clip["sha256"]:
            found.setdefault(Use(tuple(names), clip["kind"], clip["sha256"]), at)
        if len(found) >= USE_LIMIT:
            break
    return [(at, use) for use, at in found.items()]


def keys_of(use: Use) -> tuple[set[str], set[str]]:
    """(file names, names without suffix) in the form of match_key, under which its asset may be known."""
    names = {key for name in use.names for key in _spellings(name)}
    return names, names | {stem_key(name) for name in names}


def stem_key(key: str) -> str:
    """A file name's key without its suffix."""
    return _SUFFIX.sub("", key)


def edges_from_clips(child_id: str, uses: Iterable[Use], candidates: Iterable[Candidate]) -> list[Edge]:
    """One edge for each parent and evidence, sorted, whatever the order of the arguments; never the child itself.

    `detail.names` has what the timeline calls the media, `detail.count` how many contents an ambiguous name has.
    """
    table = _Table(child_id, candidates)
    found: dict[tuple[str, str], tuple[float, dict[str, int]]] = {}
    for use in uses:
        for match in table.matches(use):
            key = (match.asset_id, match.evidence)
            confidence, names = found.get(key, (0.0, {}))
            names[use.label] = max(match.count, names.get(use.label, 0))
            found[key] = max(confidence, match.confidence), names
    edges = []
    for (parent, evidence), (confidence, names) in sorted(found.items()):
        detail: dict[str, Any] = {"names": sorted(names)[:NAMES_LIMIT]}
        if evidence == "clip_ambiguous":
            detail["count"] = max(names.values())
        edges.append(Edge(parent, child_id, Relation.CLIP, evidence, confidence, detail))
    return edges


@dataclass(frozen=True, slots=True)
class _Match:
    asset_id: str
    evidence: str
    confidence: float
    count: int = 1


class _Table:
    """Candidates by what they can be found under."""

    def __init__(self, child_id: str, candidates: Iterable[Candidate]) -> None:
        self._by_sha256: dict[str, list[Candidate]] = {}
        self._by_name: dict[str, list[Candidate]] = {}
        self._by_stem: dict[str, list[Candidate]] = {}
        for one in sorted(set(candidates), key=lambda c: (c.asset_id, c.path, c.same_root)):
            if one.asset_id != child_id and one.kind in PLAYABLE:
                self._by_sha256.setdefault(one.sha256.lower(), []).append(one)
                self._by_name.setdefault(one.key, []).append(one)
                self._by_stem.setdefault(stem_key(one.key), []).append(one)

    def matches(self, use: Use) -> list[_Match]:
        exact = self._by_sha256.get(use.sha256.lower(), []) if use.sha256 else []
        if exact:
            return [_Match(asset, "clip_sha256", 1.0) for asset in sorted({c.asset_id for c in exact})]
        for name in use.names:
            for key in _spellings(name):
                if named := self._by_name.get(key):
                    return _named(name, named)
        for name in use.names:
            for key in _spellings(name):
                for stem, near, far in ((key, 0.7, 0.5), (stem_key(key), 0.5, 0.4)):
                    if alike := self._by_stem.get(stem):
                        return _alike(_of_kind(alike, use.kind), near, far)
        return []


def _named(name: str, named: list[Candidate]) -> list[_Match]:
    wanted = _parts(name)
    tails = [(_common(wanted, _parts(one.path)), one) for one in named]
    longest = max(length for length, _ in tails)
    if longest >= 2:
        best = [one for length, one in tails if length == longest]
        near = [one for one in best if one.same_root]
        return _only(near or best, "clip_path", 0.95 if near else 0.8)
    near = [one for one in named if one.same_root]
    if near:
        return _only(near, "clip_name_in_root", 0.9)
    return _only(named, "clip_name_in_other_root", 0.6)


def _alike(alike: list[Candidate], near_confidence: float, far_confidence: float) -> list[_Match]:
    near = [one for one in alike if one.same_root]
    return _only(near or alike, "clip_stem", near_confidence if near else far_confidence)


def _only(fitting: list[Candidate], evidence: str, confidence: float) -> list[_Match]:
    """The one content among these, or all of them as doubtful."""
    assets = sorted({one.asset_id for one in fitting})
    if len(assets) == 1:
        return [_Match(assets[0], evidence, confidence)]
    return [_Match(asset, "clip_ambiguous", 0.3, len(assets)) for asset in assets[:AMBIGUOUS_LIMIT]]


def _of_kind(alike: list[Candidate], kind: str | None) -> list[Candidate]:
    """Of several files of one stem those that the track can play: the video, not its poster frame."""
    for wanted in _FIRST.get(kind or "", ()):
        fitting = [one for one in alike if one.kind == wanted]
        if fitting:
            return fitting
    return alike


def _spellings(name: str) -> tuple[str, ...]:
    """Keys of a name: as it stands, percent-decoded (relative URLs), and the first frame of a range."""
    plain = match_key(name.rstrip("/\\"))
    more = (match_key(unquote(plain)), _FRAMES.sub(lambda m: m[1], plain))
    return tuple(key for key in dict.fromkeys((plain, *more)) if key)


def _parts(path: str) -> list[str]:
    return [match_key(unquote(part)) for part in re.split(r"[/\\]+", path) if part not in ("", ".", "..")]


def _common(one: list[str], other: list[str]) -> int:
    """How many last parts agree."""
    count = 0
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine != theirs:
            break
        count += 1
    return count
