"""How often the invisible mark is read after what happens to pictures, what it costs, and how far it can be seen.

Pictures of 512, 1024, 2048 and 4096 px are marked with a random id and attacked in every way of `attacks.py`; a row is
the share of pictures whose full payload (64-bit id and its proof) comes back, a deep search included. Costs are CPU time
against a PNG encode (OpenCV's default, the fastest at hand) of the same picture in the same run.

    ours        the tile mark as it ships
    prototype   another engine of the same shape, where --rival FILE names one: a Python file with
                embed(pixels, ident, key) -> (marked, psnr, survived) and decode(pixels, key, deep=True, flips=True)

usage: python benchmarks/marks.py [--pictures FOLDER ...] [--count N N N N] [--not-in FILE] [--key TEXT]
       [--rival FILE] [--quick] [--json]
"""

import argparse
import hashlib
import importlib.util
import json
import multiprocessing
import platform
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attacks
import cv2
import numpy as np

SIZES = (512, 1024, 2048, 4096)
FOLDERS = ("/usr/share/backgrounds", "/usr/share/wallpapers")  # Debian: gnome-backgrounds, mate-backgrounds ...
GOALS = {"plain": 0.98, "geometric": 0.93}
MEAN_PSNR_DB, LEAST_PSNR_DB = 42.5, 38.5
KEY = bytes(range(32))
_SAME_BITS = 48  # of 256
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def pictures(folders: list[str], counts: list[int], known: set[str] | None = None) -> list[tuple[str, int]]:
    """(path, long side) of as many different pictures as wanted of each size, in an order that never changes.

    Wallpapers come in many sizes of one picture: by their perceptual code only the largest of each counts.
    """
    found = sorted({p for folder in folders for p in Path(folder).rglob("*") if p.suffix.lower() in _SUFFIXES})
    seen = [_code(Path(one)) for one in sorted(known or ())]
    left: list[Path] = []
    for path in sorted(found, key=lambda p: (-_long_side(p), str(p))):
        code = _code(path)
        if all((code ^ other).bit_count() > _SAME_BITS for other in seen):
            left.append(path)
        seen.append(code)
    left.sort(key=lambda p: hashlib.sha256(p.name.encode() + str(p.stat().st_size).encode()).digest())
    wanted = []
    for size, count in sorted(zip(SIZES, counts, strict=True), reverse=True):  # the large ones are rare
        for path in [p for p in left if _long_side(p) >= size][:count]:
            left.remove(path)
            wanted.append((str(path), size))
    return wanted


def _code(path: Path) -> int:
    import imagehash
    from PIL import Image

    with Image.open(path) as picture:
        return int(str(imagehash.phash(picture.convert("L"), hash_size=16)), 16)


def _long_side(path: Path) -> int:
    from PIL import Image

    with Image.open(path) as picture:
        return max(picture.size)


def load(path: str, size: int) -> np.ndarray:
    from PIL import Image

    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    factor = size / max(pixels.shape[:2])
    shape = max(256, round(pixels.shape[1] * factor)), max(256, round(pixels.shape[0] * factor))
    return np.asarray(cv2.resize(pixels, shape, interpolation=cv2.INTER_AREA))


def one_picture(job: tuple[str, int, int, list[str], str | None, str]) -> dict[str, Any]:
    """Mark one picture, attack it, read it back."""
    path, size, number, names, rival, word = job
    from dam.watermark.engines.tilemark import PLUGIN

    key = hashlib.sha256(word.encode()).digest() if word else KEY
    pixels = load(path, size)
    mark_id = int.from_bytes(np.random.default_rng(number).bytes(8), "big")
    every = {**attacks.PLAIN, **attacks.GEOMETRIC, **attacks.BEYOND}
    begun = time.process_time()
    cv2.imencode(".png", pixels[..., ::-1])
    png_s = time.process_time() - begun
    PLUGIN.embed(pixels[:256, :256], mark_id, key)  # patterns of the key
    begun = time.process_time()
    made = PLUGIN.embed(pixels, mark_id, key)
    embed_s = time.process_time() - begun
    row: dict[str, Any] = {
        "path": path, "size": size, "megapixels": pixels.shape[0] * pixels.shape[1] / 1e6, "psnr_db": made.psnr_db,
        "survived": made.survived, "png_s": png_s, "embed_s": embed_s, "read": {}, "fast_s": [], "deep_s": {},
    }  # fmt: skip
    other = _rival(rival) if rival else None
    if other is not None:
        marked, psnr_db, _ = other.embed(pixels, mark_id, key)
        row |= {"rival_psnr_db": float(psnr_db), "rival_read": {}}
    for name in names:
        hit = every[name](made.pixels)
        begun = time.process_time()
        seen = PLUGIN.detect(hit, key, effort="fast", budget_s=60)
        row["fast_s"].append(time.process_time() - begun)
        if seen is None:
            begun = time.process_time()
            seen = PLUGIN.detect(hit, key, effort="deep", budget_s=60)
            row["deep_s"][name] = time.process_time() - begun
        if seen is not None and seen.mark_id != mark_id:
            raise SystemExit(f"{path}, {name}: a wrong id was read")
        row["read"][name] = seen is not None
        if other is not None:
            row["rival_read"][name] = bool(other.decode(every[name](marked), key))
    return row


