"""From evidence to words: what follows, what is left out, and what is called unknown."""

import hashlib
from dataclasses import replace

import pytest
from pydantic import ValidationError

from dam.model import Generation, Lora
from dam.provenance import compose
from dam.provenance.compose import Evidence, InputEvidence, Policy
from dam.provenance.statement import ActionEntry, AssetFacts, IngredientEntry, Software, SourceType, Statement

ID = "0192f1aa-0000-7000-8000-000000000001"
MADE = Generation(
    tool="ComfyUI", tool_version="0.3.60", model="lantern_xl", model_hash="0123456789", prompt="mara, wet street",
    loras=(Lora("mara_v2", 0.8),),
)  # fmt: skip
AI = Evidence(ID, MADE, True, carriers=("png:tEXt:prompt",), created_at="2026-11-21T12:00:00Z")
FACTS = AssetFacts(asset_id=ID, sha256=hashlib.sha256(b"").hexdigest(), library_id="lib")


def said(evidence=AI, **policy):
    return compose.say(evidence, Policy(**policy))


def data_of(statement, label):
    return next(one["data"] for one in statement.definition()["assertions"] if one["label"] == label)


@pytest.mark.parametrize(
    ("known", "term", "basis"),
    [
        ({}, "trainedAlgorithmicMedia", "inferred"),
        ({"inputs": (InputEvidence(role="init", ai_generated=False),)}, "compositeWithTrainedAlgorithmicMedia", "inferred"),
        ({"inputs": (InputEvidence(role="init", ai_generated=True),)}, "trainedAlgorithmicMedia", "inferred"),
        ({"inputs": (InputEvidence(role="init"),)}, "trainedAlgorithmicMedia", "inferred"),
        ({"inputs": (InputEvidence(role="control", ai_generated=False),)}, "trainedAlgorithmicMedia", "inferred"),
        ({"named": "algorithmicMedia"}, "algorithmicMedia", "stated"),
        ({"named": "digitalCapture", "ai_generated": False}, "digitalCapture", "stated"),
        ({"named": "veryReal"}, "trainedAlgorithmicMedia", "inferred"),
        ({"ai_generated": None}, "unknown", "unknown"),
        ({"ai_generated": False}, "unknown", "unknown"),
    ],
)  # fmt: skip
def test_the_source_type_follows_from_evidence_or_is_unknown(known, term, basis):
    found = said(replace(AI, **known))
    assert (found.generation.digital_source_type, found.generation.basis) == (term, basis)
    assert (found.source_type.value if found.source_type else "unknown") == term


def test_of_a_file_that_nothing_says_is_ai_nothing_is_disclosed():
    found = said(Evidence(ID))
    assert (found.disclosure, found.metadata, found.ingredients, found.source_type) == (None, None, (), None)
    assert found.generation.json_data() == {
        "digital_source_type": "unknown", "basis": "unknown", "carriers": [], "loras": [], "inputs": [],
    }  # fmt: skip


def test_prompts_are_signed_nowhere_unless_policy_says_so():
    for level in ("never", "hash", "full"):
        definition = compose.protected_copy(title="c", original_title="o", asset=FACTS, said=said(sign_prompts=level))
        everything = repr(definition.definition()) + repr(
            [one.json_data(has_manifest=False) | {"content": one.content} for one in definition.ingredients]
        )
        assert ("wet street" in everything) == (level == "full")
        assert (hashlib.sha256(MADE.prompt.encode()).hexdigest() in everything) == (level != "never")


def test_the_model_and_its_loras_are_inputs_by_name():
    models = [(one.title, one.description, one.data_type) for one in said().ingredients]
    assert models == [("lantern_xl", "model", "c2pa.types.model"), ("mara_v2", "LoRA", "c2pa.types.model")]


def test_an_input_is_an_ingredient_only_where_its_bytes_were_at_hand():
    inputs = (
        InputEvidence("refs/pose.png", "control", "a" * 64, "by_name", label="input-0"),
        InputEvidence("C:\\Users\\kim\\face.png", "init"),
    )
    found = said(replace(AI, inputs=inputs))
    assert [(one.label, one.title, one.description) for one in found.ingredients][:1] == [
        ("input-0", "pose.png", "control")
    ]
    facts = [(one.name, one.role, one.found, one.ingredient) for one in found.generation.inputs]
    assert facts == [("pose.png", "control", "by_name", True), ("face.png", "init", "not_found", False)]


def test_the_latent_disclosure_has_every_field_that_the_law_names():
    found = said(ai_provider="Studio Nord").disclosure
    assert found.json_data() == {
        "provider": "Studio Nord", "provider_basis": "setting", "system": "ComfyUI", "system_version": "0.3.60",
        "created_at": "2026-11-21T12:00:00Z", "created_basis": "file_modified", "content_id": f"urn:uuid:{ID}",
    }  # fmt: skip


