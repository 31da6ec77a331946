import io
import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from dam.media import png


def chunk(kind, data, crc=None):
    crc = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def picture(*before, after=(), tail=b"", size=(4, 4)):
    width, height = size
    idat = zlib.compress(b"".join(b"\0" + bytes(3 * width) for _ in range(height)))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [png.SIGNATURE, chunk(b"IHDR", header), *before, chunk(b"IDAT", idat), *after, chunk(b"IEND", b"")]
    return b"".join(parts) + tail


def walk(data, limits=png.DEFAULT_LIMITS):
    return png.walk(io.BytesIO(data), limits)


def test_all_three_kinds_of_text_before_and_after_the_pixels():
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a cat\nSteps: 20")
    info.add_text("prompt", '{"3":{}}', zip=True)
    info.add_itxt("Title", "Zürich 猫", zip=True)
    out = io.BytesIO()
    Image.new("RGB", (5, 7)).save(out, "PNG", pnginfo=info)
    late = chunk(b"tEXt", b"workflow\0{}")
    found = walk(out.getvalue()[:-12] + late + out.getvalue()[-12:])
    assert (found.width_px, found.height_px, found.bit_depth, found.colour_type) == (5, 7, 8, 2)
    assert [(t.kind, t.key, t.text) for t in found.texts] == [
        ("tEXt", "parameters", "a cat\nSteps: 20"),
        ("zTXt", "prompt", '{"3":{}}'),
        ("iTXt", "Title", "Zürich 猫"),
        ("tEXt", "workflow", "{}"),
    ]
    assert found.problems == []
    assert found.ends == len(out.getvalue()) + len(late)


def test_a_duplicate_key_is_kept_and_utf8_beats_latin1():
    found = walk(picture(chunk(b"tEXt", b"a\0caf\xc3\xa9"), chunk(b"tEXt", b"a\0caf\xe9")))
    assert [t.text for t in found.texts] == ["café", "café"]
    assert [t.raw for t in found.texts] == [b"caf\xc3\xa9", b"caf\xe9"]


def test_a_wrong_checksum_does_not_hide_a_text():
    assert walk(picture(chunk(b"tEXt", b"k\0v", crc=0))).texts[0].text == "v"


def test_private_chunks_c2pa_and_trailing_bytes_are_seen():
    found = walk(picture(chunk(b"caBX", b"\0" * 9), after=(chunk(b"comf", b"prompt\0{}"),), tail=b"extra"))
    assert found.has_c2pa
    assert [(t.kind, t.key, t.text) for t in found.comf] == [("comf", "prompt", "{}")]
    assert found.trailing_bytes == 5
    assert [kind for kind, _ in found.ancillary] == [b"comf"]


def test_an_inflate_bomb_is_cut_and_said():
    bomb = zlib.compress(bytes(100 << 20), 9)
    found = walk(picture(chunk(b"zTXt", b"bomb\0\0" + bomb), chunk(b"tEXt", b"k\0v")))
    assert len(found.texts[0].text) == 8 << 20
    assert len(found.texts[0].raw) == 4 << 20
    assert found.texts[1].text == "v"
    assert [p.code for p in found.problems] == ["png.text_capped"]


def test_many_bombs_share_one_budget():
    bomb = chunk(b"zTXt", b"bomb\0\0" + zlib.compress(bytes(7 << 20), 9))
    found = walk(picture(*[bomb] * 20))
    assert sum(len(t.text) for t in found.texts) <= 32 << 20
    assert len(found.texts) == 20


def test_a_cut_file_is_truncated_wherever_it_is_cut():
    whole = picture(chunk(b"tEXt", b"k\0v"))
    for length in range(8, len(whole) - 12):
        found = walk(whole[:length])
        assert [p.code for p in found.problems] == ["png.truncated"], length
        assert found.ends is None


def test_texts_before_the_damage_survive_it():
    found = walk(picture(chunk(b"tEXt", b"k\0v"))[:-20])
    assert found.texts[0].text == "v"


def test_garbage_between_chunks_is_damage():
    whole = picture()
    assert walk(whole[:33] + b"\xff" * 40 + whole[33:]).problems[0].code == "png.damaged"


def test_animation_frames_are_counted():
    out = io.BytesIO()
    frames = [Image.new("RGB", (4, 4), (n, 0, 0)) for n in range(3)]
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    assert walk(out.getvalue()).frame_count == 3


@given(st.binary(max_size=300))
def test_no_bytes_raise_and_a_walk_without_an_end_says_why(data):
    for found in (walk(png.SIGNATURE + data), walk(data)):
        assert found.ends is not None or found.problems


@given(st.data())
def test_no_mutation_raises_and_a_walk_without_an_end_says_why(data):
    whole = bytearray(picture(chunk(b"zTXt", b"k\0\0" + zlib.compress(b"v")), chunk(b"iTXt", b"k\0\0\0\0\0v")))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(8, len(whole) - 1))] = data.draw(st.integers(0, 255))
    found = walk(bytes(whole))
    assert found.ends is not None or found.problems
