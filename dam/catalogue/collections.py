"""Collections: changes by people, each in the ledger, and reads with `rows` (reading.Reader.rows)."""

from collections.abc import Callable, Sequence
from typing import Any

from dam.tagging.vocabulary import key

Rows = Callable[..., list[dict[str, Any]]]


def all_of(rows: Rows) -> list[dict[str, Any]]:
    """Every collection with how many assets are in it (None: a saved search)."""
    return rows(
        "SELECT c.id, c.name, c.query, c.person, c.created_at, CASE WHEN c.query IS NULL THEN"
        " (SELECT count(*) FROM collection_item i WHERE i.collection_id = c.id) END AS assets"
        " FROM collection c ORDER BY c.name_key"
    )


def named(rows: Rows, name: str) -> dict[str, Any] | None:
    """A collection by name or id."""
    found = [row for row in all_of(rows) if name == row["id"] or key(name) == key(row["name"])]
    return found[0] if found else None


def items(rows: Rows, collection_id: str) -> list[str]:
    """The ids of its assets, in their order."""
    sql = "SELECT asset_id FROM collection_item WHERE collection_id = ? ORDER BY position, asset_id"
    return [row["asset_id"] for row in rows(sql, collection_id)]


def create(unit: Any, name: str, query: str | None, person: str) -> str:
    from dam.catalogue.term_tables import CollectionRow

    new = unit.new_id()
    unit.session.add(
        CollectionRow(id=new, name=name, name_key=key(name), query=query, person=person, created_at=unit.now)
    )
    unit.session.flush()
    unit.audit("collection.created", new, {"name": name, "query": query})
    return str(new)


def add(unit: Any, collection_id: str, asset_ids: Sequence[str], person: str) -> int:
    """Put assets at the end; those that are in it already stay where they are. Returns how many are new."""
    from dam.catalogue.term_tables import CollectionItemRow

    sql = "SELECT asset_id, position FROM collection_item WHERE collection_id = ?"
    there = {row[0]: row[1] for row in unit.db.exec_driver_sql(sql, (collection_id,))}
    new = [one for one in dict.fromkeys(asset_ids) if one not in there]
    begin = max(there.values(), default=0) + 1
    for at, asset_id in enumerate(new, begin):
        unit.session.add(
            CollectionItemRow(
                collection_id=collection_id, asset_id=asset_id, position=at, person=person, added_at=unit.now
            )
        )
    if new:
        unit.audit("collection.added", collection_id, {"assets": new})
    return len(new)


def remove(unit: Any, collection_id: str, asset_ids: Sequence[str]) -> int:
    """Take assets out. Returns how many were in it."""
    gone = []
    for asset_id in dict.fromkeys(asset_ids):
        sql = "DELETE FROM collection_item WHERE collection_id = ? AND asset_id = ?"
        if unit.db.exec_driver_sql(sql, (collection_id, asset_id)).rowcount:
            gone.append(asset_id)
    if gone:
        unit.audit("collection.removed", collection_id, {"assets": gone})
    return len(gone)


def drop(unit: Any, collection_id: str, name: str) -> None:
    """Forget a collection; its assets stay where they are."""
    unit.db.exec_driver_sql("DELETE FROM collection_item WHERE collection_id = ?", (collection_id,))
    unit.db.exec_driver_sql("DELETE FROM collection WHERE id = ?", (collection_id,))
    unit.audit("collection.dropped", collection_id, {"name": name})
