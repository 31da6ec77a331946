"""A loopback address where the SDK gets its time stamps, because it takes an address and nothing else.

The SDK waits 30 s for an authority that hangs, follows the proxies of the environment even to 127.0.0.1, and its
`allowed_network_hosts` do not hold for time stamps (all measured, c2pa-rs 0.91.3). So it is only ever given an address of
this process: one port, open on 127.0.0.1 while the service runs, and one random path for each signature.
"""

import contextlib
import http.server
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from dam.provenance.timestamps import MAX_REQUEST_BYTES

Answerer = Callable[[bytes], bytes | None]  # a request as DER -> the answer, None = none is to be had
MAX_CONNECTIONS = 32
_READ_S = 5.0


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answerers: dict[str, Answerer] = {}
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any) -> None:
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    timeout = _READ_S
    wbufsize = -1  # headers and body in one packet
    disable_nagle_algorithm = True
    server_version = sys_version = ""

    def do_POST(self) -> None:  # http.server's name
        answerer = self.server.answerers.pop(self.path, None)  # each path answers once
        length = self.headers.get("Content-Length", "")
        if answerer is None or not length.isascii() or not length.isdigit() or int(length) > MAX_REQUEST_BYTES:
            self._send(404)
            return
        answer = answerer(self.rfile.read(int(length)))
        self._send(200 if answer is not None else 503, answer or b"")

    def _send(self, status: int, body: bytes = b"") -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Nothing: the path is a secret of one signature."""


class Relay:
    """Started with the first signature, closed with the service; a child process starts its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._pid = 0

    @contextlib.contextmanager
    def address(self, answerer: Answerer) -> Iterator[str]:
        """An address that answers one request, until the end of the block."""
        server = self._started()
        path = f"/{secrets.token_urlsafe(24)}"
        server.answerers[path] = answerer
        try:
            yield f"http://127.0.0.1:{server.server_port}{path}"
        finally:
            server.answerers.pop(path, None)

    def close(self) -> None:
        """Close the port. Another `address` opens one again."""
        with self._lock:
            server, self._server = self._server, None
        if server is not None and self._pid == os.getpid():
            server.shutdown()
            server.server_close()

    def _started(self) -> _Server:
        with self._lock:
            if self._server is None or self._pid != os.getpid():
                _spare_proxies()
                self._server, self._pid = _Server(), os.getpid()
                threading.Thread(target=self._server.serve_forever, args=(0.1,), name="stamps", daemon=True).start()
            return self._server


def _spare_proxies() -> None:
    """Keep 127.0.0.1 off the environment's proxies: the SDK's HTTP client reads them once, at its first use."""
    for name in ("NO_PROXY", "no_proxy"):
        found = os.environ.get(name, "")
        if "127.0.0.1" not in found.split(","):
            os.environ[name] = ",".join(filter(None, (found, "127.0.0.1")))
