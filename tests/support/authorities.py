"""Time-stamp authorities for tests: a ring's responder behind HTTP, well-behaved or not, in this process or its own.

python -m tests.support.authorities KEYS_FOLDER PORT serves until it is killed.
"""

import contextlib
import http.server
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from dam.provenance import keys
from dam.provenance.timestamps import Responder, parse_question


def responder(ring, clock=lambda: datetime.now(UTC)):
    return Responder.of_ring(ring, clock)


def answer_of(ring, **kwargs):
    """request -> the response of an authority that does what it should."""
    return lambda request: responder(ring, **kwargs).answer(parse_question(request))[0]


class Authority:
    """`answer` is (request) -> bytes, or an HTTP status; it may be changed while the server runs. `asked` counts."""

    def __init__(self, answer, port=0):
        self.answer, self.asked = answer, 0
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/tsa"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def _handler(authority):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            authority.asked += 1
            found = authority.answer(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = (found, b"") if isinstance(found, int) else (200, found)
            with contextlib.suppress(OSError):
                self.send_response(status)
                if status in (301, 302, 307):
                    self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler


@contextlib.contextmanager
def serving(answer):
    authority = Authority(answer)
    try:
        yield authority
    finally:
        authority.close()


if __name__ == "__main__":
    folder, port = sys.argv[1:]
    Authority(answer_of(keys.load_ring(Path(folder))), int(port))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    time.sleep(3600)
