"""/inspect, /verify, /identify: a file as the body, the command line's answer, and nothing left behind."""

import json

import pytest

from dam_api import deps
from dam_cli.main import run


def left_behind(studio):
    return list(deps.uploads_folder(studio.service.parts.settings.library).iterdir())


def test_inspect_answers_what_the_command_line_answers(studio, capsys):
    path = studio.drive / "barn.png"
    assert run(["inspect", str(path), "--json", "--fingerprints"]) == 0
    printed = json.loads(capsys.readouterr().out)
    answer = studio.door.post("/api/v1/inspect?name=barn.png&fingerprints=true", content=path.read_bytes())
    assert answer.json() == {**printed, "path": "barn.png"}
    assert left_behind(studio) == []


def test_verify_knows_the_protected_copy_again(studio):
    path, _, _ = studio.service.find.copy_of(studio.id_of("barn.png"))
    with open(path, "rb") as stream:
        answer = studio.door.post("/api/v1/verify?name=copy.png", content=stream.read()).json()
    assert answer["authentic"] is True
    assert answer["path"] == "copy.png"
    assert answer["mark"]["asset_id"] == studio.id_of("barn.png")


def test_identify_finds_the_asset_by_its_bytes(studio):
    answer = studio.door.post("/api/v1/identify", content=(studio.drive / "lake.png").read_bytes()).json()
    assert (answer["asset"]["title"], answer["found_by"], answer["path"]) == ("lake.png", "sha256", "upload")


@pytest.mark.parametrize("noun", ["inspect", "verify", "identify"])
@pytest.mark.parametrize("body", [b"", b"\x89PNG\r\n\x1a\n" + b"\xff" * 400, b"{" * 5000])
def test_any_bytes_get_an_answer_that_says_nothing_of_the_server(studio, noun, body):
    answer = studio.door.post(f"/api/v1/{noun}", content=body)
    assert answer.status_code == 200
    assert str(studio.service.parts.settings.library) not in answer.text
    assert left_behind(studio) == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [("../../etc/passwd", "passwd"), ("C:\\x\\a.png", "a.png"), ("a\u202eb.png", "a\\u202eb.png"), ("", "upload")],
)
def test_a_strange_name_is_only_a_label(studio, name, shown):
    answer = studio.door.post("/api/v1/inspect", params={"name": name}, content=b"hello")
    assert answer.json()["path"] == shown


def test_a_file_over_the_limit_is_refused_before_and_while_it_is_sent(studio, monkeypatch):
    monkeypatch.setattr(deps, "UPLOAD_LIMIT_BYTES", 1000)

    async def chunks():
        for _ in range(5):
            yield b"x" * 300

    for body in (b"x" * 1001, chunks()):
        answer = studio.door.post("/api/v1/inspect", content=body)
        assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")
    assert left_behind(studio) == []


def test_leftovers_of_a_killed_server_are_swept_when_they_are_old(tmp_path):
    import os

    for name, age_s in (("upload-old", deps.LEFTOVER_S + 60), ("upload-new", 0)):
        folder = tmp_path / "tmp" / name
        folder.mkdir(parents=True)
        when = folder.stat().st_mtime - age_s
        os.utime(folder, (when, when))
    deps.sweep_uploads(tmp_path)
    assert [p.name for p in (tmp_path / "tmp").iterdir()] == ["upload-new"]
