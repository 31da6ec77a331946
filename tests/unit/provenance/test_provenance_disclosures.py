"""What signers say of an AI system, in the places where they say it: signed files, made here, judged and claimed."""

import csv
import io
import json

import c2pa
import pytest

from dam.ingest.inspection import inspect_file
from dam.metadata.c2pa_claim import claim_from_credentials
from dam.metadata.c2pa_names import only_generates, tool_of
from dam.model import Credentials, CredentialState
from dam.provenance import sdk, signers, verdict

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TRAINED = IPTC + "trainedAlgorithmicMedia"
TYPES = [{"type": "c2pa.types.generator.prompt"}]
PROMPT = {
    "title": "prompt.txt",
    "format": "text/plain",
    "relationship": "inputTo",
    "data_types": TYPES,
    "data": {"format": "text/plain", "identifier": "prompt.txt", "data_types": TYPES},
}


@pytest.fixture
def claim_of_manifest(ring, store, picture):
    """claim_of_manifest(actions, generator=..., assertions=..., prompt=..., **members of the actions assertion)."""

    def make(actions, *, generator="Studio", assertions=(), prompt=None, **members):
        definition = {
            "claim_generator_info": [generator if isinstance(generator, dict) else {"name": generator}],
            "assertions": [
                {"label": "c2pa.actions.v2", "created": True, "data": {"actions": actions, **members}},
                *({"label": label, "kind": "Json", "data": data} for label, data in assertions),
            ],
        }
        target = io.BytesIO()
        sign = signers.FileSigner.of_ring(ring).sign
        with (
            c2pa.Context.from_dict(sdk.settings_bundle(store.lists(), rehash=False)) as context,
            c2pa.Signer.from_callback(sign, c2pa.C2paSigningAlg.ES256, ring.chain_pem, None) as signer,
            c2pa.Builder.from_json(json.dumps(definition), context) as builder,
        ):
            if prompt is not None:
                builder.add_resource("prompt.txt", io.BytesIO(prompt))
                builder.add_ingredient(json.dumps(PROMPT), "text/plain", io.BytesIO(prompt))
            builder.sign(signer, "image/png", io.BytesIO(picture()), target)
        credentials = verdict.judge_bytes(target.getvalue(), "image/png", store)
        assert credentials.state is CredentialState.TRUSTED, credentials.explanation
        return claim_from_credentials(credentials)

    return make


def test_version_of_the_model_stands_in_the_vendors_parameters_of_the_action(claim_of_manifest):
    parameters = {"com.adobe.firefly.version": "image5-main_1", "com.adobe.firefly.operation": "text_to_image"}
    made = {
        "action": "c2pa.created",
        "softwareAgent": "Adobe Firefly",
        "digitalSourceType": TRAINED,
        "parameters": parameters,
    }
    claim = claim_of_manifest([made], generator="Adobe_Firefly")
    assert (claim.generation.tool, claim.generation.tool_version) == ("Adobe Firefly", "image5-main_1")
    assert claim.fields["parameters"]["com.adobe.firefly.operation"] == "text_to_image"


def test_agent_of_a_v2_action_states_its_version_apart(claim_of_manifest):
    agent = {"name": "gpt-image", "version": "2.0"}
    claim = claim_of_manifest([{"action": "c2pa.created", "softwareAgent": agent, "digitalSourceType": TRAINED}])
    assert (claim.generation.tool, claim.generation.tool_version) == ("OpenAI", "2.0")
    assert claim.generation.model == "gpt-image 2.0"


def test_version_of_a_signing_library_is_not_the_tools(claim_of_manifest):
    made = {"action": "c2pa.created", "digitalSourceType": TRAINED, "description": "Created by Google Generative AI."}
    claim = claim_of_manifest([made], generator={"name": "Google C2PA Core Generator Library", "version": "9:9"})
    assert (claim.generation.tool, claim.generation.tool_version) == ("Google Generative AI", None)
    assert claim.fields["generator_version"] == "9:9"


def test_generators_own_version_is_the_tools(claim_of_manifest):
    made = {"action": "c2pa.created", "digitalSourceType": TRAINED}
    claim = claim_of_manifest([made], generator={"name": "Midjourney", "version": "7.1"})
    assert (claim.generation.tool, claim.generation.tool_version) == ("Midjourney", "7.1")


