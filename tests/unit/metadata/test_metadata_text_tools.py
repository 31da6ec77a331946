"""Dialects of the tools that write texts: what each version writes where, with made-up contents."""

import json
import time

import pytest
from PIL import Image

from dam.media.probe import from_bytes
from dam.metadata.readers import (
    drawthings,
    easydiffusion,
    fooocus,
    grok,
    hfspace,
    imaginairy,
    invokeai,
    mflux,
    midjourney,
    novelai,
    stabilitymatrix,
    swarmui,
    tensorart,
)
from tests.support import pictures

JOB = "Job ID: 0f0e0d0c-1111-4222-8333-444455556666"
RDF = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">%s</rdf:RDF></x:xmpmeta>'


def only(claims):
    (claim,) = claims
    return claim


def loras(made):
    return [(x.name, x.weight, x.hash) for x in made.loras]


def inputs(made):
    return [(x.name, x.role) for x in made.inputs]


# Midjourney


def test_midjourney_pictures_have_the_role_of_their_switch(probe_of):
    text = (
        "https://s.mj.run/one <https://s.mj.run/two> a hut on a dune 🏜️ --sref https://s.mj.run/st 4711 --oref https://s.mj.run/ob "
        f"--ow 200 --profile abc12 --chaos 8 --v 7 --raw {JOB}"
    )
    claim = only(midjourney.PLUGIN.read(probe_of(Description=text)))
    assert (claim.generation.prompt, claim.generation.model) == ("a hut on a dune 🏜️", "7")
    assert inputs(claim.generation) == [
        ("https://s.mj.run/one", "reference"),
        ("https://s.mj.run/two", "reference"),
        ("https://s.mj.run/st", "style"),
        ("https://s.mj.run/ob", "reference"),
    ]
    assert (claim.fields["parameters"]["profile"], claim.fields["parameters"]["raw"]) == ("abc12", "")


def test_midjourney_clips_start_from_the_picture_in_front(probe_of):
    text = (
        f"https://cdn.example/start.png waves roll in --motion high --video 1 --end https://cdn.example/end.png {JOB}"
    )
    made = only(midjourney.PLUGIN.read(probe_of(comment=text))).generation
    assert inputs(made) == [("https://cdn.example/start.png", "init"), ("https://cdn.example/end.png", "reference")]


def test_midjourney_dashes_of_prose_are_no_switches(probe_of):
    text = f"a man —alone— in rain —ar 3:2 --niji 6 {JOB}"
    claim = only(midjourney.PLUGIN.read(probe_of(Description=text)))
    assert (claim.generation.prompt, claim.generation.model) == ("a man —alone— in rain", "niji 6")
    assert claim.fields["parameters"]["ar"] == "3:2"


def test_midjourney_description_in_xmp_alone_is_read(probe_of):
    words = f'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description>a hut --v 6.1 {JOB}</dc:description></rdf:Description>'
    made = only(midjourney.PLUGIN.read(probe_of(xmp=(RDF % words).encode()))).generation
    assert (made.tool, made.prompt, made.model) == ("Midjourney", "a hut", "6.1")


# NovelAI


def nai(comment, source="NovelAI Diffusion V4.5 4BDE2A90"):
    return [("Software", "NovelAI"), ("Source", source), ("Comment", comment), ("Description", "a park")]


@pytest.mark.parametrize(
    ("kind", "denoise"),
    [
        ({}, None),
        ({"request_type": "PromptGenerateRequest"}, None),
        ({"request_type": "Img2ImgRequest"}, 0.69),
        ({"request_type": "NativeInfillingRequest"}, 0.69),
    ],
)
def test_novelai_strength_counts_only_where_a_picture_went_in(kind, denoise, probe_of):
    comment = {"uc": "bad", "steps": 28, "scale": 11, "seed": 5, "strength": 0.69, "noise": 0.2, **kind}
    made = only(novelai.PLUGIN.read(probe_of(nai(comment)))).generation
    assert (made.denoise, made.model, made.model_hash) == (denoise, "NovelAI Diffusion V4.5 4BDE2A90", "4BDE2A90")


