"""The likeness table follows the catalogue's fingerprints: all that are committed, none that are not."""

import pytest

from dam.catalogue import assets
from dam.ingest.near import ENGINE_64, ENGINE_256, NearTable
from dam.model import FingerprintCode
from tests.support import rows

CODES = {
    "a": ("0" * 16, "0" * 64),
    "b": ("0" * 15 + "1", "0" * 63 + "3"),
    "far": ("f" * 16, "f" * 64),
}


def add(unit, name, letter, *, flat=False, engines=(ENGINE_64, ENGINE_256)):
    asset_id = rows.asset(unit, letter)
    codes = dict(zip((ENGINE_64, ENGINE_256), CODES[name], strict=True))
    found = [FingerprintCode(e, codes[e], len(codes[e]) * 4) for e in engines]
    assets.set_fingerprints(unit, asset_id, found, flat=flat)
    return asset_id


def near(table, name="a"):
    return [hit.asset_id for hit in table.near(*CODES[name])]


@pytest.fixture
def table():
    return NearTable()


def test_it_takes_in_what_others_committed_since_it_last_looked(catalogue, table):
    with catalogue.change() as unit:
        a = add(unit, "a", "a")
    assert near(table) == []
    for _ in range(2):  # the second time there is nothing new
        with catalogue.change() as unit:
            table.follow(unit)
        assert near(table) == [a]
    with catalogue.change() as unit:
        b = add(unit, "b", "b")
        far = add(unit, "far", "c")
    with catalogue.change() as unit:
        table.follow(unit)
    assert near(table) == [a, b]
    assert near(table, "far") == [far]


def test_it_knows_what_stands_in_the_catalogue_from_before_it_was_made(catalogue, table):
    with catalogue.change() as unit:
        ids = [add(unit, "a", letter) for letter in "abc"]
    with catalogue.change() as unit:
        table.follow(unit)
    assert sorted(near(table)) == sorted(ids)


def test_a_flat_picture_is_like_nothing(catalogue, table):
    with catalogue.change() as unit:
        add(unit, "a", "a", flat=True)
        table.follow(unit)
    assert near(table) == []


def test_an_asset_with_half_its_codes_is_left_out(catalogue, table):
    with catalogue.change() as unit:
        add(unit, "a", "a", engines=(ENGINE_64,))
        table.follow(unit)
    assert near(table) == []


def test_codes_that_are_made_again_replace_the_old_ones(catalogue, table):
    with catalogue.change() as unit:
        asset_id = add(unit, "a", "a")
        table.follow(unit)
    with catalogue.change() as unit:
        codes = [FingerprintCode(e, c, len(c) * 4) for e, c in zip((ENGINE_64, ENGINE_256), CODES["far"], strict=True)]
        assets.set_fingerprints(unit, asset_id, codes, flat=False)
    with catalogue.change() as unit:
        table.follow(unit)
    assert (near(table), near(table, "far")) == ([], [asset_id])
