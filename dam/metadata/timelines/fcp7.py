"""Final Cut Pro 7 XML (`xmeml`), the exchange format of Premiere, Resolve and others.

Frames count at the sequence's rate; `-1` as start or end means "as the transition beside it". A nested sequence is
followed into its own clips.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from dam.metadata.contract import as_float, as_text
from dam.metadata.timeline_bounds import TimelineError, parse_xml, text_of
from dam.metadata.timeline_contract import (
    MAX_CLIPS,
    MAX_TEXT_BYTES,
    Reading,
    TimelineFile,
    partly,
    timeline_of,
    too_large,
    unreadable,
)
from dam.metadata.timeline_media import file_name, media_name
from dam.model import Clip

MAX_NESTED = 8
MAX_STEPS = 200_000


class Fcp7:
    name = "fcp7_xml"
    version = "1"

    def accepts(self, file: TimelineFile) -> bool:
        return file.mime == "application/x-fcp7-xml"

    def read(self, file: TimelineFile) -> Reading:
        if file.size_bytes > MAX_TEXT_BYTES:
            return too_large(file)
        try:
            root, damage = parse_xml(file.data())
        except TimelineError as error:
            return Reading(None, (unreadable(str(error)),))
        project = _Project(root)
        clips = project.clips()
        problems = [partly(damage)] if damage else []
        if project.cut_short:
            problems.append(partly("it has more clips, or more nested sequences, than are read"))
        names = [text_of(sequence, "name") or "" for sequence in project.tops]
        rate = _rate(project.tops[0]) if project.tops else None
        if not clips and not project.tops:
            return Reading(None, (*problems, unreadable("it holds no sequence")))
        return Reading(timeline_of(self, clips, rate=rate, sequences=names), tuple(problems))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a sequence lies: the second of the outer timeline at which its frame 0 would stand."""

    sequence: str | None
    zero_s: float = 0.0
    track: str | None = None
    kind: str | None = None  # inside a nested sequence: only its picture, or only its sound
    depth: int = 0


class _Project:
    """One document: definitions by id, and the sequences that are not inside a clip."""

    def __init__(self, root: Element) -> None:
        self.cut_short = False
        self._steps = 0
        self._files: dict[str, Element] = {}
        self._sequences: dict[str, Element] = {}
        inside: set[Element] = set()
        for element in root.iter():
            if element.tag == "clipitem":
                inside.update(element.iter("sequence"))
            known = {"file": self._files, "sequence": self._sequences}.get(str(element.tag))
            if known is not None and len(element):  # later mentions are empty, with the id only
                known.setdefault(element.get("id", ""), element)
        self.tops = [s for s in root.iter("sequence") if s not in inside and s.find("media") is not None]
        self._loose = [] if self.tops else list(root.iter("clip"))

    def clips(self) -> list[Clip]:
        found: list[Clip] = []
        for clip in self._all():
            if len(found) >= MAX_CLIPS:
                self.cut_short = True
                break
            found.append(clip)
        return found

    def _all(self) -> Iterator[Clip]:
        for sequence in self.tops:
            yield from self._sequence(sequence, _Place(as_text(text_of(sequence, "name"), 1000)))
        for clip in self._loose:  # bins without a sequence
            yield self._clip(clip, "video", (None, None), _Place(None))

    def _sequence(self, sequence: Element, place: _Place) -> Iterator[Clip]:
        rate = _rate(sequence) or 25.0
        for kind, letter in (("video", "V"), ("audio", "A")):
            if place.kind not in (None, kind):
                continue
            for number, track in enumerate(sequence.findall(f"media/{kind}/track"), 1):
                at = place if place.track else replace(place, track=f"{letter}{number}")
                yield from self._track(track, kind, rate, at)

    def _track(self, track: Element, kind: str, rate: float, place: _Place) -> Iterator[Clip]:
        items = [item for item in track if item.tag in ("clipitem", "generatoritem", "transitionitem")]
        for at, item in enumerate(items):
            self._steps += 1
            if self._steps > MAX_STEPS:
                self.cut_short = True
                return
            if item.tag == "transitionitem":
                continue
            start, end = _frame(item, "start"), _frame(item, "end")
            if start is None and at and items[at - 1].tag == "transitionitem":
                start = _frame(items[at - 1], "start")
            if end is None and at + 1 < len(items) and items[at + 1].tag == "transitionitem":
                end = _frame(items[at + 1], "end")
            length = end - start if start is not None and end is not None else _length(item)
            if start is None and end is not None and length is not None:
                start = end - length
            span = (
                None if start is None else place.zero_s + start / rate,
                None if length is None else max(0.0, length / rate),
            )
            nested = self._nested(item)
            if nested is None or place.depth >= MAX_NESTED:
                yield self._clip(item, "generator" if item.tag == "generatoritem" else kind, span, place)
            else:
                inner = (_frame(item, "in") or 0.0) / (_rate(nested) or rate)
                zero_s = (span[0] or 0.0) - inner
                yield from self._sequence(nested, replace(place, zero_s=zero_s, kind=kind, depth=place.depth + 1))

    def _nested(self, item: Element) -> Element | None:
        inner = item.find("sequence")
        return None if inner is None else inner if len(inner) else self._sequences.get(inner.get("id", ""))

    def _clip(self, item: Element, kind: str, span: tuple[float | None, float | None], place: _Place) -> Clip:
        mention = item.find("file")
        if mention is None:
            mention = next(item.iter("file"), None)  # multiclips keep it in their angles
        media = mention
        if mention is not None and text_of(mention, "pathurl") is None:
            media = self._files.get(mention.get("id", ""), mention)
        path = media_name(text_of(media, "pathurl"))
        if text_of(media, "mediaSource") is not None and path is None:
            kind = "generator"  # slugs, bars and titles
        elif path is None:
            path = as_text(text_of(media, "name"), 1000)
        rate, first = _rate(item), _frame(item, "in")
        name = as_text(text_of(item, "name"), 1000) or as_text(text_of(media, "name"), 1000)
        return Clip(
            name=name or (file_name(path) if path else None),
            media=None if kind == "generator" else path,
            start_s=None if span[0] is None else round(span[0], 6),
            duration_s=None if span[1] is None else round(span[1], 6),
            track=place.track,
            source_start_s=None if first is None or not rate else round(first / rate, 6),
            kind=kind,
            sequence=place.sequence,
            reel=as_text(text_of(media, "timecode/reel/name"), 200),
        )


def _frame(item: Element, name: str) -> float | None:
    """A frame number; -1 and nonsense are None."""
    value = as_float(text_of(item, name))
    return value if value is not None and 0 <= value < 1e10 else None


def _length(item: Element) -> float | None:
    first, last = _frame(item, "in"), _frame(item, "out")
    return last - first if first is not None and last is not None else _frame(item, "duration")


def _rate(element: Element) -> float | None:
    base = as_float(text_of(element, "rate/timebase"))
    if base is None or not 0 < base < 10_000:
        return None
    return base * 1000 / 1001 if (text_of(element, "rate/ntsc") or "").upper() == "TRUE" else base


PLUGIN = Fcp7()
