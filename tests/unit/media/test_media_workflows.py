"""Graphs outside of the file that they made: JSON documents, and the picture beside a video."""

import io
import json

import av
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from dam.media.probe import from_bytes, probe
from dam.metadata.merge import merge
from dam.metadata.read import read_claims
from dam.model import Kind

GRAPH = {
    "1": {"class_type": "Loader", "inputs": {"ckpt_name": "m.safetensors"}},
    "2": {"class_type": "Words", "inputs": {"text": "a shark", "clip": ["1", 1]}},
    "3": {"class_type": "S", "inputs": {"seed": 5, "steps": 4, "cfg": 1, "model": ["1", 0], "positive": ["2", 0]}},
    "4": {"class_type": "VHS_VideoCombine", "inputs": {"filename_prefix": "v", "images": ["3", 0]}},
}


def png_with(**texts):
    info = PngInfo()
    for key, value in texts.items():
        info.add_text(key, value)
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def video(path, **tags):
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as out:
        out.metadata.update(tags)
        stream = out.add_stream("mpeg4", rate=5)
        stream.width, stream.height = 32, 32
        for _ in range(3):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))))
        out.mux(stream.encode())
    return str(path)


def made(path):
    claims, _ = read_claims(probe(path))
    return merge(claims).generation, claims


@pytest.mark.parametrize("name", ["v_00001.mp4", "v_00001-audio.mp4"])
def test_first_frame_beside_a_video_tells_how_the_video_was_made(tmp_path, name):
    (tmp_path / "v_00001.png").write_bytes(png_with(prompt=json.dumps(GRAPH), CreationTime="2026"))
    generation, (claim,) = made(video(tmp_path / name))
    assert (generation.prompt, generation.seed) == ("a shark", 5)
    assert (claim.carrier, claim.confidence) == ("sidecar:png:prompt", 0.8)


def test_picture_whose_graph_writes_no_video_says_nothing_of_a_video(tmp_path):
    graph = GRAPH | {"4": {"class_type": "SaveImage", "inputs": {"filename_prefix": "v", "images": ["3", 0]}}}
    (tmp_path / "v.png").write_bytes(png_with(prompt=json.dumps(graph)))
    assert made(video(tmp_path / "v.mp4")) == (None, ())


def test_video_with_its_own_graph_needs_no_picture(tmp_path):
    own = GRAPH | {"2": {"class_type": "Words", "inputs": {"text": "a whale", "clip": ["1", 1]}}}
    (tmp_path / "v.png").write_bytes(png_with(prompt=json.dumps(GRAPH)))
    generation, claims = made(video(tmp_path / "v.mp4", prompt=json.dumps(own)))
    assert generation.prompt == "a whale"
    assert not [c for c in claims if c.carrier.startswith("sidecar")]


def test_video_says_nothing_of_the_picture_beside_it(tmp_path):
    video(tmp_path / "v.mp4", prompt=json.dumps(GRAPH))
    (tmp_path / "v.png").write_bytes(png_with())
    assert made(str(tmp_path / "v.png")) == (None, ())


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(GRAPH, indent=2),
        json.dumps({"last_node_id": 1, "nodes": [{"id": 1, "type": "CLIPTextEncode", "widgets_values": ["a shark"]}]}),
    ],
)
def test_workflow_file_is_a_document_with_a_claim_and_nobodys_picture(text):
    found = from_bytes(text.encode(), "workflow.json")
    claims, _ = read_claims(found)
    merged = merge(claims)
    assert (found.media.kind, [c.carrier for c in claims], merged.ai_generated) == (Kind.DOCUMENT, ["json"], None)
    assert merged.generation.tool == "ComfyUI"
    assert merged.generation.inputs == ()


def test_other_json_is_not_read():
    assert from_bytes(b'{"nodes": [], "prompt": "x"}', "a.json").texts == ()
