"""Hostile bytes from honest ones, by a seeded generator: the same number always gives the same file.

`mutated(number, corpus)` picks one of three ways: a file whose bytes or parts are changed, two files spliced, or a text of
a tool that is changed in its own grammar and put into a container that is whole (so that readers see it).
"""

import random
import struct

from tests.support import mutated_texts

_COUNTS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
_MAX_BYTES = 1 << 20
_STREAMS = (".mp4", ".mov", ".webm", ".mkv", ".avi", ".wav", ".flac", ".mp3", ".opus", ".m4a")


def mutated(number, corpus):
    """(name, bytes) of one hostile file. `corpus`: name -> bytes."""
    rng = random.Random(number)
    if rng.random() < 0.45:
        return mutated_texts.carried(rng)
    names = [n for n in corpus if n.endswith(_STREAMS)] if rng.random() < 0.2 else list(corpus)
    name = rng.choice(names)
    data = corpus[name]
    if rng.random() < 0.12:
        data = _spliced(rng, data, corpus[rng.choice(list(corpus))])
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        change = rng.choice(_PARTS if rng.random() < 0.55 else _BYTES)
        data = change(rng, data)[:_MAX_BYTES]
    return name, data


def parts_of(data):
    """The file as slices that belong together (chunks, boxes, segments, pages); [data] where no structure is known."""
    for look in (_png, _riff, _boxes, _jpeg, _ogg, _lines):
        found = look(data)
        if len(found) > 2:
            return found
    return [data]


def _png(data):
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        return []
    parts, at = [data[:8]], 8
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        parts.append(data[at:end])
        at = end
    return [*parts, data[at:]]


def _riff(data):
    if data[:4] != b"RIFF":
        return []
    parts, at = [data[:12]], 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        inside = data[at : at + 4] == b"LIST"
        end = at + (12 if inside else 8 + length + (length & 1))
        parts.append(data[at:end])
        at = end
    return [*parts, data[at:]]


def _boxes(data):
    if data[4:8] != b"ftyp":
        return []
    parts, at = [], 0
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        inside = kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"iprp", b"ipco", b"ilst", b"edts")
        end = at + (12 if kind in (b"meta", b"iinf") else 8 if inside or length < 8 else length)
        parts.append(data[at:end])
        at = end
    return [*parts, data[at:]]


def _jpeg(data):
    if data[:2] != b"\xff\xd8":
        return []
    parts, at = [data[:2]], 2
    while data[at : at + 1] == b"\xff" and data[at + 1 : at + 2] != b"\xda" and at + 4 <= len(data):
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        parts.append(data[at:end])
        at = end
    return [*parts, data[at:]]


def _ogg(data):
    pieces = data.split(b"OggS")
    return [b"OggS" + piece for piece in pieces[1:]] if data[:4] == b"OggS" else []


def _lines(data):
    return data.splitlines(keepends=True) if b"\0" not in data[:256] else []


def _spliced(rng, one, other):
    if rng.random() < 0.5:
        first, second = parts_of(one), parts_of(other)
        at = rng.randrange(len(first) + 1)
        return b"".join(first[:at] + rng.sample(second, rng.randint(1, len(second))) + first[at:])
    return one[: rng.randrange(len(one) + 1)] + other[rng.randrange(len(other) + 1) :]


def _at(rng, data):
    """A place; more often near the start, where the structure is."""
    size = min(len(data), 512) if rng.random() < 0.5 else len(data)
    first = 12 if rng.random() < 0.8 else 0  # behind the signature, or nothing of ours would see the rest
    return rng.randrange(first, size) if size > first else 0


def _flips(rng, data):
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16, 64)) if out else 0):
        out[_at(rng, out)] ^= 1 << rng.randrange(8)
    return bytes(out)


def _cut(rng, data):
    return data[: _at(rng, data)]


def _zeros(rng, data):
    at, count = _at(rng, data), rng.choice((1, 4, 16, 256, 4096))
    return data[:at] + bytes(count) + data[at + (count if rng.random() < 0.7 else 0) :]


def _noise(rng, data):
    at = _at(rng, data)
    return data[:at] + rng.randbytes(rng.choice((1, 2, 8, 64, 512))) + data[at + rng.choice((0, 1, 8)) :]


def _lost(rng, data):
    at = _at(rng, data)
    return data[:at] + data[at + rng.choice((1, 2, 4, 8, 100)) :]


def _again(rng, data):
    at = _at(rng, data)
    piece = data[at : at + rng.choice((4, 16, 200, 4000))]
    return data[:at] + piece * rng.choice((2, 3, 20, 1000)) + data[at:]


def _count(rng, data):
    """A number that lies: 1 to 8 bytes of either order, anywhere."""
    at, width = _at(rng, data), rng.choice((1, 2, 4, 4, 4, 8))
    value = rng.choice((*_COUNTS, len(data), len(data) - at, rng.getrandbits(64))) & ((1 << 8 * width) - 1)
    return data[:at] + value.to_bytes(width, rng.choice(("big", "little"))) + data[at + width :]


def _part_swapped(rng, data):
    parts = parts_of(data)
    a, b = rng.randrange(len(parts)), rng.randrange(len(parts))
    parts[a], parts[b] = parts[b], parts[a]
    return b"".join(parts)


def _part_again(rng, data):
    parts = parts_of(data)
    at = rng.randrange(len(parts))
    parts[at] *= min(rng.choice((2, 3, 50, 3000)), 1 + _MAX_BYTES // max(1, len(parts[at])))
    return b"".join(parts)


def _part_lost(rng, data):
    parts = parts_of(data)
    del parts[rng.randrange(len(parts))]
    return b"".join(parts)


def _parts_shuffled(rng, data):
    first, *parts = parts_of(data)
    rng.shuffle(parts)
    return first + b"".join(parts)


def _part_lies(rng, data):
    """A length field of one part: the first four or last two bytes of its head, by the usual layouts."""
    parts = parts_of(data)
    at = rng.randrange(len(parts))
    part = bytearray(parts[at])
    place, form = rng.choice(((0, ">I"), (4, "<I"), (2, ">H"), (8, ">I"), (8, ">Q"), (12, ">I")))
    width = struct.calcsize(form)
    if len(part) >= place + width:
        true = struct.unpack_from(form, part, place)[0]
        value = rng.choice((true + 1, true - 1, true + 8, true * 2, *_COUNTS))
        struct.pack_into(form, part, place, value & ((1 << 8 * width) - 1))
    parts[at] = bytes(part)
    return b"".join(parts)


def _part_changed(rng, data):
    """A change of bytes that stays within one part, and leaves its neighbours where they are."""
    parts = parts_of(data)
    at = rng.randrange(len(parts))
    parts[at] = rng.choice((_flips, _zeros, _noise, _count))(rng, parts[at])
    return b"".join(parts)


_BYTES = (_flips, _flips, _cut, _zeros, _noise, _lost, _again, _count, _count)
_PARTS = (_part_swapped, _part_again, _part_lost, _parts_shuffled, _part_lies, _part_lies, _part_changed, _part_changed)
