"""Reading the index: pages in four total orders, and facet counts over all matches.

Newest, name and size order by one string key per asset that ends in its id, so a cursor is a range on that key at any depth.
Relevance has no such key: the best `seen + limit` are taken again and cut at the cursor, which costs time in proportion
to the depth. If the index changed in between, scores may have moved a little; a page never repeats its cursor's asset.
"""

from typing import Any

import tantivy

from dam.errors import EngineError, UsageError
from dam.search.compile import Compiler, is_ranked
from dam.search.cursor import Cursor, decode, encode
from dam.search.query import Query
from dam.search.results import Hit, Page, Sort
from dam.search.schema import FACETS, build_analyzer

PAGE_LIMIT = 1000
FACET_LIMIT = 100
_KEYS = {Sort.NEWEST: "by_newest", Sort.NAME: "by_name", Sort.SIZE: "by_size"}


class Reader:
    """One generation, as of the last reload."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.compiler = Compiler(engine.schema, build_analyzer())
        self.searcher = engine.searcher()

    def reload(self) -> None:
        self.engine.reload()
        self.searcher = self.engine.searcher()

    def count(self) -> int:
        return int(self.searcher.num_docs)

    def search(self, query: Query, *, limit: int, after: str | None, sort: Sort, facets: bool) -> Page:
        if not 1 <= limit <= PAGE_LIMIT:
            raise UsageError(f"A page has 1 to {PAGE_LIMIT} hits, not {limit}.")
        if sort is Sort.RELEVANCE and not is_ranked(query.tree):
            sort = Sort.NEWEST
        cursor = None if after is None else decode(after, sort=sort, understood=query.understood)
        compiled = self._compile(query)
        searcher = self.searcher  # one snapshot for the whole answer
        page = _by_relevance if sort is Sort.RELEVANCE else self._by_key
        hits, last, total = page(searcher, compiled, limit, cursor, _KEYS.get(sort, ""))
        return Page(
            hits=tuple(hits),
            total=total,
            facets=_facets(searcher, compiled) if facets else {},
            next=None if last is None else encode(last, sort=sort, understood=query.understood),
        )

    def _compile(self, query: Query) -> Any:
        """A query that tantivy refuses says nothing about the index: it must not look like a damaged one."""
        try:
            return self.compiler.compile(query.tree)
        except ValueError as error:
            raise EngineError(
                f"The query {query.understood[:200]} cannot be run: {error}.", code="index.query"
            ) from error

    def _by_key(
        self, searcher: Any, compiled: Any, limit: int, cursor: Cursor | None, key: str
    ) -> tuple[list[Hit], Cursor | None, int]:
        order = tantivy.Order.Asc if key == "by_name" else tantivy.Order.Desc
        wanted = compiled
        if cursor is not None:
            span = f"{{{cursor.key} TO *}}" if order == tantivy.Order.Asc else f"{{* TO {cursor.key}}}"
            rest = tantivy.Query.const_score_query(self.engine.parse_query(f"{key}:{span}"), 0.0)
            wanted = tantivy.Query.boolean_query([(tantivy.Occur.Must, compiled), (tantivy.Occur.Must, rest)])
        result = searcher.search(wanted, limit + 1, count=cursor is None, order_by_field=key, order=order)
        total = result.count if cursor is None else searcher.search(compiled, 1).count
        rows = [(row_key, _id(searcher, address)) for row_key, address in result.hits]
        last = None
        if len(rows) > limit:
            row_key, asset_id = rows[limit - 1]
            last = Cursor(row_key, 0.0, asset_id, 0)
        return [Hit(asset_id, 0.0) for _, asset_id in rows[:limit]], last, int(total)


def _by_relevance(
    searcher: Any, compiled: Any, limit: int, cursor: Cursor | None, _key: str
) -> tuple[list[Hit], Cursor | None, int]:
    seen = 0 if cursor is None else cursor.seen
    depth = seen + limit + 1
    most = max(1, int(searcher.num_docs))  # tantivy allocates for what is asked, and `seen` comes from outside
    while True:
        result = searcher.search(compiled, min(depth, most), weight_by_field="recency")
        complete = len(result.hits) >= result.count
        rows = _after(searcher, result.hits, cursor, limit, complete=complete)
        if rows is not None:
            break
        depth *= 2
    hits = [Hit(asset_id, score) for score, asset_id in rows[:limit]]
    last = Cursor("", hits[-1].score, hits[-1].asset_id, seen + limit) if len(rows) > limit else None
    return hits, last, int(result.count)


def _after(
    searcher: Any, found: list[tuple[float, Any]], cursor: Cursor | None, limit: int, *, complete: bool
) -> list[tuple[float, str]] | None:
    """The next `limit + 1` rows by (score desc, id), or None if more must be fetched to know them.

    Equals come from tantivy in storage order, so a group of equals counts only once all of it is there.
    """
    start = 0
    if cursor is not None:
        start = next((at for at, (score, _) in enumerate(found) if score <= cursor.score), len(found))
    rows: list[tuple[float, str]] = []
    while start < len(found) and len(rows) <= limit:
        score = found[start][0]
        end = next((at for at in range(start, len(found)) if found[at][0] != score), len(found))
        if end == len(found) and not complete:
            return None
        names = sorted(_id(searcher, address) for _, address in found[start:end])
        rows.extend((score, name) for name in names if cursor is None or score < cursor.score or name > cursor.asset_id)
        start = end
    return rows if complete or len(rows) > limit else None


def _id(searcher: Any, address: Any) -> str:
    return str(searcher.doc(address)["id"][0])


def _facets(searcher: Any, compiled: Any) -> dict[str, dict[str, int]]:
    wanted = {name: {"terms": {"field": field, "size": FACET_LIMIT}} for name, field in FACETS.items()}
    counted = searcher.aggregate(compiled, wanted)
    return {
        name: {str(bucket["key"]): int(bucket["doc_count"]) for bucket in counted[name]["buckets"]} for name in FACETS
    }
