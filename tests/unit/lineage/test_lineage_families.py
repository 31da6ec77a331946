"""Families: the same prompt with the same seed."""

import pytest

from dam.lineage.families import family_of


def test_spaces_and_unicode_forms_do_not_count_and_case_does():
    own = family_of("image", "caf\u00e9  at\nnight", "7")
    assert own == family_of("image", "cafe\u0301 at night ", " 7")
    assert own != family_of("image", "Caf\u00e9 at night", "7")
    assert own != family_of("video", "caf\u00e9 at night", "7")
    assert own != family_of("image", "caf\u00e9 at night", "8")


@pytest.mark.parametrize(
    ("prompt", "seed"), [(None, "7"), ("  ", "7"), ("words", None), ("words", ""), ("words", "-1")]
)
def test_without_prompt_or_seed_there_is_no_family(prompt, seed):
    assert family_of("image", prompt, seed) is None
