"""The editor's graph alone: converted by links, positions, subgraphs."""

from dam.metadata.comfy_graph import build
from dam.metadata.comfy_workflow import to_api_graph
from dam.metadata.readers.comfyui import PLUGIN, generation_of


def ui(id_, kind, widgets=(), inputs=(), outputs=("X",), mode=0, **more):
    return {
        "id": id_,
        "type": kind,
        "mode": mode,
        "widgets_values": list(widgets),
        "inputs": [{"name": n, "type": t, "link": link} for n, t, link in inputs],
        "outputs": [{"name": o, "type": o} for o in outputs],
    } | more


def workflow(*extra, sampler_model=1):
    nodes = [
        ui(4, "CheckpointLoaderSimple", ["base.ckpt"], outputs=("MODEL", "CLIP", "VAE")),
        ui(6, "CLIPTextEncode", ["a shark"], [("clip", "CLIP", 2)]),
        ui(7, "CLIPTextEncode", ["blurry"], [("clip", "CLIP", 3)]),
        ui(5, "EmptyLatentImage", [512, 640, 1]),
        ui(
            3,
            "KSampler",
            [42, "randomize", 20, 7.5, "euler", "normal", 1],
            [
                ("model", "MODEL", sampler_model),
                ("positive", "CONDITIONING", 4),
                ("negative", "CONDITIONING", 5),
                ("latent_image", "LATENT", 6),
            ],
        ),
        ui(9, "SaveImage", ["x"], [("images", "IMAGE", 7)], outputs=()),
    ]
    links = [[1, 4, 0, 3, 0, "MODEL"], [2, 4, 1, 6, 0, "CLIP"], [3, 4, 1, 7, 0, "CLIP"], [4, 6, 0, 3, 1, "C"]]
    links += [[5, 7, 0, 3, 2, "C"], [6, 5, 0, 3, 3, "L"], [7, 3, 0, 9, 0, "I"]]
    return {"nodes": [*nodes, *extra], "links": links}


def read(given):
    return generation_of(build(to_api_graph(given)))


def test_values_by_position_and_links_by_id_give_the_answer():
    made = read(workflow())
    assert (made.prompt, made.negative_prompt, made.seed, made.steps) == ("a shark", "blurry", 42, 20)
    assert (made.model, made.width, made.height, made.scheduler) == ("base.ckpt", 512, 640, "normal")


def test_workflow_alone_is_a_claim_of_lower_confidence(probe_of):
    (claim,) = PLUGIN.read(probe_of(workflow=workflow()))
    assert (claim.generation.seed, claim.confidence < 1) == (42, True)


def test_bypassed_lora_is_seen_through_and_a_muted_node_dropped():
    lora = ui(10, "LoraLoaderModelOnly", ["off.safetensors", 1], [("model", "MODEL", 8)], ("MODEL",), mode=4)
    muted = ui(11, "SaveImage", ["y"], mode=2)
    given = workflow(lora, muted, sampler_model=9)
    given["links"] += [[8, 4, 0, 10, 0, "MODEL"], [9, 10, 0, 3, 0, "MODEL"]]
    made = read(given)
    assert (made.model, made.loras) == ("base.ckpt", ())
    assert "11" not in to_api_graph(given)


def test_reroutes_primitives_and_get_set_nodes_are_transparent():
    given = workflow(
        ui(20, "PrimitiveNode", [77, "fixed"]),
        ui(21, "Reroute", (), [("", "*", 11)]),
        ui(22, "SetNode", ["m"], [("MODEL", "MODEL", 12)]),
        ui(23, "GetNode", ["m"]),
    )
    sampler = next(n for n in given["nodes"] if n["id"] == 3)
    sampler["inputs"].append({"name": "seed", "type": "INT", "link": 10, "widget": {"name": "seed"}})
    sampler["inputs"][0]["link"] = 11
    given["links"] += [[10, 20, 0, 3, 4, "INT"], [11, 23, 0, 3, 0, "MODEL"], [12, 4, 0, 22, 0, "MODEL"]]
    made = read(given)
    assert (made.seed, made.model) == (77, "base.ckpt")


