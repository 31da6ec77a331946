"""The 96-bit payload of a mark and its error-correcting code: what goes in, whatever engine carries it.

    mark id (64 bits, big-endian) + HMAC-SHA256 tag (32 bits) → RS(16, 12) over GF(256) → XOR with a keyed mask

The tag makes a wrong id improbable (2**-32 per comparison); the mask makes the symbols of similar ids unlike.
Labels in the HMACs separate the uses of one key. Changing any of this makes old marks unreadable.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from reedsolo import ReedSolomonError, RSCodec

from dam.errors import UsageError
from dam.watermark.contract import KEY_BYTES

ID_BYTES = 8
TAG_BYTES = 4
PARITY_SYMBOLS = 4
CODE_SYMBOLS = ID_BYTES + TAG_BYTES + PARITY_SYMBOLS

# Built once: constructing a codec rewrites reedsolo's module tables, which must not happen beside a decode.
_CODEC = RSCodec(PARITY_SYMBOLS)
_CHASE_SYMBOLS = 5


@dataclass(frozen=True, slots=True)
class SoftCode:
    """Received symbols: the best and second guesses, and how clearly the best won (any unit, larger = surer)."""

    first: bytes
    second: bytes
    confidence: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Decoded:
    """`comparisons` counts the tags compared, so that the caller can state a false-positive probability."""

    mark_id: int | None
    comparisons: int


def new_mark_id(random: bytes) -> int:
    """Make an id from 8 bytes of the caller's randomness (`secrets.token_bytes(8)`)."""
    if len(random) != ID_BYTES:
        raise UsageError(f"A mark id needs {ID_BYTES} random bytes, got {len(random)}.", code="mark.bad_id")
    return int.from_bytes(random, "big")


def format_mark_id(mark_id: int) -> str:
    """16 lower-case hex digits."""
    return f"{_checked(mark_id):016x}"


def parse_mark_id(text: str) -> int:
    """Read 16 hex digits. Raises UsageError("mark.bad_id")."""
    if len(text) != 2 * ID_BYTES or not all(c in "0123456789abcdefABCDEF" for c in text):
        raise UsageError(f"{text[:40]!r} is not a mark id.", next_step="Give 16 hex digits.", code="mark.bad_id")
    return int(text, 16)


def check_key(key: bytes) -> None:
    """Raise UsageError("mark.bad_key") unless the key has 32 bytes."""
    if len(key) != KEY_BYTES:
        raise UsageError(
            f"A mark key has {KEY_BYTES} bytes, this one {len(key)}.",
            next_step="Make one with `openssl rand`, and keep it secret.",
            code="mark.bad_key",
        )


def derive(key: bytes, label: bytes) -> bytes:
    """32 bytes for one use of the key."""
    return hmac.new(key, b"org.headwater.mark.v1/" + label, hashlib.sha256).digest()


def encode(mark_id: int, key: bytes) -> bytes:
    """Return the 16 symbols to embed."""
    check_key(key)
    ident = _checked(mark_id).to_bytes(ID_BYTES, "big")
    return _mask(bytes(_CODEC.encode(ident + _tag(ident, key))), key)


def decode(symbols: bytes, key: bytes, *, erased: Sequence[int] = ()) -> Decoded:
    """Correct up to 2 wrong symbols, or 4 erased ones, and check the tag. Never raises on any 16 bytes."""
    plain = _mask(symbols, key)
    try:
        message = bytes(_CODEC.decode(plain, erase_pos=list(erased))[0])
    except (ReedSolomonError, ZeroDivisionError, IndexError):  # the last two: reedsolo on some hopeless words
        return Decoded(None, 0)
    ident, tag = message[:ID_BYTES], message[ID_BYTES:]
    good = hmac.compare_digest(_tag(ident, key), tag)
    return Decoded(int.from_bytes(ident, "big") if good else None, 1)


def decode_soft(soft: SoftCode, key: bytes, *, chase: bool = True) -> Decoded:
    """Decode with help of the confidences: erase the weakest symbols, then (Chase) swap in their second guesses."""
    order = sorted(range(CODE_SYMBOLS), key=soft.confidence.__getitem__)
    comparisons = 0
    for word, erased in _attempts(soft, order, chase=chase):
        found = decode(word, key, erased=erased)
        comparisons += found.comparisons
        if found.mark_id is not None:
            return Decoded(found.mark_id, comparisons)
    return Decoded(None, comparisons)


def correctable(soft: SoftCode, code: bytes) -> bool:
    """Tell without decoding whether `decode_soft(chase=False)` would find `code`: for rehearsals, which know it."""
    order = sorted(range(CODE_SYMBOLS), key=soft.confidence.__getitem__)
    for count in (0, 2, 4):
        wrong = sum(soft.first[i] != code[i] for i in order[count:])
        if 2 * wrong + count <= PARITY_SYMBOLS:
            return True
    return False


def _attempts(soft: SoftCode, order: list[int], *, chase: bool) -> list[tuple[bytes, list[int]]]:
    tries: list[tuple[bytes, list[int]]] = [(soft.first, order[:count]) for count in (0, 2, 4)]
    if chase:
        weak, next_weak = order[:_CHASE_SYMBOLS], order[_CHASE_SYMBOLS : _CHASE_SYMBOLS + 2]
        for size in range(1, _CHASE_SYMBOLS + 1):
            for swapped in combinations(weak, size):
                word = bytearray(soft.first)
                for i in swapped:
                    word[i] = soft.second[i]
                tries += [(bytes(word), []), (bytes(word), next_weak)]
    return tries


def _checked(mark_id: int) -> int:
    if not 0 <= mark_id < 1 << (8 * ID_BYTES):
        raise UsageError("A mark id is a number of 64 bits.", code="mark.bad_id")
    return mark_id


def _tag(ident: bytes, key: bytes) -> bytes:
    return derive(key, b"tag/" + ident)[:TAG_BYTES]


def _mask(symbols: bytes, key: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(symbols, derive(key, b"mask"), strict=False))
