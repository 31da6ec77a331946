"""What docs/credentials.md says of verdicts is what the program says, of states and codes and of real files."""

import pytest

from dam.model import CredentialState
from dam.provenance import sentences
from tests.docs.credentials import FILES, PAGE, Judged, measure, reason, section

needs_files = pytest.mark.skipif(
    not (FILES / "MANIFEST.tsv").is_file(), reason=f"the real files of other projects are not here ({FILES})"
)


@pytest.fixture(scope="module")
def found() -> list[Judged]:
    return measure()


@needs_files
def test_every_verdict_under_every_trust_setting_is_a_careful_judges(found):
    wrong = [(j.row["path"], j.setting, j.row["expected_class"], j.ours.state, j.ours.codes) for j in found]
    assert not [w for w, j in zip(wrong, found, strict=True) if not j.is_careful]


@needs_files
def test_every_difference_from_the_library_has_a_reason(found):
    assert not [(j.row["path"], j.setting, j.sdk, j.ours.state) for j in found if not j.agrees and reason(j) is None]


@needs_files
def test_every_failure_code_of_the_table_is_kept(found):
    for one in found:
        if one.setting == "state_all_lists_eku_testroots" and one.ours.label:
            codes = {code for code in one.row["failure_codes"].split(",") if code}
            assert codes <= set(one.ours.codes) | {"signingCredential.untrusted"}, one.row["path"]
            assert {s.code for s in one.ours.statuses if s.kind == "failure"} >= codes - {"signingCredential.untrusted"}


@needs_files
def test_the_page_lists_exactly_the_differences_of_today(found):
    assert section(found) in PAGE.read_text(), "write it again with: .venv/bin/python -m tests.docs.credentials"


def test_the_page_explains_every_state_flag_and_tier_in_the_programs_own_words():
    page = " ".join(PAGE.read_text().split())
    for state in CredentialState:
        assert f"`{state}`" in page
    for words in (
        *sentences.STAMPS.values(),
        *sentences.NOTES.values(),
        sentences.NOT_PROVEN,
        *sentences.TIERS.values(),
    ):
        assert " ".join(words.split()) in page, words
    for words in sentences.STATES.values():
        assert " ".join(words.partition("({tier}")[0].split()) in page, words
