"""Texts in the codings that tools really write, wherever a container keeps them."""

import io
import struct
import zlib

import pytest
from PIL import Image

from dam.media.exif import user_comment
from dam.media.probe import from_bytes, probe

WORDS = "a cät, Steps: 20 猫"


def saved(form, **options):
    out = io.BytesIO()
    Image.new("RGB", (16, 16)).save(out, form, **options)
    return out.getvalue()


def commented(comment):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = comment
    return exif.tobytes()


@pytest.mark.parametrize(
    "body",
    [
        WORDS.encode(),
        WORDS.encode("utf-16"),
        WORDS.encode("utf-16-be"),
        WORDS.encode("utf-16-le"),
        WORDS.encode() + b"\0",
    ],
    ids=["utf-8", "with mark", "big-endian", "little-endian", "ended by NUL"],
)
def test_a_jpeg_comment_is_read_in_any_coding(body):
    plain = saved("JPEG")
    data = plain[:2] + b"\xff\xfe" + struct.pack(">H", len(body) + 2) + body + plain[2:]
    (text,) = from_bytes(data).texts
    assert (text.text, text.raw) == (WORDS, body.rstrip(b"\0"))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"UNICODE\0" + WORDS.encode(), WORDS),
        (b"UNICODE\0" + "猫の絵".encode(), "猫の絵"),
        (b"UNICODE\0" + "猫の絵".encode("utf-16-be"), "猫の絵"),
        (b"UNICODE\0a cat", "a cat"),
        (b"UNICODE\0" + b'{"prompt": "a hut"}', '{"prompt": "a hut"}'),
        (b"ASCII\0\0\0" + WORDS.encode(), WORDS),
        (b'{"mflux_version": "1"}', '{"mflux_version": "1"}'),
    ],
)
def test_a_user_comment_whose_prefix_lies_is_read_by_its_bytes(raw, text):
    assert user_comment(raw) == text


def test_two_exif_blocks_that_differ_are_both_kept():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    old = commented(b"ASCII\0\0\0two")
    profile = f"\nexif\n{len(old):8d}\n{old.hex()}\n".encode()
    plain = saved("PNG")
    extra = chunk(b"eXIf", commented(b"ASCII\0\0\0one")[6:]) + chunk(b"tEXt", b"Raw profile type exif\0" + profile)
    found = from_bytes(plain[:33] + extra + plain[33:])
    assert {t.text for t in found.texts if t.carrier == "exif:0x9286"} == {"one", "two"}


def test_a_sidecar_of_a_windows_editor_is_read(tmp_path):
    (tmp_path / "a.png").write_bytes(saved("PNG"))
    (tmp_path / "a.txt").write_bytes(WORDS.encode("utf-16"))
    assert [t.text for t in probe(str(tmp_path / "a.png")).texts] == [WORDS]


def test_exif_that_lies_in_the_meta_box_itself_is_found():
    def box(kind, data):
        return struct.pack(">I", 8 + len(data)) + kind + data

    block = b"\0\0\0\0" + commented(b"ASCII\0\0\0inside")[6:]
    info = box(b"infe", struct.pack(">IHH4s", 0x02000000, 7, 0, b"Exif") + b"\0")
    iinf = box(b"iinf", struct.pack(">IH", 0, 1) + info)
    iloc = box(
        b"iloc", struct.pack(">IBBH", 0x01000000, 0x44, 0, 1) + struct.pack(">HHHHII", 7, 1, 0, 1, 0, len(block))
    )
    meta = box(b"meta", bytes(4) + box(b"pitm", struct.pack(">IH", 0, 1)) + iinf + iloc + box(b"idat", block))
    found = from_bytes(box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta + box(b"mdat", b"x"))
    assert [(t.carrier, t.text) for t in found.texts] == [("exif:0x9286", "inside")]


def test_a_long_gif_comment_is_joined_from_its_blocks():
    plain, comment = saved("GIF"), ("x" * 300 + WORDS).encode()
    blocks = b"".join(bytes([len(comment[i : i + 255])]) + comment[i : i + 255] for i in range(0, len(comment), 255))
    at = 13 + (3 << ((plain[10] & 7) + 1) if plain[10] & 0x80 else 0)
    found = from_bytes(plain[:at] + b"\x21\xfe" + blocks + b"\0" + plain[at:])
    assert found.texts[0].text == "x" * 300 + WORDS
