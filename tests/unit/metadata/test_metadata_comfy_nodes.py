"""The traps of real node packs, each as a small graph of its own: inputs have the names that those nodes give them."""

import pytest

from dam.metadata.comfy_graph import build
from dam.metadata.readers.comfyui import generation_of
from dam.model import Kind


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def sampler(**more):
    given = {"seed": 0, "steps": 20, "cfg": 8, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
    links = {"model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}
    return node("KSampler", **(given | links | more))


def graph(sampled=None, **more):
    return {
        "3": sampler(**(sampled or {})),
        "4": node("CheckpointLoaderSimple", ckpt_name="base.safetensors"),
        "5": node("EmptyLatentImage", width=832, height=384),
        "6": node("CLIPTextEncode", text="a shark", clip=["4", 1]),
        "7": node("CLIPTextEncode", text="blurry", clip=["4", 1]),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", filename_prefix="x", images=["8", 0]),
    } | {key.lstrip("n"): value for key, value in more.items()}


def read(given, kind=Kind.IMAGE):
    return generation_of(build(given), kind)


def guided(guider, **more):
    """SamplerCustomAdvanced with everything in nodes of its own."""
    parts = {
        "noise": ["25", 0],
        "guider": ["22", 0],
        "sampler": ["16", 0],
        "sigmas": ["17", 0],
        "latent_image": ["5", 0],
    }
    return graph(
        n3=node("SamplerCustomAdvanced", **parts),
        n16=node("KSamplerSelect", sampler_name="res_2s"),
        n22=guider,
        n25=node("RandomNoise", noise_seed=0),
        **({"n17": node("BasicScheduler", scheduler="beta", steps=12, denoise=1, model=["4", 0])} | more),
    )


@pytest.mark.parametrize(
    ("guider", "cfg"),
    [
        (node("BasicGuider", model=["4", 0], conditioning=["6", 0]), None),
        (node("CFGGuider", model=["4", 0], positive=["6", 0], negative=["7", 0], cfg=3), 3.0),
        (node("DualCFGGuider", model=["4", 0], cond1=["6", 0], cond2=["8", 0], negative=["7", 0], cfg_conds=5), 5.0),
        (node("LTXVDualCFGGuider", model=["4", 0], positive=["6", 0], negative=["7", 0], cfg=4), 4.0),
    ],
    ids=["basic", "cfg", "dual cfg", "ltxv"],
)
def test_guiders_hold_prompts_and_guidance(guider, cfg):
    made = read(guided(guider))
    assert (made.prompt, made.cfg_scale, made.seed, made.steps, made.sampler) == ("a shark", cfg, 0, 12, "res_2s")
    assert made.negative_prompt == ("" if cfg is None else "blurry")


def test_noise_levels_that_were_written_down_count_the_steps():
    guider = node("CFGGuider", model=["4", 0], positive=["6", 0], negative=["7", 0], cfg=3)
    assert read(guided(guider, n17=node("ManualSigmas", sigmas="1.0, 0.75, 0.5, 0.0"))).steps == 3


def test_flux_guidance_is_no_cfg():
    guide = node("FluxGuidance", guidance=3.5, conditioning=["6", 0])
    made = read(graph({"positive": ["50", 0], "cfg": 1}, n50=guide))
    assert (made.prompt, made.cfg_scale) == ("a shark", 1.0)


def test_size_and_start_of_a_video_come_over_the_node_that_makes_conditions_and_latent_at_once():
    film = node(
        "WanImageToVideo",
        positive=["6", 0],
        negative=["7", 0],
        vae=["4", 2],
        clip_vision_output=["51", 0],
        start_image=["52", 0],
        width=640,
        height=480,
        length=81,
    )
    look = node("CLIPVisionEncode", clip_vision=["53", 0], image=["52", 0])
    made = read(
        graph(
            {"positive": ["50", 0], "negative": ["50", 1], "latent_image": ["50", 2]},
            n50=film,
            n51=look,
            n52=node("LoadImage", image="start.png"),
        )
    )
    assert (made.prompt, made.negative_prompt, made.width) == ("a shark", "blurry", 640)
    assert [(i.name, i.role) for i in made.inputs] == [("start.png", "init")]


@pytest.mark.parametrize(
    ("sampled", "nodes", "role"),
    [
        (
            {"positive": ["50", 0]},
            {
                "50": node("ReferenceLatent", conditioning=["6", 0], latent=["51", 0]),
                "51": node("VAEEncode", pixels=["1", 0], vae=["4", 2]),
            },
            "reference",
        ),
        (
            {"positive": ["50", 0]},
            {
                "50": node("unCLIPConditioning", conditioning=["6", 0], clip_vision_output=["51", 0], strength=1),
                "51": node("CLIPVisionEncode", clip_vision=["4", 3], image=["1", 0]),
            },
            "style",
        ),
        (
            {"positive": ["50", 0]},
            {
                "50": node(
                    "StyleModelApply", conditioning=["6", 0], style_model=["52", 0], clip_vision_output=["51", 0]
                ),
                "51": node("CLIPVisionEncode", clip_vision=["52", 0], image=["1", 0]),
                "52": node("StyleModelLoader", style_model_name="redux.safetensors"),
            },
            "style",
        ),
        (
            {"model": ["50", 0]},
            {
                "50": node("IPAdapterAdvanced", model=["4", 0], ipadapter=["51", 0], image=["1", 0], weight=1),
                "51": node("IPAdapterModelLoader", ipadapter_file="ip.safetensors"),
            },
            "style",
        ),
        (
            {"positive": ["50", 1], "negative": ["50", 2], "model": ["50", 0]},
            {
                "50": node(
                    "ApplyInstantID",
                    instantid=["51", 0],
                    control_net=["52", 0],
                    image=["1", 0],
                    model=["4", 0],
                    positive=["6", 0],
                    negative=["7", 0],
                ),
                "51": node("InstantIDModelLoader", instantid_file="ip.bin"),
                "52": node("ControlNetLoader", control_net_name="i.safetensors"),
            },
            "style",
        ),
        (
            {"positive": ["50", 0], "negative": ["50", 1]},
            {
                "50": node(
                    "ControlNetApplyAdvanced",
                    positive=["6", 0],
                    negative=["7", 0],
                    control_net=["52", 0],
                    image=["53", 0],
                ),
                "52": node("ControlNetLoader", control_net_name="c.safetensors"),
                "53": node("Canny", image=["1", 0], low_threshold=0.1),
            },
            "control",
        ),
        (
            {"latent_image": ["50", 0]},
            {
                "50": node("SetLatentNoiseMask", samples=["5", 0], mask=["51", 0]),
                "51": node("ImageToMask", image=["1", 0], channel="red"),
            },
            "mask",
        ),
        (
            {"positive": ["50", 0], "negative": ["50", 1], "latent_image": ["50", 2]},
            {
                "50": node(
                    "InpaintModelConditioning",
                    positive=["6", 0],
                    negative=["7", 0],
                    vae=["4", 2],
                    pixels=["1", 0],
                    mask=["1", 1],
                )
            },
            "init",
        ),
    ],
    ids=["reference", "unclip", "style model", "ipadapter", "face", "controlnet", "mask", "inpaint"],
)
def test_picture_has_the_role_of_the_way_it_takes(sampled, nodes, role):
    given = graph(sampled) | nodes | {"1": node("LoadImage", image="in.png")}
    made = read(given)
    assert [(i.name, i.role) for i in made.inputs] == [("in.png", role)]
    assert (made.prompt, made.negative_prompt, made.model) == ("a shark", "blurry", "base.safetensors")


def test_stable_cascade_is_two_stages():
    made = read(
        graph(
            {"model": ["40", 0], "positive": ["41", 0], "negative": ["42", 0], "seed": 9},
            n40=node("UNETLoader", unet_name="stage_b.safetensors"),
            n41=node("StableCascade_StageB_Conditioning", conditioning=["6", 0], stage_c=["44", 0]),
            n42=node("ConditioningZeroOut", conditioning=["6", 0]),
            n44=sampler(seed=1),
        )
    )
    assert [(s.seed, s.model) for s in made.stages] == [(1, "base.safetensors"), (9, "stage_b.safetensors")]
    assert made.prompt == "a shark"


def test_tags_and_lyrics_are_one_prompt():
    words = node("TextEncodeAceStepAudio", tags="pop, piano", lyrics="[verse] la", clip=["4", 1])
    made = read(graph(n6=words, n7=node("ConditioningZeroOut", conditioning=["6", 0])), Kind.AUDIO)
    assert (made.prompt, made.negative_prompt) == ("pop, piano\n[verse] la", "")


def test_context_and_pipes_carry_both_prompts_and_the_model():
    parts = {"model": ["4", 0], "clip": ["4", 1], "vae": ["4", 2], "positive": ["6", 0], "negative": ["7", 0]}
    piped = {"seed": 1, "steps": 2, "cfg": 3, "sampler_name": "euler", "scheduler": "n", "latent_image": ["5", 0]}
    made = read(graph(n1=node("ToBasicPipe", **parts), n3=node("KSampler/pipe", basic_pipe=["1", 0], **piped)))
    assert (made.prompt, made.negative_prompt, made.model) == ("a shark", "blurry", "base.safetensors")
    context = {"model": ["60", 1], "positive": ["60", 4], "negative": ["60", 5], "latent_image": ["60", 6]}
    made = read(graph(context, n60=node("Context (rgthree)", latent=["5", 0], **parts)))
    assert (made.prompt, made.negative_prompt, made.model) == ("a shark", "blurry", "base.safetensors")


def test_loaders_that_hold_everything_are_read():
    loader = node(
        "easy fullLoader",
        ckpt_name="ez.safetensors",
        lora_name="l.safetensors",
        lora_model_strength=0.7,
        empty_latent_width=768,
        empty_latent_height=512,
        positive="a shark",
        negative="bad",
    )
    settings = {"steps": 20, "cfg": 8, "sampler_name": "euler", "scheduler": "normal", "denoise": 1, "seed": 11}
    made = read({"1": loader, "2": node("easy fullkSampler", pipe=["1", 0], **settings)})
    assert (made.prompt, made.negative_prompt, made.model, made.width) == ("a shark", "bad", "ez.safetensors", 768)
    assert [(x.name, x.weight) for x in made.loras] == [("l.safetensors", 0.7)]


def test_switch_without_a_known_choice_gives_its_first_input():
    other = node("CheckpointLoaderSimple", ckpt_name="other.safetensors")
    switch = node("Any Switch (rgthree)", any_01=["4", 0], any_02=["62", 0])
    assert read(graph({"model": ["61", 0]}, n61=switch, n62=other)).model == "base.safetensors"


@pytest.mark.parametrize(
    ("nodes", "loras"),
    [
        (
            {
                "50": node(
                    "Power Lora Loader (rgthree)",
                    model=["4", 0],
                    lora_1={"on": True, "lora": "a.safetensors", "strength": 0.8},
                    lora_2={"on": False, "lora": "b.safetensors", "strength": 1},
                )
            },
            [("a.safetensors", 0.8)],
        ),
        (
            {
                "50": node(
                    "Lora Loader (LoraManager)",
                    model=["4", 0],
                    text="<lora:ink:0.7>",
                    loras={"__value__": [{"name": "ink", "strength": 0.7}, {"name": "off", "active": False}]},
                )
            },
            [("ink", 0.7)],
        ),
        ({"50": node("LoraTagLoader", model=["4", 0], text="a shark <lora:ink:0.6>")}, [("ink", 0.6)]),
        (
            {
                "50": node("CR Apply LoRA Stack", model=["4", 0], lora_stack=["51", 0]),
                "51": node(
                    "LoRA Stacker",
                    input_mode="simple",
                    lora_count=2,
                    lora_name_1="s1.safetensors",
                    lora_wt_1=0.4,
                    model_str_1=1,
                    lora_name_2="s2.safetensors",
                    lora_wt_2=0.6,
                    lora_name_3="s3.safetensors",
                    lora_wt_3=1,
                ),
            },
            [("s1.safetensors", 0.4), ("s2.safetensors", 0.6)],
        ),
        ({"50": node("NunchakuFluxLoraLoader", model=["4", 0], lora_name="n.st", lora_strength=0.9)}, [("n.st", 0.9)]),
    ],
    ids=["rgthree", "lora manager", "tags", "stack", "nunchaku"],
)
def test_loras_of_node_packs_are_read_with_their_weights(nodes, loras):
    made = read(graph({"model": ["50", 0]}) | nodes)
    assert ([(x.name, x.weight) for x in made.loras], made.model) == (loras, "base.safetensors")


@pytest.mark.parametrize(
    ("loader", "model"),
    [
        (node("UnetLoaderGGUFAdvanced", unet_name="flux1-dev-Q4.gguf"), "flux1-dev-Q4.gguf"),
        (node("NunchakuFluxDiTLoader", model_path="svdq-int4_flux.1-dev"), "svdq-int4_flux.1-dev"),
    ],
)
def test_loaders_of_node_packs_name_the_model(loader, model):
    assert read(graph({"model": ["50", 0]}, n50=loader)).model == model


def test_wildcards_are_what_they_became():
    filled = {"wildcard_text": "a __fish__", "populated_text": "a red shark", "mode": "populate"}
    encoder = node("ImpactWildcardEncode", model=["4", 0], clip=["4", 1], **filled)
    made = read(graph({"model": ["50", 0], "positive": ["50", 2]}, n50=encoder))
    assert (made.prompt, made.model) == ("a red shark", "base.safetensors")
    processor = node("ImpactWildcardProcessor", seed=4, **filled)
    words = node("CLIPTextEncode", text=["50", 0], clip=["4", 1])
    assert read(graph(n6=words, n50=processor)).prompt == "a red shark"


def test_schedule_that_makes_both_sides_from_one_text_says_nothing_of_the_negative():
    travel = node("BatchPromptSchedule", text='"0":"a cat",\n"10":"a dog"', clip=["4", 1], max_frames=20)
    made = read(graph({"positive": ["50", 0], "negative": ["50", 1]}, n50=travel))
    assert (made.prompt, made.negative_prompt) == ('"0":"a cat",\n"10":"a dog"', "")


def test_wrappers_of_video_models_are_read():
    made = read(
        {
            "1": node("WanVideoModelLoader", model="Wan2_1.safetensors", lora=["9", 0]),
            "9": node("WanVideoLoraSelect", lora="w.safetensors", strength=0.9),
            "2": node("WanVideoTextEncode", positive_prompt="a shark", negative_prompt="bad", t5=["3", 0]),
            "3": node("LoadWanVideoT5TextEncoder", model_name="umt5.safetensors"),
            "4": node("WanVideoImageToVideoEncode", width=832, height=480, num_frames=81, start_image=["8", 0]),
            "8": node("LoadImage", image="s.png"),
            "5": node(
                "WanVideoSampler",
                model=["1", 0],
                text_embeds=["2", 0],
                image_embeds=["4", 0],
                steps=30,
                cfg=6,
                seed=99,
                scheduler="unipc",
            ),
            "10": node("VHS_VideoCombine", filename_prefix="w", images=["5", 0]),
        },
        Kind.VIDEO,
    )
    assert (made.prompt, made.negative_prompt, made.model, made.width) == ("a shark", "bad", "Wan2_1.safetensors", 832)
    assert ([x.name for x in made.loras], [(i.name, i.role) for i in made.inputs]) == (
        ["w.safetensors"],
        [("s.png", "init")],
    )


def test_encoder_without_a_negative_text_gives_none():
    made = read(
        {
            "1": node("HyVideoModelLoader", model="hy.safetensors"),
            "2": node("HyVideoTextEncode", prompt="a shark"),
            "5": node("HyVideoSampler", model=["1", 0], hyvid_embeds=["2", 0], width=512, height=320, steps=30, seed=5),
            "10": node("VHS_VideoCombine", filename_prefix="w", images=["5", 0]),
        },
        Kind.VIDEO,
    )
    assert (made.prompt, made.negative_prompt, made.width) == ("a shark", "", 512)


DIGEST = "ab" * 32


@pytest.mark.parametrize(
    ("loader", "found"),
    [
        (node("LoadImage", image="sub\\a b.PNG [temp]"), ("sub\\a b.PNG", DIGEST)),
        (node("LoadImageOutput", image="ComfyUI_0001.png [output]"), ("ComfyUI_0001.png", DIGEST)),
        (node("VHS_LoadVideoPath", video="D:/v/in.mp4", force_rate=0), ("D:/v/in.mp4", DIGEST)),
        (node("LoadVideo", file="f.webm"), ("f.webm", DIGEST)),
        (
            node("LoadImageFromUrl", image="https://me:pw@x.org/a/b.png?token=secret#s"),
            ("https://x.org/a/b.png", DIGEST),
        ),
        (node("VHS_LoadImagesPath", directory="D:/frames", image_load_cap=0), ("D:/frames", None)),
        (node("ETN_LoadImageBase64", image="iVBORw0KGgoAAAANSUhEUgAA"), None),
    ],
)
def test_file_that_was_read_is_named_as_it_may_be_shown(loader, found):
    given = graph(
        {"latent_image": ["50", 0]},
        n50=node("VAEEncode", pixels=["51", 0], vae=["4", 2]),
        n51=loader | {"is_changed": [DIGEST]},
    )
    assert [(i.name, i.sha256) for i in read(given).inputs] == ([found] if found else [])