def test_source_type_in_the_parameters_of_an_action_counts(claim_of_manifest):
    edited = {"action": "c2pa.edited", "softwareAgent": "Adobe Firefly", "parameters": {"digitalSourceType": TRAINED}}
    created = {"action": "c2pa.created", "digitalSourceType": IPTC + "digitalCapture"}
    claim = claim_of_manifest([created, edited])
    assert (claim.ai_generated, claim.digital_source_type) == (True, "trainedAlgorithmicMedia")


def test_metadata_assertion_with_iptc_fields_gives_system_version_and_prompt(claim_of_manifest):
    data = {
        "@context": {"Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"},
        "Iptc4xmpExt:AISystemUsed": "Studio Diffuser",
        "Iptc4xmpExt:AISystemVersionUsed": "3.1",
        "Iptc4xmpExt:AIPromptInformation": "a heron at dawn",
        "Iptc4xmpExt:DigitalSourceType": TRAINED,
    }
    claim = claim_of_manifest(
        [{"action": "c2pa.created", "digitalSourceType": IPTC + "digitalCreation"}],
        assertions=[("cawg.metadata", data)],
    )
    made = claim.generation
    assert (made.tool, made.tool_version, made.prompt) == ("Studio Diffuser", "3.1", "a heron at dawn")
    assert (claim.ai_generated, claim.digital_source_type) == (True, "trainedAlgorithmicMedia")


def test_placeholder_of_a_prompt_is_no_prompt_and_its_model_is_one(claim_of_manifest):
    data = {"model": "Flux.9", "prompt": "AI generated image", "ai_generated": True}
    made = {"action": "c2pa.created", "softwareAgent": "Flux.9", "digitalSourceType": TRAINED}
    claim = claim_of_manifest(
        [made], generator="Black Forest Labs API", assertions=[("c2pa.ai_generated_content", data)]
    )
    assert (claim.generation.model, claim.generation.prompt) == ("Flux.9", None)


def test_prompt_that_went_in_as_an_ingredient_is_read_from_the_store(claim_of_manifest):
    made = {"action": "c2pa.created", "digitalSourceType": TRAINED}
    assert claim_of_manifest([made], prompt=b"a red bicycle").generation.prompt == "a red bicycle"


def test_fresh_camera_photo_and_plain_edit_with_credentials_are_not_ai(claim_of_manifest):
    camera = claim_of_manifest(
        [{"action": "c2pa.created", "digitalSourceType": IPTC + "digitalCapture"}], generator="Leica M11-P"
    )
    edit = claim_of_manifest(
        [
            {"action": "c2pa.created", "digitalSourceType": "http://c2pa.org/digitalsourcetype/empty"},
            {
                "action": "c2pa.color_adjustments",
                "softwareAgent": "Adobe Photoshop",
                "description": "Adjusted with AI in mind",
            },
        ],
        generator={"name": "Adobe Photoshop", "version": "26.9.0"},
        assertions=[("stds.schema-org.CreativeWork", {"@type": "CreativeWork", "author": [{"name": "Ana Imagen"}]})],
    )
    assert (camera.ai_generated, camera.generation) == (False, None)
    assert (edit.ai_generated, edit.generation) == (None, None)


def test_disclosure_that_says_no_is_no_yes():
    credentials = Credentials(CredentialState.TRUSTED, label="x", disclosed={"ai_generated": "false", "model": "m"})
    assert claim_from_credentials(credentials).ai_generated is None


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("Amazon Nova Canvas", "Amazon Bedrock"),
        ("Microsoft_Responsible_AI/1.0", "Microsoft"),
        ("SamsungElectronics", "Samsung Galaxy AI"),
        ("LumaFusion 5", None),
        ("imagenes.mx", None),
        ("Canva Magic Media", "Canva"),
        ("com.tiktok/1", "TikTok"),
    ],
)
def test_names_stand_alone_and_not_inside_other_words(text, tool):
    assert tool_of([text])[0] == tool


def test_editor_that_can_generate_is_not_a_generator():
    assert only_generates("Image Creator from Designer")
    assert not only_generates("Adobe Photoshop 26.9")
    assert not only_generates("Adobe Lightroom")


def test_every_file_of_the_corpus_says_ai_exactly_where_a_trained_model_took_part(shared):
    with (shared / "c2pa" / "MANIFEST.tsv").open(encoding="utf-8") as stream:
        table = list(csv.DictReader(stream, delimiter="\t"))
    for row in table:
        path = shared / "c2pa" / row["path"]
        found = inspect_file(str(path), None).ai_generated
        assert (found is True) == ("rainedAlgorithmicMedia" in row["digital_source_types"]), row["path"]
