"""Characters, scenes and tags: found by prompt, LoRA and path; people's word stands above it; bibles have versions."""

import pytest

from dam.errors import ConflictError, NotFoundError, UsageError
from tests.support import ledger, pictures
from tests.support.libraries import opened

TEMPLATE = "{project}/{scene}/{shot}_{character}_v{version}.{ext}"


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    pictures.put(folder, "film/sc010/sh010_mara_v001.png", pictures.a1111_png(1, "a woman in the rain"))
    pictures.put(folder, "film/sc010/sh020_ilse_v001.png", pictures.a1111_png(2, "mara voss, without ilse"))
    pictures.put(folder, "samara.png", pictures.a1111_png(3, "samara desert, no mara"))
    pictures.put(folder, "notes.txt", b"mara on monday\n")
    return folder


@pytest.fixture
def service(library, drive):
    with opened(library, protect="none") as service:
        service.roots.add(str(drive), name="drive")
        service.passes.scan()
        yield service


def write(service, name="Mara Voss", *, new=True, **changes):
    made = service.cast.write(name, changes, person="ana", new=new)
    service.passes.follow()
    return made


def names(service, query):
    return sorted(a.title for a in service.find.search(query).assets)


def test_a_character_is_found_in_what_was_there_before_it_was_told_of(service):
    made = write(service, aliases=["Mara"])
    assert (made["version"], made["retagged"]) == (1, 1)
    assert names(service, 'character:"Mara Voss"') == ["sh020_ilse_v001.png"]
    assert names(service, "character:mara") == ["sh020_ilse_v001.png"]
    assert service.find.search("").facets["character"] == {"Mara Voss": 1}


def test_files_that_come_later_are_tagged_as_they_come(service, drive):
    write(service, aliases=["Mara"], loras=["mara_v2"])
    pictures.put(drive, "later.png", pictures.a1111_png(9, "mara at the harbour"))
    pictures.put(drive, "lora.png", pictures.a1111_png(10, "a woman <lora:mara_v2:0.8>"))
    service.passes.scan()
    assert names(service, "character:mara") == ["later.png", "lora.png", "sh020_ilse_v001.png"]
    found = service.cast.of(service.find.id_of("lora.png"))
    assert [(t["source"], t["detail"]) for t in found] == [("lora", "mara_v2")]


def test_paths_are_read_by_the_template_of_their_root(service, drive):
    write(service, aliases=["Mara"])
    report = service.cast.set_template("drive", TEMPLATE, dry_run=True)
    assert (report["files"], report["fit"], report["unknown_characters"]) == (4, 2, ["ilse"])
    assert names(service, "scene:sc010") == []
    service.cast.set_template("drive", TEMPLATE)
    service.passes.follow()
    assert names(service, "scene:sc010") == ["sh010_mara_v001.png", "sh020_ilse_v001.png"]
    assert names(service, "character:mara shot:sh010 project:film") == ["sh010_mara_v001.png"]
    (drive / "film" / "sc010").rename(drive / "film" / "sc020")
    service.passes.scan()
    assert names(service, "scene:sc010") == []
    assert len(names(service, "scene:sc020")) == 2
    service.cast.set_template("drive", None)
    service.passes.follow()
    assert names(service, "scene:sc020") == []


@pytest.mark.parametrize(
    "bad", ["", "nothing", "{nobody}/x", "{scene}/{scene}", "{a", "{shot}{shot}", "x" * 500, "*/*", "{version}"]
)
def test_a_template_that_cannot_be_used_says_why(service, bad):
    with pytest.raises(UsageError):
        service.cast.set_template("drive", bad)
    assert service.roots.get("drive")["template"] is None


def test_a_refusal_is_remembered_whatever_the_machine_finds(service):
    write(service, aliases=["Mara"])
    asset = service.find.id_of("sh020_ilse_v001.png")
    service.cast.say([asset], "character", "Mara", confirmed=False, person="ana")
    service.passes.follow()
    assert names(service, "character:mara") == []
    write(service, new=False, aliases=["Mara", "M. Voss"])
    service.cast.retag()
    service.passes.follow()
    assert names(service, "character:mara") == []
    service.cast.say([asset], "character", "Mara Voss", confirmed=None, person="ana")
    service.passes.follow()
    assert names(service, "character:mara") == ["sh020_ilse_v001.png"]


