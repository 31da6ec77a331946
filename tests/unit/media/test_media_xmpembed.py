"""Labels in every container that we write: read back by our own reader, Pillow and exiftool; pixels and samples unmoved."""

import hashlib
import io
import json
import shutil
import struct
import subprocess
import zlib

import av
import numpy as np
import pytest
from PIL import Image

from dam.ingest.labelling import labelled
from dam.media.probe import from_bytes
from dam.metadata import xmp
from dam.metadata.merge import merge
from dam.metadata.read import read_claims
from dam.provenance.labels import Label
from tests.support.sounds import tagged

SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
AIGC = json.dumps({"Label": "1", "ContentProducer": "00119144生成", "ProduceID": "a-1"}, ensure_ascii=False)
LABEL = Label({(xmp.IPTC_EXT, "DigitalSourceType"): SOURCE, (xmp.IPTC_EXT, "AISystemUsed"): "ComfyUI"}, AIGC)
THEIRS = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="theirs"/></rdf:RDF></x:xmpmeta>'
)
STILLS = {
    "png": ("PNG", "image/png", "RGBA", {}),
    "png16": ("PNG", "image/png", "I;16", {}),
    "jpeg": ("JPEG", "image/jpeg", "RGB", {}),
    "jpeg with exif": ("JPEG", "image/jpeg", "RGB", {"exif": True}),
    "webp lossy": ("WEBP", "image/webp", "RGB", {"quality": 80}),
    "webp lossless alpha": ("WEBP", "image/webp", "RGBA", {"lossless": True}),
    "webp lossless": ("WEBP", "image/webp", "RGB", {"lossless": True}),
    "tiff": ("TIFF", "image/tiff", "RGB", {"compression": "tiff_lzw"}),
}
CLIPS = {
    "mp4": "video/mp4", "mov": "video/quicktime", "ipod": "audio/mp4", "wav": "audio/wav", "avi": "video/x-msvideo",
    "mp3": "audio/mpeg", "flac": "audio/flac",
}  # fmt: skip


def still(name, theirs=False):
    form, _, mode, options = STILLS[name]
    pixels = np.random.default_rng(1).integers(0, 255, (33, 47, 4), dtype=np.uint8)
    picture = (
        Image.fromarray(pixels).convert(mode)
        if mode != "I;16"
        else Image.fromarray(pixels[:, :, 0].astype(np.uint16) * 257)
    )
    if options.pop("exif", None) or (form == "JPEG" and "exif" in name):
        exif = Image.Exif()
        exif[0x010E] = "a note"
        options = options | {"exif": exif}
    if theirs and form == "PNG":
        from PIL import PngImagePlugin

        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", THEIRS.decode(), zip=True)
        options = options | {"pnginfo": info}
    elif theirs:
        options = options | {"xmp": THEIRS} if form != "TIFF" else options | {"tiffinfo": {700: THEIRS}}
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def pixels_of(data):
    with Image.open(io.BytesIO(data)) as image:
        return image.mode, image.tobytes()


def packets_of(data):
    """Every coded packet of every stream, with its time."""
    with av.open(io.BytesIO(data)) as container:
        found = hashlib.sha256()
        for packet in container.demux():
            found.update(repr((packet.stream.index, packet.pts, packet.dts)).encode() + bytes(packet))
        return found.hexdigest()


def says(data, mime):
    probe = from_bytes(data)
    assert probe.media.mime == mime
    assert not probe.problems
    claims, _ = read_claims(probe)
    return merge(claims), {claim.reader: claim for claim in claims}


@pytest.mark.parametrize("theirs", [False, True], ids=["without XMP", "with XMP"])
@pytest.mark.parametrize("name", STILLS)
def test_a_picture_is_labelled_and_its_pixels_are_the_same(name, theirs):
    _form, mime, _, _ = STILLS[name]
    data = still(name, theirs)
    made, done = labelled(data, mime, LABEL)
    assert done
    assert pixels_of(made) == pixels_of(data)
    merged, by_reader = says(made, mime)
    assert (merged.ai_generated, merged.digital_source_type) == (True, "trainedAlgorithmicMedia")
    assert by_reader["iptc_xmp"].fields["AISystemUsed"] == "ComfyUI"
    assert by_reader["aigc"].fields["aigc"] == json.loads(AIGC)
    with Image.open(io.BytesIO(made)) as image:
        packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or image.tag_v2[700]
    packet = packet.encode() if isinstance(packet, str) else packet
    assert (b"theirs" in packet) == theirs
    again, _ = labelled(made, mime, LABEL)
    assert says(again, mime)[0] == merged  # twice says no more than once


