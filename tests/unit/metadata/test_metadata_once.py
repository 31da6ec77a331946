"""A text is parsed once a file; that readers share what was parsed never shows in an answer."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.media.probe import Probe
from dam.metadata.once import once, one_file
from dam.metadata.read import readers_found
from dam.model import Kind, Media
from tests.support import mutated_texts
from tests.unit.metadata.conftest import text_of


@pytest.fixture
def counting():
    asked = []

    @once
    def parse(text):
        asked.append(text)
        return [text]

    return parse, asked


def test_the_same_text_is_parsed_once_within_a_file_and_anew_in_the_next(counting):
    parse, asked = counting
    for _ in range(2):
        with one_file():
            assert parse("x" * 1000) is parse("x" * 1000)
    assert len(asked) == 2


def test_outside_a_file_nothing_is_kept(counting):
    parse, asked = counting
    assert parse("x" * 1000) is not parse("x" * 1000)
    assert len(asked) == 2


def test_an_error_ends_the_block(counting):
    parse, asked = counting

    def fail():
        with one_file():
            parse("x" * 1000)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    parse("x" * 1000)
    assert len(asked) == 2


@given(st.integers(0, 1 << 40))
def test_readers_that_share_parsed_texts_say_what_each_says_alone(number):
    rng = random.Random(number)
    texts = tuple(text_of(*mutated_texts.changed(rng)) for _ in range(rng.randint(1, 3)))
    probe = Probe("x", 1, Media(Kind.IMAGE, "image/png", 8, 8), texts)
    alone = [(reader.score(probe), reader.read(probe)) for reader in readers_found()]
    with one_file():
        shared = [(reader.score(probe), reader.read(probe)) for reader in readers_found()]
        again = [(reader.score(probe), reader.read(probe)) for reader in readers_found()]
    assert alone == shared == again
    for score, claims in alone:
        assert bool(claims) <= bool(score)
