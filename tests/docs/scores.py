"""The table of docs/formats.md that says how many fields of real files are read right: tool x carrier x fields.

python -m tests.docs.scores writes it again. It needs the folder of real files beside the checkout; the files are not ours
to publish, the numbers are.
"""

import csv
import importlib.util
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.support.shared import AI_METADATA, TOOLS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats.md"
BEGIN, END = "<!-- generated: python -m tests.docs.scores -->", "<!-- end of what is generated -->"
# Which part of a carrier's name tells a place in a file apart from another kind of place.
_PLACE = re.compile(r"^(png|exif|xmp|jpeg|gif|svg|glb|container|stream|sidecar|c2pa|stealth|zip)\w*(?::(\w+))?")
MIN_SHARE = 0.95


@dataclass
class Cell:
    """One row of the table: files of a tool in one kind of carrier."""

    files: int = 0
    right: int = 0
    missed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Scores:
    cells: dict[tuple[str, str], Cell]
    unreadable: int

    @property
    def right(self) -> int:
        return sum(cell.right for cell in self.cells.values())

    @property
    def total(self) -> int:
        return self.right + sum(len(cell.missed) for cell in self.cells.values())


def measure() -> Scores:
    """Inspect every open file in one process and score each answer by the table beside the files."""
    judge = _judge()
    with (AI_METADATA / "MANIFEST.tsv").open() as table:
        rows = [row for row in csv.DictReader(table, delimiter="\t") if (AI_METADATA / row["path"]).exists()]
    cells: dict[tuple[str, str], Cell] = defaultdict(Cell)
    unreadable = 0
    for row, got in zip(rows, _inspected([str(AI_METADATA / row["path"]) for row in rows]), strict=True):
        want = json.loads(row["expected_json"])
        unreadable += not got
        hits, misses = judge.score(want, got)
        cell = cells[_tool(want), _carriers(got)]
        cell.files += 1
        cell.right += len(hits)
        cell.missed += [f"{miss} of {row['path'].rpartition('/')[2]}" for miss in misses]
    return Scores(dict(cells), unreadable)


def _judge() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_metadata", TOOLS / "score_metadata.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _inspected(paths: list[str]) -> Iterator[dict[str, Any]]:
    run = subprocess.run(
        [sys.executable, "-m", "dam_cli", "inspect", "--json", *paths], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in run.stderr, run.stderr[-2000:]
    yield from map(json.loads, run.stdout.splitlines())


def _tool(want: dict[str, Any]) -> str:
    if want.get("kind") == "timeline":
        return "(timeline)"
    return "(not AI)" if want.get("is_ai") is False else want.get("tool") or "(AI, tool unknown)"


def _carriers(got: dict[str, Any]) -> str:
    """The places that spoke, in the words of the carriers table; for a timeline its format."""
    if got.get("timeline"):
        return Path(got["path"]).suffix.lstrip(".")
    spoken = [claim for claim in got.get("claims", []) if claim["reader"] != "unparsed"]
    places = {_place(claim["carrier"]) for claim in spoken}
    return " + ".join(sorted(places)) or "none"


def _place(carrier: str) -> str:
    found = _PLACE.match(carrier)
    if not found:
        return carrier.partition(":")[0]
    kind, inner = found.groups()
    return f"{kind}:{inner}" if kind in ("png", "jpeg", "exif", "stealth", "sidecar") and inner else kind


def section(scores: Scores) -> str:
    """The generated part of the page."""
    files = sum(cell.files for cell in scores.cells.values())
    lines = [
        BEGIN,
        "",
        f"**{scores.right} of {scores.total} fields right ({100 * scores.right / scores.total:.1f} %)** in {files} real",
        f"files, parents and timelines included; {scores.unreadable} files without an answer.",
        "",
        "| tool | carriers that spoke | files | fields right | missed |",
        "|---|---|---|---|---|",
    ]
    for (tool, carriers), cell in sorted(scores.cells.items()):
        total = cell.right + len(cell.missed)
        missed = ", ".join(f"{miss} x{n}" if n > 1 else miss for miss, n in Counter(cell.missed).items()) or "-"
        lines.append(f"| {tool} | `{carriers}` | {cell.files} | {cell.right}/{total} | {missed} |")
    return "\n".join([*lines, "", END])


def main() -> None:
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + section(measure()) + after)


if __name__ == "__main__":
    main()
