"""The shape of a timeline reader, and what it is given."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from dam.metadata.contract import as_text
from dam.model import Clip, Problem, Timeline

GROUP = "dam.timeline_readers"
MAX_CLIPS = 20_000
MAX_TEXT_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class TimelineFile:
    """A timeline on a disk. `mime` is what its content says (media.sniff); `path` is as the system names it."""

    path: str
    size_bytes: int
    mime: str

    def data(self, limit: int = MAX_TEXT_BYTES) -> bytes:
        """The first `limit` bytes. Raises OSError if they cannot be read."""
        with open(self.path, "rb") as stream:  # Path would normalise names that the system gave us
            return stream.read(limit)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found: a timeline as far as it could be read (None = nothing), and what was wrong."""

    timeline: Timeline | None
    problems: tuple[Problem, ...] = ()


class TimelineReader(Protocol):
    """A timeline reader; final shape for third parties (entry-point group `dam.timeline_readers`).

    Pure functions of the file's bytes: no state, the same answer in any thread and order. Damage is a Problem in the
    answer and what could be read is kept; an exception is caught by the room's front door and costs the whole answer.
    """

    name: str
    version: str

    def accepts(self, file: TimelineFile) -> bool:
        """Whether this file's format is one of its own; cheap, by `mime`."""
        ...

    def read(self, file: TimelineFile) -> Reading:
        """The clips of every sequence in the file."""
        ...


def is_timeline_reader(thing: object) -> bool:
    """Tells `plugins.discover` whether an object has the shape of a `TimelineReader`."""
    return (
        isinstance(getattr(thing, "name", None), str)
        and isinstance(getattr(thing, "version", None), str)
        and callable(getattr(thing, "accepts", None))
        and callable(getattr(thing, "read", None))
    )


def timeline_of(
    reader: TimelineReader,
    clips: Iterable[Clip],
    *,
    name: str | None = None,
    rate: float | None = None,
    tool: str | None = None,
    sequences: Iterable[str] = (),
) -> Timeline:
    """A timeline of these clips, bounded, and as long as its last clip reaches."""
    kept = tuple(clips)[:MAX_CLIPS]
    ends = [clip.start_s + (clip.duration_s or 0.0) for clip in kept if clip.start_s is not None]
    named = tuple(dict.fromkeys(text for text in (as_text(s, 1000) for s in sequences) if text))[:1000]
    return Timeline(
        reader=reader.name,
        reader_version=reader.version,
        name=as_text(name, 1000) or (named[0] if named else None),
        rate=None if rate is None else round(rate, 4),
        duration_s=round(max(ends), 6) if ends else None,
        tool=as_text(tool, 200),
        sequences=named,
        clips=kept,
    )


def too_large(file: TimelineFile, limit: int = MAX_TEXT_BYTES) -> Reading:
    """The answer for a file that is larger than this reader takes."""
    message = f"{file.size_bytes / 2**20:.0f} MiB is more than the {limit >> 20} MiB that are read of such a timeline."
    return Reading(None, (Problem("timeline.too_large", message),))


def unreadable(reason: str) -> Problem:
    return Problem("timeline.unreadable", f"The timeline cannot be read: {reason}.")


def partly(reason: str) -> Problem:
    return Problem("timeline.partly_read", f"Only a part of the timeline could be read: {reason}.")
