"""The generated pages are what the code says today."""

import pytest

from dam.settings import Settings
from tests.docs.reference import DOCS, PAGES, commands

STALE = "out of date; write it again with: .venv/bin/python -m tests.docs.reference"


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_up_to_date(name):
    assert (DOCS / name).read_text() == PAGES[name](), f"docs/{name} is {STALE}"


def test_every_command_has_its_section_and_says_what_it_does():
    page = (DOCS / "cli.md").read_text()
    for name, command in commands():
        assert f"\n## {name}\n" in page
        assert command.help, f"{name} has no help text"


def test_every_setting_stands_in_the_table_with_its_environment_name():
    page = (DOCS / "settings.md").read_text()
    for name in Settings.model_fields:
        assert f"| `{name}` | `DAM_{name.upper()}` |" in page


def test_a_setting_of_the_environment_and_of_dam_toml_is_read_as_the_page_says(tmp_path, monkeypatch):
    (tmp_path / "dam.toml").write_text('protect = "all"\nport = 1\n')
    monkeypatch.setenv("DAM_PORT", "2")
    assert Settings(library=tmp_path).protect == "all"
    assert Settings(library=tmp_path).port == 2
    assert Settings(library=tmp_path, port=3).port == 3
