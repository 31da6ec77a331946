"""Keep everything that a probe found, small and exact, so that readers can be run again without the file.

One value an asset: zlib over a JSON head and the bytes that it points to. Equal bytes stand once (a PNG's XMP is a text
and a packet, an EXIF tag is a value and a text). What `decode(raw)` gives again is not kept twice. See
docs/decisions/0020-carriers.md.
"""

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dam.errors import StorageError
from dam.media.carriers import RAW_CAP_BYTES, Probe, Text, decode
from dam.metadata.unparsed import READER as UNPARSED
from dam.model import Claim, Media

VERSION = 1
MAX_BYTES = 32 << 20  # of one asset, before compression; what is beyond it is kept as its first bytes and its hash
MAX_VALUE_BYTES = 256  # of one binary EXIF value; longer ones are a maker's own notes and tables
_HEAD_BYTES = 64 << 10
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Kept:
    """`packed` is what the catalogue stores. `blobs` tells where the raw bytes of a carrier stand in it; `raws` are those
    of every text and packet, in order.
    """

    packed: bytes
    blobs: Mapping[bytes, int]
    raws: tuple[bytes, ...]

    @property
    def carriers(self) -> int:
        return len(self.raws)

    def unread(self, claims: Iterable[Claim]) -> int:
        """How many carriers no reader claimed, whether they are worth a look or not: a new reader may know them."""
        known = {claim.raw for claim in claims if claim.reader != UNPARSED}
        return sum(raw not in known for raw in self.raws)


class _Pool:
    """Bytes in the order in which they were first met."""

    def __init__(self) -> None:
        self.numbers: dict[bytes, int] = {}
        self.size_bytes = 0

    def put(self, raw: bytes) -> tuple[int, bool]:
        """The number of these bytes, and whether all of them found room."""
        number = self.numbers.get(raw)
        if number is not None:
            return number, True
        whole = self.size_bytes + len(raw) <= MAX_BYTES
        kept = raw if whole else raw[:_HEAD_BYTES]
        if kept not in self.numbers:
            self.numbers[kept] = len(self.numbers)
            self.size_bytes += len(kept)
        return self.numbers[kept], whole


def pack(probe: Probe) -> Kept:
    """Pack texts, XMP packets and EXIF values. Pure; the same probe gives the same bytes."""
    pool = _Pool()
    head = {
        "v": VERSION,
        "texts": [_text_entry(text, pool) for text in probe.texts],
        "xmp": [_packet_entry(packet, pool) for packet in probe.xmp],
        "exif": {str(tag): _value_entry(value, pool) for tag, value in probe.exif.items()},
        "c2pa": probe.has_c2pa,
    }
    sizes = [len(raw) for raw in pool.numbers]
    words = json.dumps({**head, "sizes": sizes}, separators=(",", ":")).encode()
    packed = zlib.compress(b"".join((len(words).to_bytes(4, "big"), words, *pool.numbers)), _LEVEL)
    return Kept(packed, pool.numbers, _raws(probe))


def _raws(probe: Probe) -> tuple[bytes, ...]:
    return (*(text.raw for text in probe.texts), *(packet[:RAW_CAP_BYTES] for packet in probe.xmp))


def _text_entry(text: Text, pool: _Pool) -> list[Any]:
    number, whole = pool.put(text.raw)
    sha256 = text.whole_sha256 if whole else text.whole_sha256 or hashlib.sha256(text.raw).hexdigest()
    entry: list[Any] = [text.carrier, text.key, number, text.raw_bytes, sha256]
    if whole and decode(text.raw) != text.text:
        decoded, whole = pool.put(text.text.encode("utf-8", "surrogatepass"))
        entry += [decoded] if whole else []
    return entry


def _packet_entry(packet: bytes, pool: _Pool) -> list[Any]:
    number, whole = pool.put(packet[:RAW_CAP_BYTES])
    if whole and len(packet) <= RAW_CAP_BYTES:
        return [number]
    return [number, len(packet), hashlib.sha256(packet).hexdigest()]


def _value_entry(value: object, pool: _Pool) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if not isinstance(value, str | bytes):
        return value if isinstance(value, int | float) else None
    raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    if raw in pool.numbers or isinstance(value, str) or len(raw) <= MAX_VALUE_BYTES:  # a text's raw is there already
        number, whole = pool.put(raw)
        if whole:
            return {"s" if isinstance(value, str) else "b": number}
    return {"cut": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def unpack(packed: bytes, media: Media, *, size_bytes: int = 0) -> Probe:
    """The probe as readers saw it: `opened` without the numbers."""
    return opened(packed, media, size_bytes=size_bytes)[0]


def opened(packed: bytes, media: Media, *, size_bytes: int = 0) -> tuple[Probe, Kept]:
    """The probe as readers saw it, and the value that it came from. `media` is what the catalogue knows; path and problems
    were not kept.

    Raises:
        StorageError: these are not bytes that `pack` of this or an earlier version made.
    """
    try:
        head, blobs = _opened(packed)
        texts = tuple(_text(entry, blobs) for entry in head["texts"])
        xmp = tuple(_packet(entry, blobs) for entry in head["xmp"])
        exif = {int(tag): _value(entry, blobs) for tag, entry in head["exif"].items()}
        probe = Probe("", size_bytes, media, texts, xmp, exif, bool(head["c2pa"]))
        return probe, Kept(packed, {raw: number for number, raw in enumerate(blobs)}, _raws(probe))
    except (zlib.error, ValueError, LookupError, TypeError, AttributeError) as error:
        raise StorageError(
            f"The kept carriers cannot be read ({type(error).__name__}).", code="carriers.damaged"
        ) from error


def _opened(packed: bytes) -> tuple[dict[str, Any], list[bytes]]:
    whole = zlib.decompress(packed)
    at = 4 + int.from_bytes(whole[:4], "big")
    head = json.loads(whole[4:at])
    if head["v"] != VERSION:
        raise ValueError(head["v"])
    blobs = []
    for size in head["sizes"]:
        blobs.append(whole[at : at + size])
        at += size
    if at != len(whole):
        raise ValueError(at)
    return head, blobs


def _text(entry: list[Any], blobs: list[bytes]) -> Text:
    carrier, key, number, raw_bytes, sha256, *other = entry
    raw = blobs[number]
    text = blobs[other[0]].decode("utf-8", "surrogatepass") if other else decode(raw)
    return Text(carrier, key, text, raw, raw_bytes, sha256)


def _packet(entry: list[Any], blobs: list[bytes]) -> bytes:
    """A packet at its true length: readers pass over what is too long for them, and must do so again."""
    packet: bytes = blobs[entry[0]]
    return packet if len(entry) == 1 else packet.ljust(entry[1], b"\0")


def _value(entry: Any, blobs: list[bytes]) -> object:
    if isinstance(entry, list):
        return tuple(entry)
    if not isinstance(entry, dict):
        return entry
    if "s" in entry:
        return blobs[entry["s"]].decode("utf-8", "surrogatepass")
    return blobs[entry["b"]] if "b" in entry else b""
