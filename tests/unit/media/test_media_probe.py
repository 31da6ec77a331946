import functools
import io
import json
import struct
import threading
import time
import zlib
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from dam.errors import UnreadableError
from dam.media import carriers
from dam.media.probe import from_bytes, probe
from dam.model import Kind

SHARED = Path(__file__).resolve().parents[4] / "shared"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'


def user_comment(text, order, header_order, prefix=b"UNICODE\0"):
    body = prefix + text.encode({"<": "utf-16-le", ">": "utf-16-be"}[order])
    o = header_order
    ifd0 = struct.pack(o + "HHHIII", 1, 0x8769, 4, 1, 26, 0)
    exif = struct.pack(o + "HHHII", 1, 0x9286, 7, len(body), 26 + 18) + struct.pack(o + "I", 0)
    head = {"<": b"II*\0", ">": b"MM\0*"}[o] + struct.pack(o + "I", 8)
    return (head + ifd0).ljust(26, b"\0") + exif + body


def saved(form, **options):
    out = io.BytesIO()
    Image.new("RGB", (12, 9), (200, 10, 10)).save(out, form, **options)
    return out.getvalue()


@functools.cache
def clip(form="mp4", *, sound_only=False, tags=(("comment", '{"prompt": 1}'),)):
    out = io.BytesIO()
    with av.open(
        out, "w", format=form, options={"movflags": "use_metadata_tags"} if form == "mp4" else {}
    ) as container:
        container.metadata.update(dict(tags))
        if sound_only:
            stream = container.add_stream("aac" if form == "mp4" else "libopus", rate=48000)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.float32), format="fltp", layout="mono")
            frame.sample_rate = 48000
            frames = [frame]
        else:
            stream = container.add_stream("mpeg4" if form == "mp4" else "libvpx", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            frames = [
                av.VideoFrame.from_ndarray(np.full((48, 64, 3), n * 9, np.uint8), format="rgb24") for n in range(10)
            ]
        for frame in frames:
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def texts(found):
    return {t.carrier: t.text for t in found.texts}


def codes(found):
    return [p.code for p in found.problems]


@pytest.mark.parametrize("header", ["<", ">"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_user_comment_is_read_whichever_byte_order_its_writer_took(order, header):
    words = "a cat, Steps: 20 é 猫"
    found = from_bytes(saved("JPEG", exif=b"Exif\0\0" + user_comment(words, order, header)))
    assert texts(found)["exif:0x9286"] == words
    assert found.exif[0x9286].startswith(b"UNICODE\0")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"ASCII\0\0\0plain", "plain"),
        (b"\0\0\0\0\0\0\0\0plain", "plain"),
        (b"no prefix at all", "no prefix at all"),
        (b"UNICODE\0" + b"utf-8 after all", "utf-8 after all"),
        (b"UNICODE\0\xff\xfea\0", "a"),
    ],
)
def test_user_comments_that_break_the_rules(raw, text):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = raw
    assert texts(from_bytes(saved("JPEG", exif=exif)))["exif:0x9286"] == text


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "AVIF", "PNG", "TIFF"])
def test_exif_texts_size_and_orientation_are_read_from_every_picture_format(form):
    exif = Image.Exif()
    exif[0x0110] = 'prompt:{"3": {}}'
    exif[0x0112] = 6
    found = from_bytes(saved(form, exif=exif))
    assert texts(found)["exif:0x0110"] == 'prompt:{"3": {}}'
    assert next(t.key for t in found.texts) == "Model"
    if form != "AVIF":  # AVIF turns by its own boxes; Pillow writes those instead
        assert found.exif[0x0112] == 6
    assert (found.media.width_px, found.media.height_px) == (12, 9)
    assert found.media.frame_count == 1
    assert not found.problems
    assert not found.has_c2pa


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "AVIF", "PNG", "TIFF", "GIF"])
def test_xmp_is_found_and_a_remote_manifest_in_it_counts_as_c2pa(form):
    def of(packet):
        if form == "TIFF":
            return from_bytes(saved(form, tiffinfo={700: packet}))
        if form == "PNG":
            info = PngImagePlugin.PngInfo()
            info.add_itxt("XML:com.adobe.xmp", packet.decode())
            return from_bytes(saved(form, pnginfo=info))
        if form == "GIF":
            trailer = b"\1" + bytes(range(255, -1, -1)) + b"\0"
            return from_bytes(saved(form)[:-1] + b"\x21\xff\x0bXMP DataXMP" + packet + trailer + b"\x3b")
        return from_bytes(saved(form, xmp=packet))

    assert of(XMP).xmp == (XMP,)
    assert not of(XMP).has_c2pa
    assert of(XMP.replace(b"<rdf:RDF ", b'<rdf:RDF dcterms:provenance="https://x.invalid" ')).has_c2pa


