"""Stacks of pictures that look alike, each with its representative: never pairs, never chains.

The rule: pictures have an order (the best first). Going through it, a picture near to a representative belongs to the
first such one; a picture near to none becomes a representative itself. So everything in a stack is near its
representative — a chain of small steps does not grow — and which stacks there are depends on the pictures only, not on
when they came. `Clusters` keeps that result up to date one picture at a time: a new one usually asks the
representatives and nothing else; only one that becomes a representative itself, or one that leaves, moves others.
(The representatives are the lexicographically first maximal independent set of the likeness graph.)
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dam.fingerprint.index import Hit, NearIndex

WITHIN_64: Final = 8
WITHIN_256: Final = 48
_ALL: Final = 1 << 62

Order = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Picture:
    """`order` (see `order_of`) says who stands in front: facts of the file, the same for everybody."""

    asset_id: str
    code64: str
    code256: str
    order: Order


def order_of(sha256: str, pixels: int, *, lossless: bool) -> Order:
    """Large before small, lossless before lossy of one size, then by content."""
    return (-pixels, not lossless, sha256)


class Clusters:
    """Stacks in memory. Used by one thread; `changes` collects what has moved since it was last taken."""

    def __init__(self) -> None:
        self._pictures: dict[str, Picture] = {}
        self._of: dict[str, str] = {}  # asset → representative
        self._members: dict[str, set[str]] = {}  # representative → its stack, itself included
        self._all, self._heads = NearIndex(), NearIndex()
        self._moved: dict[str, str | None] = {}

    def __len__(self) -> int:
        return len(self._pictures)

    def representative(self, asset_id: str) -> str | None:
        """The representative of a picture's stack; itself if it is one; None where the picture is not known."""
        return self._of.get(asset_id)

    def members(self, representative: str) -> frozenset[str]:
        return frozenset(self._members.get(representative, ()))

    def take_changes(self) -> dict[str, str | None]:
        """Asset → representative of all that have moved since the last call; None = gone."""
        moved, self._moved = self._moved, {}
        return moved

    def restore(self, pictures: Sequence[Picture], of: Mapping[str, str]) -> None:
        """Take over what an earlier run came to, without asking again. Only into an empty one. Pictures whose representative
        is not among them are decided anew.
        """
        names = {one.asset_id for one in pictures}
        known = [one for one in pictures if one.asset_id in of]
        self._pictures = {one.asset_id: one for one in known}
        self._all.load((one.asset_id, one.code64, one.code256) for one in known)
        orphans = []
        for one in known:
            head = of[one.asset_id]
            if head in names and of.get(head) == head:
                self._of[one.asset_id] = head
                self._members.setdefault(head, set()).add(one.asset_id)
            else:
                orphans.append(one.asset_id)
        self._heads.load((one.asset_id, one.code64, one.code256) for one in known if of[one.asset_id] == one.asset_id)
        self._settle(orphans)

    def put(self, picture: Picture) -> None:
        """Add a picture, or put it where its new codes belong."""
        if self._pictures.get(picture.asset_id) == picture:
            return
        self.remove(picture.asset_id)
        self._pictures[picture.asset_id] = picture
        self._all.add(picture.asset_id, picture.code64, picture.code256)
        self._settle([picture.asset_id])

    def remove(self, asset_id: str) -> None:
        """Take a picture out; a stack whose representative it was finds others."""
        if asset_id not in self._pictures:
            return
        self._all.remove(asset_id)
        orphans = self._demote(asset_id) if self._of.get(asset_id) == asset_id else []
        self._leave(asset_id)
        del self._pictures[asset_id]
        self._moved[asset_id] = None
        self._settle(one for one in orphans if one != asset_id)

    def _settle(self, waiting: Iterable[str]) -> None:
        """Decide the given pictures and all that their decisions move, in order, so that each is decided once for good."""
        queue = [(self._pictures[one].order, one) for one in waiting]
        heapq.heapify(queue)
        last: tuple[Order, str] | None = None
        while queue:
            entry = heapq.heappop(queue)
            if entry == last:
                continue
            last = entry
            for freed in self._decide(self._pictures[entry[1]]):
                heapq.heappush(queue, (self._pictures[freed].order, freed))

    def _decide(self, picture: Picture) -> list[str]:
        """Give a picture its place. Returns those, later in order, that must be decided again."""
        heads = self._near(self._heads, picture)
        before = [one for one in heads if self._pictures[one].order < picture.order]
        is_head = self._of.get(picture.asset_id) == picture.asset_id
        if before:
            freed = self._demote(picture.asset_id) if is_head else []
            self._join(picture.asset_id, min(before, key=self._order))
            return [one for one in freed if one != picture.asset_id]
        if is_head:
            return []
        return self._promote(picture, [one for one in heads if one != picture.asset_id])

    def _promote(self, picture: Picture, later_heads: list[str]) -> list[str]:
        """Make it a representative: those of its neighbours that stand under a later one, or under none, are its own now."""
        freed: list[str] = []
        for head in later_heads:
            freed += self._demote(head)
        self._heads.add(picture.asset_id, picture.code64, picture.code256)
        self._join(picture.asset_id, picture.asset_id)
        for one in self._near(self._all, picture):
            if one == picture.asset_id:
                continue
            above = self._of.get(one)
            if above is None or self._order(above) > picture.order:
                self._join(one, picture.asset_id)
        return [one for one in freed if self._of.get(one) is None]

    def _demote(self, head: str) -> list[str]:
        """It is no representative any more. Returns its whole stack, which now stands under nobody."""
        self._heads.remove(head)
        stack = self._members.pop(head, set())
        for one in stack:
            self._of.pop(one, None)
        return sorted(stack)

    def _join(self, asset_id: str, head: str) -> None:
        if self._of.get(asset_id) == head:
            return
        self._leave(asset_id)
        self._of[asset_id] = head
        self._members.setdefault(head, set()).add(asset_id)
        self._moved[asset_id] = head

    def _leave(self, asset_id: str) -> None:
        head = self._of.pop(asset_id, None)
        if head is not None and head in self._members:
            self._members[head].discard(asset_id)

    def _near(self, index: NearIndex, picture: Picture) -> list[str]:
        hits: list[Hit] = index.near(picture.code64, picture.code256, max64=WITHIN_64, max256=WITHIN_256, limit=_ALL)
        return [hit.asset_id for hit in hits]

    def _order(self, asset_id: str) -> Order:
        return self._pictures[asset_id].order


def from_scratch(pictures: Sequence[Picture], is_near: Callable[[Picture, Picture], bool]) -> dict[str, str]:
    """The rule itself, as plain as it is said: asset → representative. All representatives are compared: slow."""
    heads: list[Picture] = []
    found: dict[str, str] = {}
    for picture in sorted(pictures, key=lambda one: one.order):
        first = next((head for head in heads if is_near(head, picture)), None)
        if first is None:
            heads.append(picture)
            first = picture
        found[picture.asset_id] = first.asset_id
    return found
