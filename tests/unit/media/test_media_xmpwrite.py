"""Putting properties into XMP packets: nothing else in them moves, and what cannot be edited safely is left alone."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dam.media.xmpwrite import merge
from dam.metadata import xmp

DST = (xmp.IPTC_EXT, "DigitalSourceType")
USED = (xmp.IPTC_EXT, "AISystemUsed")
AIGC = (xmp.TC260, "AIGC")
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def packet(inside, about=""):
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        f'<r:RDF xmlns:r="{RDF}"><r:Description r:about="{about}" xmlns:i="{xmp.IPTC_EXT}" '
        f'xmlns:t="{xmp.TC260}" xmlns:q="urn:q"{inside}</r:RDF></x:xmpmeta>' + " " * 50 + '<?xpacket end="w"?>'
    ).encode()


def values(data):
    return {name: found for name, found in xmp.properties(data).items() if name[0] != RDF}


def test_a_new_packet_holds_what_was_put_in():
    made = merge(None, {DST: "http://example.org/a?b=1&c=<2>", USED: "Ünïcode 生成"})
    assert values(made) == {DST: ["http://example.org/a?b=1&c=<2>"], USED: ["Ünïcode 生成"]}


def test_everything_else_stays_byte_for_byte():
    old = packet(' q:Odd="1 > 0"  ><q:Deep><r:Seq><r:li>a</r:li></r:Seq></q:Deep><!-- kept --></r:Description>')
    new = merge(old, {USED: "ComfyUI"})
    at = old.index(b"</r:RDF>")
    assert new.startswith(old[:at])
    assert new.endswith(old[at:])
    assert xmp.first(xmp.properties(new), *USED) == "ComfyUI"


@pytest.mark.parametrize(
    "inside",
    [
        "><i:AISystemUsed>theirs</i:AISystemUsed></r:Description>",
        ' i:AISystemUsed="theirs"/>',
        " i:AISystemUsed='theirs'></r:Description>",
        "><i:AISystemUsed><r:Bag><r:li>theirs</r:li></r:Bag></i:AISystemUsed></r:Description>",
    ],
)
def test_what_somebody_said_is_not_said_again_but_can_be_replaced(inside):
    old = packet(inside)
    assert merge(old, {USED: "ours"}) == old
    assert values(merge(old, {}, {USED: "ours"})) == {USED: ["ours"]}
    assert values(merge(old, {DST: "x"})) == {DST: ["x"], USED: ["theirs"]}


@pytest.mark.parametrize(
    "inside",
    [
        ' i:AISystemUsed=""/>',
        "><i:AISystemUsed/></r:Description>",
        "><i:AISystemUsed> </i:AISystemUsed></r:Description>",
    ],
)
def test_an_empty_property_is_filled_and_does_not_stand_twice(inside):
    made = merge(packet(inside), {USED: "ours"})
    assert made.count(b"AISystemUsed") == 2  # start and end tag
    assert values(made) == {USED: ["ours"]}


def test_the_new_description_is_about_the_same_resource():
    assert b'rdf:about="uuid:1&amp;2"' in merge(packet("/>", about="uuid:1&amp;2"), {USED: "x"})


def test_a_packet_in_utf16_is_edited_too():
    old = packet(' q:Name="ü"/>').decode().encode("utf-16-le")
    made = merge(old, {USED: "x"})
    assert values(made) == {("urn:q", "Name"): ["ü"], USED: ["x"]}


def test_the_inner_packet_of_another_file_is_left_alone():
    inner = "<r:RDF><r:Description><i:AISystemUsed>clip</i:AISystemUsed></r:Description></r:RDF>"
    made = merge(packet(f"><q:Pantry>{inner}</q:Pantry></r:Description>"), {USED: "ours"})
    assert inner.encode() in made
    assert made.index(b"ours") > made.index(b"</q:Pantry>")


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"no xml",
        packet("/>")[:-90],
        packet("><unclosed></r:Description>"),
        packet("/>").replace(b"<r:RDF", b"<!DOCTYPE y><r:RDF"),
        packet(' i:AISystemUsed="" xmlns:z="urn:z" z:AISystemUsed="1"/>'),
        packet("/>" + "x" * (1 << 20)),
        packet(">" + "<q:a>" * 100 + "</q:a>" * 100 + "</r:Description>"),
        f'<rdf:RDF xmlns:rdf="{RDF}"/>'.encode(),
    ],
)
def test_what_cannot_be_edited_without_harm_is_refused(bad):
    assert merge(bad, {USED: "x"}) is None


@pytest.mark.parametrize(
    "inside",
    [
        " " + " ".join(f'q:a{n}="{n}"' for n in range(30_000)) + ' i:AISystemUsed=""/>',
        ' i:AISystemUsed=""' + " " * 900_000 + "/>",
        ' q:x="' + "i:AISystemUsed " * 60_000 + '" i:AISystemUsed=""/>',
    ],
)
def test_a_hostile_packet_takes_no_time(inside):
    start = time.monotonic()
    merge(packet(inside), {USED: "x"})
    assert time.monotonic() - start < 2


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.binary(max_size=60), st.integers(0, 600))
def test_any_text_and_any_damage_give_a_packet_or_none(value, junk, at):
    whole = packet(' i:AISystemUsed=""><q:A>1</q:A></r:Description>')
    made = merge(whole, {USED: value, AIGC: value})
    assert made is not None
    merge(whole[:at] + junk + whole[at + len(junk) :], {USED: value})
