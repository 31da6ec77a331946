from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dam.lineage.ingredients import edges_from_credentials
from dam.lineage.likeness import Look, Neighbour, confidence_of, edges_by_likeness
from dam.lineage.names import AMBIGUOUS_LIMIT, Candidate, bare_name, edges_by_name
from dam.media.paths import match_key
from dam.model import Credentials, CredentialState, Ingredient, Input, Relation

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy

SHA = {name: name.encode().hex().rjust(64, "0") for name in ["a", "b", "c", "d", "child"]}


def at(asset_id, path, *, same_root=True):
    sha256 = SHA.get(asset_id) or asset_id.encode().hex().rjust(64, "0")
    return Candidate(asset_id, sha256, match_key(path), same_root, path)


def facts(edges):
    return [(edge.parent_id, edge.evidence, edge.confidence) for edge in edges]


def stood(asset_id, path, created_at, **more):
    return replace(at(asset_id, path, **more), place=f"root/{path}", created_at=created_at)


@pytest.mark.parametrize(
    ("made", "parent"), [("2026-01-01", "a"), ("2026-02-15", "a"), ("2026-03-01", "b"), ("2026-09-09", "c")]
)
def test_of_contents_that_stood_at_one_place_the_one_of_the_time_is_meant(made, parent):
    rows = [stood("c", "x.png", "2026-04-01"), stood("a", "x.png", "2026-02-01"), stood("b", "x.png", "2026-03-01")]
    assert facts(edges_by_name("child", [Input("x.png")], rows, as_of=made)) == [(parent, "name_in_root", 0.9)]


def test_contents_at_two_places_stay_ambiguous_whatever_their_times():
    rows = [stood("a", "1/x.png", "2026-02-01"), stood("b", "2/x.png", "2026-03-01")]
    found = facts(edges_by_name("child", [Input("x.png")], rows, as_of="2026-09-09"))
    assert found == [("a", "name_ambiguous", 0.3), ("b", "name_ambiguous", 0.3)]


def test_a_stated_hash_finds_a_content_that_was_saved_over():
    rows = [stood("a", "x.png", "2026-02-01"), stood("b", "x.png", "2026-03-01")]
    found = edges_by_name("child", [Input("x.png", SHA["a"])], rows, as_of="2026-09-09")
    assert facts(found) == [("a", "sha256", 1.0)]


def test_a_hash_is_certain_whatever_the_name():
    edges = edges_by_name("child", [Input("x.png", SHA["a"].upper(), "init")], [at("a", "y.png"), at("b", "x.png")])
    assert facts(edges) == [("a", "sha256", 1.0)]
    assert edges[0].relation is Relation.INPUT
    assert edges[0].child_id == "child"


def test_a_stated_hash_that_nobody_has_speaks_against_the_name():
    assert edges_by_name("child", [Input("x.png", SHA["d"], None)], [at("a", "x.png")]) == []


def test_something_that_is_no_hash_counts_as_none():
    assert facts(edges_by_name("child", [Input("x.png", "abc", None)], [at("a", "x.png")])) == [
        ("a", "name_in_root", 0.9)
    ]


def test_a_name_that_is_unique_in_the_root_wins_over_others_elsewhere():
    rows = [at("a", "in/x.png"), at("b", "x.png", same_root=False)]
    assert facts(edges_by_name("child", [Input("X.PNG")], rows)) == [("a", "name_in_root", 0.9)]


def test_two_places_of_one_content_are_not_ambiguous():
    assert facts(edges_by_name("child", [Input("x.png")], [at("a", "1/x.png"), at("a", "2/x.png")])) == [
        ("a", "name_in_root", 0.9)
    ]


def test_a_name_in_another_root_only_is_weaker():
    rows = [at("a", "x.png", same_root=False)]
    assert facts(edges_by_name("child", [Input("x.png")], rows)) == [("a", "name_in_other_root", 0.6)]


def test_several_contents_of_a_name_are_all_named_as_doubtful():
    edges = edges_by_name("child", [Input("x.png")], [at("b", "1/x.png"), at("a", "2/x.png")])
    assert facts(edges) == [("a", "name_ambiguous", 0.3), ("b", "name_ambiguous", 0.3)]
    assert edges[0].detail["count"] == 2


