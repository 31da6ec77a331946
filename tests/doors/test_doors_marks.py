"""The mark by hand at the command line: with the library's key, with one's own and no library, and what is refused."""

import cv2
import numpy as np
import pytest

from tests.support import pictures
from tests.support.libraries import copy_of, dam, sha256


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "in.png"
    path.write_bytes(pictures.png(cv2.GaussianBlur(pictures.painted(3, 900, 700), (0, 0), 2)))
    return path


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "my.key"
    path.write_bytes(bytes(range(32)))
    return path


def test_with_ones_own_key_no_library_is_needed(tmp_path, picture, key):
    before, nowhere = sha256(picture), tmp_path / "no library"
    out = tmp_path / "out.png"
    made = dam(
        nowhere, "mark", "embed", str(picture), str(out), "--id", "00000000c0ffee00", "--key-file", str(key), "--json"
    )
    assert made.code == 0
    told = made.json
    assert told["mark_id"] == "00000000c0ffee00"
    assert told["sha256"] == sha256(out)
    assert told["psnr_db"] > 38
    assert set(told["survived"].values()) == {True}

    small = cv2.resize(cv2.imread(str(out)), None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(tmp_path / "seen.jpg"), small[40:380, 50:500], [cv2.IMWRITE_JPEG_QUALITY, 80])
    hexed = tmp_path / "hex.key"
    hexed.write_text(bytes(range(32)).hex() + "\n")
    for file in (key, hexed):
        seen = dam(nowhere, "mark", "detect", str(tmp_path / "seen.jpg"), "--key-file", str(file), "--json")
        assert seen.code == 0
        assert (seen.json["mark_id"], seen.json["verified"], seen.json["effort"]) == ("00000000c0ffee00", True, "deep")
        assert seen.json["p_false"] < 1e-6
    assert sha256(picture) == before
    assert not nowhere.exists()


def test_none_found_is_exit_one_and_says_that_it_proves_nothing(tmp_path, picture, key, template_library):
    library = copy_of(template_library, tmp_path / "library")
    out = tmp_path / "out.png"
    made = dam(library, "mark", "embed", str(picture), str(out))
    assert made.code == 0
    assert dam(library, "mark", "detect", str(out)).code == 0
    other = dam(library, "mark", "detect", str(out), str(picture), "--key-file", str(key), "--effort", "fast")
    assert other.code == 1
    assert other.out.count("proves nothing") == 2


def test_a_mark_that_will_not_survive_is_written_and_said(tmp_path, key):
    """Grain all over hides the mark from its reader too."""
    rough, out = tmp_path / "rough.png", tmp_path / "out.png"
    rough.write_bytes(pictures.png(pictures.painted(3, 900, 700)))
    words = ("mark", "embed", str(rough), str(out), "--id", "00000000c0ffee00", "--key-file", str(key), "--json")
    made = dam(tmp_path / "x", *words)
    assert made.code == 1
    assert not made.json["survived"]["crop55_jpeg75"]
    assert out.exists()


def test_files_are_not_written_over(tmp_path, picture, key):
    before = sha256(picture)
    same = dam(tmp_path / "x", "mark", "embed", str(picture), str(picture), "--replace", "--key-file", str(key))
    assert (same.code, sha256(picture)) == (4, before)
    link = tmp_path / "link.png"
    link.symlink_to(picture)
    assert dam(tmp_path / "x", "mark", "embed", str(picture), str(link), "--replace", "--key-file", str(key)).code == 4
    other = tmp_path / "there.png"
    other.write_bytes(b"mine")
    refused = dam(tmp_path / "x", "mark", "embed", str(picture), str(other), "--key-file", str(key))
    assert (refused.code, other.read_bytes()) == (4, b"mine")
    assert "--replace" in refused.err
    assert dam(tmp_path / "x", "mark", "embed", str(picture), str(other), "--replace", "--key-file", str(key)).code == 0
    assert other.read_bytes()[:4] == b"\x89PNG"


def test_a_bad_call_or_file_is_a_sentence(tmp_path, picture, key):
    words = ("mark", "embed", str(picture), str(tmp_path / "o.png"), "--key-file")
    short = tmp_path / "short.key"
    short.write_bytes(b"too short")
    for given, said in (
        ((*words, str(short)), "32 bytes"),
        ((*words, str(tmp_path / "none")), "cannot be read"),
        ((*words, str(key), "--id", "xyz"), "16 hex digits"),
        ((*words, str(key), "--strength", "loud"), "no strength"),
        ((*words, str(key), "--strength", "99"), "out of range"),
        ((*words, str(key), "--engine", "trustmark"), "No weights are named"),
    ):
        answer = dam(tmp_path / "x", *given)
        assert answer.code == 2
        assert said in answer.err + answer.out
    tiny = tmp_path / "tiny.png"
    tiny.write_bytes(pictures.png(np.zeros((1, 1, 3), np.uint8)))
    assert dam(tmp_path / "x", "mark", "embed", str(tiny), str(tmp_path / "o.png"), "--key-file", str(key)).code == 4
    bad = tmp_path / "bad.png"
    bad.write_bytes(picture.read_bytes()[:200])
    assert dam(tmp_path / "x", "mark", "embed", str(bad), str(tmp_path / "o.png"), "--key-file", str(key)).code == 3
    asked = (str(bad), str(tiny), str(tmp_path / "gone"))
    mixed = dam(tmp_path / "x", "mark", "detect", *asked, "--key-file", str(key), "--json")
    assert mixed.code == 3
    assert [one["path"] for one in mixed.lines] == list(asked)
    assert [bool(one["problems"]) for one in mixed.lines] == [True, False, True]
    assert not (tmp_path / "o.png").exists()
