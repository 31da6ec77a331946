"""Rows for tests of the catalogue: a root, an asset, an arrival, without files behind them."""

from dam.catalogue import assets, records, work
from dam.ingest.inspection import NO_CREDENTIALS
from dam.model import Inspection, Kind, Media

SEEN = (10, 20, "1:2")


def root(unit, name="drive"):
    row = records.add_root(unit, name=name, path=f"/mnt/{name}", protect=None)
    unit.session.flush()
    return row.id


def inspection(letter="a", **more):
    facts = {
        "path": f"{letter}.png", "sha256": letter * 64, "size_bytes": 10, "media": Media(Kind.IMAGE, "image/png", 8, 8),
        "ai_generated": None, "digital_source_type": None, "generation": None, "claims": (), "credentials": NO_CREDENTIALS,
    }  # fmt: skip
    return Inspection(**(facts | more))


def asset(unit, letter="a", *, at=None, path=None, **more):
    """An asset with the SHA-256 aaa…; with a location where `at` is a root's id."""
    row = assets.add(unit, inspection(letter, **more), title=f"{letter}.png", created_at=unit.now)
    if at is not None:
        assets.place(unit, row.id, at, path or f"{letter}.png", SEEN)
    return row.id


def arrivals(unit, root_id, *paths, not_before=0.0):
    work.note_arrivals(unit, root_id, [(path, SEEN, not_before) for path in paths])
