"""DaVinci Resolve projects and timelines (`.drp`, `.drt`): a zip of XML.

`MediaPool/**/MpFolder.xml` holds what the project knows (Sm2Mp...Clip with DbId and name), `SeqContainer/*.xml` the
tracks of each sequence. A clip on a track leads by `MediaRef` to the pool. Compound clips and timelines within
timelines have no media of their own: their sequence is followed. `MediaFilePath` may be stale, the name is not.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element

from dam.metadata.contract import as_float, as_text
from dam.metadata.timeline_bounds import Archive, TimelineError, parse_xml, text_of
from dam.metadata.timeline_contract import (
    MAX_CLIPS,
    Reading,
    TimelineFile,
    partly,
    timeline_of,
    too_large,
    unreadable,
)
from dam.metadata.timeline_media import file_name, media_name
from dam.model import Clip

MAX_FILE_BYTES = 256 << 20
MAX_INFLATED_BYTES = 48 << 20
MAX_PARTS = 1_000
MAX_NESTED = 8
MAX_STEPS = 200_000
_VERSION = re.compile(rb'DbAppVer="([\w.]{1,40})"')
_QUALIFIED = re.compile(rb"(</?\w{1,80})::")  # <ListMgt::LmVersion> is no XML name
_ITEM = re.compile(r"Sm2Ti(Video|Audio)Clip$")


@dataclass(slots=True)
class _Pool:
    """What the project knows, by DbId, and the tracks of each sequence."""

    names: dict[str, str] = field(default_factory=dict)
    sequences: dict[str, str] = field(default_factory=dict)  # pool item -> its sequence
    rates: dict[str, float] = field(default_factory=dict)
    timelines: list[tuple[str, str]] = field(default_factory=list)  # (name, sequence)
    tracks: dict[str, list[tuple[str, Element]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Place:
    sequence: str | None
    start_s: float = 0.0
    track: str | None = None
    depth: int = 0


class Resolve:
    name = "resolve"
    version = "1"

    def accepts(self, file: TimelineFile) -> bool:
        return file.mime == "application/x-davinci-resolve-project"

    def read(self, file: TimelineFile) -> Reading:
        if file.size_bytes > MAX_FILE_BYTES:
            return too_large(file, MAX_FILE_BYTES)
        pool, tool, damage = _Pool(), None, None
        try:
            with open(file.path, "rb") as stream:
                archive = Archive(stream, MAX_INFLATED_BYTES)
                for name in _parts(archive.names):
                    data = archive.read(name)
                    tool = tool or _version(data)
                    root, cut_off = parse_xml(_QUALIFIED.sub(rb"\1.", data))
                    damage = damage or cut_off
                    _folder(root, pool) if name.endswith("MpFolder.xml") else _tracks(root, pool)
        except TimelineError as error:
            damage = str(error)
        if not pool.tracks:
            return Reading(None, (unreadable(damage or "it holds no sequence"),))
        cut = _Cut(pool)
        clips = cut.clips()
        problems = [partly(damage)] if damage else []
        if cut.cut_short:
            problems.append(partly("it has more clips, or more compound clips, than are read"))
        rate = next((pool.rates[s] for _, s in pool.timelines if s in pool.rates), None)
        names = [name for name, _ in pool.timelines]
        return Reading(timeline_of(self, clips, rate=rate, tool=tool, sequences=names), tuple(problems))


def _parts(names: list[str]) -> list[str]:
    """The parts that matter; the pool first, because it says what the rest is called."""
    folders = [n for n in names if n.rpartition("/")[2] == "MpFolder.xml"]
    return [*folders, *(n for n in names if "SeqContainer" in n and n.endswith(".xml"))][:MAX_PARTS]


def _version(data: bytes) -> str | None:
    found = _VERSION.search(data[:1000])
    return f"DaVinci Resolve {found[1].decode('ascii', 'replace')}" if found else None


def _folder(root: Element, pool: _Pool) -> None:
    for item in root.iter():
        if not isinstance(item.tag, str) or not re.match(r"Sm2Mp\w*Clip$", item.tag):
            continue
        key, name = item.get("DbId", ""), text_of(item, "Name")
        if name:
            pool.names[key] = name
        for sequence in item.iter("Sm2Sequence"):
            own = sequence.get("DbId", "")
            pool.sequences.setdefault(key, own)
            rate = _double(text_of(sequence, "FrameRate"))
            if rate:
                pool.rates[own] = rate
            if item.tag == "Sm2MpTimelineClip":
                pool.timelines.append((name or "", own))
            break


def _tracks(root: Element, pool: _Pool) -> None:
    for kind, letter in (("VideoTrackVec", "V"), ("AudioTrackVec", "A")):
        for vector in root.iter(kind):
            for number, track in enumerate(vector.iter("Sm2TiTrack"), 1):
                own = text_of(track, "Sequence") or root.get("DbId") or ""
                pool.tracks.setdefault(own, []).append((f"{letter}{number}", track))


class _Cut:
    """Follows tracks into clips."""

    def __init__(self, pool: _Pool) -> None:
        self.cut_short = False
        self._pool = pool
        self._steps = 0

    def clips(self) -> list[Clip]:
        pool = self._pool
        tops = [top for top in pool.timelines if top[1] in pool.tracks]
        if not tops:  # the pool is lost or of a version that we do not know: every sequence by itself
            tops = [("", own) for own in pool.tracks]
        found: list[Clip] = []
        for name, own in tops:
            for clip in self._sequence(own, _Place(as_text(name, 1000))):
                if len(found) >= MAX_CLIPS:
                    self.cut_short = True
                    return found
                found.append(clip)
        return found

    def _sequence(self, own: str, place: _Place) -> Iterator[Clip]:
        tracks = self._pool.tracks.get(own, [])
        items = [(letter, item) for letter, track in tracks for item in track.iter() if _ITEM.match(str(item.tag))]
        rate = self._pool.rates.get(own) or next(
            (r for _, item in items if (r := _double(text_of(item, "MediaFrameRate")))), 24.0
        )
        zero = min((s for _, item in items if (s := _frames(item, "Start")) is not None), default=0.0)
        for letter, item in items:
            self._steps += 1
            if self._steps > MAX_STEPS:
                self.cut_short = True
                return
            yield from self._item(item, rate, zero, place if place.track else replace(place, track=letter))

    def _item(self, item: Element, rate: float, zero: float, place: _Place) -> Iterator[Clip]:
        start, length, inside = (_frames(item, name) for name in ("Start", "Duration", "In"))
        reference = text_of(item, "MediaRef") or ""
        start_s = place.start_s + (start - zero) / rate if start is not None else place.start_s
        nested = self._pool.sequences.get(reference)
        if nested in self._pool.tracks and place.depth < MAX_NESTED:
            inner = replace(place, start_s=start_s - (inside or 0.0) / rate, depth=place.depth + 1)
            yield from self._sequence(nested, inner)
            return
        if nested in self._pool.tracks:
            self.cut_short = True
        path = media_name(text_of(item, "MediaFilePath"))
        name = as_text(text_of(item, "Name"), 1000)
        pooled = as_text(self._pool.names.get(reference), 1000)
        video = str(item.tag).startswith("Sm2TiVideo")
        yield Clip(
            name=name or pooled or (file_name(path) if path else None),
            media=path or pooled,
            start_s=round(start_s, 6),
            duration_s=None if length is None else round(length / rate, 6),
            track=place.track,
            source_start_s=None if inside is None else round(inside / rate, 6),
            kind="generator" if not reference and not path else "video" if video else "audio",
            sequence=place.sequence,
            reel=as_text(text_of(item, "MediaReelNumber"), 200),
            others=(pooled,) if pooled and path and file_name(path) != pooled else (),
        )


def _frames(item: Element, name: str) -> float | None:
    """A frame number, decimal or `frames|hex of its exact value`."""
    value = as_float((text_of(item, name) or "").partition("|")[0])
    return value if value is not None and abs(value) < 1e10 else None


def _double(text: str | None) -> float | None:
    """A frame rate: 16 bytes in hex, the first 8 of them a little-endian double."""
    try:
        raw = bytes.fromhex((text or "")[:16])
    except ValueError:
        return None
    value = struct.unpack("<d", raw)[0] if len(raw) == 8 else 0.0
    return value if 1.0 <= value <= 1000.0 else None


PLUGIN = Resolve()
