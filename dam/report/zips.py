"""One form of zip, to the byte: members uncompressed, in order, one time for all, no comments, nothing between.

Because the form is fixed, a reader can account for every byte of a file: what does not stand exactly where and how
`write` puts it is a finding. Nothing is ever inflated, so there are no bombs. ZIP64 where a size asks for it (APPNOTE
6.3.10, §4.3 and §4.5.3).
"""

import io
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from dam.errors import ConflictError, UndecodableError

MAX_MEMBERS = 10_000
MAX_DIRECTORY_BYTES = 4 << 20
BLOCK_BYTES = 1 << 20
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,80}){0,4}")
_MANY, _UTF8, _MADE_BY, _ATTRIBUTES = 0xFFFFFFFF, 0x0800, 3 << 8, 0o100644 << 16
_LOCAL, _CENTRAL = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L")
_END, _END64, _LOCATOR = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")


@dataclass(frozen=True, slots=True)
class Entry:
    """A member as the directory describes it."""

    name: str
    size_bytes: int
    crc: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A member and where its bytes begin in the file."""

    entry: Entry
    start: int


def stamp(moment: datetime) -> tuple[int, int]:
    """(time, date) of MS-DOS, in UTC, two seconds exact; the format knows 1980 to 2107."""
    at = moment.astimezone(UTC)
    year = min(max(at.year, 1980), 2107)
    return at.hour << 11 | at.minute << 5 | at.second // 2, (year - 1980) << 9 | at.month << 5 | at.day


def _local(entry: Entry, when: tuple[int, int]) -> bytes:
    large = entry.size_bytes >= _MANY
    extra = struct.pack("<2H2Q", 1, 16, entry.size_bytes, entry.size_bytes) if large else b""
    size, name = (_MANY if large else entry.size_bytes), entry.name.encode()
    head = _LOCAL.pack(
        b"PK\3\4", 45 if large else 20, _UTF8, 0, *when, entry.crc, size, size, len(name), len(extra)
    )  # fmt: skip
    return head + name + extra


def _central(entry: Entry, offset: int, when: tuple[int, int]) -> bytes:
    large, far, name = entry.size_bytes >= _MANY, offset >= _MANY, entry.name.encode()
    values = ([entry.size_bytes] * 2 if large else []) + ([offset] if far else [])
    extra = struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values) if values else b""
    size, version = (_MANY if large else entry.size_bytes), 45 if values else 20
    head = _CENTRAL.pack(
        b"PK\1\2", _MADE_BY | version, version, _UTF8, 0, *when, entry.crc, size, size, len(name), len(extra), 0, 0, 0,
        _ATTRIBUTES, _MANY if far else offset,
    )  # fmt: skip
    return head + name + extra


def _tail(entries: Sequence[Entry], when: tuple[int, int]) -> tuple[bytes, int]:
    """The directory with its end, and the offset where it begins."""
    offset, parts = 0, []
    for entry in entries:
        parts.append(_central(entry, offset, when))
        offset += len(_local(entry, when)) + entry.size_bytes
    directory, count = b"".join(parts), len(entries)
    end64 = b""
    if offset >= _MANY:
        end64 = _END64.pack(b"PK\6\6", 44, _MADE_BY | 45, 45, 0, 0, count, count, len(directory), offset)
        end64 += _LOCATOR.pack(b"PK\6\7", 0, offset + len(directory), 1)
    end = _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), min(offset, _MANY), 0)
    return directory + end64 + end, offset


def write(members: Iterable[tuple[Entry, Iterable[bytes]]], when: datetime, target: BinaryIO) -> None:
    """Write all members, block by block.

    Raises:
        ConflictError: a member's bytes are not those that its entry describes: the file changed meanwhile.
    """
    written, at = [], stamp(when)
    for entry, blocks in members:
        target.write(_local(entry, at))
        size, crc = 0, 0
        for block in blocks:
            target.write(block)
            size, crc = size + len(block), zlib.crc32(block, crc)
        if (size, crc) != (entry.size_bytes, entry.crc):
            raise ConflictError(f"{entry.name} changed while it was packed.", code="evidence.changing")
        written.append(entry)
    target.write(_tail(written, at)[0])


def read(stream: BinaryIO) -> list[Placed]:
    """The members of a zip of this form, in its order. Reads the structure, not the contents.

    Raises:
        UndecodableError: whatever differs from the form, in words.
    """
    length = stream.seek(0, io.SEEK_END)
    entries, when = _directory(stream, length)
    tail, offset = _tail(entries, when)
    if offset + len(tail) != length:
        raise _odd("there are bytes that belong to no member")
    if _at(stream, offset, len(tail)) != tail:
        raise _odd("its directory is not in the form that evidence bundles have")
    placed, offset = [], 0
    for entry in entries:
        head = _local(entry, when)
        if _at(stream, offset, len(head)) != head:
            raise _odd(f"the header of {entry.name} does not match the directory")
        placed.append(Placed(entry, offset + len(head)))
        offset += len(head) + entry.size_bytes
    return placed


def blocks(stream: BinaryIO, member: Placed) -> Iterator[bytes]:
    """A member's bytes, a block at a time."""
    stream.seek(member.start)
    left = member.entry.size_bytes
    while left:
        block = stream.read(min(left, BLOCK_BYTES))
        if not block:
            raise _odd("it is cut off")
        left -= len(block)
        yield block


