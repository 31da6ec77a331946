"""Ten minutes of what people, programs and drives do to three roots, while a real service watches them and is killed.

    python benchmarks/chaos.py [--minutes 10] [--seed 1] [--rate 12]

Files are made, written slowly, saved over, renamed, swapped, deleted; folders are renamed, drives unmounted, exchanged
for others, changed elsewhere and mounted again; the service is killed with SIGKILL and started; people decide over HTTP.
Beside it a model that never asks the service keeps what should be true (tests/support/chaos.py). Now and then everything
rests, and the catalogue must come to equal the model by watching alone. Ends with status 1 at the first difference.
"""

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.support import chaos, ledger

NAMES = ("alpha", "beta", "gamma")
REST_S = 120.0  # in which a resting world must be known


class Service:
    """`dam up` as a process that can be killed at any time."""

    def __init__(self, library: Path, drives: list[Path]) -> None:
        self.library, self._drives, self._log = library, drives, library.with_suffix(".log")
        self.environment = os.environ | {
            "DAM_LIBRARY": str(library), "DAM_SETTLE_S": "1", "DAM_RECONCILE_S": "10", "DAM_PROTECT": "none",
        }  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None
        self.kills = 0
        self.longest_stop_s = 0.0

    def start(self) -> None:
        with self._log.open("wb") as said:
            words = [sys.executable, "-m", "dam_cli", "up", *map(str, self._drives), "--port", "0"]
            self.process = subprocess.Popen(words, env=self.environment, stdout=said, stderr=said)
        while not (found := re.search(r"http://[\d.:]+", self._log.read_text())):
            assert self.process.poll() is None, self._log.read_text()
            time.sleep(0.1)
        self.url = found[0]

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.kills += 1

    def stop(self) -> None:
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(30) == 0, self._log.read_text()
        self.longest_stop_s = max(self.longest_stop_s, time.monotonic() - begun)

    def decide(self, asset_id: str, verdict: str, reason: str) -> bool:
        """Whether the service said that it took the decision down."""
        body = json.dumps({"verdict": verdict, "reason": reason, "person": "ana"}).encode()
        ask = urllib.request.Request(
            f"{self.url}/api/v1/assets/{asset_id}/decisions", data=body, headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(ask, timeout=30) as answer:
                return bool(answer.status == 201)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def dam(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "dam_cli", *words], env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 1), done.stderr
        return done.stdout


class Run:
    def __init__(self, folder: Path, asked: argparse.Namespace) -> None:
        self.dice = random.Random(asked.seed)
        self.world = chaos.World(folder / "drives", NAMES, self.dice.choice)
        self.service = Service(folder / "library", [root.path for root in self.world.roots])
        self.kept: dict[str, set[str]] = {}
        self.rests: list[float] = []
        self.asked = asked

    def begin(self) -> None:
        for _ in range(240):
            self.world.act(("create",))
        self.service.start()
        self.rest()
        for name in NAMES:
            self.service.dam("root", "set", name, "--marker")

    def go(self) -> None:
        end = time.monotonic() + 60 * self.asked.minutes
        rest_at = time.monotonic() + 45
        kinds = (*chaos.FILES * 3, *chaos.SHAPES * 3, "slow_write", "slow_write", *chaos.DRIVES)
        while time.monotonic() < end:
            begun = time.monotonic()
            if self.dice.random() < 0.15:
                self.decide()
            elif self.dice.random() < 0.004:
                self.service.kill()
                time.sleep(self.dice.uniform(0, 2))
                self.service.start()
            elif self.dice.random() < 0.002:
                self.service.stop()
                self.service.start()
            else:
                few = sum(len(r.files) for r in self.world.roots) < 150
                self.world.act(("create", "copy") if few else kinds)
            if time.monotonic() >= rest_at:
                self.rest()
                rest_at = time.monotonic() + 45
            time.sleep(max(0.0, self.dice.expovariate(self.asked.rate) - (time.monotonic() - begun)))

    def decide(self) -> None:
        rows = ledger.rows(self.service.library, "SELECT id, sha256 FROM asset ORDER BY sha256")
        chosen = self.dice.choice(rows)
        reason = f"decision {self.world.done['decide']}"
        self.world.done["decide"] += 1
        if self.service.decide(chosen["id"], self.dice.choice(("approve", "reject")), reason):
            self.world.decisions.setdefault(chosen["sha256"], []).append(reason)
        else:
            self.world.maybe[reason] += 1

    def rest(self) -> None:
        """Nothing happens: drives that are away stay away; the watch alone must find what is true."""
        begun = time.monotonic()
        while self.world.busy:
            time.sleep(0.1)
        while (found := chaos.differences(self.world, self.service.library)) and time.monotonic() - begun < REST_S:
            time.sleep(0.5)
        self.rests.append(time.monotonic() - begun)
        self.check(found)
        here = sum(not r.away for r in self.world.roots)
        acts = sum(self.world.done.values())
        print(
            f"{acts:6} acts, {self.service.kills} kills, {here} drives here: equal after {self.rests[-1]:.1f} s",
            flush=True,
        )

    def check(self, found: list[str]) -> None:
        for what, sql in chaos.KEPT.items():
            now = {r["k"] for r in ledger.rows(self.service.library, sql)}
            found += [f"{what}: {gone} is gone" for gone in sorted(self.kept.get(what, set()) - now)]
            self.kept[what] = now
        if found:
            print("\n".join(found[:40]))
            raise SystemExit(1)

    def end(self) -> None:
        self.world.settle()
        self.rest()
        self.service.stop()
        summary = json.loads(self.service.dam("scan", "--json"))
        found = chaos.differences(self.world, self.service.library)
        found += [f"quarantined: {q}" for q in summary["quarantined"]]
        found += [f"the pass at the end found {k}" for k in ("admitted", "missing", "moved") if summary[k]]
        checks = json.loads(self.service.dam("doctor", "--json"))["checks"]
        found += [f"doctor: {c['message']}" for c in checks if c["status"] == "fail"]
        found += ["ledger"] * (not json.loads(self.service.dam("audit", "verify", "--json"))["ok"])
        self.check(found)
        print(f"{dict(sorted(self.world.done.items()))}")
        print(
            f"equal: {sum(len(r.files) for r in self.world.roots)} files, {len(self.kept['assets'])} assets,"
            f" {len(self.kept['decisions'])} decisions, {len(self.kept['edges'])} edges,"
            f" {len(self.kept['ledger'])} ledger entries; {self.service.kills} kills;"
            f" longest wait for the watch {max(self.rests):.1f} s, longest stop {self.service.longest_stop_s:.1f} s"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=12, help="acts a second")
    folder = Path(tempfile.mkdtemp())
    run = Run(folder, parser.parse_args())
    try:
        run.begin()
        run.go()
        run.end()
    finally:
        with contextlib.suppress(ProcessLookupError):
            if run.service.process is not None:
                run.service.process.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
