import hashlib
import io
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import c2pa
import pytest
from PIL import Image

from dam.errors import EngineError, SignerUnavailableError, UndecodableError, UnreadableError, UsageError
from dam.model import CredentialState
from dam.provenance import compose, keys, sdk, signing
from dam.provenance.statement import IngredientEntry, Software, SourceType
from dam.provenance.trust import TrustStore
from dam.provenance.verdict import judge, judge_bytes

AI = "trainedAlgorithmicMedia"
FORMATS = ("image/png", "image/jpeg", "image/webp")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pixels(data):
    return Image.open(io.BytesIO(data)).convert("RGB").tobytes()


@pytest.mark.parametrize("mime", FORMATS)
def test_a_signed_copy_is_trusted_by_the_organisation_and_keeps_every_pixel(mime, picture, sign, store, tmp_path):
    original = tmp_path / "original"
    original.write_bytes(picture(mime, seed=1))
    before, copy = sha256(original), picture(mime, seed=2)
    signed = sign(copy, mime, original)
    verdict = judge_bytes(signed.data, mime, store)
    assert verdict == signed.credentials
    assert (verdict.state, verdict.tier, verdict.codes) == (CredentialState.TRUSTED, "organisation", ())
    assert pixels(signed.data) == pixels(copy)
    assert sha256(original) == before


def test_the_verdict_gives_back_what_was_said(signed_png):
    seen = signed_png.credentials
    assert [one.action for one in seen.actions] == ["c2pa.opened", "c2pa.watermarked.bound"]
    assert seen.custom["asset_id"] == "0192f1aa"
    assert [(one.alg, one.value) for one in seen.soft_bindings] == [("org.headwater.tilemark.v1", "00112233445566aa")]
    assert [(one.title, one.relationship) for one in seen.ingredients] == [("original", "parentOf")]
    assert seen.digital_source_types == (AI,)
    assert seen.issuer == "Studio Mühle"
    assert seen.generator.startswith("Headwater ")
    assert seen.manifest_labels == (signed_png.label,)
    assert seen.signed_at is not None  # by the time stamp
    assert signed_png.stamped_by.startswith("Headwater local time stamp (not independent)")


def test_the_inception_of_an_original_without_manifest_says_what_it_is(signed_png):
    """C2PA 2.4 §18.16.12.3: the ingredient carries it; c2pa.opened must not."""
    with c2pa.Reader("image/png", io.BytesIO(signed_png.data)) as reader:
        manifest = json.loads(reader.crjson())["manifests"][0]
    made = manifest["assertions"]
    assert made["c2pa.ingredient.v3"]["digitalSourceType"].endswith(AI)
    assert "digitalSourceType" not in made["c2pa.actions.v2"]["actions"][0]


def test_a_signed_copy_follows_the_rules_of_the_conformance_rubric(signed_png):
    """Asset rubric conformance 0.2 / spec 2.4: the rules that a copy of ours could break."""
    with c2pa.Reader("image/png", io.BytesIO(signed_png.data)) as reader:
        manifest = json.loads(reader.crjson())["manifests"][0]
    made, claim = manifest["assertions"], manifest["claim.v2"]
    info = claim["claim_generator_info"]
    assert (info[0] if isinstance(info, list) else info)["specVersion"] == "2.4"
    assert [one["url"] for one in claim["created_assertions"] if "c2pa.actions" in one["url"]]
    assert not [one for one in claim.get("gathered_assertions", []) if "c2pa.actions" in one["url"]]
    assert made["c2pa.actions.v2"]["allActionsIncluded"] is True
    opened, *others = made["c2pa.actions.v2"]["actions"]
    assert opened["action"] == "c2pa.opened"
    assert len(opened["parameters"]["ingredients"]) == 1
    assert "c2pa.opened" not in [one["action"] for one in others]
    assert set(made) == {
        "c2pa.actions.v2",
        "c2pa.hash.data",
        "c2pa.ingredient.v3",
        "c2pa.soft-binding",
        "org.headwater.asset",
    }
    assert manifest["label"].startswith("urn:c2pa:")


def test_signing_over_a_credential_keeps_it(picture, sign, signed_png, tmp_path):
    parent = tmp_path / "signed.png"
    parent.write_bytes(signed_png.data)
    child = sign(picture("image/jpeg", seed=3), "image/jpeg", parent, "image/png", converted=True)
    assert child.credentials.manifest_labels == (child.label, signed_png.label)
    assert child.credentials.ingredients[0].manifest_label == signed_png.label
    assert child.credentials.actions[-1].action == "c2pa.watermarked.bound"
    grandparent = tmp_path / "child.jpg"
    grandparent.write_bytes(child.data)
    assert len(sign(picture(seed=4), "image/png", grandparent, "image/jpeg").credentials.manifest_labels) == 3


def test_a_real_generators_credential_survives_our_signature(picture, sign, shared):
    original = shared / "c2pa" / "wild-ai-generators" / "chatgpt-1.png"
    before = judge(str(original), "image/png", None).manifest_labels
    after = sign(picture(seed=5), "image/png", original).credentials
    assert after.manifest_labels[1:] == before
    assert after.software_agents[1:]  # the generator's own agents, behind ours


