"""What labels say, and how sure they are: by evidence, and never over somebody else's word."""

import json
from dataclasses import replace

import pytest

from dam.model import Generation
from dam.provenance import compose
from dam.provenance.compose import Evidence, Policy
from dam.provenance.labels import aigc_text, label_of
from dam.provenance.statement import SourceType
from dam_schemas.assertions import IPTC_EXT

ID = "0192f1aa-0000-7000-8000-000000000001"
OURS = "00119144030008867405X212345"
AI = Evidence(ID, Generation(tool="ComfyUI", prompt="wet street"), True, strength="generator")


def test_a_label_repeats_the_words_of_the_manifest():
    label = label_of(AI, Policy(), None)
    assert label.properties == {
        (IPTC_EXT, "DigitalSourceType"): SourceType.TRAINED_ALGORITHMIC_MEDIA.iri,
        (IPTC_EXT, "AISystemUsed"): "ComfyUI",
    }
    assert label.aigc is None
    shown = label_of(AI, Policy(sign_prompts="full"), None).properties
    assert shown[IPTC_EXT, "AIPromptInformation"] == "wet street"


@pytest.mark.parametrize("ai", [None, False])
def test_a_file_that_nothing_says_is_ai_gets_no_label(ai):
    assert label_of(replace(AI, ai_generated=ai), Policy(), OURS) is None


def test_our_own_aigc_label_has_its_seven_members_and_the_assets_id():
    label = json.loads(aigc_text(AI, OURS))
    assert label == {
        "Label": "1", "ContentProducer": OURS, "ProduceID": ID, "ReservedCode1": "", "ContentPropagator": "",
        "PropagateID": "", "ReservedCode2": "",
    }  # fmt: skip


def test_where_somebody_else_produced_it_we_are_the_propagator():
    theirs = {"Label": "2", "ContentProducer": "001191110102MACQD9K64010000", "produceid": 77, "ReservedCode1": "sig"}
    label = json.loads(aigc_text(replace(AI, aigc=theirs), OURS))
    assert (label["Label"], label["ContentProducer"], label["ProduceID"]) == ("2", theirs["ContentProducer"], "77")
    assert (label["ContentPropagator"], label["PropagateID"], label["ReservedCode1"]) == (OURS, ID, "sig")


@pytest.mark.parametrize(
    ("readers", "signed", "label"),
    [
        ({"comfyui": 1.0, "iptc_xmp": 0.6}, False, "1"),
        ({"c2pa": 1.0}, True, "1"),
        ({"c2pa": 1.0}, False, "2"),
        ({"iptc_xmp": 0.6, "unparsed": 1.0}, False, "2"),
        ({"aigc": 0.9}, False, "1"),
        ({"aigc": 0.6}, False, "2"),
        ({"aigc": 0.4}, False, "3"),
        ({}, False, "2"),
    ],
)
def test_how_sure_a_label_is_follows_from_who_spoke(readers, signed, label):
    known = replace(AI, strength=compose.strength(readers, signed=signed))
    assert json.loads(aigc_text(known, OURS))["Label"] == label
