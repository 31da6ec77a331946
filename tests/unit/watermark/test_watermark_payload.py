"""The payload's promises: what can be corrected is corrected, and nothing else is ever accepted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.errors import UsageError
from dam.watermark import payload

KEYS = st.binary(min_size=32, max_size=32)
IDS = st.integers(0, 2**64 - 1)
WORDS = st.binary(min_size=16, max_size=16)
PLACES = st.lists(st.integers(0, 15), unique=True, min_size=16, max_size=16)
CONFIDENCES = st.lists(st.floats(0, 5), min_size=16, max_size=16).map(tuple)


def _damaged(code, places, count):
    word = bytearray(code)
    for place in places[:count]:
        word[place] ^= 0x5A
    return bytes(word)


@given(IDS, KEYS)
def test_an_id_comes_back_out_of_its_code(mark_id, key):
    assert payload.decode(payload.encode(mark_id, key), key) == payload.Decoded(mark_id, 1)


@given(IDS, KEYS, PLACES, st.integers(0, 2))
def test_two_wrong_symbols_anywhere_are_corrected(mark_id, key, places, count):
    assert payload.decode(_damaged(payload.encode(mark_id, key), places, count), key).mark_id == mark_id


@given(IDS, KEYS, PLACES)
def test_four_symbols_known_to_be_wrong_are_corrected(mark_id, key, places):
    word = _damaged(payload.encode(mark_id, key), places, 4)
    assert payload.decode(word, key, erased=places[:4]).mark_id == mark_id


@given(WORDS, KEYS, CONFIDENCES, WORDS)
def test_noise_is_never_accepted_and_never_raises(word, key, confidence, second):
    found = payload.decode_soft(payload.SoftCode(word, second, confidence), key)
    assert found.mark_id is None
    assert 0 <= found.comparisons <= 65


@given(IDS, KEYS, KEYS)
def test_a_code_of_another_key_is_not_accepted(mark_id, key, other):
    assert key == other or payload.decode(payload.encode(mark_id, key), other).mark_id is None


@given(IDS, KEYS, PLACES)
def test_second_guesses_rescue_five_weak_symbols(mark_id, key, places):
    code = payload.encode(mark_id, key)
    confidence = tuple(float(i not in places[:5]) for i in range(16))
    soft = payload.SoftCode(_damaged(code, places, 5), code, confidence)
    assert payload.decode_soft(soft, key, chase=False).mark_id is None
    assert payload.decode_soft(soft, key).mark_id == mark_id


@given(IDS, KEYS, PLACES, st.integers(0, 6), CONFIDENCES)
def test_a_rehearsal_judges_like_the_decoder(mark_id, key, places, count, confidence):
    code = payload.encode(mark_id, key)
    soft = payload.SoftCode(_damaged(code, places, count), bytes(16), confidence)
    assert payload.correctable(soft, code) == (payload.decode_soft(soft, key, chase=False).mark_id == mark_id)


@given(st.binary(min_size=8, max_size=8))
def test_an_id_survives_its_printed_form(random):
    mark_id = payload.new_mark_id(random)
    assert payload.parse_mark_id(payload.format_mark_id(mark_id)) == mark_id
    assert len(payload.format_mark_id(mark_id)) == 16


@pytest.mark.parametrize("text", ["", "12", "g" * 16, "0" * 17, "٠" * 16, "-000000000000001"])
def test_what_is_no_id_is_refused(text):
    with pytest.raises(UsageError) as refused:
        payload.parse_mark_id(text)
    assert refused.value.code == "mark.bad_id"


def test_keys_and_ids_of_the_wrong_size_are_refused():
    with pytest.raises(UsageError, match="32 bytes"):
        payload.encode(1, b"short")
    with pytest.raises(UsageError, match="64 bits"):
        payload.encode(2**64, bytes(32))
    with pytest.raises(UsageError, match="8 random bytes"):
        payload.new_mark_id(b"")


def test_the_code_of_a_known_id_never_changes():
    """Marks out in the world must stay readable: if this fails, the format changed and needs a new `alg`."""
    assert payload.encode(0x0123456789ABCDEF, bytes(range(32))).hex() == "00269c152c4148608da682ba1e35f185"
