"""Timelines in a library: their clips lead to assets, whichever came first, and every door says so."""

import pytest

from tests.support import ledger, pictures
from tests.support import timelines as made
from tests.support.libraries import dam, opened


def png(seed):
    return pictures.png(pictures.painted(seed, 64, 48))


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    pictures.put(folder, "02_shots/sh010/plate.png", png(1))
    pictures.put(folder, "02_shots/sh020/plate.png", png(2))
    return folder


CUT = made.edl(
    made.event(1, 0, 24, ["* FROM CLIP NAME: plate.png", "* FROM FILE: P:\\show\\02_shots\\sh020\\plate.png"]),
    made.event(2, 24, 24, ["* FROM CLIP NAME: plate.png"]),
    made.event(3, 48, 24, ["* FROM CLIP NAME: late"]),
    made.event(4, 72, 24, reel="BL"),
).encode()


@pytest.fixture
def scan(library, drive):
    def run():
        with opened(library, protect="none") as service:
            if not service.find.roots():
                service.roots.add(str(drive), name="drive")
            assert service.passes.scan().unexplained == 0
            return service.find.detail("cut.edl")

    return run


def matches(detail):
    return [[(m["title"], m["evidence"], m["confidence"]) for m in c["matches"]] for c in detail["timeline"]["clips"]]


def test_clips_lead_to_assets_whichever_came_first(scan, drive):
    pictures.put(drive, "03_edit/cut.edl", CUT)
    found = matches(scan())
    assert found[0] == [("plate.png", "clip_path", 0.95)]
    assert [evidence for _, evidence, _ in found[1]] == ["clip_ambiguous"] * 2
    assert found[2:] == [[], []]
    pictures.put(drive, "01/late.png", png(3))
    assert matches(scan())[2] == [("late.png", "clip_stem", 0.7)]
    pictures.put(drive, "99/late.jpg", pictures.jpeg(pictures.painted(4, 64, 48)))
    assert sorted(matches(scan())[2]) == [("late.jpg", "clip_ambiguous", 0.3), ("late.png", "clip_ambiguous", 0.3)]


def test_a_better_file_that_arrives_takes_the_clip_from_a_worse_one(scan, drive):
    comments = ["* FROM CLIP NAME: take_1", "* FROM FILE: P:\\show\\01\\lost.png"]
    pictures.put(drive, "cut.edl", made.edl(made.event(1, 0, 24, comments)).encode())
    pictures.put(drive, "99/take_1.png", png(3))
    assert matches(scan()) == [[("take_1.png", "clip_stem", 0.7)]]
    pictures.put(drive, "01/lost.png", png(4))
    detail = scan()
    assert matches(detail) == [[("lost.png", "clip_path", 0.95)]]
    assert [e["evidence"] for e in detail["edges"] if e["relation"] == "clip"] == ["clip_path"]


def test_the_ledger_says_which_edges_came_and_went(scan, drive, library):
    pictures.put(drive, "03_edit/cut.edl", CUT)
    pictures.put(drive, "01/late.png", png(3))
    scan()
    pictures.put(drive, "99/late.jpg", pictures.jpeg(pictures.painted(4, 64, 48)))
    scan()
    said = [(row["action"], row["detail"]) for row in ledger.rows(library, "SELECT action, detail FROM audit_entry")]
    assert sum("clip_stem" in detail for action, detail in said if action == "edge.asserted") == 1
    assert sum("clip_stem" in detail for action, detail in said if action == "edge.retracted") == 1


def test_a_timeline_is_kept_whole(scan, drive, library):
    pictures.put(drive, "cut.edl", CUT)
    scan()
    (cut,) = ledger.rows(library, "SELECT * FROM cut")
    assert (cut["name"], cut["rate"], cut["clip_count"], cut["reader"]) == ("CUT_V1", 24.0, 4, "edl")
    clips = ledger.rows(library, "SELECT * FROM cut_clip ORDER BY position")
    assert [(c["position"], c["name"], c["start_s"], c["kind"]) for c in clips] == [
        (0, "plate.png", 0.0, "video"), (1, "plate.png", 1.0, "video"), (2, "late", 2.0, "video"), (3, "BL", 3.0, "generator"),
    ]  # fmt: skip


def test_every_door_shows_what_a_cut_uses(scan, drive, library):
    pictures.put(drive, "cut.edl", CUT)
    scan()
    shown = dam(library, "show", "cut.edl").out
    assert "= plate.png [" in shown
    assert "clip_path (0.95)" in shown
    assert "late  (no asset of ours)" in shown
    assert "made by the editing program" in shown
    assert "[clip · clip_path · 0.95]" in dam(library, "lineage", "02_shots/sh020/plate.png").out
    assert "plate.png" in dam(library, "lineage", "cut.edl").out
    found = dam(library, "search", "--json", "used-in:cut.edl")
    assert {card["title"] for card in found.lines} == {"plate.png"}
    assert len(found.lines) == 2
    assert dam(library, "search", "--json", "used-in:cut.edl", "-name:plate").code == 1
