"""Collections: pinned by content, found by name, written as tables and sheets; saved searches find anew."""

import csv
import io

import pytest
from PIL import Image, PdfParser

from dam.errors import ConflictError, NotFoundError, UsageError
from tests.support import ledger, pictures
from tests.support.libraries import opened


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    for n in range(4):
        pictures.put(folder, f"shot {n}.png", pictures.a1111_png(n, f"lantern {n}"))
    pictures.put(folder, "=cmd|calc.txt", b"a name that a spreadsheet would run\n")
    return folder


@pytest.fixture
def service(library, drive):
    with opened(library, protect="none") as service:
        service.roots.add(str(drive), name="drive")
        service.passes.scan()
        yield service


def titles(service, query):
    return sorted(a.title for a in service.find.search(query).assets)


def test_assets_are_put_in_kept_in_order_found_and_taken_out(service):
    made = service.collections.create("Selects", assets=["shot 2.png", "shot 0.png"], person="ana")
    assert (made["assets"], made["query"], made["person"]) == (2, None, "ana")
    assert service.collections.add("selects", ["shot 0.png", "shot 3.png"], person="ana")["changed"] == 1
    assert [c.title for c in service.collections.cards("SELECTS")] == ["shot 2.png", "shot 0.png", "shot 3.png"]
    assert titles(service, "collection:selects") == ["shot 0.png", "shot 2.png", "shot 3.png"]
    assert titles(service, "collection:selects -lantern") == []
    assert service.collections.remove("Selects", ["shot 2.png", "shot 1.png"], person="ana")["changed"] == 1
    assert titles(service, "collection:Selects") == ["shot 0.png", "shot 3.png"]
    service.collections.drop("Selects", person="ana")
    assert service.collections.all() == []
    page = service.find.search("collection:Selects")
    assert (page.total, page.notes) == (0, ("collection: there is none named Selects.",))
    acts = [a for a, _ in ledger.actions(service.parts.settings.library) if a.startswith("collection.")]
    assert acts == [f"collection.{a}" for a in ("created", "added", "added", "removed", "dropped")]


def test_it_is_pinned_by_content(service, drive):
    service.collections.create("Selects", assets=["shot 1.png"], person="ana")
    (drive / "shot 1.png").rename(drive / "renamed.png")
    pictures.put(drive, "shot 1.png", pictures.a1111_png(77))
    service.passes.scan()
    (card,) = service.collections.cards("Selects")
    assert [p.path for p in card.locations if p.availability == "online"] == ["renamed.png"]


def test_a_saved_search_finds_anew_and_may_name_others(service, drive):
    service.collections.create("Lanterns", query="lantern kind:image", person="ana")
    service.collections.create("Mine", query="collection:Lanterns -2", person="ana")
    assert titles(service, "collection:Mine") == ["shot 0.png", "shot 1.png", "shot 3.png"]
    pictures.put(drive, "late.png", pictures.a1111_png(9, "lantern at night"))
    service.passes.scan()
    assert "late.png" in titles(service, "collection:Mine")
    assert len(service.collections.cards("Lanterns")) == 5
    with pytest.raises(UsageError):
        service.collections.add("Mine", ["shot 2.png"], person="ana")


def test_saved_searches_that_name_each_other_end(service):
    service.collections.create("A", query="collection:B", person="ana")
    service.collections.create("B", query="collection:A", person="ana")
    page = service.find.search("collection:A")
    assert page.total == 0
    assert any("name each other" in note for note in page.notes)


def test_what_is_refused_says_why(service):
    service.collections.create("Selects", person="ana")
    with pytest.raises(ConflictError):
        service.collections.create("SELECTS", person="ana")
    for bad in ("", "...", "x" * 101, "a\x07"):
        with pytest.raises(UsageError):
            service.collections.create(bad, person="ana")
    with pytest.raises(UsageError):
        service.collections.create("Both", assets=["shot 1.png"], query="x", person="ana")
    with pytest.raises(NotFoundError):
        service.collections.add("Selects", ["nothing-like-it"], person="ana")
    with pytest.raises(NotFoundError):
        service.collections.cards("Nobody")


def test_a_table_holds_what_is_known_and_runs_nothing(service, tmp_path):
    service.collections.create("All", query="", person="ana")
    done = service.collections.export("All", tmp_path / "all.csv")
    assert done["assets"] == 5
    rows = list(csv.DictReader(io.StringIO((tmp_path / "all.csv").read_text())))
    assert {r["title"] for r in rows} == {"'=cmd|calc.txt", *(f"shot {n}.png" for n in range(4))}
    assert {r["root"] for r in rows} == {"drive"}
    with pytest.raises(ConflictError):
        service.collections.export("All", tmp_path / "all.csv")
    with pytest.raises(UsageError):
        service.collections.export("All", tmp_path / "all.docx")


def test_a_contact_sheet_has_a_page_for_fifteen(service, tmp_path, drive):
    for n in range(20):
        pictures.put(drive, f"more/{n}.png", pictures.a1111_png(100 + n, "lantern", width=64, height=48))
    service.passes.scan()
    service.collections.create("Lanterns ランタン", query="kind:image", person="ana")
    done = service.collections.export("Lanterns ランタン", tmp_path / "sheet.png")
    assert [p.rpartition("/")[2] for p in done["files"]] == ["sheet-1.png", "sheet-2.png"]
    with Image.open(tmp_path / "sheet-1.png") as page:
        assert page.size == (1754, 1240)
        assert len(page.convert("RGB").resize((200, 141)).getcolors(40_000)) > 200  # pictures, not boxes
    service.collections.export("Lanterns ランタン", tmp_path / "sheet.pdf")
    data = (tmp_path / "sheet.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    assert len(PdfParser.PdfParser(buf=data).pages) == 2
    service.collections.create("Empty", person="ana")
    with pytest.raises(UsageError):
        service.collections.export("Empty", tmp_path / "empty.pdf")
