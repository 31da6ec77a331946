"""What is signed of a file that ComfyUI made out of a photograph: read back from the signed copy, and checked against the
published schemas.
"""

import dataclasses
import json

import pytest
from pydantic import ValidationError

from dam.catalogue import work
from dam.errors import UnavailableError
from dam.ingest import evidence
from dam.provenance import manifests, rubric, sdk
from dam_schemas.assertions import BY_LABEL
from tests.support import pictures
from tests.support.libraries import opened, sha256

CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    f'xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" i:DigitalSourceType="{CAPTURE}"/></rdf:RDF></x:xmpmeta>'
).encode()
PHOTO = "photo.jpg"


@pytest.fixture
def drive(tmp_path):
    """A photograph that says so, and a picture that ComfyUI made out of it."""
    from PIL import Image

    folder = tmp_path / "drive"
    folder.mkdir()
    Image.fromarray(pictures.painted(3, 512, 384)).save(folder / PHOTO, "JPEG", xmp=XMP)
    pictures.put(folder, "relit.png", pictures.comfy_png(4, PHOTO, width=512, height=384))
    return folder


def signed(library, drive, **flags):
    """(manifest of relit's protected copy as the SDK reads it, library's answer on the copy)."""
    with opened(library, protect="ai", **flags) as service:
        service.roots.add(str(drive))
        service.passes.scan()
        service.copies.protect("relit.png")
        path, mime, _ = service.find.copy_of("relit.png")
        with open(path, "rb") as stream:
            store = sdk.read_store(stream, mime, service.parts.trust.lists())
        return store["manifests"][store["active_manifest"]], service.answers.verify(path)


def assertion(manifest, label):
    return next(manifests.assertions(manifest, label), None)


def test_a_picture_out_of_a_photograph_is_a_composite_with_the_photograph_as_input(library, drive):
    manifest, verdict = signed(library, drive)
    assert verdict.authentic
    said = assertion(manifest, "org.headwater.generation")
    assert said["digital_source_type"] == "compositeWithTrainedAlgorithmicMedia"
    assert said["inputs"] == [
        {"role": "init", "name": PHOTO, "sha256": sha256(drive / PHOTO), "found": "by_name", "ingredient": True}
    ]
    named = [(one.relationship, one.title) for one in verdict.credentials.ingredients]
    assert named[:2] == [("parentOf", "relit.png"), ("inputTo", PHOTO)]
    assert ("inputTo", "lantern_xl.safetensors") in named or ("inputTo", "lantern_xl") in named


def test_every_assertion_of_ours_holds_to_its_published_schema(library, drive):
    manifest, verdict = signed(
        library, drive, training_mining="notAllowed", sign_prompts="full", ai_provider="Studio Nord"
    )
    with open(verdict.path, "rb") as stream:
        assert rubric.evaluate(sdk.read_crjson(stream, "image/png", ())).met == 31
    seen = set()
    for one in manifest["assertions"]:
        label = one["label"].split("__")[0]
        BY_LABEL[label].model_validate_json(json.dumps(one["data"]), strict=True)
        seen.add(label)
    assert seen == set(BY_LABEL)


def test_a_schema_refuses_what_it_does_not_know():
    with pytest.raises(ValidationError):
        BY_LABEL["org.headwater.asset"].model_validate({"asset_id": "a", "sha256": "0" * 64, "library_id": "l", "x": 1})


def test_the_signed_prompt_is_read_back_only_where_policy_lets_it_in(library, drive):
    _, verdict = signed(library, drive, sign_prompts="full")
    assert verdict.credentials.disclosed["prompt"] == "mara relit"


def test_by_default_no_prompt_is_in_the_manifest(library, drive):
    manifest, verdict = signed(library, drive)
    assert "mara relit" not in json.dumps(manifest)
    assert "prompt" not in verdict.credentials.disclosed


def test_an_input_that_is_not_in_the_library_is_named_in_our_own_assertion_only(library, drive):
    (drive / PHOTO).unlink()
    manifest, verdict = signed(library, drive)
    said = assertion(manifest, "org.headwater.generation")
    assert said["inputs"] == [{"role": "init", "name": PHOTO, "found": "not_found", "ingredient": False}]
    assert PHOTO not in [one.title for one in verdict.credentials.ingredients]
    assert said["digital_source_type"] == "trainedAlgorithmicMedia"


def test_a_file_is_not_signed_while_one_of_its_inputs_is_arriving(library, drive):
    with opened(library, protect="none") as service:
        root = service.roots.add(str(drive))
        (drive / PHOTO).rename(drive.parent / PHOTO)
        service.passes.scan()
        child, parts = service.find.id_of("relit.png"), service.parts
        with parts.catalogue.change() as unit:
            work.note_arrivals(unit, root["id"], [(f"inputs/{PHOTO.upper()}", (1, 1, "1"), 0.0)])
            work.claim_arrivals(unit, "elsewhere:1:1#0", now=1.0, limit=1)
        with pytest.raises(
            UnavailableError, match=r"relit\.png was made from photo\.jpg, which is arriving"
        ) as refused:
            evidence.gather(parts, child)
        assert refused.value.code == "input.arriving"
        later = dataclasses.replace(parts, wall=lambda: parts.wall() + evidence.PATIENCE_S + 60)
        assert [one.found for one in evidence.gather(later, child).evidence.inputs] == ["not_found"]


def test_the_fingerprints_of_the_original_are_soft_bindings_beside_the_mark(library, drive):
    _, verdict = signed(library, drive)
    algs = [one.alg for one in verdict.credentials.soft_bindings]
    assert algs[0] == "org.headwater.tilemark.v1"
    assert set(algs[1:]) == {
        "org.headwater.phash64.luma512.1",
        "org.headwater.phash256.luma512.1",
        "io.iscc.v0",
    }
    iscc = next(one.value for one in verdict.credentials.soft_bindings if one.alg == "io.iscc.v0")
    assert iscc.startswith("ISCC:EE")


def test_a_protected_copy_carries_its_labels_in_the_open_under_the_signature(library, drive):
    before = sha256(drive / "relit.png")
    with opened(library, protect="ai", aigc_producer="00119144030008867405X212345") as service:
        service.roots.add(str(drive))
        service.passes.scan()
        path, _, _ = service.find.copy_of("relit.png")
        found, verdict = service.answers.inspect(path), service.answers.verify(path)
        asset_id = service.find.id_of("relit.png")
    assert verdict.authentic
    assert verdict.credentials.actions[-1].action == "c2pa.edited.metadata"
    by_reader = {claim.reader: claim for claim in found.claims}
    assert by_reader["iptc_xmp"].digital_source_type == "compositeWithTrainedAlgorithmicMedia"
    assert by_reader["aigc"].fields["aigc"]["ProduceID"] == asset_id
    assert sha256(drive / "relit.png") == before


def test_labels_can_be_left_out(library, drive):
    _, verdict = signed(library, drive, write_labels=False)
    assert "c2pa.edited.metadata" not in [one.action for one in verdict.credentials.actions]