def test_every_comment_of_a_jpeg_is_kept():
    data = saved("JPEG")
    comments = b"".join(b"\xff\xfe" + struct.pack(">H", len(c) + 2) + c for c in (b"invokeai_graph: {}", b"second"))
    found = from_bytes(data[:2] + comments + data[2:])
    assert [t.text for t in found.texts] == ["invokeai_graph: {}", "second"]
    assert {t.carrier for t in found.texts} == {"jpeg:com"}


def test_a_gif_comment_and_its_frames():
    out = io.BytesIO()
    frames = [Image.new("RGB", (6, 5), (90 * n, 0, 0)) for n in range(3)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], comment=b"x" * 700)
    found = from_bytes(out.getvalue())
    assert texts(found)["gif:comment"] == "x" * 700
    assert found.media.frame_count == 3
    assert codes(from_bytes(out.getvalue()[:-1])) == ["gif.truncated"]


def test_tags_of_a_clip_its_size_and_length():
    found = from_bytes(clip(tags=(("prompt", '{"3": {}}'), ("workflow", "{}"))))
    assert texts(found)["container:prompt"] == '{"3": {}}'
    assert found.media.kind is Kind.VIDEO
    assert (found.media.width_px, found.media.height_px, found.media.frame_count) == (64, 48, 10)
    assert found.media.duration_s == pytest.approx(1.0, abs=0.15)
    assert not found.problems


def test_matroska_tags_keep_their_key_as_found():
    found = from_bytes(clip("webm", tags=(("prompt", "{}"),)))
    assert texts(found)["container:PROMPT"] == "{}"
    assert found.media.mime == "video/webm"


def test_sound_in_a_picture_container_is_sound():
    assert from_bytes(clip(sound_only=True)).media.kind is Kind.AUDIO


def test_tags_of_an_opus_stream_are_found_on_the_stream():
    found = from_bytes(clip("ogg", sound_only=True))
    assert found.media.mime == "audio/opus"
    assert '{"prompt": 1}' in texts(found).values()


def box(kind, body):
    return struct.pack(">I4s", 8 + len(body), kind) + body


def test_the_c2pa_sign_of_every_format_is_seen():
    uuid = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
    jpeg, webp, avif, gif, tiff = (saved(f) for f in ("JPEG", "WEBP", "AVIF", "GIF", "TIFF"))
    app11 = b"\xff\xeb\0\x08JP\0\1\0\0"
    riff = webp + b"C2PA\4\0\0\0abcd"
    at = struct.unpack("<I", tiff[4:8])[0]
    tag = struct.pack("<HHII", 0xCD41, 7, 4, 0)
    count = struct.unpack("<H", tiff[at : at + 2])[0]
    marked = (
        tiff[:at]
        + struct.pack("<H", count + 1)
        + tiff[at + 2 : at + 2 + 12 * count]
        + tag
        + tiff[at + 2 + 12 * count :]
    )
    signed = {
        "jpeg": jpeg[:2] + app11 + jpeg[2:],
        "webp": riff[:4] + struct.pack("<I", len(riff) - 8) + riff[8:],
        "avif": avif + box(b"uuid", uuid + b"manifest"),
        "mp4": clip() + box(b"uuid", uuid + b"manifest"),
        "gif": gif[:-1] + b"\x21\xff\x0bC2PA_GIF\1\0\0\4abcd\0\x3b",
        "tiff": marked,
        "mp3": b"ID3\3\0\0\0\0\0\x30GEOB\0\0\0\x20\0\0\0application/c2pa\0" + bytes(30) + b"\xff\xfb\x90\0" * 9,
        "wav": b"RIFF\x18\0\0\0WAVEC2PA\4\0\0\0abcddata\0\0\0\0",
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><metadata><c2pa:manifest xmlns:c2pa="http://c2pa.org/manifest">AA</c2pa:manifest></metadata></svg>',
        "pdf": b"%PDF-1.7\n1 0 obj<</AFRelationship /C2PA_Manifest>>",
        "store": box(b"jumb", b"x" * 20),
        "broken": jpeg[:2] + app11,
    }
    assert {name: from_bytes(data).has_c2pa for name, data in signed.items()} == dict.fromkeys(signed, True)
    assert not any(from_bytes(data).has_c2pa for data in (jpeg, webp, avif, gif, tiff, clip()))


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("jpeg.truncated", saved("JPEG")[:-30]),
        ("webp.truncated", saved("WEBP")[:-30]),
        ("avif.truncated", saved("AVIF")[:-30]),
        ("png.truncated", saved("PNG")[:-30]),
        ("tiff.truncated", saved("TIFF")[:-30]),
        ("bmp.truncated", saved("BMP")[:-30]),
        ("mp4.truncated", clip()[:-200]),
        ("file.empty", b""),
    ],
)
def test_a_cut_file_says_so(code, data):
    assert code in codes(from_bytes(data))


