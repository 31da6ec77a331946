"""Hostile files through the whole metadata pass, in worker processes that a parent watches: a hang or a death is a finding.

`run(count, workers, folder)` answers with a Report. A worker is `python -m tests.support.hostile FIRST END STEP CORPUS PLACE`;
it writes one JSON line a finding, and names the number in hand so that its parent knows where it died.
"""

import dataclasses
import faulthandler
import json
import os
import pickle
import resource
import subprocess
import sys
import time
from pathlib import Path

from tests.support import corpus, mutator

MAX_S = 2.0
MAX_GROWTH = 512 << 20
_HANG_S = 30
_WARM = {"a1111.png", "comment.mp4", "signed.png"}
_ROOT = Path(__file__).resolve().parents[2]
# Our own failures, kept from the user by an edge that answers instead: each one hides a bug.
_HIDDEN = ("reader.failed", "file.damaged")


@dataclasses.dataclass
class Report:
    """`findings`: (kind, number, what). `seen`: how often each mime type and each reader came up."""

    findings: list
    seen: dict
    files: int = 0
    slowest_s: float = 0.0
    largest_growth: int = 0


def run(count, workers, folder, *, first=0, with_shared=False):
    """Put `count` mutated files, from number `first` on, through `inspect_file` in `workers` processes."""
    folder = Path(folder)
    files = corpus.honest(folder / "keys") | (corpus.shared_files() if with_shared else {})
    return _run(files, (first, first + count), workers, folder)


def look_at(files, folder, workers=1):
    """The same with files as they are. `files`: name -> bytes."""
    warm = {name: data for name, data in corpus.honest().items() if name in _WARM}
    return _run({**warm, **files}, (-len(files), 0), workers, Path(folder))


def _run(files, numbers, workers, folder):
    kept = folder / "corpus.pickle"
    kept.write_bytes(pickle.dumps(files))
    first, end = numbers
    report = Report([], {})
    started = [_start((first + n, end, workers), kept, folder / f"worker{n}") for n in range(workers)]
    for process, place in started:
        _, words = process.communicate()
        _collect(report, process.returncode, words.decode("utf-8", "replace"), place)
    return report


def _start(numbers, kept, place):
    place.mkdir()
    words = [sys.executable, "-m", "tests.support.hostile", *(str(n) for n in numbers), str(kept), str(place)]
    path = os.pathsep.join(str(p) for p in (_ROOT, *(_ROOT / n for n in ("cli", "api", "schemas", "migrations"))))
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.Popen(words, cwd=_ROOT, stderr=subprocess.PIPE, env=environment), place


def _collect(report, code, words, place):
    for line in (place / "found.jsonl").read_text().splitlines():
        kind, number, what = json.loads(line)
        if kind == "end":
            report.files += what["files"]
            report.slowest_s = max(report.slowest_s, what["slowest_s"])
            report.largest_growth = max(report.largest_growth, what["largest_growth"])
            for name, times in what["seen"].items():
                report.seen[name] = report.seen.get(name, 0) + times
        else:
            report.findings.append((kind, number, what))
    if code != 0:
        report.findings.append(("died", int((place / "in_hand").read_text() or -1), f"exit {code}\n{words[-3000:]}"))


class _Worker:
    def __init__(self, files, place):
        self._files = files
        self._place = Path(place)
        self._found = (self._place / "found.jsonl").open("w")
        self.seen = {}
        self.slowest_s = 0.0
        self.largest_growth = 0

    def say(self, kind, number, what):
        self._found.write(json.dumps([kind, number, what]) + "\n")
        self._found.flush()

    def one(self, number):
        # Below zero: the file at that place of the list, as it is.
        name, data = mutator.mutated(number, self._files) if number >= 0 else list(self._files.items())[number]
        path = self._place / name
        path.write_bytes(data)
        (self._place / "in_hand").write_text(str(number))
        faulthandler.dump_traceback_later(_HANG_S, exit=True)
        try:
            self._measured(number, str(path))
        finally:
            faulthandler.cancel_dump_traceback_later()
            path.unlink()

    def _measured(self, number, path):
        from dam.ingest.inspection import inspect_file

        before = _reset_peak()
        begun = time.process_time()
        try:
            found = inspect_file(path, None)
        except BaseException as error:
            self.say("raised", number, f"{path}: {type(error).__name__}: {error}"[:2000])
            return
        spent_s = time.process_time() - begun
        growth = _peak() - before
        if spent_s > MAX_S:
            spent_s = min(spent_s, *(_again(path) for _ in range(2)))  # a busy machine is no finding
        self.slowest_s, self.largest_growth = max(self.slowest_s, spent_s), max(self.largest_growth, growth)
        if spent_s > MAX_S:
            self.say("slow", number, f"{path}: {spent_s:.1f} s")
        if growth > MAX_GROWTH:
            self.say("memory", number, f"{path}: {growth >> 20} MiB")
        self._judge(number, found, path)

    def _judge(self, number, found, path):
        for problem in found.problems:
            if problem.code in _HIDDEN:
                self.say("hidden", number, f"{path}: {problem.code}: {problem.message}"[:2000])
        wrong = not_storable(found)
        if wrong:
            self.say("not storable", number, f"{path}: {wrong}")
        for name in (found.media.mime if found.media else "unread", *{c.reader for c in found.claims}):
            self.seen[name] = self.seen.get(name, 0) + 1


def _again(path):
    from dam.ingest.inspection import inspect_file

    begun = time.process_time()
    inspect_file(path, None)
    return time.process_time() - begun


def not_storable(found):
    """Why an inspection would not fit into JSON or a database, or None."""
    whole = dataclasses.asdict(dataclasses.replace(found, claims=(), path=""))
    whole["claims"] = [{**dataclasses.asdict(claim), "raw": len(claim.raw)} for claim in found.claims]
    try:
        text = json.dumps(whole, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        return f"{type(error).__name__}: {error}"[:300]
    if "\\u0000" in text.replace("\\\\", ""):
        return "a NUL"
    counts = [found.media.width_px, found.media.height_px, found.media.frame_count] if found.media else []
    for stage in (found.generation, *found.generation.stages) if found.generation else ():
        counts += [stage.steps, stage.width, stage.height]
    large = [n for n in counts if n is not None and not -(2**63) <= n < 2**63]
    return f"a number beyond 64 bits: {large[0]}" if large else None


def _reset_peak():
    """Bytes resident now; from here on `_peak` counts anew."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _peak():
    return _status("VmHWM")


def _status(name):
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith(name))
    return int(line.split()[1]) << 10


def main(first, end, step, kept, place):
    from dam.ingest.inspection import inspect_file

    files = pickle.loads(Path(kept).read_bytes())
    worker = _Worker(files, place)
    for name in _WARM & files.keys():  # libraries load at their first file
        path = Path(place) / name
        path.write_bytes(files[name])
        inspect_file(str(path), None)
        path.unlink()
    limit = _status("VmSize") + (2 << 30)  # a safety net for the machine, far above what is asked
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    done = 0
    for number in range(int(first), int(end), int(step)):
        worker.one(number)
        done += 1
    seen = {"files": done, "slowest_s": worker.slowest_s, "largest_growth": worker.largest_growth, "seen": worker.seen}
    worker.say("end", -1, seen)


if __name__ == "__main__":
    main(*sys.argv[1:])
