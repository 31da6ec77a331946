"""Pitfalls of real ComfyUI graphs: bridges, stylers, motion modules, several LoRAs, stale and foreign graphs."""

import json

import pytest

from dam.metadata.comfy_graph import build
from dam.metadata.comfy_workflow import find_workflow
from dam.metadata.readers.comfyui import PLUGIN, generation_of


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def graph(**changes):
    """A plain picture graph; keyword `nID` replaces or adds the node ID."""
    knobs = {"seed": 7, "steps": 21, "cfg": 5.5, "sampler_name": "euler", "scheduler": "karras", "denoise": 1}
    links = {"model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0]}
    nodes = {
        "1": node("CheckpointLoaderSimple", ckpt_name="harbour.safetensors"),
        "2": node("CLIPTextEncode", text="a harbour", clip=["1", 1]),
        "3": node("CLIPTextEncode", text="fog", clip=["1", 1]),
        "4": node("EmptyLatentImage", width=512, height=640, batch_size=1),
        "5": node("KSampler", **knobs, **links),
        "8": node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "9": node("SaveImage", filename_prefix="x", images=["8", 0]),
    }
    sampler = changes.pop("sampler", {})
    nodes["5"]["inputs"] |= sampler
    return nodes | {name[1:]: each for name, each in changes.items()}


def read(nodes):
    return generation_of(build(nodes))


def test_one_embeds_input_holds_both_prompts_and_the_guidance():
    bridge = node("VideoTextEmbedBridge", positive=["2", 0], negative=["3", 0], cfg=7.5)
    sampler = node("VideoSampler", model=["1", 0], text_embeds=["6", 0], steps=25, seed=1, width=720, height=480)
    got = read(graph(n5=sampler, n6=bridge))
    assert (got.prompt, got.negative_prompt, got.cfg_scale) == ("a harbour", "fog", 7.5)


def test_lone_prompt_behind_text_embeds_is_not_the_negative_prompt_as_well():
    encode = node("VideoTextEncode", prompt="a harbour", settings_cfg=["3", 0])
    settings = node("VideoCFG", negative_prompt="fog", cfg=6.0)
    sampler = node("VideoSampler", model=["1", 0], text_embeds=["2", 0], steps=25, seed=1)
    got = read(graph(n2=encode, n3=settings, n5=sampler))
    assert (got.prompt, got.negative_prompt, got.cfg_scale) == ("a harbour", "fog", 6.0)
    settings["inputs"].pop("negative_prompt")
    assert read(graph(n2=encode, n3=settings, n5=sampler)).negative_prompt == ""


def test_prompt_styler_gives_its_positive_text_first_and_its_negative_text_second():
    styler = node("PromptStyler", text_positive="a harbour at dusk", text_negative="fog, text", style="base", log="No")
    two = node("CLIPTextEncode", text=["6", 0], clip=["1", 1])
    three = node("CLIPTextEncode", text=["6", 1], clip=["1", 1])
    got = read(graph(n2=two, n3=three, n6=styler))
    assert (got.prompt, got.negative_prompt) == ("a harbour at dusk", "fog, text")


def test_motion_module_on_the_way_is_not_the_model_but_a_lone_one_is():
    motion = node("MotionLoader", model_name="motion_v2.ckpt", model=["1", 0])
    got = read(graph(n6=motion, sampler={"model": ["6", 0]}))
    assert got.model == "harbour.safetensors"
    assert read(graph(n1=node("Unknown"), n6=motion, sampler={"model": ["6", 0]})).model == "motion_v2.ckpt"


def test_size_typed_into_text_boxes_is_a_size():
    latent = node("EmptyLatentImage", width=["6", 0], height=["7", 0], batch_size=1)
    got = read(graph(n4=latent, n6=node("Int", Number="832"), n7=node("Int", Number="1216")))
    assert (got.width, got.height) == (832, 1216)


def test_node_that_sets_several_things_is_asked_for_the_one_of_the_same_name():
    several = node("Config", steps_total=21, refiner_step=15, cfg=4.5, sampler_name="heun", scheduler="beta")
    links = {"steps": ["6", 0], "cfg": ["6", 2], "sampler_name": ["6", 3], "scheduler": ["6", 4]}
    got = read(graph(n6=several, sampler=links))
    assert (got.steps, got.cfg_scale, got.sampler, got.scheduler) == (21, 4.5, "heun", "beta")


def test_picture_loaded_from_an_address_is_an_input_by_its_file_name():
    url = "http://127.0.0.1:8188/view?filename=first.png&subfolder=a&type=output&token=s3cret"
    nodes = graph(n4=node("VAEEncode", pixels=["6", 0], vae=["1", 2]), n6=node("LoadImageFromUrl", url=url))
    assert [each.name for each in read(nodes).inputs] == ["first.png"]


def test_loras_of_every_pass_are_loras_of_the_file():
    nodes = graph(
        n6=node("LoraLoaderModelOnly", lora_name="high.safetensors", strength_model=1, model=["1", 0]),
        n7=node("LoraLoaderModelOnly", lora_name="low.safetensors", strength_model=1, model=["1", 0]),
        n10=graph()["5"],
        sampler={"model": ["7", 0], "latent_image": ["10", 0]},
    )
    nodes["10"]["inputs"]["model"] = ["6", 0]
    assert {lora.name for lora in read(nodes).loras} == {"high.safetensors", "low.safetensors"}


@pytest.mark.parametrize(
    "loader",
    [
        {"loras": [{"name": "ink", "strength": 0.8, "active": True}, {"name": "off", "active": False}]},
        {"num_loras": 1, "lora_1_name": "ink", "lora_1_strength": 0.8, "lora_2_name": "off", "lora_2_strength": 1},
    ],
)
def test_lists_and_counted_stacks_name_the_loras_that_were_really_loaded(loader):
    got = read(graph(n6=node("Loras", **loader, model=["1", 0], clip=["1", 1]), sampler={"model": ["6", 0]}))
    assert [(lora.name, lora.weight) for lora in got.loras] == [("ink", 0.8)]


def test_encoder_of_a_bilingual_model_has_its_prompt_under_the_names_of_its_two_text_models():
    assert read(graph(n2=node("Encode", bert="a harbour", mt5xl="a harbour", clip=["1", 1]))).prompt == "a harbour"


def test_flow_of_another_program_is_not_a_comfyui_workflow(probe_of):
    steps = [{"id": "a", "name": "Hook", "type": "flow.webhook", "position": [0, 0], "parameters": {}}]
    assert find_workflow({"nodes": steps, "connections": {"Hook": {}}}) is None
    assert not PLUGIN.score(probe_of(workflow={"nodes": steps, "connections": {}}))


def test_service_that_ran_the_graph_fills_what_the_graph_leaves_open(probe_of):
    nodes = graph(n4=node("VAEEncode", pixels=["6", 0], vae=["1", 2]), n6=node("LoadImage", image="first.png"))
    said = {"prompt": "other words", "negativePrompt": "x", "width": 832, "height": 1216, "cfgScale": 9}
    (claim,) = PLUGIN.read(probe_of(comment=nodes | {"extraMetadata": json.dumps(said)}))
    got = claim.generation
    assert (got.width, got.height, got.prompt, got.cfg_scale) == (832, 1216, "a harbour", 5.5)
