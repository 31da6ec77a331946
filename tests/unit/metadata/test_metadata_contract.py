"""The careful helpers that readers share."""

import json

from dam.media.probe import Text
from dam.metadata.contract import (
    MAX_JSON_DEPTH,
    MAX_RAW_BYTES,
    as_count,
    as_float,
    as_int,
    as_seed,
    as_size,
    as_text,
    claim_of,
    parse_json,
    parse_object,
    storable,
)
from dam.metadata.readers.a1111 import PLUGIN
from dam.model import Generation


def test_nan_and_infinity_become_null():
    assert parse_json('{"a": NaN, "b": -Infinity, "c": 1e999}') == {"a": None, "b": None, "c": None}


def test_depth_is_bounded():
    deep = "[" * MAX_JSON_DEPTH + "]" * MAX_JSON_DEPTH
    assert parse_json(deep) is not None
    assert parse_json(f"[{deep}]") is None
    assert parse_json("[" * 100_000) is None


def test_size_is_bounded():
    assert parse_json('"' + "a" * (9 << 20) + '"') is None


def test_junk_before_and_strings_around_an_object_are_seen_through():
    assert parse_object('xx{"a": 1}') == {"a": 1}
    assert parse_object(json.dumps(json.dumps('{"a": 1}'))) == {"a": 1}
    assert parse_object("[1]") is None
    assert parse_object("words") is None


def test_unknown_is_absent_never_the_text_none():
    assert as_text("None") is as_text("  ") is as_text("Undefined") is as_text([]) is None


def test_numbers_are_read_from_text_and_placeholders_are_absent():
    assert (as_int("20.0"), as_float("7,5"), as_float(True), as_int("9" * 99)) == (20, None, None, None)
    assert (as_seed(0), as_seed(-1), as_seed(2**64), as_count(0)) == (0, None, 2**64, None)
    assert (as_size("(768, 1280)"), as_size([1, 2]), as_size("x")) == ((768, 1280), (1, 2), (None, None))


def test_fields_are_fit_for_databases():
    assert storable({"a": "\ud800\0b", "n": float("nan"), "i": 1 << 200}) == {"a": "\ufffdb", "n": None, "i": None}


def test_raw_is_capped_and_its_length_kept():
    raw = b"x" * (MAX_RAW_BYTES + 5)
    claim = claim_of(PLUGIN, Text("c", "k", "x", raw, 10**9), Generation(prompt="\udc00"))
    assert (len(claim.raw), claim.raw_bytes, claim.generation.prompt) == (MAX_RAW_BYTES, 10**9, "\ufffd")
