"""As much DER (X.690) as a time-stamp responder needs: small values, definite lengths.

asn1crypto reads what other authorities answer; making our own answers with it costs 15 ms each, holding the GIL, which
is more than the whole signature. This costs a hundredth.
"""

from datetime import UTC, datetime

SEQUENCE, SET, INTEGER, OCTETS, NULL, OID, TIME, ENUMERATED = 0x30, 0x31, 0x02, 0x04, 0x05, 0x06, 0x18, 0x0A
CONTEXT_0 = 0xA0


def value(tag: int, *parts: bytes) -> bytes:
    """One value: its tag, its length, and its parts in a row."""
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + body


def sequence(*parts: bytes) -> bytes:
    return value(SEQUENCE, *parts)


def set_of(*parts: bytes) -> bytes:
    """A SET OF, whose parts stand in the order of their bytes (X.690 §11.6)."""
    return value(SET, *sorted(parts))


def integer(number: int) -> bytes:
    """An integer that is not negative."""
    return value(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    first, second, *others = (int(one) for one in dotted.split("."))
    return value(OID, *(_base128(one) for one in (first * 40 + second, *others)))


def octets(data: bytes) -> bytes:
    return value(OCTETS, data)


def time(at: datetime) -> bytes:
    """A GeneralizedTime of whole seconds."""
    return value(TIME, at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())


def split(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """The values in a row: (tag, body, the whole value).

    Raises:
        ValueError: a length that is indefinite, not minimal, or leads out of the data.
    """
    found = []
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise ValueError("a value is cut off")
        tag, size, start = data[at], data[at + 1], at + 2
        if size >= 0x80:
            count = size & 0x7F
            size = int.from_bytes(data[start : start + count], "big")
            start += count
            if not 1 <= count <= 3 or size < 0x80:
                raise ValueError("a length that is not DER")
        if start + size > len(data):
            raise ValueError("a value leads out of its data")
        found.append((tag, data[start : start + size], data[at : start + size]))
        at = start + size
    return found


def _base128(number: int) -> bytes:
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F | 0x80)
    return bytes(reversed(digits))
