"""Which asset a clip means: by hash, path, name, then name without suffix; doubt is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.lineage.clips import USE_LIMIT, Use, edges_from_clips, keys_of, uses_of
from dam.lineage.names import Candidate
from dam.media.paths import match_key
from dam.model import Relation


def at(asset_id, path, *, same_root=True, kind="video"):
    return Candidate(asset_id, asset_id.encode().hex().rjust(64, "0"), match_key(path), same_root, path, kind)


def match(names, candidates, *, kind="video", sha256=None):
    names = (names,) if isinstance(names, str) else tuple(names)
    edges = edges_from_clips("cut", [Use(names, kind, sha256)], candidates)
    return [(e.parent_id, e.evidence, e.confidence) for e in edges]


def test_the_longest_common_tail_of_a_path_wins():
    rows = [at("a", "02/sh010/plate.mov"), at("b", "01/sh010/plate.mov"), at("c", "01/sh020/plate.mov")]
    edges = edges_from_clips("cut", [Use(("P:\\SHOW\\01\\SH010\\plate.mov", "plate"))], rows)
    assert [(e.parent_id, e.evidence, e.confidence) for e in edges] == [("b", "clip_path", 0.95)]
    assert edges[0].relation is Relation.CLIP
    assert edges[0].detail == {"names": ["P:\\SHOW\\01\\SH010\\plate.mov"]}


def test_a_path_counts_in_another_root_and_loses_to_the_own_root_at_the_same_length():
    away = at("a", "sh010/plate.mov", same_root=False)
    assert match("/x/sh010/plate.mov", [away]) == [("a", "clip_path", 0.8)]
    assert match("/x/sh010/plate.mov", [away, at("b", "sh010/plate.mov")]) == [("b", "clip_path", 0.95)]
    assert match("/x/sh010/plate.mov", [away, at("b", "plate.mov")]) == [("a", "clip_path", 0.8)]


@pytest.mark.parametrize(
    "name", ["../02_shots/a%20b.mov", "file name/../02_shots/a b.mov", "https://h/02_shots/a b.mov", r"\\nas\02_SHOTS\A B.MOV"]
)  # fmt: skip
def test_relative_urls_shares_and_case_are_the_same_path(name):
    assert match(name, [at("a", "02_shots/a b.mov"), at("b", "99/a b.mov")]) == [("a", "clip_path", 0.95)]


def test_where_no_folder_agrees_the_name_counts_first_in_the_root():
    rows = [at("a", "in/plate.mov"), at("b", "plate.mov", same_root=False)]
    assert match("D:/gone/plate.mov", rows) == [("a", "clip_name_in_root", 0.9)]
    assert match("D:/gone/plate.mov", rows[1:]) == [("b", "clip_name_in_other_root", 0.6)]


def test_several_contents_are_all_doubtful():
    rows = [at("a", "1/plate.mov"), at("b", "2/plate.mov"), at("a", "3/plate.mov")]
    edges = edges_from_clips("cut", [Use(("plate.mov",))], rows)
    assert [(e.parent_id, e.evidence, e.confidence, e.detail["count"]) for e in edges] == [
        ("a", "clip_ambiguous", 0.3, 2),
        ("b", "clip_ambiguous", 0.3, 2),
    ]


@pytest.mark.parametrize(
    ("name", "path", "confidence"),
    [
        ("hero_v002", "in/hero_v002.mov", 0.7),
        ("hero.v02", "in/hero.v02.mov", 0.7),
        ("hero.mov", "in/hero.png", 0.5),
        ("HERO", "in/hero.mov", 0.7),
    ],
)
def test_without_its_file_a_clip_is_known_by_its_name_without_suffix(name, path, confidence):
    assert match(name, [at("a", path), at("b", "in/heroine.mov")]) == [("a", "clip_stem", confidence)]
    far = match(name, [at("a", path, same_root=False)])
    assert far == [("a", "clip_stem", 0.5 if confidence == 0.7 else 0.4)]


def test_a_video_is_meant_rather_than_its_poster_and_a_sound_rather_than_both():
    rows = [at("a", "hero.png", kind="image"), at("b", "hero.mp4"), at("c", "hero.wav", kind="audio")]
    assert match("hero", rows) == [("b", "clip_stem", 0.7)]
    assert match("hero", rows, kind="audio") == [("c", "clip_stem", 0.7)]


def test_only_pictures_video_and_sound_can_be_clips():
    rows = [at("a", "hero.mov.txt", kind="document"), at("b", "hero.edl", kind="timeline"), at("cut", "hero.mov")]
    assert match("hero.mov", rows) == []
    assert match("hero", rows) == []


def test_a_stated_hash_is_certain_and_one_that_nobody_has_says_nothing():
    rows = [at("a", "plate.mov"), at("b", "other.mov")]
    assert match("plate.mov", rows, sha256=rows[1].sha256) == [("b", "clip_sha256", 1.0)]
    assert match("plate.mov", rows, sha256="f" * 64) == [("a", "clip_name_in_root", 0.9)]


def test_the_first_name_that_leads_anywhere_counts():
    rows = [at("a", "take_1.mov"), at("b", "x/plate.mov")]
    assert match(["/gone/lost.mov", "/p/x/plate.mov", "take_1"], rows) == [("b", "clip_path", 0.95)]


def test_an_image_sequence_is_its_first_frame():
    assert match("/s/sh010.[1001-1020].exr", [at("a", "s/sh010.1001.exr", kind="image")]) == [
        ("a", "clip_name_in_root", 0.9)
    ]


def test_titles_mean_nothing_and_the_same_media_is_one_use():
    def clip(name, media, kind="video"):
        return {"name": name, "media": media, "kind": kind, "sha256": None, "others": ["/o/a.mxf"]}

    clips = [clip("a", "/x/a.mov"), clip("a", "/x/a.mov"), clip("Title", None, "generator")]
    assert uses_of(clips) == [Use(("/x/a.mov", "/o/a.mxf", "a"), "video")]
    assert len(uses_of(clip(str(n), None) for n in range(USE_LIMIT + 50))) == USE_LIMIT


paths = st.sampled_from(
    ["x.mov", "s/x.mov", "t/x.mov", "x.png", "s/x", "X.MOV", "y.wav", "/", "", ".mov", "%", "[1-2].exr"]
)
rows = st.lists(
    st.builds(
        at, st.sampled_from(["a", "b", "cut"]), paths, same_root=st.booleans(), kind=st.sampled_from(["video", "image"])
    ),
    max_size=8,
)
uses = st.lists(
    st.builds(
        Use, st.lists(paths | st.text(max_size=6), max_size=3).map(tuple), st.sampled_from([None, "video", "audio"])
    ),
    max_size=5,
)


@given(rows, uses, st.randoms())
def test_edges_do_not_depend_on_any_order_and_every_match_has_a_key_that_wakes_it(rows, uses, random):
    edges = edges_from_clips("cut", uses, rows)
    shuffled, mixed = rows[:], uses[:]
    random.shuffle(shuffled)
    random.shuffle(mixed)
    assert edges_from_clips("cut", mixed, shuffled) == edges
    assert all(edge.parent_id != "cut" for edge in edges)
    woken = {key for use in uses for key in keys_of(use)[1]}
    for edge in edges:
        names = {row.key for row in rows if row.asset_id == edge.parent_id}
        assert woken & (names | {name.rpartition(".")[0] for name in names} | names)
