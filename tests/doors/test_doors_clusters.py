"""Clusters through both doors: what the command line prints, the API answers."""

import pytest
from PIL import Image

from tests.support import pictures
from tests.support.libraries import copy_of, dam
from tests.support.serving import serving


@pytest.fixture(scope="module")
def studio(template_library, tmp_path_factory):
    scratch = tmp_path_factory.mktemp("doors-clusters")
    library, drive = copy_of(template_library, scratch / "library"), scratch / "drive"
    drive.mkdir()
    for seed in (1, 2):
        picture = Image.fromarray(pictures.painted(seed, 480, 360))
        picture.save(drive / f"p{seed}.png")
        for quality in (90, 60):
            picture.save(drive / f"p{seed} q{quality}.jpg", quality=quality)
    assert dam(library, "scan", str(drive), "--json").code == 0
    with serving(library, scratch, "serve") as served:
        yield library, served


def test_lists_and_clusters_are_the_same(studio):
    library, served = studio
    printed = dam(library, "cluster", "list", "--json").lines
    assert printed == served.get("/api/v1/clusters")
    assert [one["size"] for one in printed] == [3, 3]
    for one in printed:
        name = one["representative_id"]
        assert dam(library, "cluster", "show", name, "--json").json == served.get(f"/api/v1/assets/{name}/cluster")
    assert dam(library, "cluster", "list", "--least", "4").code == 1
    assert served.get("/api/v1/clusters?least=4") == []


def test_a_plan_is_the_same_and_stacking_shows_through_the_other_door(studio):
    library, served = studio
    name = served.get("/api/v1/clusters")[0]["representative_id"]
    plan = dam(library, "cluster", "resolve", name, "--dry-run", "--json").json
    _, answered = served.post(f"/api/v1/assets/{name}/stack", {"dry_run": True})
    assert plan == answered
    status, made = served.post(f"/api/v1/assets/{name}/stack", {})
    assert (status, made["stacked"]) == (200, plan["stacked"])
    assert dam(library, "cluster", "show", name, "--json").json["behind"] == sorted(plan["stacked"])
    assert dam(library, "cluster", "unstack", name, "--json").json == {"asset_id": name, "unstacked": 2}
    assert served.get(f"/api/v1/assets/{name}/cluster")["behind"] == []


@pytest.mark.parametrize(
    "words", [["show", "nobody"], ["unstack", "p1.png"], ["resolve", "p1.png", "--decisions", "all"]]
)
def test_what_makes_no_sense_gets_words_and_a_code(studio, words):
    library, _ = studio
    done = dam(library, "cluster", *words)
    assert done.code in (1, 2, 3)
    assert "Traceback" not in done.err
