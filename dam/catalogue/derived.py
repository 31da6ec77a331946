"""What is derived from an asset's carriers: claims, generation, AI fact. Written at admission, compared and written again
when readers have changed.
"""

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from dam.catalogue import documents, edges
from dam.catalogue.documents import DocumentId
from dam.catalogue.edges import Reference
from dam.catalogue.sqlite import Rows
from dam.catalogue.tables import AssetRow, CarrierPackRow, ClaimRow, GenerationRow, ReferenceRow
from dam.catalogue.unit import Unit
from dam.metadata.keep import Kept
from dam.model import Claim, Derived, Generation, Kind, Media

_LEVEL = 6
_SIMPLE = (
    "tool", "tool_version", "model", "model_hash", "prompt", "negative_prompt", "steps", "sampler", "scheduler", "cfg_scale",
    "width", "height",
)  # fmt: skip
_DETAIL = ("loras", "inputs", "stages", "denoise")
_CLAIM = ("carrier", "reader", "reader_version", "blob", "raw_bytes", "confidence")


@dataclass(frozen=True, slots=True)
class Stored:
    """What the catalogue holds of one asset that derivation reads or writes. `packed` None: its carriers were not kept.

    `claims` and `generation` are rows as plain data; `credentials` is the stored verdict, None = the file has none.
    """

    id: str
    sha256: str
    media: Media
    size_bytes: int
    ai_generated: bool | None
    digital_source_type: str | None
    packed: bytes | None
    unread: int
    claims: tuple[dict[str, Any], ...]
    generation: dict[str, Any] | None
    references: tuple[Reference, ...]
    documents: tuple[DocumentId, ...]
    credentials: dict[str, Any] | None

    @property
    def has_sources(self) -> bool:
        """Whether anything is noted that edges are made from."""
        return bool(self.references or self.documents)


@dataclass(frozen=True, slots=True)
class Sources:
    """What a file names as its sources: files and contents, and ids of XMP."""

    references: tuple[Reference, ...] = ()
    documents: tuple[DocumentId, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.references or self.documents)


@dataclass(frozen=True, slots=True)
class Change:
    """What differs: fields of the answer by name, and the readers whose claims are others now."""

    fields: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()
    pack: bool = False

    def __bool__(self) -> bool:
        return bool(self.fields or self.readers or self.pack)


def add(unit: Unit, asset_id: str, found: Derived, kept: Kept | None) -> None:
    """The derived rows of a new asset, and its carriers."""
    if kept is not None:
        unit.insert(CarrierPackRow, _pack(asset_id, kept, found))
    unit.insert(ClaimRow, *_claims(unit, asset_id, found, kept))
    if found.generation is not None:
        unit.insert(GenerationRow, _generation(asset_id, found.generation))


def keep(unit: Unit, asset_id: str, found: Derived, kept: Kept) -> None:
    """The carriers of an asset that was read before carriers were kept."""
    there = unit.db.execute(sa.select(col(CarrierPackRow.carriers)).where(col(CarrierPackRow.asset_id) == asset_id))
    if there.first() is None:
        unit.insert(CarrierPackRow, _pack(asset_id, kept, found))


def _pack(asset_id: str, kept: Kept, found: Derived) -> dict[str, Any]:
    return {
        "asset_id": asset_id, "carriers": kept.carriers, "unread": kept.unread(found.claims), "packed": kept.packed,
    }  # fmt: skip


def _claims(unit: Unit, asset_id: str, found: Derived, kept: Kept | None) -> Iterator[dict[str, Any]]:
    for claim in found.claims:
        values = _claim(claim, kept)
        raw = None if values["blob"] is not None or not claim.raw else zlib.compress(claim.raw, _LEVEL)
        yield {"id": unit.new_id(), "asset_id": asset_id, **values, "raw": raw}


def _claim(claim: Claim, kept: Kept | None) -> dict[str, Any]:
    return {
        "carrier": claim.carrier,
        "reader": claim.reader,
        "reader_version": claim.reader_version,
        "blob": None if kept is None else kept.blobs.get(claim.raw),
        "raw_bytes": claim.raw_bytes,
        "confidence": claim.confidence,
        "fields": dict(claim.fields),
    }


def _generation(asset_id: str, made: Generation) -> dict[str, Any]:
    return {
        "asset_id": asset_id,
        **{name: getattr(made, name) for name in _SIMPLE},
        "seed": None if made.seed is None else str(made.seed),
        "detail": {
            "loras": [asdict(x) for x in made.loras],
            "inputs": [asdict(x) for x in made.inputs],
            "stages": [asdict(x) for x in made.stages],
            "denoise": made.denoise,
        },
    }


