import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.media import paths

any_text = st.text(st.characters(exclude_categories=()), max_size=40)


@given(any_text)
def test_every_path_survives_the_round_trip_and_encodes_to_utf8(path):
    text = paths.to_text(path)
    text.encode()
    assert paths.from_text(text) == path


@given(st.binary(max_size=40).filter(lambda b: b"\0" not in b))
def test_every_byte_path_of_the_operating_system_comes_back(raw):
    assert os.fsencode(paths.from_text(paths.to_text(os.fsdecode(raw)))) == raw


@given(any_text, any_text)
def test_two_paths_never_share_one_text(a, b):
    assert (paths.to_text(a) == paths.to_text(b)) == (a == b)


def test_the_escapes_are_the_documented_ones():
    assert paths.to_text("caf\udce9/a\\b.png") == "caf\\xe9/a\\\\b.png"
    assert paths.to_text("\\xe9") == "\\\\xe9"
    assert paths.from_text("\\q \\x41 \\") == "\\q \\x41 \\"


@pytest.mark.parametrize(
    "bad", ["\n", "\r", "\t", "\x1b[2J", "\x07", "\x9b", "\u202e", "\u2066", "\u2028", "\ufeff", "\udc80"]
)
def test_display_shows_what_would_trick_a_terminal(bad):
    shown = paths.display(f"a{bad}b")
    assert bad[0] not in shown
    assert "\\" in shown
    shown.encode()


@given(any_text)
def test_display_is_always_printable_text(text):
    shown = paths.display(text)
    shown.encode()
    assert "\n" not in shown
    assert "\x1b" not in shown


def test_display_leaves_ordinary_names_alone():
    for name in ("shot 010.png", "日本語.png", "👩\u200d🎨.png", "می\u200cخواهم.png"):
        assert paths.display(name) == name


def test_match_key_ignores_folder_case_and_unicode_form():
    assert paths.match_key("C:\\renders\\Cafe\u0301.PNG") == paths.match_key("/mnt/x/caf\u00e9.png")
    assert paths.match_key("STRASSE.mov") == paths.match_key("straße.mov")
    assert paths.match_key("a.png") != paths.match_key("b.png")


@given(any_text)
def test_match_key_is_stable(name):
    assert paths.match_key(paths.match_key(name)) == paths.match_key(name)
