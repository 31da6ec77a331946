"""Graphs made to take for ever: every walk pays from one budget a file."""

import json
import sys

import pytest

from dam.metadata.comfy_graph import MAX_NODES, Budget, build
from dam.metadata.comfy_workflow import to_api_graph
from dam.metadata.readers.comfyui import MAX_DECODED_CHARS, PLUGIN, generation_of

SMALL = 20_000  # steps: a budget that small graphs use up
CALLS_A_NODE = 200  # what looking at every node once may cost
CALLS_A_LINK = 20


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def sampler(**links):
    return node("S", seed=1, steps=2, cfg=3, **links)


def ui(id_, kind, links=(), mode=0, widgets=()):
    inputs = [{"name": f"i{at}", "type": "*", "link": link} for at, link in enumerate(links)]
    return {
        "id": id_,
        "type": kind,
        "mode": mode,
        "widgets_values": list(widgets),
        "inputs": inputs,
        "outputs": [{"type": "*"}],
    }


def samplers_in_a_chain(count):
    return {
        str(i): sampler(model=[f"{i + 1}", 0], positive=[f"{i + 1}", 0], image=[f"{i + 1}", 0]) for i in range(count)
    }


def dense_layers(count, kind, key):
    wide = 40
    graph = {
        f"{layer}_{at}": node(kind, **{f"{key}{to}": [f"{layer + 1}_{to}", 0] for to in range(wide)})
        for layer in range(count // wide)
        for at in range(wide)
    }
    return graph | {f"s{i}": sampler(positive=["0_0", 0], image=[f"s{i + 1}", 0]) for i in range(40)}


def fan(count):
    asks = {str(i): node("KlingVideoNode", prompt=["x", 0], image=["x", 0], any=[f"{i + 1}", 0]) for i in range(count)}
    saves = node("SaveImage", filename_prefix="x", **{f"images{i}": [str(i), 0] for i in range(count)})
    return asks | {"x": node("LoadImage", image="a.png"), "o": saves}


def broad_node(count):
    """Numbers come over links from one node with more literals than anybody reads."""
    keys = ("seed", "steps", "cfg", "denoise", "width", "height", "select", "model")
    asks = {str(i): node("S", **{key: ["b", 0] for key in keys}, image=[f"{i + 1}", 0]) for i in range(count)}
    return asks | {"b": node("B", **{f"k{i}": i for i in range(20_000)})}


def calls_of(work):
    """How many calls a piece of work makes: what it costs, on any machine. Ends it when it is far too many."""
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event in ("call", "c_call")
        if calls > 200 * SMALL:
            raise AssertionError(calls)

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    "graph",
    [
        samplers_in_a_chain(2_000),
        dense_layers(1_200, "Combine", "conditioning_"),
        dense_layers(1_200, "Concatenate", "text_"),
        dense_layers(1_200, "Blend", "image"),
        fan(2_000),
        broad_node(1_000),
        {str(i): sampler(model=[str(i * 7 % 1500), 0], image=[str(i * 11 % 1500), 0]) for i in range(1_500)},
    ],
    ids=["chain", "dense conditions", "dense texts", "dense pictures", "fan", "broad node", "circles"],
)
def test_walks_over_one_graph_cost_no_more_than_the_budget(graph):
    built = build(graph, Budget(SMALL))
    links = sum(len(each.links) for each in built.nodes.values())
    most = 6 * SMALL + CALLS_A_NODE * len(built.nodes) + CALLS_A_LINK * links
    assert calls_of(lambda: generation_of(built)) < most


def test_no_more_nodes_and_links_are_kept_than_the_limit():
    built = build(samplers_in_a_chain(MAX_NODES + 50))
    assert len(built.nodes) == MAX_NODES
    assert len(build(broad_node(1)).nodes["b"].literals) < 2_000


def test_graphs_of_one_file_share_a_budget():
    budget = Budget(SMALL)
    graphs = [build(samplers_in_a_chain(400), budget) for _ in range(8)]
    assert calls_of(lambda: [generation_of(graph) for graph in graphs]) < 6 * SMALL + CALLS_A_NODE * 8 * 400


def test_no_more_text_is_decoded_than_a_file_may_cost(probe_of):
    graph = json.dumps({"1": node("LoadImage", image="a.png"), "pad": "x" * (MAX_DECODED_CHARS // 3)})
    assert len(PLUGIN.read(probe_of([(f"prompt{i}", graph) for i in range(9)]))) == 2


def test_bypassed_nodes_that_share_their_inputs_are_followed_once():
    count = 60
    nodes = [
        ui(0, "K", [0]),
        *(ui(i, "X", [2 * i, 2 * i + 1], mode=4) for i in range(1, count)),
        ui(count, "Y", mode=2),
    ]
    links = [
        [0, 1, 0, 0, 0, "*"],
        *([2 * i + side, i + 1, 0, i, side, "*"] for i in range(1, count) for side in (0, 1)),
    ]
    assert to_api_graph({"nodes": nodes, "links": links})["0"]["inputs"] == {}


def test_subgraph_inside_itself_ends():
    inner = {"id": "s" * 36, "nodes": [ui(i, "s" * 36) for i in range(30)], "links": []}
    assert to_api_graph({"nodes": [ui(1, "s" * 36)], "definitions": {"subgraphs": [inner]}}) == {}


def test_large_subgraph_is_opened_once_however_often_it_is_read():
    inner = {
        "id": "s" * 36,
        "nodes": [ui(i, "X") for i in range(5_000)],
        "links": [[1, 5, 0, -20, 0, "*"]],
        "outputs": [{"name": "o", "linkIds": [1]}],
    }
    nodes = [ui(1, "s" * 36), *(ui(10 + i, "K", [i]) for i in range(2_000))]
    links = [[i, 1, 0, 10 + i, 0, "*"] for i in range(2_000)]
    graph = to_api_graph({"nodes": nodes, "links": links, "definitions": {"subgraphs": [inner]}})
    assert graph["2009"]["inputs"] == {"i0": ["1:5", 0]}


def test_thousands_of_variables_are_found_by_name():
    count = 3_000
    nodes = [ui(i, "GetNode", widgets=[f"v{i}"]) for i in range(count)]
    nodes += [ui(count + i, "SetNode", [i], widgets=[f"v{i}"]) for i in range(count)] + [ui(3 * count, "Source")]
    nodes += [ui(2 * count + i, "K", [count + i]) for i in range(count)]
    links = [[i, 3 * count, 0, count + i, 0, "*"] for i in range(count)]
    links += [[count + i, i, 0, 2 * count + i, 0, "*"] for i in range(count)]
    assert to_api_graph({"nodes": nodes, "links": links})[f"{2 * count}"]["inputs"] == {"i0": ["9000", 0]}
