"""One file for each of the 31 conformance rules that breaks it: signed wrong with real keys wherever a signer lets it.

`SIGNED` are definitions that the SDK signs when it is not asked to check its result; `CHANGED` are the six rules whose
breach no signer of c2pa-python lets through (it writes the validation results, the claim, the hash assertion and the
name itself, and drops the version of c2pa.asset-type): there the crJSON of a good file is edited. The third member names the rules
that cannot but break along.
"""

import copy
import io
import json

import c2pa
import pytest

from dam.provenance import rubric, rules, sdk, signers

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
CREATED = {"action": "c2pa.created", "digitalSourceType": TRAINED}
OPENED = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["original"]}}
PARENT = ({"title": "original", "relationship": "parentOf", "label": "original"},)
BINDING = ("c2pa.soft-binding", {"alg": "org.example.mark.v1", "blocks": [{"scope": {}, "value": "aa"}]})
EXTERNAL = {"label": "c2pa.hash.data", "url": "https://example.org/hash"}
MISMATCH = {"valid_success": ("assertion.action.ingredientMismatch",)}
MALFORMED = {"well_formed_success": ("assertion.action.malformed",)}


def making(*more, first=CREATED, **assertions):
    """(actions, further assertions, members of the actions assertion, ingredients)."""
    return [first, *more], assertions, {"allActionsIncluded": True}, ()


def stating(assertion, **data):
    return [CREATED], {assertion: data}, {"allActionsIncluded": True}, ()


def opening(*more, first=OPENED, complete=True):
    return [first, *more], {}, {"allActionsIncluded": complete}, PARENT


CONVERTED = {"action": "c2pa.converted"}
# rule -> (what is signed, the matches that the rule has to name, what breaks along)
SIGNED = {
    "mandatory_dst_for_perceptible_transformations": (making({"action": "c2pa.edited"}), ("c2pa.edited",), {}),
    "mandatory_spec_version": (making(), ("2.2",), {}),
    "mandatory_all_actions_included": (([CREATED], {}, {}, ()), ("c2pa.actions.v2",), {}),
    "no_dst_for_opened_action": (opening(first=OPENED | {"digitalSourceType": TRAINED}), (TRAINED,), {}),
    "well_formed_success": (
        stating("c2pa.external-reference", url="https://example.org/x"), ("assertion.external-reference.malformed",), {},
    ),
    "valid_success": (making(), ("assertion.dataHash.mismatch",), {}),
    "inception_action_position": (making(), ("no actions among the created assertions",), {}),
    "no_deprecated_assertions": (stating("stds.exif", a="1"), ("stds.exif",), {}),
    "no_unsupported_assertions": (stating("c2pa.ai_generated_content", a="1"), ("c2pa.ai_generated_content",), {}),
    "no_deprecated_actions": (
        making({"action": "c2pa.watermarked"}, **dict([BINDING])), ("c2pa.watermarked",), {},
    ),
    "no_unsupported_actions": (making(CREATED | {"action": "c2pa.imagined"}), ("c2pa.imagined",), {}),
    "no_unrecognized_custom_assertions": (stating("notes", a="1"), ("notes",), {}),
    "no_unrecognized_custom_actions": (making({"action": "polished"}), ("polished",), {}),
    "no_unrecognized_custom_action_parameters": (
        making(CONVERTED | {"parameters": {"strength": 1}}), ("strength",), {},
    ),
    "discouraged_legacy_action_parameters": (
        making(CONVERTED | {"parameters": {"description": "to PNG"}}), ("c2pa.converted",), {},
    ),
    "review_ratings_datasource": (
        stating("org.example.review", reviewRatings=[{"value": 1}], dataSource={"type": "humanEntry.anonymous"}),
        ("org.example.review",), {},
    ),
    "ingredient_v3_no_active_manifest": (
        stating("org.example.part", relationship="componentOf", validationResults={"activeManifest": {}}),
        ("org.example.part",), {},
    ),
    "ingredient_v3_mandatory_validation_results": (
        stating("org.example.part", relationship="componentOf", activeManifest={"url": "x"}), ("org.example.part",), {},
    ),
    "ingredient_relationship_values": (stating("org.example.part", relationship="siblingOf"), ("siblingOf",), {}),
    "mandatory_dst_for_created_action": (making(first={"action": "c2pa.created"}), ("c2pa.created",), MALFORMED),
    "ingredient_v3_choice": (
        stating("org.example.part", relationship="inputTo", activeManifest={"url": "x"}, validationResults={"a": 1},
                digitalSourceType=TRAINED),
        ("org.example.part",), {},
    ),
    "alternative_content_representation_choice": (
        stating("c2pa.alternative-content-representation", type="exif.originalPreservationImage", parameters={"a": 1}),
        ("c2pa.alternative-content-representation",), {},
    ),
    "forbidden_labels_in_external_references": (stating("org.example.link", **EXTERNAL), ("c2pa.hash.data",), {}),
    "all_actions_included_opened": (opening(complete=False), ("c2pa.opened",), {}),
    "opened_action_ingredient_reference": (
        opening(CONVERTED, first={"action": "c2pa.opened"}), ("c2pa.opened",), MISMATCH,
    ),
}  # fmt: skip


def without_results(manifest):
    del manifest["validationResults"]


