"""Hosted generators inside ComfyUI graphs: the tool is the service, and ComfyUI stays visible as the host."""

import pytest

from dam.metadata.comfy_graph import build
from dam.metadata.comfy_services import named_service
from dam.metadata.readers.comfyui import PLUGIN, generation_of
from dam.model import Kind


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def read(graph, kind=Kind.VIDEO):
    return generation_of(build(graph), kind)


def saved(*nodes, kind="SaveVideo"):
    graph = {str(at): each for at, each in enumerate(nodes, 1)}
    return graph | {"99": node(kind, filename_prefix="x", video=[str(len(nodes)), 0])}


@pytest.mark.parametrize(
    ("kind", "service"),
    [
        ("KlingTextToVideoNode", "Kling"),
        ("Kling4EditVideoNode", "Kling"),
        ("VeoVideoGenerationNode", "Google Generative AI"),
        ("GeminiNanoBanana2", "Google Generative AI"),
        ("OpenAIVideoSora2", "OpenAI Sora"),
        ("OpenAIDalle3", "DALL-E"),
        ("OpenAIGPTImage1", "OpenAI"),
        ("RunwayImageToVideoNodeGen4", "Runway"),
        ("ElevenLabsTextToSpeech", "ElevenLabs"),
        ("FluxProUltraImageNode", "Black Forest Labs API"),
        ("StabilityStableImageUltraNode", "Stability AI"),
        ("Wan2TextToVideoApi", "Wan"),
        ("MinimaxHailuoVideoNode", "MiniMax"),
        ("ByteDance2TextToVideoNode", "ByteDance"),
        ("Rodin3D_Gen2", "Rodin"),
        ("FluxGuidance", None),
        ("WanImageToVideo", None),
        ("MiniMaxH3ImageToVideo", None),
        ("TripoSplatPreprocessImage", None),
        ("StableCascade_EmptyLatentImage", None),
        ("Ideogram4Scheduler", None),
        ("VideoLinearCFGGuidance", None),
        ("ReverseImageNode", None),
    ],
)
def test_class_name_tells_the_service_and_local_models_of_the_same_family_are_none(kind, service):
    assert named_service(kind) == service


def test_tool_is_the_service_and_the_claim_says_that_it_ran_inside_comfyui(probe_of):
    asks = node("KlingTextToVideoNode", prompt="a shark", model_name="kling-v2", duration="5", aspect_ratio="16:9")
    (claim,) = PLUGIN.read(probe_of(prompt=saved(asks), kind=Kind.VIDEO))
    assert (claim.generation.tool, claim.generation.model, claim.fields["host"]) == ("Kling", "kling-v2", "ComfyUI")
    assert claim.fields["hosted"] == [
        {"service": "Kling", "node": "KlingTextToVideoNode", "duration": "5", "aspect_ratio": "16:9"}
    ]


def test_third_parties_node_for_a_service_is_known_by_the_word_in_its_name_and_its_shape():
    made = read(saved(node("fal_kling_video", prompt="a shark", seed=1, duration=5)))
    assert (made.tool, made.prompt) == ("Kling", "a shark")


def test_unknown_service_is_named_after_its_api_node():
    made = read(saved(node("NewThingTextToVideoApi", prompt="a shark", seed=1)))
    assert (made.tool, made.seed) == ("NewThing", 1)


def test_node_with_a_local_model_on_its_inputs_is_no_service():
    graph = saved(
        node("LumaLikeSampler", prompt="x", seed=1, steps=4, cfg=1, model=["2", 0]), node("L", unet_name="l.gguf")
    )
    graph["99"]["inputs"]["video"] = ["1", 0]
    assert read(graph).tool == "ComfyUI"


def test_choice_that_opens_further_inputs_is_read_by_their_last_name():
    asks = node("GeminiVideoOmniV2", **{"model": "Omni Flash", "model.prompt": ["1", 0], "model.seed": 7})
    made = read(saved(node("PrimitiveStringMultiline", value="a shark"), asks))
    assert (made.model, made.prompt, made.seed) == ("Omni Flash", "a shark", 7)


def test_service_without_a_prompt_is_a_pass_too():
    made = read(saved(node("LoadVideo", file="in.mp4"), node("TopazVideoEnhance", video=["1", 0], upscaler_model="x")))
    assert (made.tool, made.prompt, [i.name for i in made.inputs]) == ("Topaz", None, ["in.mp4"])


def test_language_model_that_only_writes_the_prompt_is_no_pass():
    writer = node("GeminiNode", prompt="describe a shark", model="gemini-3-pro", system_prompt="You are a poet", seed=4)
    made = read(saved(writer, node("KlingTextToVideoNode", prompt=["1", 0], model_name="kling-v2")))
    assert [stage.tool for stage in made.stages] == ["Kling"]
    assert made.prompt == "describe a shark"


def test_helper_that_only_sets_another_hosted_node_is_no_pass():
    helper = node("ElevenLabsVoiceSelector", voice="Roger")
    made = read(saved(helper, node("ElevenLabsTextToSpeech", text="hello there", voice=["1", 0])), Kind.AUDIO)
    assert ([stage.tool for stage in made.stages], made.prompt) == (["ElevenLabs"], "hello there")


def test_service_that_makes_its_own_medium_speaks_for_the_file_and_the_picture_before_it_is_a_stage():
    picture = node("GeminiImageNode", prompt="a shark", model="nano", seed=1)
    film = node("KlingImage2VideoNode", prompt="it swims", model_name="kling-v2", start_frame=["1", 0])
    made = read(saved(picture, film))
    assert ([stage.tool for stage in made.stages], made.tool) == (["Google Generative AI", "Kling"], "Kling")


def test_local_sampler_and_service_are_stages_in_running_order():
    graph = {
        "1": node("Loader", ckpt_name="m.safetensors"),
        "2": node("Words", text="a shark", clip=["1", 1]),
        "3": node("S", seed=1, steps=2, cfg=3, model=["1", 0], positive=["2", 0], latent_image=["4", 0]),
        "4": node("Blank", width=512, height=512),
        "5": node("Decode", samples=["3", 0], vae=["1", 2]),
        "6": node("TopazImageEnhance", image=["5", 0], model="Reimagine"),
        "9": node("SaveImage", filename_prefix="x", images=["6", 0]),
    }
    made = read(graph, Kind.IMAGE)
    assert ([stage.tool for stage in made.stages], made.tool) == (["ComfyUI", "Topaz"], "ComfyUI")


def test_model_is_told_by_the_class_name_where_no_input_does():
    assert read(saved(node("FluxProUltraImageNode", prompt="x", seed=1))).model == "FluxProUltra"
    assert read(saved(node("KlingVideoNode", prompt="x", seed=1))).model is None


def test_node_of_a_familys_name_that_asks_nothing_is_no_pass():
    graph = {
        "1": node("Loader", ckpt_name="m.safetensors"),
        "2": node("Words", text="a shark", clip=["1", 1]),
        "3": node("S", seed=1, steps=2, cfg=3, model=["1", 0], positive=["2", 0], latent_image=["4", 0]),
        "4": node("Blank", width=["5", 0], height=["5", 1]),
        "5": node("FluxResolutionNode", megapixel="1.0", aspect_ratio="16:9"),
        "9": node("SaveImage", filename_prefix="x", images=["3", 0]),
    }
    assert [stage.tool for stage in read(graph, Kind.IMAGE).stages] == ["ComfyUI"]
