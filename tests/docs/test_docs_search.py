"""docs/search.md is what the parser does: every example is run, every field and word is named."""

import re

import pytest

from dam.search.fields import ALIASES, FIELDS, STATES
from dam.search.grammar import DEPTH_LIMIT, TERM_LIMIT, TEXT_LIMIT_CHARS, WILDCARD_LIMIT, parse
from dam.search.results import Sort
from tests.docs.reference import DOCS

TEXT = (DOCS / "search.md").read_text()
ROW = re.compile(r"^\| `([^`]+)` \| `([^`]+)` \| ([^|]*)\|$", re.MULTILINE)


def rows(heading, until):
    return ROW.findall(TEXT[TEXT.index(heading) : TEXT.index(until)])


EXAMPLES = rows("## Examples", "What does not fit")
BENT = rows("What does not fit", "## Limits")


@pytest.mark.parametrize(("query", "understood", "remark"), EXAMPLES)
def test_an_example_is_understood_as_the_page_says(query, understood, remark):
    found = parse(query)
    assert (found.understood, found.notes) == (understood, ())


@pytest.mark.parametrize(("query", "understood", "remark"), BENT)
def test_what_does_not_fit_is_read_as_the_page_says_with_a_note(query, understood, remark):
    found = parse(query)
    assert found.understood == understood
    assert len(found.notes) == 1


@pytest.mark.parametrize(("query", "understood", "remark"), EXAMPLES + BENT)
def test_what_was_understood_is_understood_again(query, understood, remark):
    assert parse(understood).tree == parse(query).tree


def test_the_tables_were_found():
    assert len(EXAMPLES) > 30
    assert len(BENT) > 5


def test_every_field_alias_state_and_order_is_named():
    words = set(re.findall(r"[a-z0-9_-]+", TEXT))
    for name in (*FIELDS, *ALIASES, *STATES, *Sort):
        assert str(name) in words, f"{name} is not in docs/search.md"


def test_the_limits_are_those_of_the_parser():
    for number in (TERM_LIMIT, WILDCARD_LIMIT, DEPTH_LIMIT, f"{TEXT_LIMIT_CHARS:,}"):
        assert str(number) in TEXT[TEXT.index("## Limits") :]
