"""What the metadata pass costs: `inspect_file`, which a scan does before its transaction, on many PNGs of half a megabyte.

Every file has the text of A1111 or the graph of ComfyUI. Interleaved rounds, CPU time of all threads and of child
processes (what else runs on the machine counts less), medians; look at the ratios. A rate is 1 / (CPU time a file):

    ours        inspect_file: probe, SHA-256, every reader, merged answer, in one thread
    ours x2     the same in two threads, as two ingest workers run it; this row and the next by wall time
    bare        SHA-256 of the bytes and Pillow's open(), which reads the texts in front of the pixels: the least that a
                script could do
    bare x2     the same in two threads
    exiftool    `exiftool -json -r FOLDER` (Debian: libimage-exiftool-perl), one process; it computes no hash
    dam inspect `dam inspect --json FILES`, whole processes of 500 files each

usage: python benchmarks/metadata.py [--files N] [--rounds N] [--json]
"""

import argparse
import contextlib
import hashlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

GOALS = {"ours / exiftool": 3.0, "ours / bare": 0.8}
_SIDE = 416  # noise of this size makes half a megabyte
_ROOT = Path(__file__).resolve().parents[1]


def make_files(folder: Path, count: int) -> list[str]:
    """Different noisy PNGs of about 0.5 MB; every other one with a ComfyUI graph and its workflow."""
    sys.path.insert(0, str(_ROOT))
    from PIL import Image, PngImagePlugin

    from tests.support import pictures, tool_texts

    rng = np.random.default_rng(5)
    base = rng.integers(0, 256, (_SIDE, _SIDE, 3), dtype=np.uint8)
    flow = json.dumps(tool_texts.workflow())
    made = []
    for n in range(count):
        info = PngImagePlugin.PngInfo()
        if n % 2:
            info.add_text("prompt", pictures.comfy(f"harbour, take {n}", f"takes/{n}.png", seed=n))
            info.add_text("workflow", flow)
        else:
            info.add_text("parameters", pictures.a1111(f"harbour, take {n}", seed=n))
        path = folder / f"take_{n:05}.png"
        Image.fromarray(base + np.uint8(n % 251)).save(path, pnginfo=info, compress_level=1)
        with path.open("r+b") as stream:  # files differ even where 251 pictures repeat
            stream.seek(-12, 2)
            stream.write(_time_chunk(n) + b"\0\0\0\0IEND\xaeB`\x82")
        made.append(str(path))
    return made


def _time_chunk(number: int) -> bytes:
    import struct
    import zlib

    body = b"tEXt" + b"take\0" + str(number).encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def ours(path: str) -> None:
    from dam.ingest.inspection import inspect_file

    found = inspect_file(path, None)
    if found.generation is None or found.sha256 is None:
        raise SystemExit(f"{path}: the run is not what it should be")


def bare(path: str) -> None:
    from PIL import Image

    with open(path, "rb") as stream:
        hashlib.sha256(stream.read()).hexdigest()
    with Image.open(path) as picture:
        dict(picture.info)


def one_thread(step: Callable[[str], None], files: list[str]) -> None:
    for path in files:
        step(path)


def two_threads(step: Callable[[str], None], files: list[str]) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(step, files, chunksize=1))


def exiftool(folder: str) -> None:
    subprocess.run(
        ["exiftool", "-json", "-r", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )


def whole_process(files: list[str]) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DAM_")}
    for at in range(0, len(files), 500):
        words = [sys.executable, "-m", "dam_cli", "inspect", "--json", *files[at : at + 500]]
        subprocess.run(words, stdout=subprocess.DEVNULL, check=True, env=environment)


def measure(folder: str, files: list[str], rounds: int) -> dict[str, list[float]]:
    steps: dict[str, Callable[[], None]] = {
        "ours": lambda: one_thread(ours, files),
        "bare": lambda: one_thread(bare, files),
        "ours x2": lambda: two_threads(ours, files),
        "bare x2": lambda: two_threads(bare, files),
        "dam inspect": lambda: whole_process(files),
    }
    if shutil.which("exiftool"):
        steps["exiftool"] = lambda: exiftool(folder)
    else:
        print("exiftool is not installed (Debian: libimage-exiftool-perl): its row is left out", file=sys.stderr)
    one_thread(ours, files)  # imports, and every file once into the system's cache
    one_thread(bare, files)
    found: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            clock = time.perf_counter if name.endswith("x2") else cpu_s
            begun = clock()
            step()
            found[name].append(len(files) / (clock() - begun))
    return found


def cpu_s() -> float:
    return sum(os.times()[:4])


def ratios(found: dict[str, list[float]]) -> dict[str, float]:
    """Medians of the ratios of rates within one round: what slows the machine slows both sides."""
    pair = lambda a, b: statistics.median(x / y for x, y in zip(found[a], found[b], strict=True))  # noqa: E731
    said = {"ours / bare": pair("ours", "bare"), "ours x2 / bare x2": pair("ours x2", "bare x2")}
    if "exiftool" in found:
        said |= {
            "ours / exiftool": pair("ours", "exiftool"),
            "dam inspect / exiftool": pair("dam inspect", "exiftool"),
        }
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="headwater-bench-files-"))
        files = make_files(Path(folder), options.files)
        mean_mb = statistics.mean(os.stat(f).st_size for f in files) / 1e6
        found = measure(folder, files, options.rounds)
    said = ratios(found)
    if options.json:
        print(json.dumps({"files_a_second": {k: statistics.median(v) for k, v in found.items()}, "ratios": said}))
        return
    print(
        f"{options.files} files of {mean_mb:.2f} MB, {options.rounds} rounds, {platform.machine()}, "
        f"Python {platform.python_version()}"
    )
    for name, values in found.items():
        print(f"  {name:<12} {statistics.median(values):8.0f} files/s   ({min(values):.0f} to {max(values):.0f})")
    for name, value in said.items():
        goal = GOALS.get(name)
        met = "" if goal is None else f"   goal >= {goal}: {'met' if value >= goal else 'MISSED'}"
        print(f"  {name:<24} {value:6.2f}{met}")


if __name__ == "__main__":
    main()
