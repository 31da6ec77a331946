"""Ask a time-stamp authority over HTTP (RFC 3161 §3.4): one POST, a hard limit of time and size, no redirects.

A socket's own time-out starts anew with each byte, and looking up a name has none; so the question is asked by a thread
of its own, which is given up when the time is over.
"""

import base64
import contextlib
import http.client
import socket
import ssl
import threading
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from dam.errors import UsageError
from dam.provenance.timestamps import MAX_ANSWER_BYTES, shown_url, unavailable

TIMEOUT_S = 5.0


def checked_url(text: str) -> SplitResult:
    """The authority's address, taken apart.

    Raises:
        UsageError: it is no http(s) address.
    """
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or any(ord(one) < 33 or ord(one) > 126 for one in text):
        raise UsageError(
            f"tsa_url is no http(s) address: {shown_url(text)!a}.", next_step="For example: https://tsa.example/rfc3161",
            code="timestamp.url",
        )  # fmt: skip
    return parts


@dataclass(slots=True)
class _Exchange:
    """One question on its way. The thread that asks owns the connection; `give_up` shuts it from outside."""

    url: SplitResult
    question: bytes = field(repr=False)
    answer: bytes | None = field(default=None, repr=False)
    reason: str = "it does not answer"
    connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        try:
            self.answer = self._ask()
        except (
            OSError,
            http.client.HTTPException,
            ValueError,
            AttributeError,
        ) as error:  # AttributeError: shut from outside
            self.reason = str(error)[:200] or type(error).__name__

    def _ask(self) -> bytes:
        host, port = self.url.hostname or "", self.url.port
        if self.url.scheme == "https":
            context = ssl.create_default_context()
            self.connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)
        else:
            self.connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        with contextlib.closing(self.connection):
            target = (self.url.path or "/") + (f"?{self.url.query}" if self.url.query else "")
            self.connection.request("POST", target, self.question, self._headers())
            answer = self.connection.getresponse()
            if answer.status != 200:
                raise ValueError(f"HTTP {answer.status}")
            data = answer.read(MAX_ANSWER_BYTES + 1)
        if len(data) > MAX_ANSWER_BYTES:
            raise ValueError(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
        return data

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        if self.url.username is not None:
            pair = f"{unquote(self.url.username)}:{unquote(self.url.password or '')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        return headers

    def give_up(self) -> None:
        open_socket = self.connection.sock if self.connection else None
        if open_socket is not None:
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)


def ask(url: str, question: bytes, *, timeout_s: float = TIMEOUT_S) -> bytes:
    """What the authority at `url` answers, unchecked.

    Raises:
        TimestampUnavailableError: no answer within `timeout_s`, whatever the reason.
    """
    exchange = _Exchange(checked_url(url), question)
    thread = threading.Thread(target=exchange.run, name="tsa", daemon=True)
    thread.start()
    thread.join(timeout_s)
    if thread.is_alive():
        exchange.give_up()
        raise unavailable(shown_url(url), f"nothing within {timeout_s:g} s")
    if exchange.answer is None:
        raise unavailable(shown_url(url), exchange.reason)
    return exchange.answer
