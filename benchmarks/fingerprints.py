"""Likeness search in memory against what a script would do: every code compared, by numpy and by a loop in Python.

Random codes with one planted neighbour at just the radius; CPU time, least of several runs in one process.

    near 64 + 256   NearIndex.near: within 8 of 64 and 48 of 256 bits, as `dam identify` asks
    by 64, by 256   NearIndex.near_by: one code alone, as soft binding resolution asks
    load            NearIndex.load of a million rows as the catalogue gives them (hex), from an empty index
    loop            `(int(code, 16) ^ query).bit_count()` over a million codes, a script's way

usage: python benchmarks/fingerprints.py [--rows N] [--json]
"""

import argparse
import json
import platform
import time
from collections.abc import Callable

import numpy as np

GOALS_MS = {"by 64": 30.0, "by 256": 80.0}  # at ten million
LOAD_GOAL_S = 0.6


def least_ms(step: Callable[[], object], rounds: int = 7) -> float:
    found = []
    for _ in range(rounds):
        begun = time.process_time()
        step()
        found.append(time.process_time() - begun)
    return 1000 * min(found)


def filled(rows: int) -> "tuple[object, str, str]":
    """An index of random codes, and the codes of a query that has one neighbour, at the radius."""
    from dam.fingerprint.index import NearIndex

    rng = np.random.default_rng(1)
    index = NearIndex()
    first, second = rng.bytes(8), rng.bytes(32)
    near64 = f"{int.from_bytes(first, 'big') ^ 0xFF:016x}"
    near256 = f"{int.from_bytes(second, 'big') ^ ((1 << 48) - 1):064x}"
    index.add("planted", near64, near256)
    for start in range(0, rows, 500_000):
        count = min(500_000, rows - start)
        one, other = rng.bytes(8 * count), rng.bytes(32 * count)
        index.load(
            (f"a{start + n:08}", one[8 * n : 8 * n + 8].hex(), other[32 * n : 32 * n + 32].hex()) for n in range(count)
        )
    return index, first.hex(), second.hex()


def measure(rows: int) -> dict[str, float]:
    from dam.fingerprint.index import NearIndex

    index, code64, code256 = filled(rows)
    assert isinstance(index, NearIndex)
    assert [hit.asset_id for hit in index.near(code64, code256)] == ["planted"]
    assert index.near_by(code256, bits=256, within=48) == [("planted", 48)]
    found = {
        "near 64 + 256": least_ms(lambda: index.near(code64, code256)),
        "by 64": least_ms(lambda: index.near_by(code64, bits=64, within=8)),
        "by 256": least_ms(lambda: index.near_by(code256, bits=256, within=48)),
    }
    rng = np.random.default_rng(2)
    million = [(f"b{n:07}", rng.bytes(8).hex(), rng.bytes(32).hex()) for n in range(1_000_000)]
    found["load of a million"] = least_ms(lambda: NearIndex().load(million), 3)
    codes, query = [one[1] for one in million], int(code64, 16)
    found["loop over a million"] = least_ms(
        lambda: [n for n, code in enumerate(codes) if (int(code, 16) ^ query).bit_count() <= 8], 3
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.rows)
    if options.json:
        print(json.dumps(found))
        return
    print(f"{options.rows:,} rows, {platform.machine()}, Python {platform.python_version()}, CPU time")
    for name, spent in found.items():
        goal = GOALS_MS.get(name, 1000 * LOAD_GOAL_S if name.startswith("load") else None)
        said = "" if goal is None else f"   goal <= {goal:.0f}: {'met' if spent <= goal else 'MISSED'}"
        print(f"  {name:20} {spent:8.1f} ms{said}")
    scale = options.rows / 1_000_000
    print(f"  loop / by 64, same rows {found['loop over a million'] * scale / found['by 64']:8.0f}x")


if __name__ == "__main__":
    main()
