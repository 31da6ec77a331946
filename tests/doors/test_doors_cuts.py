"""The gate of a cut and the comparison of two, with real timelines, through both doors."""

import json

import pytest

from tests.support import pictures
from tests.support.libraries import copy_of, dam
from tests.support.serving import serving
from tests.support.timelines import otio_clip

SHOTS = ("sh010.png", "sh020.png", "sh030.png", "sh040.png")


def otio(name, *shots):
    """A timeline of one second of each shot, as OpenTimelineIO writes it."""
    clips = [otio_clip(shot, f"file:///Volumes/edit/shots/{shot}") for shot in shots]
    track = {"OTIO_SCHEMA": "Track.1", "name": "V1", "kind": "Video", "children": clips, "metadata": {}}
    stack = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [track], "metadata": {}}
    return json.dumps({"OTIO_SCHEMA": "Timeline.1", "name": name, "tracks": stack, "metadata": {}})


@pytest.fixture(scope="module")
def studio(template_library, tmp_path_factory):
    """Three shots from three tools, the third made out of the second; v12 and v13 of a cut, which also uses a lost one."""
    scratch = tmp_path_factory.mktemp("doors-cuts")
    library, drive = copy_of(template_library, scratch / "library"), scratch / "drive"
    pictures.put(drive, "shots/sh010.png", pictures.png(pictures.painted(1)))
    pictures.put(
        drive, "shots/sh020.png", pictures.png(pictures.painted(2), {"parameters": pictures.a1111("mara", seed=4)})
    )
    pictures.put(drive, "shots/sh030.png", pictures.comfy_png(3, "sh020.png"))
    pictures.put(drive, "cut_v12.otio", otio("cut v12", "sh010.png", "sh020.png").encode())
    pictures.put(drive, "cut_v13.otio", otio("cut v13", "sh010.png", "sh030.png", "sh040.png").encode())
    assert dam(library, "scan", str(drive), "--json").code == 0
    assert dam(library, "review", "approve", "sh010.png").code == 0
    with serving(library, scratch, "serve") as served:
        yield library, served


def test_both_doors_list_the_same_cuts(studio):
    library, served = studio
    printed = dam(library, "cut", "list", "--json").lines
    assert printed == served.get("/api/v1/cuts")
    assert {(one["title"], one["clips"]) for one in printed} == {("cut_v12.otio", 2), ("cut_v13.otio", 3)}


def cut_id(served, title):
    return next(one["asset_id"] for one in served.get("/api/v1/cuts") if one["title"] == title)


def test_the_gate_says_for_every_clip_what_is_wrong_and_exits_with_1(studio):
    library, served = studio
    words = ["--require", "approved,online", "--forbid", "ai", "--forbid", "tool:auto*"]
    done = dam(library, "cut", "check", "cut_v13.otio", *words, "--json")
    name = cut_id(served, "cut_v13.otio")
    assert done.json == served.get(f"/api/v1/cuts/{name}/check?require=approved,online&forbid=ai&forbid=tool:auto*")
    assert (done.code, done.json["passed"], done.json["clips"], done.json["known"]) == (1, False, 3, 2)
    broken = {(one["clip"], one["rule"]) for one in done.json["broken"]}
    assert ("sh040.png", "known") in broken
    assert {("sh030.png", "require approved"), ("sh030.png", "forbid ai")} <= broken
    assert not [one for one in done.json["broken"] if one["clip"] == "sh010.png"]
    told = [one["reason"] for one in done.json["broken"] if one["rule"] == "forbid tool:auto*"]
    assert told == ["sh020.png was made with tool AUTOMATIC1111."]  # what sh030 was made from


def test_a_cut_that_holds_exits_with_0(studio):
    library, _ = studio
    done = dam(library, "cut", "check", "cut_v12.otio", "--require", "online")
    assert done.code == 0, done.err
    assert "2 of 2 clips" in done.err


def test_what_changed_is_said_with_decision_and_origin(studio):
    library, served = studio
    done = dam(library, "cut", "diff", "cut_v12.otio", "cut_v13.otio", "--json")
    name, other = cut_id(served, "cut_v12.otio"), cut_id(served, "cut_v13.otio")
    assert done.json == served.get(f"/api/v1/cuts/{name}/diff?to={other}")
    assert done.code == 1
    assert [one["what"] for one in done.json["changes"]] == ["replaced", "added"]
    replaced, added = done.json["changes"]
    assert (replaced["before"]["title"], replaced["after"]["title"]) == ("sh020.png", "sh030.png")
    assert (replaced["after"]["status"], replaced["after"]["ai_generated"]) == ("unreviewed", True)
    assert (added["after"]["clip"], added["after"]["asset_id"]) == ("sh040.png", None)
    assert dam(library, "cut", "diff", "cut_v12.otio", "cut_v12.otio").code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["check", "cut_v12.otio", "--require", "licensed"], 2),
        (["check", "cut_v12.otio", "--max-age", "soon"], 2),
        (["check", "sh010.png"], 2),
        (["diff", "cut_v12.otio", "nobody"], 1),
    ],
)
def test_what_makes_no_sense_gets_words(studio, words, code):
    library, _ = studio
    done = dam(library, "cut", *words)
    assert done.code == code, done.err
    assert "Traceback" not in done.err
