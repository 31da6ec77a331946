"""The bytes of a file's manifest store, and what its signatures carry: certificates and time-stamp tokens.

The SDK tells what a store says, but not its bytes. JUMBF boxes: ISO/IEC 19566-5; where containers put them: C2PA 2.4
annex A; COSE_Sign1: RFC 9052; `x5chain`: RFC 9360; `sigTst`, `sigTst2`: C2PA 2.4 §10.3.2.5. Pure; no bytes make it
raise.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

MAX_STORE_BYTES = 64 << 20
MAX_CERTIFICATES = 16
MAX_TOKENS = 8
_MARK = b"jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x008\x9bq"  # the description box of a store
_SIGNATURE = b"c2cs"
_STEP = 1 << 20
_DEPTH, _ITEMS = 16, 20_000
_X5CHAIN = 33


@dataclass(frozen=True, slots=True)
class Signature:
    """What one manifest's signature carries, as DER, in its order."""

    certificates: tuple[bytes, ...]
    time_stamps: tuple[bytes, ...]


def extract(stream: BinaryIO) -> bytes | None:
    """The first manifest store that stands in one piece in the bytes (in JPEG: in its APP11 segments), or None."""
    stream.seek(0)
    if stream.read(2) == b"\xff\xd8":
        return _from_jpeg(stream)
    at = _position(stream)
    if at is None or at < 12:
        return None
    stream.seek(at - 12)
    head = stream.read(8)
    size = int.from_bytes(head[:4], "big")
    if head[4:] != b"jumb" or not 32 <= size <= MAX_STORE_BYTES:
        return None
    stream.seek(at - 12)
    data = stream.read(size)
    return data if len(data) == size else None


def _position(stream: BinaryIO) -> int | None:
    stream.seek(0)
    kept, offset = b"", 0
    while block := stream.read(_STEP):
        data = kept + block
        if (found := data.find(_MARK)) >= 0:
            return offset - len(kept) + found
        offset += len(block)
        kept = data[-(len(_MARK) - 1) :]
    return None


def _from_jpeg(stream: BinaryIO) -> bytes | None:
    """APP11 segments of one box instance, joined (ISO/IEC 19566-5 annex D): JP, En, Z, then LBox and TBox each time."""
    pieces: dict[int, list[bytes]] = {}
    wanted: int | None = None
    size = 0
    while (head := stream.read(4)) and len(head) == 4 and head[0] == 0xFF and head[1] != 0xDA:
        length = int.from_bytes(head[2:], "big") - 2
        data = stream.read(max(0, length))
        if head[1] == 0xEB and data[:2] == b"JP" and len(data) > 16:
            number = int.from_bytes(data[2:4], "big")
            if wanted is None and _MARK in data[16:64]:
                wanted = number
            if number == wanted:
                size += len(data)
                pieces.setdefault(number, []).append(data[8:] if not pieces.get(number) else data[16:])
        if size > MAX_STORE_BYTES:
            return None
    whole = b"".join(pieces.get(wanted, [])) if wanted is not None else b""
    size = int.from_bytes(whole[:4], "big")
    return whole[:size] if 32 <= size <= len(whole) else None


def only(store: bytes, label: str) -> bytes | None:
    """A store with that manifest alone, or None: what it names of others cannot be followed in it (C2PA 2.4 §11.1.4)."""
    for kind, start, end in _boxes(store, 0, len(store)):
        if kind != b"jumb":
            continue
        inside = list(_boxes(store, start, end))
        if not inside or inside[0][0] != b"jumd":
            continue
        for inner, at, stop in inside[1:]:
            if inner == b"jumb" and _label(store, at, stop) == label:
                parts = store[start : inside[0][2]] + store[at - 8 : stop]
                return struct.pack(">I4s", len(parts) + 8, b"jumb") + parts
    return None


def signatures(store: bytes) -> dict[str, Signature]:
    """What each manifest's signature carries, by the manifest's label."""
    found: dict[str, Signature] = {}
    for kind, start, end in _boxes(store, 0, len(store)):
        if kind == b"jumb":
            for inner, at, stop in _boxes(store, start, end):
                if inner == b"jumb" and (label := _label(store, at, stop)) is not None and label not in found:
                    found[label] = _signature_in(store, at, stop)
        if len(found) > 1_000:
            break
    return found