def test_subgraphs_are_opened_with_values_from_outside():
    inner = workflow()
    inner["id"] = "5f0e2c8e-0000-0000-0000-000000000000"
    inner["nodes"] = [n for n in inner["nodes"] if n["id"] != 9]
    inner["links"] = [
        {"id": i, "origin_id": a, "origin_slot": b, "target_id": c, "target_slot": d}
        for i, a, b, c, d, _ in inner["links"][:6]
    ]
    inner["links"] += [
        {"id": 20, "origin_id": -10, "origin_slot": 0, "target_id": 6, "target_slot": 1},
        {"id": 21, "origin_id": 3, "origin_slot": 0, "target_id": -20, "target_slot": 0},
    ]
    words = next(n for n in inner["nodes"] if n["id"] == 6)
    words["inputs"].append({"name": "text", "type": "STRING", "link": 20, "widget": {"name": "text"}})
    inner |= {"inputs": [{"name": "text", "linkIds": [20]}], "outputs": [{"name": "LATENT", "linkIds": [21]}]}
    outer = {
        "nodes": [
            ui(1, inner["id"], (), [("text", "STRING", 1)], ("LATENT",)),
            ui(2, "PrimitiveStringMultiline", ["from outside"]),
            ui(9, "SaveImage", ["x"], [("images", "IMAGE", 2)], ()),
        ],
        "links": [[1, 2, 0, 1, 0, "STRING"], [2, 1, 0, 9, 0, "IMAGE"]],
        "definitions": {"subgraphs": [inner]},
    }
    made = read(outer)
    assert (made.prompt, made.seed, made.model) == ("from outside", 42, "base.ckpt")


def hosted(kind, *widgets, **more):
    given = {
        "nodes": [ui(1, kind, widgets, outputs=("VIDEO",)), ui(2, "SaveVideo", ["x"], [("video", "VIDEO", 1)], ())]
    }
    given["nodes"][0] |= more
    return read(given | {"links": [[1, 1, 0, 2, 0, "VIDEO"]]})


def test_unnamed_values_of_a_hosted_node_are_told_by_their_shape():
    made = hosted("KlingTextToVideoWithAudio", "kling-v2-6", "a big shark, at night.", "16:9", 5, True, 77, "randomize")
    assert (made.tool, made.model, made.prompt, made.seed) == ("Kling", "kling-v2-6", "a big shark, at night.", 77)


def test_text_behind_the_prompt_is_the_negative_one_only_if_it_reads_like_one():
    made = hosted("WanTextToVideoApi", "wan2.6-t2v", "a big shark", "blurry, low quality", "720p")
    assert (made.prompt, made.negative_prompt) == ("a big shark", "blurry, low quality")
    assert hosted("WanTextToVideoApi", "a big shark", "it is a fish").negative_prompt is None


def test_persona_of_a_language_model_and_listed_options_are_no_prompt():
    made = hosted("GeminiImageNode", "Starlight (Astra) Fast", "You are an expert. Do it well.", "a shark swims home")
    assert made.prompt == "a shark swims home"


def test_names_beside_the_values_are_believed():
    made = hosted("Foo Api", "x", widgets_values_named={"prompt": "a shark", "model": "m1", "seed": 5})
    assert (made.prompt, made.model, made.seed) == ("a shark", "m1", 5)


def test_partly_named_values_that_do_not_fit_their_names_are_told_by_shape():
    named = [{"name": n, "type": "X", "widget": {"name": n}} for n in ("prompt", "duration", "seed")]
    made = hosted("KlingFirstLastFrameNode", "a big shark swims", 5, "kling-v3", "1080p", 9, "fixed", inputs=named)
    assert (made.model, made.seed) == ("kling-v3", 9)


