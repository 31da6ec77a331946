"""Clusters of pictures that look alike, and what people make of them: one asset in front, the others behind it.

Nothing is deleted and nothing is decided by itself: stacking is a person's act, decisions are merged only as they say,
and everything can be taken back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dam.catalogue import clusters as stored
from dam.catalogue import records
from dam.catalogue.cards import Card
from dam.catalogue.reading import Reader, open_reader
from dam.errors import NotFoundError, UsageError
from dam.ingest.parts import Parts
from dam.lineage.families import family_of
from dam.service.finding import Finder

MAX_SHOWN = 1000
MAX_STACKED = 20_000
Merge = Literal["agreed", "approve", "reject", "keep"]
_VERDICT = {"approved": "approve", "rejected": "reject"}


@dataclass(frozen=True, slots=True)
class Cluster:
    """Attribute names are the wire's. `size` counts all; `members` may be fewer. `behind` is what people stacked; `family`
    was made from the asset's prompt with its seed, however it looks.
    """

    representative_id: str
    size: int
    members: tuple[Card, ...] = ()
    behind: tuple[str, ...] = ()
    family: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stacked:
    """What stacking did, or would do: assets put behind `front_id`, and decisions entered for others to agree."""

    front_id: str
    stacked: tuple[str, ...]
    decided: tuple[str, ...]
    verdict: str | None
    dry_run: bool


class Stacks:
    def __init__(self, parts: Parts, find: Finder) -> None:
        self._parts, self._find = parts, find

    def list(self, *, least: int = 2, limit: int = 50, after: str | None = None) -> list[Cluster]:
        """Clusters of at least `least` pictures, the largest first. `after` is the last representative of a page before.

        Raises NotFoundError: no such asset.
        """
        with open_reader(self._parts.catalogue.path) as reader:
            place = None
            if after is not None:
                head, size, _ = stored.members(reader, reader.find(after), limit=0)
                place = (size, head or "")
            rows = stored.listed(reader, least=max(2, least), limit=limit, after=place)
            cards = {card.id: card for card in reader.cards([row["representative_id"] for row in rows])}
        return [
            Cluster(row["representative_id"], row["size"], (cards[row["representative_id"]],))
            for row in rows
            if row["representative_id"] in cards
        ]

    def show(self, asset: str, *, limit: int = 200) -> Cluster:
        """The cluster that an asset stands in, the representative first.

        Raises NotFoundError: no such asset, or one that stands in none (no pixels, or nearly none of a structure).
        """
        with open_reader(self._parts.catalogue.path) as reader:
            asset_id = reader.find(asset)
            head, size, names = stored.members(reader, asset_id, limit=min(limit, MAX_SHOWN))
            if head is None:
                raise NotFoundError(
                    "The asset stands in no cluster: only pictures with some structure do.",
                    next_step="dam show tells whether its pixels could be read.", code="cluster.none",
                )  # fmt: skip
            behind = [row["asset_id"] for row in stored.behind(reader, stored.fronts(reader, [head]).get(head, head))]
            return Cluster(head, size, tuple(reader.cards(names)), tuple(behind), _family(reader, asset_id))

    def resolve(  # one act of a person, all by keyword
        self,
        asset: str,
        *,
        person: str,
        front: str | None = None,
        merge: Merge = "agreed",
        reason: str | None = None,
        dry_run: bool = False,
    ) -> Stacked:
        """Stack the cluster of an asset: its representative (or `front`) in front, all others behind it.

        `merge` says what becomes of decisions: "agreed" gives those that are undecided the one verdict that the decided
        share, "approve" and "reject" give it to all that have another, "keep" changes none.

        Raises:
            UsageError: decisions differ ("cluster.decisions_differ"), a rejection without a reason, or a `front` that is
                not in the cluster. NotFoundError: as `show`.
        """
        shown = self.show(asset, limit=0)
        with open_reader(self._parts.catalogue.path) as reader:
            _, size, names = stored.members(reader, shown.representative_id, limit=MAX_STACKED)
            front_id = reader.find(front) if front is not None else shown.representative_id
            cards = reader.cards(names)
        if front_id not in names:
            raise UsageError("The front is not in the cluster.", next_step="dam cluster show lists who is.")
        verdict, decided = _merged(cards, merge)
        if verdict == "reject" and not reason:
            raise UsageError(
                "A rejection needs a reason.", next_step='Say why: --reason "..."', code="review.reason_needed"
            )
        others = [one for one in names if one != front_id]
        done = Stacked(front_id, tuple(others), tuple(decided), verdict, dry_run)
        if dry_run or size < 2:
            return done
        with self._parts.catalogue.change(f"person:{person}") as unit:
            stored.unstack(unit, [front_id], person=person)
            stored.stack(unit, others, front_id, person=person, reason=reason)
            for one in decided:
                assert verdict is not None
                records.decide(unit, one, verdict=verdict, reason=reason or f"stacked behind {front_id}", person=person)
            unit.audit("cluster.stacked", front_id, {"behind": others[:200], "count": len(others), "reason": reason})
        return done

    def unstack(self, asset: str, *, person: str) -> int:
        """Take a stack apart again: of an asset in front all of it, of one behind only itself. Decisions stay.

        Raises NotFoundError: the asset is in no stack.
        """
        with open_reader(self._parts.catalogue.path) as reader:
            asset_id = reader.find(asset)
            names = [row["asset_id"] for row in stored.behind(reader, asset_id)]
            names = names or ([asset_id] if stored.fronts(reader, [asset_id]) else [])
        if not names:
            raise NotFoundError("The asset is in no stack.", code="stack.none")
        with self._parts.catalogue.change(f"person:{person}") as unit:
            count = stored.unstack(unit, names, person=person)
            unit.audit("cluster.unstacked", asset_id, {"assets": names[:200], "count": count})
        return count


def _family(reader: Reader, asset_id: str) -> tuple[str, ...]:
    """Others of the same prompt and seed."""
    rows = stored.same_seed(reader, asset_id, limit=MAX_SHOWN)
    named = {row["asset_id"]: family_of(row["kind"], row["prompt"], row["seed"]) for row in rows}
    own = named.pop(asset_id, None)
    return tuple(one for one, name in named.items() if own is not None and name == own)


def _merged(cards: Sequence[Card], merge: Merge) -> tuple[str | None, list[str]]:
    """The verdict to enter, and for which assets."""
    statuses = {card.status for card in cards if card.status in _VERDICT}
    if merge == "keep":
        return None, []
    if merge == "agreed":
        if len(statuses) > 1:
            raise UsageError(
                "Some of the cluster are approved, others rejected.",
                next_step="Say which holds: --decisions approve or reject for all, or keep to change none.",
                code="cluster.decisions_differ",
            )
        if not statuses:
            return None, []
        verdict = _VERDICT[statuses.pop()]
        return verdict, [card.id for card in cards if card.status not in _VERDICT]
    return merge, [card.id for card in cards if _VERDICT.get(card.status) != merge]