def test_what_a_person_says_needs_no_finding(service):
    asset = service.find.id_of("notes.txt")
    (made,) = service.cast.say([asset], "scene", "sc 010", confirmed=True, person="ana")
    assert [(t["kind"], t["name"], t["source"], t["person"]) for t in made["tags"]] == [
        ("scene", "sc 010", "person", "ana")
    ]
    service.passes.follow()
    assert names(service, 'scene:"sc 010"') == ["notes.txt"]
    assert service.find.card(asset).scenes == ("sc 010",)
    assert ("tag.said", True) in [(a, d.get("confirmed")) for a, d in ledger.actions(service.parts.settings.library)]


def test_another_bible_is_another_version_and_changes_what_is_found_without_the_drive(service, drive):
    write(service, aliases=["Mara"])
    drive.rename(drive.with_name("away"))
    made = write(service, new=False, aliases=[], triggers=["desert"], must="a scar")
    assert (made["version"], made["aliases"], made["must"]) == (2, [], "a scar")
    assert names(service, "character:mara") == ["samara.png", "sh020_ilse_v001.png"]
    assert [v["number"] for v in service.cast.character("Mara Voss")["versions"]] == [2, 1]
    assert write(service, new=False, never="a hat")["triggers"] == ["desert"]


def test_names_belong_to_one_character(service):
    write(service, aliases=["Mara"])
    with pytest.raises(ConflictError):
        write(service, "Ilse", aliases=["mara"])
    with pytest.raises(ConflictError):
        write(service, "MARA VOSS")
    with pytest.raises(NotFoundError):
        write(service, "Nobody", new=False)
    for bad in ("", " ", "...", "x" * 101, "a\x07b"):
        with pytest.raises(UsageError):
            write(service, bad)
    with pytest.raises(UsageError):
        service.cast.say([service.find.id_of("notes.txt")], "colour", "red", confirmed=True, person="ana")


def test_a_retired_character_is_gone_from_searches_and_kept_in_the_books(service):
    write(service, aliases=["Mara"])
    service.cast.retire("Mara", person="ana")
    service.passes.follow()
    assert names(service, "character:mara") == []
    assert service.cast.characters() == []
    assert len(ledger.rows(service.parts.settings.library, "SELECT * FROM bible")) == 1
    made = write(service, aliases=["Mara"])
    assert made["version"] == 2
    assert names(service, "character:mara") == ["sh020_ilse_v001.png"]


def test_decisions_and_tags_follow_the_content(service, drive):
    write(service, aliases=["Mara"])
    (drive / "film/sc010/sh020_ilse_v001.png").rename(drive / "elsewhere.png")
    service.passes.scan()
    assert names(service, "character:mara") == ["sh020_ilse_v001.png"]  # its title; the content is the same
    assert service.find.search("character:mara").assets[0].locations[-1].path == "elsewhere.png"


def test_a_rebuilt_index_shows_the_same(service):
    write(service, aliases=["Mara"])
    service.upkeep.rebuild_index()
    assert names(service, "character:mara") == ["sh020_ilse_v001.png"]


def test_a_search_that_finds_nothing_says_what_may_have_been_meant(service):
    write(service, aliases=["Mara"])
    page = service.find.search("character:maravos")
    assert (page.total, page.suggestions) == (0, ('character:="Mara Voss"',))
    assert service.find.search(page.suggestions[0]).total == 1
    assert service.find.search("mara").suggestions == ()


def test_nearly_right_words_and_the_largest_first(service):
    assert names(service, "samarra~") == ["samara.png"]
    assert names(service, "samarra") == []
    sizes = [a.size_bytes for a in service.find.search("", sort="size").assets]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == 4
    first = service.find.search("", sort="size", limit=2)
    second = service.find.search("", sort="size", limit=2, after=first.next)
    assert [a.size_bytes for a in (*first.assets, *second.assets)] == sizes
