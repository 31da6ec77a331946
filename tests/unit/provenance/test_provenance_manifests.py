from hypothesis import given, settings
from hypothesis import strategies as some

from dam.provenance import manifests

JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=8),
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.dictionaries(
            some.sampled_from(
                ["label", "data", "actions", "action", "assertions", "ingredients", "blocks", "alg", "value"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


def manifest(*children, action="c2pa.created"):
    return {
        "ingredients": [{"active_manifest": child} for child in children],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [{"action": action}]}}],
    }


def test_the_chain_goes_from_the_active_manifest_outwards_and_then_to_the_rest():
    store = {"manifests": {"lost": manifest(), "c": manifest(), "b": manifest("c"), "a": manifest("b", "gone")}}
    assert list(manifests.chain(store, "a")) == ["a", "b", "c", "lost"]


def test_a_chain_that_bites_its_tail_ends():
    store = {"manifests": {"a": manifest("b", "a"), "b": manifest("a")}}
    assert list(manifests.chain(store, "a")) == ["a", "b"]


def test_lists_and_texts_are_cut():
    many = {"label": "c2pa.actions", "data": {"actions": [{"action": "x" * 9999}] * 9999}}
    found = manifests.actions({"assertions": [many, many]})
    assert len(found) == manifests.MAX_ENTRIES
    assert len(found[0].action) == manifests.MAX_TEXT
    assert (
        manifests.asset_assertion({"assertions": [{"label": "org.headwater.asset", "data": {"a": "x" * 99999}}]}) == {}
    )


def test_agents_of_all_versions_are_one_line():
    data = {
        "softwareAgents": [{"name": "Shared", "version": "2"}],
        "actions": [
            {"action": "a", "softwareAgent": "Old 1"},
            {"action": "b", "softwareAgent": {"name": "New"}},
            {"action": "c", "softwareAgentIndex": 0},
            {"action": "d", "softwareAgentIndex": 9},
        ],
    }
    found = manifests.actions({"assertions": [{"label": "c2pa.actions.v2__1", "data": data}]})
    assert [one.software_agent for one in found] == ["Old 1", "New", "Shared 2", None]


def test_an_assertion_is_found_under_its_versions_but_not_under_a_longer_name():
    labels = ["c2pa.soft-binding__2", "c2pa.soft-binding.other", "c2pa.soft-binding.v1"]
    made = {"assertions": [{"label": one, "data": one} for one in labels]}
    assert list(manifests.assertions(made, "c2pa.soft-binding")) == [labels[0], labels[2]]


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_no_json_makes_the_walk_raise(data):
    line = manifests.chain({"manifests": {"a": data}}, "a")
    for one in line.values():
        manifests.actions(one)
        manifests.ingredients(one)
        manifests.generator(one)
        manifests.asset_assertion(one)
    manifests.soft_bindings(line.values())
    manifests.source_types(line.values())
