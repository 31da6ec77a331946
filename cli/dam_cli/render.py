"""What commands print: JSON by the wire models, or words for people. Everything a stranger wrote is shown escaped."""

import json
import sys
from collections.abc import Iterable
from typing import Any

from dam.media.paths import display
from dam_cli.session import GLOBALS


def put_json(model: Any) -> None:
    """One object a line. `model` is a pydantic model or plain data."""
    data = model.model_dump(mode="json") if hasattr(model, "model_dump") else model
    sys.stdout.write(json.dumps(data, ensure_ascii=False, separators=(", ", ": ")) + "\n")


def safe(found: Any) -> dict[str, Any]:
    """The fields of an answer about a file, with a path that is valid text; the true bytes go along where it is not."""
    import base64
    import os

    from dam.media.paths import to_text

    data = {name: getattr(found, name) for name in found.__dataclass_fields__}
    try:
        found.path.encode()
    except UnicodeEncodeError:
        data["path"] = to_text(found.path)
        data["path_b64"] = base64.b64encode(os.fsencode(found.path)).decode()
    return data


def put(text: str = "") -> None:
    """One line of data for people; what strangers wrote cannot break it."""
    sys.stdout.write(display(text) + "\n")


def style(text: str, code: str) -> str:
    """ANSI colour, only on a terminal that wants it."""
    if not GLOBALS.color or not sys.stdout.isatty():
        return text
    return f"\033[{code}m{text}\033[0m"


def table(rows: Iterable[tuple[str, str]]) -> None:
    """Two columns: a name and its value; empty values are left out."""
    kept = [(name, value) for name, value in rows if value not in ("", "None")]
    width = max((len(name) for name, _ in kept), default=0)
    for name, value in kept:
        first, *rest = display_lines(value)
        sys.stdout.write(f"  {name.ljust(width)}  {first}\n")
        for line in rest:
            sys.stdout.write(f"  {' ' * width}  {line}\n")


def unparsed(claims: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    """Rows for carriers that nobody could read: where they stood, how long they are, and their first characters."""
    return [
        ("unread", f"{c['carrier']} ({c['raw_bytes']} bytes): {_start(c['fields'].get('text', ''))}")
        for c in claims
        if c["reader"] == "unparsed"
    ][:20]


def _start(text: str, limit: int = 160) -> str:
    line = display(text[: limit + 1])
    return line if len(line) <= limit else line[: limit - 1] + "…"


def display_lines(text: str, limit: int = 600) -> list[str]:
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return [display(line) for line in shown.splitlines()] or [""]


def megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 100_000 else f"{size_bytes / 1e3:.1f} kB"


def clock(seconds: float | None) -> str:
    """A time on a timeline: hours, minutes, seconds."""
    if seconds is None:
        return ""
    minutes, rest = divmod(abs(seconds), 60)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{int(minutes // 60):02d}:{int(minutes % 60):02d}:{rest:06.3f}"


def clip(one: Any) -> str:
    """One clip of a timeline: where it stands, what it is called and which media it means."""
    length = f"{one.duration_s:.3f}s" if one.duration_s is not None else ""
    media = one.media if one.media != one.name else None
    return "  ".join(x for x in (clock(one.start_s), length, one.track, one.name, media) if x)
