"""What a library holds, in words that do not depend on ids, times or keys: for comparing two libraries."""

import json

from dam.catalogue.reading import open_reader


def rows(library, sql, *values):
    with open_reader(library / "catalogue.db") as reader:
        return reader.rows(sql, *values)


def actions(library):
    """Every audit entry as (action, detail), oldest first."""
    found = rows(library, "SELECT action, detail FROM audit_entry ORDER BY seq")
    return [(r["action"], json.loads(r["detail"])) for r in found]


def edges(library):
    """(relation, evidence, parent's SHA-256, child's SHA-256) of every edge."""
    sql = (
        "SELECT e.relation, e.evidence, p.sha256 AS parent, c.sha256 AS child FROM edge e"
        " JOIN asset p ON p.id = e.parent_id JOIN asset c ON c.id = e.child_id"
    )
    return {(r["relation"], r["evidence"], r["parent"], r["child"]) for r in rows(library, sql)}


def contents(library):
    """Everything that two ingests of one drive must agree on."""
    return {
        "assets": _set(library, "SELECT sha256, kind, mime, ai_generated, decoded, protected FROM asset"),
        "titles": _set(  # of two copies that arrive together, either may give its name
            library,
            "SELECT sha256, title FROM asset WHERE (SELECT count(*) FROM location l WHERE l.asset_id = asset.id) = 1",
        ),
        "locations": _set(
            library,
            "SELECT a.sha256, r.name, l.path, l.availability FROM location l JOIN asset a ON a.id = l.asset_id"
            " JOIN root r ON r.id = l.root_id",
        ),
        "edges": edges(library),
        "claims": _set(
            library, "SELECT a.sha256, c.carrier, c.reader, c.raw_bytes FROM claim c JOIN asset a ON a.id = c.asset_id"
        ),
        "fingerprints": _set(
            library, "SELECT a.sha256, f.engine, f.code FROM fingerprint f JOIN asset a ON a.id = f.asset_id"
        ),
        "copies": _set(
            library, "SELECT a.sha256, c.kind, c.recipe, c.mime FROM copy c JOIN asset a ON a.id = c.asset_id"
        ),
        "marks": _set(
            library, "SELECT a.sha256, m.mark_id, m.engine FROM mark m JOIN asset a ON a.id = m.asset_id"
        ),
        "stages": _set(
            library, "SELECT a.sha256, j.stage, j.state, j.code FROM job j JOIN asset a ON a.id = j.asset_id"
        ),
        "held": _set(library, "SELECT path, state, code FROM intake"),
    }  # fmt: skip


def _set(library, sql):
    found = [tuple(r.values()) for r in rows(library, sql)]
    assert len(found) == len(set(found)), f"rows twice: {sql}"
    return set(found)
