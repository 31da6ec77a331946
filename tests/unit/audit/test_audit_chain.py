import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dam.audit.chain import Entry, Head, Link, append, canonical, entry_hash, genesis, timestamp, verify
from dam.errors import UsageError

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy

START = genesis("library-1")
AT = "2026-11-21T09:30:00.000000Z"

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
fields = st.tuples(text, text, text, st.dictionaries(text, values, max_size=3))


def chain_of(rows, start=START):
    links, head = [], start
    for at, (actor, action, subject, detail) in enumerate(rows, start=1):
        link = append(head, Entry(at, AT, actor, action, subject, detail))
        links.append(link)
        head = Head(at, link.hash)
    return links


def head_of(links):
    return Head(len(links), links[-1].hash) if links else START


@patient
@given(st.lists(fields, max_size=6))
def test_an_untouched_chain_is_good(rows):
    links = chain_of(rows)
    verdict = verify(links, START, expected=head_of(links))
    assert verdict.ok
    assert (verdict.checked, verdict.head) == (len(rows), head_of(links))


@patient
@given(st.lists(fields, min_size=1, max_size=6), st.data())
def test_any_changed_field_is_found_at_its_entry(rows, data):
    links = chain_of(rows)
    at = data.draw(st.integers(0, len(links) - 1))
    name = data.draw(st.sampled_from(["actor", "action", "subject"]))
    new = data.draw(text.filter(lambda value: value != getattr(links[at].entry, name)))
    links[at] = replace(links[at], entry=replace(links[at].entry, **{name: new}))
    assert verify(links, START).first_bad_seq == at + 1


@patient
@given(st.lists(fields, min_size=1, max_size=6), st.data())
def test_a_changed_detail_is_found(rows, data):
    links = chain_of(rows)
    at = data.draw(st.integers(0, len(links) - 1))
    detail = dict(links[at].entry.detail) | {"added": data.draw(values)}
    if json.dumps(detail) == json.dumps(links[at].entry.detail):
        return
    changed = replace(links[at], entry=replace(links[at].entry, detail=detail))
    if canonical(changed.entry) == canonical(links[at].entry):
        return
    links[at] = changed
    assert verify(links, START).first_bad_seq == at + 1


@patient
@given(st.lists(fields, min_size=1, max_size=6), st.data())
def test_a_removed_entry_is_found_with_the_checkpoint(rows, data):
    links = chain_of(rows)
    expected = head_of(links)
    del links[data.draw(st.integers(0, len(links) - 1))]
    assert not verify(links, START, expected=expected).ok


@patient
@given(st.lists(fields, min_size=2, max_size=6), st.data())
def test_two_swapped_entries_are_found(rows, data):
    links = chain_of(rows)
    one = data.draw(st.integers(0, len(links) - 2))
    two = data.draw(st.integers(one + 1, len(links) - 1))
    links[one], links[two] = links[two], links[one]
    assert verify(links, START).first_bad_seq == one + 1


def test_an_entry_rewritten_with_its_own_new_hash_breaks_the_next():
    links = chain_of([("a", "b", "c", {})] * 3)
    forged = replace(links[1].entry, actor="mallory")
    links[1] = Link(forged, entry_hash(links[0].hash, forged))
    verdict = verify(links, START)
    assert (verdict.ok, verdict.first_bad_seq, verdict.checked) == (False, 3, 2)


def test_a_wholly_rewritten_chain_is_found_by_the_checkpoint():
    expected = head_of(chain_of([("a", "b", "c", {})] * 3))
    forged = chain_of([("mallory", "b", "c", {})] * 4)
    assert verify(forged, START).ok
    assert verify(forged, START, expected=expected).first_bad_seq == 3


def test_a_chain_belongs_to_its_library():
    assert not verify(chain_of([("a", "b", "c", {})]), genesis("library-2")).ok


def test_checking_goes_on_from_a_trusted_checkpoint():
    links = chain_of([("a", "b", "c", {"n": n}) for n in range(5)])
    verdict = verify(iter(links[3:]), Head(3, links[2].hash))
    assert (verdict.ok, verdict.checked) == (True, 2)


@pytest.mark.parametrize(
    "detail",
    [{"x": float("nan")}, {"x": float("inf")}, {"x": "\ud800"}, {1: 2}, {"x": {1, 2}}, {"x": b"raw"}, {"x": object()}],
)
def test_what_has_no_canonical_form_is_refused(detail):
    with pytest.raises(UsageError):
        append(START, Entry(1, AT, "a", "b", "c", detail))


def test_a_detail_nested_too_deep_is_refused():
    deep = {}
    for _ in range(10_000):
        deep = {"x": deep}
    with pytest.raises(UsageError):
        canonical(Entry(1, AT, "a", "b", "c", deep))


@pytest.mark.parametrize("at", ["2026-11-21T09:30:00Z", "2026-11-21 09:30:00.000000Z", "", None])
def test_a_damaged_stored_time_is_a_verdict_not_an_exception(at):
    links = [Link(Entry(1, at, "a", "b", "c"), "0" * 64)]
    assert verify(links, START).first_bad_seq == 1


def test_a_number_out_of_order_is_not_appended():
    with pytest.raises(UsageError, match="cannot follow"):
        append(START, Entry(2, AT, "a", "b", "c"))


def test_the_key_order_of_a_detail_does_not_matter():
    one = Entry(1, AT, "a", "b", "c", {"x": 1, "y": [{"p": 1, "q": 2}]})
    two = Entry(1, AT, "a", "b", "c", {"y": [{"q": 2, "p": 1}], "x": 1})
    assert entry_hash(START.hash, one) == entry_hash(START.hash, two)


def test_times_are_written_in_utc_with_six_decimals():
    moment = datetime(2026, 11, 21, 11, 30, tzinfo=timezone(timedelta(hours=2)))
    assert timestamp(moment) == "2026-11-21T09:30:00.000000Z"
    assert timestamp(datetime(9, 1, 1, 0, 0, 0, 5, tzinfo=UTC)) == "0009-01-01T00:00:00.000005Z"
    with pytest.raises(UsageError):
        timestamp(datetime(2026, 11, 21))


def test_the_worked_example_in_the_docs_is_true_by_the_docs_own_program():
    page = (Path(__file__).resolve().parents[3] / "docs" / "audit.md").read_text(encoding="utf-8")
    library_id = re.search(r"library id is `([^`]+)`", page)[1]
    hashes = re.findall(r"^[0-9a-f]{64}$", page, re.MULTILINE)
    entries = re.findall(r"```json\n(.*?)\n```", page, re.DOTALL)
    program = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    shown = {}
    exec(program, shown)
    assert hashes[0] == hashlib.sha256(f"headwater-audit/1\ngenesis\n{library_id}".encode()).hexdigest()
    links = []
    for before, after, line in zip(hashes, hashes[1:], entries, strict=False):
        assert shown["entry_hash"](before, json.loads(line)) == after
        entry = Entry(**json.loads(line))
        assert canonical(entry).decode() == line
        links.append(Link(entry, after))
    assert len(links) == 2
    assert verify(links, genesis(library_id)).ok
