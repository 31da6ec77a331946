"""Libraries for tests: one is made for the whole run, every test works on a copy (same keys, empty catalogue)."""

import contextlib
import dataclasses
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import dam_migrations
from dam.catalogue.unit import Catalogue
from dam.service.library import create_library, open_service, protect_folder
from dam.settings import Settings

MAIN = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def template_library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("template") / "library"
    create(folder)
    return folder


@pytest.fixture
def library(template_library, tmp_path):
    """The folder of an empty library."""
    return copy_of(template_library, tmp_path / "library")


@pytest.fixture
def catalogue(library):
    """An empty library's catalogue; its clock stands still, its ids count."""
    numbers = itertools.count(1)
    opened_catalogue = Catalogue(settings(library), clock=lambda: NOON, new_id=lambda: f"id{next(numbers):06}")
    yield opened_catalogue
    opened_catalogue.close()


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch):
    for name in [n for n in os.environ if n.startswith("DAM_")]:
        monkeypatch.delenv(name)


def create(folder):
    chosen = settings(folder)
    protect_folder(folder)
    dam_migrations.upgrade(chosen.catalogue_path)
    create_library(chosen)


def copy_of(template, folder):
    shutil.copytree(template, folder)
    return folder


def settings(folder, **flags):
    """Quick ones: no waiting for files to settle, two workers, threads of this process."""
    return Settings(**({"library": folder, "settle_s": 0.0, "workers": 2, "worker_process": False} | flags))


@contextlib.contextmanager
def opened(folder, **flags):
    with open_service(settings(folder, **flags)) as service:
        yield service


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


# -- the command line, as a process of its own


@dataclasses.dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def lines(self):
        """The JSON objects of stdout, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def json(self):
        (only,) = self.lines
        return only


def environment(library, **more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DAM_", "PYTEST", "COV"))}
    return kept | {"DAM_LIBRARY": str(library), "DAM_SETTLE_S": "0", "DAM_WORKERS": "2"} | more


def command(*words):
    return [sys.executable, "-m", "dam_cli", *words]


def dam(library, *words, before=(), timeout_s=60, codes=(0, 1, 2, 3, 4, 5), **env):
    """Run `dam`; `before` are words to put before it (say setpriv). Whatever happens, it is said in words."""
    done = subprocess.run(
        [*before, *command(*words)],
        env=environment(library, **env),
        capture_output=True,
        timeout=timeout_s,
        check=False,
    )
    answer = Answer(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in answer.err, answer.err
    assert "internal error" not in answer.err, answer.err
    assert answer.code in codes, answer
    return answer
