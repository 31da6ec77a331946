"""What judging a credential costs, beside the SHA-256 of the same bytes. Interleaved rounds, CPU time, medians; look at the
ratios.

    sha256      of the whole file, as a scan computes it
    judge       provenance.verdict.judge with the organisation's root and ANCHORS others as lists
    look        inspection.credentials_of a file that carries no credential: what every plain file pays

usage: python benchmarks/reading.py [--rounds N] [--json]
"""

import argparse
import io
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dam.ingest.inspection import credentials_of
from dam.media.hashing import sha256_file
from dam.media.probe import probe
from dam.provenance.trust import TrustStore
from dam.provenance.verdict import judge
from tests.support.signed import Signer

GOAL = 7.0  # times the SHA-256 of a JPEG of 2 MB
ANCHORS = 40
SIDES = {"0.1 MB": 290, "0.4 MB": 640, "2 MB": 1425, "8 MB": 2850}


def picture(side: int) -> bytes:
    noise = np.random.default_rng(side).integers(0, 256, (side, side, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "JPEG", quality=92)
    return out.getvalue()


def medians(steps: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """CPU milliseconds of each step; the steps take turns, so a busy machine slows all of them."""
    spent: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 2):
        for name, step in steps.items():
            begun = time.process_time()
            step()
            if number >= 2:  # the first two warm the caches
                spent[name].append((time.process_time() - begun) * 1000)
    return {name: statistics.median(values) for name, values in spent.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    signer = Signer("Acme")
    official = "".join(Signer(f"Anchor {n}").root_pem for n in range(ANCHORS))
    store = TrustStore.of(signer.root_pem, official=official)
    report = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, side in SIDES.items():
            plain, signed = Path(folder) / "plain.jpg", Path(folder) / "signed.jpg"
            plain.write_bytes(picture(side))
            signed.write_bytes(signer.sign(plain.read_bytes(), "image/jpeg"))
            if judge(str(signed), "image/jpeg", store).tier != "organisation":
                raise SystemExit("the run is not what it should be")
            found = probe(str(plain))
            steps = {
                "sha256": lambda path=str(signed): sha256_file(path),
                "judge": lambda path=str(signed): judge(path, "image/jpeg", store),
                "look": lambda path=str(plain), found=found: credentials_of(path, found, store),
            }
            spent = medians(steps, asked.rounds)
            report[name] = {
                **{k: round(v, 3) for k, v in spent.items()},
                "ratio": round(spent["judge"] / spent["sha256"], 1),
            }
    if asked.json:
        sys.stdout.write(json.dumps({"goal": GOAL, "sizes": report}) + "\n")
        return
    for name, row in report.items():
        words = "  ".join(f"{step} {row[step]:8.3f} ms" for step in ("sha256", "judge", "look"))
        sys.stdout.write(f"{name:>7}  {words}  judge/sha256 {row['ratio']:5.1f}\n")


if __name__ == "__main__":
    main()
