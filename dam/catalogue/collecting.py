"""Changes of collections, each in the ledger. Reads are in `collections`."""

from collections.abc import Sequence

from dam.catalogue.term_tables import CollectionItemRow, CollectionRow
from dam.catalogue.unit import Unit
from dam.tagging.vocabulary import key


def create(unit: Unit, name: str, query: str | None, person: str) -> str:
    new = unit.new_id()
    unit.session.add(
        CollectionRow(id=new, name=name, name_key=key(name), query=query, person=person, created_at=unit.now)
    )
    unit.session.flush()
    unit.audit("collection.created", new, {"name": name, "query": query})
    return new


def add(unit: Unit, collection_id: str, asset_ids: Sequence[str], person: str) -> int:
    """Put assets at the end; those that are in it already stay where they are. Returns how many are new."""
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


def remove(unit: Unit, collection_id: str, asset_ids: Sequence[str]) -> int:
    """Take assets out. Returns how many were in it."""
    gone = []
    for asset_id in dict.fromkeys(asset_ids):
        sql = "DELETE FROM collection_item WHERE collection_id = ? AND asset_id = ?"
        if unit.db.exec_driver_sql(sql, (collection_id, asset_id)).rowcount:
            gone.append(asset_id)
    if gone:
        unit.audit("collection.removed", collection_id, {"assets": gone})
    return len(gone)


def drop(unit: Unit, collection_id: str, name: str) -> None:
    """Forget a collection; its assets stay where they are."""
    unit.db.exec_driver_sql("DELETE FROM collection_item WHERE collection_id = ?", (collection_id,))
    unit.db.exec_driver_sql("DELETE FROM collection WHERE id = ?", (collection_id,))
    unit.audit("collection.dropped", collection_id, {"name": name})
