"""Changes of the vocabulary and what people say of assets, each in the ledger. Reads are in `tags`."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from dam.catalogue.tables import RootRow
from dam.catalogue.tags import term_id
from dam.catalogue.term_tables import AssetTagRow, BibleRow, TagVerdictRow, TermRow
from dam.catalogue.unit import Unit
from dam.tagging.vocabulary import key


def add_term(unit: Unit, kind: str, name: str) -> str:
    """The id of a term, made or taken up again if it is not there."""
    found = term_id(kind, name)
    row = unit.session.get(TermRow, found)
    if row is None:
        unit.session.add(TermRow(id=found, kind=kind, name=name, name_key=key(name), created_at=unit.now))
        unit.audit("term.added", found, {"kind": kind, "name": name})
    elif row.retired:
        row.retired, row.name = False, name
        unit.session.add(row)
        unit.audit("term.added", found, {"kind": kind, "name": name})
    unit.session.flush()
    return found


def write_bible(unit: Unit, term: str, detail: Mapping[str, Any], person: str) -> int:
    """A new version of a character's bible; earlier ones stay. Returns its number."""
    last = unit.db.execute(sa.select(sa.func.max(col(BibleRow.number))).where(col(BibleRow.term_id) == term)).scalar()
    number = (last or 0) + 1
    unit.session.add(BibleRow(term_id=term, number=number, detail=dict(detail), person=person, created_at=unit.now))
    unit.audit("bible.written", term, {"number": number, **detail})
    return number


def retire(unit: Unit, term: str) -> None:
    """A term is no longer looked for or shown. Bibles and what people said stay."""
    row = unit.session.get(TermRow, term)
    assert row is not None
    touch_all(unit, term)
    row.retired = True
    unit.session.add(row)
    unit.audit("term.retired", term, {"kind": row.kind, "name": row.name})


def touch_all(unit: Unit, term: str) -> None:
    """The index must look again at every asset that a term was found for or spoken of."""
    for table in (AssetTagRow, TagVerdictRow):
        for (asset_id,) in unit.db.execute(sa.select(table.asset_id).where(table.term_id == term)):  # type: ignore[call-overload]
            unit.touch(asset_id)


def say(unit: Unit, asset_id: str, term: str, *, confirmed: bool | None, person: str) -> None:
    """A person confirms a tag, refuses it, or takes that back (None)."""
    row = unit.session.get(TagVerdictRow, (asset_id, term))
    if confirmed is None:
        if row is not None:
            unit.session.delete(row)
    elif row is None:
        said = TagVerdictRow(asset_id=asset_id, term_id=term, confirmed=confirmed, person=person, said_at=unit.now)
        unit.session.add(said)
    else:
        row.confirmed, row.person, row.said_at = confirmed, person, unit.now
        unit.session.add(row)
    unit.audit("tag.said", asset_id, {"term": term, "confirmed": confirmed})
    unit.touch(asset_id)


def set_template(unit: Unit, root_id: str, template: str | None) -> None:
    """How paths below a root are read from now on."""
    unit.db.execute(sa.update(RootRow).where(col(RootRow.id) == root_id).values(template=template))
    unit.audit("root.set", root_id, {"template": template})
