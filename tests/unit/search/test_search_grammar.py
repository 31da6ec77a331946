import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dam.search.fields import date_span_us, outside_terms
from dam.search.grammar import INPUT_LIMIT_BYTES, TERM_LIMIT, parse
from dam.search.query import All, And, Ids, Not, Or, Phrase, Term, Word, leaves, render, resolve

PIECES = (
    'mara OR AND NOT - -- ( ) " * ? : model: model:flux* is:approved is:wat -is:rejected width:>=2048 width:abc width:1..9 is:>wat id:<X '
    'created:2026-10 created:>x kind:video foo:bar tag:="red tag:= "neon seed:007 \\ \\" “ ” 红发 café similar:X 16:9 --ar'
)
typed = st.lists(st.sampled_from(PIECES.split()) | st.text(max_size=6), max_size=14).flatmap(
    lambda parts: st.sampled_from([" ", "", "\n"]).map(lambda glue: glue.join(parts))
)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", All()),
        ("  * ", All()),
        ("mara warehouse is:approved", And((Word("mara"), Word("warehouse"), Term("is", "approved")))),
        ('character:"Mara Voss" -is:rejected', And((Term("character", "Mara Voss"), Not(Term("is", "rejected"))))),
        ("model:flux* seed:042", And((Term("model", "flux*"), Term("seed", "42")))),
        ("width:>=2048", Term("width", "2048", ">=")),
        ("steps:20..30", And((Term("steps", "20", ">="), Term("steps", "30", "<=")))),
        ("created:>2026-10-1", Term("created", "2026-10-01", ">")),
        ('"neon rain"', Phrase("neon rain")),
        ("“neon rain”", Phrase("neon rain")),
        ("a b OR c", Or((And((Word("a"), Word("b"))), Word("c")))),
        ("a AND (b OR c)", And((Word("a"), Or((Word("b"), Word("c")))))),
        ("NOT a -b - c", And((Not(Word("a")), Not(Word("b")), Word("c")))),
        ("NOT --ar", Not(Word("--ar"))),
        ("-(a b)", Not(And((Word("a"), Word("b"))))),
        ("NOT NOT a", Word("a")),
        ("((a) b)", And((Word("a"), Word("b")))),
        ("or and not", And((Word("or"), Word("and"), Word("not")))),
        ("status:approved availability:offline", And((Term("is", "approved"), Term("is", "offline")))),
        ("KIND:Photo", Term("kind", "image")),
        ("parse:unparsed", Term("parse", "unparsed")),
        ('tag:="red hair"', Term("tag", "red hair", "=")),
        (r'name:"say \"hi\" C:\x"', Term("name", r'say "hi" C:\x')),
        ("a cat --ar 16:9", And((Word("a"), Word("cat"), Word("--ar"), Word("16:9")))),
        ("final(2).png", And((Word("final"), Word("2"), Word(".png")))),
    ],
)
def test_a_query_is_understood_as(text, tree):
    query = parse(text)
    assert query.tree == tree
    assert parse(query.understood).tree == tree


@pytest.mark.parametrize(
    ("text", "understood", "note"),
    [
        ("colour:red", "colour:red", "not a field"),
        ("width:wide", "width:wide", "not understood"),
        ("created:2026-13", "created:2026-13", "not understood"),
        ("is:lovely", "is:lovely", "not known"),
        ("model: flux", "model: flux", "has no value"),
        ("model:>flux", "model:flux", "cannot be compared"),
        ("is:>Approved", "is:approved", "cannot be compared"),
        ("is:>lovely", "is:>lovely", "not known"),
        ("parse:<X", "parse:x", "cannot be compared"),
        ("kind:hologram", "kind:hologram", "knows"),
        ('a "b', "a b", "quotation mark"),
        ("(a", "a", "not closed"),
        ("a) b", "a b", "no opening"),
        ("a OR", "a", "nothing on its right"),
        ("OR a", "a", "nothing on its left"),
        ("a NOT", "a", "nothing to its right"),
        ("a !!", "a", "nothing to search for"),
    ],
)
def test_nonsense_is_read_sensibly_and_a_note_says_how(text, understood, note):
    query = parse(text)
    assert query.understood == understood
    assert any(note in line for line in query.notes)


def test_a_plain_query_has_no_notes():
    assert parse("mara model:flux* OR (is:approved -tag:rain)").notes == ()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(typed | st.text(max_size=80))
def test_anything_typed_parses_and_its_canonical_text_parses_to_the_same(text):
    query = parse(text)
    again = parse(query.understood)
    assert again.tree == query.tree
    assert again.understood == query.understood
    assert render(query.tree) == query.understood


@pytest.mark.parametrize(
    "text",
    [
        "(" * 70_000,
        "(a " * 20_000,
        "a " * 40_000,
        '"' * 70_001,
        '\\"' * 40_000,
        "-" * 70_000,
        "NOT " * 20_000,
        "红" * 70_000,
        "width:1..2 " * 9_000,
        'name:"' + "\\" * 70_000 + '"',
        ('"' + "\\" * 999 + '" ') * 70,
        ('"' + "\\a" * 499 + '" ') * 65,
        "OR " * 30_000,
        "model:" * 12_000,
        "a OR (b " * 9_000,
    ],
)
def test_a_huge_query_is_bounded_quick_and_stable(text):
    started = time.process_time()
    query = parse(text)
    assert time.process_time() - started < 2
    assert len(list(leaves(query.tree))) <= TERM_LIMIT
    assert len(query.understood.encode()) <= INPUT_LIMIT_BYTES
    assert len(query.notes) <= 20
    assert parse(query.understood).tree == query.tree


def test_a_cut_query_says_so():
    assert any("64 KiB" in note for note in parse("a" * 70_000).notes)
    assert any("256 terms" in note for note in parse("a " * 300).notes)
    assert any("32 wildcards" in note for note in parse("a* " * 40).notes)
    assert any("deeper than 32" in note for note in parse("(" * 40 + "a" + ")" * 40).notes)


def test_parentheses_that_are_too_deep_lose_no_words():
    assert [leaf.text for leaf in leaves(parse("(" * 40 + "a" + ")" * 40 + " b").tree)] == ["a", "b"]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026", 365 * 86400),
        ("2024", 366 * 86400),
        ("2026-12", 31 * 86400),
        ("2026-10-01", 86400),
        ("2026-10-01T09:30", 60),
    ],
)
def test_a_date_names_its_whole_span(value, seconds):
    first, after = date_span_us(value)
    assert after - first == seconds * 1_000_000


@pytest.mark.parametrize("value", ["0000", "2026-02-30", "9999", "26-01-01", "yesterday", ""])
def test_what_is_no_date_has_no_span(value):
    assert date_span_us(value) is None


def test_outside_terms_are_handed_to_the_caller_and_resolved():
    query = parse("mara -similar:abc made-with:x")
    abc, made = Term("similar", "abc"), Term("made-with", "x")
    assert outside_terms(query.tree) == (abc, made)
    resolved = resolve(query, {abc: ("1", "2")})
    assert resolved.tree == And((Word("mara"), Not(Ids(("1", "2"))), made))
    assert resolved.understood == query.understood
