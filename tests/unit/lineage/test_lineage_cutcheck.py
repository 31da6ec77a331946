"""The gate of a cut, and what changed between two: rules in words, and invariants of the comparison."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.errors import UsageError
from dam.lineage.cutcheck import Clip, Facts, Rules, check, diff, rules_of

NOW = datetime(2026, 11, 21, tzinfo=UTC)
GOOD = Facts("a", "shot.png", "approved", "trusted", "online", True, NOW - timedelta(days=3))


def clip(position, asset_id="a", **more):
    return Clip(position, f"clip {position}", float(position), 1.0, "V1", "video", asset_id, **more)


def rules(broken):
    return [(one.position, one.rule) for one in broken]


ALL = rules_of(["approved,credentialed", "online", "protected"], ["ai,rejected", "tool:mid*"], "30d")


def test_a_clip_that_holds_breaks_nothing():
    assert check([clip(0)], {"a": GOOD}, ALL, NOW) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"status": "unreviewed"}, "require approved"),
        ({"status": "rejected"}, "require approved"),
        ({"credential": "none", "protected": False}, "require credentialed"),
        ({"availability": "offline"}, "require online"),
        ({"ai": ("shot.png",)}, "forbid ai"),
        ({"ai": ("mother.png",)}, "forbid ai"),
        ({"made_with": (("tool", "Midjourney", "mother.png"),)}, "forbid tool:mid*"),
        ({"created_at": NOW - timedelta(days=31)}, "max age 30d"),
    ],
)
def test_each_rule_is_broken_by_what_it_is_about_and_says_why(change, rule):
    broken = check([clip(0)], {"a": replace(GOOD, **change)}, ALL, NOW)
    assert rule in {one.rule for one in broken}
    assert all("shot.png" in one.reason or "mother.png" in one.reason for one in broken)


def test_nobody_answers_for_a_clip_that_is_no_asset_but_a_title_is_nobodys():
    unknown, unsure = clip(0, None), clip(1, None, candidates=("x", "y"))
    title = replace(clip(2, None), kind="generator")
    broken = check([unknown, unsure, title], {}, Rules(), NOW)
    assert rules(broken) == [(0, "known"), (1, "known")]
    assert "any of 2 assets" in broken[1].reason


@pytest.mark.parametrize(
    ("require", "forbid", "age"),
    [
        (["licensed"], [], None),
        ([], ["tool"], None),
        ([], ["ai:x"], None),
        ([], ["model:"], None),
        ([], [], "soon"),
        ([], [], "0d"),
    ],
)
def test_rules_that_are_none_are_refused_with_those_that_are(require, forbid, age):
    with pytest.raises(UsageError) as refused:
        rules_of(require, forbid, age)
    assert "Known" in refused.value.next_step


def changes(before, after):
    return [(c.what, c.before and c.before.position, c.after and c.after.position) for c in diff(before, after)]


def test_added_removed_replaced_moved_and_trimmed():
    before = [clip(0, "a"), clip(1, "b"), clip(2, "c"), clip(3, "d"), clip(4, "e")]
    after = [
        clip(0, "a"),
        clip(1, "x"),
        replace(clip(2, "c"), start_s=2.5),
        replace(clip(3, "d"), duration_s=0.5),
        clip(9, "n"),
    ]
    assert changes(before, after) == [
        ("replaced", 1, 1),
        ("moved", 2, 2),
        ("trimmed", 3, 3),
        ("removed", 4, None),
        ("added", None, 9),
    ]


def test_a_second_use_of_one_asset_is_added_once():
    assert changes([clip(0, "a")], [clip(0, "a"), clip(5, "a")]) == [("added", None, 5)]


CLIPS = st.lists(
    st.tuples(st.sampled_from("abcde"), st.integers(0, 30), st.integers(1, 5), st.sampled_from(["V1", "V2"])),
    max_size=15,
)


def cut(rows):
    return [
        Clip(n, asset, float(at), float(length), track, "video", asset)
        for n, (asset, at, length, track) in enumerate(rows)
    ]


@given(rows=CLIPS)
def test_a_cut_does_not_differ_from_itself(rows):
    assert diff(cut(rows), cut(rows)) == []


@given(one=CLIPS, other=CLIPS)
def test_there_and_back_is_the_same_number_of_changes_and_nothing_is_counted_twice(one, other):
    before, after = cut(one), cut(other)
    there, back = diff(before, after), diff(after, before)
    assert len(there) == len(back)
    grew = sum(c.what == "added" for c in there) - sum(c.what == "removed" for c in there)
    assert grew == len(after) - len(before)
    for side in ("before", "after"):
        gone = [getattr(c, side) for c in there if c.what in ("added", "removed", "replaced") and getattr(c, side)]
        assert len({clip.position for clip in gone}) == len(gone)
