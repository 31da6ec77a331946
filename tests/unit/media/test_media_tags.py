"""Texts of video, sound and finishing formats come out as carriers, each from a file made here."""

import struct
import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.media.probe import from_bytes
from tests.support.sounds import CODECS, info_list, mp4_with_user_box, riff_with, tagged

PACKET = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


def texts(data):
    found = from_bytes(data)
    assert found.problems == ()
    return {text.key.lower(): text.text for text in found.texts}


@pytest.mark.parametrize("form", CODECS)
def test_comment_and_title_come_out_of_every_container(form):
    found = texts(tagged(form, (("comment", "made for a test é 猫"), ("title", "Heron"))))
    assert (found["comment"], found["title"]) == ("made for a test é 猫", "Heron")


@pytest.mark.parametrize("form", [form for form in CODECS if form not in ("avi", "wav")])
def test_tag_that_no_standard_knows_comes_out_where_the_container_has_a_place_for_it(form):
    assert texts(tagged(form, (("prompt", '{"1": {}}'),)))["prompt"] == '{"1": {}}'


def test_broadcast_wave_says_its_description_and_its_ixml():
    bext = b"take 7 of the heron".ljust(256, b"\0") + b"recorder".ljust(32, b"\0") + bytes(314) + b"A=PCM\0"
    data = riff_with(tagged("wav"), (b"iXML", b"<BWFXML><NOTE>heron</NOTE></BWFXML>"))
    fmt = data.index(b"fmt ")
    data = data[:fmt] + b"bext" + struct.pack("<I", len(bext)) + bext + data[fmt:]
    data = b"RIFF" + struct.pack("<I", len(data) - 8) + data[8:]
    found = texts(data)
    assert (found["comment"], found["encoded_by"]) == ("take 7 of the heron", "recorder")
    assert "heron" in found["ixml"]


def test_entries_of_a_riff_list_and_an_id3_chunk_come_out_of_wave():
    frame = b"TXXX" + struct.pack(">I", 14) + b"\0\0" + b"\0prompt\0heron\0"
    id3 = b"ID3\x03\0\0" + bytes([0, 0, 0, len(frame)]) + frame
    data = riff_with(tagged("wav"), (b"LIST", info_list(ICMT="a note", ISBJ="birds")), (b"id3 ", id3))
    found = texts(data)
    assert (found["comment"], found["isbj"]) == ("a note", "birds")
    assert found["prompt"].startswith("heron")


def test_itunes_style_atoms_come_out_of_mp4():
    data = struct.pack(">I4sII", 16 + 5, b"data", 1, 0) + b"heron"
    atom = struct.pack(">I4s", 8 + len(data), b"\xa9cmt") + data
    ilst = struct.pack(">I4s", 8 + len(atom), b"ilst") + atom
    handler = struct.pack(">II4s", 0, 0, b"mdir") + b"appl" + bytes(9)
    hdlr = struct.pack(">I4s", 8 + len(handler), b"hdlr") + handler
    assert texts(mp4_with_user_box(b"meta", bytes(4) + hdlr + ilst))["comment"] == "heron"


@pytest.mark.parametrize(
    "data",
    [
        tagged("mp4") + struct.pack(">I4s", 24 + len(PACKET), b"uuid") + UUID + PACKET,
        mp4_with_user_box(b"XMP_", PACKET),
        riff_with(tagged("avi"), (b"_PMX", PACKET)),
        riff_with(tagged("wav"), (b"_PMX", PACKET)),
        b"%PDF-1.7\n1 0 obj\nstream\n" + PACKET + b"\nendstream\nendobj\n%%EOF\n",
    ],
    ids=["mp4 uuid", "mov user data", "avi", "wav", "pdf"],
)
def test_xmp_is_found_in_video_sound_and_documents(data):
    assert PACKET in from_bytes(data).xmp


def test_exr_texts_of_a_pipeline_are_carriers():
    def attribute(name, kind, value):
        return name + b"\0" + kind + b"\0" + struct.pack("<I", len(value)) + value

    head = b"\x76\x2f\x31\x01\x02\0\0\0" + attribute(b"comments", b"string", b"comp v012")
    head += attribute(b"dataWindow", b"box2i", struct.pack("<iiii", 0, 0, 7, 5)) + b"\0"
    assert texts(head)["comments"] == "comp v012"


def office(custom, *, entries=0):
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<d/>")
        for n in range(entries):
            archive.writestr(f"word/{n}", "")
        archive.writestr("docProps/custom.xml", custom)
    return out.getvalue()


@pytest.mark.parametrize("custom", ["<p", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "", "<a/>" * 2])
def test_office_properties_that_cannot_be_read_are_left_alone(custom):
    assert from_bytes(office(custom)).texts == ()


@given(st.binary(max_size=120), st.integers(0, 400))
def test_any_damage_to_an_office_file_is_answered(noise, at):
    data = office('<Properties><property name="AIGC"><v>{}</v></property></Properties>')
    from_bytes(data[:at] + noise + data[at + len(noise) :])
