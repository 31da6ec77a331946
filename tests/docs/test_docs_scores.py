"""What docs/formats.md says of real files is what the readers do with them today."""

import pytest

from tests.docs.scores import MIN_SHARE, PAGE, Scores, measure, section
from tests.support.shared import needs_ai_metadata

pytestmark = needs_ai_metadata


@pytest.fixture(scope="module")
def scores() -> Scores:
    return measure()


def test_nearly_every_field_of_real_files_is_read_right(scores):
    assert scores.right / scores.total >= MIN_SHARE, {k: c.missed for k, c in scores.cells.items() if c.missed}
    assert scores.unreadable == 0


def test_nothing_that_is_not_ai_is_called_ai(scores):
    controls = [cell for (tool, _), cell in scores.cells.items() if tool == "(not AI)"]
    assert controls
    assert not any(cell.missed for cell in controls)


def test_the_table_of_the_page_is_what_was_measured(scores):
    assert section(scores) in PAGE.read_text(), "write it again with: .venv/bin/python -m tests.docs.scores"
