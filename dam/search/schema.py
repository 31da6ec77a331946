"""The index's schema: which field holds what, and how a document becomes index values.

Text fields are lower-cased and folded to ASCII; a label has a word field (`model`) and a whole-name field (`model_raw`);
facets are counted on fast fields that keep the name as people wrote it. Integers are checked here, before the writer
sees them: a wrong type kills tantivy's writer thread and loses the batch.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import tantivy

from dam.errors import EngineError
from dam.search.document import Document
from dam.search.fields import micros
from dam.search.text import WORD_LIMIT_BYTES, clean, indexed, label_key

TOKENIZER = "headwater_words_1"
TEXT_FIELDS = ("text", "head", "prompt", "negative", "name", "path")
LABEL_FIELDS = ("tool", "model", "lora", "sampler", "root", "tag", "character", "scene", "shot", "project")
KEYWORD_FIELDS = ("sha256", "mime", "seed", "flag", "protected")
FACET_KEYWORDS = ("kind", "status", "credential", "availability", "ai")
FACET_LABELS = ("tool", "model", "lora", "root", "character", "scene", "project", "tag")
INTEGER_FIELDS = ("steps", "width", "height", "created", "admitted")
FACETS = {name: name for name in FACET_KEYWORDS} | {name: f"{name}_facet" for name in FACET_LABELS}

_LAYOUT = (TEXT_FIELDS, LABEL_FIELDS, KEYWORD_FIELDS, FACET_KEYWORDS, FACET_LABELS, INTEGER_FIELDS, TOKENIZER)
SCHEMA_HASH = hashlib.sha256(f"{_LAYOUT} sort keys 2, text rule 1".encode()).hexdigest()[:16]
NAMES_LIMIT = 200
NAME_LIMIT_CHARS = 500
_RECENT_FROM_S = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
_RECENT_SPAN_S = 30 * 365.25 * 86400


def build_schema() -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in (*TEXT_FIELDS, *LABEL_FIELDS):
        builder.add_text_field(name, tokenizer_name=TOKENIZER, index_option="position")
    for name in (*KEYWORD_FIELDS, *(f"{label}_raw" for label in LABEL_FIELDS)):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in (*FACETS.values(), "by_newest", "by_name", "by_size"):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in INTEGER_FIELDS:
        builder.add_integer_field(name, indexed=True, fast=True)
    builder.add_float_field("duration", indexed=True, fast=True)
    builder.add_float_field("recency", fast=True)
    return builder.build()


def build_analyzer() -> Any:
    """Words of letters and digits, lower case, ASCII-folded (café = cafe); must be registered on every open index."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(WORD_LIMIT_BYTES))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .build()
    )


def index_values(document: Document) -> dict[str, Any]:
    """Field values for tantivy. Raises EngineError "index.document" on a type that would kill the writer."""
    values: dict[str, Any] = {"id": document.asset_id}
    values |= _texts(document) | _labels(document) | _keywords(document) | _numbers(document)
    values["by_newest"] = newest_key(document.admitted_at, document.asset_id)
    values["by_size"] = size_key(document.size_bytes or 0, document.asset_id)
    values["by_name"] = name_key(document.names[0] if document.names else document.title or "", document.asset_id)
    return {name: value for name, value in values.items() if value is not None and value not in ([], "")}


def _texts(document: Document) -> dict[str, str]:
    names, paths = _short(document.names), _short(document.paths)
    head = (*_short((document.title,)), *names, *_short(_terms(document)))
    made_with = _short((document.tool, document.model, document.sampler, *document.loras, *document.roots))
    return {
        "text": indexed((document.prompt, *head, *made_with, *paths)),
        "head": indexed(head),
        "prompt": indexed((document.prompt,)),
        "negative": indexed((document.negative_prompt,)),
        "name": indexed((*_short((document.title,)), *names)),
        "path": indexed(paths),
    }


def _terms(document: Document) -> tuple[str, ...]:
    return (*document.tags, *document.characters, *document.scenes, *document.shots, *document.projects)


def _short(names: Iterable[str | None]) -> list[str]:
    """Names as far as anybody reads them: a stranger's file may hold thousands, or one of a megabyte."""
    return [name[:NAME_LIMIT_CHARS] for name in islice(filter(None, names), NAMES_LIMIT)]


def _labels(document: Document) -> dict[str, Any]:
    labels: dict[str, tuple[str | None, ...]] = {
        "tool": (document.tool,),
        "model": (document.model,),
        "lora": document.loras,
        "sampler": (document.sampler,),
        "root": document.roots,
        "tag": document.tags,
        "character": document.characters,
        "scene": document.scenes,
        "shot": document.shots,
        "project": document.projects,
    }
    values: dict[str, Any] = {}
    for field, names in labels.items():
        known = _short(names)
        values[field] = [indexed((name,)) for name in known]
        values[f"{field}_raw"] = [label_key(name) for name in known]
        if field in FACET_LABELS:
            values[FACETS[field]] = [name.encode(errors="replace").decode() for name in known]
    return values


def _keywords(document: Document) -> dict[str, Any]:
    return {
        "sha256": document.sha256.lower(),
        "mime": clean(document.mime or "")[:NAME_LIMIT_CHARS],
        "seed": clean(document.seed or "")[:NAME_LIMIT_CHARS],
        "flag": [clean(flag) for flag in _short(document.flags)],
        "protected": "true" if document.protected else "false",
        "kind": document.kind.lower(),
        "status": document.status,
        "credential": document.credential,
        "availability": document.availability,
        "ai": document.ai,
    }


def _numbers(document: Document) -> dict[str, int | float | None]:
    admitted_us = micros(document.admitted_at)
    duration_s = document.duration_s
    if duration_s is not None and type(duration_s) not in {int, float}:
        raise EngineError(f"duration_s of {document.asset_id} is {duration_s!r}.", code="index.document")
    recent = (admitted_us / 1e6 - _RECENT_FROM_S) / _RECENT_SPAN_S
    return {
        "steps": _int64(document, "steps"),
        "width": _int64(document, "width_px"),
        "height": _int64(document, "height_px"),
        "created": None if document.created_at is None else micros(document.created_at),
        "admitted": admitted_us,
        "duration": None if duration_s is None else float(duration_s),
        # tantivy multiplies scores by log2(2 + value): up to 10 % over 30 years, so that equals are newest first
        "recency": 2.0 ** (1.0 + 0.1 * min(1.0, max(0.0, recent))) - 2.0,
    }


def _int64(document: Document, attribute: str) -> int | None:
    """Strangers write any number into a file: what does not fit 64 bits is not indexed, what is no integer is our bug."""
    value = getattr(document, attribute)
    if value is None:
        return None
    if type(value) is not int:
        raise EngineError(f"{attribute} of {document.asset_id} is {value!r}, not an integer.", code="index.document")
    return value if -(2**63) <= value < 2**63 else None


def newest_key(admitted_at: datetime, asset_id: str) -> str:
    """Sorts like (time, id) and is one plain word, as tantivy's range syntax needs it."""
    return f"k{micros(admitted_at) + 2**62:020d}{asset_id.encode().hex()}"


def size_key(size_bytes: int, asset_id: str) -> str:
    """Sorts like (size, id)."""
    return f"k{size_bytes:020d}{asset_id.encode().hex()}"


def name_key(name: str, asset_id: str) -> str:
    """Sorts like (case-folded name, id); ASCII digits are enough, `00` ends the name."""
    return f"k{clean(name)[:100].encode().hex()}00{asset_id.encode().hex()}"