def test_novelai_keeps_reference_strengths_in_its_fields(probe_of):
    comment = {"uc": "", "steps": 28, "scale": 5, "seed": 5, "reference_strength_multiple": [0.6, 0.3]}
    assert only(novelai.PLUGIN.read(probe_of(nai(comment)))).fields["reference_strength_multiple"] == [0.6, 0.3]


# Draw Things


def draw_things_xmp(given="", description=""):
    parts = '<xmp:CreatorTool>Draw Things</xmp:CreatorTool><exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></exif:UserComment>'
    parts += '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:description>'
    spaces = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"'
    return (RDF % f"<rdf:Description {spaces}>{parts % (given, description)}</rdf:Description>").encode()


def test_draw_things_new_block_adds_loras_and_the_refiner(probe_of):
    given = {"c": "a red hut", "uc": "blue", "model": "m.ckpt", "sampler": "Euler A", "scale": 4.5, "seed": 2441935286}
    given |= {"size": "64x32", "steps": 8, "strength": 1}
    given["v2"] = {"loras": [{"file": "ink.ckpt", "weight": 0.8, "mode": "all"}], "refinerModel": "refine.ckpt"}
    made = only(drawthings.PLUGIN.read(probe_of(xmp=draw_things_xmp(json.dumps(given))))).generation
    assert (made.prompt, made.cfg_scale, made.width, loras(made)) == ("a red hut", 4.5, 64, [("ink.ckpt", 0.8, None)])
    assert [s.model for s in made.stages] == ["m.ckpt", "refine.ckpt"]


def test_draw_things_description_is_read_where_the_json_is_missing(probe_of):
    words = "a hut&#xA;by the sea&#xA;-ugly&#xA;Steps: 20, Sampler: Euler Ancestral, Guidance Scale: 4.0, Seed: 7, Size: 64x32, Model: m.ckpt"
    made = only(drawthings.PLUGIN.read(probe_of(xmp=draw_things_xmp(description=words)))).generation
    assert (made.prompt, made.negative_prompt, made.steps, made.cfg_scale) == ("a hut\nby the sea", "ugly", 20, 4.0)


def test_draw_things_json_in_exif_is_not_taken_for_novelai(probe_of):
    given = {"c": "hut", "uc": "bad", "model": "m", "seed": 5, "scale": 7, "steps": 9, "sampler": "Euler"}
    probe = probe_of(UserComment=given)
    assert (drawthings.PLUGIN.score(probe) > 0, novelai.PLUGIN.score(probe)) == (True, 0)


# Easy Diffusion


def test_easy_diffusion_sidecar_of_a_line_a_field(probe_of):
    text = (
        "Prompt: a hut\non a dune\nNegative Prompt: blur\nSeed: 5\nStable Diffusion model: ink\nClip Skip: False\nVAE model: \n"
        "Sampler: euler_a\nWidth: 64\nHeight: 32\nSteps: 25\nGuidance Scale: 7.5\nLoRA model: a, b\nLoRA Strength: 0.5, 0.2\n"
    )
    made = only(easydiffusion.PLUGIN.read(probe_of([("x.txt", text)]))).generation
    assert (made.prompt, made.negative_prompt, made.sampler) == ("a hut\non a dune", "blur", "euler_a")
    assert (made.steps, made.cfg_scale, made.width) == (25, 7.5, 64)
    assert loras(made) == [("a", 0.5, None), ("b", 0.2, None)]


def test_easy_diffusion_lists_in_chunks_are_written_the_python_way(probe_of):
    texts = [("prompt", "hut"), ("negative_prompt", ""), ("seed", "5"), ("use_stable_diffusion_model", "sub/ink")]
    texts += [("use_lora_model", "['a', 'C:\\\\l\\\\b']"), ("lora_alpha", "[0.5, 0.2]"), ("num_inference_steps", "25")]
    made = only(easydiffusion.PLUGIN.read(probe_of(texts))).generation
    assert (made.model, made.steps, loras(made)) == ("ink", 25, [("a", 0.5, None), ("b", 0.2, None)])


