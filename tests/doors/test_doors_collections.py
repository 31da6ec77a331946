"""Collections say the same at both doors, and refuse alike."""

import json

import pytest

from tests.support import pictures
from tests.support.libraries import copy_of, dam
from tests.support.serving import serving


@pytest.fixture(scope="module")
def studio(template_library, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("studio")
    library = copy_of(template_library, tmp_path / "library")
    for n in range(3):
        pictures.put(tmp_path / "drive", f"{n}.png", pictures.a1111_png(n, f"lantern {n}"))
    assert dam(library, "scan", str(tmp_path / "drive"), DAM_PROTECT="none").code == 0
    with serving(library, tmp_path, "serve") as served:
        yield library, served, tmp_path


def asked(served, method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    return served.ask(f"/api/v1{path}", data=data, method=method, headers={"Content-Type": "application/json"})


def test_a_collection_made_here_is_the_same_there(studio):
    library, served, folder = studio
    made = dam(library, "collection", "create", "Selects", "1.png", "--as", "ana", "--json").json
    assert asked(served, "GET", "/collections")[1] == dam(library, "collection", "list", "--json").lines
    (other,) = served.get("/api/v1/assets?q=name:2")["assets"]
    status, added = asked(served, "POST", "/collections/Selects/items", {"assets": [other["id"]], "person": "ben"})
    assert (status, added["assets"], added["changed"], added["id"]) == (200, 2, 1, made["id"])
    shown = dam(library, "collection", "show", "selects", "--json").lines
    assert asked(served, "GET", "/collections/selects")[1]["assets"] == shown
    assert [a["title"] for a in shown] == ["1.png", "2.png"]
    assert served.get("/api/v1/assets?q=collection:selects")["total"] == 2
    assert dam(library, "collection", "export", "Selects", "--to", str(folder / "s.csv"), "--json").json["assets"] == 2
    assert served.read("/api/v1/collections/Selects/csv") == (folder / "s.csv").read_bytes()
    assert asked(served, "DELETE", f"/collections/Selects/items/{other['id']}")[1]["assets"] == 1
    assert asked(served, "DELETE", "/collections/Selects")[0] == 200
    assert dam(library, "collection", "list", "--json").code == 1


def test_refusals_carry_the_same_code(studio):
    library, served, _ = studio
    status, made = asked(served, "POST", "/collections", {"name": "Open", "query": "is:unreviewed"})
    assert (status, made["assets"], made["query"]) == (201, None, "is:unreviewed")
    for words, method, path, body, code in (
        (("create", "OPEN"), "POST", "/collections", {"name": "OPEN"}, "collection.taken"),
        (("create", "..."), "POST", "/collections", {"name": "..."}, "collection.bad_name"),
        (("show", "none"), "GET", "/collections/none", None, "collection.not_found"),
        (("add", "Open", "1.png"), "POST", "/collections/Open/items", {"assets": ["1.png"]}, "collection.is_search"),
        (
            ("create", "X", "nothing-like-it"),
            "POST",
            "/collections",
            {"name": "X", "assets": ["nothing-like-it"]},
            "asset.not_found",
        ),
    ):
        assert f'"{code}"' in dam(library, "collection", *words, "--json").err
        assert asked(served, method, path, body)[1]["code"] == code
