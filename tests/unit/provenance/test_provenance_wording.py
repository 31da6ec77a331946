"""The words of labels: by law, language and what is known of the file."""

import pytest

from dam.errors import PolicyError, UsageError
from dam.provenance.wording import LOCALES, style_of, words_of

TRAINED, MIXED = "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"


@pytest.mark.parametrize(
    ("label", "locale", "source", "words"),
    [
        ("eu", None, TRAINED, ("AI", "GENERATED")),
        ("eu", "de", MIXED, ("KI", "BEARBEITET")),
        ("eu", "fr-FR", TRAINED, ("IA", "GÉNÉRÉ")),
        ("eu", "ja", None, ("AI", "生成")),
        ("cn", None, TRAINED, ("", "AI生成")),
        ("cn", "zh_CN", MIXED, ("", "AI合成")),
        ("text:  made  with care", None, None, ("", "made with care")),
    ],
)
def test_words_follow_law_language_and_evidence(label, locale, source, words):
    assert words_of(style_of(label, locale), source, ai_generated=True) == words


@pytest.mark.parametrize("locale", LOCALES)
def test_every_language_tells_generated_from_modified(locale):
    style = style_of("eu", locale)
    assert words_of(style, TRAINED, ai_generated=True) != words_of(style, MIXED, ai_generated=True)


@pytest.mark.parametrize(("source", "ai"), [(None, None), (None, False), ("digitalCapture", False)])
def test_a_file_that_nothing_says_is_ai_gets_no_such_label_but_may_get_a_text(source, ai):
    with pytest.raises(PolicyError) as refused:
        words_of(style_of("eu", None), source, ai_generated=ai)
    assert refused.value.code == "label.not_ai"
    assert words_of(style_of("text:ours", None), source, ai_generated=ai) == ("", "ours")


@pytest.mark.parametrize(
    ("label", "locale"),
    [("us", None), ("eu", "xx"), ("cn", "en"), ("text:", None), ("text:" + "x" * 61, None), ("text:a\x00b", None)],
)
def test_other_wishes_are_refused_with_what_there_is(label, locale):
    with pytest.raises(UsageError):
        style_of(label, locale)
