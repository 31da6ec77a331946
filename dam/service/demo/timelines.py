"""The cut that uses the demo's clips: a CMX3600 EDL as Premiere and Avid write it, and the same as OTIO JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FPS = 24


@dataclass(frozen=True, slots=True)
class Shot:
    """One event: the clip's file name, where it lies relative to the timeline, and its length."""

    name: str
    url: str
    frames: int


def _timecode(frame: int) -> str:
    seconds, rest = divmod(frame, FPS)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{rest:02d}"


def edl(title: str, shots: Sequence[Shot], drive: str) -> str:
    """`drive` is the workstation's mount point (P: and a folder): paths of another machine, as in real life."""
    lines = [f"TITLE: {title}", "FCM: NON-DROP FRAME", ""]
    record = 3600 * FPS
    for number, shot in enumerate(shots, 1):
        cells = (_timecode(0), _timecode(shot.frames), _timecode(record), _timecode(record + shot.frames))
        lines.append(f"{number:03d}  AX       V     C        {' '.join(cells)}")
        lines.append(f"* FROM CLIP NAME: {shot.name}")
        lines.append(f"* FROM FILE: {drive}\\" + shot.url.removeprefix("../").replace("/", "\\"))
        lines.append("")
        record += shot.frames
    return "\r\n".join(lines)


def _span(start: int, frames: int) -> dict[str, Any]:
    def at(value: int) -> dict[str, Any]:
        return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(FPS), "value": float(value)}

    return {"OTIO_SCHEMA": "TimeRange.1", "duration": at(frames), "start_time": at(start)}


def _clip(shot: Shot) -> dict[str, Any]:
    reference = {
        "OTIO_SCHEMA": "ExternalReference.1",
        "metadata": {},
        "name": shot.name,
        "available_range": _span(0, shot.frames),
        "available_image_bounds": None,
        "target_url": shot.url,
    }
    return {
        "OTIO_SCHEMA": "Clip.2",
        "metadata": {},
        "name": shot.name,
        "source_range": _span(0, shot.frames),
        "effects": [],
        "markers": [],
        "enabled": True,
        "media_references": {"DEFAULT_MEDIA": reference},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def _track(name: str, kind: str, shots: Sequence[Shot]) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "Track.1",
        "metadata": {},
        "name": name,
        "source_range": None,
        "effects": [],
        "markers": [],
        "enabled": True,
        "children": [_clip(shot) for shot in shots],
        "kind": kind,
    }


def otio(title: str, pictures: Sequence[Shot], sounds: Sequence[Shot]) -> str:
    stack: dict[str, Any] = {
        "OTIO_SCHEMA": "Stack.1",
        "metadata": {},
        "name": "tracks",
        "source_range": None,
        "effects": [],
        "markers": [],
        "enabled": True,
        "children": [_track("V1", "Video", pictures), _track("A1", "Audio", sounds)],
    }
    timeline = {"OTIO_SCHEMA": "Timeline.1", "metadata": {}, "name": title, "global_start_time": None, "tracks": stack}
    return json.dumps(timeline, indent=4)
