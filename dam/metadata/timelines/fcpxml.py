"""Final Cut Pro X XML (`fcpxml`), also the inside of `.fcpxmld` bundles.

https://developer.apple.com/documentation/professional-video-applications/fcpxml-reference. A story element's `offset`
is in its parent's time, its children's offsets in its own, which begins at `start`. Compound, multicam and
synchronized clips are followed into the media that they hold.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from dam.metadata.contract import as_text
from dam.metadata.timeline_bounds import TimelineError, parse_xml
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
_STORY = frozenset("clip asset-clip ref-clip sync-clip mc-clip video audio title gap spine audition".split())  # noqa: SIM905
_TIME = re.compile(r"(-?\d{1,18}(?:\.\d{1,9})?)(?:/(\d{1,18}))?s?$")


class Fcpxml:
    name = "fcpxml"
    version = "1"

    def accepts(self, file: TimelineFile) -> bool:
        return file.mime == "application/x-fcpxml"

    def read(self, file: TimelineFile) -> Reading:
        if file.size_bytes > MAX_TEXT_BYTES:
            return too_large(file)
        try:
            root, damage = parse_xml(file.data())
        except TimelineError as error:
            return Reading(None, (unreadable(str(error)),))
        story = _Story(root)
        clips = story.clips()
        problems = [partly(damage)] if damage else []
        if story.cut_short:
            problems.append(partly("it has more clips, or more compound clips, than are read"))
        if not clips and not story.names:
            return Reading(None, (*problems, unreadable("it holds no project")))
        return Reading(timeline_of(self, clips, rate=story.rate, sequences=story.names), tuple(problems))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where on the outer timeline a parent stands: its own time `local_s` lies at second `at_s`."""

    sequence: str | None
    at_s: float = 0.0
    local_s: float = 0.0
    lane: str = "0"
    depth: int = 0
    around: tuple[str | None, float, float | None, float] | None = None  # a `clip` around: name, start, length, source
    only: str | None = None  # "audio" or "video" inside an element with srcEnable


