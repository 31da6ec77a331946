"""What a signature costs, against SHA-256 of the same bytes: the least that anybody who vouches for a file can do.

Alternating rounds, CPU time of the process (so that ratios hold on a busy machine), medians of ratios within a round:

    sha256      hashing.sha256_file of the file
    sign        probe and signing.sign_file: sign into a new file, read it again and judge it, hash it, fsync, rename; no thumbnail
    sdk         the SDK's part of that alone, into memory
    read        verdict.judge of the signed file: manifest, certificates, all hashes
    two / one   copies signed a second, wall time, by two threads against one: says something on an idle machine only

The memory is the most that a process of its own ever held (ru_maxrss): it signs and judges one MP4 of half a gigabyte,
and makes a manifest store beside it.

usage: python benchmarks/signing.py [--rounds N] [--megabytes N] [--json]
"""

import argparse
import hashlib
import io
import json
import platform
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

GOALS = {"sign / sha256": 12.0, "read / sha256": 7.0}
MOST_MB = 700
LEAST_SPEED_UP = 1.6
_ROOT = Path(__file__).resolve().parents[1]


def jpeg(folder: Path, megabytes: float = 2.0) -> Path:
    """A noisy JPEG of about so many megabytes."""
    from PIL import Image

    side, path = 1000, folder / "picture.jpg"
    noise = np.random.default_rng(3).integers(0, 256, (4 * side, 4 * side, 3), dtype=np.uint8)
    out = io.BytesIO()
    while len(out.getvalue()) < megabytes * 1e6:
        out = io.BytesIO()
        Image.fromarray(noise[:side, :side]).save(out, "JPEG", quality=90)
        side = int(side * 1.05) + 1
    path.write_bytes(out.getvalue())
    return path


def movie(folder: Path, megabytes: int) -> Path:
    """A small clip with so much more media data that nothing refers to, which a signature covers all the same."""
    sys.path.insert(0, str(_ROOT))
    from tests.support import sounds

    path = folder / "movie.mp4"
    block = np.random.default_rng(4).bytes(1 << 20)
    with path.open("wb") as stream:
        stream.write(sounds.tagged("mp4"))
        stream.write(struct.pack(">I4s", 8 + (megabytes << 20), b"mdat"))
        for _ in range(megabytes):
            stream.write(block)
    return path


def identity(folder: Path) -> Any:
    from dam.provenance import keys, signing
    from dam.provenance.means import SigningMeans
    from dam.provenance.trust import TrustStore

    ring = keys.create_chain(folder / "keys", "Benchmark", now=datetime.now(UTC))
    means = SigningMeans.of_ring(ring)  # kept from one signature to the next, as a service does
    return signing.Hands(ring, TrustStore.of(ring.root_pem), means=means)


def statement(path: Path) -> Any:
    from dam.provenance import compose
    from dam.provenance.statement import AssetFacts

    facts = AssetFacts(asset_id="a", sha256=hashlib.sha256(path.name.encode()).hexdigest(), library_id="b")
    return compose.protected_copy(title="copy", original_title=path.name, asset=facts)


def sign(path: Path, mime: str, hands: Any, said: Any, target: Path) -> None:
    from dam.media.probe import probe
    from dam.provenance import signing

    seen = probe(str(path))
    bare = not seen.has_c2pa and not seen.xmp
    signing.sign_file(str(path), mime, target, statement=said, hands=replace(hands, bare=bare))


def sdk_alone(path: Path, hands: Any, said: Any) -> None:
    from dam.provenance import sdk, signing

    files = (signing.IngredientFile("original", str(path), "image/jpeg"),)
    with (
        path.open("rb") as source,
        signing._ready("image/jpeg", source, said, files, replace(hands, bare=True)) as ready,  # noqa: SLF001  # a part
    ):
        sdk.sign(ready.order)


def measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each step, round by round; `one` and `two` are copies a second."""
    from dam.media.hashing import sha256_file
    from dam.provenance.verdict import judge

    path, hands = jpeg(folder), identity(folder)
    said, copy = statement(path), folder / "copy.jpg"
    steps: dict[str, Callable[[], object]] = {
        "sha256": lambda: sha256_file(str(path)),
        "sign": lambda: sign(path, "image/jpeg", hands, said, copy),
        "sdk": lambda: sdk_alone(path, hands, said),
        "read": lambda: judge(str(copy), "image/jpeg", hands.store),
    }
    found: dict[str, list[float]] = {name: [] for name in (*steps, "one", "two")}
    for step in steps.values():
        step()
    for _ in range(rounds):
        for name, step in steps.items():
            found[name].append(min(_seconds(step, copy if name == "sign" else None) for _ in range(5)) * 1000)
        for name, threads in (("one", 1), ("two", 2)):
            count = 24
            targets = [folder / f"{name}{n}.jpg" for n in range(count)]
            for target in targets:
                target.unlink(missing_ok=True)
            with ThreadPoolExecutor(threads) as pool:
                begun = time.perf_counter()
                list(pool.map(lambda t: sign(path, "image/jpeg", hands, said, t), targets))
                found[name].append(count / (time.perf_counter() - begun))
    return found


def _seconds(step: Callable[[], object], target: Path | None = None) -> float:
    """CPU time of one step; its target, if it has one, is taken away before the clock starts."""
    if target is not None:
        target.unlink(missing_ok=True)
    begun = time.process_time()
    step()
    return time.process_time() - begun


def peak(what: str, path: str, folder: str) -> None:
    """Run in a process of its own: sign one file, judge the result, and print the most memory that it took."""
    from dam.ingest import workers  # noqa: F401  # what a service has in memory anyway
    from dam.provenance import signing

    hands, target = identity(Path(folder)), Path(folder) / "signed.mp4"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun = time.perf_counter()
    if what == "copy":
        sign(Path(path), "video/mp4", hands, statement(Path(path)), target)
    else:
        signing.sign_beside(path, "video/mp4", statement=statement(Path(path)), hands=hands)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"before_mb": before, "peak_mb": most, "seconds": time.perf_counter() - begun}))


def peaks(folder: Path, megabytes: int) -> dict[str, dict[str, float]]:
    path, found = movie(folder, megabytes), {}
    for what in ("copy", "sidecar"):
        with tempfile.TemporaryDirectory(dir=folder) as own:
            words = [sys.executable, __file__, "--peak", what, str(path), own]
            done = subprocess.run(words, stdout=subprocess.PIPE, check=True)
            found[what] = json.loads(done.stdout)
    path.unlink()
    return found


def ratios(found: dict[str, list[float]]) -> dict[str, float]:
    """Medians of the ratios within one round: what slows the machine slows both sides."""
    pair = lambda a, b: statistics.median(x / y for x, y in zip(found[a], found[b], strict=True))  # noqa: E731
    return {
        "sign / sha256": pair("sign", "sha256"),
        "sdk / sha256": pair("sdk", "sha256"),
        "read / sha256": pair("read", "sha256"),
        "two / one": pair("two", "one"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peak", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        peak(*options.peak)
        return
    with tempfile.TemporaryDirectory(prefix="headwater-bench-signing-") as folder:
        found = measure(Path(folder), options.rounds)
        memory = peaks(Path(folder), options.megabytes)
    said = ratios(found)
    if options.json:
        print(
            json.dumps(
                {"medians": {k: statistics.median(v) for k, v in found.items()}, "ratios": said, "memory": memory}
            )
        )
        return
    print(f"a JPEG of 2 MB, {options.rounds} rounds, {platform.machine()}, Python {platform.python_version()}")
    for name, values in found.items():
        unit = "ms" if name not in ("one", "two") else "copies/s"
        print(f"  {name:<8} {statistics.median(values):8.2f} {unit:<9} ({min(values):.2f} to {max(values):.2f})")
    for name, value in said.items():
        met = f"goal <= {GOALS[name]}: {'met' if value <= GOALS[name] else 'MISSED'}" if name in GOALS else ""
        if name == "two / one":
            met = f"goal >= {LEAST_SPEED_UP}: {'met' if value >= LEAST_SPEED_UP else 'MISSED'}"
        print(f"  {name:<14} {value:6.2f}   {met}")
    for what, one in memory.items():
        goal = f"goal <= {MOST_MB}: {'met' if one['peak_mb'] <= MOST_MB else 'MISSED'}"
        print(
            f"  memory, {what} of {options.megabytes} MB: {one['peak_mb']:.0f} MB at most, {one['before_mb']:.0f} before,"
            f" {one['seconds']:.1f} s   {goal}"
        )


if __name__ == "__main__":
    main()
