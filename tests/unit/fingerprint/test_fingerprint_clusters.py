"""Stacks: the same whatever the order in which pictures come and go, and as the plain rule says."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dam.fingerprint.clusters import WITHIN_64, WITHIN_256, Clusters, Picture, from_scratch, order_of
from dam.fingerprint.contract import hamming


def picture(name, code, pixels=1000, *, lossless=True):
    """A picture whose two codes are `code` bits away from zero, as a run of set bits."""
    return Picture(name, f"{code:016x}", f"{code:064x}", order_of(name, pixels, lossless=lossless))


def run_of(start, count):
    return ((1 << count) - 1) << start


def is_near(one, other):
    return hamming(one.code64, other.code64, 64) <= WITHIN_64 and hamming(one.code256, other.code256, 256) <= WITHIN_256


def stacks(pictures):
    made = Clusters()
    for one in pictures:
        made.put(one)
    return made, {one.asset_id: made.representative(one.asset_id) for one in pictures}


def test_alike_pictures_stand_under_the_largest_one():
    small, large, other = picture("a", 0, 100), picture("b", run_of(0, 3), 900), picture("c", run_of(20, 30), 400)
    made, found = stacks([small, large, other])
    assert found == {"a": "b", "b": "b", "c": "c"}
    assert made.members("b") == {"a", "b"}
    assert made.take_changes() == found
    assert made.take_changes() == {}


def test_of_one_size_the_lossless_one_stands_in_front():
    _, found = stacks([picture("a", 0, lossless=False), picture("z", 0)])
    assert found == {"a": "z", "z": "z"}


def test_a_chain_of_small_steps_does_not_become_one_stack():
    chain = [picture(f"p{n:02}", run_of(0, 6 * n)) for n in range(9)]
    _, found = stacks(chain)
    by_name = {one.asset_id: one for one in chain}
    assert all(is_near(by_name[one], by_name[head]) for one, head in found.items())
    assert len(set(found.values())) >= 3


def test_a_representative_that_leaves_gives_its_stack_to_others():
    made, _ = stacks([picture("big", run_of(0, 4), 900), picture("left", 0, 500), picture("right", run_of(0, 12), 400)])
    assert made.members("big") == {"big", "left", "right"}
    made.take_changes()
    made.remove("big")
    assert made.take_changes() == {"big": None, "left": "left", "right": "right"}
    made.remove("nobody")
    assert len(made) == 2


def test_new_codes_put_a_picture_elsewhere():
    made, _ = stacks([picture("a", 0, 900), picture("b", run_of(0, 2), 100)])
    made.put(picture("b", run_of(30, 30), 100))
    assert made.representative("b") == "b"
    made.put(picture("b", run_of(0, 2), 100))
    assert made.representative("b") == "a"


CODES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 14), st.integers(1, 4), st.booleans()), min_size=1, max_size=40
)


@settings(max_examples=300)
@given(codes=CODES, seed=st.integers(0, 1 << 30), leaving=st.integers(0, 20))
def test_any_order_of_coming_and_going_gives_what_the_plain_rule_says(codes, seed, leaving):
    """Codes lie along six lines, so that stacks overlap, chain and move."""
    pictures = [
        picture(f"p{n:02}", run_of(8 * line, 2 * step), pixels, lossless=lossless)
        for n, (line, step, pixels, lossless) in enumerate(codes)
    ]
    draw = random.Random(seed)  # a repeatable shuffle
    come = list(pictures)
    draw.shuffle(come)
    made, _ = stacks(come)
    gone = set(draw.sample([one.asset_id for one in pictures], min(leaving, len(pictures) - 1)))
    for name in sorted(gone, key=lambda _: draw.random()):
        made.remove(name)
    stay = [one for one in pictures if one.asset_id not in gone]
    wanted = from_scratch(stay, is_near)
    assert {one.asset_id: made.representative(one.asset_id) for one in stay} == wanted
    assert {one for head in set(wanted.values()) for one in made.members(head)} == {one.asset_id for one in stay}


@given(codes=CODES, seed=st.integers(0, 1 << 30))
def test_what_changes_said_is_what_came_of_it_and_can_be_taken_up_again(codes, seed):
    pictures = [picture(f"p{n:02}", run_of(8 * line, 2 * step), size) for n, (line, step, size, _) in enumerate(codes)]
    draw = random.Random(seed)
    draw.shuffle(pictures)
    half = len(pictures) // 2
    first, told = Clusters(), {}
    for one in pictures[:half]:
        first.put(one)
        told |= first.take_changes()
    second = Clusters()
    second.restore(pictures, told)
    for one in pictures[half:]:
        second.put(one)
        told |= second.take_changes()
    assert told == from_scratch(pictures, is_near)


@pytest.mark.parametrize("count", [1, 50, 400])
def test_a_family_of_many_is_one_stack(count):
    draw = random.Random(count)
    family = [picture(f"p{n:03}", run_of(draw.randrange(60), 2), draw.randrange(1, 9)) for n in range(count)]
    _, found = stacks(family)
    assert len(set(found.values())) == 1
