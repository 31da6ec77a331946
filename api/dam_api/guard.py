"""What stands before every route: who is asked for by name, where the request comes from, who may come in, how much
may be sent, and the headers that keep a browser in its box. Pure ASGI, so it also holds for errors and static files.
"""

import ipaddress
import re
import socket
import time
from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dam.settings import Settings
from dam_api import problems
from dam_api.problems import Refusal, is_api
from dam_api.sessions import COOKIE, Sessions

CSP = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
MAX_BODY_BYTES = 1 << 20
# these bound what they take (deps.py)
UPLOADS = frozenset({"/api/v1/inspect", "/api/v1/verify", "/api/v1/identify", "/matches/byContent"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_PATHS = ("/login", "/static/")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]/@\s]+)(?::\d{1,5})?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104  # compared with the setting, not bound here


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """Names that a browser may use for us. Anything else is DNS rebinding: a stranger's name that leads here."""
    host = settings.host.lower()
    names = {f"[{host}]" if ":" in host else host, *_LOOPBACK}
    if host in _EVERYWHERE:
        names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    return frozenset(names)


class Guard:
    """`any_address`: the door listens everywhere, so every address (which no stranger can rename) is right too.

    `changed` is called for every request that may have changed something, before its answer goes out.
    """

    def __init__(self, app: ASGIApp, settings: Settings, sessions: Sessions, changed: Callable[[], None]) -> None:
        self._app = app
        self._changed = changed
        self._hosts = allowed_hosts(settings)
        self._any_address = settings.host in _EVERYWHERE
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        if head:  # answered as GET, without the body
            scope = {**scope, "method": "GET"}
        request = Request(scope, receive)
        quiet = request.method in SAFE or request.url.path in UPLOADS
        out = _Sending(send, request.url.path, head=head, changed=None if quiet else self._changed)
        try:
            try:
                response = self._turned_away(request)
            except Refusal as error:
                response = problems.refused(request, error)
            if response is not None:
                await response(scope, receive, out)
            else:
                await self._app(scope, _bounded(scope, receive), out)
        except ClientDisconnect:
            return  # nobody is left to answer
        except Exception as error:
            if out.started:
                raise
            await problems.unexpected(request, error)(scope, receive, out)

    def _turned_away(self, request: Request) -> Response | None:
        """Raises Refusal, or sends a browser without a session to the login page."""
        headers, path = request.headers, request.url.path
        self._check_host(headers.get("host", ""))
        if b"%00" in request.scope.get("raw_path", b"") or b"%00" in request.scope["query_string"]:
            raise Refusal(400, "request.invalid", "The address holds a NUL character.")
        _check_site(request.method, headers, page=not is_api(path))
        _check_length(headers, path)
        if self._sessions.token is None or path.startswith(OPEN_PATHS):
            return None
        if is_api(path):
            if not self._sessions.holds_bearer(headers.get("authorization", "")):
                raise Refusal(
                    401, "auth.needed", "This library asks for a token.", next_step="Send it: Authorization: Bearer TOKEN",
                    headers={"WWW-Authenticate": "Bearer"},
                )  # fmt: skip
            return None
        if self._sessions.holds_cookie(request.cookies.get(COOKIE, ""), time.time()):
            return None
        if request.method in SAFE:
            wanted = path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/login?next={quote(wanted)}", 303)
        raise Refusal(401, "auth.needed", "The session has ended.", next_step="Log in again: /login")

    def _check_host(self, header: str) -> None:
        found = _HOST.fullmatch(header.lower())
        name = found[1].rstrip(".") if found else ""
        if name in self._hosts or (self._any_address and _is_address(name)):
            return
        raise Refusal(
            421, "request.host", "This server does not go by that name.",
            next_step="Use the address that dam up printed, or set DAM_HOST to the name.",
        )  # fmt: skip


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _check_site(method: str, headers: Headers, *, page: bool) -> None:
    """Other sites may lead a person to our pages, and nothing else (Fetch Metadata; Origin where that is not sent)."""
    site = headers.get("sec-fetch-site")
    if site in {"same-origin", "none"}:
        return
    refusal = Refusal(403, "request.cross_site", "Another site sent this request.", next_step="Open Headwater itself.")
    if site is not None:
        looks = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest", "document") == "document"
        if not (page and looks and method in SAFE):
            raise refusal
        return
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        raise refusal


def _too_large() -> Refusal:
    return Refusal(413, "request.too_large", f"The request is larger than {MAX_BODY_BYTES} bytes.")


def _check_length(headers: Headers, path: str) -> None:
    length = headers.get("content-length", "0")
    if path not in UPLOADS and length.isdecimal() and int(length[:20]) > MAX_BODY_BYTES:
        raise _too_large()


def _bounded(scope: Scope, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """`receive` that stops a body without a length (chunked) at the same limit."""
    if scope["path"] in UPLOADS:
        return receive
    taken = 0

    async def take() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MAX_BODY_BYTES:
            raise _too_large()
        return message

    return take


class _Sending:
    """`send` that adds our headers to every answer, and leaves out the body of a HEAD."""

    def __init__(self, send: Send, path: str, *, head: bool, changed: Callable[[], None] | None) -> None:
        self._send = send
        self._changed = changed
        self._api = is_api(path)
        self._head = head
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self._add(MutableHeaders(scope=message))
            if self._changed is not None and message["status"] < 400:
                self._changed()
        elif self._head and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)

    def _add(self, headers: MutableHeaders) -> None:
        headers["Content-Security-Policy"] = CSP
        headers["X-Content-Type-Options"] = "nosniff"
        # our own forms would carry "Origin: null" under no-referrer, and a plain-http LAN sends no Sec-Fetch-Site
        headers["Referrer-Policy"] = "no-referrer" if self._api else "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers.setdefault("Cache-Control", "no-store" if self._api else "private, no-cache")
