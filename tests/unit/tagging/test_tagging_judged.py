"""The judged set: precision and recall of tags from prompts, LoRA names and paths, and every trap by name."""

import pytest

from dam.tagging.tagger import Facts, Tagger
from dam.tagging.templates import compiled
from tests.support import cast_cases as cases

TAGGER = Tagger(cases.ALL, {"root": compiled(cases.TEMPLATE)})


def found(**facts):
    return {t.term for t in TAGGER.tags(Facts(**facts)) if t.kind == "character"}


def judged():
    yield from ((found(prompt=text), truth, text) for text, truth in cases.prompts())
    yield from ((found(loras=[(name, weight)]), truth, name) for name, weight, truth in cases.LORAS)
    yield from ((found(places=[("root", path)]), truth, path) for path, truth in cases.PATHS)


def test_precision_and_recall_over_the_judged_set():
    rows = list(judged())
    assert len(rows) >= 300
    right = sum(len(got & truth) for got, truth, _ in rows)
    got, wanted = sum(len(g) for g, _, _ in rows), sum(len(t) for _, t, _ in rows)
    wrong = [(text, got, truth) for got, truth, text in rows if got != truth]
    print(f"{len(rows)} judged: precision {right / got:.3f}, recall {right / wanted:.3f}; {wrong}")
    assert right / got >= 0.98, wrong
    assert right / wanted >= 0.95, wrong


@pytest.mark.parametrize("text", cases.OTHER)
def test_pieces_of_other_words_are_nobody(text):
    assert found(prompt=text) == ({"mara"} if text == "mara's" else set())


@pytest.mark.parametrize(("text", "truth"), cases.MIXED)
def test_several_names_and_scripts_without_blanks(text, truth):
    assert found(prompt=text) == truth


@pytest.mark.parametrize(("path", "truth"), cases.PATHS)
def test_a_path_is_read_by_its_template(path, truth):
    assert found(places=[("root", path)]) == truth
