"""Characters and tags say the same at both doors, and refuse alike."""

import json

import pytest

from tests.support import pictures
from tests.support.libraries import copy_of, dam
from tests.support.serving import serving


@pytest.fixture(scope="module")
def studio(template_library, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("studio")
    library = copy_of(template_library, tmp_path / "library")
    pictures.put(tmp_path / "drive", "film/sc010/sh010_mara_v001.png", pictures.a1111_png(1, "mara in the rain"))
    pictures.put(tmp_path / "drive", "other.png", pictures.a1111_png(2, "samara desert"))
    assert dam(library, "scan", str(tmp_path / "drive"), DAM_PROTECT="none").code == 0
    with serving(library, tmp_path, "serve") as served:
        yield library, served


def asked(served, method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    return served.ask(f"/api/v1{path}", data=data, method=method, headers={"Content-Type": "application/json"})


def test_a_character_is_told_of_here_and_found_there(studio):
    library, served = studio
    made = dam(library, "character", "add", "Mara Voss", "--alias", "Mara", "--as", "ana", "--json").json
    assert (made["name"], made["assets"], made["retagged"]) == ("Mara Voss", 1, 1)
    shown = dam(library, "character", "show", "mara", "--json").json
    assert asked(served, "GET", "/characters/mara") == (200, shown)
    assert asked(served, "GET", "/characters")[1] == dam(library, "character", "list", "--json").lines
    status, changed = asked(
        served, "PATCH", "/characters/mara", {"aliases": [], "triggers": ["desert"], "person": "ben"}
    )
    assert (status, changed["version"], changed["retagged"]) == (200, 2, 2)
    found = served.get("/api/v1/assets?q=character:%22Mara%20Voss%22")["assets"]
    assert [a["title"] for a in found] == ["other.png"]
    assert dam(library, "search", "character:voss", "--json").lines[0]["characters"] == ["Mara Voss"]


def test_tags_and_templates_say_the_same(studio):
    library, served = studio
    dam(library, "character", "add", "Mara", codes=(0,))
    words = ("root", "template", "drive", "{project}/{scene}/{shot}_{character}_v{version}.{ext}")
    printed = dam(library, *words, "--dry-run", "--json").json
    assert asked(served, "PUT", "/roots/drive/template", {"template": words[3], "dry_run": True}) == (200, printed)
    assert (printed["fit"], printed["files"]) == (1, 2)
    assert asked(served, "PUT", "/roots/drive/template", {"template": words[3]})[0] == 200
    (asset,) = served.get("/api/v1/assets?q=scene:sc010")["assets"]
    assert (asset["projects"], asset["shots"], asset["characters"]) == (["film"], ["sh010"], ["Mara"])
    at = f"/assets/{asset['id']}/tags"
    assert asked(served, "GET", at)[1] == dam(library, "tag", "list", asset["id"], "--json").lines
    status, said = asked(served, "POST", at, {"kind": "scene", "name": "SC010", "confirmed": False, "person": "ana"})
    assert (status, [t["confirmed"] for t in said["tags"] if t["kind"] == "scene"]) == (200, [False])
    assert served.get("/api/v1/assets?q=scene:sc010")["assets"] == []
    taken = dam(library, "tag", "forget", asset["id"], "--kind", "scene", "--name", "sc010", "--json").json
    assert {t["confirmed"] for t in taken["tags"]} == {None}
    assert asked(served, "GET", "/terms?kind=scene")[1] == dam(library, "scene", "list", "--json").lines


def test_refusals_carry_the_same_code(studio):
    library, served = studio
    dam(library, "character", "add", "Kim", codes=(0,))
    for words, method, path, body, code in (
        (("character", "show", "nobody"), "GET", "/characters/nobody", None, "character.not_found"),
        (("character", "add", "KIM"), "POST", "/characters", {"name": "KIM"}, "character.taken"),
        (("character", "add", "..."), "POST", "/characters", {"name": "..."}, "term.bad_name"),
        (("root", "template", "drive", "{x}"), "PUT", "/roots/drive/template", {"template": "{x}"}, "template.bad"),
    ):
        assert f'"{code}"' in dam(library, *words, "--json").err
        assert asked(served, method, path, body)[1]["code"] == code
