"""Read the clips of a timeline file: the front door of the timeline readers."""

import functools
from typing import Any

from dam.metadata import timelines
from dam.metadata.timeline_contract import GROUP, Reading, TimelineFile, TimelineReader, is_timeline_reader, unreadable
from dam.plugins import Discovery, discover


@functools.cache
def discovered() -> Discovery[Any]:
    """The timeline readers of our folder and of the entry-point group, found once a process."""
    return discover(timelines, GROUP, is_timeline_reader)


def read_timeline(file: TimelineFile) -> Reading:
    """The clips of a timeline by the first reader that takes its format. Never raises, whatever the bytes are.

    No timeline and no problem = no reader knows the format.
    """
    for reader in discovered().plugins:
        try:
            if reader.accepts(file):
                return _read(reader, file)
        except Exception as error:  # noqa: BLE001  # the edge of a plug-in: one bad reader must not stop a drive
            return Reading(None, (unreadable(f"the reader {reader.name} failed with {type(error).__name__}"),))
    return Reading(None)


def _read(reader: TimelineReader, file: TimelineFile) -> Reading:
    found = reader.read(file)
    if found.timeline is None and not found.problems:
        return Reading(None, (unreadable("it holds no sequence"),))
    return found
