"""Many small files dropped at once on a watched root, against the same files taken in by `dam scan`.

    python benchmarks/dropping.py [--files 200000] [--pictures 0.1] [--no-scan]

Both are real processes with a library of their own, one after the other. While the service works, its API is asked
four times a second, and the memory of its processes is read once a second. Goals: every file admitted, service / scan
<= 1.3, memory of the service's process <= 600 MiB (of all its processes together: printed), API p95 < 250 ms.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from dam.catalogue.reading import open_reader

ASKED = ("/api/v1/assets?q=lantern&limit=50", "/api/v1/assets?limit=50", "/api/v1/overview", "/")
FOLDERS = 200


def make(folder: Path, count: int, pictures: float) -> None:
    """`count` different files of 0.3 to 3 kB; this share of them PNG pictures of 48 x 48 with a prompt."""
    dice = np.random.default_rng(11)
    for n in range(count):
        here = folder / f"{n % FOLDERS:03d}"
        here.mkdir(parents=True, exist_ok=True)
        words = f"harbour lantern {n}, dusk, take {n % 97}"
        if n % 1000 < 1000 * pictures:
            info = PngImagePlugin.PngInfo()
            info.add_text("parameters", f"{words}\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: {n}, Size: 48x48")
            Image.fromarray(dice.integers(0, 256, (48, 48, 3), dtype=np.uint8)).save(
                here / f"{n:06d}.png", pnginfo=info
            )
        else:
            (here / f"{n:06d}.txt").write_text(f"{words}\n" * (8 + n % 40))


def environment(library: Path) -> dict[str, str]:
    return os.environ | {"DAM_LIBRARY": str(library), "DAM_PROTECT": "none"}


def dam(*words: str) -> list[str]:
    return [sys.executable, "-m", "dam_cli", *words]


def left(library: Path) -> tuple[int, int]:
    """(assets, rows that are not done)"""
    with open_reader(library / "catalogue.db") as reader:
        return reader.one("SELECT count(*) FROM asset") or 0, sum(reader.pending().values())


def scan(library: Path, drive: Path, count: int) -> float:
    subprocess.run(dam("init"), env=environment(library), check=True, capture_output=True)
    begun = time.perf_counter()
    subprocess.run(dam("scan", str(drive)), env=environment(library), check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - begun
    assert left(library) == (count, 0)
    return seconds


def resident(pid: int) -> int:
    """MiB of a process, 0 if it has gone."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) // 1024
    return 0


def children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as theirs:
                found += [int(n) for n in theirs.read().split()]
    return found


@contextlib.contextmanager
def service(library: Path, drive: Path, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with log.open("wb") as said:
        process = subprocess.Popen(dam("up", str(drive), "--port", "0"), env=environment(library), stderr=said)
    try:
        while not (found := re.search(r"http://[\d.:]+", log.read_text())):
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        yield process, found[0]
    finally:
        begun = time.perf_counter()
        process.send_signal(signal.SIGINT)
        process.wait(20)
        print(f"stopped in {time.perf_counter() - begun:.1f} s")


class Probe(threading.Thread):
    """Asks the API, and watches memory."""

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        super().__init__(daemon=True)
        self._pid, self._url = process.pid, url
        self.ms: dict[str, list[float]] = {path: [] for path in ASKED}
        self.own, self.all = 0, 0
        self.end = threading.Event()

    def run(self) -> None:
        n = 0
        while not self.end.wait(0.25):
            begun = time.perf_counter()
            with urllib.request.urlopen(self._url + ASKED[n % len(ASKED)], timeout=60) as answer:
                answer.read()
            self.ms[ASKED[n % len(ASKED)]].append((time.perf_counter() - begun) * 1000)
            own = resident(self._pid)
            self.own = max(self.own, own)
            self.all = max(self.all, own + sum(resident(c) for c in children(self._pid)))
            n += 1


def drop(library: Path, drive: Path, ready: Path, count: int) -> tuple[float, Probe]:
    """Seconds until every file that appears below `drive` at once has been worked on."""
    drive.mkdir()
    with service(library, drive, library.with_suffix(".log")) as (process, url):
        time.sleep(3)
        probe = Probe(process, url)
        probe.start()
        begun = time.perf_counter()
        for folder in sorted(ready.iterdir()):
            os.rename(folder, drive / folder.name)
        told = 0.0
        while left(library) != (count, 0):
            assert process.poll() is None
            time.sleep(0.5)
            if time.perf_counter() - told > 60:
                told = time.perf_counter()
                print(f"{told - begun:6.0f} s: {left(library)} {probe.own} / {probe.all} MiB", flush=True)
        seconds = time.perf_counter() - begun
        probe.end.set()
        probe.join()
    return seconds, probe


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--pictures", type=float, default=0.1)
    parser.add_argument("--no-scan", action="store_true", help="only the service: half the time")
    asked = parser.parse_args()
    scratch = Path(tempfile.mkdtemp())
    try:
        make(scratch / "files", asked.files, asked.pictures)
        seconds, probe = drop(scratch / "served", scratch / "drive", scratch / "files", asked.files)
        print(f"service: {asked.files} files in {seconds:.0f} s, {asked.files / seconds:.0f}/s")
        print(f"memory: the service's process {probe.own} MiB (goal <= 600), all its processes {probe.all} MiB")
        for path, ms in [("all", [ms for some in probe.ms.values() for ms in some]), *probe.ms.items()]:
            p = statistics.quantiles(ms, n=100, method="inclusive")
            print(
                f"API {path}: {len(ms)} asked, p50 {p[49]:.0f} ms, p95 {p[94]:.0f} ms (goal < 250), most {max(ms):.0f} ms"
            )
        if asked.no_scan:
            return
        alone = scan(scratch / "scanned", scratch / "drive", asked.files)
        print(f"dam scan: {alone:.0f} s, {asked.files / alone:.0f}/s")
        print(f"service / scan: {seconds / alone:.2f} (goal <= 1.3)")
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
