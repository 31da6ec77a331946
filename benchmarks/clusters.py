"""Clusters of many generated assets, against a script that compares all pairs.

Families of 1 to 5,000 codes (a few bits from a common one, none near another family), in random order; CPU time, one
process:

    one by one   `Clusters.put` of each, as a watched drive brings them; then the same in another order, which must give the
                 same clusters
    one more     a picture more, when all are there: into the largest family, and one of its own
    rows         the same through the catalogue (`Clustering.follow`): read in batches, written, audited by nobody
    pairs        numpy, every code against all later ones, union of what is near: on fewer, because it grows with the square

usage: python benchmarks/clusters.py [--assets N] [--rows N] [--pairs N] [--json]
"""

import argparse
import json
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

_ROOT = Path(__file__).resolve().parents[1]
GOAL_S = 60.0  # of 100,000


def families(count: int, seed: int) -> list[Any]:
    """Pictures in families whose sizes fall off like those of real shoots, the largest of 5,000."""
    from dam.fingerprint.clusters import Picture, order_of

    draw = random.Random(seed)  # repeatable
    made: list[Any] = []
    size = min(5000, count // 2)
    while len(made) < count:
        base64, base256 = draw.getrandbits(64), draw.getrandbits(256)
        for _ in range(min(size, count - len(made))):
            code64 = base64 ^ sum(1 << bit for bit in draw.sample(range(64), draw.randrange(3)))
            code256 = base256 ^ sum(1 << bit for bit in draw.sample(range(256), draw.randrange(12)))
            name = f"a{len(made):07}"
            order = order_of(
                f"{draw.getrandbits(64):016x}", draw.choice((262144, 1048576)), lossless=draw.random() < 0.5
            )
            made.append(Picture(name, f"{code64:016x}", f"{code256:064x}", order))
        size = max(1, int(size * 0.8)) if size > 1 else draw.choice((1, 1, 1, 2, 5, 20))
    draw.shuffle(made)
    return made


def cpu(step: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.process_time()
    result = step()
    return time.process_time() - begun, result


def one_by_one(pictures: list[Any]) -> Any:
    from dam.fingerprint.clusters import Clusters

    made = Clusters()
    for one in pictures:
        made.put(one)
    return made


def one_more(made: Any, pictures: list[Any]) -> dict[str, float]:
    """Milliseconds for a picture into the largest family, and for one that is like none."""
    from dam.fingerprint.clusters import Picture, order_of

    heads: dict[str, int] = {}
    for one in pictures:
        head = made.representative(one.asset_id)
        heads[head] = heads.get(head, 0) + 1
    largest = max(heads, key=lambda head: heads[head])
    code = next(one for one in pictures if one.asset_id == largest)
    draw = random.Random(7)
    found: dict[str, list[float]] = {"a member": [], "a stranger": []}
    for n in range(20):
        alike = Picture(f"b{n}", code.code64, code.code256, order_of(f"f{n}", 100, lossless=False))
        strange = Picture(
            f"c{n}",
            f"{draw.getrandbits(64):016x}",
            f"{draw.getrandbits(256):064x}",
            order_of(f"f{n}", 100, lossless=False),
        )
        for name, picture in (("a member", alike), ("a stranger", strange)):
            found[name].append(cpu(lambda picture=picture: made.put(picture))[0] * 1000)  # type: ignore[misc]
    return {name: sorted(values)[10] for name, values in found.items()}


def through_rows(pictures: list[Any], folder: Path) -> float:
    """Seconds of `Clustering.follow` over a catalogue that holds these codes."""
    import itertools
    from datetime import UTC, datetime

    import dam_migrations
    from dam.catalogue import sqlite
    from dam.catalogue.unit import Catalogue
    from dam.ingest.clustering import Clustering
    from dam.ingest.near import ENGINE_64, ENGINE_256
    from dam.service.library import create_library
    from dam.settings import Settings

    settings = Settings(library=folder / "library")
    settings.library.mkdir()
    dam_migrations.upgrade(settings.catalogue_path)
    create_library(settings)
    with sqlite.connected(settings.catalogue_path, write=True) as connection:
        connection.execute("BEGIN")
        for one in pictures:
            minus, lossy, sha256 = one.order
            connection.execute(
                "INSERT INTO asset (id, sha256, size_bytes, kind, mime, title, created_at, admitted_at, review_status,"
                " credential_state, decoded, protected, width_px, height_px) VALUES (?, ?, 1, 'image', ?, 't', '', '',"
                " 'unreviewed', 'none', 1, 0, ?, 1)",
                (one.asset_id, f"{sha256}{one.asset_id}", "image/jpeg" if lossy else "image/png", -minus),
            )
            for engine, code, bits in ((ENGINE_64, one.code64, 64), (ENGINE_256, one.code256, 256)):
                connection.execute(
                    "INSERT INTO fingerprint (asset_id, engine, frame_s, code, bits, flat) VALUES (?, ?, 0, ?, ?, 0)",
                    (one.asset_id, engine, code, bits),
                )
        connection.execute("COMMIT")
    numbers = itertools.count()
    catalogue = Catalogue(settings, clock=lambda: datetime.now(UTC), new_id=lambda: f"id{next(numbers)}")
    try:
        return cpu(lambda: Clustering().follow(catalogue))[0]
    finally:
        catalogue.close()


def pairs(pictures: list[Any]) -> int:
    """How many near pairs there are: what a script would store."""
    codes64 = np.array([int(one.code64, 16) for one in pictures], np.uint64)
    codes256 = np.array(
        [[int(one.code256[at : at + 16], 16) for at in range(0, 64, 16)] for one in pictures], np.uint64
    )
    count = 0
    for at in range(len(pictures) - 1):
        close = np.flatnonzero(np.bitwise_count(codes64[at + 1 :] ^ codes64[at]) <= 8) + at + 1
        count += int((np.bitwise_count(codes256[close] ^ codes256[at]).sum(axis=1) <= 48).sum())
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sys.path.insert(0, str(_ROOT))
    pictures = families(options.assets, 1)
    seconds, made = cpu(lambda: one_by_one(pictures))
    other = list(pictures)
    random.Random(2).shuffle(other)
    again_s, again = cpu(lambda: one_by_one(other))
    same = all(made.representative(one.asset_id) == again.representative(one.asset_id) for one in pictures)
    clusters = len({made.representative(one.asset_id) for one in pictures})
    more = one_more(made, pictures)
    few = families(options.pairs, 1)
    pairs_s, found = cpu(lambda: pairs(few))
    few_s = cpu(lambda: one_by_one(few))[0]
    with tempfile.TemporaryDirectory(prefix="headwater-bench-clusters-") as folder:
        rows_s = through_rows(families(options.rows, 1), Path(folder))
    said = {
        "assets": options.assets, "clusters": clusters, "seconds": seconds, "other order, seconds": again_s, "same": same,
        "one more, ms": more, "rows": options.rows, "rows, seconds": rows_s, "few": options.pairs,
        "few, seconds": few_s, "pairs, seconds": pairs_s, "pairs": found,
    }  # fmt: skip
    if options.json:
        print(json.dumps(said))
        return
    met = "met" if seconds <= GOAL_S * options.assets / 100_000 else "MISSED"
    print(f"{options.assets} assets, {clusters} clusters, {platform.machine()}, Python {platform.python_version()}")
    print(f"  one by one              {seconds:7.1f} s   goal <= {GOAL_S * options.assets / 100_000:.0f}: {met}")
    print(f"  in another order        {again_s:7.1f} s   the same clusters: {'yes' if same else 'NO'}")
    print(f"  through the catalogue   {rows_s:7.1f} s   of {options.rows}")
    for name, value in more.items():
        print(f"  {name} more         {value:7.2f} ms")
    print(f"  {options.pairs}: one by one {few_s:.1f} s; all pairs {pairs_s:.1f} s and {found} pairs to store")


if __name__ == "__main__":
    main()