def old_name(manifest):
    manifest["label"] = "urn:uuid:4b6b1b1c-5d0c-4c0e-8f3e-0a0b0c0d0e0f"


def version_in_claim(manifest):
    manifest["claim.v2"]["specVersion"] = "2.4"


def url_in_hash(manifest):
    manifest["assertions"]["c2pa.hash.data"]["url"] = "https://example.org/asset"


def boxes_of_tiff(manifest):
    stated = manifest["assertions"]
    stated["c2pa.hash.boxes"] = stated.pop("c2pa.hash.data")
    stated["c2pa.asset-type.v2"] = {"dc:format": "image/tiff"}


NO_RESULTS = dict.fromkeys(("well_formed_data_present", "valid_data_present"), ("missing",)) | dict.fromkeys(
    ("well_formed_success", "valid_success"), ("MISSING_VALIDATION_RESULTS",)
)
CHANGED = {
    "well_formed_data_present": (without_results, ("missing",), NO_RESULTS),
    "valid_data_present": (without_results, ("missing",), NO_RESULTS),
    "active_manifest_urn": (old_name, ("urn:uuid:4b6b1b1c-5d0c-4c0e-8f3e-0a0b0c0d0e0f",), {}),
    "no_deprecated_claim_fields": (version_in_claim, ("specVersion in claim",), {}),
    "no_url_in_hashes": (url_in_hash, ("c2pa.hash.data",), {}),
    "no_box_hash_for_tiff": (boxes_of_tiff, ("c2pa.hash.boxes",), {}),
}


@pytest.fixture(scope="module")
def sign_wrong(ring, store, picture):
    """sign_wrong(what, spec="2.4", created=True) -> the bytes of a PNG signed with that, unchecked."""

    def make(what, *, spec="2.4", created=True):
        actions, assertions, members, parts = what
        stated = [{"label": "c2pa.actions.v2", "created": created, "data": {"actions": actions, **members}}]
        stated += [{"label": label, "created": True, "data": data} for label, data in assertions.items()]
        info = {"name": "Studio", "version": "1", "specVersion": spec}
        definition = {"claim_generator_info": [info], "title": "shot", "assertions": stated}
        bundle = sdk.settings_bundle(store.lists(), rehash=False)
        bundle["verify"]["verify_after_sign"] = False
        target = io.BytesIO()
        with (
            c2pa.Context.from_dict(bundle) as context,
            c2pa.Signer.from_callback(
                signers.FileSigner.of_ring(ring).sign, c2pa.C2paSigningAlg.ES256, ring.chain_pem, None
            ) as signer,
            c2pa.Builder.from_json(json.dumps(definition), context) as builder,
        ):
            for part in parts:
                builder.add_ingredient(json.dumps(part), "image/png", io.BytesIO(picture(seed=1)))
            builder.sign(signer, "image/png", io.BytesIO(picture()), target)
        return target.getvalue()

    return make


def broken(report):
    return {one.id.removeprefix("validation:"): one.matches for one in report.rules if not one.passed}


def test_the_file_that_all_mutants_are_made_from_breaks_nothing(sign_wrong, store):
    for what in (making(), opening(CONVERTED), stating("org.example.notes", a="1")):
        report = rubric.judge_stream(io.BytesIO(sign_wrong(what)), "image/png", store)
        assert broken(report) == {}


@pytest.mark.parametrize("name", SIGNED)
def test_a_file_signed_to_break_one_rule_fails_that_rule_and_no_other(name, sign_wrong, store):
    what, matches, along = SIGNED[name]
    data = sign_wrong(
        what,
        spec="2.2" if name == "mandatory_spec_version" else "2.4",
        created=name != "inception_action_position",
    )
    if name == "valid_success":  # a byte of the picture's compressed pixels
        data = data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]
    report = rubric.judge_stream(io.BytesIO(data), "image/png", store)
    assert broken(report) == {name: matches} | along
    assert report.passed is (name == "discouraged_legacy_action_parameters")  # a warning fails nobody


@pytest.mark.parametrize("name", CHANGED)
def test_a_document_changed_to_break_one_rule_fails_that_rule_and_no_other(name, sign_wrong, store):
    change, matches, along = CHANGED[name]
    document = sdk.read_crjson(io.BytesIO(sign_wrong(making())), "image/png", store.lists())
    changed = copy.deepcopy(document)
    change(changed["manifests"][0])
    assert broken(rubric.evaluate(document)) == {}
    assert broken(rubric.evaluate(changed)) == {name: matches} | along


def test_every_rule_has_a_mutant_and_no_mutant_is_without_a_rule():
    assert not SIGNED.keys() & CHANGED.keys()
    assert {f"validation:{name}" for name in SIGNED | CHANGED} == {one.id for one in rules.CONFORMANCE}
    assert len(SIGNED) == 25


@pytest.mark.parametrize("code", ["signingCredential.untrusted", "claimSignature.mismatch"])
def test_a_failure_of_trust_breaks_the_integrity_rubric_alone(code, sign_wrong, store):
    document = sdk.read_crjson(io.BytesIO(sign_wrong(making())), "image/png", store.lists())
    document["manifests"][0]["validationResults"]["failure"].append({"code": code})
    report = rubric.evaluate(document)
    assert broken(report) == {}
    assert {one.id: one.matches for one in report.integrity if not one.passed} == {
        "validation:trusted_success": (code,)
    }
