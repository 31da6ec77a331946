"""CMX 3600 edit decision lists, as Avid, Premiere, Resolve and others write them.

An event is `number reel channels type [length] source-in source-out record-in record-out`, with comments below it. Lists
in the wild break every rule of it, so an event that cannot be read costs itself only. An EDL states no frame rate: it
is the smallest usual one above the highest frame number.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from dam.metadata.contract import as_text
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
from dam.model import Clip, Problem

_EVENT = re.compile(r"\s*(\d{1,8})\s+\S")
_TIME = re.compile(r"(\d{1,2})[:;.](\d{2})[:;.](\d{2})([:;.,])(\d{2,3})$")
_TYPE = re.compile(r"(C|D|W\d{0,3}|KB?O?)$", re.IGNORECASE)
_COMMENT = re.compile(
    r"[\s*>]*(?:COMMENT:[\s*]*)?(FROM CLIP NAME|TO CLIP NAME|KEY CLIP NAME|CLIP NAME|FROM CLIP|TO CLIP|FROM FILE|TO FILE|SOURCE FILE"
    r"|OTIO REFERENCE \w+|FINAL CUT PRO REEL)\s*:\s*(.*)",
    re.IGNORECASE,
)
_LAYER = re.compile(r"\.LAY\d+(?:\.\d+)?$", re.IGNORECASE)  # Avid: a layer of a tape, "TAPE.LAY3.01"
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{2,5}$")
_COUNTED = -1  # in place of seconds: the time is a count of frames
_GENERATORS = frozenset({"BL", "BLACK", "BARS"})
_KINDS = {"FROM FILE": "FROM CLIP", "TO FILE": "TO CLIP", "CLIP NAME": "FROM CLIP NAME"}


@dataclass(slots=True)
class _Line:
    """One line of an event; times are (whole seconds, frames), none where they could not be read."""

    number: str
    reel: str | None = None
    channels: str = ""
    type: str = "C"
    times: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class _Event:
    lines: list[_Line]
    comments: dict[str, str] = field(default_factory=dict)


class Edl:
    name = "edl"
    version = "1"

    def accepts(self, file: TimelineFile) -> bool:
        return file.mime == "text/x-edl"

    def read(self, file: TimelineFile) -> Reading:
        if file.size_bytes > MAX_TEXT_BYTES:
            return too_large(file)
        lines = _text(file.data()).splitlines()
        title = next((line.partition(":")[2] for line in lines[:200] if line.upper().startswith("TITLE:")), None)
        events, odd = _events(lines)
        rate = _rate(events, drop=any(line.upper().startswith("FCM: DROP") for line in lines))
        starts = [line.times[2] for event in events for line in event.lines if line.times]
        first = min((_seconds(time, rate) for time in starts), default=0.0)
        named = as_text(title, 1000)
        clips = [clip for event in events for clip in _clips(event, rate, first, named)]
        problems: list[Problem] = []
        if odd:
            problems.append(partly(f"{odd} of its events are not understood"))
        if len(clips) > MAX_CLIPS:
            problems.append(partly(f"it has {len(clips)} events"))
        if not clips:
            return Reading(None, (unreadable("it holds no event"),))
        return Reading(timeline_of(self, clips, name=named, rate=rate, sequences=[named or ""]), tuple(problems))


def _text(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _events(lines: list[str]) -> tuple[list[_Event], int]:
    """Events with their comments, and how many event lines could not be read."""
    events: list[_Event] = []
    odd = 0
    for line in lines:
        if len(line) > 10_000:
            continue
        if _EVENT.match(line):
            found = _line(line)
            odd += not found.times
            last = events[-1] if events else None
            if last is not None and last.lines[0].number == found.number and not last.comments and len(last.lines) < 8:
                last.lines.append(found)
            else:
                events.append(_Event([found]))
        elif (comment := _COMMENT.match(line)) and comment[2].strip():
            if not events:
                events.append(_Event([_Line("")]))
            key = comment[1].upper()
            events[-1].comments.setdefault(_KINDS.get(key, key), comment[2].strip())
    return events, odd


def _line(line: str) -> _Line:
    words = line.split()
    times = [_time(word) for word in words[-4:]]
    front = words[:-4]
    if len(words) < 8 or None in times:
        return _Line(words[0], words[1] if len(words) > 1 else None)
    if front[-1].isdigit() and len(front) > 4:  # the length of a dissolve or wipe
        front.pop()
    kind = front[-1] if _TYPE.match(front[-1]) else "C"
    return _Line(front[0], " ".join(front[1:-2]) or None, front[-2].upper(), kind.upper(), tuple(t for t in times if t))


def _time(word: str) -> tuple[int, int] | None:
    found = _TIME.match(word)
    if found:
        return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3]), int(found[5])
    return (_COUNTED, int(word)) if re.fullmatch(r"[0-9]{1,10}", word) else None


def _rate(events: list[_Event], *, drop: bool) -> float:
    frames = max((t[1] for e in events for line in e.lines for t in line.times if t[0] != _COUNTED), default=0)
    if drop and frames < 30:
        return 30_000 / 1001
    return next((rate for rate in (24.0, 25.0, 30.0, 50.0, 60.0, 120.0) if frames < rate), 1000.0)


def _seconds(time: tuple[int, int], rate: float) -> float:
    return max(0, time[0]) + time[1] / rate


def _clips(event: _Event, rate: float, first: float, sequence: str | None) -> Iterator[Clip]:
    """The clips of one event. A transition's first line is the outgoing clip, usually of no length: not used again."""
    said, changes = event.comments, any(line.type != "C" for line in event.lines)
    for at, line in enumerate(event.lines):
        incoming = changes and at == len(event.lines) - 1
        if changes and not incoming and line.times and line.times[0] == line.times[1]:
            continue
        name, media = (said.get("TO CLIP NAME"), said.get("TO CLIP")) if incoming else (None, None)
        # In an event of two lines FROM means the first; the second has its reel, or else nothing better.
        if not (incoming and len(event.lines) > 1 and (name or media or _named(line.reel))):
            name = name or said.get("FROM CLIP NAME") or said.get("KEY CLIP NAME")
            media = media or said.get("FROM CLIP") or next((v for k, v in said.items() if k.startswith("OTIO")), None)
            media = media or _source(said.get("SOURCE FILE"))
        yield _clip(line, name, media_name(media), (rate, first, sequence, said))


