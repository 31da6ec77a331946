"""What assets show: terms, bibles, what the machine found and what people said. Reads take `rows` (reading.Reader.rows or
derived.rows_of); `refresh` is the index follower's and takes a connection of its own. Writes of people are in `terms`.
"""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dam.catalogue.sqlite import Rows
from dam.tagging.tagger import Facts, Tagger
from dam.tagging.templates import Template, compiled
from dam.tagging.vocabulary import CHARACTER, Character, Tag, key

_TERMS = uuid.UUID("6a3c1a5e-2f4b-5c1d-9d57-2f0c8a4f7e11")  # namespace: a term's id follows from its kind and name
_PAGE = 2_000
# A person's word first; else what the machine found and nobody refused.
_SHOWN = (
    "SELECT t.asset_id, e.kind, e.name FROM asset_tag t JOIN term e ON e.id = t.term_id WHERE e.retired = 0 AND NOT EXISTS"
    " (SELECT 1 FROM tag_verdict v WHERE v.asset_id = t.asset_id AND v.term_id = t.term_id AND v.confirmed = 0)"
    " AND t.asset_id IN ({0}) UNION SELECT v.asset_id, e.kind, e.name FROM tag_verdict v JOIN term e ON e.id = v.term_id"
    " WHERE e.retired = 0 AND v.confirmed = 1 AND v.asset_id IN ({0})"
)


def term_id(kind: str, name: str) -> str:
    return str(uuid.uuid5(_TERMS, f"{kind}\n{key(name)}"))


# -- reading


