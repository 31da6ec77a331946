"""The near-duplicate table against brute force in plain Python."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.errors import UsageError
from dam.fingerprint.index import Hit, NearIndex

ZERO = ("0" * 16, "0" * 64)


def _near_zero(bits):
    """Codes with few bits set: so that many pairs lie within the radii."""
    return st.sets(st.integers(0, bits - 1), max_size=bits // 4).map(
        lambda places: f"{sum(1 << p for p in places):0{bits // 4}x}"
    )


PAIRS = st.tuples(_near_zero(64), _near_zero(256))


def _bits(a, b):
    return (int(a, 16) ^ int(b, 16)).bit_count()


def _brute_force(entries, wanted, max64, max256):
    hits = [Hit(name, _bits(c64, wanted[0]), _bits(c256, wanted[1])) for name, (c64, c256) in entries.items()]
    good = [hit for hit in hits if hit.distance64 <= max64 and hit.distance256 <= max256]
    return sorted(good, key=lambda hit: (hit.distance64 + hit.distance256, hit.asset_id))


def _random(count, seed=1):
    rng = np.random.default_rng(seed)
    return [(f"a{number}", rng.bytes(8).hex(), rng.bytes(32).hex()) for number in range(count)]


@given(st.lists(PAIRS, max_size=30), PAIRS, st.integers(0, 20), st.integers(0, 80))
def test_near_equals_brute_force(codes, wanted, max64, max256):
    entries = {f"a{number}": pair for number, pair in enumerate(codes)}
    index = NearIndex()
    index.load((name, *pair) for name, pair in entries.items())
    found = index.near(*wanted, max64=max64, max256=max256)
    assert found == _brute_force(entries, wanted, max64, max256)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | PAIRS), max_size=40), PAIRS)
def test_adding_replacing_and_removing_equal_a_dictionary(steps, wanted):
    index, entries = NearIndex(), {}
    for name, pair in steps:
        if pair is None:
            assert index.remove(name) == (entries.pop(name, None) is not None)
        else:
            index.add(name, *pair)
            entries[name] = pair
    assert len(index) == len(entries)
    assert index.near(*wanted, max64=20, max256=80) == _brute_force(entries, wanted, 20, 80)


@given(PAIRS, PAIRS)
def test_nearness_is_symmetric_and_zero_on_itself(one, other):
    first, second = NearIndex(), NearIndex()
    first.add("x", *one)
    second.add("x", *other)
    assert first.near(*one) == [Hit("x", 0, 0)]
    assert first.near(*other, max64=64, max256=256) == second.near(*one, max64=64, max256=256)


def test_every_entry_of_a_grown_table_is_found():
    entries = _random(5000)
    index = NearIndex()
    for start in range(0, 5000, 700):
        index.load(entries[start : start + 700])
    for name, code64, code256 in entries[::250]:
        assert index.near(code64, code256)[0] == Hit(name, 0, 0)


def test_removed_entries_are_gone_even_after_the_table_was_compacted():
    entries = _random(4000)
    index = NearIndex()
    index.load(entries)
    for name, _, _ in entries[:3500]:
        assert index.remove(name)
    assert len(index) == 500
    assert index.near(*entries[10][1:]) == []
    assert index.near(*entries[3999][1:]) == [Hit("a3999", 0, 0)]
    assert len(index._ids) < 2000


def test_thousands_of_copies_give_only_the_limit():
    index = NearIndex()
    index.load((f"a{number:05d}", *ZERO) for number in range(5000))
    assert len(index.near(*ZERO, limit=7)) == 7


def test_a_bad_code_adds_nothing():
    index = NearIndex()
    with pytest.raises(UsageError):
        index.load([("good", *ZERO), ("bad", "zz", "")])
    assert len(index) == 0


def test_searches_beside_writes_always_see_whole_entries():
    index = NearIndex()
    index.add("fixed", *ZERO)
    others = [(name, "f" * 16, "f" * 64) for name, _, _ in _random(3000)]

    def write():
        for entry in others:
            index.add(*entry)
        for name, _, _ in others:
            index.remove(name)

    def read():
        return all(index.near(*ZERO) == [Hit("fixed", 0, 0)] for _ in range(500))

    with ThreadPoolExecutor(4) as pool:
        writing = pool.submit(write)
        assert all(answer.result() for answer in [pool.submit(read) for _ in range(3)])
        writing.result()


def test_a_hundred_thousand_codes_are_searched_in_milliseconds():
    index = NearIndex()
    index.load(_random(100_000))
    start = time.process_time()
    for _ in range(10):
        index.near(*ZERO)
    assert (time.process_time() - start) / 10 < 0.01  # measured: 0.1 ms


def test_one_code_alone_finds_what_comparing_all_finds():
    rng = np.random.default_rng(8)
    rows = [(f"a{n:03}", rng.bytes(8).hex(), rng.bytes(32).hex()) for n in range(300)]
    rows += [(f"near{n}", f"{int(rows[0][1], 16) ^ (1 << n):016x}", rows[0][2]) for n in range(9)]
    index = NearIndex()
    index.load(rows)
    index.remove("near3")
    kept = [row for row in rows if row[0] != "near3"]
    for place, bits, within in ((1, 64, 24), (2, 256, 110)):
        query = rows[0][place]
        wanted = sorted(
            ((int(row[place], 16) ^ int(query, 16)).bit_count(), row[0])
            for row in kept
            if (int(row[place], 16) ^ int(query, 16)).bit_count() <= within
        )
        found = index.near_by(query, bits=bits, within=within, limit=400)
        assert [(distance, asset_id) for asset_id, distance in found] == wanted
        assert index.near_by(query, bits=bits, within=within, limit=3) == found[:3]
    with pytest.raises(UsageError):
        index.near_by("zz", bits=64, within=8)


def test_the_opposite_of_a_code_is_as_far_as_can_be():
    index = NearIndex()
    index.load([("a", "00" * 8, "00" * 32), ("b", "ff" * 8, "ff" * 32)])
    for bits in (64, 256):
        assert index.near_by("00" * (bits // 8), bits=bits, within=bits) == [("a", 0), ("b", bits)]
        assert index.near_by("00" * (bits // 8), bits=bits, within=bits - 1) == [("a", 0)]


def test_a_bad_code_among_many_is_named_and_nothing_is_taken_in():
    index = NearIndex()
    for bad in ("0" * 15, "0" * 15 + " ", "0" * 15 + "g", "0" * 17, ""):
        with pytest.raises(UsageError, match="is not a code of 64 bits"):
            index.load([("a", "00" * 8, "00" * 32), ("b", bad, "00" * 32)])
    assert len(index) == 0
    assert index.load([]) == 0
