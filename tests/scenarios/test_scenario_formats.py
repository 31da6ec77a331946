"""Every kind of file gets a credential that holds: in its copy where the kind takes one, beside it where not."""

import shutil

import pytest

from dam.errors import ConflictError
from tests.support import everything, pictures
from tests.support.libraries import copy_of, opened

KINDS = sorted(everything.files())


@pytest.fixture(scope="module", params=["copy", "sidecar"])
def covered(request, template_library, tmp_path_factory):
    """(mode, drive, service) after a scan of one file of every kind, in a root of this mode."""
    base = tmp_path_factory.mktemp(request.param)
    for name, data in everything.files().items():
        pictures.put(base / "drive", name, data)
    with opened(copy_of(template_library, base / "library"), protect="all") as service:
        service.roots.add(str(base / "drive"))
        service.roots.set("drive", protect=None, mode=request.param)
        summary = service.passes.scan()
        assert (summary.protected, summary.quarantined) == (len(KINDS), [])
        yield request.param, base / "drive", service


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_file_is_delivered_with_a_credential_that_holds(covered, name, tmp_path):
    mode, drive, service = covered
    given = service.copies.export(name, tmp_path / "out")
    answer = service.answers.verify(given.path, rubric=True)
    verdict = answer.credentials
    assert [rule.id for rule in answer.rubric.rules if not rule.passed] == []
    assert (verdict.state, verdict.tier, verdict.codes) == ("trusted", "organisation", ())
    inside = mode == "copy" and (name in everything.EMBEDDED or name == "a.bmp")  # of a BMP, the copy is a PNG
    assert (given.sidecar is None, verdict.sidecar is None) == (inside, inside)
    assert (drive / name).read_bytes() == everything.files()[name]
    assert service.copies.export(name, tmp_path / "out").written is False
    marked = any(one.alg.endswith("tilemark.v1") for one in verdict.soft_bindings)
    assert marked == (inside and name in ("a.jpg", "a.png", "a.webp", "a.tif", "a.bmp"))


def test_a_sidecar_is_found_by_hash_after_a_rename_and_holds_for_these_bytes_only(covered, tmp_path):
    mode, drive, service = covered
    if mode != "sidecar":
        pytest.skip("one mode is enough")
    for name in ("a.mkv", "a.flac", "a.zip", "a.jpg"):
        moved = shutil.copyfile(drive / name, tmp_path / "renamed.bin")
        assert service.answers.verify(str(moved)).authentic
        assert service.answers.verify(str(moved)).credentials.sidecar == "library"
        moved.write_bytes(moved.read_bytes() + b"\0")
        assert service.answers.verify(str(moved)).credentials.state == "none"


def test_the_delivery_never_writes_over_a_manifest_store_of_somebody_else(covered, tmp_path):
    _, _, service = covered
    (tmp_path / "a.mkv.c2pa").write_bytes(b"somebody's own file")
    with pytest.raises(ConflictError):
        service.copies.export("a.mkv", tmp_path)
    assert not (tmp_path / "a.mkv").exists()


def test_a_thumbnail_is_shown_unless_the_setting_leaves_it_out(template_library, tmp_path):
    sizes = []
    for shown in (True, False):
        with opened(
            copy_of(template_library, tmp_path / str(shown)), protect="all", credential_thumbnail=shown
        ) as service:
            pictures.put(tmp_path / "drive", "a.mp4", everything.files()["a.mp4"])
            service.roots.add(str(tmp_path / "drive"))
            service.passes.scan()
            sizes.append(service.copies.export("a.mp4", tmp_path / f"out{shown}").size_bytes)
    assert sizes[0] > sizes[1] + 300


def test_a_clip_that_is_cut_off_is_not_signed_and_the_reason_is_kept(template_library, tmp_path):
    data = everything.files()["a.wav"]
    pictures.put(tmp_path / "drive", "cut.wav", data[: len(data) // 2])
    with opened(copy_of(template_library, tmp_path / "library"), protect="all") as service:
        service.roots.add(str(tmp_path / "drive"))
        summary = service.passes.scan()
        assert [(q["path"], q["code"]) for q in summary.quarantined] == [("cut.wav", "file.undecodable")]
        assert summary.protected == 0