def shown(rows: Rows, ids: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Asset -> kind -> names, in order: what the asset shows as far as machine and people say."""
    found: dict[str, dict[str, list[str]]] = {}
    for row in rows(_SHOWN.format(",".join("?" * len(ids))), *ids, *ids):
        found.setdefault(row["asset_id"], {}).setdefault(row["kind"], []).append(row["name"])
    return {asset: {kind: sorted(names) for kind, names in kinds.items()} for asset, kinds in found.items()}


def findings(rows: Rows, asset_id: str) -> list[dict[str, Any]]:
    """Every term of an asset with its sources: kind, name, source, confidence, detail, and a person's `confirmed`."""
    return rows(
        "SELECT e.kind, e.name, coalesce(t.source, 'person') AS source, coalesce(t.confidence, 1.0) AS confidence,"
        " coalesce(t.detail, '') AS detail, v.confirmed, v.person FROM term e"
        " LEFT JOIN asset_tag t ON t.term_id = e.id AND t.asset_id = ?"
        " LEFT JOIN tag_verdict v ON v.term_id = e.id AND v.asset_id = ?"
        " WHERE e.retired = 0 AND e.id IN (SELECT term_id FROM asset_tag WHERE asset_id = ?"
        " UNION SELECT term_id FROM tag_verdict WHERE asset_id = ?) ORDER BY e.kind, e.name, t.source",
        asset_id, asset_id, asset_id, asset_id,
    )  # fmt: skip


def terms(rows: Rows, kind: str | None = None) -> list[dict[str, Any]]:
    """Terms with how many assets show them, retired ones left out."""
    where, values = (" AND e.kind = ?", (kind,)) if kind else ("", ())
    return rows(
        "SELECT e.id, e.kind, e.name, e.created_at, (SELECT count(*) FROM (SELECT t.asset_id FROM asset_tag t WHERE"  # noqa: S608
        " t.term_id = e.id AND NOT EXISTS (SELECT 1 FROM tag_verdict v WHERE v.asset_id = t.asset_id AND"
        " v.term_id = t.term_id AND v.confirmed = 0) UNION SELECT v.asset_id FROM tag_verdict v WHERE v.term_id = e.id"
        f" AND v.confirmed = 1)) AS assets FROM term e WHERE e.retired = 0{where} ORDER BY e.kind, e.name",
        *values,
    )


def bibles(rows: Rows, term: str) -> list[dict[str, Any]]:
    """Every version of a character's bible, newest first, its detail opened."""
    found = rows("SELECT number, detail, person, created_at FROM bible WHERE term_id = ? ORDER BY number DESC", term)
    return [{**row, **json.loads(row.pop("detail"))} for row in found]


def characters(rows: Rows) -> list[Character]:
    """Every character by its newest bible."""
    found = rows(
        "SELECT e.id, e.name, b.detail FROM term e JOIN bible b ON b.term_id = e.id WHERE e.kind = 'character' AND"
        " e.retired = 0 AND b.number = (SELECT max(number) FROM bible n WHERE n.term_id = e.id) ORDER BY e.name"
    )
    made = []
    for row in found:
        said = json.loads(row["detail"])
        made.append(
            Character(row["id"], row["name"], *(tuple(said.get(n, ())) for n in ("aliases", "triggers", "loras")))
        )
    return made


def tagger(rows: Rows) -> Tagger:
    templates: dict[str, Template] = {
        row["id"]: compiled(row["template"]) for row in rows("SELECT id, template FROM root WHERE template IS NOT NULL")
    }
    return Tagger(characters(rows), templates)


def facts(rows: Rows, ids: Sequence[str]) -> dict[str, Facts]:
    """What tags are made from, of each of these assets."""
    marks = ",".join("?" * len(ids))
    made = {
        r["asset_id"]: r
        for r in rows(f"SELECT asset_id, prompt, detail FROM generation WHERE asset_id IN ({marks})", *ids)  # noqa: S608
    }
    places: dict[str, list[tuple[str, str]]] = {}
    for r in rows(
        f"SELECT asset_id, root_id, path FROM location WHERE availability <> 'missing' AND asset_id IN ({marks})",  # noqa: S608
        *ids,
    ):
        places.setdefault(r["asset_id"], []).append((r["root_id"], r["path"]))
    return {i: Facts(*_made(made.get(i)), tuple(places.get(i, ()))) for i in ids}


def _made(row: Mapping[str, Any] | None) -> tuple[str | None, tuple[tuple[str, float | None], ...]]:
    if row is None:
        return None, ()
    loras = json.loads(row["detail"]).get("loras") or []
    return row["prompt"], tuple((x["name"], x.get("weight")) for x in loras if x.get("name"))


def all_facts(rows: Rows) -> Iterator[dict[str, Facts]]:
    """Of every asset, page by page."""
    last = ""
    while page := [r["id"] for r in rows("SELECT id FROM asset WHERE id > ? ORDER BY id LIMIT ?", last, _PAGE)]:
        yield facts(rows, page)
        last = page[-1]


# -- what the machine finds


def refresh(connection: Any, ids: Sequence[str], made: Tagger, *, now: str) -> int:
    """Make the machine's tags of these assets what `made` says now (ISO 8601). Returns how many assets changed. The
    caller commits.
    """

    def rows(sql: str, *values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in connection.execute(sql, values).fetchall()]

    changed = 0
    for asset_id, found in _differing(rows, facts(rows, ids), made):
        for tag in found:
            _make_term(connection, tag, now)
        rows_now = {_row(tag) for tag in found}
        connection.execute("DELETE FROM asset_tag WHERE asset_id = ?", (asset_id,))
        connection.executemany(
            "INSERT INTO asset_tag (asset_id, term_id, source, confidence, detail) VALUES (?, ?, ?, ?, ?)",
            [(asset_id, *tag) for tag in sorted(rows_now)],
        )
        changed += 1
    return changed


def stale(rows: Rows, made: Tagger) -> Iterator[tuple[list[str], int]]:
    """Page by page: the assets whose tags are not what `made` says, and how many were looked at."""
    for page in all_facts(rows):
        yield [asset_id for asset_id, _ in _differing(rows, page, made)], len(page)


def _differing(rows: Rows, known: Mapping[str, Facts], made: Tagger) -> Iterator[tuple[str, list[Tag]]]:
    """The assets whose stored tags differ from what `made` finds, with that."""
    before: dict[str, set[tuple[Any, ...]]] = {}
    marks = ",".join("?" * len(known))
    for r in rows(f"SELECT * FROM asset_tag WHERE asset_id IN ({marks})", *known):  # noqa: S608
        before.setdefault(r["asset_id"], set()).add((r["term_id"], r["source"], r["confidence"], r["detail"]))
    for asset_id, one in known.items():
        found = made.tags(one) if made else []
        if {_row(tag) for tag in found} != before.get(asset_id, set()):
            yield asset_id, found


def _row(tag: Tag) -> tuple[str, str, float, str]:
    """A character's tag carries the term's id; other terms are known by their names."""
    term = tag.term if tag.kind == CHARACTER else term_id(tag.kind, tag.term)
    return term, tag.source, tag.confidence, tag.detail


def _make_term(connection: Any, tag: Tag, now: str) -> None:
    """Scenes, shots and projects come to be when a path names them."""
    if tag.kind == CHARACTER:
        return
    found = term_id(tag.kind, tag.term)
    connection.execute(
        "INSERT INTO term (id, kind, name, name_key, created_at) SELECT ?, ?, ?, ?, ?"
        " WHERE NOT EXISTS (SELECT 1 FROM term WHERE id = ?)",
        (found, tag.kind, tag.term, key(tag.term), now, found),
    )
