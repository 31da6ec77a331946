"""Opaque cursors of keyset paging: where the page before ended, bound to the query and the order that made them."""

import base64
import hashlib
import json
from dataclasses import dataclass

from dam.errors import QueryError

_LIMIT_CHARS = 4096


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last hit shown: its sort `key` (or "" by relevance), `score`, id, and how many hits came up to it."""

    key: str
    score: float
    asset_id: str
    seen: int


def encode(cursor: Cursor, *, sort: str, understood: str) -> str:
    row = [_binding(sort, understood), cursor.key, cursor.score, cursor.asset_id, cursor.seen]
    return base64.urlsafe_b64encode(json.dumps(row, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(text: str, *, sort: str, understood: str) -> Cursor:
    """Raises QueryError "query.cursor" for anything that `encode` did not make for this query and order."""
    try:
        raw = base64.b64decode(text[:_LIMIT_CHARS] + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        binding, key, score, asset_id, seen = json.loads(raw)
        cursor = Cursor(key, float(score), asset_id, seen)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise _foreign() from error
    sound = isinstance(key, str) and isinstance(asset_id, str) and type(seen) is int and 0 <= seen < 2**31
    if not sound or binding != _binding(sort, understood) or not (key == "" or (key.isalnum() and key.isascii())):
        raise _foreign()
    return cursor


def _binding(sort: str, understood: str) -> str:
    return hashlib.sha256(f"{sort}\n{understood}".encode()).hexdigest()[:12]


def _foreign() -> QueryError:
    return QueryError(
        "The cursor does not belong to this query and order.", code="query.cursor", next_step="Start at the first page."
    )
