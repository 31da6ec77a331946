"""A protected copy proves itself, survives what people do to pictures, and no tampering passes for authentic."""

import io
import shutil
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from dam.model import CredentialState
from dam.watermark.agreement import SAME_FROM
from tests.support import pictures
from tests.support.libraries import copy_of, dam, opened, sha256

SIZE = {"width": 1024, "height": 768}


@pytest.fixture(scope="module")
def studio(template_library, tmp_path_factory):
    """(library folder, drive, open service) with two protected originals of AI."""
    base = tmp_path_factory.mktemp("studio")
    drive = base / "drive"
    pictures.put(drive, "hero.png", pictures.a1111_png(1, **SIZE))
    pictures.put(drive, "boat.png", pictures.a1111_png(5, "a boat", **SIZE))
    library = copy_of(template_library, base / "library")
    with opened(library, protect="ai") as service:
        service.roots.add(str(drive))
        assert service.passes.scan().protected == 2
        yield library, drive, service


@pytest.fixture(scope="module")
def service(studio):
    return studio[2]


@pytest.fixture
def copy(studio, tmp_path):
    """The protected copy of the hero, as it was delivered."""
    vault, mime, name = studio[2].find.copy_of("hero.png")
    assert mime == "image/png"
    return shutil.copyfile(vault, tmp_path / name)


@pytest.fixture(scope="module")
def hero(service):
    return service.find.id_of("hero.png")


def test_a_protected_copy_is_authentic_and_leads_to_its_original(service, copy, hero):
    verdict = service.answers.verify(str(copy))
    assert verdict.authentic
    assert verdict.credentials.state is CredentialState.TRUSTED
    assert verdict.credentials.tier == "organisation"
    assert (verdict.mark.verified, verdict.mark.asset_id) == (True, hero)
    assert {m.asset_id for m in verdict.matches} == {hero}
    assert {m.found_by for m in verdict.matches} == {"sha256", "manifest", "mark", "fingerprint"}


def test_the_copy_looks_like_its_original_and_names_it_as_parent(studio, service, copy):
    _, drive, _ = studio
    with Image.open(copy) as marked, Image.open(drive / "hero.png") as original:
        difference = np.asarray(marked, float) - np.asarray(original, float)
    assert 20 * np.log10(255 / np.sqrt((difference**2).mean())) > 36
    found = service.answers.inspect(str(copy)).credentials
    named = [(i.relationship, i.title) for i in found.ingredients]
    assert named == [("parentOf", "hero.png"), ("inputTo", "lantern_xl")]
    assert found.custom["sha256"] == sha256(drive / "hero.png")
    assert "trainedAlgorithmicMedia" in found.digital_source_types


def test_the_original_has_no_credential_and_is_not_called_authentic(studio, service, hero):
    verdict = service.answers.verify(str(studio[1] / "hero.png"))
    assert not verdict.authentic
    assert next(m.asset_id for m in verdict.matches) == hero


def _jpeg(image, quality=75):
    stream = io.BytesIO()
    image.convert("RGB").save(stream, "JPEG", quality=quality)
    return stream.getvalue()


