"""ComfyUI graphs: answers come from links, never from the names of nodes."""

import json

import pytest

from dam.metadata.comfy_graph import build
from dam.metadata.readers.comfyui import PLUGIN, generation_of
from dam.model import Kind


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def simple(**more):
    return {
        "4": node("Any Loader", ckpt_name="base.safetensors"),
        "5": node("Blank", width=832, height=384),
        "6": node("Words", text="a shark", clip=["4", 1]),
        "7": node("Words", text="blurry", clip=["4", 1]),
        "3": node(
            "My Sampler",
            seed=0,
            steps=20,
            cfg=8,
            sampler_name="euler",
            scheduler="normal",
            denoise=1.0,
            model=["4", 0],
            positive=["6", 0],
            negative=["7", 0],
            latent_image=["5", 0],
        ),
        "8": node("Decode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", filename_prefix="x", images=["8", 0]),
    } | more


def read(graph, kind=Kind.IMAGE):
    return generation_of(build(graph), kind)


def test_unknown_node_names_make_no_difference():
    made = read(simple())
    assert (made.prompt, made.negative_prompt, made.seed, made.steps) == ("a shark", "blurry", 0, 20)
    assert (made.model, made.width, made.height, made.sampler, made.cfg_scale) == (
        "base.safetensors",
        832,
        384,
        "euler",
        8.0,
    )
    assert len(made.stages) == 1


def test_zeroed_conditioning_is_an_empty_negative():
    graph = simple(**{"7": node("ConditioningZeroOut", conditioning=["6", 0])})
    assert read(graph).negative_prompt == ""


def test_node_that_passes_both_conditions_is_followed_by_role():
    both = node("InstructPixToPixConditioning", positive=["6", 0], negative=["7", 0], pixels=["10", 0], vae=["4", 2])
    graph = simple(**{"35": both, "10": node("LoadImage", image="in.png")})
    graph["3"]["inputs"] |= {"positive": ["35", 0], "negative": ["35", 1], "latent_image": ["35", 2]}
    made = read(graph)
    assert (made.prompt, made.negative_prompt) == ("a shark", "blurry")
    assert [(i.name, i.role) for i in made.inputs] == [("in.png", "init")]


def test_advanced_sampler_is_read_over_its_helpers():
    graph = simple(
        **{
            "3": node(
                "Adv", noise=["25", 0], guider=["22", 0], sampler=["16", 0], sigmas=["18", 0], latent_image=["5", 0]
            ),
            "25": node("Noise", noise_seed=7),
            "22": node("Guide", model=["4", 0], conditioning=["26", 0]),
            "26": node("Guidance", guidance=3.5, conditioning=["6", 0]),
            "16": node("Pick", sampler_name="dpmpp_2m"),
            "18": node("SplitSigmas", step=5, sigmas=["17", 0]),
            "17": node("Sched", scheduler="beta", steps=12, denoise=0.5, model=["4", 0]),
        }
    )
    made = read(graph)
    assert (made.seed, made.steps, made.sampler, made.scheduler, made.denoise) == (7, 12, "dpmpp_2m", "beta", 0.5)
    assert (made.prompt, made.negative_prompt, made.model) == ("a shark", "", "base.safetensors")


def test_loras_are_collected_on_the_way_to_the_model():
    graph = simple(**{"10": node("L", lora_name="ink.safetensors", strength_model=0.7, model=["11", 0], clip=["4", 1])})
    graph["11"] = node(
        "Power",
        lora_1={"on": True, "lora": "a.pt", "strength": 0.2},
        lora_2={"on": False, "lora": "b.pt"},
        model=["4", 0],
    )
    graph["3"]["inputs"]["model"] = ["10", 0]
    assert [(x.name, x.weight) for x in read(graph).loras] == [("a.pt", 0.2), ("ink.safetensors", 0.7)]


def test_control_picture_has_its_role_and_its_hash():
    digest = "ab" * 32
    graph = simple(
        **{
            "20": node("LoadImage", image="sub/depth.png [input]") | {"is_changed": [digest]},
            "23": node("Apply", strength=1, conditioning=["6", 0], control_net=["31", 0], image=["20", 0]),
            "31": node("CNLoader", control_net_name="t2i.pth"),
        }
    )
    graph["3"]["inputs"]["positive"] = ["23", 0]
    (parent,) = read(graph).inputs
    assert (parent.name, parent.role, parent.sha256) == ("sub/depth.png", "control", digest)


def test_dead_branches_do_not_count():
    graph = simple(
        **{
            "39": node("LoadImage", image="unused.png"),
            "40": node("PreviewImage", images=["39", 0]),
        }
    )
    assert read(graph).inputs == ()


def test_switches_keep_only_their_live_branch():
    graph = simple(
        **{
            "50": node("ComfySwitchNode", switch=["51", 0], on_false=["52", 0], on_true=["53", 0]),
            "51": node("PrimitiveBoolean", value=True),
            "52": node("PrimitiveInt", value=20),
            "53": node("PrimitiveInt", value=8),
        }
    )
    graph["3"]["inputs"]["steps"] = ["50", 0]
    assert read(graph).steps == 8


def test_prompt_is_put_together_from_string_nodes():
    graph = simple(
        **{
            "60": node("StringConcatenate", string_a=["61", 0], string_b="at night", delimiter=", "),
            "61": node("PrimitiveString", value="a shark"),
        }
    )
    graph["6"]["inputs"]["text"] = ["60", 0]
    assert read(graph).prompt == "a shark, at night"


