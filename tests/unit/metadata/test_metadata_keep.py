"""What a probe found is kept so that the very same probe can be made again."""

import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.errors import StorageError
from dam.media.carriers import RAW_CAP_BYTES, Found, decode
from dam.media.probe import Probe, Text, from_bytes
from dam.metadata import keep
from dam.model import Kind, Media
from tests.support import pictures

MEDIA = Media(Kind.IMAGE, "image/png", 8, 8)
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)


def texts_of(carrier, key, raw, text):
    return Text(carrier, key, decode(raw) if text is None else text, raw, len(raw))


VALUES = st.one_of(
    ANY_TEXT, st.binary(max_size=60), st.integers(), st.floats(allow_nan=False), st.tuples(st.integers(), st.floats(allow_nan=False))
)  # fmt: skip
PROBES = st.builds(
    lambda texts, xmp, exif, c2pa: Probe("", 7, MEDIA, tuple(texts), tuple(xmp), exif, c2pa),
    st.lists(st.builds(texts_of, ANY_TEXT, ANY_TEXT, st.binary(max_size=60), st.none() | ANY_TEXT), max_size=5),
    st.lists(st.binary(min_size=1, max_size=60), max_size=3),
    st.dictionaries(st.integers(0, 65535), VALUES, max_size=5),
    st.booleans(),
)


def again(probe):
    return keep.unpack(keep.pack(probe).packed, probe.media, size_bytes=probe.size_bytes)


@given(PROBES)
def test_any_probe_comes_back_as_it_was(probe):
    assert again(probe) == probe


@given(PROBES)
def test_packing_twice_gives_the_same_bytes(probe):
    assert keep.pack(probe).packed == keep.pack(again(probe)).packed


def test_a_user_comment_keeps_raw_bytes_and_decoded_text():
    from PIL import Image

    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + "a circle".encode("utf-16-be")
    exif[0x010F] = "Maker"
    probe = from_bytes(_jpeg(exif))
    found = again(probe)
    assert (found.texts, found.exif) == (probe.texts, dict(probe.exif))
    assert {t.key: t.text for t in found.texts}["UserComment"] == "a circle"


def _jpeg(exif):
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(pictures.painted(1)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_a_carrier_beyond_four_mib_is_cut_with_the_hash_and_length_of_all_of_it():
    raw = bytes(range(32, 127)) * 50_000
    found = Found()
    found.text("png:tEXt:workflow", "workflow", raw)
    kept = again(Probe("", 1, MEDIA, tuple(found.texts))).texts[0]
    assert (len(kept.raw), kept.raw_bytes) == (RAW_CAP_BYTES, len(raw))
    assert kept.whole_sha256 == hashlib.sha256(raw).hexdigest()
    assert kept == found.texts[0]


def test_a_packet_beyond_four_mib_comes_back_at_its_true_length():
    packet = b"<x:xmpmeta>" + b"y" * RAW_CAP_BYTES
    found = again(Probe("", 1, MEDIA, xmp=(packet,))).xmp[0]
    assert (len(found), found[:RAW_CAP_BYTES]) == (len(packet), packet[:RAW_CAP_BYTES])


def test_what_stands_twice_is_kept_once():
    raw = bytes(hashlib.sha256(bytes([n])).digest()[0] for n in range(200)) * 3
    one = Text("png:iTXt:XML:com.adobe.xmp", "XML:com.adobe.xmp", decode(raw), raw, len(raw))
    kept = keep.pack(Probe("", 1, MEDIA, (one,), (raw,)))
    assert (len(kept.blobs), kept.carriers) == (1, 2)


def test_a_flood_of_texts_is_bounded_and_still_comes_back(monkeypatch):
    monkeypatch.setattr(keep, "MAX_BYTES", 1 << 20)
    texts = tuple(texts_of(f"t{n}", "k", bytes([n]) * (1 << 19), None) for n in range(40))
    kept = keep.pack(Probe("", 1, MEDIA, texts))
    found = keep.unpack(kept.packed, MEDIA)
    assert sum(map(len, kept.blobs)) <= (1 << 20) + 40 * (1 << 16)
    assert found.texts[0] == texts[0]
    assert found.texts[39].whole_sha256 == hashlib.sha256(texts[39].raw).hexdigest()


@given(st.binary(max_size=80) | st.binary(max_size=80).map(zlib.compress))
def test_bytes_that_pack_never_made_are_refused_in_words(data):
    with pytest.raises(StorageError) as caught:
        keep.unpack(data, MEDIA)
    assert caught.value.code == "carriers.damaged"