def test_an_end_mark_in_an_embedded_preview_does_not_hide_the_cut():
    preview = saved("JPEG")
    data = saved("JPEG")
    app1 = b"Exif\0\0" + user_comment("x", "<", "<") + preview
    cut = data[:2] + b"\xff\xe1" + struct.pack(">H", len(app1) + 2) + app1 + data[2:-30]
    assert "jpeg.truncated" in codes(from_bytes(cut))


def test_data_that_a_camera_appended_is_no_damage():
    assert codes(from_bytes(saved("JPEG") + bytes(200_000))) == []


def test_a_bomb_header_is_described_and_not_decoded():
    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + b"IHDR"
        + header
        + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    )
    assert from_bytes(data).media.width_px == 30000


def test_svg_metadata_is_read_and_entities_are_not_expanded():
    inner = json.dumps({"prompt": {"a": "<b>"}})
    found = from_bytes(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="40px" viewBox="0 0 80 60"><metadata><![CDATA[{inner}]]></metadata></svg>'.encode()
    )
    assert json.loads(texts(found)["svg:metadata"]) == {"prompt": {"a": "<b>"}}
    assert (found.media.width_px, found.media.height_px) == (40, 60)
    laughs = b'<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><svg><metadata>&b;</metadata></svg>'
    assert codes(from_bytes(laughs)) == ["svg.damaged"]


def test_glb_extras_even_behind_a_mangled_header():
    body = json.dumps({"asset": {"version": "2.0", "extras": {"prompt": "{}", "n": [1]}}}).encode()
    glb = b"glTF" + struct.pack("<II", 2, 20 + len(body)) + struct.pack("<I4s", len(body), b"JSON") + body
    whole = from_bytes(glb)
    assert [(t.carrier, t.key, t.text) for t in whole.texts] == [
        ("glb:extras", "prompt", "{}"),
        ("glb:extras", "n", "[1]"),
    ]
    mangled = from_bytes(b"glTF\2\0\0\0\xef\xbf\xbd\xef\xbf\xbd\0\0JSON" + body)
    assert [t.key for t in mangled.texts] == ["prompt", "n"]
    assert codes(mangled) == ["glb.damaged"]


def test_imagemagick_profiles_in_png_are_exif():
    info = PngImagePlugin.PngInfo()
    block = b"Exif\0\0" + user_comment("from a profile", ">", ">")
    info.add_text("Raw profile type exif", f"\nexif\n{len(block):8}\n{block.hex()}\n", zip=True)
    assert texts(from_bytes(saved("PNG", pnginfo=info)))["exif:0x9286"] == "from a profile"


def test_a_sidecar_beside_a_picture_is_read_and_one_beside_a_document_is_not(tmp_path):
    (tmp_path / "a.png").write_bytes(saved("PNG"))
    (tmp_path / "a.txt").write_text("a cat\nSteps: 20")
    found = probe(str(tmp_path / "a.png"))
    assert [(t.carrier, t.key, t.text) for t in found.texts] == [("sidecar:txt", "a.txt", "a cat\nSteps: 20")]
    assert probe(str(tmp_path / "a.txt")).texts == ()


def test_a_file_with_undecodable_name_is_probed(tmp_path):
    path = str(tmp_path / "caf\udce9[page=1].png")
    with open(path, "wb") as stream:
        stream.write(saved("PNG"))
    assert probe(path).media.width_px == 12


def test_a_missing_file_is_unreadable(tmp_path):
    with pytest.raises(UnreadableError):
        probe(str(tmp_path / "none.png"))
    with pytest.raises(UnreadableError):
        probe(str(tmp_path))


def test_texts_are_bounded():
    found = carriers.Found()
    found.text("x", "k", b"a" * (9 << 20))
    assert (len(found.texts[0].text), len(found.texts[0].raw), found.texts[0].raw_bytes) == (8 << 20, 4 << 20, 9 << 20)
    for _ in range(3000):
        found.text("x", "k", b"a")
    assert len(found.texts) == 2048


