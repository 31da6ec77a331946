"""Cuts: which timelines there are, whether one may ship, and what changed between two versions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dam.catalogue.cards import Card
from dam.catalogue.reading import Reader, open_reader
from dam.errors import UsageError
from dam.lineage import cutcheck
from dam.lineage.cutcheck import Broken, Change, Clip, Facts
from dam.service.finding import Finder
from dam.settings import Settings

UP = 8  # generations that "made from" is followed
MAX_CLIPS = 20_000


@dataclass(frozen=True, slots=True)
class Checked:
    """Attribute names are the wire's. `known`: clips that are an asset for sure; `passed`: no rule is broken."""

    asset_id: str
    title: str
    passed: bool
    clips: int
    known: int
    broken: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Compared:
    before_id: str
    after_id: str
    changes: tuple[dict[str, Any], ...]


class Cuts:
    def __init__(self, settings: Settings, find: Finder) -> None:
        self._settings, self._find = settings, find

    def list(self) -> list[dict[str, Any]]:
        """Every timeline that was read: asset_id, title, name, tool, clips, duration_s."""
        with open_reader(self._settings.catalogue_path) as reader:
            return reader.rows(
                "SELECT c.asset_id, a.title, c.name, c.tool, c.clip_count AS clips, c.duration_s FROM cut c"
                " JOIN asset a ON a.id = c.asset_id ORDER BY a.admitted_at DESC, a.id"
            )

    def check(
        self, cut: str, *, require: Sequence[str], forbid: Sequence[str], max_age: str | None, now: datetime
    ) -> Checked:
        """Hold rules against every clip.

        Raises:
            UsageError: a rule that is none, or an asset that is no timeline ("cut.none"). NotFoundError: no such asset.
        """
        rules = cutcheck.rules_of(require, forbid, max_age)
        with open_reader(self._settings.catalogue_path) as reader:
            card, clips = _clips(reader, self._find.id_of(cut))
            cards = reader.cards(sorted({one.asset_id for one in clips if one.asset_id}))
        facts = {one.id: self._facts(one, far=bool(rules.forbid)) for one in cards}
        broken = cutcheck.check(clips, facts, rules, now)
        by_position = {one.position: one for one in clips}
        return Checked(
            card.id,
            card.title,
            not broken,
            len(clips),
            sum(one.asset_id is not None for one in clips),
            tuple(_told(one, by_position[one.position]) for one in broken),
        )

    def diff(self, before: str, after: str) -> Compared:
        """What changed between two timelines, each change with approval and origin of the assets. Raises as `check`."""
        with open_reader(self._settings.catalogue_path) as reader:
            old, ours = _clips(reader, self._find.id_of(before))
            new, theirs = _clips(reader, self._find.id_of(after))
            changes = cutcheck.diff(ours, theirs)
            ids = {
                clip.asset_id for change in changes for clip in (change.before, change.after) if clip and clip.asset_id
            }
            cards = {card.id: card for card in reader.cards(sorted(ids))}
        return Compared(old.id, new.id, tuple(_change(one, cards) for one in changes))

    def _facts(self, card: Card, *, far: bool) -> Facts:
        """What the rules ask of an asset; with `far` also of everything that it was made from."""
        above: Sequence[Card] = (card,)
        if far:
            view = self._find.lineage(card.id, up=UP, down=0)
            reached = {card.id} | {edge.parent_id for edge in view.edges if edge.relation.value != "near_duplicate"}
            above = [one for one in view.nodes if one.id in reached]
        made: list[tuple[str, str, str]] = []
        for one in above:
            made += [(name, value, one.title) for name, value in (("tool", one.tool), ("model", one.model)) if value]
            made += [("lora", lora["name"], one.title) for lora in one.generation.get("loras", []) if lora.get("name")]
        return Facts(
            card.id, card.title, card.status, card.credential, card.availability, card.protected,
            datetime.fromisoformat(card.created_at), tuple(one.title for one in above if one.ai_generated), tuple(made),
        )  # fmt: skip


def _clips(reader: Reader, asset_id: str) -> tuple[Card, list[Clip]]:
    card = reader.cards([asset_id])[0]
    rows = reader.rows("SELECT * FROM cut_clip WHERE asset_id = ? ORDER BY position LIMIT ?", asset_id, MAX_CLIPS)
    if not rows and reader.one("SELECT count(*) FROM cut WHERE asset_id = ?", asset_id) == 0:
        raise UsageError(
            f"{card.title} is no timeline that could be read.", next_step="dam cut list names those that are.",
            code="cut.none",
        )  # fmt: skip
    meant = _meant(reader, asset_id)
    return card, [_clip(row, meant) for row in rows]


def _meant(reader: Reader, asset_id: str) -> dict[str, list[tuple[float, str]]]:
    """What each name on a timeline may be: (confidence, asset), the surest first."""
    found: dict[str, list[tuple[float, str]]] = {}
    for edge in reader.edges([asset_id], down=False):
        if edge["relation"] == "clip":
            for name in edge["detail"].get("names", ()):
                found.setdefault(name, []).append((edge["confidence"], edge["parent_id"]))
    return {name: sorted(ones, key=lambda one: (-one[0], one[1])) for name, ones in found.items()}


def _clip(row: dict[str, Any], meant: dict[str, list[tuple[float, str]]]) -> Clip:
    label = row["media"] or row["name"] or row["sha256"] or ""
    clip = Clip(
        row["position"],
        row["name"] or label.rsplit("/", 1)[-1],
        row["start_s"],
        row["duration_s"],
        row["track"],
        row["kind"],
    )
    matches = meant.get(label, [])
    sure = [one for one in matches if one[0] >= cutcheck.SURE]
    if len(sure) == 1 or (sure and sure[0][0] > sure[1][0]):
        return replace(clip, asset_id=sure[0][1])
    return replace(clip, candidates=tuple(one[1] for one in matches))


def _told(one: Broken, clip: Clip) -> dict[str, Any]:
    return {
        "position": one.position, "clip": clip.name, "start_s": clip.start_s, "track": clip.track,
        "asset_id": clip.asset_id, "rule": one.rule, "reason": one.reason,
    }  # fmt: skip


def _change(one: Change, cards: dict[str, Card]) -> dict[str, Any]:
    return {"what": one.what, "before": _side(one.before, cards), "after": _side(one.after, cards)}


def _side(clip: Clip | None, cards: dict[str, Card]) -> dict[str, Any] | None:
    if clip is None:
        return None
    card = cards.get(clip.asset_id or "")
    return {
        "clip": clip.name, "start_s": clip.start_s, "duration_s": clip.duration_s, "track": clip.track,
        "asset_id": clip.asset_id, "title": card.title if card else None, "status": card.status if card else None,
        "ai_generated": card.ai_generated if card else None,
    }  # fmt: skip
