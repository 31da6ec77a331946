import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dam.media.sniff import UNKNOWN, sniff
from dam.model import Kind


def saved(form, mode="RGB"):
    out = io.BytesIO()
    Image.new(mode, (8, 8)).save(out, form)
    return out.getvalue()


@pytest.mark.parametrize(
    ("form", "mime"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("TIFF", "image/tiff"),
        ("BMP", "image/bmp"),
        ("AVIF", "image/avif"),
    ],
)
def test_a_picture_is_known_by_its_bytes_whatever_its_name(form, mime):
    media = sniff(saved(form), "lies.mp3")
    assert (media.kind, media.mime) == (Kind.IMAGE, mime)


@pytest.mark.parametrize(
    ("head", "kind", "mime"),
    [
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", Kind.VIDEO, "video/mp4"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", Kind.VIDEO, "video/quicktime"),
        (b"\0\0\0\x14ftypM4V \0\0\0\0M4V ", Kind.VIDEO, "video/x-m4v"),
        (b"\0\0\0\x14ftypM4A \0\0\0\0M4A ", Kind.AUDIO, "audio/mp4"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", Kind.IMAGE, "image/avif"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf", Kind.IMAGE, "image/heic"),
        (b"\0\0\0\x08wide\0\0\0\x10mdat", Kind.VIDEO, "video/quicktime"),
        (b"\x1aE\xdf\xa3\x93\x42\x82\x84webm", Kind.VIDEO, "video/webm"),
        (b"\x1aE\xdf\xa3\x93\x42\x82\x88matroska", Kind.VIDEO, "video/x-matroska"),
        (b"RIFF\x24\0\0\0WAVEfmt ", Kind.AUDIO, "audio/wav"),
        (b"RIFF\x24\0\0\0AVI LIST", Kind.VIDEO, "video/x-msvideo"),
        (b"FORM\0\0\0\x24AIFFCOMM", Kind.AUDIO, "audio/aiff"),
        (b"fLaC\0\0\0\x22", Kind.AUDIO, "audio/flac"),
        (b"ID3\x04\0\0\0\0\0\0fLaC", Kind.AUDIO, "audio/flac"),
        (b"ID3\x04\0\0\0\0\0\0\xff\xfb\x90\0", Kind.AUDIO, "audio/mpeg"),
        (b"\xff\xfb\x90\x00", Kind.AUDIO, "audio/mpeg"),
        (b"\xff\xf1\x50\x80", Kind.AUDIO, "audio/aac"),
        (b"OggS" + bytes(24) + b"OpusHead", Kind.AUDIO, "audio/opus"),
        (b"8BPS\0\1", Kind.IMAGE, "image/vnd.adobe.photoshop"),
        (b"\x76\x2f\x31\x01\2\0\0\0", Kind.IMAGE, "image/x-exr"),
        (b"\xff\x0a\xfa", Kind.IMAGE, "image/jxl"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", Kind.IMAGE, "image/jp2"),
        (b"glTF\2\0\0\0", Kind.MODEL, "model/gltf-binary"),
        (b"GGUF\3\0\0\0", Kind.MODEL, "application/x-gguf"),
        (struct.pack("<Q", 40) + b'{"__metadata__":{"a":"b"}}', Kind.MODEL, "application/x-safetensors"),
        (b"%PDF-1.7", Kind.DOCUMENT, "application/pdf"),
        (b'{"OTIO_SCHEMA": "Timeline.1"}', Kind.TIMELINE, "application/x-otio+json"),
        (b'{"3": {"class_type": "KSampler"}}', Kind.DOCUMENT, "application/json"),
        (b'<?xml version="1.0"?><!DOCTYPE fcpxml><fcpxml/>', Kind.TIMELINE, "application/x-fcpxml"),
        (b"<!DOCTYPE xmeml>\n<xmeml version='4'/>", Kind.TIMELINE, "application/x-fcp7-xml"),
        (b"<!-- hi --><svg xmlns='http://www.w3.org/2000/svg'/>", Kind.IMAGE, "image/svg+xml"),
        (b"TITLE: reel\nFCM: NON-DROP FRAME\n", Kind.TIMELINE, "text/x-edl"),
        (b"a cat\nSteps: 20", Kind.DOCUMENT, "text/plain"),
        (b"\x00\x01\x02\x03\x04", Kind.OTHER, "application/octet-stream"),
        (b"", Kind.OTHER, "application/octet-stream"),
    ],
)
def test_known_first_bytes(head, kind, mime):
    media = sniff(head)
    assert (media.kind, media.mime) == (kind, mime)


def test_a_resolve_project_is_a_timeline_and_another_zip_is_not():
    def zipped(*names):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name in names:
                archive.writestr(name, "x")
        return out.getvalue()

    assert sniff(zipped("project.xml", "MediaPool/Master/MpFolder.xml"), "a.drp").kind is Kind.TIMELINE
    assert sniff(zipped("MediaPool/Master/000_Rushes/MpFolder.xml", "project.xml"), "a").kind is Kind.TIMELINE
    assert sniff(zipped("content.otio", "media/a.mov")).mime == "application/x-otio+zip"
    assert sniff(zipped("version.txt", "content.otio")).mime == "application/x-otio+zip"
    assert sniff(zipped("word/document.xml")).mime.endswith("wordprocessingml.document")
    assert sniff(zipped("a.txt"), "a.drp").mime == "application/zip"


def test_a_name_alone_never_makes_a_picture_or_a_timeline():
    for name in ("a.png", "a.edl", "a.otio", "a.safetensors"):
        assert sniff(b"just words", name).kind is Kind.DOCUMENT


def test_an_edl_is_known_by_four_time_codes_and_frame_counts_need_a_title_or_a_name():
    event = b"001  AX V C 00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00\r\n"
    assert sniff(event, "notes.txt").mime == "text/x-edl"
    counted = b"001  AX V C 0 24 0 24\n"
    assert sniff(counted, "cut.edl").kind is Kind.TIMELINE
    assert sniff(b"TITLE: x\n" + counted, "cut.txt").kind is Kind.TIMELINE
    assert sniff(counted, "notes.txt").kind is Kind.DOCUMENT


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_timeline_xml_is_known_in_any_code(code):
    text = '<?xml version="1.0"?>\n<!DOCTYPE xmeml>\n<xmeml version="5"><sequence/></xmeml>'
    assert sniff(text.encode(code)).mime == "application/x-fcp7-xml"


@given(st.binary(max_size=200), st.text(max_size=10))
def test_any_bytes_get_an_answer(head, name):
    assert sniff(head, name).mime


@given(st.binary(min_size=1, max_size=50))
def test_control_bytes_without_a_known_start_stay_unknown(tail):
    assert sniff(b"\x00\x07\x07" + tail, "x.txt") == UNKNOWN