def test_an_original_whose_credential_cannot_be_read_is_refused_not_stripped(picture, sign, shared):
    with pytest.raises(UndecodableError, match="cannot be signed over"):
        sign(picture(seed=5), "image/png", shared / "c2pa" / "c2pa-js" / "no_alg.jpg", "image/jpeg")


def test_a_mismatch_that_was_signed_over_stays_in_the_codes(picture, sign, shared):
    changed = shared / "c2pa" / "c2pa-python" / "XCA.jpg"
    seen = sign(picture(seed=5), "image/png", changed, "image/jpeg").credentials
    assert "ingredient:assertion.dataHash.mismatch" in seen.codes


def test_a_tools_file_says_how_it_was_made(picture, ring, store, tmp_path):
    reference = tmp_path / "reference.png"
    reference.write_bytes(picture(seed=6))
    said = compose.creation(
        title="made.png",
        tool=Software(name="ComfyUI", version="0.3"),
        source_type=SourceType.TRAINED_ALGORITHMIC_MEDIA,
        ingredients=[IngredientEntry(label="reference", title="reference.png", relationship="inputTo")],
    )
    files = [signing.IngredientFile("reference", str(reference), "image/png")]
    made = signing.sign_created(picture(), "image/png", statement=said, ring=ring, store=store, ingredients=files)
    assert made.credentials.actions[0].action == "c2pa.created"
    assert made.credentials.actions[0].software_agent == "ComfyUI 0.3"
    assert made.credentials.digital_source_types == (AI,)
    assert made.credentials.ingredients[0].relationship == "inputTo"


def test_a_key_that_is_not_the_leafs_signs_nothing(picture, ring, store, copy_statement, tmp_path):
    original = tmp_path / "original.png"
    original.write_bytes(picture())
    other = keys.create_chain(tmp_path / "other", "Other", now=datetime.now(UTC))
    crossed = replace(ring, leaf_key_path=other.leaf_key_path)
    with pytest.raises(EngineError):
        signing.sign_copy(
            picture(seed=1),
            "image/png",
            original_path=str(original),
            original_mime="image/png",
            statement=copy_statement(picture()),
            ring=crossed,
            store=store,
        )


@pytest.mark.parametrize("trusted", [False, True])
def test_an_expired_or_unknown_ring_hands_nothing_out(picture, store, copy_statement, tmp_path, trusted):
    original = tmp_path / "original.png"
    original.write_bytes(picture())
    age = timedelta(days=500 if trusted else 0)
    ring = keys.create_chain(tmp_path / "keys", "Other", now=datetime.now(UTC) - age)
    with pytest.raises(SignerUnavailableError if trusted else EngineError):
        signing.sign_copy(
            picture(seed=1),
            "image/png",
            original_path=str(original),
            original_mime="image/png",
            statement=copy_statement(picture()),
            ring=ring,
            store=TrustStore.of(ring.root_pem) if trusted else store,
        )


def test_a_type_that_takes_no_manifest_is_said_before_anything_is_read(picture, sign, tmp_path):
    original = tmp_path / "original.png"
    original.write_bytes(picture())
    with pytest.raises(UsageError, match="image/x-exr"):
        sign(b"exr", "image/x-exr", original, "image/png")
    assert sdk.can_embed("image/webp")


def test_a_missing_original_is_said(picture, ring, store, copy_statement, tmp_path):
    with pytest.raises(UnreadableError):
        signing.sign_copy(
            picture(),
            "image/png",
            original_path=str(tmp_path / "gone.png"),
            original_mime="image/png",
            statement=copy_statement(picture()),
            ring=ring,
            store=store,
        )


def test_files_that_the_statement_does_not_name_are_refused(picture, ring, store, tmp_path):
    said = compose.creation(title="t", tool=Software(name="x"), source_type=SourceType.DIGITAL_CREATION)
    extra = [signing.IngredientFile("extra", str(tmp_path / "x"), "image/png")]
    with pytest.raises(UsageError):
        signing.sign_created(picture(), "image/png", statement=said, ring=ring, store=store, ingredients=extra)
    with pytest.raises(UsageError):
        signing.sign_copy(
            picture(), "image/png", original_path="x", original_mime="image/png", statement=said, ring=ring, store=store
        )


def test_signing_logs_no_secret(picture, ring, sign, tmp_path, caplog):
    original = tmp_path / "original.png"
    original.write_bytes(picture())
    with caplog.at_level(logging.DEBUG):
        signed = sign(picture(seed=1), "image/png", original)
    assert ring.leaf_key_path.read_text().splitlines()[1] not in caplog.text + repr(signed)


def test_two_threads_sign_and_judge_at_once(picture, sign, store, tmp_path):
    original = tmp_path / "original.png"
    original.write_bytes(picture())

    def work(seed):
        signed = sign(picture(seed=seed), "image/png", original)
        return judge_bytes(signed.data, "image/png", store).state, signed.label

    with ThreadPoolExecutor(2) as pool:
        seen = list(pool.map(work, range(12)))
    assert {state for state, _ in seen} == {CredentialState.TRUSTED}
    assert len({label for _, label in seen}) == 12