def test_a_name_that_everything_has_makes_few_edges():
    edges = edges_by_name(
        "child", [Input("ComfyUI_00001_.png")], [at(f"n{n}", f"{n}/ComfyUI_00001_.png") for n in range(100)]
    )
    assert len(edges) == AMBIGUOUS_LIMIT
    assert edges[0].detail["count"] == 100


@pytest.mark.parametrize(
    "name", ["sub/x.png [input]", "x.png [output]", "x.png[temp]", "C:\\pics\\x.png", "/abs/x.png"]
)
def test_tools_write_names_with_folders_and_tags(name):
    assert facts(edges_by_name("child", [Input(name)], [at("a", "other/x.png")])) == [("a", "name_in_root", 0.9)]


def test_a_folder_in_the_name_settles_which_one():
    rows = [at("a", "in/mara/x.png"), at("b", "in/joe/x.png")]
    assert facts(edges_by_name("child", [Input("mara/x.png [input]")], rows)) == [("a", "name_in_root", 0.9)]


def test_composed_and_decomposed_names_are_the_same():
    assert facts(edges_by_name("child", [Input("A\u030angstrom.png")], [at("a", "\u00c5NGSTROM.png")])) == [
        ("a", "name_in_root", 0.9)
    ]


def test_a_file_is_never_its_own_parent():
    assert edges_by_name("child", [Input("x.png"), Input(None, SHA["child"])], [at("child", "x.png")]) == []


@pytest.mark.parametrize("name", ["", " ", "[input]", "/", None, "\x00", "a/"])
def test_an_empty_name_means_nobody(name):
    assert edges_by_name("child", [Input(name)], [at("a", ""), at("b", "x.png")]) == []


def test_an_asset_read_twice_is_one_edge_with_both_roles():
    inputs = [Input("x.png", None, "mask"), Input(None, SHA["a"], "init")]
    edges = edges_by_name("child", inputs, [at("a", "x.png")], carrier="png:tEXt:prompt")
    assert facts(edges) == [("a", "sha256", 1.0)]
    assert edges[0].detail == {"name": None, "role": "init", "carrier": "png:tEXt:prompt", "roles": ["init", "mask"]}


paths = st.sampled_from(["x.png", "s/x.png", "t/x.png", "y.png", "X.png"])
rows = st.lists(st.builds(at, st.sampled_from(["a", "b", "c", "child"]), paths, same_root=st.booleans()), max_size=8)
inputs = st.lists(
    st.builds(
        Input,
        st.none() | paths,
        st.none() | st.sampled_from(sorted(SHA.values())),
        st.sampled_from([None, "init", "mask"]),
    ),
    max_size=5,
)


@patient
@given(rows, inputs, st.randoms())
def test_edges_do_not_depend_on_any_order(rows, inputs, random):
    edges = edges_by_name("child", inputs, rows)
    random.shuffle(rows)
    random.shuffle(inputs)
    assert edges_by_name("child", inputs, rows) == edges
    assert all(edge.parent_id != "child" for edge in edges)


@patient
@given(st.text())
def test_any_name_can_be_stripped(name):
    assert bare_name(name).strip() == bare_name(name)


TRUSTED = CredentialState.TRUSTED


def credentials(*ingredients, state=TRUSTED, custom=None):
    return Credentials(state=state, ingredients=tuple(ingredients), custom=custom or {})


def test_the_manifest_of_an_ingredient_leads_to_its_asset():
    given_ = credentials(Ingredient("x.png", "parentOf", manifest_label="urn:c2pa:1"))
    edges = edges_from_credentials("child", given_, [at("b", "x.png")], {"urn:c2pa:1": "a"})
    assert facts(edges) == [("a", "c2pa_manifest", 1.0)]
    assert edges[0].relation is Relation.INGREDIENT
    assert edges[0].detail["relationship"] == "parentOf"


