"""HTML from templates: autoescaped, and every stranger's text made visible, short and harmless before it is shown."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from dam.media.paths import display
from dam.service.library import Service
from dam_api import words
from dam_schemas.answers import ErrorOut
from dam_schemas.web import OverviewOut

_HERE = Path(__file__).parent / "web"
STATIC = _HERE / "static"
TEXT_CHARS = 200
PROSE_CHARS = 4_000
JSON_CHARS = 12_000


class Web:
    """The templates of one application."""

    def __init__(self, service: Service, *, needs_login: bool) -> None:
        self._service = service
        self._env = Environment(
            loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._env.filters |= {
            "shown": shown, "prose": prose, "pretty": pretty, "when": when, "day": day, "size": size, "percent": percent,
            "word": words.word, "number": "{:,}".format,
        }  # fmt: skip
        self._env.globals |= {"assets_version": _version(), "needs_login": needs_login}

    def page(self, request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        """A whole page. `q` fills the search box; `overview` is the strip at the foot and the number in the menu."""
        overview = OverviewOut.model_validate(self._service.find.overview())
        return self._html(template, status, {"q": "", "here": request.url.path, "overview": overview, **context})

    def bare_page(self, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        """A page that asks the library nothing: login, errors."""
        return self._html(template, status, {"q": "", "here": "", "overview": None, **context})

    def error_page(self, error: ErrorOut) -> HTMLResponse:
        return self.bare_page("error.html", error.status, error=error)

    def _html(self, template: str, status: int, context: Mapping[str, Any]) -> HTMLResponse:
        text = self._env.get_template(template).render(context)
        return HTMLResponse(text.encode("utf-8", "replace"), status)


def _version() -> str:
    """Changes whenever a static file does, so that browsers may keep them."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def shown(text: object, limit: int = TEXT_CHARS) -> str:
    """One line of a stranger's text."""
    line = str(text)
    return display(line if len(line) <= limit else line[: limit - 1] + "…")


def prose(text: object, limit: int = PROSE_CHARS) -> str:
    """A stranger's text with its lines kept."""
    whole = str(text)
    cut = whole[:limit]
    lines = "\n".join(display(line) for line in cut.splitlines())
    return lines if len(whole) <= limit else f"{lines}… ({len(whole) - limit:,} more characters)"


def pretty(data: object) -> str:
    return prose(json.dumps(data, indent=2, ensure_ascii=False, default=str), JSON_CHARS)


def when(iso: str) -> str:
    """Minutes are enough for people; the page's <time> element carries the exact value."""
    try:
        return datetime.fromisoformat(iso).strftime("%-d %b %Y, %H:%M UTC")
    except ValueError:
        return shown(iso, 40)


def day(iso: str) -> str:
    try:
        return datetime.fromisoformat(iso).strftime("%-d %b %Y")
    except ValueError:
        return shown(iso, 40)


def size(size_bytes: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} {unit}" if unit == "B" or size_bytes >= 100 else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} TB"


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"
