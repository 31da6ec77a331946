r"""The published rule of the audit trail, `headwater-audit/1`; docs/audit.md tells it with a worked example.

    genesis     = SHA-256( "headwater-audit/1" LF "genesis" LF library id )
    hash of n   = SHA-256( "headwater-audit/1" LF hash of n-1 LF canonical JSON of entry n )

Hashes are written as 64 lower-case hex digits, also inside the hashed bytes; all text is UTF-8; LF is byte 0x0A. Canonical
JSON is one object with exactly the keys action, actor, at, detail, seq, subject; keys of every object sorted by code
point; no blanks; in strings only `"`, `\` and U+0000-U+001F escaped (\b \f \n \r \t, else \u00xx in lower case); integers as
digits; other finite numbers in the shortest form that reads back to the same double, as Python writes it. NaN, infinity
and lone surrogates do not exist. `seq` counts from 1 without a gap.

A chain shows any change in the middle. That its end was cut off shows only against a head kept elsewhere: a signed
checkpoint (`expected`).
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dam.errors import UsageError

RULE = b"headwater-audit/1\n"
DEPTH_LIMIT = 32
_AT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that somebody did. `at` as `timestamp` writes it; `detail` is JSON-able with text keys."""

    seq: int
    at: str
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain stands: the last entry's number and hash."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Link:
    """A stored entry with the hash stored beside it."""

    entry: Entry
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`checked` entries are good; `head` is the last good one. `first_bad_seq` is the number that should stand there."""

    ok: bool
    checked: int
    head: Head
    first_bad_seq: int | None = None
    reason: str | None = None


def timestamp(moment: datetime) -> str:
    """ISO 8601, UTC, always six decimals and Z. Raises UsageError for a time without a zone."""
    if moment.tzinfo is None:
        raise UsageError("An audit entry needs a time with a zone.", code="audit.entry")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def genesis(library_id: str) -> Head:
    """The head of the empty chain of a library; it ties the chain to that library."""
    return Head(0, hashlib.sha256(RULE + b"genesis\n" + library_id.encode()).hexdigest())


def canonical(entry: Entry) -> bytes:
    """The hashed bytes of an entry. Raises UsageError "audit.entry" for what the rule has no form for."""
    if type(entry.seq) is not int or entry.seq < 1 or not _AT.fullmatch(_text(entry.at)):
        raise UsageError(
            f"Audit entry {entry.seq!r} at {entry.at!r} is not numbered or timed right.", code="audit.entry"
        )
    value = {
        "action": _text(entry.action),
        "actor": _text(entry.actor),
        "at": entry.at,
        "detail": _plain(entry.detail, 0),
        "seq": entry.seq,
        "subject": _text(entry.subject),
    }
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode()
    except ValueError as error:  # NaN and infinity, lone surrogates, integers of more than 4,300 digits
        raise UsageError(f"Audit entry {entry.seq} has no canonical form: {error}.", code="audit.entry") from error


def entry_hash(prev_hash: str, entry: Entry) -> str:
    """The hash of an entry behind the one with `prev_hash`."""
    return hashlib.sha256(RULE + prev_hash.encode("ascii") + b"\n" + canonical(entry)).hexdigest()


def append(head: Head, entry: Entry) -> Link:
    """The entry with its hash. Raises UsageError if its number does not follow the head's."""
    if entry.seq != head.seq + 1:
        raise UsageError(f"Audit entry {entry.seq} cannot follow entry {head.seq}.", code="audit.entry")
    return Link(entry, entry_hash(head.hash, entry))


def verify(links: Iterable[Link], start: Head, expected: Head | None = None) -> Verdict:
    """Check stored links, which must follow `start` (a library's genesis, or a trusted checkpoint), in one pass.

    Stops at the first bad one; never raises for what is stored. `expected` is a head that the chain must contain: with
    the newest signed checkpoint there, a chain whose end was cut off is found out.
    """
    head, checked, met = start, 0, expected is None or expected == start
    for link in links:
        reason = _flaw(head, link)
        if reason is None and expected is not None and link.entry.seq == expected.seq:
            met = link.hash == expected.hash
            reason = None if met else "it is not the entry of the checkpoint"
        if reason is not None:
            return Verdict(False, checked, head, head.seq + 1, reason)
        head = Head(link.entry.seq, link.hash)
        checked += 1
    if expected is not None and not met:
        return Verdict(False, checked, head, head.seq + 1, f"the chain ends before its checkpoint {expected.seq}")
    return Verdict(True, checked, head)


def _flaw(head: Head, link: Link) -> str | None:
    if link.entry.seq != head.seq + 1:
        return f"entry {head.seq + 1} is missing: entry {link.entry.seq} stands in its place"
    try:
        computed = entry_hash(head.hash, link.entry)
    except UsageError as error:
        return error.message
    return None if computed == link.hash else "its contents or the entry before it do not match its hash"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError(
            f"An audit entry's time, actor, action and subject are text, not {value!r}.", code="audit.entry"
        )
    return value


def _plain(value: Any, depth: int) -> Any:
    """The value with plain dicts and lists; refuses what JSON would silently change (keys that are no text, sets ...)."""
    if depth > DEPTH_LIMIT:
        raise UsageError(f"An audit entry's detail is nested deeper than {DEPTH_LIMIT}.", code="audit.entry")
    if value is None or type(value) in {str, int, float, bool}:
        return value
    if isinstance(value, str):  # a StrEnum counts as its text
        return str(value)
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    raise UsageError(f"An audit entry's detail cannot hold {type(value).__name__}.", code="audit.entry")