def test_easy_diffusion_json_beside_a_jpeg(probe_of):
    given = {
        "prompt": "hut",
        "seed": 5,
        "use_stable_diffusion_model": "ink",
        "use_lora_model": None,
        "sampler_name": "ddim",
    }
    made = only(easydiffusion.PLUGIN.read(probe_of([("UserComment", given)]))).generation
    assert (made.tool, made.sampler, made.loras) == ("Easy Diffusion", "ddim", ())


# Fooocus and forks


def test_ruined_fooocus_names_itself_and_its_loras_its_own_way(probe_of):
    given = {"Prompt": "hut", "Negative": "blur", "steps": 30, "cfg": 7, "width": 64, "height": 32, "seed": 5}
    given |= {"sampler_name": "dpmpp_2m", "scheduler": "karras", "base_model_name": "ink.safetensors"}
    given |= {
        "base_model_hash": "aa" * 32,
        "loras": [["bb" * 32, "0.8 - fur.safetensors"]],
        "software": "RuinedFooocus",
    }
    made = only(fooocus.PLUGIN.read(probe_of(parameters=given))).generation
    assert (made.tool, made.prompt, made.negative_prompt, made.sampler) == ("RuinedFooocus", "hut", "blur", "dpmpp_2m")
    assert (made.model, made.width, loras(made)) == ("ink.safetensors", 64, [("fur.safetensors", 0.8, "bb" * 32)])


def test_fooocus_combined_loras_may_be_switched_off(probe_of):
    given = {"Prompt": "hut", "Base Model": "ink", "Sharpness": 2, "Version": "Fooocus v2.1.8", "Seed": "5"}
    given |= {"LoRA 1": "True : fur : 0.8", "LoRA 2": "False : sea : 1.0", "lora_combined_3": "sky : 0.2"}
    given["Refiner Model"] = "refine"
    made = only(fooocus.PLUGIN.read(probe_of(parameters=given))).generation
    assert sorted(loras(made)) == [("fur", 0.8, None), ("sky", 0.2, None)]
    assert [s.model for s in made.stages] == ["ink", "refine"]


# SwarmUI


def test_swarm_refiner_and_video_are_stages_with_their_hashes(probe_of):
    params = {"prompt": "hut", "model": "m", "seed": 5, "steps": 20, "rawresolution": "96x64", "width": 1, "height": 1}
    params |= {
        "refinercontrolpercentage": 0.2,
        "refinerupscale": "1.5",
        "refinermodel": "r",
        "videomodel": "v",
        "videosteps": 8,
    }
    models = [{"name": "m", "param": "model", "hash": "0x1"}, {"name": "r", "param": "refinermodel", "hash": "0x2"}]
    made = only(swarmui.PLUGIN.read(probe_of(parameters={"sui_image_params": params, "sui_models": models}))).generation
    assert (made.width, made.height, made.model_hash) == (96, 64, "0x1")
    assert [(s.model, s.model_hash, s.width, s.steps) for s in made.stages] == [
        ("m", "0x1", 96, 20),
        ("r", "0x2", 144, 20),
        ("v", None, 96, 8),
    ]


# InvokeAI


