"""What is read from ComfyUI's own workflow templates: the table in docs/formats.md.

The templates come with the PyPI package `comfyui-workflow-templates-json`; they are editor graphs without an API graph
beside them, which is the hard case. python -m tests.docs.templates writes the table again and prints how long it took.
"""

import json
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from dam.media.probe import from_bytes
from dam.metadata.readers.comfyui import PLUGIN
from dam.model import Generation

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats.md"
BEGIN, END = "<!-- generated: python -m tests.docs.templates -->", "<!-- end of the templates -->"
PACKAGE = "comfyui_workflow_templates_json"


@dataclass(frozen=True)
class Read:
    """One template with what was read of it; `hosted` is what the package's own index says."""

    name: str
    group: str
    hosted: bool
    made: Generation
    seconds: float

    @property
    def services(self) -> list[str]:
        return [str(stage.tool) for stage in self.made.stages if stage.tool != "ComfyUI"]

    @property
    def samples(self) -> bool:
        return any(stage.tool == "ComfyUI" for stage in self.made.stages)


def read_all() -> list[Read]:
    """Every template, read the way a workflow file is read: from its bytes."""
    return [_read(name, group, hosted, data) for name, group, hosted, data in templates()]


def templates() -> Iterator[tuple[str, str, bool, bytes]]:
    folder = resources.files(PACKAGE) / "templates"
    for group in json.loads((folder / "index.json").read_bytes()):
        for each in group["templates"]:
            hosted = each.get("openSource") is False
            yield each["name"], group["title"], hosted, (folder / f"{each['name']}.json").read_bytes()


def _read(name: str, group: str, hosted: bool, data: bytes) -> Read:
    begun = time.perf_counter()
    (claim,) = PLUGIN.read(from_bytes(data, f"{name}.json"))
    seconds = time.perf_counter() - begun
    assert claim.generation is not None
    return Read(name, group, hosted, claim.generation, seconds)


def table(found: Sequence[Read]) -> str:
    """The lines between the marks."""
    heads = ("templates of", "number", "sampler passes", "hosted service", "neither", "prompt", "model")
    groups = dict.fromkeys(each.group for each in found)
    rows = [_row(group, [each for each in found if each.group == group]) for group in groups]
    lines = [heads, ("---",) * len(heads), *rows, _row("all", found)]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _row(name: str, found: Sequence[Read]) -> tuple[object, ...]:
    return (
        name,
        len(found),
        sum(each.samples for each in found),
        sum(bool(each.services) for each in found),
        sum(not each.made.stages for each in found),
        sum(bool(each.made.prompt) for each in found),
        sum(bool(each.made.model) for each in found),
    )


def page(found: Sequence[Read]) -> str:
    """docs/formats.md with the table of today."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    return f"{before}{BEGIN}\n\n{table(found)}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    everything = read_all()
    PAGE.write_text(page(everything))
    times = sorted(1000 * each.seconds for each in everything)
    print(table(everything))
    print(
        f"median {statistics.median(times):.1f} ms, p95 {times[len(times) * 95 // 100]:.1f} ms, most {times[-1]:.1f} ms"
    )
