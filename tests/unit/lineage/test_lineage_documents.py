"""What ids in XMP prove, and what they do not."""

import itertools

import pytest

from dam.lineage.documents import (
    HOLDER_LIMIT,
    Documents,
    NamedFile,
    Source,
    edges_by_file_name,
    edges_from_documents,
    known_id,
)
from dam.lineage.names import Candidate


def doc(name, document=None, instance=None, **more):
    return Documents(name, frozenset([document] if document else ()), frozenset([instance] if instance else ()), **more)


def derived(instance=None, document=None, role="derived_from"):
    return (Source(role, instance, document),)


def brief(edges):
    return [(e.parent_id, str(e.relation), e.evidence, e.confidence) for e in edges]


def test_named_instance_leads_to_the_asset_that_is_exactly_that_save():
    child = doc("c", "d2", "i9", sources=derived("i1", "d1"))
    others = [doc("old", "d1", "i0"), doc("right", "d1", "i1"), doc("new", "d1", "i2")]
    assert brief(edges_from_documents(child, others)) == [("right", "derived_from", "xmp_instance", 0.95)]


def test_document_id_counts_where_no_asset_has_the_instance():
    child = doc("c", "d2", "i9", sources=derived("gone", "d1"))
    assert brief(edges_from_documents(child, [doc("a", "d1", "i0")])) == [("a", "derived_from", "xmp_document", 0.9)]
    several = brief(edges_from_documents(child, [doc("a", "d1", "i0"), doc("b", "d1", "i2")]))
    assert several == [("a", "derived_from", "xmp_document", 0.3), ("b", "derived_from", "xmp_document", 0.3)]


def test_placed_files_are_ingredients_and_pasted_documents_ancestors():
    child = doc("c", "d2", "i9", sources=derived("i1", role="ingredient"), ancestors=("d3",))
    found = brief(edges_from_documents(child, [doc("clip", "d1", "i1"), doc("pasted", "d3", "i3")]))
    assert found == [("clip", "ingredient", "xmp_instance", 0.95), ("pasted", "derived_from", "xmp_ancestor", 0.6)]


def test_latest_earlier_save_in_the_library_is_the_parent():
    child = doc("v4", "d", "i4", history=("i1", "i2", "i3"))
    others = [doc("v1", "d", "i1"), doc("v2", "d", "i2")]
    assert brief(edges_from_documents(child, others)) == [("v2", "revision_of", "xmp_history", 0.95)]


def test_save_of_another_document_in_the_history_is_no_revision():
    assert edges_from_documents(doc("c", "d2", "i9", history=("i1",)), [doc("a", "d1", "i1")]) == []


def test_reference_to_its_own_document_or_save_says_nothing():
    child = doc("c", "d", "i", sources=derived("i", "d"))
    assert edges_from_documents(child, [doc("twin", "d", "i"), doc("c", "d", "i")]) == []


def test_two_assets_that_name_each_other_are_left_alone():
    a = doc("a", "d1", "i1", sources=derived("i2", "d2"))
    b = doc("b", "d2", "i2", sources=derived("i1", "d1"))
    assert edges_from_documents(a, [b]) == edges_from_documents(b, [a]) == []
    a, b = doc("a", "d", "i1", history=("i2",)), doc("b", "d", "i2", history=("i1",))
    assert edges_from_documents(a, [b]) == edges_from_documents(b, [a]) == []


def test_common_original_makes_no_edge_between_siblings():
    assert edges_from_documents(doc("a", "d1", "i1"), [doc("b", "d2", "i2")]) == []


def test_template_that_too_many_hold_says_nothing():
    child = doc("c", "d2", "i9", sources=derived(document="d1"))
    many = [doc(f"a{n:03}", "d1", f"i{n}") for n in range(HOLDER_LIMIT + 1)]
    assert edges_from_documents(child, many) == []
    assert len(edges_from_documents(child, many[1:])) == 16


def test_answer_does_not_depend_on_order_and_never_makes_a_circle_of_two():
    everyone = [
        doc("v1", "d", "i1"),
        doc("v2", "d", "i2", history=("i1",)),
        doc("v3", "d", "i3", history=("i1", "i2"), sources=derived("i2", "d")),
        doc("jpg", "e", "j1", history=("i1", "i2"), sources=derived("i2", "d")),
    ]
    for order in itertools.permutations(everyone):
        pairs = set()
        for child in everyone:
            found = edges_from_documents(child, order)
            assert found == edges_from_documents(child, everyone)
            pairs |= {(e.parent_id, e.child_id) for e in found}
        assert pairs == {("v1", "v2"), ("v2", "v3"), ("v2", "jpg")}


@pytest.mark.parametrize(
    "value", [None, "", "xmp.did:", "uuid:00000000-0000-0000-0000-000000000000", "xmp.iid:1", "0" * 32]
)
def test_empty_ids_tell_nothing_apart(value):
    assert known_id(value) is None
    assert known_id("xmp.did:0939FF2A-b2f0-4b59-8923-b4d677249905") == "xmp.did:0939ff2a-b2f0-4b59-8923-b4d677249905"


def test_raw_file_is_found_by_name_under_the_same_root_and_hardly_elsewhere():
    files = [NamedFile("derived_from", "DSC_1.NEF")]
    here = Candidate("raw", "a" * 64, "dsc_1.nef", same_root=True, path="DSC_1.NEF")
    there = Candidate("far", "b" * 64, "dsc_1.nef", same_root=False, path="DSC_1.NEF")
    assert brief(edges_by_file_name("c", files, [here, there], frozenset())) == [
        ("raw", "derived_from", "xmp_name", 0.7)
    ]
    assert brief(edges_by_file_name("c", files, [there], frozenset())) == [("far", "derived_from", "xmp_name", 0.3)]
    assert edges_by_file_name("c", files, [here], frozenset({"dsc_1.nef"})) == []
