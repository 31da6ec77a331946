"""GET /assets and below: the same answers as the command line, by pages, with validators."""

import json
import os
from urllib.parse import unquote

import pytest

from dam_cli.main import run


def cli(studio, capsys, *words):
    assert run(["--library", str(studio.service.parts.settings.library), *words, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_search_finds_by_prompt_and_says_how_it_understood(studio):
    page = studio.door.get("/api/v1/assets", params={"q": "barn kind:image"}).json()
    assert [a["title"] for a in page["assets"]] == ["barn.png"]
    assert page["understood"] == "barn kind:image"
    assert page["facets"]["kind"] == {"image": 1}


def test_search_gives_the_same_cards_as_the_command_line(studio, capsys):
    page = studio.door.get("/api/v1/assets", params={"q": "model:fluxdev", "sort": "name"}).json()
    assert page["assets"] == cli(studio, capsys, "search", "model:fluxdev", "--sort", "name")


def test_link_headers_walk_every_asset_once(studio):
    titles, url = [], "/api/v1/assets?limit=2&sort=name&q=kind:image"
    while url:
        answer = studio.door.get(url)
        titles += [a["title"] for a in answer.json()["assets"]]
        url = answer.headers["link"].partition(">")[0].lstrip("<") if "link" in answer.headers else None
    assert sorted(titles) == sorted(set(titles))
    assert len(titles) == 6


def test_a_cursor_of_another_query_is_refused(studio):
    after = studio.door.get("/api/v1/assets?limit=2").json()["next"]
    answer = studio.door.get("/api/v1/assets", params={"q": "barn", "after": after})
    assert (answer.status_code, answer.json()["code"]) == (400, "query.cursor")


def test_one_asset_is_found_by_id_and_by_the_beginning_of_its_sha256(studio, capsys):
    asset_id = studio.id_of("barn.png")
    shown = studio.door.get(f"/api/v1/assets/{asset_id}").json()
    assert shown == cli(studio, capsys, "show", asset_id)[0]
    assert studio.door.get(f"/api/v1/assets/{shown['sha256'][:12]}").json() == shown
    assert shown["generation"]["prompt"] == "a red barn at dusk"


def test_an_asset_that_did_not_change_is_not_sent_again(studio):
    url = f"/api/v1/assets/{studio.id_of('plain.png')}"
    etag = studio.door.get(url).headers["etag"]
    again = studio.door.get(url, headers={"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["zzz", "00000000-0000-7000-8000-000000000000", "notes.txt", "..%2f..%2fetc", "abcd"])
def test_a_name_that_is_no_asset_is_not_found(studio, name):
    answer = studio.door.get(f"/api/v1/assets/{name}")
    assert answer.status_code == 404
    assert answer.json()["code"] in {"asset.not_found", "route.not_found"}


def test_lineage_is_that_of_the_command_line(studio, capsys):
    asset_id = studio.id_of("lake.png")
    lines = cli(studio, capsys, "lineage", asset_id, "--up", "2", "--down", "2")
    assert studio.door.get(f"/api/v1/assets/{asset_id}/lineage?up=2&down=2").json() == lines[0]


def test_a_thumbnail_is_a_jpeg_that_may_be_kept_for_ever(studio):
    answer = studio.door.get(f"/api/v1/assets/{studio.id_of('barn.png')}/thumbnail?size=256")
    assert answer.content[:2] == b"\xff\xd8"
    assert answer.headers["content-type"] == "image/jpeg"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_asset_without_pixels_has_no_thumbnail_and_that_is_not_kept(studio):
    answer = studio.door.get(f"/api/v1/assets/{studio.id_of('notes.txt')}/thumbnail")
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


def test_the_protected_copy_is_downloaded_under_a_harmless_name(studio, hostile):
    asset_id = studio.id_of(hostile["name"])
    answer = studio.door.get(f"/api/v1/assets/{asset_id}/copy")
    assert len(answer.content) == studio.service.find.detail(asset_id)["copies"][0]["size_bytes"]
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment; filename")
    assert not set("<>/\\") & set(unquote(disposition))


def test_an_asset_without_a_copy_says_so(studio):
    answer = studio.door.get(f"/api/v1/assets/{studio.id_of('plain.png')}/copy")
    assert (answer.status_code, answer.json()["code"]) == (404, "copy.none")


def test_a_copy_that_left_the_vault_is_an_answer_not_a_crash(fresh):
    asset_id = fresh.add("one.png", 9, prompt="x")
    path, _, _ = fresh.service.find.copy_of(asset_id)
    os.unlink(path)
    answer = fresh.door.get(f"/api/v1/assets/{asset_id}/copy")
    assert (answer.status_code, answer.json()["code"]) == (404, "copy.lost")


def test_head_is_answered_without_a_body(studio):
    answer = studio.door("HEAD", f"/api/v1/assets/{studio.id_of('barn.png')}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"]