def test_edit_encoder_gives_its_prompt_to_either_side_and_its_picture_as_reference():
    graph = simple(
        **{
            "6": node("TextEncodeQwenImageEdit", prompt="make it night", clip=["4", 1], image=["10", 0]),
            "7": node("TextEncodeQwenImageEdit", prompt="", clip=["4", 1], image=["10", 0]),
            "10": node("LoadImage", image="day.png"),
        }
    )
    made = read(graph)
    assert (made.prompt, made.negative_prompt) == ("make it night", "")
    assert [(i.name, i.role) for i in made.inputs] == [("day.png", "reference")]


def test_second_pass_is_a_stage_and_the_base_pass_the_headline():
    again = json.loads(json.dumps(simple()["3"]))
    again["inputs"] |= {"seed": 99, "denoise": 0.5, "latent_image": ["70", 0]}
    graph = simple(**{"70": node("LatentUpscale", width=1664, height=768, samples=["3", 0]), "71": again})
    graph["8"]["inputs"]["samples"] = ["71", 0]
    made = read(graph)
    assert made.seed == 0
    assert [(s.seed, s.width) for s in made.stages] == [(0, 832), (99, 1664)]


def test_last_edit_of_a_chain_is_the_headline():
    graph = simple(
        **{
            "80": node("Words", text="now in snow", clip=["4", 1]),
            "81": node("ReferenceLatent", conditioning=["80", 0], latent=["82", 0]),
            "82": node("VAEEncode", pixels=["8", 0], vae=["4", 2]),
            "83": node(
                "S",
                seed=2,
                steps=4,
                cfg=1,
                model=["4", 0],
                positive=["81", 0],
                negative=["7", 0],
                latent_image=["5", 0],
            ),
            "84": node("Decode", samples=["83", 0]),
            "9": node("SaveImage", filename_prefix="x", images=["84", 0]),
        }
    )
    made = read(graph)
    assert (made.prompt, made.seed, len(made.stages)) == ("now in snow", 2, 2)


def test_output_node_is_chosen_by_the_kind_of_file():
    graph = simple(
        **{
            "90": node("Words", text="a song", clip=["4", 1]),
            "91": node("S", seed=5, steps=4, cfg=1, model=["4", 0], positive=["90", 0], latent_image=["92", 0]),
            "92": node("EmptyLatentAudio", seconds=47.6),
            "93": node("SaveAudio", filename_prefix="x", audio=["91", 0]),
        }
    )
    assert (read(graph, Kind.AUDIO).prompt, read(graph, Kind.IMAGE).prompt) == ("a song", "a shark")


def test_hosted_generator_node_speaks_for_itself():
    graph = {
        "1": node(
            "KlingTextToVideoNode", prompt="a shark", negative_prompt="", model_name="kling-v2", cfg_scale=0.5, seed=3
        ),
        "2": node("SaveVideo", filename_prefix="v", video=["1", 0]),
    }
    made = read(graph, Kind.VIDEO)
    assert (made.prompt, made.model, made.seed) == ("a shark", "kling-v2", 3)


def test_graph_without_a_sampler_still_names_tool_and_inputs():
    made = read({"1": node("LoadImage", image="a.png"), "2": node("SaveImage", filename_prefix="x", images=["1", 0])})
    assert (made.tool, made.prompt, [i.name for i in made.inputs]) == ("ComfyUI", None, ["a.png"])


@pytest.mark.parametrize(
    ("key", "wrap"),
    [
        ("prompt", json.dumps),
        ("PROMPT", json.dumps),
        ("0x0110", lambda g: "prompt:" + json.dumps(g)),
        ("0x010e", lambda g: "Prompt: " + json.dumps(g)),
        ("comment", lambda g: json.dumps({"prompt": json.dumps(g), "workflow": {}})),
        ("metadata", lambda g: json.dumps({"workflow": {"nodes": []}, "prompt": g}, indent=1)),
        ("prompt", lambda g: json.dumps(json.dumps(json.dumps(g)))),
        ("prompt", lambda g: "\x00\x01junk" + json.dumps(g)),
        ("prompt", lambda g: json.dumps(g | {"3b": {"class_type": "X", "inputs": {}, "is_changed": [float("nan")]}})),
    ],
)
def test_graph_is_found_in_every_wrapping(key, wrap, probe_of):
    (claim,) = PLUGIN.read(probe_of([(key, wrap(simple()))]))
    assert (claim.generation.prompt, claim.generation.seed, claim.ai_generated) == ("a shark", 0, True)


def test_workflow_beside_a_graph_is_a_second_claim_without_an_answer_of_its_own(probe_of):
    workflow = {
        "nodes": [{"id": 1, "type": "KSampler", "widgets_values": [5, "fixed", 1, 1, "e", "n", 1]}],
        "links": [],
    }
    claims = PLUGIN.read(probe_of(prompt=simple(), workflow=workflow))
    assert [c.generation.seed for c in claims] == [0, None]


def test_cycles_and_shared_concatenations_end(probe_of):
    loop = {
        "1": node("S", seed=1, steps=2, cfg=3, positive=["1", 0], model=["1", 0], latent_image=["1", 0], text=["1", 0])
    }
    assert read(loop).seed == 1
    double = {str(i): node("Join", text_a=[str(i + 1), 0], text_b=[str(i + 1), 0]) for i in range(60)} | {
        "60": node("T", text="x")
    }
    double["s"] = node("S", seed=1, steps=2, cfg=3, positive=["0", 0])
    assert read(double).seed == 1
