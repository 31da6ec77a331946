"""Collections, read with `rows` (reading.Reader.rows). Changes are in `collecting`."""

from typing import Any

from dam.catalogue.sqlite import Rows
from dam.tagging.vocabulary import key


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
