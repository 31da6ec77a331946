"""A full pass over a tree in which nothing changed, against a bare os.scandir + stat walk of the same tree.

    python benchmarks/scanning.py [--files 1000000] [--folders 20000] [--rounds 5]

The tree is made once (empty files cost no disk) and entered in the catalogue as known. Both walks run by turns in one
process; peak memory of a pass is measured in a process of its own. Goal: pass / walk <= 1.5, and 300 MiB.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dam.catalogue import records
from dam.catalogue.reading import open_reader
from dam.catalogue.unit import Catalogue, Unit
from dam.service.library import create_library, new_id, utc_now
from dam.settings import Settings
from dam.watch.scanner import Pass, ScanRules, scan_root

import dam_migrations  # isort: skip


def make(folder: Path, files: int, folders: int) -> None:
    """`files` files of one byte in `folders` folders, two levels deep."""
    each = files // folders
    for n in range(folders):
        here = folder / f"{n // 100:04d}" / f"{n % 100:02d}"
        here.mkdir(parents=True)
        for i in range(each):
            with open(here / f"render_{i:05d}.png", "wb") as stream:
                stream.write(b"x")


def bare(folder: str) -> int:
    """The least that any scanner must do."""
    count, waiting = 0, [folder]
    while waiting:
        with os.scandir(waiting.pop()) as found:
            for item in found:
                if item.is_dir(follow_symlinks=False):
                    waiting.append(item.path)
                else:
                    item.stat(follow_symlinks=False)
                    count += 1
    return count


def know(unit: Unit, root_id: str) -> None:
    """Make what waits into locations of one asset, as if it had been read."""
    asset = unit.new_id()
    unit.db.exec_driver_sql(
        "INSERT INTO asset (id, sha256, size_bytes, kind, mime, title, created_at, admitted_at, review_status,"
        " credential_state, decoded, protected) VALUES (?, ?, 1, 'other', 'text/plain', 'x', '', '', 'unreviewed', 'none', 0, 0)",
        (asset, "0" * 64),
    )
    unit.db.exec_driver_sql(
        "INSERT INTO location (id, asset_id, root_id, path, name_key, size_bytes, mtime_ns, inode, first_seen_at,"
        " last_seen_at, availability) SELECT id, ?, root_id, path, '', size_bytes, mtime_ns, inode, '', '', 'online'"
        " FROM intake WHERE root_id = ?",
        (asset, root_id),
    )
    unit.db.exec_driver_sql("DELETE FROM intake")


def one_pass(settings: Settings, *, quick: bool = False) -> Pass:
    catalogue = Catalogue(settings, clock=utc_now, new_id=new_id)
    try:
        with open_reader(catalogue.path) as reader:
            rules = ScanRules(time.time() + 10 * 86_400 * quick, 0.0, 0.5, quick=quick, budget_s=1e9)
            return scan_root(catalogue, reader, reader.roots()[0], rules)
    finally:
        catalogue.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--folders", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only-pass", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only_pass:
        found = one_pass(Settings(library=asked.only_pass))
        print(found.seen, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return
    with tempfile.TemporaryDirectory() as scratch:
        drive, settings = Path(scratch) / "drive", Settings(library=Path(scratch) / "library")
        make(drive, asked.files, asked.folders)
        settings.library.mkdir()
        dam_migrations.upgrade(settings.catalogue_path)
        create_library(settings)
        catalogue = Catalogue(settings, clock=utc_now, new_id=new_id)
        with catalogue.change() as unit:
            root_id = records.add_root(unit, name="drive", path=str(drive), protect=None).id
        begun = time.perf_counter()
        one_pass(settings)
        print(f"first pass, everything new: {time.perf_counter() - begun:.1f} s")
        with catalogue.change() as unit:
            know(unit, root_id)
        catalogue.close()
        begun = time.perf_counter()
        one_pass(settings)
        print(f"second pass, compared file by file: {time.perf_counter() - begun:.1f} s")
        times: dict[str, list[float]] = {"bare walk": [], "full pass": [], "quick pass": []}
        for _ in range(asked.rounds):
            for name, run in (
                ("bare walk", lambda: bare(str(drive))),
                ("full pass", lambda: one_pass(settings).unchanged),
                ("quick pass", lambda: one_pass(settings, quick=True).arrivals),
            ):
                begun = time.perf_counter()
                count = run()
                times[name].append(time.perf_counter() - begun)
                assert count == (0 if name == "quick pass" else asked.files // asked.folders * asked.folders), name
        for name, all_of in times.items():
            print(f"{name}: median {statistics.median(all_of):.2f} s of {[round(t, 2) for t in all_of]}")
        ratios = [a / b for a, b in zip(times["full pass"], times["bare walk"], strict=True)]
        print(f"pass / walk: median {statistics.median(ratios):.2f} of {[round(r, 2) for r in ratios]} (goal <= 1.5)")
        (drive / "moved").mkdir()
        moved = sorted(p for p in drive.iterdir() if p.name != "moved")[: max(1, asked.folders // 2_000)]
        for folder in moved:
            os.rename(folder, drive / "moved" / folder.name)
        begun = time.perf_counter()
        found = one_pass(settings)
        seconds = time.perf_counter() - begun
        assert (found.relinked, found.arrivals, found.missing) == (
            len(moved) * 100 * (asked.files // asked.folders),
            0,
            0,
        )
        print(f"pass after folders with {found.relinked} files were renamed, none read: {seconds:.1f} s")
        words = [sys.executable, __file__, "--only-pass", str(settings.library)]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
        print(f"peak memory of a pass over {said[0]} files: {said[1]} MiB (goal <= 300)")


if __name__ == "__main__":
    main()
