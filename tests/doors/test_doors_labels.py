"""`dam export --label`: a signed copy with a visible label, drawn on the protected copy, registered and reused."""

import io
import sqlite3

import numpy as np
import pytest
from PIL import Image

from tests.support import pictures
from tests.support.libraries import dam, opened, sha256


@pytest.fixture
def studio(library, tmp_path):
    drive = tmp_path / "drive"
    pictures.put(drive, "shot.png", pictures.a1111_png(6, "a pier at dusk", width=768, height=512))
    pictures.put(drive, "photo.jpg", pictures.jpeg(pictures.painted(5, 512, 384), camera="Leica"))
    assert dam(library, "scan", str(drive)).code == 0
    return library, drive


def label(library, asset, folder, *words, **env):
    return dam(library, "export", asset, "--to", str(folder), "--label", *words, "--json", **env)


def test_a_labelled_copy_is_authentic_names_its_parent_and_says_what_was_added(studio, tmp_path):
    library, drive = studio
    before = sha256(drive / "shot.png")
    made = label(library, "shot.png", tmp_path / "out", "eu", "--locale", "en").json
    assert made["written"]
    assert made["sha256"] == sha256(tmp_path / "out" / "shot.labelled.png")
    answer = dam(library, "verify", made["path"], "--rubric", "--json").json
    assert answer["authentic"]
    assert answer["rubric"]["passed"]
    found = answer["credentials"]
    assert [one["action"] for one in found["actions"]][:2] == ["c2pa.opened", "c2pa.addedText"]
    assert found["actions"][1]["digital_source_type"] == "algorithmicMedia"
    assert found["actions"][1]["description"] == "Label: AI GENERATED"
    assert (found["ingredients"][0]["relationship"], found["ingredients"][0]["title"]) == (
        "parentOf",
        "shot.protected.png",
    )
    assert "org.headwater.tilemark.v1" in [one["alg"] for one in found["soft_bindings"]]
    assert {one["found_by"] for one in answer["matches"]} >= {"sha256", "manifest", "mark"}
    assert sha256(drive / "shot.png") == before


def test_the_label_is_there_and_the_rest_of_the_picture_is_the_protected_copys(studio, tmp_path):
    library, _ = studio
    dam(library, "export", "shot.png", "--to", str(tmp_path))
    label(library, "shot.png", tmp_path, "text:ours", "--corner", "top-left")
    with Image.open(tmp_path / "shot.protected.png") as plain, Image.open(tmp_path / "shot.labelled.png") as made:
        changed = (np.asarray(plain) != np.asarray(made)).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert 26 <= rows.max() - rows.min() < 130
    assert rows.max() < 160
    assert columns.max() < 400


def test_the_same_label_is_made_once_and_kept_as_a_copy_of_its_own_kind(studio, tmp_path):
    library, _ = studio
    first = label(library, "shot.png", tmp_path / "a", "eu").json
    again = label(library, "shot.png", tmp_path / "b", "eu").json
    assert first["sha256"] == again["sha256"]
    with sqlite3.connect(library / "catalogue.db") as db:
        kinds = [row[0] for row in db.execute("SELECT kind FROM copy ORDER BY kind")]
    assert kinds == ["labelled", "protected"]
    ledger = dam(library, "audit", "log", "--json").lines
    assert any(one["action"] == "copy.made" and one["detail"]["kind"] == "labelled" for one in ledger)


def test_a_dry_run_writes_and_signs_nothing(studio, tmp_path):
    library, _ = studio
    made = label(library, "shot.png", tmp_path / "out", "eu", "--dry-run").json
    assert (made["written"], (tmp_path / "out").exists()) == (False, False)
    with sqlite3.connect(library / "catalogue.db") as db:
        assert db.execute("SELECT count(*) FROM copy WHERE kind = 'labelled'").fetchone() == (0,)


def test_refusals_say_why_and_write_nothing(studio, tmp_path):
    library, _ = studio
    for words, code, exit_status in (
        (("photo.jpg", "eu"), "label.not_ai", 4),
        (("shot.png", "cn"), "label.no_font", 4),
        (("shot.png", "us"), "label.unknown", 2),
    ):
        env = {"DAM_LABEL_FONT": "/nowhere.ttf"} if code == "label.no_font" else {}
        answer = label(library, words[0], tmp_path / "out", words[1], **env)
        assert (answer.code, code in answer.err) == (exit_status, True), answer.err
    assert not (tmp_path / "out").exists()


def test_an_original_without_a_protected_copy_takes_a_text_and_becomes_the_parent(studio, tmp_path):
    library, _ = studio
    made = label(library, "photo.jpg", tmp_path / "out", "text:Leica test").json
    found = dam(library, "verify", made["path"], "--json").json["credentials"]
    assert found["ingredients"][0]["title"] == "photo.jpg"
    assert found["soft_bindings"] == [] or all("phash" in one["alg"] for one in found["soft_bindings"])
    assert not dam(library, "show", "photo.jpg", "--json").json["protected"]


@pytest.mark.parametrize("turn", [1, 3, 6, 8])
def test_the_label_is_upright_where_the_camera_was_turned(library, tmp_path, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    flat = np.full((300, 500, 3), 120, np.uint8)
    pictures.put(tmp_path / "drive", "turned.jpg", pictures.exif_jpeg(flat, exif))
    with opened(library) as service:
        service.roots.add(str(tmp_path / "drive"))
        service.passes.scan()
    made = label(library, "turned.jpg", tmp_path / "out", "text:UPRIGHT", "--corner", "bottom-left").json
    from PIL import ImageOps

    with Image.open(made["path"]) as image:
        shown = np.asarray(ImageOps.exif_transpose(image).convert("L"))
    rows, columns = np.nonzero(shown < 40)
    assert rows.min() > shown.shape[0] / 2
    assert columns.min() < 20
    assert columns.max() - columns.min() > rows.max() - rows.min()  # a line of letters


def test_a_label_on_transparent_ground_is_refused(library, tmp_path):
    pixels = np.zeros((300, 300, 4), np.uint8)
    pixels[:150] = 255
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    pictures.put(tmp_path / "drive", "logo.png", out.getvalue())
    assert dam(library, "scan", str(tmp_path / "drive")).code == 0
    refused = label(library, "logo.png", tmp_path / "out", "text:ours")
    assert (refused.code, "label.transparent" in refused.err) == (4, True)
    assert label(library, "logo.png", tmp_path / "out", "text:ours", "--corner", "top-left").code == 0


def test_a_preview_carries_the_words_all_over_and_is_signed(studio, tmp_path):
    library, _ = studio
    made = label(library, "photo.jpg", tmp_path / "out", "tiled:PREVIEW ONLY").json
    answer = dam(library, "verify", made["path"], "--json").json
    assert answer["authentic"]
    assert answer["credentials"]["actions"][1]["description"] == "Label: PREVIEW ONLY"
    with (
        Image.open(made["path"]) as opened_copy,
        Image.open(io.BytesIO(pictures.jpeg(pictures.painted(5, 512, 384)))) as first,
    ):
        change = np.abs(np.asarray(opened_copy.convert("L"), int) - np.asarray(first.convert("L"), int))
    for part in np.array_split(change, 3):
        for field in np.array_split(part, 3, axis=1):
            assert (field > 30).mean() > 0.01
    again = label(library, "photo.jpg", tmp_path / "out", "tiled:PREVIEW ONLY").json
    assert again["sha256"] == made["sha256"]
    refused = label(library, "photo.jpg", tmp_path / "out", "tiled:")
    assert refused.code == 2
