"""OpenTimelineIO: `.otio` (JSON) and `.otioz` (the JSON and its media in a zip)."""

import json
from collections.abc import Iterable
from typing import Any

from dam.metadata.timeline_bounds import Archive, TimelineError
from dam.metadata.timeline_contract import (
    MAX_TEXT_BYTES,
    Reading,
    TimelineFile,
    partly,
    timeline_of,
    too_large,
    unreadable,
)
from dam.metadata.timeline_walk import Walk
from dam.model import Problem

MAX_VALUES = 3_000_000  # a value costs up to 100 bytes of memory


class Otio:
    name = "otio"
    version = "1"

    def accepts(self, file: TimelineFile) -> bool:
        return file.mime in ("application/x-otio+json", "application/x-otio+zip")

    def read(self, file: TimelineFile) -> Reading:
        try:
            if file.mime == "application/x-otio+zip":
                with open(file.path, "rb") as stream:
                    data = Archive(stream, MAX_TEXT_BYTES).read("content.otio")
            elif file.size_bytes > MAX_TEXT_BYTES:
                return too_large(file)
            else:
                data = file.data()
        except TimelineError as error:
            return Reading(None, (unreadable(str(error)),))
        return self._document(data)

    def _document(self, data: bytes) -> Reading:
        values = sum(data.count(mark) for mark in (b",", b"{", b"["))
        if values > MAX_VALUES:
            return Reading(None, (unreadable("it holds more values than are read"),))
        document, problems = _parsed(data)
        if document is None:
            return Reading(None, tuple(problems))
        walk = Walk()
        clips = walk.clips(document)
        if walk.cut_short:
            problems.append(partly("it is nested too deeply, or has more clips than are read"))
        return Reading(
            timeline_of(self, clips, name=document.get("name"), rate=walk.rate, sequences=walk.sequences),
            tuple(problems),
        )


def _parsed(data: bytes) -> tuple[dict[str, Any] | None, list[Problem]]:
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")
    try:
        document = json.loads(text, parse_constant=_no_constant, strict=False)
    except RecursionError:
        return None, [unreadable("it is nested too deeply")]
    except ValueError:
        # A file that was cut off: each clip that stands there whole is still a statement.
        clips = list(_whole_clips(text))
        if not clips:
            return None, [unreadable("it is no JSON")]
        track = {"OTIO_SCHEMA": "Track.1", "children": clips}
        return track, [partly("its JSON is damaged or cut off")]
    return (document, []) if isinstance(document, dict) else (None, [unreadable("it is no OTIO document")])


def _no_constant(_name: str) -> None:
    return None


def _whole_clips(text: str) -> Iterable[dict[str, Any]]:
    """Objects that begin with a clip's schema; each is parsed once, from its own brace."""
    decoder = json.JSONDecoder(parse_constant=_no_constant, strict=False)
    at = failures = 0
    while (at := text.find('"Clip.', at)) >= 0 and failures < 50:
        brace = text.rfind("{", max(0, at - 200), at)
        try:
            found, end = decoder.raw_decode(text, brace) if brace >= 0 else (None, at + 1)
        except (ValueError, RecursionError):
            failures += 1
            at += 1
            continue
        if isinstance(found, dict) and str(found.get("OTIO_SCHEMA")).startswith("Clip."):
            yield found
        at = max(end, at + 1)


PLUGIN = Otio()