# -- what is stored


def rows_of(unit: Unit) -> Rows:
    """Plain rows through a change's own transaction, in the shape of reading.Reader.rows."""
    return lambda sql, *values: [dict(row) for row in unit.db.exec_driver_sql(sql, values).mappings()]


def load(rows: Rows, ids: Sequence[str]) -> list[Stored]:
    """The assets with these ids (at most a few hundred), in the order of their ids: seven statements in all."""
    found = _picked(rows, "asset", "id", ids, "*")
    packs = {r["asset_id"]: r for r in _picked(rows, "carrier_pack", "asset_id", ids, "asset_id, unread, packed")}
    made = {r["asset_id"]: r for r in _picked(rows, "generation", "asset_id", ids, "*")}
    manifests = {r["asset_id"]: r for r in _picked(rows, "manifest", "asset_id", ids, "asset_id, detail")}
    claims = _grouped(_picked(rows, "claim", "asset_id", ids, f"asset_id, {', '.join(_CLAIM)}, fields"), "asset_id")
    named = "child_id, kind, name, name_key, sha256, manifest_label, role"
    # Clips of a timeline are no carrier's statement: nothing here may take them for stale.
    references = _grouped(
        [r for r in _picked(rows, "source_reference", "child_id", ids, named) if r["kind"] != edges.CLIP], "child_id"
    )
    ids_of = _grouped(_picked(rows, "document_id", "asset_id", ids, "asset_id, kind, value, position"), "asset_id")
    return [
        Stored(
            id=a["id"],
            sha256=a["sha256"],
            media=Media(Kind(a["kind"]), a["mime"], a["width_px"], a["height_px"], a["duration_s"], a["frame_count"]),
            size_bytes=a["size_bytes"],
            ai_generated=None if a["ai_generated"] is None else bool(a["ai_generated"]),
            digital_source_type=a["digital_source_type"],
            packed=packs[a["id"]]["packed"] if a["id"] in packs else None,
            unread=packs[a["id"]]["unread"] if a["id"] in packs else 0,
            claims=tuple(claims.get(a["id"], ())),
            generation=made.get(a["id"]),
            references=tuple(Reference(**r) for r in references.get(a["id"], ())),
            documents=tuple(DocumentId(**d) for d in ids_of.get(a["id"], ())),
            credentials=_plain(manifests[a["id"]]["detail"]) if a["id"] in manifests else None,
        )
        for a in sorted(found, key=lambda row: str(row["id"]))
    ]


def _picked(rows: Rows, table: str, name: str, ids: Sequence[str], columns: str) -> list[dict[str, Any]]:
    """Rows of our own table whose column `name` is one of these."""
    sql = f"SELECT {columns} FROM {table} WHERE {name} IN ({','.join('?' * len(ids))})"  # noqa: S608  # all names are ours
    return rows(sql, *ids)


def due(rows: Rows, reader: str | None, assets: Sequence[str], *, after: str, limit: int) -> list[str]:
    """Ids of assets to derive again, in id order: these `assets` if any are named, else those with a claim of `reader` or a
    carrier that nobody read, else all.
    """
    where, values = _due(reader, assets)
    sql = f"SELECT a.id FROM asset a WHERE a.id > ? AND {where} ORDER BY a.id LIMIT ?"  # noqa: S608  # only "?" is put in
    return [r["id"] for r in rows(sql, after, *values, limit)]


def due_count(rows: Rows, reader: str | None, assets: Sequence[str], *, after: str) -> int:
    where, values = _due(reader, assets)
    sql = f"SELECT count(*) AS n FROM asset a WHERE a.id > ? AND {where}"  # noqa: S608  # as above
    return int(rows(sql, after, *values)[0]["n"])


