"""The fields of the query language: their names, what values they take, and how values are read.

| type | example | meaning of `:` |
|---|---|---|
| text | `prompt:rain*` | these words side by side in that text |
| label | `model:flux*`, `character:="Mara Voss"` | these words in one of the names, or the whole name with `*`; `:=` is the whole name |
| keyword | `kind:video`, `seed:42` | that value; `id:` and `sha256:` take a beginning |
| number, date | `width:>=2048`, `created:2026-10`, `steps:20..30` | that value or span; `>`, `>=`, `<`, `<=`, `a..b` |
| is | `is:approved` | a state of the asset |
| outside | `similar:ID` | not in the index: the caller resolves it to assets (query.resolve) |
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from dam.model import CredentialState, Kind
from dam.search.dates import spoken
from dam.search.query import Node, Term, leaves


class FieldType(StrEnum):
    TEXT = "text"
    LABEL = "label"
    KEYWORD = "keyword"
    NUMBER = "number"
    DATE = "date"
    IS = "is"
    OUTSIDE = "outside"


def _table(**names: str) -> Mapping[str, FieldType]:
    """Field names by type; `is` is a Python word and comes as `is_`."""
    by_name = {name: FieldType(kind.rstrip("_")) for kind, joined in names.items() for name in joined.split()}
    return MappingProxyType(by_name)


FIELDS = _table(
    text="prompt negative name path",
    label="tool model lora sampler root tag character scene shot project",
    keyword="kind credential seed sha256 id ai mime parse",
    number="steps width height duration",
    date="created admitted",
    outside="similar made-with used-in collection gap",
    is_="is",
)

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "type": "kind",
        "status": "is",
        "availability": "is",
        "loras": "lora",
        "tags": "tag",
        "characters": "character",
        "scenes": "scene",
        "shots": "shot",
        "projects": "project",
        "file": "name",
        "folder": "path",
        "negative_prompt": "negative",
        "negative-prompt": "negative",
        "sha": "sha256",
        "hash": "sha256",
        "width_px": "width",
        "height_px": "height",
        "duration_s": "duration",
        "made_with": "made-with",
        "used_in": "used-in",
        "by": "tool",
    }
)

STATES = frozenset(
    "approved rejected unreviewed ai online offline missing protected unprotected quarantined stacked duplicate".split()  # noqa: SIM905
)
_KINDS = {"photo": "image", "picture": "image", "images": "image", "movie": "video", "clip": "video", "videos": "video"}
_KINDS |= {"sound": "audio", "music": "audio", "sounds": "audio", "cut": "timeline"} | {
    str(kind): str(kind) for kind in Kind
}
_TRUTH = {"true": "true", "yes": "true", "false": "false", "no": "false", "unknown": "unknown"}
_CREDENTIALS = {str(state): str(state) for state in CredentialState}
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_DECIMAL = re.compile(r"\d{1,9}(?:\.\d{1,6})?", re.ASCII)
_DATE = re.compile(
    r"(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}))?Z?)?)?)?", re.ASCII | re.IGNORECASE
)
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def field_named(name: str) -> str | None:
    """The canonical field for what was typed, or None."""
    lowered = name.lower()
    lowered = ALIASES.get(lowered, lowered)
    return lowered if lowered in FIELDS else None


def outside_terms(tree: Node) -> tuple[Term, ...]:
    """Terms that no index can answer (`similar:ID`): the caller finds their assets and puts them in (query.resolve)."""
    found = (leaf for leaf in leaves(tree) if isinstance(leaf, Term) and FIELDS[leaf.field] is FieldType.OUTSIDE)
    return tuple(dict.fromkeys(found))


def read_terms(field: str, op: str, value: str, today: date) -> tuple[tuple[Term, ...], str | None]:
    """Terms for a known field, all of which must hold, and a note. No terms = the value makes no sense there.

    `today` is what "yesterday" and "last week" are counted from.
    """
    kind = FIELDS[field]
    if kind is FieldType.NUMBER or kind is FieldType.DATE:
        return _read_span(field, "" if op in {":", "="} else op, value, today)
    if op not in {":", "="}:
        terms, note = read_terms(field, ":", value, today)
        return terms, note or f"{field}: cannot be compared with {op}; it was searched as {field}:{value[:60]}."
    if kind is FieldType.IS:
        state = value.lower()
        if state not in STATES:
            return (), f"is:{value[:60]} is not known (known: {', '.join(sorted(STATES))})."
        return (Term("is", state),), None
    if kind is FieldType.KEYWORD:
        return _read_keyword(field, value)
    return (Term(field, value, op if kind is FieldType.LABEL else ":"),), None


def _read_keyword(field: str, value: str) -> tuple[tuple[Term, ...], str | None]:
    lowered = value.lower()
    if field == "seed":
        return (Term(field, str(int(value)) if _WHOLE.fullmatch(value) else lowered),), None
    known = {"kind": _KINDS, "ai": _TRUTH, "credential": _CREDENTIALS}.get(field)
    if known is None:
        return (Term(field, lowered),), None
    key = re.sub(r"[ -]", "_", lowered)
    if key in known:
        return (Term(field, known[key]),), None
    if "*" in lowered:
        return (Term(field, lowered),), None
    return (Term(field, lowered),), f"{field}: knows {', '.join(sorted(set(known.values())))}, not {value[:60]}."


def _read_span(field: str, op: str, value: str, today: date) -> tuple[tuple[Term, ...], str | None]:
    if FIELDS[field] is FieldType.DATE and (days := spoken(value, today)) is not None:
        return _days(field, op, days), None
    read = _date_text if FIELDS[field] is FieldType.DATE else _number_text
    low, dots, high = value.partition("..")
    if dots and not op:
        ends = (read(field, low), read(field, high))
        if None not in ends:
            return tuple(Term(field, end or "", sign) for end, sign in zip(ends, (">=", "<="), strict=True)), None
    text = read(field, value)
    if text is None:
        example = "2026-10-01" if FIELDS[field] is FieldType.DATE else ">=20"
        return (), f"{field}:{op}{value[:60]} is not understood (an example: {field}:{example})."
    return (Term(field, text, op or ":"),), None


def _days(field: str, op: str, days: tuple[str, str]) -> tuple[Term, ...]:
    """A span of days as terms: before it begins, after it ends, or within."""
    first, last = days
    if op in {"<", ">="}:
        return (Term(field, first, op),)
    if op in {">", "<="}:
        return (Term(field, last, op),)
    return (Term(field, first),) if first == last else (Term(field, first, ">="), Term(field, last, "<="))


def _number_text(field: str, value: str) -> str | None:
    bare = value.strip().lower().removesuffix("px")
    if field == "duration":
        return _seconds(bare)
    if bare.endswith("k") and _DECIMAL.fullmatch(bare[:-1]):  # 2k = 2000
        return str(round(float(bare[:-1]) * 1000))
    return str(int(bare)) if _WHOLE.fullmatch(bare) else None


def _seconds(text: str) -> str | None:
    """90, 90s, 1.5m, 1h or 1:30 as seconds."""
    if (clock := _CLOCK.fullmatch(text)) is not None:
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return str(hours * 3600 + minutes * 60 + seconds)
    unit = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0)
    bare = text[:-1] if unit else text
    if not _DECIMAL.fullmatch(bare):
        return None
    return f"{float(bare) * (unit or 1):.6f}".rstrip("0").rstrip(".")


def _date_text(_field: str, value: str) -> str | None:
    value = value.strip()
    if date_span_us(value) is None:
        return None
    match = _DATE.fullmatch(value)
    year, *rest = match.groups() if match else ()
    parts = [f"{int(part):02d}" for part in rest if part is not None]
    return "-".join([str(year), *parts[:2]]) + ("T" + ":".join(parts[2:]) if len(parts) > 2 else "")


def date_span_us(value: str) -> tuple[int, int] | None:
    """First microsecond of what was named, and first after it, since 1970 UTC: "2026-10" is a whole month."""
    match = _DATE.fullmatch(value)
    if match is None:
        return None
    year, month, day, hour, minute, second = (None if part is None else int(part) for part in match.groups())
    try:
        start = datetime(year or 0, month or 1, day or 1, hour or 0, minute or 0, second or 0, tzinfo=UTC)
        if second is not None:
            end = start + timedelta(seconds=1)
        elif hour is not None:
            end = start + timedelta(minutes=1)
        elif day is not None:
            end = start + timedelta(days=1)
        elif month is not None:
            end = start.replace(year=start.year + month // 12, month=month % 12 + 1)
        else:
            end = start.replace(year=start.year + 1)
    except (ValueError, OverflowError):
        return None
    return micros(start), micros(end)


def micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC, exact."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
