"""What one 1024 x 1024 PNG costs to ingest, beside the least that it could cost and what a plain script would.

Alternating rounds in one process, CPU time of all threads, medians; look at the ratios, not at the milliseconds:

    bound    read + SHA-256 + decode with pyvips: nobody who looks at the pixels can be cheaper
    index    our whole way to a searchable asset: scan, hash, claims, catalogue, decode, two thumbnails, two fingerprints,
             near-duplicates, full-text index, audit entries, durable commits
    protect  the same, and a marked, signed and verified copy of every picture
    naive    Pillow + imagehash + a WebP preview: what a script of thirty lines does, without catalogue or index

usage: python benchmarks/ingest.py [--files N] [--rounds N] [--json]
"""

import argparse
import hashlib
import io
import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

import dam_migrations
from dam.service.library import create_library, open_service
from dam.settings import Settings

GOALS = {"index / bound": ("<=", 2.2), "naive / index": (">=", 4.0), "protect / index": ("<=", 4.0)}


def make_files(folder: Path, count: int) -> list[Path]:
    """Different 1024² pictures with real structure and sensor-like noise, about 1.4 MB each, with A1111 metadata."""
    from PIL import Image, PngImagePlugin

    from dam.service.demo.pictures import PAINTERS

    rng = np.random.default_rng(11)
    names = sorted(PAINTERS)
    base = [PAINTERS[name](7, 1024, 1024) for name in names[: min(6, len(names))]]
    made = []
    for n in range(count):
        picture = np.roll(base[n % len(base)], (37 * n, 53 * n), (0, 1)).astype(np.int16)
        noisy = np.clip(picture + rng.integers(-1, 2, picture.shape), 0, 255).astype(np.uint8)
        info = PngImagePlugin.PngInfo()
        info.add_text(
            "parameters",
            f"harbour at dawn, take {n}\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: {n}, Size: 1024x1024, Model: demo",
        )
        path = folder / f"take_{n:04}.png"
        Image.fromarray(noisy).save(path, pnginfo=info)
        made.append(path)
    return made


def bound(files: list[Path]) -> None:
    import pyvips

    for path in files:
        data = path.read_bytes()
        hashlib.sha256(data).hexdigest()
        pyvips.Image.new_from_buffer(data, "", access="sequential").numpy()


def naive(files: list[Path]) -> None:
    import imagehash
    from PIL import Image

    for path in files:
        hashlib.sha256(path.read_bytes()).hexdigest()
        picture = Image.open(path)
        picture.load()
        str(picture.text)  # type: ignore[attr-defined]
        rgb = picture.convert("RGB")
        imagehash.phash(rgb)
        imagehash.phash(rgb, hash_size=16)
        for side in (256, 1024):
            preview = rgb.copy()
            preview.thumbnail((side, side))
            preview.save(io.BytesIO(), "WEBP")


def ours(files: list[Path], protect: str, workers: int) -> None:
    with tempfile.TemporaryDirectory(prefix="headwater-bench-") as scratch:
        settings = Settings(library=Path(scratch) / "library", settle_s=0, protect=protect, workers=workers)
        dam_migrations.upgrade(settings.catalogue_path)
        create_library(settings)
        with open_service(settings) as service:
            drive = Path(scratch) / "drive"
            drive.mkdir()
            for path in files[:2]:  # a library that stands: its first index and first calls belong to no file
                os.link(path, drive / path.name)
            service.roots.add(str(drive))
            service.passes.scan()
            for path in files[2:]:
                os.link(path, drive / path.name)
            begun = time.process_time()
            summary = service.passes.scan()
            ours.spent = time.process_time() - begun  # type: ignore[attr-defined]
            expected = len(files) if protect == "all" else 0
            if summary.admitted != len(files) - 2 or summary.protected != expected or summary.quarantined:
                raise SystemExit(f"the run is not what it should be: {summary}")


def spent(step, files: list[Path]) -> float:
    begun = time.process_time()
    step(files)
    return (time.process_time() - begun) * 1000 / len(files)


def measure(files: list[Path], rounds: int, workers: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"bound": [], "index": [], "protect": [], "naive": []}
    for step in (bound, naive):
        step(files[:2])  # imports and first calls belong to nobody
    ours(files, "none", workers)
    for _ in range(rounds):
        found["bound"].append(spent(bound, files))
        for name, policy in (("index", "none"), ("protect", "all")):
            ours(files, policy, workers)
            found[name].append(ours.spent * 1000 / (len(files) - 2))  # type: ignore[attr-defined]
        found["naive"].append(spent(naive, files))
    return found


def ratios(found: dict[str, list[float]]) -> dict[str, float]:
    """Medians of the ratios within one round: what slows the machine slows both sides of a round."""
    pair = lambda a, b: statistics.median(x / y for x, y in zip(found[a], found[b], strict=True))  # noqa: E731
    return {
        "index / bound": pair("index", "bound"),
        "naive / index": pair("naive", "index"),
        "protect / index": pair("protect", "index"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headwater-bench-files-") as folder:
        files = make_files(Path(folder), options.files)
        mean_mb = statistics.mean(f.stat().st_size for f in files) / 1e6
        found = measure(files, options.rounds, options.workers)
    said = ratios(found)
    if options.json:
        print(json.dumps({"ms": {k: statistics.median(v) for k, v in found.items()}, "ratios": said}))
        return
    print(
        f"{options.files} files of {mean_mb:.2f} MB, {options.rounds} rounds, {platform.machine()}, Python {platform.python_version()}"
    )
    for name, values in found.items():
        print(f"  {name:<8} {statistics.median(values):7.1f} ms CPU a file")
    for name, value in said.items():
        sign, goal = GOALS[name]
        met = value <= goal if sign == "<=" else value >= goal
        print(f"  {name:<16} {value:5.2f}   goal {sign} {goal}: {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
