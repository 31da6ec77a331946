"""The plan of a pass against a model of it: what is new, gone, back, and what may not be judged."""

from hypothesis import given
from hypothesis import strategies as st

from dam.catalogue.drives import Known
from dam.media.files import Entry
from dam.watch.compare import compare
from dam.watch.walk import Ignored, Unseen

NAMES = ("a", "b", "c")
PATHS = st.builds("/".join, st.lists(st.sampled_from(NAMES), min_size=1, max_size=3))
STAMPS = st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from(["1:1", "1:2"]))
FOUND = st.dictionaries(PATHS, STAMPS, max_size=12)
KNOWN = st.dictionaries(PATHS, st.tuples(STAMPS, st.sampled_from(["online", "missing", "intake", "held"])), max_size=12)
FOLDERS = st.sets(st.one_of(st.just(""), PATHS), max_size=2)


def known_of(rows):
    return {
        path: Known(
            stamp,
            None if state == "intake" else f"at {path}",
            missing=state == "missing",
            held=state in ("intake", "held"),
        )
        for path, (stamp, state) in rows.items()
    }


def walked(found, dark):
    """What a walk yields where the folders in `dark` cannot be read."""
    seen = {p: s for p, s in found.items() if not below(p, dark)}
    return [*(Unseen(d, "denied") for d in dark), *(Entry(p, *s) for p, s in seen.items())], seen


def below(path, dark):
    return any(d in ("", path) or path.startswith(d + "/") for d in dark)


@given(FOUND, KNOWN, FOLDERS)
def test_the_plan_is_what_the_drive_and_the_catalogue_say(found, rows, dark):
    known = known_of(rows)
    items, seen = walked(found, dark)
    plan = compare(items, known)
    new = {p for p, s in seen.items() if p not in known or known[p].seen != s}
    assert {e.path for e in plan.arrivals} == new
    assert set(plan.returned) == {f"at {p}" for p in seen if p not in new and known[p].missing}
    assert plan.seen == len(seen) == plan.unchanged + len(plan.arrivals) + len(plan.returned)
    gone = {p for p in known if p not in seen and not below(p, dark)}
    assert set(plan.vanished) == {f"at {p}" for p in gone if known[p].location_id and not known[p].missing}
    assert set(plan.gone_intake) == {p for p in gone if known[p].held}


@given(FOUND, KNOWN, FOLDERS)
def test_nothing_below_a_folder_that_cannot_be_read_vanishes(found, rows, dark):
    known = known_of(rows)
    plan = compare(walked(found, dark)[0], known)
    hidden = {p for p in known if below(p, dark)}
    assert not set(plan.vanished) & {f"at {p}" for p in hidden}
    assert not set(plan.gone_intake) & hidden
    assert [u.path for u in plan.unseen] == list(dark)


@given(FOUND)
def test_a_drive_compared_with_itself_is_unchanged(found):
    known = {p: Known(s, f"at {p}") for p, s in found.items()}
    plan = compare([Entry(p, *s) for p, s in found.items()], known)
    assert plan.unchanged == len(found)
    assert plan.settled


@given(FOUND, KNOWN, FOLDERS)
def test_a_folder_is_settled_only_if_nothing_is_different_and_nothing_waits(found, rows, dark):
    known = known_of(rows)
    items, seen = walked(found, dark)
    plan = compare(items, known)
    online = {p for p, k in known.items() if not k.missing}
    same = set(seen) == online and all(known[p].seen == s for p, s in seen.items()) and not dark
    assert plan.settled == ((same and not any(k.waits for k in known.values())) or not (seen or online or dark))


def test_a_file_that_waits_to_be_read_keeps_its_folder_open():
    plan = compare([Entry("new", 1, 2, "1:3")], {"new": Known((1, 2, "1:3"), held=True, waits=True)})
    assert (plan.unchanged, plan.settled) == (1, False)


def test_what_is_ignored_is_counted_and_is_no_file():
    plan = compare([Ignored("x.tmp", "temporary")], {})
    assert (plan.ignored, plan.seen) == (1, 0)