class _Story:
    """One document: its resources by id, and what its projects show."""

    def __init__(self, root: Element) -> None:
        self.cut_short = False
        self.names: list[str] = []
        self._steps = 0
        self._root = root
        self._resources = {e.get("id", ""): e for e in root.iterfind("resources/*")}
        self._projects = list(root.iter("project"))
        first = next((p.find("sequence") for p in self._projects), None)
        self.rate = self._rate(first.get("format")) if first is not None else None

    def clips(self) -> list[Clip]:
        found: list[Clip] = []
        for clip in self._all():
            if len(found) >= MAX_CLIPS:
                self.cut_short = True
                break
            found.append(clip)
        return found

    def _all(self) -> Iterator[Clip]:
        for project in self._projects:
            name = as_text(project.get("name"), 1000)
            self.names.append(name or "")
            for sequence in project.findall("sequence") or [project]:  # some writers leave it out
                yield from self._sequence(sequence, _Place(name))
        if not self._projects:  # an export of clips from the browser
            places = (self._root, *self._root.iter("event"))
            for element in (e for place in places for e in place if e.tag in _STORY):
                yield from self._element(element, _Place(None))

    def _sequence(self, sequence: Element, place: _Place) -> Iterator[Clip]:
        start_s = _seconds(sequence.get("tcStart")) or 0.0
        for spine in sequence.findall("spine"):
            local_s = start_s if place.depth == 0 else place.local_s
            yield from self._children(spine, replace(place, local_s=local_s, around=None))

    def _children(self, parent: Element, place: _Place) -> Iterator[Clip]:
        for child in parent:
            if child.tag in _STORY:
                yield from self._element(child, place)

    def _element(self, element: Element, place: _Place) -> Iterator[Clip]:
        self._steps += 1
        if self._steps > MAX_STEPS:
            self.cut_short = True
            return
        offset_s, start_s = _seconds(element.get("offset")), _seconds(element.get("start")) or 0.0
        at_s = place.at_s + ((offset_s - place.local_s) if offset_s is not None else 0.0)
        lane = element.get("lane", "0")
        inner = replace(place, at_s=at_s, local_s=start_s, lane=place.lane if lane == "0" else lane)
        if lane != "0":
            inner = replace(inner, around=None)  # connected: no part of the clip around it
        if element.tag == "audition":
            yield from (c for e in list(element)[:1] for c in self._element(e, replace(place, lane=inner.lane)))
            return
        if element.tag == "spine":
            yield from self._children(element, replace(inner, local_s=0.0))
            return
        if element.tag in ("clip", "sync-clip"):
            length_s = _seconds(element.get("duration"))
            inner = replace(inner, around=(as_text(element.get("name"), 1000), at_s, length_s, start_s))
        elif element.tag in ("ref-clip", "mc-clip"):
            yield from self._followed(element, inner)
        elif element.tag != "gap":
            yield self._clip(element, inner, start_s)
            inner = replace(inner, around=None)
        yield from self._children(element, inner)

    def _followed(self, element: Element, place: _Place) -> Iterator[Clip]:
        """What a compound or multicam clip holds."""
        resource = self._resources.get(element.get("ref", ""))
        if resource is None or place.depth >= MAX_NESTED:
            if place.depth >= MAX_NESTED:
                self.cut_short = True
            yield self._clip(element, place, place.local_s)
            return
        only = element.get("srcEnable") if element.get("srcEnable") in ("audio", "video") else place.only
        inner = replace(place, depth=place.depth + 1, around=None, only=only)
        for sequence in resource.findall("sequence"):
            if element.get("start") is None:  # from its beginning, which has a time code of its own
                inner = replace(inner, local_s=_seconds(sequence.get("tcStart")) or 0.0)
            yield from self._sequence(sequence, inner)
        used = {source.get("angleID") for source in element.findall("mc-source")}
        for angle in resource.findall("multicam/mc-angle"):
            if not used or angle.get("angleID") in used:
                yield from self._children(angle, inner)

    def _clip(self, element: Element, place: _Place, start_s: float) -> Clip:
        asset = self._resources.get(element.get("ref", ""))
        known = asset is not None and asset.tag == "asset"
        path = None if asset is None or not known else _source(asset)
        name, at_s, length_s = as_text(element.get("name"), 1000), place.at_s, _seconds(element.get("duration"))
        if place.around is not None:
            outer, at_s, length_s, start_s = place.around
            name = outer or name
        if asset is not None and known:
            name = name or as_text(asset.get("name"), 1000)
            length_s = length_s if length_s is not None else _seconds(asset.get("duration"))
        return Clip(
            name=name or (file_name(path) if path else None),
            media=path,
            start_s=round(at_s, 6),
            duration_s=None if length_s is None else round(length_s, 6),
            track="primary" if place.lane == "0" else f"lane {place.lane[:20]}",
            source_start_s=round(start_s, 6),
            kind=_kind(element, asset, place.only),
            sequence=place.sequence,
        )

    def _rate(self, format_id: str | None) -> float | None:
        found = self._resources.get(format_id or "")
        frame_s = _seconds(found.get("frameDuration")) if found is not None else None
        return 1 / frame_s if frame_s and frame_s > 1e-6 else None


def _kind(element: Element, asset: Element | None, only: str | None) -> str:
    if element.tag == "title" or (asset is not None and asset.tag == "effect"):
        return "generator"
    silent = element.tag == "audio" or "audio" in (element.get("srcEnable"), only)
    return "audio" if silent or (asset is not None and asset.get("hasVideo", "1") == "0") else "video"


def _source(asset: Element) -> str | None:
    """An asset's file: an attribute up to version 1.8, an element of its own from 1.9 on (originals before proxies)."""
    media = sorted(asset.findall("media-rep"), key=lambda e: e.get("kind") != "original-media")
    return next((name for name in map(media_name, (asset.get("src"), *(e.get("src") for e in media))) if name), None)


def _seconds(text: str | None) -> float | None:
    """Seconds of "27120/600s", "10s"; None if it is no time."""
    found = _TIME.match(text.strip()) if text else None
    if found is None:
        return None
    below = int(found[2]) if found[2] else 1
    return float(found[1]) / below if below else None


PLUGIN = Fcpxml()
