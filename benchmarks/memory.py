"""How much memory the stages of one picture need at their peak, in bytes a pixel: each in a process of its own.

    python benchmarks/memory.py [--side 8000]

The numbers bound dam.ingest.memory.BYTES_PER_PIXEL.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

FORMATS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "tif": "TIFF"}


def peak(protect: str, drive: Path) -> int:
    """Peak resident bytes of a scan of `drive` into a new library."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, __file__, "--scan", str(drive), folder, protect]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1])


def scan(drive: str, folder: str, protect: str) -> None:
    from dam.service.library import create_library, open_service
    from dam.settings import Settings

    import dam_migrations  # isort: skip

    settings = Settings(library=Path(folder) / "library", settle_s=0, workers=1, protect=protect)
    settings.library.mkdir()
    dam_migrations.upgrade(settings.catalogue_path)
    create_library(settings)
    with open_service(settings) as service:
        service.roots.add(drive, name="drive")
        summary = service.passes.scan()
    assert not summary.quarantined, summary.quarantined
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=8000)
    parser.add_argument("--scan", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.scan:
        scan(*options.scan)
        return
    dice = np.random.default_rng(7)
    print(f"{options.side} x {options.side} pixels; bytes a pixel above what a picture of 64 x 64 needs")
    for suffix, name in FORMATS.items():
        with tempfile.TemporaryDirectory() as folder:
            large, small = Path(folder) / "large", Path(folder) / "small"
            for side, where in ((options.side, large), (64, small)):
                where.mkdir()
                coarse = dice.integers(0, 256, (side // 8, side // 8, 3), dtype=np.uint8)
                Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC).save(where / f"a.{suffix}", name)
            row = [(peak(p, large) - peak(p, small)) / options.side**2 for p in ("none", "all")]
        print(f"{name:5} pixels {row[0]:5.1f}   with protect {row[1]:5.1f}")


if __name__ == "__main__":
    main()
