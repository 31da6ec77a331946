"""Dates in words, units, nearly right words, and what may have been meant."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.search.dates import spoken
from dam.search.grammar import parse
from dam.search.query import render
from dam.search.suggest import suggestions

FRIDAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("today", "2026-11-27", "2026-11-27"),
        ("Yesterday", "2026-11-26", "2026-11-26"),
        ("friday", "2026-11-20", "2026-11-20"),
        ("last monday", "2026-11-23", "2026-11-23"),
        ("this week", "2026-11-23", "2026-11-29"),
        ("last-week", "2026-11-16", "2026-11-22"),
        ("this month", "2026-11-01", "2026-11-30"),
        ("last_month", "2026-10-01", "2026-10-31"),
        ("this year", "2026-01-01", "2026-12-31"),
        ("last year", "2025-01-01", "2025-12-31"),
        ("last 7 days", "2026-11-21", "2026-11-27"),
        ("past 2 weeks", "2026-11-14", "2026-11-27"),
        ("3 days ago", "2026-11-24", "2026-11-24"),
        ("9 months ago", "2026-02-27", "2026-02-27"),
        ("1 year ago", "2025-11-27", "2025-11-27"),
    ],
)
def test_words_mean_days(words, first, last):
    assert spoken(words, FRIDAY) == (first, last)


@pytest.mark.parametrize(
    "words", ["", "soon", "last", "week", "0 fortnights ago", "9999 years ago", "last 9999 years", "ago"]
)
def test_other_words_mean_nothing(words):
    assert spoken(words, FRIDAY) is None


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_periods_follow_each_other_without_a_gap(today):
    for unit in ("week", "month", "year"):
        this, last = spoken(f"this {unit}", today), spoken(f"last {unit}", today)
        assert this[0] <= today.isoformat() <= this[1]
        assert date.fromisoformat(last[1]) + timedelta(days=1) == date.fromisoformat(this[0])
    assert spoken("31 days ago", today)[0] == (today - timedelta(days=31)).isoformat()
    month = spoken("1 month ago", today)[0]
    assert spoken("last month", today)[0] <= month <= spoken("last month", today)[1]


@pytest.mark.parametrize(
    ("query", "understood"),
    [
        ("created:yesterday", "created:2026-11-26"),
        ('created:"last week" mara', "created:>=2026-11-16 created:<=2026-11-22 mara"),
        ("created:>last-week", "created:>2026-11-22"),
        ("created:<last-week", "created:<2026-11-16"),
        ("created:>=last-week", "created:>=2026-11-16"),
        ("-admitted:today", "-admitted:2026-11-27"),
        ("width:4k", "width:4000"),
        ("width:>=1.5k", "width:>=1500"),
        ("duration:>1.5m", "duration:>90"),
        ("duration:1:02:03", "duration:3723"),
        ("duration:2h", "duration:7200"),
        ("neon~", "neon~"),
        ("neon~1", "neon~"),
        ("neon~2", "neon~2"),
        ("ne~", "ne~"),  # too short to be nearly anything: a word
        ("neon~3", "neon~3"),
        ("by:comfyui", "tool:comfyui"),
    ],
)
def test_how_it_is_understood_and_that_it_stays_so_another_day(query, understood):
    found = parse(query, today=FRIDAY)
    assert (found.understood, found.notes) == (understood, ())
    assert parse(found.understood, today=date(2031, 1, 1)).tree == found.tree


KNOWN = {
    "character": ["Mara Voss", "Ilse"],
    "model": ["flux1-dev"],
    "scene": ["sc010", "warehouse"],
    "status": ["approved"],
}


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("warehose", "scene:=warehouse"),
        ("character:maravoss", 'character:="Mara Voss"'),
        ("mora is:approved", 'character:="Mara Voss" is:approved'),
        ("model:flux1-dve", "model:=flux1-dev"),
        ("(ilsa OR nothing-like-it)", "character:=Ilse OR nothing-like-it"),
    ],
)
def test_what_may_have_been_meant(query, first):
    assert render(suggestions(parse(query).tree, KNOWN)[0]) == first


@pytest.mark.parametrize("query", ["", "zzzzzz", "is:approved", "-warehose", "width:>20", "warehouse"])
def test_nothing_is_offered_where_nothing_is_near(query):
    assert suggestions(parse(query).tree, KNOWN) == []


@given(st.text(max_size=200))
def test_no_text_makes_it_fail(text):
    for node in suggestions(parse(text).tree, KNOWN):
        assert parse(render(node)).tree == node
