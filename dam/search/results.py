"""What an index answers, and what every index engine must be able to do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from dam.search.document import Document
from dam.search.query import Query


class Sort(StrEnum):
    """Orders are total, so pages never overlap: the asset id decides between equals."""

    RELEVANCE = "relevance"  # a query without words (only filters) falls back to newest
    NEWEST = "newest"
    NAME = "name"
    SIZE = "size"  # the largest file first


@dataclass(frozen=True, slots=True)
class Hit:
    """`score` is 0.0 where the order is not by relevance."""

    asset_id: str
    score: float


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `total` and `facets` count ALL matches; `next` is the cursor of the page after this, None at the end."""

    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    next: str | None = None


@dataclass(frozen=True, slots=True)
class IndexState:
    """`needs_rebuild` says why in `reason`: missing, made by another version, damaged."""

    needs_rebuild: bool
    reason: str
    documents: int


class TextIndex(Protocol):
    """A disposable projection of the catalogue."""

    def apply(self, updates: Sequence[Document], deletes: Sequence[str]) -> None:
        """Replace these documents and drop those ids in ONE commit. BusyError "index.busy" if another process writes."""

    def search(
        self,
        query: Query,
        *,
        limit: int = 50,
        after: str | None = None,
        sort: Sort = Sort.RELEVANCE,
        facets: bool = True,
    ) -> Page:
        """A page of ids. QueryError "query.cursor" for a foreign `after`; EngineError "index.missing"/"index.corrupt"."""

    def rebuild(self, documents: Iterable[Document]) -> int:
        """Index everything into a new folder, then swap; readers keep the old one until then. Returns the count."""

    def reload(self) -> None:
        """See what was committed since."""

    def state(self) -> IndexState:
        """Whether this program can use what is there."""
