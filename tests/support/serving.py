"""The real service as a process of its own, and questions to it over HTTP."""

import contextlib
import json
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.support.libraries import command, environment


class Served:
    def __init__(self, process, url, log):
        self.process, self.url, self._log = process, url, log

    def get(self, path):
        """The JSON answer, errors included."""
        return self.ask(path)[1]

    def ask(self, path, *, data=None, method=None, headers=None):
        """(status, JSON)."""
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def read(self, path):
        """The bytes of a good answer."""
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return answer.read()

    def post(self, path, body):
        return self.ask(path, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})

    def words(self):
        return self._log.read_text()

    def stop(self):
        """Ctrl-C; returns (exit code, seconds)."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=20), time.monotonic() - begun


@contextlib.contextmanager
def serving(library, scratch, *words, **env):
    """Run `dam WORDS` (up or serve, on a free port) until the end of the block."""
    log = Path(scratch) / "served.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command(*words, "--port", "0"), env=environment(library, **env), stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        yield Served(process, _url(process, log), log)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _url(process, log):
    for _ in range(600):
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        if found:
            return found[0]
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    raise AssertionError(f"no address within 30 s:\n{log.read_text()}")
