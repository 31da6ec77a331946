"""InvokeAI's graph where nothing else tells, and command lines that fix a picture."""

import json

from dam.metadata.dream import parse_dream
from dam.metadata.invoke_graph import generation_of_graph, graph_of
from dam.metadata.readers.invokeai import PLUGIN


def edge(source, out, target, into):
    return {"source": {"node_id": source, "field": out}, "destination": {"node_id": target, "field": into}}


NODES = {
    "model": {"type": "main_model_loader", "model": {"name": "Harbour XL", "hash": "blake3:1"}},
    "lora": {"type": "lora_loader", "lora": {"name": "ink"}, "weight": 0.6},
    "words": {"type": "string", "value": "a harbour"},
    "pos": {"type": "compel", "prompt": ""},
    "neg": {"type": "compel", "prompt": "fog"},
    "noise": {"type": "noise", "seed": 5, "width": 512, "height": 640},
    "made": {"type": "denoise_latents", "steps": 20, "cfg_scale": 7, "scheduler": "euler", "denoising_start": 0.4},
    "out": {"type": "l2i"},
}
EDGES = [
    edge("words", "value", "pos", "prompt"),
    edge("pos", "conditioning", "made", "positive_conditioning"),
    edge("neg", "conditioning", "made", "negative_conditioning"),
    edge("noise", "noise", "made", "noise"),
    edge("model", "unet", "lora", "unet"),
    edge("lora", "unet", "made", "unet"),
    edge("made", "latents", "out", "latents"),
]


def test_graph_alone_tells_what_its_denoising_node_was_told(probe_of):
    (claim,) = PLUGIN.read(probe_of(invokeai_graph={"nodes": NODES, "edges": EDGES}))
    got = claim.generation
    assert (got.prompt, got.negative_prompt, got.seed, got.steps, got.cfg_scale) == ("a harbour", "fog", 5, 20, 7)
    assert (got.model, got.sampler, got.width, got.height, got.denoise) == ("Harbour XL", "euler", 512, 640, 0.6)
    assert [(lora.name, lora.weight) for lora in got.loras] == [("ink", 0.6)]


def test_metadata_node_of_a_graph_is_believed_before_its_other_nodes(probe_of):
    collected = {"type": "core_metadata", "positive_prompt": "a quay", "seed": 9, "steps": 30, "model": {"name": "B"}}
    nodes = NODES | {"meta": collected, "n": {"type": "integer", "value": 11}}
    edges = [*EDGES, edge("n", "value", "meta", "seed")]
    (claim,) = PLUGIN.read(probe_of(invokeai_graph={"nodes": nodes, "edges": edges}))
    got = claim.generation
    assert (got.prompt, got.seed, got.steps, got.model) == ("a quay", 11, 30, "B")


def test_graph_in_a_circle_ends():
    nodes = {"a": {"type": "denoise_latents", "steps": 1}, "b": {"type": "compel"}}
    edges = [
        edge("a", "x", "b", "prompt"),
        edge("b", "prompt", "a", "positive_conditioning"),
        edge("b", "x", "b", "prompt"),
    ]
    assert generation_of_graph(graph_of({"nodes": nodes, "edges": edges * 50})).steps == 1


def test_model_without_a_negative_prompt_says_that_it_was_empty(probe_of):
    said = json.dumps({"positive_prompt": "a harbour", "negative_prompt": None, "seed": 1})
    (claim,) = PLUGIN.read(probe_of(invokeai_metadata=said))
    assert claim.generation.negative_prompt == ""


def test_command_that_fixes_a_picture_has_that_picture_as_input_and_no_prompt(probe_of):
    line = '!fix "outputs/000045.png" -S 592514025 -G0.8'
    assert parse_dream(line).prompt is None
    (claim,) = PLUGIN.read(probe_of(Dream=line))
    assert [(each.name, each.role) for each in claim.generation.inputs] == [("outputs/000045.png", "init")]
    assert (claim.generation.seed, claim.generation.prompt) == (592514025, None)