def test_custom_samplers_keep_steps_and_cfg_before_the_samplers_name():
    values = [512, True, 42, "fixed", 20, 7.5, "euler", "karras", 0.4, 5]
    sampler = ui(
        3, "Someones Detailer", values, [("model", "MODEL", 1), ("positive", "C", 4), ("latent_image", "L", 6)]
    )
    given = workflow()
    given["nodes"] = [sampler if n["id"] == 3 else n for n in given["nodes"]]
    made = read(given)
    assert (made.seed, made.steps, made.cfg_scale, made.sampler, made.scheduler) == (42, 20, 7.5, "euler", "karras")
    assert made.denoise == 0.4


def test_values_of_a_subgraphs_node_go_by_the_subgraphs_own_inputs():
    inner = {
        "id": "5f0e2c8e-0000-0000-0000-000000000001",
        "nodes": [n for n in workflow()["nodes"] if n["id"] != 9],
        "links": [
            *workflow()["links"][:6],
            {"id": 20, "origin_id": -10, "origin_slot": 1, "target_id": 6, "target_slot": 1},
            {"id": 22, "origin_id": -10, "origin_slot": 2, "target_id": 3, "target_slot": 4},
            {"id": 21, "origin_id": 3, "origin_slot": 0, "target_id": -20, "target_slot": 0},
        ],
        "inputs": [
            {"name": "image", "type": "IMAGE"},
            {"name": "text", "type": "STRING"},
            {"name": "seed", "type": "INT"},
        ],
        "outputs": [{"name": "L", "linkIds": [21]}],
    }
    for id_, name, link in ((6, "text", 20), (3, "seed", 22)):
        each = next(n for n in inner["nodes"] if n["id"] == id_)
        each["inputs"].append({"name": name, "type": "X", "link": link, "widget": {"name": name}})
    outer = {
        "nodes": [
            ui(1, inner["id"], ["from the host", 12345], outputs=("L",)),
            ui(9, "SaveImage", ["x"], [("images", "IMAGE", 2)], ()),
        ],
        "links": [[2, 1, 0, 9, 0, "IMAGE"]],
        "definitions": {"subgraphs": [inner]},
    }
    outer["nodes"][0]["inputs"] = [{"name": "text", "type": "STRING", "link": None, "widget": {"name": "text"}}]
    made = read(outer)
    assert (made.prompt, made.seed) == ("from the host", 12345)


def open_inputs(given):
    """The workflow with nothing drawn into the sampler."""
    sampler = next(n for n in given["nodes"] if n["id"] == 3)
    for each in sampler["inputs"]:
        each["link"] = None
    return given


def test_links_that_anything_everywhere_lists_are_followed():
    given = open_inputs(workflow())
    ends = [(0, "4", 0), (1, "6", 0), (2, "7", 0), (3, "5", 0)]
    links = [{"downstream": 3, "downstream_slot": d, "upstream": u, "upstream_slot": s} for d, u, s in ends]
    made = read(given | {"extra": {"ue_links": links}})
    assert (made.prompt, made.negative_prompt, made.model, made.width) == ("a shark", "blurry", "base.ckpt", 512)


def test_what_goes_everywhere_reaches_open_inputs_of_its_type():
    given = open_inputs(
        workflow(
            ui(30, "Anything Everywhere", (), [("anything", "MODEL", 40)], ()),
            ui(31, "Prompts Everywhere", (), [("positive", "CONDITIONING", 41), ("negative", "CONDITIONING", 42)], ()),
        )
    )
    given["links"] += [[40, 4, 0, 30, 0, "MODEL"], [41, 6, 0, 31, 0, "CONDITIONING"], [42, 7, 0, 31, 1, "CONDITIONING"]]
    made = read(given)
    assert (made.prompt, made.negative_prompt, made.model) == ("a shark", "blurry", "base.ckpt")


def test_graph_of_an_earlier_run_inside_the_editors_graph_does_not_speak(probe_of):
    stale = {"1": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 1, "cfg": 1, "positive": ["2", 0]}}}
    (claim,) = PLUGIN.read(probe_of(workflow=workflow() | {"extra": {"prompt": stale}}))
    assert (claim.generation.seed, claim.confidence) == (42, 0.7)
