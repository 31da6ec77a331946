"""Mutated signed files through the judge: no crash, no hang, no packet, bounded memory, and never trusted by chance."""

import json
import os
import subprocess
import sys

import pytest

from tests.support import signed_corpus
from tests.support.libraries import MAIN
from tests.support.signed_hostile import ARCH

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
COUNT = 5_000 if NIGHTLY else 300
PEAK_MB = 500


def run(*words):
    return subprocess.run(
        [sys.executable, *words], cwd=MAIN, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, timeout=3_000, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_no_mutated_signed_file_crashes_hangs_swells_or_reaches_for_the_network():
    done = run("-m", "tests.support.signed_hostile", str(1_000_000 if NIGHTLY else 0), str(COUNT))
    assert done.returncode == 0, f"{done.returncode}: {done.stderr[-3000:]}"
    report = json.loads(done.stdout)
    print(report)
    assert report["findings"] == []
    assert report["files"] == COUNT
    assert report["peak_mb"] < PEAK_MB
    assert len(report["states"]) >= 4  # the mutator reaches different ends


@pytest.mark.skipif(os.uname().machine not in ARCH, reason="sockets can be forbidden on x86-64 and ARM64 only")
def test_a_process_that_opens_a_socket_is_killed_in_this_test():
    script = (
        "import socket\nfrom tests.support.signed_hostile import forbid_sockets\n"
        "assert forbid_sockets()\nsocket.socketpair()\nsocket.socket()\n"
    )
    done = run("-c", script)
    assert done.returncode == -31, done.stderr  # SIGSYS
    assert not done.stderr


def test_the_same_number_makes_the_same_signed_file():
    files = {"a": b"jumb" * 50 + bytes(400), "b": b"c2pa.claim" * 30}
    made = [signed_corpus.mutated(number, files) for number in range(100)]
    assert made == [signed_corpus.mutated(number, files) for number in range(100)]
    assert len(set(made)) > 80
