"""What others may rely on is documented, and no document says what it must not."""

import re
from importlib import import_module

import pytest

from dam.fingerprint import contract as fingerprints
from dam.ingest.protect import MARKED
from dam.metadata import contract as readers
from dam.metadata.read import readers_found
from dam.model import CredentialState, Kind
from dam.plugins import discover
from dam.watermark import contract as marks
from dam_schemas.base import Wire
from dam_schemas.publish import PUBLISHED
from dam_schemas.web import Ask
from tests.docs.reference import DOCS, MAIN, code_lines

OURS = [MAIN / "README.md", MAIN / "CONTRIBUTING.md", MAIN / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
ROOMS = ("assets", "clusters", "cuts", "cast", "collections", "reviews", "files", "roots", "audit", "system", "trust")


def models(base):
    for one in base.__subclasses__():
        yield one
        yield from models(one)


def test_every_wire_model_is_named():
    text = (DOCS / "api.md").read_text()
    for model in {*models(Wire), *models(Ask)}:
        assert f"`{model.__name__}`" in text, f"{model.__name__} is not in docs/api.md"
    for name, model in PUBLISHED.items():
        assert f"| `{model.__name__}` | `{name}` |" in text


def test_every_route_is_named_and_no_other():
    real = {
        f"{method} {route.path}"
        for room in ROOMS
        for route in import_module(f"dam_api.{room}").router.routes
        for method in route.methods - {"HEAD"}
    }
    text = (DOCS / "api.md").read_text()
    assert set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", text, re.MULTILINE)) == real


def test_every_metadata_reader_is_named_with_what_it_fills():
    text = (DOCS / "formats.md").read_text()
    for reader in readers_found():
        assert f"| `{reader.name}` | " in text, f"{reader.name} is not in docs/formats.md"


def test_every_plug_in_group_is_told_to_contributors():
    text = (MAIN / "CONTRIBUTING.md").read_text()
    for group in (readers.GROUP, fingerprints.GROUP, marks.GROUP):
        assert f"`{group}`" in text
    assert discover.__module__ == "dam.plugins"


def test_the_words_of_the_answers_are_explained():
    text = (DOCS / "api.md").read_text() + (DOCS / "search.md").read_text()
    for word in (*CredentialState, *Kind):
        assert str(word) in text


def test_the_readme_names_every_format_that_gets_a_protected_copy():
    limits = (MAIN / "README.md").read_text().partition("## What it cannot do yet")[2].lower()
    for mime in MARKED:
        assert mime.partition("/")[2] in limits


def test_the_tables_of_the_catalogue_are_in_the_architecture():
    from sqlmodel import SQLModel

    import dam.catalogue.likeness_tables
    import dam.catalogue.tables
    import dam.catalogue.term_tables  # noqa: F401  # registers them

    text = (DOCS / "architecture.md").read_text()
    for name in SQLModel.metadata.tables:
        assert f"`{name}`" in text, f"the table {name} is not in docs/architecture.md"


@pytest.mark.parametrize("page", OURS, ids=lambda p: str(p.relative_to(MAIN)))
def test_a_document_names_no_machine_and_its_links_lead_somewhere(page):
    text = page.read_text()
    for word in ("/" + "work/", "/" + "root/", "/tmp/", "../shared"):
        assert word not in text
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" not in target and not target.endswith(".png"):
            assert (page.parent / target).exists(), f"{target} is not there"


@pytest.mark.parametrize("page", [p for p in OURS if p.name != "audit.md"], ids=lambda p: str(p.relative_to(MAIN)))
def test_lines_are_narrow_enough_to_read_side_by_side(page):
    code = set(code_lines(page.read_text()))
    assert [line for line in page.read_text().splitlines() if len(line) > 120 and line not in code] == []


def test_every_decision_is_listed_and_has_its_four_parts():
    listed = (DOCS / "decisions" / "README.md").read_text()
    pages = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert [p.name[:4] for p in pages] == [f"{n:04}" for n in range(1, len(pages) + 1)]
    for page in pages:
        assert f"[{page.name[:4]}]({page.name})" in listed
        parts = re.findall(r"^\*\*(\w+)\.\*\*", page.read_text(), re.MULTILINE)
        assert parts[:2] + parts[-1:] == ["Context", "Decision", "Consequences"]


def test_every_page_that_the_code_names_exists():
    named = set()
    for folder in ("dam", "cli", "api", "schemas", "migrations", "scripts"):
        for path in (MAIN / folder).rglob("*"):
            if path.is_file() and path.suffix in ("", ".py", ".html"):
                named |= set(re.findall(r"\bdocs/[a-z0-9/_-]+\.md", path.read_text(errors="replace")))
    assert named
    for name in named:
        assert (MAIN / name).is_file(), name