def _signature_in(store: bytes, start: int, end: int) -> Signature:
    for kind, at, stop in _boxes(store, start, end):
        if kind == b"jumb" and store[at + 8 : at + 12] == _SIGNATURE:
            for inner, first, last in _boxes(store, at, stop):
                if inner == b"cbor":
                    return _opened(store[first:last])
    return Signature((), ())


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, first byte of the contents, end) of the boxes between."""
    count = 0
    while start + 8 <= end and count < _ITEMS:
        size, kind = struct.unpack_from(">I4s", data, start)
        if size < 8 or start + size > end:
            return
        yield kind, start + 8, start + size
        start, count = start + size, count + 1


def _label(data: bytes, start: int, end: int) -> str | None:
    """The label in the description box that a superbox begins with: UUID, toggles, text to NUL."""
    for kind, at, stop in _boxes(data, start, end):
        if kind != b"jumd" or stop - at < 18 or not data[at + 16] & 2:
            return None
        until = data.find(b"\0", at + 17, stop)
        return data[at + 17 : until].decode("utf-8", "replace") if until > 0 else None
    return None


def _opened(cose: bytes) -> Signature:
    try:
        sign1 = _Cbor(cose).value()
        parts = sign1 if isinstance(sign1, list) else []
        protected, loose = parts[0], parts[1]
        bound = _Cbor(protected).value() if isinstance(protected, bytes) and protected else {}
    except (ValueError, IndexError, struct.error):
        return Signature((), ())
    headers = [one for one in (bound, loose) if isinstance(one, dict)]
    chain: list[bytes] = []
    tokens: list[bytes] = []
    for header in headers:
        for name in (_X5CHAIN, "x5chain"):
            chain += _all_bytes(header.get(name))
        for name in ("sigTst2", "sigTst"):
            block = header.get(name)
            listed = block.get("tstTokens") if isinstance(block, dict) else None
            for one in listed if isinstance(listed, list) else ():
                tokens += _all_bytes(one.get("val") if isinstance(one, dict) else None)
    return Signature(tuple(dict.fromkeys(chain))[:MAX_CERTIFICATES], tuple(dict.fromkeys(tokens))[:MAX_TOKENS])


def _all_bytes(value: object) -> list[bytes]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, bytes)]


class _Cbor:
    """A reader of definite and indefinite CBOR (RFC 8949), bounded in depth and items. Raises ValueError."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._items = data, 0, 0

    def value(self, depth: int = 0) -> Any:
        self._items += 1
        if depth > _DEPTH or self._items > _ITEMS:
            raise ValueError("nested too deep, or too much of it")
        first = self._take(1)[0]
        major, size = first >> 5, self._size(first & 31)
        if major in (0, 1):
            return None if size is None else (size if major == 0 else -1 - size)
        if major in (2, 3):
            data = self._take(size) if size is not None else b"".join(self._pieces(depth))
            return data if major == 2 else data.decode("utf-8", "replace")
        if major == 4:
            return list(self._several(size, depth))
        if major == 5:
            found = list(self._several(None if size is None else 2 * size, depth))
            return {k: v for k, v in zip(found[::2], found[1::2], strict=False) if isinstance(k, int | str)}
        return self.value(depth + 1) if major == 6 else None

    def _size(self, low: int) -> int | None:
        """A count, or None for indefinite; floats and simple values are taken as numbers, which nobody asks for."""
        if low < 24:
            return low
        if low == 31:
            return None
        if low > 27:
            raise ValueError("reserved")
        return int.from_bytes(self._take(1 << (low - 24)), "big")

    def _several(self, count: int | None, depth: int) -> Iterator[Any]:
        if count is not None and count > _ITEMS:
            raise ValueError("too much of it")
        done = 0
        while done != count:
            if count is None and self._data[self._at : self._at + 1] == b"\xff":
                self._at += 1
                return
            yield self.value(depth + 1)
            done += 1

    def _pieces(self, depth: int) -> Iterator[bytes]:
        for one in self._several(None, depth):
            yield one.encode() if isinstance(one, str) else one if isinstance(one, bytes) else b""

    def _take(self, count: int) -> bytes:
        if self._at + count > len(self._data):
            raise ValueError("cut off")
        self._at += count
        return self._data[self._at - count : self._at]
