"""`dam protect` and `dam export`, and the API's copy resource: a signed copy on demand, and nothing written over."""

import pytest

from tests.support import pictures
from tests.support.libraries import dam, sha256


@pytest.fixture
def studio(library, tmp_path):
    """(library, drive) with one photo that the policy leaves alone, and one AI picture."""
    drive = tmp_path / "drive"
    pictures.put(drive, "photo.jpg", pictures.jpeg(pictures.painted(5, 512, 384), camera="Leica"))
    pictures.put(drive, "shot.png", pictures.a1111_png(6, "a pier at dusk", width=512, height=384))
    pictures.put(drive, "notes.txt", b"crane comes up\n")
    assert dam(library, "scan", str(drive)).code == 0
    return library, drive


def test_protect_makes_the_copy_that_the_policy_did_not(studio):
    library, drive = studio
    before = sha256(drive / "photo.jpg")
    assert not dam(library, "show", "photo.jpg", "--json").json["protected"]
    assert dam(library, "protect", "photo.jpg", "--json").json["protected"]
    assert sha256(drive / "photo.jpg") == before
    assert dam(library, "search", "is:protected name:photo", "--json").json["title"] == "photo.jpg"


def test_a_text_has_no_protected_copy_and_the_refusal_says_so(studio):
    answer = dam(studio[0], "protect", "notes.txt", "--json")
    assert answer.code == 4
    assert "protect.unsupported" in answer.err


def test_export_writes_the_copy_once_and_never_over_other_bytes(studio, tmp_path):
    library, _ = studio
    folder = tmp_path / "delivery"
    dry = dam(library, "export", "shot.png", "--to", str(folder), "--dry-run", "--json").json
    assert (dry["written"], folder.exists()) == (False, False)
    first = dam(library, "export", "shot.png", "--to", str(folder), "--json").json
    assert first["written"]
    assert sha256(folder / "shot.protected.png") == first["sha256"]
    assert not dam(library, "export", "shot.png", "--to", str(folder), "--json").json["written"]
    (folder / "shot.protected.png").write_bytes(b"somebody's own file")
    answer = dam(library, "export", "shot.png", "--to", str(folder), "--json")
    assert answer.code == 4
    assert (folder / "shot.protected.png").read_bytes() == b"somebody's own file"


def test_the_exported_copy_verifies_as_authentic_with_the_library(studio, tmp_path):
    library, _ = studio
    dam(library, "export", "shot.png", "--to", str(tmp_path / "out"))
    answer = dam(library, "verify", str(tmp_path / "out" / "shot.protected.png"), "--json")
    assert answer.code == 0
    assert answer.json["credentials"]["tier"] == "organisation"
    assert {m["found_by"] for m in answer.json["matches"]} >= {"sha256", "manifest", "mark"}
