"""Moments: what is kept of a video, and how a clip is laid along it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.fingerprint.chance import chance_alike
from dam.fingerprint.moments import Likeness, Moment, aligned, distinct
from dam.media.pixels import luma_of
from tests.support import movies, pictures


def moment(at_s, until_s=None):
    return Moment(at_s, at_s if until_s is None else until_s, "0" * 16, "0" * 64)


def hit(asset, at_s, until_s=None, distance=20):
    return Likeness(asset, at_s, at_s if until_s is None else until_s, 4, distance)


def test_a_still_scene_is_one_moment_and_flat_frames_are_none():
    still, flat = luma_of(pictures.painted(1)), np.full((256, 320), 9, np.uint8)
    found = distinct([(0.0, flat), (0.5, still), (1.0, still), (1.5, flat), (2.0, still), (2.5, still)])
    assert [(one.at_s, one.until_s) for one in found] == [(0.5, 1.0), (2.0, 2.5)]
    assert len({one.code256 for one in found}) == 1


def test_a_wandering_camera_makes_many_moments_in_order():
    frames = ((n / 12, luma_of(frame)) for n, frame in enumerate(movies.scene(5, 2.0, rate=12)))
    found = distinct(frames)
    assert len(found) > 8
    assert [one.at_s for one in found] == sorted(one.at_s for one in found)


def test_nothing_in_nothing_out():
    assert distinct([]) == []
    assert aligned([], []) == []
    assert aligned([moment(0)], [[]]) == []


def test_frames_that_agree_at_different_shifts_are_no_clip():
    asked = [moment(float(n)) for n in range(6)]
    scattered = [[hit("a", 100.0 * n)] for n in range(6)]
    assert aligned(asked, scattered) == []


def test_three_moments_and_three_tenths_are_needed():
    asked = [moment(float(n)) for n in range(10)]
    for count, enough in ((2, False), (3, True)):
        alike = [[hit("a", 40.0 + n)] if n < count else [] for n in range(10)]
        assert bool(aligned(asked, alike)) is enough
    longer = [moment(float(n)) for n in range(20)]
    assert aligned(longer, [[hit("a", 40.0 + n)] if n < 5 else [] for n in range(20)]) == []


def test_a_clip_of_one_still_scene_is_found_within_it():
    found = aligned([moment(0.0, 4.0)], [[hit("a", 30.0, 60.0)]])
    assert found[0].share == 1
    assert 25.0 <= found[0].starts_s <= 60.5


def test_one_moment_counts_once_however_many_of_ours_are_like_it():
    """A title card that stands ten times in a film makes one asked moment ten times likely, not ten moments."""
    asked = [moment(float(n)) for n in range(10)]
    alike = [[hit("a", 10.0 + k / 10) for k in range(10)]] + [[] for _ in range(9)]
    assert aligned(asked, alike) == []


@given(
    shift=st.floats(-50, 500),
    count=st.integers(3, 40),
    noise=st.lists(st.floats(0, 1000), max_size=30),
    lost=st.integers(0, 10),
)
def test_the_shift_is_found_among_chance_hits(shift, count, noise, lost):
    asked = [moment(float(n)) for n in range(count)]
    alike = [[hit("a", n + shift)] if n >= min(lost, count - 3) else [] for n in range(count)]
    for place, at_s in enumerate(noise):
        alike[place % count].append(hit("b", at_s * 7 + 13 * place, distance=40))
    found = {one.asset_id: one for one in aligned(asked, alike)}
    if count - min(lost, count - 3) >= 0.3 * count:
        assert found["a"].starts_s == pytest.approx(shift, abs=0.51)
        assert found["a"].matched == count - min(lost, count - 3)


def test_the_chance_of_a_match_grows_with_the_distance_and_with_what_is_compared():
    assert (
        chance_alike(20, 1000) < chance_alike(48, 1000) < chance_alike(48, 1_000_000) < chance_alike(84, 1_000_000) <= 1
    )
    assert chance_alike(79, 1) > 1e-5  # what was measured: the model must not promise more
    assert chance_alike(84, 1) > 1e-4
    assert chance_alike(128, 10) == 1