def _named(reel: str | None) -> str | None:
    """A reel that names something: AX means "auxiliary", any file."""
    return reel if reel and reel.upper() != "AX" else None


def _source(text: str | None) -> str | None:
    """What `* SOURCE FILE:` means: a path, or a tape with its layer."""
    return as_text(_LAYER.sub("", media_name(text) or ""))


def _clip(
    line: _Line, name: str | None, media: str | None, context: tuple[float, float, str | None, dict[str, str]]
) -> Clip:
    rate, first, sequence, said = context
    black = line.reel is not None and line.reel.upper() in _GENERATORS
    full = said.get("FINAL CUT PRO REEL", "").partition(" REPLACED BY")[0].strip()
    reel = full or _named(line.reel)
    if media is None and not black and name is None and reel and _SUFFIX.search(reel):
        media = reel  # some write the file's name where the reel belongs
    times = [_seconds(time, rate) for time in line.times]
    sound = line.channels.startswith("A") and "V" not in line.channels
    return Clip(
        name=as_text(name, 1000) or (file_name(media) if media else None) or as_text(reel, 200),
        media=None if black else media,
        start_s=round(times[2] - first, 6) if times else None,
        duration_s=round(max(0.0, times[3] - times[2]), 6) if times else None,
        track=as_text(line.channels, 40),
        source_start_s=round(times[0], 6) if times else None,
        kind="generator" if black else "audio" if sound else "video",
        sequence=sequence,
        reel=as_text(reel, 200),
    )


PLUGIN = Edl()