SEEDS = [
    *(saved(form) for form in ("JPEG", "WEBP", "AVIF", "GIF", "TIFF", "BMP", "PNG", "ICO")),
    saved("JPEG", exif=b"Exif\0\0" + user_comment("a cat", "<", ">"), xmp=XMP),
    saved("WEBP", exif=user_comment("a cat", "<", "<"), xmp=XMP, lossless=True),
    b"8BPS\0\1"
    + bytes(6)
    + b"\0\3\0\0\0\5\0\0\0\6\0\x08\0\3"
    + bytes(4)
    + b"\0\0\0\x20"
    + b"8BIM\4\x22\0\0\0\0\0\x08MM\0*\0\0\0\x08",
    b"\x76\x2f\x31\x01\2\0\0\0dataWindow\0box2i\0\x10\0\0\0" + bytes(16) + b"\0",
    b"\0\0\0\x0cjP  \r\n\x87\n" + box(b"jp2h", box(b"ihdr", bytes(14))),
    b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"Exif", bytes(4) + user_comment("x", "<", "<")),
    b'<svg xmlns="http://www.w3.org/2000/svg"><metadata>{}</metadata></svg>',
    b"SDPX" + bytes(1000),
    b"PK\3\4" + bytes(60),
]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_no_damage_to_a_picture_makes_probe_raise(seed, data):
    damaged = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    found = from_bytes(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))
    assert found.media.mime


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["mp4", "webm"]), st.data())
def test_no_damage_to_a_clip_makes_probe_raise(form, data):
    damaged = bytearray(clip(form))
    for _ in range(data.draw(st.integers(1, 20))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    assert from_bytes(bytes(damaged[: data.draw(st.integers(9, len(damaged)))])).media.mime


@given(st.binary(max_size=400), st.text(max_size=8))
def test_no_bytes_make_probe_raise(data, name):
    assert from_bytes(data, name).size_bytes == len(data)


def real_files():
    if not (SHARED / "data").is_dir():
        pytest.skip("needs ../shared/data (real files, not part of the project)")
    return sorted(p for d in ("ai-metadata", "c2pa") for p in (SHARED / "data" / d).rglob("*") if p.is_file())


def test_every_real_file_is_probed_within_a_second_and_a_second_time_alike():
    from dam.media import streams  # noqa: F401  # its import is not the file's time

    for path in real_files():
        start = time.perf_counter()
        first = probe(str(path))
        assert time.perf_counter() - start < 1, path
        assert probe(str(path)) == first
        assert "file.damaged" not in codes(first), path


def test_no_real_manifest_is_missed():
    import c2pa

    offline = c2pa.Settings.from_dict({"verify": {"remote_manifest_fetch": False}})
    for path in real_files():
        try:
            c2pa.Reader(str(path), context=c2pa.Context(settings=offline)).close()
        except c2pa.C2paError as error:
            if "must fetch remote" not in str(error):
                continue
        assert probe(str(path)).has_c2pa, path


def test_threads_do_not_mix_up_files():
    paths = [str(p) for p in real_files()][:60]
    alone = {p: probe(p) for p in paths}
    wrong = []

    def again(order):
        wrong.extend(p for p in order if probe(p) != alone[p])

    workers = [threading.Thread(target=again, args=(paths[n:] + paths[:n],)) for n in (0, 20, 40)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


PNG_START = saved("PNG")[:33]


@pytest.mark.parametrize(
    "data",
    [
        PNG_START + (b"\0\0\0\0tEXt\0\0\0\0") * 300_000,
        b"\xff\xd8" + b"\xff\xe1\0\2" * 500_000,
        b"RIFF\xff\xff\xff\x7fWEBP" + b"ANMF\0\0\0\0" * 400_000,
        b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x08free" * 400_000,
        b"GIF89a\1\0\1\0\0\0\0" + b"\x21\xfe\1a\0" * 800_000,
        b"II*\0\x08\0\0\0" + b"".join(struct.pack("<HI", 0, 8 + 6 * (i + 1)) for i in range(300_000)),
        b"<svg>" + b"<g>" * 1_000_000,
        b"<svg" + b"<metadata>" * 400_000,
        b"<svg><x:xmpmeta>" + b"<x:xmpmeta" * 400_000,
        b"glTF" + struct.pack("<II", 2, 0) + struct.pack("<I4s", 3_000_000, b"JSON") + b"[" * 3_000_000,
        b"TITLE:" + b" " * 65_530,
        b"<" + b"<!--" * 16_000,
    ],
    ids=["png", "jpeg", "webp", "mp4", "gif", "tiff", "svg", "svg-metadata", "svg-xmp", "glb", "edl", "xml"],
)
def test_a_file_made_to_waste_time_does_not(data):
    start = time.process_time()
    from_bytes(data)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(("depth", "deep"), [(8, False), (32, False), (33, True), (3_000, True)])
def test_boxes_too_deep_in_each_other_are_said_to_hide_what_is_inside(depth, deep):
    body = b""
    for _ in range(depth):
        body = struct.pack(">I", 8 + len(body)) + b"moov" + body
    seen = from_bytes(struct.pack(">I", 20) + b"ftypisom\0\0\0\0isom" + body, "a.mp4")
    assert seen.has_c2pa is deep
    assert (carriers.TOO_MANY_PARTS in [p.code for p in seen.problems]) is deep
