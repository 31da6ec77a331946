import hashlib

import pytest
from pydantic import ValidationError

from dam.provenance import compose
from dam.provenance.manifests import MAX_TEXT
from dam.provenance.statement import (
    ActionEntry,
    AssetFacts,
    IngredientEntry,
    SoftBindingEntry,
    Software,
    SourceType,
    Statement,
    source_type_of,
)

FACTS = AssetFacts(asset_id="0192", sha256=hashlib.sha256(b"").hexdigest(), library_id="lib")
MARK = SoftBindingEntry(alg="org.headwater.tilemark.v1", value="00ff")
AI = SourceType.TRAINED_ALGORITHMIC_MEDIA
PARENT = IngredientEntry(label="original", title="a.png", relationship="parentOf")
OPENED = ActionEntry(action="c2pa.opened", ingredients=("original",))


def actions_of(statement):
    data = statement.definition()["assertions"][0]["data"]
    assert data["allActionsIncluded"] is True
    return data["actions"]


def test_a_protected_copy_is_opened_then_marked_then_converted():
    said = compose.protected_copy(title="c", original_title="o", asset=FACTS, mark=MARK, source_type=AI, converted=True)
    actions = actions_of(said)
    assert [one["action"] for one in actions] == ["c2pa.opened", "c2pa.watermarked.bound", "c2pa.converted"]
    assert actions[0] == {"action": "c2pa.opened", "parameters": {"ingredientIds": ["original"]}}
    assert actions[1]["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert actions[1]["softwareAgent"]["name"] == "Headwater"


def test_a_copy_without_a_mark_claims_no_watermark():
    said = compose.protected_copy(title="c", original_title="o", asset=FACTS)
    assert [one["action"] for one in actions_of(said)] == ["c2pa.opened"]


def test_the_definition_carries_what_the_rubric_asks_for():
    made = compose.protected_copy(title="c", original_title="o", asset=FACTS, mark=MARK).definition()
    assert made["claim_generator_info"][0]["specVersion"] == "2.4"
    assert [one["label"] for one in made["assertions"]] == [
        "c2pa.actions.v2",
        "c2pa.soft-binding",
        "org.headwater.asset",
    ]
    assert all(one["created"] for one in made["assertions"])
    assert made["assertions"][1]["data"] == {
        "alg": "org.headwater.tilemark.v1",
        "blocks": [{"scope": {}, "value": "00ff"}],
    }
    assert made["assertions"][2]["data"] == {"asset_id": "0192", "sha256": FACTS.sha256, "library_id": "lib"}


def test_the_source_type_of_an_original_is_dropped_where_its_own_manifest_speaks():
    entry = IngredientEntry(label="original", title="o", relationship="parentOf", source_type=AI)
    assert entry.json_data(has_manifest=False)["digital_source_type"] == AI.iri
    assert "digital_source_type" not in entry.json_data(has_manifest=True)


def test_a_creation_from_a_parent_is_an_edit():
    said = compose.creation(
        title="c",
        tool=Software(name="Tool"),
        source_type=SourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA,
        ingredients=[PARENT, IngredientEntry(label="logo", title="logo", relationship="componentOf")],
    )
    assert [one["action"] for one in actions_of(said)] == ["c2pa.opened", "c2pa.edited", "c2pa.placed"]


@pytest.mark.parametrize(
    "action",
    [
        {"action": "c2pa.ai_generated_content"},
        {"action": "c2pa.watermarked"},
        {"action": "made.up"},
        {"action": "c2pa.created"},
        {"action": "c2pa.edited"},
        {"action": "c2pa.created", "source_type": "bogus"},
        {"action": "c2pa.created", "source_type": "http://example.org/ai"},
        {"action": "c2pa.opened", "ingredients": ["original"], "source_type": AI},
        {"action": "c2pa.opened"},
        {"action": "c2pa.opened", "ingredients": ["a", "b"]},
        {"action": "c2pa.converted", "prompt": "a secret prompt"},
    ],
)
def test_an_action_that_no_rule_knows_is_refused(action):
    with pytest.raises(ValidationError):
        ActionEntry.model_validate(action)


@pytest.mark.parametrize(
    "parts",
    [
        {"actions": ()},
        {"actions": (OPENED,)},
        {"actions": (OPENED,), "ingredients": (PARENT, PARENT)},
        {"actions": (OPENED,), "ingredients": (PARENT, PARENT.model_copy(update={"label": "second"}))},
        {"actions": (OPENED, OPENED), "ingredients": (PARENT,)},
        {"actions": (ActionEntry(action="c2pa.created", source_type=AI),), "ingredients": (PARENT,)},
        {"actions": (ActionEntry(action="c2pa.converted"),)},
        {"actions": (OPENED, ActionEntry(action="c2pa.watermarked.bound")), "ingredients": (PARENT,)},
        {
            "actions": (OPENED, ActionEntry(action="c2pa.placed", ingredients=("nowhere",))),
            "ingredients": (PARENT,),
        },
    ],
)
def test_a_statement_against_the_specification_is_refused(parts):
    with pytest.raises(ValidationError):
        Statement(title="t", **parts)


@pytest.mark.parametrize("alg", ["tilemark", "a.b", "org..x.y", "org.headwater.tile mark", "x" * 200])
def test_a_soft_binding_needs_a_reverse_dns_name(alg):
    with pytest.raises(ValidationError):
        SoftBindingEntry(alg=alg, value="00")


def test_a_relationship_is_one_of_three():
    with pytest.raises(ValidationError):
        IngredientEntry(label="a", title="a", relationship="siblingOf")


def test_a_file_name_with_undecodable_bytes_becomes_a_title():
    entry = IngredientEntry(label="a", title="caf\udce9\x00" + "x" * 999, relationship="inputTo")
    assert entry.title.startswith("caf??x")
    assert len(entry.title) <= MAX_TEXT


def test_only_known_source_types_are_repeated():
    assert source_type_of("trainedAlgorithmicMedia") is AI
    assert source_type_of("veryReal") is None
    assert source_type_of(None) is None


def test_source_types_are_iris_of_their_own_houses():
    assert AI.iri == "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    assert SourceType.EMPTY.iri == "http://c2pa.org/digitalsourcetype/empty"