def test_invoke_layers_give_each_picture_its_role_and_disabled_ones_none(probe_of):
    def picture(name):
        return {"type": "image", "image": {"image_name": name, "width": 8, "height": 8}}

    canvas = {
        "rasterLayers": [{"type": "raster_layer", "isEnabled": True, "objects": [picture("base.png")]}],
        "controlLayers": [
            {"type": "control_layer", "isEnabled": True, "objects": [picture("edges.png")]},
            {"type": "control_layer", "isEnabled": False, "objects": [picture("off.png")]},
        ],
        "inpaintMasks": [{"type": "inpaint_mask", "isEnabled": True, "objects": [picture("mask.png")]}],
    }
    meta = {
        "app_version": "6.1.0",
        "positive_prompt": "hut",
        "seed": 5,
        "scheduler": "euler",
        "canvas_v2_metadata": canvas,
    }
    meta["ref_images"] = [{"isEnabled": True, "config": {"type": "ip_adapter", "image": {"image_name": "look.png"}}}]
    meta["model"] = {"key": "k", "hash": "blake3:ab", "name": "FLUX Dev", "base": "flux", "type": "main"}
    made = only(invokeai.PLUGIN.read(probe_of(invokeai_metadata=meta))).generation
    assert sorted(inputs(made)) == [
        ("base.png", "init"),
        ("edges.png", "control"),
        ("look.png", "style"),
        ("mask.png", "mask"),
    ]
    assert (made.model, made.model_hash, made.negative_prompt, made.cfg_scale) == ("FLUX Dev", "blake3:ab", None, None)


def test_invoke_control_layers_of_4_2_name_pictures_by_name_and_size(probe_of):
    def picture(name):
        return {"name": name, "width": 8, "height": 8}

    layers = [
        {"type": "initial_image_layer", "isEnabled": True, "image": picture("start.png"), "denoisingStrength": 0.6},
        {"type": "control_adapter_layer", "isEnabled": True, "controlAdapter": {"image": picture("pose.png")}},
        {"type": "ip_adapter_layer", "isEnabled": True, "ipAdapter": {"image": picture("look.png")}},
    ]
    meta = {"positive_prompt": "hut", "control_layers": {"layers": layers, "version": 2}}
    made = only(invokeai.PLUGIN.read(probe_of(invokeai_metadata=meta))).generation
    assert inputs(made) == [("start.png", "init"), ("pose.png", "control"), ("look.png", "style")]


def test_invoke_refiner_is_a_stage(probe_of):
    meta = {
        "positive_prompt": "hut",
        "model": {"model_name": "base"},
        "steps": 30,
        "refiner_model": {"model_name": "refine"},
    }
    made = only(invokeai.PLUGIN.read(probe_of(invokeai_metadata=meta | {"refiner_steps": 10}))).generation
    assert [(s.model, s.steps) for s in made.stages] == [("base", 30), ("refine", 10)]


def test_invoke_line_names_its_mask(probe_of):
    made = only(invokeai.PLUGIN.read(probe_of(Dream='"hut" -s 5 -S 1 -I in.png -M hole.png -f 0.5'))).generation
    assert inputs(made) == [("in.png", "init"), ("hole.png", "mask")]


# Tools with a reader of their own


def test_mflux_paths_are_inputs_and_guidance_is_no_cfg(probe_of):
    given = {"mflux_version": "0.9.0", "model": "dev", "seed": 5, "steps": 20, "guidance": 3.5, "prompt": "hut"}
    given |= {
        "lora_paths": ["/l/fur.safetensors"],
        "lora_scales": [0.8],
        "image_path": "/in/start.png",
        "image_strength": 0.4,
    }
    given["redux_image_paths"] = "['/in/a.png', '/in/b.png']"
    made = only(mflux.PLUGIN.read(probe_of(UserComment=given))).generation
    assert (made.tool, made.tool_version, made.model, made.cfg_scale, made.denoise) == (
        "mflux",
        "0.9.0",
        "dev",
        None,
        None,
    )
    assert loras(made) == [("fur.safetensors", 0.8, None)]
    assert inputs(made) == [("/in/start.png", "init"), ("/in/a.png", "style"), ("/in/b.png", "style")]


def test_stability_matrix_record_beside_the_infotext(probe_of):
    given = {"PositivePrompt": "hut", "NegativePrompt": "", "Steps": 20, "Sampler": "Euler", "CfgScale": 7, "Seed": 5}
    given |= {"Width": 64, "Height": 32, "ModelName": "ink", "ModelHash": "ab12", "FrameCount": 0}
    made = only(stabilitymatrix.PLUGIN.read(probe_of([("parameters-json", given)]))).generation
    assert (made.tool, made.prompt, made.cfg_scale, made.model_hash) == ("Stability Matrix", "hut", 7.0, "ab12")


