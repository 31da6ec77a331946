"""Advanced Authoring Format, read by OpenTimelineIO's AAF adapter in a process of its own (metadata.aaf_child).

If that fails, the places that stand in the file as plain UTF-16 text still say which media are meant.
"""

import json
import re
import subprocess
import sys
from typing import Any

from dam.metadata.timeline_contract import Reading, TimelineFile, partly, timeline_of, too_large, unreadable
from dam.metadata.timeline_media import file_name, media_name
from dam.metadata.timeline_walk import Walk
from dam.model import Clip

MAX_FILE_BYTES = 512 << 20  # embedded media are skipped, not read
MAX_SEARCH_BYTES = 32 << 20
MAX_DOCUMENT_BYTES = 128 << 20
MAX_WAIT_S = 30.0
_URL = re.compile(rb"f\0i\0l\0e\0:\0/\0/\0(?:[\x20-\x7e\xa0-\xff]\0|[\0-\xff][\x01-\xd7]){1,2000}")


class Aaf:
    name = "aaf"
    version = "1"

    def accepts(self, file: TimelineFile) -> bool:
        return file.mime == "application/aaf"

    def read(self, file: TimelineFile) -> Reading:
        if file.size_bytes > MAX_FILE_BYTES:
            return too_large(file, MAX_FILE_BYTES)
        document, failure = _adapted(file.path)
        if document is None:
            return self._searched(file, failure or "its structure is damaged")
        walk = Walk()
        clips = walk.clips(document)
        problems = (partly("it is nested too deeply, or has more clips than are read"),) if walk.cut_short else ()
        timeline = timeline_of(self, clips, name=document.get("name"), rate=walk.rate, sequences=walk.sequences)
        return Reading(timeline, problems)

    def _searched(self, file: TimelineFile, failure: str) -> Reading:
        data = file.data(MAX_SEARCH_BYTES)
        found = (media_name(url[0].decode("utf-16-le", "replace")) for url in _URL.finditer(data))
        media = list(dict.fromkeys(name for name in found if name))[:1_000]
        if not media:
            return Reading(None, (unreadable(failure),))
        clips = [Clip(name=file_name(name), media=name) for name in media]
        return Reading(timeline_of(self, clips), (partly(f"{failure}; it was searched for the places of its media"),))


def _adapted(path: str) -> tuple[dict[str, Any] | None, str | None]:
    """The file as an OTIO document, or why not. The path is given as a whole: a leading dash is no option there."""
    command = [sys.executable, "-P", "-m", "dam.metadata.aaf_child", path]
    try:
        done = subprocess.run(command, capture_output=True, timeout=MAX_WAIT_S, check=False, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return None, "it takes too long to read"
    if done.returncode < 0:
        return None, "it takes too long, or too much memory, to read"
    if done.returncode != 0 or len(done.stdout) > MAX_DOCUMENT_BYTES:
        kind = done.stderr[-200:].decode("ascii", "replace").strip().rpartition("\n")[2][:60]
        return None, f"its structure is damaged ({kind})" if kind.isidentifier() else "its structure is damaged"
    document = json.loads(done.stdout)
    return (document, None) if isinstance(document, dict) else (None, "it is no timeline")


PLUGIN = Aaf()
