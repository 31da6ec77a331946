"""A ComfyUI graph comes out of every container that its nodes write, whatever the container does to the key."""

import io
import json
import struct
import zlib

import av
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from dam.media.probe import from_bytes
from dam.metadata.readers.comfyui import PLUGIN

GRAPH = {
    "1": {"class_type": "Loader", "inputs": {"ckpt_name": "m.safetensors"}},
    "2": {"class_type": "Words", "inputs": {"text": "a \u9bab", "clip": ["1", 1]}},
    "3": {"class_type": "S", "inputs": {"seed": 5, "steps": 4, "cfg": 1, "model": ["1", 0], "positive": ["2", 0]}},
    "4": {"class_type": "Save", "inputs": {"filename_prefix": "v", "images": ["3", 0]}, "is_changed": [float("nan")]},
}
PROMPT = json.dumps(GRAPH)
WORKFLOW = json.dumps({"nodes": [{"id": 1, "type": "S", "widgets_values": []}], "links": [], "extra": {}})


def picture(format_, **options):
    out = io.BytesIO()
    Image.new("RGB", (16, 16)).save(out, format_, **options)
    return out.getvalue()


def exif(values):
    made = Image.Exif()
    for tag, value in values.items():
        made[tag] = value
    return made.tobytes()


def png_text(kind):
    info = PngInfo()
    if kind == "iTXt":
        info.add_itxt("prompt", PROMPT, zip=True)
        info.add_itxt("workflow", WORKFLOW)
    else:
        info.add_text("prompt", PROMPT, zip=kind == "zTXt")
        info.add_text("workflow", WORKFLOW, zip=kind == "zTXt")
    return picture("PNG", pnginfo=info)


def apng():
    """Animated PNGs keep the graph in a private chunk behind the pixels."""
    body = b"comf" + b"prompt\0" + PROMPT.encode("latin-1", "replace")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    made = picture("PNG")
    return made[:-12] + chunk + made[-12:]


def sound(format_, codec, **tags):
    out = io.BytesIO()
    with av.open(out, "w", format=format_) as box:
        stream = box.add_stream(codec, rate=48000)
        box.metadata.update(tags)
        stream.metadata.update(tags)
        wanted = stream.codec_context.format.name if stream.codec_context.format else "s16"
        resampler = av.AudioResampler(format=wanted, layout="stereo", rate=48000)
        for _ in range(30):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1920), np.int16), format="s16", layout="stereo")
            frame.sample_rate = 48000
            for each in resampler.resample(frame):
                box.mux(stream.encode(each))
        box.mux(stream.encode())
    return out.getvalue()


def film(format_, codec, **tags):
    out = io.BytesIO()
    with av.open(out, "w", format=format_, options={"movflags": "use_metadata_tags"}) as box:
        box.metadata.update(tags)
        stream = box.add_stream(codec, rate=5)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))
            box.mux(stream.encode(frame))
        box.mux(stream.encode())
    return out.getvalue()


def svg():
    body = json.dumps({"prompt": GRAPH, "workflow": json.loads(WORKFLOW)})
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><metadata><![CDATA[{body}]]></metadata></svg>'
    ).encode()


def glb():
    body = json.dumps({"asset": {"version": "2.0", "extras": {"prompt": PROMPT, "workflow": WORKFLOW}}}).encode()
    body += b" " * (-len(body) % 4)
    return struct.pack("<4sIII4s", b"glTF", 2, 20 + len(body), len(body), b"JSON") + body


BOTH = {"prompt": PROMPT, "workflow": WORKFLOW}
IN_ONE = json.dumps({"prompt": PROMPT, "workflow": WORKFLOW})
FILES = {
    "png tEXt": lambda: png_text("tEXt"),
    "png zTXt": lambda: png_text("zTXt"),
    "png iTXt": lambda: png_text("iTXt"),
    "webp": lambda: picture("WEBP", exif=exif({0x0110: f"prompt:{PROMPT}", 0x010F: f"workflow:{WORKFLOW}"})),
    "avif": lambda: picture("AVIF", exif=exif({0x010F: f"Prompt: {PROMPT}", 0x010E: f"Workflow: {WORKFLOW}"})),
    "jpeg": lambda: picture("JPEG", exif=exif({0x010E: f"Workflow:{WORKFLOW}", 0x010F: f"Prompt:{PROMPT}"})),
    "flac": lambda: sound("flac", "flac", **BOTH),
    "mp3": lambda: sound("mp3", "libmp3lame", **BOTH),
    "opus": lambda: sound("ogg", "libopus", **BOTH),
    "mp4": lambda: film("mp4", "mpeg4", **BOTH),
    "mov": lambda: film("mov", "mpeg4", **BOTH),
    "mp4 comment": lambda: film("mp4", "mpeg4", comment=IN_ONE),
    "mp4 comment, encoded again": lambda: film("mp4", "mpeg4", comment=json.dumps(json.dumps(IN_ONE))),
    "webm": lambda: film("webm", "libvpx", PROMPT=PROMPT, WORKFLOW=WORKFLOW),
    "mkv": lambda: film("matroska", "mpeg4", **BOTH),
    "svg": svg,
    "glb": glb,
}


@pytest.mark.parametrize("name", FILES)
def test_graph_comes_out_of_every_container(name):
    probe = from_bytes(FILES[name]())
    claims = PLUGIN.read(probe)
    best = max(claims, key=lambda claim: claim.confidence)
    assert (best.generation.prompt, best.generation.seed, best.generation.tool) == ("a \u9bab", 5, "ComfyUI")
    assert (best.ai_generated, best.fields["has_workflow"]) == (True, True)


def test_graph_comes_out_of_an_animated_pngs_own_chunk():
    (claim,) = PLUGIN.read(from_bytes(apng()))
    assert (claim.carrier, claim.generation.seed) == ("png:comf:prompt", 5)