def test_tensor_art_record_ends_in_nul_bytes(probe_of):
    given = {"prompt": "hut", "negativePrompt": "", "seed": "18446744073709551615", "steps": 25, "cfgScale": 5}
    given["baseModel"] = {"modelFileName": "ink", "hash": "AB12"}
    made = only(tensorart.PLUGIN.read(probe_of(generation_data=json.dumps(given) + "\0\0"))).generation
    assert (made.tool, made.seed, made.model, made.model_hash) == ("Tensor.Art", 2**64 - 1, "ink", "AB12")


def test_imaginairy_prompts_have_weights_and_pictures_are_reprs(probe_of):
    inner = {"prompt": [{"text": "hut", "weight": 1.0}], "negative_prompt": [{"text": "blur", "weight": 1}], "seed": 5}
    inner |= {
        "prompt_strength": 7.5,
        "steps": 20,
        "size": [64, 32],
        "solver_type": "ddim",
        "model_weights": {"name": "SD 1.5"},
    }
    inner |= {"init_image": "<LazyLoadingImage filepath=/in/start.png url=None>", "mask_image": "None"}
    texts = [("Software", "Imaginairy / Stable Diffusion SD 1.5"), ("UserComment", {"prompt": inner})]
    made = only(imaginairy.PLUGIN.read(probe_of(texts))).generation
    assert (made.prompt, made.negative_prompt, made.cfg_scale, made.width) == ("hut", "blur", 7.5, 64)
    assert inputs(made) == [("/in/start.png", "init")]


def test_hugging_face_space_record(probe_of):
    given = {"prompt": "hut", "negative_prompt": "", "resolution": "832 x 1216", "guidance_scale": 7, "seed": 5}
    given |= {
        "num_inference_steps": 28,
        "sampler": "Euler a",
        "Model": "ink",
        "Model hash": "ab12",
        "use_upscaler": None,
    }
    made = only(hfspace.PLUGIN.read(probe_of(parameters=given))).generation
    assert (made.tool, made.width, made.steps, made.model) == ("Hugging Face Space", 832, 28, "ink")


# From a file's bytes


def test_grok_is_known_from_the_exif_of_a_real_file():
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = "Signature: " + "Ab1+" * 20, "2b6e053b-9a65-4ca9-9e13-b6f4465164d4"
    probe = from_bytes(pictures.exif_jpeg(pictures.painted(1), exif))
    assert only(grok.PLUGIN.read(probe)).generation.tool == "Grok"


UNITS = ['"', ",", ":", "\n", " ", "a", "{", "[", '{"a":', "-s 5 ", "-", " --no a", " —", "https://a ", "[a", "'", "\\"]
HEADS = [
    ("Dream", '"', ""),
    ("Dream", "", ""),
    ("sd-metadata", '{"image":{"prompt":"', '"}}'),
    ("Description", "", JOB),
    ("Comment", '{"uc":"', ""),
    ("x", '{"c":"a","model":"', ""),
    ("generation_data", '{"', ""),
    ("x.txt", "Prompt: a\nSeed: 5\nStable Diffusion model: x\n", ""),
]


@pytest.mark.parametrize("unit", UNITS)
def test_no_text_makes_a_reader_waste_time(unit, probe_of):
    body = unit * ((256 << 10) // len(unit))
    readers = [drawthings, easydiffusion, fooocus, invokeai, mflux, midjourney, novelai, swarmui, tensorart]
    before = time.process_time()
    for key, head, tail in HEADS:
        probe = probe_of([(key, head + body + tail)])
        for reader in readers:
            reader.PLUGIN.read(probe)
    assert time.process_time() - before < 8  # hours, were a step quadratic
