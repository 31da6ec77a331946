"""Mutated files through the whole metadata pass: nothing raises, hangs, swells, or says what cannot be stored."""

import os

import pytest

from tests.support import adversaries, corpus, hostile, mutator

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
COUNT = 20_000 if NIGHTLY else 2_000


@pytest.mark.slow
def test_no_mutated_file_raises_hangs_swells_or_hides_a_failure_of_ours(tmp_path):
    report = hostile.run(COUNT, 2, tmp_path, first=1_000_000 if NIGHTLY else 0, with_shared=NIGHTLY)
    assert report.findings == []
    assert report.files == COUNT


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["texts", "graphs", "workflows", "packets", "containers", "timelines"])
def test_no_file_that_was_made_to_be_slow_or_large_is(tmp_path, kind):
    """Each aims at one loop, expression or allocation; before they were bounded, half of them took minutes or gigabytes."""
    files = getattr(adversaries, kind)()
    report = hostile.look_at(files, tmp_path)
    assert report.findings == []
    assert report.files == len(files)


@pytest.mark.slow
def test_long_runs_of_what_expressions_repeat_take_no_longer_than_their_length(tmp_path):
    files = adversaries.runs() if NIGHTLY else adversaries.runs(size=1 << 18, every=5)
    report = hostile.look_at(files, tmp_path, workers=2)
    assert report.findings == []
    assert report.files == len(files)


def test_the_same_number_makes_the_same_file_and_numbers_differ():
    files = corpus.honest()
    made = [mutator.mutated(number, files) for number in range(200)]
    assert made == [mutator.mutated(number, files) for number in range(200)]
    assert len(set(made)) > 195


def test_the_death_of_a_worker_is_a_finding_with_the_file_in_hand(tmp_path):
    (tmp_path / "found.jsonl").write_text("")
    (tmp_path / "in_hand").write_text("17")
    report = hostile.Report([], {})
    hostile._collect(report, -11, "Segmentation fault", tmp_path)
    assert [(kind, number) for kind, number, _ in report.findings] == [("died", 17)]
