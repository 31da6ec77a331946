"""What strangers wrote becomes text, numbers and nothing worse; what is no file is an answer."""

import dataclasses
import enum
import json
import math
import os
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.ingest.inspection import clean, inspect_file
from dam.model import CredentialState, Kind, Lora, Stage
from tests.support import containers, pictures, timelines

TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
VALUES = st.recursive(
    st.one_of(TEXTS, st.floats(), st.integers(), st.booleans(), st.none(), st.binary(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.tuples(inner, inner), st.dictionaries(TEXTS, inner, max_size=4)
    ),
    max_leaves=12,
)


def leaves(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


@given(VALUES)
def test_whatever_comes_in_fits_a_database_and_json(value):
    for leaf in leaves(clean(value)):
        if isinstance(leaf, str):
            assert "\0" not in leaf
            leaf.encode()
        elif isinstance(leaf, float):
            assert math.isfinite(leaf)


@given(VALUES)
def test_cleaning_twice_is_cleaning_once(value):
    assert clean(clean(value)) == clean(value)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_a_sound_text_is_left_as_it_is(text):
    assert clean(text) == text


def test_a_lone_surrogate_a_nul_and_a_nan_are_replaced_and_nothing_else():
    found = clean({"a\0b": ["\ud800x", float("nan"), float("inf"), 1.5], "n": (None, True, 3)})
    assert found == {"ab": ["?x", None, None, 1.5], "n": (None, True, 3)}
    json.dumps(found, allow_nan=False)
    sqlite3.connect(":memory:").execute("SELECT ?", (found["a" + "b"][0],)).close()


def test_dataclasses_are_cleaned_deep_and_stay_what_they_are():
    stage = Stage(prompt="\udfff", cfg_scale=float("nan"), loras=(Lora("a\0", float("inf")),))
    found = clean(stage)
    assert found == Stage(prompt="?", cfg_scale=None, loras=(Lora("a", None),))
    assert dataclasses.is_dataclass(found)


def test_words_of_our_own_stay_enumerations():
    found = clean((Kind.IMAGE,))
    assert isinstance(found[0], enum.Enum)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_is_answered_without_opening_it(tmp_path, make):
    path = str(tmp_path / "thing.png")
    make(path)
    found = inspect_file(path, None)
    assert (found.sha256, [p.code for p in found.problems]) == (None, ["file.unreadable"])


def test_a_file_that_is_not_there_is_an_answer(tmp_path):
    found = inspect_file(str(tmp_path / "nowhere.png"), None)
    assert (found.sha256, found.path) == (None, str(tmp_path / "nowhere.png"))
    assert [p.code for p in found.problems] == ["file.unreadable"]


def test_a_file_beyond_the_limit_is_not_read(tmp_path):
    path = pictures.put(tmp_path, "big.png", pictures.a1111_png(1))
    found = inspect_file(str(path), None, max_bytes=1000)
    assert (found.sha256, [p.code for p in found.problems]) == (None, ["file.too_large"])
    assert inspect_file(str(path), None, max_bytes=path.stat().st_size).sha256


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.png"
    path.write_bytes(data)
    found = inspect_file(str(path), None)
    assert found.sha256
    assert found.size_bytes == len(data)


def test_a_timelines_clips_are_cleaned_and_tell_no_secret(tmp_path):
    url = "https://h.example/in/take.mov?X-Amz-Signature=a1B2c3D4e5F6g7H8i9J0"
    track = timelines.otio_track([timelines.otio_clip("take sk-proj-a1B2c3D4e5F6g7H8i9J0", url)])
    path = pictures.put(tmp_path, "cut.otio", timelines.otio(track))
    (clip,) = inspect_file(str(path), None).timeline.clips
    assert "a1B2c3D4e5F6g7H8i9J0" not in repr(clip)
    assert "take.mov" in repr(clip)
    assert "take REDACTED" in repr(clip)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.png", containers.png_chunks((b"caBX", b"x"), *[(b"prVt", b"")] * 100_000)),
        ("a.jpg", b"\xff\xd8" + containers.segment(0xEB, b"JP") + containers.segment(0xFE, b"") * 20_000),
        ("a.webp", containers.riff(b"WEBP", [(b"C2PA", b"x"), *[(b"junk", b"")] * 100_000])),
        ("a.gif", containers.gif_head() + b"\x21\xff\x0bC2PA_GIF\1\0\0\1x\0" + b"\x21\xfe\x01a\0" * 100_000),
    ],
    ids=["png", "jpeg", "webp", "gif"],
)
def test_a_manifest_behind_too_many_parts_is_unreadable_and_never_none(tmp_path, name, data):
    found = inspect_file(str(pictures.put(tmp_path, name, data)), None)
    assert found.sha256
    assert "file.too_many_parts" in [p.code for p in found.problems]
    assert found.credentials.state is CredentialState.UNREADABLE
    assert "manifest was not looked for" in found.credentials.explanation[0]