def test_our_own_assertion_makes_a_protected_copy_and_its_parent_ingredient_is_not_repeated():
    given_ = credentials(
        Ingredient("x.png", "parentOf", manifest_label="urn:c2pa:1"), custom={"asset_id": "a", "sha256": SHA["a"]}
    )
    edges = edges_from_credentials("child", given_, [at("a", "x.png")], {"urn:c2pa:1": "a"})
    assert [(edge.relation, *facts([edge])[0]) for edge in edges] == [
        (Relation.PROTECTED_COPY, "a", "headwater_assertion", 1.0)
    ]


@pytest.mark.parametrize(
    "custom",
    [
        {"asset_id": "a", "sha256": SHA["b"]},
        {"asset_id": "zz", "sha256": SHA["a"]},
        {"asset_id": 5, "sha256": []},
        {"x": 1},
        {"asset_id": "child", "sha256": SHA["child"]},
    ],
)
def test_an_assertion_that_names_no_asset_of_ours_is_nothing(custom):
    assert (
        edges_from_credentials("child", credentials(custom=custom), [at("a", "x.png"), at("child", "c.png")], {}) == []
    )


def test_a_title_counts_in_the_same_root_only():
    given_ = credentials(Ingredient("x.png", "componentOf"))
    assert facts(edges_from_credentials("child", given_, [at("a", "x.png")], {})) == [("a", "c2pa_title", 0.7)]
    assert edges_from_credentials("child", given_, [at("a", "x.png", same_root=False)], {}) == []
    doubtful = edges_from_credentials("child", given_, [at("a", "1/x.png"), at("b", "2/x.png")], {})
    assert facts(doubtful) == [("a", "c2pa_title", 0.3), ("b", "c2pa_title", 0.3)]


def test_an_ingredient_with_the_childs_own_manifest_is_no_parent():
    given_ = credentials(Ingredient("x.png", "parentOf", manifest_label="urn:c2pa:1"))
    assert edges_from_credentials("child", given_, [at("a", "x.png")], {"urn:c2pa:1": "child"}) == []


@pytest.mark.parametrize("state", [CredentialState.CONTENT_MISMATCH, CredentialState.CREDENTIAL_PROBLEM])
def test_a_manifest_that_does_not_hold_is_hearsay(state):
    given_ = credentials(
        Ingredient("y.png", "parentOf", manifest_label="urn:c2pa:1"),
        state=state,
        custom={"asset_id": "b", "sha256": SHA["b"]},
    )
    edges = edges_from_credentials("child", given_, [at("b", "z.png")], {"urn:c2pa:1": "a"})
    assert [edge.confidence for edge in edges] == [0.5, 0.5]


def look(name, pixels=100, *, lossless=False):
    return Look(name, SHA[name], pixels, lossless)


@pytest.mark.parametrize(
    ("one", "other", "parent"),
    [
        (look("b", 200), look("a", 100, lossless=True), "b"),
        (look("b", lossless=True), look("a"), "b"),
        (look("b"), look("a"), "a"),
    ],
)
def test_the_larger_then_the_lossless_then_the_smaller_hash_is_the_parent(one, other, parent):
    there = edges_by_likeness(one, [Neighbour(other, 2, 10)])
    assert [edge.parent_id for edge in there] == [parent]
    assert edges_by_likeness(other, [Neighbour(one, 2, 10)]) == there
    assert there[0].relation is Relation.NEAR_DUPLICATE
    assert there[0].evidence == "phash"


@pytest.mark.parametrize(
    ("distance64", "distance256", "confidence"),
    [
        (0, 0, 0.95),
        (0, None, 0.95),
        (8, None, 0.7125),
        (None, 48, 0.5938),
        (8, 48, 0.5938),
        (9, 0, None),
        (0, 49, None),
        (None, None, None),
    ],
)
def test_confidence_follows_the_formula(distance64, distance256, confidence):
    assert confidence_of(distance64, distance256) == confidence


def test_a_picture_is_not_its_own_duplicate():
    assert edges_by_likeness(look("a"), [Neighbour(look("a"), 0, 0), Neighbour(look("b"), 30, 0)]) == []
