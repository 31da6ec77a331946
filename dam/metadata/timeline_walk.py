"""An OpenTimelineIO document as plain JSON (any schema version) to clips.

https://opentimelineio.readthedocs.io/en/stable/tutorials/otio-serialized-schema.html. Read as plain data because the
library refuses documents of newer schemas, and its C++ reader knows no bound.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dam.metadata.contract import as_float, as_int, as_text
from dam.metadata.timeline_contract import MAX_CLIPS
from dam.metadata.timeline_media import media_name
from dam.model import Clip

MAX_DEPTH = 40  # compositions within compositions
MAX_STEPS = 400_000
_KINDS = {"Video": "video", "Audio": "audio"}


class Walk:
    """Walks one document; bounded in depth, steps and clips. `cut_short` says whether a bound was met."""

    def __init__(self) -> None:
        self.cut_short = False
        self.sequences: list[str] = []
        self.rate: float | None = None
        self._steps = 0

    def clips(self, document: Any) -> list[Clip]:
        """Every clip of every timeline in the document, in order."""
        found: list[Clip] = []
        for clip in self._top(document, 0):
            if len(found) >= MAX_CLIPS:
                self.cut_short = True
                break
            found.append(clip)
        return found

    def _top(self, item: Any, depth: int) -> Iterator[Clip]:
        if not self._goes_on(item, depth):
            return
        kind, name = _schema(item), as_text(item.get("name"), 1000)
        if kind == "Timeline":
            if name:
                self.sequences.append(name)
            start = _seconds(item.get("global_start_time"))
            if start is not None and self.rate is None:
                self.rate = start[1]
            yield from self._item(item.get("tracks"), _Place(name), depth + 1)
        elif kind in ("SerializableCollection", "SerializeableCollection"):
            for child in _list(item.get("children")):
                yield from self._top(child, depth + 1)
        else:
            yield from self._item(item, _Place(name), depth)

    def _item(self, item: Any, place: "_Place", depth: int) -> Iterator[Clip]:
        if not self._goes_on(item, depth):
            return
        kind = _schema(item)
        if kind == "Clip":
            yield self._clip(item, place)
        elif kind == "Track":
            yield from self._track(item, place, depth)
        elif kind in ("Stack", "Composition") or isinstance(item.get("children"), list):
            yield from self._stack(item, place, depth)

    def _track(self, track: Mapping[str, Any], place: "_Place", depth: int) -> Iterator[Clip]:
        inner = place.within(track, _range(track), kind=_KINDS.get(str(track.get("kind")), place.kind))
        at = inner.start_s
        for child in _list(track.get("children")):
            if isinstance(child, dict) and _schema(child) != "Transition":  # a transition lies over its neighbours
                yield from self._item(child, inner.at(at), depth + 1)
                at += self._length(child, depth + 1)

    def _stack(self, stack: Mapping[str, Any], place: "_Place", depth: int) -> Iterator[Clip]:
        inner = place.within(stack, _range(stack), kind=place.kind)
        numbers = {"video": 0, "audio": 0, None: 0}
        for child in _list(stack.get("children")):
            kind = _KINDS.get(str(child.get("kind"))) if isinstance(child, dict) else None
            numbers[kind] += 1
            own = inner
            if place.track is None and isinstance(child, dict) and _schema(child) == "Track":
                number = f"{'A' if kind == 'audio' else 'V'}{numbers[kind]}"
                own = inner.named(as_text(child.get("name"), 200) or number)
            yield from self._item(child, own, depth + 1)

    def _clip(self, clip: Mapping[str, Any], place: "_Place") -> Clip:
        references = _references(clip)
        first = references[0] if references else {}
        used = _range(clip) or _range(first, "available_range")
        if used and self.rate is None and place.kind != "audio":
            self.rate = used[2]
        kind = "generator" if _schema(first) == "GeneratorReference" else place.kind
        media = [name for name in map(_media, references) if name]
        name = as_text(clip.get("name"), 1000) or as_text(first.get("name"), 1000)
        return Clip(
            name=name,
            media=media[0] if media else None,
            start_s=round(place.start_s, 6),
            duration_s=round(used[1], 6) if used else None,
            track=place.track,
            source_start_s=round(used[0], 6) if used else None,
            kind=kind,
            sequence=place.sequence,
            sha256=_sha256(first) or _sha256(clip),
            others=tuple(dict.fromkeys(m for m in media[1:8] if m != media[0])),
        )

    def _length(self, item: Any, depth: int) -> float:
        """Seconds that an item takes on its track."""
        if not self._goes_on(item, depth):
            return 0.0
        own = _range(item)
        if own is not None:
            return max(0.0, own[1])
        kind = _schema(item)
        if kind == "Clip":
            references = _references(item)
            media = _range(references[0], "available_range") if references else None
            return max(0.0, media[1]) if media else 0.0
        lengths = [self._length(c, depth + 1) for c in _list(item.get("children")) if _schema(c) != "Transition"]
        return (sum(lengths) if kind == "Track" else max(lengths, default=0.0)) if lengths else 0.0

    def _goes_on(self, item: Any, depth: int) -> bool:
        self._steps += 1
        if depth > MAX_DEPTH or self._steps > MAX_STEPS:
            self.cut_short = True
            return False
        return isinstance(item, dict)


class _Place:
    """Where on the timeline a walk stands."""

    __slots__ = ("kind", "sequence", "start_s", "track")

    def __init__(
        self, sequence: str | None, start_s: float = 0.0, track: str | None = None, kind: str | None = None
    ) -> None:
        self.sequence, self.start_s, self.track, self.kind = sequence, start_s, track, kind

    def at(self, start_s: float) -> "_Place":
        return _Place(self.sequence, start_s, self.track, self.kind)

    def named(self, track: str) -> "_Place":
        return _Place(self.sequence, self.start_s, track, self.kind)

    def within(self, item: Mapping[str, Any], used: tuple[float, float, float] | None, *, kind: str | None) -> "_Place":
        """Inside a composition: what is used of it begins at `used`, in its own time."""
        track = self.track or (as_text(item.get("name"), 200) if _schema(item) == "Track" else None)
        return _Place(self.sequence, self.start_s - (used[0] if used else 0.0), track, kind)


def _schema(item: Any) -> str:
    """The schema's name without its version."""
    name = item.get("OTIO_SCHEMA") if isinstance(item, dict) else None
    return name.partition(".")[0] if isinstance(name, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _seconds(time: Any) -> tuple[float, float] | None:
    """(seconds, rate) of a RationalTime."""
    if not isinstance(time, dict):
        return None
    value, rate = as_float(time.get("value")), as_float(time.get("rate"))
    if value is None or rate is None or not 0 < rate < 1e6 or abs(value) > 1e12:
        return None
    return value / rate, rate


def _range(item: Any, key: str = "source_range") -> tuple[float, float, float] | None:
    """(start, duration, rate) of a TimeRange in seconds."""
    span = item.get(key) if isinstance(item, dict) else None
    if not isinstance(span, dict):
        return None
    start, length = _seconds(span.get("start_time")), _seconds(span.get("duration"))
    return (start[0], length[0], length[1]) if start and length else None


def _references(clip: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Its media references, the active one first."""
    many = clip.get("media_references")
    if isinstance(many, dict):
        active = clip.get("active_media_reference_key")
        keys = sorted(many, key=lambda key: key != active)[:16]
        return [many[key] for key in keys if isinstance(many[key], dict)]
    one = clip.get("media_reference")
    return [one] if isinstance(one, dict) else []


def _media(reference: Mapping[str, Any]) -> str | None:
    if _schema(reference) != "ImageSequenceReference":
        return media_name(reference.get("target_url"))
    prefix, suffix = as_text(reference.get("name_prefix"), 1000), as_text(reference.get("name_suffix"), 100)
    if prefix is None and suffix is None:
        return None
    first, padding = as_int(reference.get("start_frame")) or 0, as_int(reference.get("frame_zero_padding")) or 0
    base = as_text(reference.get("target_url_base"), 4000) or ""
    name = f"{prefix or ''}{first:0{min(max(padding, 1), 20)}d}{suffix or ''}"
    return media_name(f"{base}{'' if not base or base.endswith(('/', chr(92))) else '/'}{name}")


def _sha256(item: Mapping[str, Any]) -> str | None:
    """A SHA-256 that somebody put into the metadata under that name."""
    metadata = item.get("metadata")
    if not isinstance(metadata, dict):
        return None
    places = [metadata, *(v for v in list(metadata.values())[:32] if isinstance(v, dict))]
    for place in places:
        value = place.get("sha256")
        if isinstance(value, str) and len(value) == 64 and all(c in "0123456789abcdef" for c in value.lower()):
            return value.lower()
    return None