class Window(io.RawIOBase):
    """A member as a file of its own, open for reading."""

    def __init__(self, stream: BinaryIO, member: Placed) -> None:
        super().__init__()
        self._stream, self._start, self._size, self._pos = stream, member.start, member.entry.size_bytes, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._pos, io.SEEK_END: self._size}[whence]
        self._pos = max(0, base + offset)
        return self._pos

    def tell(self) -> int:
        return self._pos

    def readinto(self, buffer: Any) -> int:
        self._stream.seek(self._start + self._pos)
        data = self._stream.read(max(0, min(len(buffer), self._size - self._pos)))
        buffer[: len(data)] = data
        self._pos += len(data)
        return len(data)


def _directory(stream: BinaryIO, length: int) -> tuple[list[Entry], tuple[int, int]]:
    """Entries as the directory tells them, with the plainest faults said in words."""
    end = _at(stream, length - _END.size, _END.size) if length >= _END.size else b""
    if end[:4] != b"PK\5\6":
        raise _odd("it does not end as a zip without a comment does")
    _, _, _, _, count, size, offset, _ = _END.unpack(end)
    if offset == _MANY:
        offset = length - _END.size - _LOCATOR.size - _END64.size - size
    if count > MAX_MEMBERS or size > MAX_DIRECTORY_BYTES or offset < 0 or offset + size > length:
        raise _odd("its directory is too large or lies outside it")
    data, at, entries = _at(stream, offset, size), 0, []
    when: tuple[int, int] = (0, 0)
    names: set[str] = set()
    for _ in range(count):
        entry, when, at = _described(data, at)
        if entry.name in names:
            raise _odd(f"it holds {entry.name} twice")
        names.add(entry.name)
        entries.append(entry)
    return entries, when


def _described(data: bytes, at: int) -> tuple[Entry, tuple[int, int], int]:
    if len(data) < at + _CENTRAL.size or data[at : at + 4] != b"PK\1\2":
        raise _odd("its directory is damaged")
    found = _CENTRAL.unpack_from(data, at)
    method, crc, size, name_bytes, extra_bytes, attributes = (found[i] for i in (4, 7, 9, 10, 11, 15))
    at += _CENTRAL.size
    name = data[at : at + name_bytes].decode("utf-8", "replace")
    if not NAME.fullmatch(name):
        raise _odd(f"it holds a member with the name {name[:80]!a}, which would lead out of a folder or hide in it")
    if method != 0:
        raise _odd(f"{name} is compressed, and members of a bundle never are")
    if attributes >> 16 & 0o170000 == 0o120000:
        raise _odd(f"{name} is a link")
    if size == _MANY and extra_bytes >= 12:
        size = struct.unpack_from("<Q", data.ljust(at + name_bytes + 12, b"\0"), at + name_bytes + 4)[0]
    return Entry(name, size, crc), (found[5], found[6]), at + name_bytes + extra_bytes


def _at(stream: BinaryIO, offset: int, size: int) -> bytes:
    stream.seek(offset)
    return stream.read(size)


def _odd(why: str) -> UndecodableError:
    return UndecodableError(f"This is not an evidence bundle as it was written: {why}.", code="evidence.container")