def test_a_service_of_others_is_never_called_ours_and_silence_is_called_unknown():
    found = said(replace(AI, generation=Generation(tool="Midjourney")), ai_provider="Studio Nord").disclosure
    assert (found.provider, found.provider_basis, found.system_version) == ("unknown", "unknown", "unknown")


def test_the_provider_is_whoever_signed_the_creation_under_a_public_list():
    created = {"action": "c2pa.created", "digital_source_type": "trainedAlgorithmicMedia"}
    verdict = {"state": "trusted", "tier": "official", "issuer": "Example AI", "actions": [created]}
    assert compose.provider_of(verdict, "Doubao") == ("Example AI", "credential")
    for less in ({"state": "untrusted_signer"}, {"tier": "organisation"}, {"actions": [{"action": "c2pa.edited"}]}):
        assert compose.provider_of(verdict | less, "Doubao") == ("Doubao", "label")
    assert compose.provider_of(None, None) == (None, "unknown")


def test_training_and_mining_are_said_only_where_a_setting_says_them():
    assert said().training is None
    entries = said(training_mining="notAllowed").training.json_data()["entries"]
    assert entries["cawg.ai_generative_training"] == {"use": "notAllowed"}
    assert set(entries) == {"cawg.ai_inference", "cawg.ai_training", "cawg.ai_generative_training", "cawg.data_mining"}
    bound = said(training_mining="constrained", training_terms="https://example.org/terms").training.json_data()
    assert bound["entries"]["cawg.data_mining"]["constraint_info"] == "https://example.org/terms"


def test_the_iptc_fields_are_those_of_the_generation():
    copy = compose.protected_copy(title="c", original_title="o", asset=FACTS, said=said())
    assert data_of(copy, "cawg.metadata") == {
        "@context": {"Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"},
        "Iptc4xmpExt:DigitalSourceType": SourceType.TRAINED_ALGORITHMIC_MEDIA.iri,
        "Iptc4xmpExt:AISystemUsed": "ComfyUI",
        "Iptc4xmpExt:AISystemVersionUsed": "0.3.60",
    }


def test_the_parent_is_the_first_ingredient_and_labels_in_the_metadata_are_an_action():
    copy = compose.protected_copy(title="c", original_title="o", asset=FACTS, said=replace(said(), labelled=True))
    assert copy.ingredients[0].relationship == "parentOf"
    assert [one.action for one in copy.actions] == ["c2pa.opened", "c2pa.edited.metadata"]


def test_what_a_tool_made_names_model_and_prompt_as_what_it_read():
    made = compose.creation(
        title="c", tool=Software(name="ComfyUI"), source_type=SourceType.TRAINED_ALGORITHMIC_MEDIA,
        said=said(sign_prompts="full"),
    )  # fmt: skip
    assert made.actions[0].action == "c2pa.created"
    assert made.actions[0].ingredients == ("model-0", "model-1", "prompt")


def test_a_fingerprint_is_bound_under_our_own_name():
    assert compose.fingerprint_binding("phash64/luma512.1", "00ff").alg == "org.headwater.phash64.luma512.1"


@pytest.mark.parametrize(
    "entry",
    [
        {"relationship": "inputTo", "data_type": "c2pa.types.dataset"},
        {"relationship": "parentOf", "data_type": "c2pa.types.model"},
        {"relationship": "inputTo", "content": "text of nothing"},
        {"relationship": "inputTo", "data_type": "c2pa.types.generator.prompt"},
        {"relationship": "inputTo", "data_type": "c2pa.types.model", "content": "x"},
    ],
)
def test_an_ingredient_is_one_thing(entry):
    with pytest.raises(ValidationError):
        IngredientEntry(label="a", title="a", **entry)


def test_a_component_that_is_not_placed_is_refused():
    made = ActionEntry(action="c2pa.created", source_type=SourceType.COMPOSITE)
    part = IngredientEntry(label="logo", title="logo", relationship="componentOf")
    with pytest.raises(ValidationError):
        Statement(title="t", actions=(made,), ingredients=(part,))
    Statement(title="t", actions=(made, ActionEntry(action="c2pa.placed", ingredients=("logo",))), ingredients=(part,))


def test_texts_of_strangers_are_cut_and_cleaned_before_they_are_signed():
    found = said(replace(AI, generation=Generation(tool="a\udce9\x00b" * 200, model="m"), carriers=("x" * 999,)))
    assert len(found.generation.tool) <= 200
    assert found.generation.tool.startswith("a??b")
    assert len(found.generation.carriers[0]) <= 200
