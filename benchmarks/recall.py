"""How often a picture is recognised by likeness after what happens to pictures, and how often another one is taken for it.

The same pictures and attacks as `marks.py`, at 1024 px. A picture counts as recognised when any view of it (as it is,
mirrored, without a border) is within the radius of its original's code. False matches are counted over all pairs of
different pictures and of their quarters, each of which is a picture of its own.

    64       phash of 64 bits within 8
    256      phash of 256 bits within 48
    both     as `dam identify` asks
    wide     64 bits within 14 and 256 within 64: what the codes can do at one false match in 100,000
    script   imagehash.phash of the file as it is, within 8: a script's way

usage: python benchmarks/recall.py [--pictures FOLDER ...] [--count N]
"""

import argparse
import itertools
import platform
import sys
from pathlib import Path

import attacks
import numpy as np
from marks import FOLDERS, load, pictures

SIZE = 1024
RADIUS = {"64": 8, "256": 48}
WIDE = {"64": 14, "256": 64}
WAYS = ("64", "256", "both", "wide")
RECALL_GOAL, FALSE_GOAL = 0.999, 1e-5
Codes = dict[str, int]


def codes_of(luma: "np.ndarray") -> Codes:
    from dam.fingerprint.compute import engine

    found = {}
    for name, engine_name in (("64", "phash64/luma512.1"), ("256", "phash256/luma512.1")):
        one = engine(engine_name)
        assert one is not None
        found[name] = int(one.compute(luma), 16)
    return found


def views_of(pixels: "np.ndarray") -> list[Codes]:
    from dam.fingerprint.views import views
    from dam.media.pixels import luma_of

    return [codes_of(view) for _, view in views(luma_of(np.ascontiguousarray(pixels)))]


def script_code(pixels: "np.ndarray") -> int:
    import imagehash
    from PIL import Image

    return int(str(imagehash.phash(Image.fromarray(pixels))), 16)


def near(one: Codes, other: Codes) -> dict[str, bool]:
    apart = {name: (one[name] ^ other[name]).bit_count() for name in RADIUS}
    within = {name: apart[name] <= RADIUS[name] for name in RADIUS}
    return {**within, "both": all(within.values()), "wide": all(apart[name] <= WIDE[name] for name in WIDE)}


def measure(chosen: list[tuple[str, int]]) -> tuple[dict[str, dict[str, list[bool]]], list[tuple[str, Codes]]]:
    """Recognised by attack and way; and the codes of every picture and its quarters, by path."""
    from dam.fingerprint.contract import is_flat
    from dam.media.pixels import luma_of

    every = {**attacks.PLAIN, **attacks.GEOMETRIC, **attacks.BEYOND}
    recognised: dict[str, dict[str, list[bool]]] = {name: {way: [] for way in (*WAYS, "script")} for name in every}
    others: list[tuple[str, Codes]] = []
    flat = 0
    for number, (path, _) in enumerate(chosen):
        pixels = load(path, SIZE)
        if is_flat(luma_of(pixels)):
            flat += 1
            continue
        code, script = codes_of(luma_of(pixels)), script_code(pixels)
        for name, attack in every.items():
            seen = attack(pixels)
            found = [near(code, one) for one in views_of(seen)]
            for way in WAYS:
                recognised[name][way].append(any(one[way] for one in found))
            recognised[name]["script"].append((script ^ script_code(seen)).bit_count() <= RADIUS["64"])
        height, width = pixels.shape[:2]
        quarters = [pixels[y : y + height // 2, x : x + width // 2] for y in (0, height // 2) for x in (0, width // 2)]
        for part in (pixels, *quarters):
            luma = luma_of(np.ascontiguousarray(part))
            if is_flat(luma):
                flat += 1
            else:
                others.append((path, codes_of(luma)))
        print(f"{number + 1:3}/{len(chosen)} {Path(path).name:40}", end="\r", file=sys.stderr)
    print(f"\n{flat} flat pictures and parts have no code that means anything and are left out", file=sys.stderr)
    return recognised, others


def taken_for_another(others: list[tuple[str, Codes]]) -> tuple[dict[str, list[str]], int]:
    """False matches by way, and the number of pairs of different pictures."""
    false: dict[str, list[str]] = {way: [] for way in WAYS}
    pairs = 0
    for (one, first), (other, second) in itertools.combinations(others, 2):
        if one != other:
            pairs += 1
            for way, hit in near(first, second).items():
                if hit:
                    false[way].append(f"{one} - {other}")
    return false, pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", nargs="+", default=[f for f in FOLDERS if Path(f).is_dir()])
    parser.add_argument("--count", type=int, default=120)
    options = parser.parse_args()
    chosen = pictures(options.pictures, [0, options.count, 0, 0])
    if not chosen:
        sys.exit("No pictures: name folders of photographs with --pictures, or install gnome-backgrounds (Debian).")
    recognised, others = measure(chosen)
    false, pairs = taken_for_another(others)
    print(f"{len(chosen)} pictures, {pairs:,} pairs of different ones, {platform.machine()}")
    print(f"{'':34}{'64':>7}{'256':>7}{'both':>7}{'wide':>7}{'script':>8}")
    for name, ways in recognised.items():
        print(f"{name:34}" + "".join(f"{np.mean(ways[w]):7.3f}" for w in (*WAYS, "script")))
    for way in WAYS:
        mean = float(np.mean([np.mean(recognised[name][way]) for name in attacks.PLAIN]))
        rate = len(false[way]) / pairs
        good = "met" if mean >= RECALL_GOAL and rate <= FALSE_GOAL else "MISSED"
        print(f"{way}: recall {mean:.4f} over the plain attacks, false matches {len(false[way])} ({rate:.1e}): {good}")
    for names in sorted(set(false["wide"])):
        print(f"  taken for one another: {names}")


if __name__ == "__main__":
    main()
