"""What is due: claimed once, given back when its worker died, set aside when it kills workers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.catalogue import assets, leases, records, work
from tests.support import ledger, rows
from tests.support.libraries import copy_of


@pytest.fixture
def root(catalogue):
    with catalogue.change() as unit:
        return rows.root(unit)


def add(catalogue, root, *paths, not_before=0.0):
    with catalogue.change() as unit:
        rows.arrivals(unit, root, *paths, not_before=not_before)


def claim(catalogue, worker="w", now=100.0, limit=10, **more):
    with catalogue.change() as unit:
        return work.claim_arrivals(unit, worker, now=now, limit=limit, **more)


def claim_jobs(catalogue, worker="w", now=100.0, limit=10, **more):
    with catalogue.change() as unit:
        return work.claim_jobs(unit, worker, now=now, limit=limit, **more)


def states(library, table="intake", name="path"):
    return {r[name]: r["state"] for r in ledger.rows(library, f"SELECT {name}, state FROM {table}")}


def wanted(catalogue, root, *letters, stages=("pixels", "protect")):
    with catalogue.change() as unit:
        found = [rows.asset(unit, letter, at=root) for letter in letters]
        for asset_id in found:
            assets.want_stages(unit, asset_id, [(stage, "1", None) for stage in stages])
    return found


# -- arrivals


def test_a_row_is_claimed_by_one_worker_only(catalogue, library, root):
    add(catalogue, root, "a", "b", "c")
    first, second = claim(catalogue, "one", limit=2), claim(catalogue, "two")
    assert [len(first), len(second)] == [2, 1]
    assert {x.path for x in first} | {x.path for x in second} == {"a", "b", "c"}
    assert claim(catalogue) == []


def test_a_row_is_due_at_its_time_and_the_earliest_comes_first(catalogue, root):
    add(catalogue, root, "late", not_before=50.0)
    add(catalogue, root, "early", not_before=10.0)
    assert [x.path for x in claim(catalogue, now=9.9)] == []
    assert [x.path for x in claim(catalogue, now=60.0)] == ["early", "late"]


def test_files_of_an_offline_drive_are_not_claimed_and_not_counted_as_work(catalogue, root):
    add(catalogue, root, "a")
    with catalogue.change() as unit:
        records.set_root_state(unit, root, "offline", "unplugged")
    assert claim(catalogue) == []
    with catalogue.reader() as reader:
        assert reader.pending() == {"admit": 0, "stages": 0}
        assert not reader.is_due(100.0)
        assert reader.waiting() == ["drive/a"]


def test_a_file_that_changes_while_it_waits_starts_anew(catalogue, library, root):
    add(catalogue, root, "a")
    (row,) = claim(catalogue)
    with catalogue.change() as unit:
        work.arrival_failed(unit, row.id, "file.empty", "why", retry_at=None)
    add(catalogue, root, "a")
    assert states(library) == {"a": "quarantined"}
    with catalogue.change() as unit:
        work.note_arrivals(unit, root, [("a", (11, 2, "1:1"), 0.0)])
    assert (states(library), claim(catalogue)[0].tries) == ({"a": "due"}, 0)


def test_a_file_that_keeps_changing_is_never_counted_as_failing(catalogue, root):
    add(catalogue, root, "a")
    for n in range(10):
        (row,) = claim(catalogue)
        with catalogue.change() as unit:
            work.settle_later(unit, row.id, (n, n, "1:1"), 0.0)
    (row,) = claim(catalogue)
    assert (row.tries, row.seen) == (0, (9, 9, "1:1"))


# -- dead workers


def test_only_what_a_dead_worker_had_is_given_back(catalogue, library, root):
    add(catalogue, root, "a", "b")
    claim(catalogue, "dead", limit=1)
    claim(catalogue, "alive", limit=1)
    with catalogue.change() as unit:
        assert leases.died(unit, lambda w: w == "dead") == 1
    assert sorted(states(library).values()) == ["due", "running"]
    assert claim(catalogue) == []  # it is a suspect
    assert [x.path for x in claim(catalogue, suspects=True)] == ["a"]


def test_a_worker_that_stops_by_itself_leaves_no_trace_of_a_crash(catalogue, root):
    add(catalogue, root, "a")
    claim(catalogue, "me")
    with catalogue.change() as unit:
        leases.release(unit, lambda w: w == "me")
    assert [x.path for x in claim(catalogue)] == ["a"]


def test_a_file_that_kills_every_worker_is_set_aside_with_the_reason(catalogue, library, root):
    add(catalogue, root, "poison", "good")
    assert len(claim(catalogue, "dead")) == 2
    with catalogue.change() as unit:
        leases.died(unit, lambda _: True)
    for _ in range(2):
        claimed = claim(catalogue, "dead", limit=1, suspects=True)
        assert claimed[0].path == "poison"
        with catalogue.change() as unit:
            assert leases.set_aside(unit) == []
            leases.died(unit, lambda _: True, alone="SIGSEGV")
    with catalogue.change() as unit:
        assert leases.set_aside(unit) == [("intake", root, "poison")]
    assert states(library) == {"poison": "quarantined", "good": "due"}
    (held,) = ledger.rows(library, "SELECT code, message FROM intake WHERE state = 'quarantined'")
    assert held["code"] == "engine.crashed"
    assert "3 times" in held["message"]
    assert held["message"].endswith("alone: SIGSEGV")


def test_deaths_that_nobody_saw_never_set_a_file_aside(catalogue, library, root):
    """A power cut a day for a year is no fault of the file that happened to be in hand."""
    add(catalogue, root, "a")
    for _ in range(10):
        assert len(claim(catalogue, "dead")) + len(claim(catalogue, "dead", suspects=True)) == 1
        with catalogue.change() as unit:
            leases.died(unit, lambda _: True)
            assert leases.set_aside(unit) == []
    assert states(library) == {"a": "due"}


def test_a_stage_that_is_done_is_no_suspect_any_more(catalogue, root):
    wanted(catalogue, root, "a", stages=("pixels",))
    claim_jobs(catalogue)
    with catalogue.change() as unit:
        leases.died(unit, lambda _: True)
    (job,) = claim_jobs(catalogue, suspects=True)
    with catalogue.change() as unit:
        work.job_ended(unit, job.id, "done")
        assert work.ask_again(unit, job.asset_id, "pixels") == job.id
    assert len(claim_jobs(catalogue)) == 1


def test_a_lease_says_which_worker_of_another_machine_lives(catalogue):
    with catalogue.change() as unit:
        leases.renew(unit, "there:1:1#0", 1000.0)
        leases.renew(unit, "there:1:1#0", 1100.0)
        leases.renew(unit, "elsewhere:1:1#0", 1000.0)
    with catalogue.change() as unit:
        assert leases.lapsed(unit, 1000.0 + leases.LEASE_S) == frozenset()
        assert leases.lapsed(unit, 1001.0 + leases.LEASE_S) == {"elsewhere:1:1#0"}
        leases.end(unit, "elsewhere:1:1#0")
        assert leases.lapsed(unit, 1e9) == {"there:1:1#0"}


# -- stages


def test_a_stage_waits_for_the_earlier_ones_of_its_asset_only(catalogue, root):
    one, two = wanted(catalogue, root, "a", "b")
    pixels = claim_jobs(catalogue)
    assert {(j.asset_id, j.stage) for j in pixels} == {(one, "pixels"), (two, "pixels")}
    assert claim_jobs(catalogue) == []
    with catalogue.change() as unit:
        work.job_ended(unit, pixels[0].id, "done")
    assert [(j.asset_id, j.stage) for j in claim_jobs(catalogue)] == [(pixels[0].asset_id, "protect")]


def test_waiting_for_a_drive_is_never_counted_as_failing(catalogue, library, root):
    wanted(catalogue, root, "a", stages=("pixels",))
    for _ in range(40):
        (job,) = claim_jobs(catalogue)
        with catalogue.change() as unit:
            work.job_ended(unit, job.id, "due", code=work.OFFLINE, message="away")
    with catalogue.change() as unit:
        assert leases.set_aside(unit) == []
    with catalogue.reader() as reader:
        assert reader.pending()["stages"] == 0
    assert states(library, "job", "stage") == {"pixels": "due"}


def test_stages_that_wait_for_a_drive_are_due_when_it_is_back(catalogue, root):
    wanted(catalogue, root, "a", stages=("pixels",))
    (job,) = claim_jobs(catalogue)
    with catalogue.change() as unit:
        work.job_ended(unit, job.id, "due", code=work.OFFLINE, message="away", retry_at=1e9)
    assert claim_jobs(catalogue) == []
    with catalogue.change() as unit:
        assert work.wake_offline(unit) == 1
    assert len(claim_jobs(catalogue)) == 1


def test_what_failed_for_want_of_space_is_tried_again_with_all_that_stood_behind_it(catalogue, library, root):
    (asset_id,) = wanted(catalogue, root, "a")
    (job,) = claim_jobs(catalogue)
    with catalogue.change() as unit:
        work.job_ended(unit, job.id, "failed", code="storage.full", message="full")
        work.skip_later_stages(unit, asset_id, "pixels", "storage.full", "full")
    assert states(library, "job", "stage") == {"pixels": "failed", "protect": "skipped"}
    with catalogue.change() as unit:
        assert work.retry_failed(unit, code_prefix="storage.") == 2
    assert states(library, "job", "stage") == {"pixels": "due", "protect": "due"}


def test_what_failed_for_the_files_own_fault_is_not_tried_again(catalogue, library, root):
    wanted(catalogue, root, "a", stages=("pixels",))
    (job,) = claim_jobs(catalogue)
    with catalogue.change() as unit:
        work.job_ended(unit, job.id, "failed", code="file.undecodable", message="cut")
        assert work.retry_failed(unit, code_prefix="storage.") == 0
    assert states(library, "job", "stage") == {"pixels": "failed"}


# -- a model: however claims, deaths and ends follow each other, no row is lost and none is held twice

STEPS = st.lists(st.tuples(st.sampled_from(["claim", "die", "end", "fail", "retry"]), st.integers(0, 2)), max_size=25)


@given(STEPS)
def test_no_order_of_claims_and_deaths_loses_a_row_or_gives_it_twice(model_catalogue, steps):
    catalogue, root = model_catalogue()
    held = {0: {}, 1: {}, 2: {}}
    done, quarantined = set(), set()
    paths = {f"{n}" for n in range(6)}
    add(catalogue, root, *paths)
    for act, worker in steps:
        mine = held[worker]
        if act == "claim":
            mine |= {x.path: x.id for x in claim(catalogue, f"w{worker}", limit=2)}
        elif act == "die":
            with catalogue.change() as unit:
                leases.release(unit, lambda w, me=worker: w == f"w{me}")
            mine.clear()
        elif mine:
            path, row_id = mine.popitem()
            with catalogue.change() as unit:
                if act == "end":
                    work.arrived(unit, row_id)
                    done.add(path)
                else:
                    work.arrival_failed(unit, row_id, "x", "y", retry_at=0.0 if act == "retry" else None)
                    quarantined |= {path} if act == "fail" else set()
        running = [p for rows_ in held.values() for p in rows_]
        assert len(running) == len(set(running))
        with catalogue.reader() as reader:
            now = {r["path"]: r["state"] for r in reader.rows("SELECT path, state FROM intake")}
        assert set(now) == paths - done
        assert {p for p, s in now.items() if s == "running"} == set(running)
        assert {p for p, s in now.items() if s == "quarantined"} == quarantined


@pytest.fixture(scope="module")
def model_catalogue(template_library, tmp_path_factory):
    """One catalogue for all examples, with nothing to do at the start of each."""
    import itertools

    from dam.catalogue.unit import Catalogue
    from tests.support.libraries import NOON, settings

    numbers = itertools.count(1)
    folder = copy_of(template_library, tmp_path_factory.mktemp("model") / "library")
    one = Catalogue(settings(folder), clock=lambda: NOON, new_id=lambda: f"id{next(numbers):06}")
    with one.change() as unit:
        root = rows.root(unit)

    def fresh():
        with one.change() as unit:
            work.forget_arrivals(unit, root, [f"{n}" for n in range(6)])
        return one, root

    yield fresh
    one.close()
