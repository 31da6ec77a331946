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


def test_a_text_gets_its_credential_beside_it_and_is_delivered_with_it(studio, tmp_path):
    library, drive = studio
    assert dam(library, "protect", "notes.txt", "--json").json["protected"]
    given = dam(library, "export", "notes.txt", "--to", str(tmp_path / "out"), "--json").json
    assert (given["path"], given["sidecar"]) == (
        str(tmp_path / "out" / "notes.txt"),
        str(tmp_path / "out" / "notes.txt.c2pa"),
    )
    assert sha256(tmp_path / "out" / "notes.txt") == sha256(drive / "notes.txt")
    assert not dam(library, "export", "notes.txt", "--to", str(tmp_path / "out"), "--json").json["written"]


def test_a_manifest_store_gets_no_copy_and_the_refusal_says_so(studio):
    library, drive = studio
    dam(library, "protect", "notes.txt")
    dam(library, "export", "notes.txt", "--to", str(drive / "delivered"))
    dam(library, "scan")
    answer = dam(library, "protect", "notes.txt.c2pa", "--json")
    assert answer.code == 4
    assert "protect.unsupported" in answer.err


def test_a_sidecar_is_found_by_hash_wherever_the_file_goes(studio, tmp_path):
    library, drive = studio
    dam(library, "protect", "notes.txt")
    moved = tmp_path / "elsewhere" / "renamed.md"
    moved.parent.mkdir()
    (drive / "notes.txt").rename(moved)
    answer = dam(library, "verify", str(moved), "--json")
    assert answer.code == 0
    assert answer.json["credentials"]["sidecar"] == "library"
    assert answer.json["credentials"]["tier"] == "organisation"
    assert "by sidecar" in dam(library, "verify", str(moved)).out
    seen = dam(library, "inspect", str(moved), "--json").json["credentials"]
    assert (seen["state"], seen["sidecar"]) == ("trusted", "library")
    moved.write_bytes(b"crane comes down\n")
    assert dam(library, "verify", str(moved), "--json").json["credentials"]["state"] == "none"


def test_a_store_beside_a_file_is_read_where_no_library_is(studio, tmp_path):
    library, _ = studio
    dam(library, "protect", "notes.txt")
    dam(library, "export", "notes.txt", "--to", str(tmp_path / "out"))
    nowhere = tmp_path / "nowhere"
    file = tmp_path / "out" / "notes.txt"
    seen = dam(nowhere, "inspect", str(file), "--json").json["credentials"]
    assert (seen["state"], seen["sidecar"]) == ("untrusted_signer", "beside")
    (tmp_path / "out" / "notes.txt.c2pa").rename(tmp_path / "out" / "notes.c2pa")
    assert dam(nowhere, "verify", str(file), "--json").json["credentials"]["sidecar"] == "beside"
    file.write_bytes(b"crane comes down\n")
    answer = dam(nowhere, "verify", str(file), "--json")
    assert (answer.code, answer.json["credentials"]["state"]) == (1, "content_mismatch")


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
