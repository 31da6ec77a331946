"""The binary code that neural marks carry."""

from hypothesis import given
from hypothesis import strategies as st

from dam.watermark.bch import Bch

CODE = Bch(5)
LENGTH = 99
messages = st.integers(0, 2**64 - 1)


def test_the_sizes_are_those_of_the_tables():
    assert [Bch(errors).parity_bits for errors in (1, 2, 3, 4, 5, 8)] == [7, 14, 21, 28, 35, 56]


def test_the_generator_of_two_errors_is_the_one_in_the_books():
    """Lin and Costello, table 6.4: (127, 113) has the generator 41567 (octal) over x^7 + x^3 + 1."""
    assert Bch(2).encode(1) == 0o41567


@given(messages, st.sets(st.integers(0, LENGTH - 1), max_size=5))
def test_up_to_five_wrong_bits_are_put_right(message, wrong):
    word = CODE.encode(message)
    for place in wrong:
        word ^= 1 << place
    assert CODE.decode(word, LENGTH) == (message, len(wrong))


@given(messages, st.sets(st.integers(0, LENGTH - 1), min_size=6, max_size=30))
def test_more_of_them_never_give_the_message(message, wrong):
    word = CODE.encode(message)
    for place in wrong:
        word ^= 1 << place
    found = CODE.decode(word, LENGTH)
    assert found is None or found[0] != message
    if found is not None:
        assert (CODE.encode(found[0]) ^ word).bit_count() == found[1] <= 5


@given(messages, messages)
def test_the_code_is_linear(one, other):
    assert CODE.encode(one) ^ CODE.encode(other) == CODE.encode(one ^ other)
