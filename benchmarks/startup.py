"""What the commands that people type all day cost to start, against the bare interpreter, in one run.

CPU time of the whole process, least of several runs, alternating. `search` asks a library of a few assets, so this is the
start and not the search.

usage: python benchmarks/startup.py [--runs N] [--json]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

GOALS = {"dam --help": 10.0, "dam search": 30.0}


def cpu_ms(command: list[str], env: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def make_library(folder: Path, env: dict[str, str]) -> None:
    from PIL import Image

    from dam.service.demo.pictures import PAINTERS

    (folder / "drive").mkdir()
    for n, name in enumerate(sorted(PAINTERS)[:3]):
        Image.fromarray(PAINTERS[name](7, 512, 384)).save(folder / "drive" / f"harbour_{n}.png")
    command = [sys.executable, "-m", "dam_cli", "scan", str(folder / "drive")]
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headwater-bench-") as scratch:
        env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE" and not k.startswith("DAM_")}
        env |= {"DAM_LIBRARY": f"{scratch}/library", "DAM_SETTLE_S": "0"}
        make_library(Path(scratch), env)
        dam = str(Path(sys.executable).with_name("dam"))
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "dam --help": [dam, "--help"],
            "dam search": [dam, "search", "harbour"],
        }
        found: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(options.runs):
            for name, command in commands.items():
                found[name].append(cpu_ms(command, env))
    least = {name: min(values) for name, values in found.items()}
    base = least["python -c pass"]
    if options.json:
        print(json.dumps({"ms": least, "ratios": {name: value / base for name, value in least.items()}}))
        return
    for name, value in least.items():
        goal = GOALS.get(name)
        said = "" if goal is None else f"   goal <= {goal:.0f}: {'met' if value / base <= goal else 'MISSED'}"
        print(f"  {name:<16} {value:7.1f} ms   x {value / base:5.1f}{said}")


if __name__ == "__main__":
    main()