def _rival(file: str) -> Any:
    spec = importlib.util.spec_from_file_location("rival", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rates(rows: list[dict[str, Any]], names: Iterator[str] | list[str], of: str = "read") -> dict[str, float]:
    return {n: statistics.mean(row[of][n] for row in rows) for n in names if n in rows[0][of]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", nargs="+", default=[f for f in FOLDERS if Path(f).is_dir()])
    parser.add_argument("--count", nargs=4, type=int, default=[16, 16, 8, 4], metavar="N", help=f"of {SIZES} px")
    parser.add_argument("--rival", help="a Python file, as above")
    parser.add_argument("--not-in", metavar="FILE", help="leave out the pictures that this file names, a path a line")
    parser.add_argument("--key", default="", help="any text: another key than the usual one")
    parser.add_argument("--quick", action="store_true", help="4 + 4 pictures and the attacks that fail first")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    counts = [4, 4, 0, 0] if options.quick else options.count
    names = [*attacks.PLAIN, *attacks.GEOMETRIC, *attacks.BEYOND]
    if options.quick:
        names = [
            n
            for n in names
            if n in ("none", "resize 0.25", "resize 0.5, JPEG 50", "WebP 50") or "crop" in n or "turn" in n
        ]
    known = set(Path(options.not_in).read_text().splitlines()) if options.not_in else set()
    chosen = pictures(options.pictures, counts, known)
    jobs = [(path, size, n, names, options.rival, options.key) for n, (path, size) in enumerate(chosen)]
    if not jobs:
        sys.exit("No pictures: name folders of photographs with --pictures, or install gnome-backgrounds (Debian).")
    rows = []
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        for row in pool.imap_unordered(one_picture, jobs):
            rows.append(row)
            lost = [n for n, read in row["read"].items() if not read]
            print(
                f"{len(rows):3}/{len(jobs)} {row['size']:5} {row['psnr_db']:5.2f} dB {Path(row['path']).name[:40]:40} {', '.join(lost)}",
                file=sys.stderr, flush=True,
            )  # fmt: skip
    if options.json:
        print(json.dumps(rows))
        return
    report(rows, names)


def report(rows: list[dict[str, Any]], names: list[str]) -> None:
    sizes = sorted({row["size"] for row in rows})
    print(f"{len(rows)} pictures, {len(names)} attacks, {platform.machine()}, Python {platform.python_version()}")
    rival = "rival_read" in rows[0]
    print(f"{'':32}{'all':>7}" + "".join(f"{s:>7}" for s in sizes) + ("  rival" if rival else ""))
    for name in names:
        by_size = [rates([r for r in rows if r["size"] == s], [name])[name] for s in sizes]
        other = f"{rates(rows, [name], 'rival_read')[name]:7.2f}" if rival else ""
        print(f"{name:32}{rates(rows, [name])[name]:7.2f}" + "".join(f"{r:7.2f}" for r in by_size) + other)
    for group, chosen in (("plain", attacks.PLAIN), ("geometric", attacks.GEOMETRIC)):
        mean = statistics.mean(rates(rows, [n for n in names if n in chosen]).values())
        said = "met" if mean >= GOALS[group] else "MISSED"
        print(f"mean over the {group} attacks: {mean:.3f}   goal >= {GOALS[group]}: {said}")
    decibels = [row["psnr_db"] for row in rows]
    mean, least = statistics.mean(decibels), min(decibels)
    print(f"PSNR: mean {mean:.2f} dB, least {least:.2f}   goal >= {MEAN_PSNR_DB} and >= {LEAST_PSNR_DB}")
    if rival:
        print(f"rival's PSNR: mean {statistics.mean(r['rival_psnr_db'] for r in rows):.2f} dB")
    for size in sizes:
        here = [row for row in rows if row["size"] == size]
        pixel_ms = statistics.median(1000 * r["embed_s"] / r["megapixels"] for r in here)
        ratio = statistics.median(r["embed_s"] / r["png_s"] for r in here)
        fast = statistics.median(1000 * s for r in here for s in r["fast_s"])
        deep = [1000 * s for r in here for s in r["deep_s"].values()] or [0.0]
        print(
            f"{size:5} px: embed {pixel_ms:5.1f} ms/MP = {ratio:4.2f} PNG encodes; fast {fast:5.1f} ms; "
            f"deep median {statistics.median(deep):5.0f} ms, most {max(deep):5.0f} ms"
        )


if __name__ == "__main__":
    main()
