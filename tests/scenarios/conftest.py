"""Fixtures of the scenarios: a library, a drive with one good picture, and `dam scan` as a process."""

import os
import shutil

import pytest

from tests.support import ledger, pictures
from tests.support.libraries import (  # noqa: F401  # fixtures
    _no_settings_of_the_machine,
    dam,
    library,
    template_library,
)

WITHOUT_ROOT_POWERS = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--")


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    pictures.put(folder, "good.png", pictures.a1111_png(1))
    return folder


@pytest.fixture
def scan(library, drive):  # noqa: F811  # pytest's way of naming a fixture
    """Run `dam scan DRIVE --json` and give its summary; the good picture is always an asset."""

    def run(**env):
        answer = dam(library, "scan", "--json", str(drive), **env)
        assert answer.code == 0, answer.err
        summary = answer.json
        assert "good.png" in {r["path"] for r in ledger.rows(library, "SELECT path FROM location")}
        assert summary["unexplained"] == 0
        return summary

    return run


@pytest.fixture
def powerless():
    """Words before a command that take away root's power to read everything."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv to give up root's power to read everything")
    return WITHOUT_ROOT_POWERS
