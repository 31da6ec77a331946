"""`dam verify --rubric` and the API's `rubric=true`: the table, the JSON and the exit status."""

import io

import pytest
from PIL import Image

from dam.provenance.rubric import evaluate
from tests.support import pictures
from tests.support.libraries import dam
from tests.support.serving import serving


@pytest.fixture
def delivered(library, tmp_path):
    """(library, the protected copy of an AI picture)."""
    drive = tmp_path / "drive"
    pictures.put(drive, "shot.png", pictures.a1111_png(6, "a pier at dusk", width=512, height=384))
    assert dam(library, "scan", str(drive)).code == 0
    assert dam(library, "export", "shot.png", "--to", str(tmp_path / "out")).code == 0
    return library, tmp_path / "out" / "shot.protected.png"


def test_our_protected_copy_passes_and_both_doors_say_the_same(delivered, tmp_path):
    library, copy = delivered
    answer = dam(library, "verify", str(copy), "--rubric", "--json")
    found = answer.json["rubric"]
    assert (answer.code, found["passed"], found["met"], found["total"]) == (0, True, 31, 31)
    assert [one["passed"] for one in found["integrity"]] == [True] * 6
    assert found["signals"][-1]["signals"] == ["inception:signal_fullyGenAIMedia"]
    with serving(library, tmp_path, "serve") as served:
        body = copy.read_bytes()
        _, answered = served.ask(f"/api/v1/verify?name={copy.name}&rubric=true", data=body, method="POST")
        assert answered["rubric"] == found
        _, unasked = served.ask(f"/api/v1/verify?name={copy.name}", data=body, method="POST")
        assert unasked["rubric"] is None
    assert dam(library, "verify", str(copy), "--json").json["rubric"] is None


def test_the_table_names_every_rule_and_the_signals(delivered):
    library, copy = delivered
    answer = dam(library, "verify", str(copy), "--rubric")
    assert "PASSED  C2PA Asset Conformance 0.2 Spec 2.4: 31/31 rules" in answer.out
    assert "integrity: 6/6 rules" in answer.out
    assert "inception:signal_fullyGenAIMedia" in answer.out
    for rule in evaluate({}).rules:
        assert f"  ok  {rule.id.removeprefix('validation:')}\n" in answer.out


def test_a_file_without_credential_has_no_report_and_says_so(library, tmp_path):
    path = tmp_path / "plain.png"
    with io.BytesIO() as out:
        Image.new("RGB", (32, 32)).save(out, "PNG")
        path.write_bytes(out.getvalue())
    answer = dam(library, "verify", str(path), "--rubric", "--json")
    assert (answer.code, answer.json["rubric"]) == (1, None)
    assert "The rubric was not applied: there is no credential that can be read." in answer.json["reasons"]