@pytest.mark.parametrize("form", CLIPS)
def test_a_clip_is_labelled_and_every_coded_packet_is_the_same(form):
    data = tagged(form, (("title", "a title"),))
    made, done = labelled(data, CLIPS[form], LABEL)
    assert done
    assert packets_of(made) == packets_of(data)
    _, by_reader = says(made, CLIPS[form])
    assert by_reader["aigc"].fields["aigc"] == json.loads(AIGC)
    if form != "flac":
        assert by_reader["iptc_xmp"].digital_source_type == "trainedAlgorithmicMedia"
    with av.open(io.BytesIO(made)) as container:
        assert container.metadata.get("title") == "a title"
    again, _ = labelled(made, CLIPS[form], LABEL)
    assert packets_of(again) == packets_of(data)
    assert sum(one.reader == "aigc" for one in read_claims(from_bytes(again))[0]) == sum(
        one.reader == "aigc" for one in read_claims(from_bytes(made))[0]
    )


exiftool = pytest.mark.skipif(shutil.which("exiftool") is None, reason="needs exiftool (libimage-exiftool-perl)")


@exiftool
@pytest.mark.parametrize("name", [*STILLS, "mp4", "mov", "mp3", "avi"])
def test_exiftool_reads_the_same_words_and_finds_no_fault(name, tmp_path):
    mime = STILLS[name][1] if name in STILLS else CLIPS[name]
    data = still(name, theirs=True) if name in STILLS else tagged(name)
    path = tmp_path / "labelled"
    path.write_bytes(labelled(data, mime, LABEL)[0])
    found, before = _exiftool(path), tmp_path / "before"
    assert found["XMP:DigitalSourceType"] == SOURCE
    assert found["XMP:AISystemUsed"] == "ComfyUI"
    assert json.loads(next(value for key, value in found.items() if key.lower() == "xmp:aigc")) == json.loads(AIGC)
    before.write_bytes(data)
    assert found.get("ExifTool:Warning") == _exiftool(before).get("ExifTool:Warning")


def _exiftool(path):
    words = ["exiftool", "-j", "-G0", "-n", "-validate", "-warning", "-XMP:all", path]
    return json.loads(subprocess.run(words, capture_output=True, check=True).stdout)[0]


def test_without_a_label_or_a_place_for_one_the_copy_stays_as_it_was():
    data = still("png")
    assert labelled(data, "image/png", None) == (data, False)
    assert labelled(b"8BPS", "image/vnd.adobe.photoshop", LABEL) == (b"8BPS", False)


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_packet_that_cannot_be_edited_is_never_lost():
    data = still("png")
    broken = data[:33] + png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta broken") + data[33:]
    assert labelled(broken, "image/png", LABEL) == (broken, False)


def test_a_jpeg_packet_that_would_not_fit_into_a_segment_is_left_alone():
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", xmp=THEIRS.replace(b"theirs", b"x" * 65_000))
    assert labelled(out.getvalue(), "image/jpeg", LABEL) == (out.getvalue(), False)


@pytest.mark.parametrize("form", [*STILLS, *CLIPS])
def test_damaged_files_give_an_answer_and_no_exception(form):
    mime = STILLS[form][1] if form in STILLS else CLIPS[form]
    data = still(form, theirs=True) if form in STILLS else tagged(form)
    rng = np.random.default_rng(7)
    for _ in range(60):
        bad = bytearray(data[: int(rng.integers(0, len(data) + 1))] if rng.random() < 0.5 else data)
        for at in rng.integers(0, max(1, min(len(bad), 400)), 4) if bad else ():
            bad[at] = int(rng.integers(0, 256))
        made, done = labelled(bytes(bad), mime, LABEL)
        assert done == (made != bytes(bad))