DAMAGE = {
    "saved again as JPEG 75": _jpeg,
    "at half size": lambda image: _jpeg(image.resize((512, 384), Image.Resampling.LANCZOS), 90),
    "cropped by 20 %": lambda image: _jpeg(image.crop((102, 77, 922, 691)), 90),
    "a screenshot as PNG": lambda image: pictures.png(np.asarray(image.convert("RGB"))),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_stripped_and_damaged_copy_is_identified_by_its_mark(service, copy, hero, tmp_path, name):
    with Image.open(copy) as image:
        wild = pictures.put(tmp_path, "wild.bin", DAMAGE[name](image))
    found = service.answers.identify(str(wild))
    assert found.asset.id == hero
    assert found.found_by == "mark"
    assert found.conflicts == ()
    assert found.score > 0.999
    assert not service.answers.verify(str(wild)).authentic


def test_one_changed_byte_of_the_picture_is_a_content_mismatch_and_exit_1(studio, service, copy):
    _flip_in_pixels(copy)
    with Image.open(copy) as image:
        image.load()  # still a picture
    verdict = service.answers.verify(str(copy))
    assert not verdict.authentic
    assert verdict.credentials.state is CredentialState.CONTENT_MISMATCH
    answer = dam(studio[0], "verify", "--json", str(copy))
    assert answer.code == 1
    assert answer.json["authentic"] is False
    assert "not byte for byte what was signed" in answer.json["reasons"][0]
    assert "assertion.dataHash.mismatch" in answer.json["credentials"]["codes"]
    words = dam(studio[0], "verify", str(copy))
    assert words.code == 1
    assert "NOT PROVEN AUTHENTIC" in words.out


def _flip_in_pixels(path):
    """Change the last sample by one and pack the picture data anew: a valid PNG, every other chunk as it was."""
    data = bytearray(path.read_bytes())
    at, idat = 8, []
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IDAT":
            idat.append((at, length))
        at += 12 + length
    raw = zlib.decompress(b"".join(bytes(data[a + 8 : a + 8 + n]) for a, n in idat))
    changed = bytearray(raw)
    changed[-1] ^= 1
    packed = zlib.compress(bytes(changed), 1)
    first, last = idat[0][0], idat[-1][0] + 12 + idat[-1][1]
    chunk = struct.pack(">I4s", len(packed), b"IDAT") + packed
    chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
    path.write_bytes(bytes(data[:first]) + chunk + bytes(data[last:]))


def test_a_flipped_byte_that_damages_the_picture_is_never_authentic(studio, service, copy):
    data = bytearray(copy.read_bytes())
    data[data.index(b"IDAT") + len(data) // 2] ^= 0x10
    copy.write_bytes(bytes(data))
    answer = dam(studio[0], "verify", "--json", str(copy))
    assert answer.code == 1
    assert answer.json["credentials"]["state"] == "content_mismatch"


def test_a_foreign_picture_is_not_ours(studio, service, tmp_path):
    wild = pictures.put(tmp_path, "foreign.jpg", pictures.jpeg(pictures.painted(77, **SIZE)))
    found = service.answers.identify(str(wild))
    assert (found.asset, found.matches, found.conflicts) == (None, (), ())
    answer = dam(studio[0], "identify", "--json", str(wild))
    assert (answer.code, answer.json["asset"]) == (1, None)


def test_a_mark_lifted_onto_another_picture_is_a_conflict(studio, service, copy, hero, tmp_path):
    """The copy attack: what the mark changed in one picture, added to another one of ours."""
    _, drive, _ = studio
    with Image.open(copy) as marked, Image.open(drive / "hero.png") as plain, Image.open(drive / "boat.png") as other:
        delta = np.asarray(marked.convert("RGB"), np.int16) - np.asarray(plain.convert("RGB"), np.int16)
        forged = np.clip(np.asarray(other.convert("RGB"), np.int16) + delta, 0, 255).astype(np.uint8)
    wild = pictures.put(tmp_path, "forged.png", pictures.png(forged))
    boat = service.find.id_of("boat.png")
    found = service.answers.identify(str(wild))
    assert (found.asset.id, found.found_by) == (boat, "fingerprint")
    assert hero not in {m.asset_id for m in found.matches}  # a mark on another picture is no match
    assert hero in found.conflicts[0]
    assert any(boat in words for words in found.conflicts)
    verdict = service.answers.verify(str(wild))
    assert (verdict.authentic, verdict.mark.asset_id) == (False, hero)
    assert verdict.mark.agreement < SAME_FROM


def test_a_mark_lifted_onto_a_strangers_picture_leads_to_no_asset(studio, service, copy, hero, tmp_path):
    _, drive, _ = studio
    with Image.open(copy) as marked, Image.open(drive / "hero.png") as plain:
        delta = np.asarray(marked.convert("RGB"), np.int16) - np.asarray(plain.convert("RGB"), np.int16)
    stranger = pictures.painted(78, **SIZE).astype(np.int16)
    wild = pictures.put(tmp_path, "forged.png", pictures.png(np.clip(stranger + delta, 0, 255).astype(np.uint8)))
    found = service.answers.identify(str(wild))
    assert (found.asset, found.matches) == (None, ())
    assert hero in found.conflicts[0]


@pytest.mark.parametrize("view", ["mirrored", "without border", "without border, mirrored"])
def test_an_original_is_recognised_by_likeness_mirrored_and_in_a_border(studio, service, hero, tmp_path, view):
    with Image.open(studio[1] / "hero.png") as image:
        seen = image.convert("RGB")
    if "mirrored" in view:
        seen = ImageOps.mirror(seen)
    if "border" in view:
        seen = ImageOps.expand(seen, border=(0, 130), fill=(12, 12, 12))
    wild = pictures.put(tmp_path, "wild.jpg", _jpeg(seen))
    found = service.answers.identify(str(wild))
    assert (found.asset.id, found.found_by, found.conflicts) == (hero, "fingerprint", ())
    assert found.matches[0].detail["view"] == view


def test_a_manifest_moved_to_another_picture_is_not_authentic(service, copy, studio, tmp_path):
    """The credential of one file, put into another one as a chunk."""
    data = copy.read_bytes()
    at = data.index(b"caBX") - 4
    chunk = data[at : at + 12 + struct.unpack_from(">I", data, at)[0]]
    other = (studio[1] / "boat.png").read_bytes()
    forged = pictures.put(tmp_path, "forged.png", other[:33] + chunk + other[33:])
    verdict = service.answers.verify(str(forged))
    assert not verdict.authentic
    assert verdict.credentials.state is CredentialState.CONTENT_MISMATCH


def test_another_studios_copy_is_intact_but_of_an_unknown_signer(studio, copy, tmp_path):
    from tests.support.libraries import create

    create(tmp_path / "elsewhere")
    answer = dam(tmp_path / "elsewhere", "verify", "--json", str(copy))
    assert answer.code == 1
    assert answer.json["credentials"]["state"] == "untrusted_signer"
    assert answer.json["mark"] is None
    assert dam(studio[0], "verify", "--json", str(copy)).code == 0