def _due(reader: str | None, assets: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    if assets:
        return f"a.id IN ({','.join('?' * len(assets))})", tuple(assets)
    if reader is None:
        return "1 = 1", ()
    claimed = "EXISTS (SELECT 1 FROM claim c WHERE c.asset_id = a.id AND c.reader = ?)"
    unread = "EXISTS (SELECT 1 FROM carrier_pack p WHERE p.asset_id = a.id AND p.unread > 0)"
    return f"({claimed} OR {unread})", (reader,)


def has_generation(rows: Rows, asset_id: str) -> bool:
    return bool(rows("SELECT 1 AS found FROM generation WHERE asset_id = ?", asset_id))


def _grouped(rows: Iterable[dict[str, Any]], name: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.pop(name), []).append(row)
    return found


def _plain(value: Any) -> Any:
    """A JSON column as data: drivers give it as text."""
    return json.loads(value) if isinstance(value, str) else value


def _worn(value: Any) -> str:
    """Data as it looks after a trip through a JSON column, in one form."""
    return json.dumps(_plain(value), sort_keys=True)


# -- compare and write


def compare(stored: Stored, found: Derived, kept: Kept, sources: Sources) -> Change:
    """What would change if `found` were written over `stored`. Pure."""
    before = _by_reader(stored.claims)
    after = _by_reader(_claim(claim, kept) for claim in found.claims)
    readers = tuple(sorted(r for r in before.keys() | after.keys() if before.get(r) != after.get(r)))
    fields = ["claims"] if readers else []
    answers = ("ai_generated", "digital_source_type")
    fields += [name for name in answers if getattr(stored, name) != getattr(found, name)]
    fields += _different(stored.generation, found.generation)
    if not _same(stored.references, sources.references):
        fields.append("references")
    if not _same(stored.documents, sources.documents):
        fields.append("documents")
    pack = stored.packed != kept.packed or stored.unread != kept.unread(found.claims)
    return Change(tuple(fields), readers, pack)


def _same(before: Iterable[object], after: Iterable[object]) -> bool:
    return sorted(map(repr, before)) == sorted(map(repr, after))


def _by_reader(claims: Iterable[dict[str, Any]]) -> dict[str, Counter[tuple[Any, ...]]]:
    found: dict[str, Counter[tuple[Any, ...]]] = {}
    for claim in claims:
        seen = (*(claim[name] for name in _CLAIM), _worn(claim["fields"]))
        found.setdefault(claim["reader"], Counter())[seen] += 1
    return found


def _different(row: dict[str, Any] | None, made: Generation | None) -> list[str]:
    if row is None and made is None:
        return []
    before = {name: row[name] for name in (*_SIMPLE, "seed")} if row else {}
    before |= _detail_of(row["detail"]) if row else {}
    values = _generation("", made) if made else {}
    after = {name: values[name] for name in (*_SIMPLE, "seed")} if made else {}
    after |= _detail_of(json.dumps(values["detail"])) if made else {}
    names = [n for n in (*_SIMPLE, "seed", *_DETAIL) if before.get(n) != after.get(n)]
    return names or (["generation"] if bool(before) != bool(after) else [])


def _detail_of(column: Any) -> dict[str, Any]:
    try:
        detail = _plain(column)
    except ValueError:
        return {}
    return detail if isinstance(detail, dict) else {}


def write(unit: Unit, stored: Stored, found: Derived, kept: Kept, sources: Sources) -> None:
    """Put `found` in the place of what is stored. The caller has compared, audits and settles edges."""
    asset_id = {"asset": stored.id}
    unit.db.execute(_DROP_CLAIMS, asset_id)
    unit.insert(ClaimRow, *_claims(unit, stored.id, found, kept))
    unit.db.execute(_DROP_GENERATION, asset_id)
    if found.generation is not None:
        unit.insert(GenerationRow, _generation(stored.id, found.generation))
    unit.db.execute(_DROP_PACK, asset_id)
    unit.insert(CarrierPackRow, _pack(stored.id, kept, found))
    answers = {"ai": found.ai_generated, "source": found.digital_source_type}
    unit.db.execute(_ANSWER, {**asset_id, **answers})
    if not _same(stored.references, sources.references):
        unit.db.execute(_DROP_REFERENCES, asset_id)
        edges.add_references(unit, stored.id, sources.references)
    if not _same(stored.documents, sources.documents):
        documents.replace(unit, stored.id, sources.documents)
    unit.touch(stored.id)


_DROP_CLAIMS = sa.delete(ClaimRow).where(col(ClaimRow.asset_id) == sa.bindparam("asset"))
_DROP_GENERATION = sa.delete(GenerationRow).where(col(GenerationRow.asset_id) == sa.bindparam("asset"))
_DROP_PACK = sa.delete(CarrierPackRow).where(col(CarrierPackRow.asset_id) == sa.bindparam("asset"))
_DROP_REFERENCES = sa.delete(ReferenceRow).where(
    col(ReferenceRow.child_id) == sa.bindparam("asset"), col(ReferenceRow.kind) != edges.CLIP
)
_ANSWER = (
    sa.update(AssetRow)
    .where(col(AssetRow.id) == sa.bindparam("asset"))
    .values(ai_generated=sa.bindparam("ai"), digital_source_type=sa.bindparam("source"))
)
