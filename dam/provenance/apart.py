"""Read a manifest store in a process of its own, which the system ends when it takes too long or too much memory.

Used where `bounds` cannot say that the SDK will be done soon. Costs a third of a second; honest files rarely need it.
"""

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, BinaryIO

from dam.provenance import sdk
from dam.provenance.trust import AnchorList

CPU_S = 2.0  # start-up included; and more for large files, whose bytes are hashed
BYTES_PER_CPU_S = 100_000_000
PATIENCE = 15.0  # seconds of waiting for a second of work: the machine may be busy
MEMORY_BYTES = 4 << 30
MAX_ANSWER_BYTES = 64 << 20


class TooLargeError(sdk.SdkError):
    """The store could not be judged within the limits."""


def read_store(stream: BinaryIO, mime: str, lists: Sequence[AnchorList]) -> dict[str, Any] | None:
    """As `sdk.read_store`, in another process.

    Raises:
        TooLargeError: the limits were reached.
        SdkError: as `sdk.read_store`.
    """
    with _path_of(stream) as path:
        cpu_s = CPU_S + os.path.getsize(path) / BYTES_PER_CPU_S
        asked = {"path": os.fsencode(path).hex(), "mime": mime, "lists": [asdict(one) for one in lists], "cpu_s": cpu_s}
        command = [sys.executable, "-P", "-m", "dam.provenance.apart"]
        try:
            done = subprocess.run(
                command, input=json.dumps(asked).encode(), capture_output=True, check=False, timeout=cpu_s * PATIENCE
            )
        except subprocess.TimeoutExpired as error:
            raise _too_large() from error
    if done.returncode < 0 or len(done.stdout) > MAX_ANSWER_BYTES:
        raise _too_large()
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        raise sdk.SdkError(sdk.Failure.BROKEN, "the credential could not be read in a process of its own") from error
    if "failure" in answer:
        raise sdk.SdkError(sdk.Failure(answer["failure"]), answer["message"])
    found = answer["store"]
    return found if isinstance(found, dict) else None


def _too_large() -> TooLargeError:
    return TooLargeError(sdk.Failure.BROKEN, f"the manifest store is too large to be checked within {CPU_S:.0f} s")


@contextlib.contextmanager
def _path_of(stream: BinaryIO) -> Iterator[str]:
    name = getattr(stream, "name", None)
    if isinstance(name, str):
        yield name
        return
    with tempfile.NamedTemporaryFile(prefix="dam-judge-") as file:
        stream.seek(0)
        while block := stream.read(1 << 20):
            file.write(block)
        file.flush()
        yield file.name


def main() -> int:
    """The other process: what to read comes as JSON on standard input, the answer goes to standard output."""
    asked = json.load(sys.stdin)
    seconds = max(1, round(asked["cpu_s"]))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    lists = [AnchorList(**one) for one in asked["lists"]]
    answer: dict[str, Any]
    try:
        with open(os.fsdecode(bytes.fromhex(asked["path"])), "rb", buffering=1 << 20) as stream:
            answer = {"store": sdk.read_store(stream, asked["mime"], lists)}
    except sdk.SdkError as error:
        answer = {"failure": error.failure.value, "message": error.message}
    except (OSError, MemoryError) as error:
        answer = {"failure": sdk.Failure.BROKEN.value, "message": f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
