"""Commands start quickly because they import little: what --help and search must not load."""

import json
import subprocess
import sys

import pytest

from tests.support import drives, pictures, timelines
from tests.support.libraries import dam, environment

HEAVY = ["sqlmodel", "sqlalchemy", "fastapi", "numpy", "PIL", "c2pa", "cv2", "pyvips", "av", "alembic", "scipy", "rich"]
PROBE = """
import json, sys
from dam_cli.main import run
code = run(sys.argv[2:])
loaded = [name for name in json.loads(sys.argv[1]) if name in sys.modules]
print("LOADED", code, json.dumps(loaded))
"""


def loaded_by(library, *words, heavy=HEAVY):
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(heavy), *words],
        env=environment(library), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    _, code, names = done.stdout.strip().splitlines()[-1].split(" ", 2)
    return int(code), json.loads(names)


@pytest.mark.parametrize("words", [["--help"], ["search", "--help"], ["version"]])
def test_help_loads_no_engine(library, words):
    assert loaded_by(library, *words) == (0, [])


def test_search_show_and_lineage_load_no_orm_and_no_decoder(library, tmp_path):
    drives.fill(tmp_path / "drive", originals=1)
    assert dam(library, "scan", str(tmp_path / "drive")).code == 0
    assert loaded_by(library, "search", "mara") == (0, [])
    assert loaded_by(library, "show", "shots/sc000/hero.000.png") == (0, [])
    assert loaded_by(library, "lineage", "shots/sc000/relit.png") == (0, [])


def test_a_picture_is_inspected_without_anything_for_timelines(library, tmp_path):
    pictures.put(tmp_path, "a.png", pictures.a1111_png(1))
    timeline_parts = ["opentimelineio", "aaf2", "dam.metadata.timeline_read", "dam.metadata.timelines.fcpxml"]
    assert loaded_by(library, "inspect", str(tmp_path / "a.png"), heavy=timeline_parts) == (0, [])
    (tmp_path / "cut.edl").write_text(timelines.edl(timelines.event(1, 0, 24)))
    assert loaded_by(library, "inspect", str(tmp_path / "cut.edl"), heavy=["opentimelineio", "aaf2"]) == (0, [])
