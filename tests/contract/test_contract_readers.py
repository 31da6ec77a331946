"""What every metadata reader, ours or a third party's, must keep."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dam.media.probe import Probe, Text
from dam.metadata.merge import merge
from dam.metadata.read import discovered, read_claims, readers_found
from dam.model import Kind, Media

READERS = readers_found()
KEYS = [
    "parameters",
    "prompt",
    "workflow",
    "Comment",
    "Description",
    "Dream",
    "sd-metadata",
    "invokeai_metadata",
    "AIGC",
    "0x9286",
    "0x010e",
]
KEYS += ["0x013b", "Software", "Prompt", "Seed", "Stable Diffusion model", "invokeai_graph", "com"]
PIECES = [
    "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 64x64",
    "\nNegative prompt: ",
    'Civitai resources: [{"type":',
    "<lora:a:0.5>",
    '{"1": {"class_type": "K", "inputs": {"seed": 1, "steps": 2, "cfg": 3, "positive": ["1", 0], "model": ["2", 0]}}}',
    '{"nodes": [{"id": 1, "type": "KSampler", "widgets_values": [1]}], "links": [[1, 1, 0, 1, 0, "X"]]}',
    '{"sui_image_params": {"prompt": 1, "loras": [1]}, "sui_models": [{}]}',
    '{"uc": 1, "steps": [], "scale": {}, "v4_prompt": {"caption": 3}}',
    '{"base_model": [], "adm_guidance": 1, "prompt": {}, "loras": [[1]]}',
    '{"c": 1, "uc": 2, "model": [], "sampler": {}, "steps": ""}',
    '{"AIGC": {"Label": [1]}}',
    '{"image": {"prompt": [1], "postprocessing": [2]}, "model": 5, "loras": [{"model": 1}]}',
    '"p [n]" -s50 -S1 -I a.png',
    "--v 5 Job ID: 2b6e053b-9a65-4ca9-9e13-b6f4465164d4",
    "Signature: " + "a" * 60,
    "2b6e053b-9a65-4ca9-9e13-b6f4465164d4",
    "\x00\ud800",
]
XMP = [
    b'<x:xmpmeta xmlns:x="a"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description>',
    b'<a:AIGC xmlns:a="http://www.tc260.org.cn/ns/AIGC/1.0/">{"Label":1}</a:AIGC>',
    b'<i:DigitalSourceType xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">x</i:DigitalSourceType>',
    b"</r:Description></r:RDF></x:xmpmeta>",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"UserComment &b; \xff\xfe",
]

# The JSON-like scraps that a truncation or a hostile editor leaves, and whole random JSON under the known keys.
scraps = st.lists(st.sampled_from(PIECES) | st.text(max_size=30), max_size=4).map("".join)
names = st.sampled_from(
    [
        "class_type",
        "inputs",
        "nodes",
        "links",
        "id",
        "type",
        "widgets_values",
        "mode",
        "definitions",
        "subgraphs",
        "image",
        "prompt",
        "1",
        "2",
    ]
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["K", "KSampler", "Reroute", "1"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.text(max_size=6), inner, max_size=5),
    max_leaves=20,
)
texts = st.tuples(
    st.sampled_from(KEYS), scraps | values.map(json.dumps) | st.binary(max_size=60).map(lambda b: b.decode("latin-1"))
)
packets = st.lists(st.sampled_from(XMP) | st.binary(max_size=20), max_size=5).map(b"".join)
probes = st.builds(
    lambda given, xmp, kind: Probe(
        "x", 1, Media(kind, "image/png", 8, 8), tuple(_text(k, v) for k, v in given), tuple(xmp)
    ),
    st.lists(texts, max_size=4),
    st.lists(packets, max_size=2),
    st.sampled_from(list(Kind)),
)


def _text(key, value):
    raw = value.encode("utf-8", "surrogatepass")
    return Text(f"png:tEXt:{key}", key, value, raw, len(raw))


def test_every_reader_of_the_folder_loads():
    assert discovered().broken == ()
    assert len(READERS) >= 12


@pytest.mark.parametrize("reader", READERS, ids=lambda r: r.name)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(probe=probes)
def test_reader_never_raises_is_pure_and_silent_at_score_zero(reader, probe):
    first = reader.read(probe)
    assert reader.read(probe) == first
    score = reader.score(probe)
    assert 0 <= score <= 100
    assert bool(first) <= bool(score)
    for claim in first:
        assert (claim.reader, claim.reader_version) == (reader.name, reader.version)
        json.dumps(asdict(claim) | {"raw": None}, allow_nan=False).encode()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(probe=probes)
def test_whole_room_answers_every_probe_with_json(probe):
    claims, problems = read_claims(probe)
    assert problems == ()
    merged = merge(claims)
    if merged.generation:
        json.dumps(asdict(merged.generation), allow_nan=False).encode()


def test_answers_do_not_depend_on_order_or_threads():
    """sd-parsers answers half of such a loop with another picture's prompt (a cache by object id)."""
    made = [
        Probe(
            "x",
            1,
            Media(Kind.IMAGE, "image/png", 8, 8),
            (_text(KEYS[i % len(KEYS)], PIECES[i % len(PIECES)] + str(i)),),
        )
        for i in range(60)
    ]
    alone = [read_claims(probe) for probe in made]
    order = list(range(60)) * 3
    random.Random(5).shuffle(order)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda i: (i, read_claims(made[i])), order))
    assert all(answer == alone[i] for i, answer in together)
