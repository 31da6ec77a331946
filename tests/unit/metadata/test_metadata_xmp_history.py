"""XMP with structure, in every spelling of RDF; and the editing history that stands in it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dam.metadata import xmp
from dam.metadata.merge import merge
from dam.metadata.read import read_claims
from dam.metadata.readers import xmp_history

NAMES = (
    'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    'xmlns:stRef="http://ns.adobe.com/xap/1.0/sType/ResourceRef#" '
    'xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#" '
    'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
    'xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
)
DID, IID = "xmp.did:0939ff2a-b2f0-4b59-8923-b4d677249905", "xmp.iid:1cd127d2-b7a5-4c1f-ab4f-e3099dd7d126"
PARENT = "xmp.iid:6c1f0b2e-8f3a-4d59-9e61-9b7a2c3d4e5f"


def packet(inside="", attributes=""):
    text = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="" {NAMES} {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>"""
    return text.encode()


def fields(probe_of, inside="", attributes=""):
    (claim,) = xmp_history.PLUGIN.read(probe_of(xmp=packet(inside, attributes)))
    assert (claim.generation, claim.ai_generated) == (None, None)
    return claim.fields


DERIVED = [
    f'<xmpMM:DerivedFrom stRef:instanceID="{PARENT}" stRef:documentID="{DID}"/>',
    (
        f'<xmpMM:DerivedFrom rdf:parseType="Resource"><stRef:instanceID>{PARENT}</stRef:instanceID>'
        f"<stRef:documentID>{DID}</stRef:documentID></xmpMM:DerivedFrom>"
    ),
    (
        f'<xmpMM:DerivedFrom><rdf:Description stRef:instanceID="{PARENT}"><stRef:documentID>{DID}</stRef:documentID>'
        "</rdf:Description></xmpMM:DerivedFrom>"
    ),
]


@pytest.mark.parametrize("spelling", DERIVED)
def test_derived_from_is_read_in_all_three_spellings_of_a_structure(probe_of, spelling):
    assert fields(probe_of, spelling)["derived_from"] == {"document_id": DID, "instance_id": PARENT}


def test_photoshop_says_its_ids_its_saves_and_what_was_pasted_in(probe_of):
    history = f"""<xmpMM:History><rdf:Seq>
      <rdf:li stEvt:action="created" stEvt:instanceID="{PARENT}" stEvt:softwareAgent="Adobe Photoshop 25.0 (Windows)"/>
      <rdf:li rdf:parseType="Resource"><stEvt:action>saved</stEvt:action><stEvt:instanceID>{IID}</stEvt:instanceID>
      <stEvt:when>2025-01-02T03:04:05Z</stEvt:when></rdf:li></rdf:Seq></xmpMM:History>
      <photoshop:DocumentAncestors><rdf:Bag><rdf:li>{DID}</rdf:li><rdf:li/></rdf:Bag></photoshop:DocumentAncestors>"""
    found = fields(
        probe_of, history, f'xmpMM:DocumentID="{DID}" xmpMM:InstanceID="{IID}" xmp:CreatorTool="Adobe Photoshop 24"'
    )
    assert (found["document_id"], found["instance_id"], found["ancestors"]) == (DID, IID, [DID])
    assert [event["action"] for event in found["history"]] == ["created", "saved"]
    assert found["history"][1]["instanceID"] == IID
    assert found["edited_with"] == ["Adobe Photoshop 24", "Adobe Photoshop 25.0 (Windows)"]


def test_lightroom_names_the_raw_file_and_darktable_its_source(probe_of):
    assert fields(probe_of, attributes='crs:RawFileName="DSC_0139.NEF"')["raw_file"] == "DSC_0139.NEF"
    assert fields(probe_of, attributes='xmpMM:DerivedFrom="DSC_9034.NEF"')["derived_from"] == {"file": "DSC_9034.NEF"}
    assert fields(probe_of, attributes=f'xmpMM:DerivedFrom="{DID}"')["derived_from"] == {"document_id": DID}


def test_premieres_ingredients_are_its_clips_and_their_pantry_speaks_of_other_files(probe_of):
    inside = f"""<xmpMM:Ingredients><rdf:Bag><rdf:li stRef:instanceID="{PARENT}" stRef:filePath="D:\\Clips\\shot 1.mp4"/>
      <rdf:li stRef:filePath="file:///Volumes/a/b%20c.mov"/></rdf:Bag></xmpMM:Ingredients>
      <xmpMM:Pantry><rdf:Bag><rdf:li><rdf:Description xmpMM:InstanceID="{PARENT}"
      Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/></rdf:li>
      </rdf:Bag></xmpMM:Pantry>"""
    found = fields(probe_of, inside, f'xmpMM:InstanceID="{IID}"')
    assert found["ingredients"] == [{"instance_id": PARENT, "file": "shot 1.mp4"}, {"file": "b c.mov"}]
    assert found["instance_id"] == IID
    claims, _ = read_claims(probe_of(xmp=packet(inside)))
    assert merge(claims).ai_generated is None


def test_creator_tool_alone_is_no_history(probe_of):
    assert xmp_history.PLUGIN.read(probe_of(xmp=packet(attributes='xmp:CreatorTool="GIMP 3.0"'))) == []


def test_picture_that_photoshop_edited_is_not_called_ai(probe_of):
    probe = probe_of(
        xmp=packet(DERIVED[0], 'xmp:CreatorTool="Adobe Photoshop 25.0" xmp:Label="AI"'), Software="Adobe Photoshop"
    )
    merged = merge(read_claims(probe)[0])
    assert (merged.ai_generated, merged.generation) == (None, None)


def test_deep_and_wide_packets_are_cut():
    deep = packet('<xmpMM:DerivedFrom rdf:parseType="Resource">' * 400 + "x" + "</xmpMM:DerivedFrom>" * 400)
    assert len(json.dumps(str(xmp.resource(deep)))) < 10_000
    wide = packet("<xmpMM:History><rdf:Seq>" + '<rdf:li stEvt:action="saved"/>' * 50_000 + "</rdf:Seq></xmpMM:History>")
    (events,) = (value for (_, name), value in xmp.resource(wide).items() if name == "History")
    assert len(events) <= xmp.MAX_VALUES


pieces = st.sampled_from(
    [
        *DERIVED,
        "<xmpMM:History><rdf:Seq>",
        "</rdf:Seq></xmpMM:History>",
        "<rdf:li><rdf:Bag>",
        "</rdf:Bag></rdf:li>",
        "<xmpMM:Ingredients><rdf:Bag>",
        "</rdf:Bag></xmpMM:Ingredients>",
        "<rdf:Description>",
        "</rdf:Description>",
        '<rdf:li stRef:documentID=""/>',
        "<rdf:li>a<!-- b --></rdf:li>",
        "text",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(pieces, max_size=12))
def test_any_mixture_of_structures_is_answered(parts):
    found = xmp_history._fields(xmp.resource(packet("".join(parts))))
    json.dumps(found, allow_nan=False)
