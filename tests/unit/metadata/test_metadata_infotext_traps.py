"""Infotexts as the forks, nodes and people leave them: what stands where it should not, and what must not cost time."""

import json
import time

import pytest

from dam.metadata.infotext import parse_infotext
from dam.metadata.readers import a1111

TAIL = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x768"


def read(text):
    info = parse_infotext(text)
    assert info is not None
    return a1111.generation_of(info)


def test_settings_over_two_lines_are_one():
    made = read("a cat\nSteps: 20, Sampler: Euler, CFG scale: 7,\nSeed: 5, Size: 64x32, Model: inkMix, Clip skip: 2")
    assert (made.prompt, made.steps, made.seed, made.model) == ("a cat", 20, 5, "inkMix")


def test_settings_of_one_key_a_line_are_read():
    made = read(
        "Prompt: a cat\nNegative prompt: blur\nSampler: Euler\nSteps: 20\nSeed: 5\nCFG scale: 6.5\nModel: inkMix"
    )
    assert (made.prompt, made.negative_prompt, made.sampler) == ("a cat", "blur", "Euler")
    assert (made.steps, made.seed, made.cfg_scale, made.model) == (20, 5, 6.5, "inkMix")


def test_prompt_and_settings_on_one_line_are_told_apart():
    made = read(f"a cat, sitting Negative prompt: blur {TAIL}")
    assert (made.prompt, made.negative_prompt, made.steps, made.width) == ("a cat, sitting", "blur", 20, 512)


@pytest.mark.parametrize(
    "prompt",
    [
        "a recipe\nSteps: stir, then bake\nSeed: of pumpkin",
        "a door\nModel: tall woman, Size: huge",
        "text that says: Steps: many, Sampler: none",
        'sign with "Negative prompt: x" on it',
        "emoji 🐱, Ümläut\n\n(two: 1.2)",
    ],
)
def test_a_prompt_that_sounds_like_settings_stays_a_prompt(prompt):
    assert read(f"{prompt}\n{TAIL}").prompt == prompt


def test_windows_line_ends_and_a_byte_order_mark_change_nothing():
    plain = f"a cat\nNegative prompt: blur\nbad\n{TAIL}"
    assert read("\ufeff" + plain.replace("\n", "\r\n") + "\r\n\0") == read(plain)


def test_values_with_escaped_quotes_and_line_ends_are_unescaped():
    prompt = 'say "hi", then:\nleave'
    made = read(f"a cat\n{TAIL}, Hires upscale: 2, Hires prompt: {json.dumps(prompt)}, Version: v1.9.4")
    assert (made.stages[1].prompt, made.tool_version) == (prompt, "v1.9.4")


def test_absent_values_are_absent():
    made = read("a cat\nSteps: 20, Sampler: None, CFG scale: 7, Seed: -1, Model: None, Model hash: , Size: 0x0")
    assert (made.sampler, made.seed, made.model, made.model_hash, made.width) == (None, None, None, None, None)


def test_numbers_may_be_written_as_decimals_or_quoted():
    made = read('a cat\nSteps: "20", CFG scale: 7.000000, Seed: "123.0", Size: 64x64, Sampler: dpm++2m karras')
    assert (made.steps, made.cfg_scale, made.seed, made.sampler) == (20, 7.0, 123, "dpm++2m karras")


@pytest.mark.parametrize(
    ("tag", "weight"),
    [("ink", 1.0), ("ink:0.8", 0.8), ("ink:0.8:0.5", 0.8), ("ink:te=0.5:unet=0.6", 0.6), ("ink:1:lbw=OUTD", 1.0)],
)
def test_a_lora_tag_may_hold_more_than_one_weight(tag, weight):
    assert [(x.name, x.weight) for x in read(f"a <lora:{tag}> cat\n{TAIL}").loras] == [("ink", weight)]


def test_only_networks_that_are_applied_are_loras():
    made = read(f"<hypernet:sea:0.5> <lyco:fur:0.4> cat\nNegative prompt: <lora:unused:1>\n{TAIL}")
    assert [x.name for x in made.loras] == ["fur"]


def test_additional_networks_are_loras_with_weight_and_hash():
    made = read(
        f"cat\n{TAIL}, AddNet Enabled: True, AddNet Module 1: LoRA, AddNet Model 1: ink_v2(0123456789ab), AddNet Weight A 1: 0.7"
    )
    assert [(x.name, x.weight, x.hash) for x in made.loras] == [("ink_v2", 0.7, "0123456789ab")]


def test_fooocus_writes_weights_and_hashes_of_loras_apart():
    made = read(
        f'cat\n{TAIL}, Scheduler: karras, Lora hashes: "ink: abcdef12", Lora weights: "ink: 0.5", Version: Fooocus v2.5.0'
    )
    assert [(x.name, x.weight, x.hash) for x in made.loras] == [("ink", 0.5, "abcdef12")]
    assert (made.tool, made.scheduler) == ("Fooocus", "karras")


def test_the_refiner_is_a_stage_of_its_own_model():
    made = read(
        f"cat\n{TAIL}, Model: base, Model hash: 11aa22bb33, Refiner: refine_x [7440042bbd], Refiner switch at: 0.8"
    )
    assert [(s.model, s.model_hash) for s in made.stages] == [("base", "11aa22bb33"), ("refine_x", "7440042bbd")]


def test_each_pass_of_the_face_detailer_is_a_stage():
    made = read(
        f"cat\n{TAIL}, ADetailer model: face.pt, ADetailer denoising strength: 0.4, "
        'ADetailer model 2nd: hand.pt, ADetailer prompt 2nd: "a hand, open", ADetailer steps 2nd: 12'
    )
    assert [(s.prompt, s.steps, s.denoise) for s in made.stages] == [
        ("cat", 20, None),
        ("cat", 20, 0.4),
        ("a hand, open", 12, None),
    ]


def test_old_hires_fix_names_the_size_of_its_first_pass():
    made = read(f"cat\n{TAIL}, Denoising strength: 0.7, First pass size: 256x384")
    assert (made.width, made.height) == (512, 768)
    assert [(s.width, s.denoise) for s in made.stages] == [(256, None), (512, 0.7)]


def test_sdnext_hires_and_detailer_have_names_of_their_own():
    made = read(
        "cat\nNegative prompt: \nSteps: 30, Size: 512x512, Seed: 5, CFG scale: 6, App: SD.Next, Version: abc1234, "
        "Pipeline: StableDiffusionXLPipeline, Operations: txt2img; hires; detailer, Hires scale: 2.0, Hires size: 1024x1024, "
        "Hires steps: 15, Hires strength: 0.3, Detailer: face-yolo8n, Detailer steps: 10, Detailer strength: 0.5"
    )
    assert [(s.steps, s.width, s.denoise) for s in made.stages] == [(30, 512, None), (15, 1024, 0.3), (10, None, 0.5)]
    assert (made.tool, made.tool_version, made.sampler) == ("SD.Next", "abc1234", None)


def test_a_size_without_steps_is_an_upscaler_and_no_stage():
    made = read(
        "cat\nSteps: 30, Size: 512x512, Seed: 5, CFG scale: 6, App: SD.Next, Hires scale: 2, Hires size: 1024x1024"
    )
    assert len(made.stages) == 1


@pytest.mark.parametrize(
    ("settings", "tool"),
    [
        ("Version: neo", "Forge Neo"),
        ("Version: stable-diffusion.cpp", "stable-diffusion.cpp"),
        ("Version: RuinedFooocus", "RuinedFooocus"),
        ('Hashes: {"model": "aa11bb22"}, Civitai resources: [{"modelName": "Ink"}], Version: ComfyUI', "ComfyUI"),
        ("Civitai resources: [], Civitai metadata: {}", "Civitai"),
        ("Civitai resources: [], Created Date: 2025-01-01T00:00:00Z, Version: ComfyUI", "Civitai"),
    ],
)
def test_the_tool_is_the_one_that_leaves_such_keys(settings, tool):
    assert read(f"cat\n{TAIL}, {settings}").tool == tool


def test_resources_that_name_only_their_urn_have_a_kind():
    resources = json.dumps(
        [
            {"air": "urn:air:sdxl:checkpoint:civitai:1@2", "modelName": "Pine"},
            {"air": "urn:air:sdxl:lora:civitai:3@4", "modelName": "Ink", "weight": 0.5},
        ]
    )
    made = read(f"cat\n{TAIL}, Civitai resources: {resources}")
    assert (made.model, [(x.name, x.weight) for x in made.loras]) == ("Pine", [("Ink", 0.5)])


def test_json_values_of_extensions_do_not_eat_what_follows():
    made = read(
        f'cat\n{TAIL}, Tiled Diffusion: {{"Method": "Mixture", "Size": [1, 2]}}, ControlNet 0: "Module: canny, Model: c [1a2b]", '
        "RP Ratios: 1,1, Dynamic thresholding enabled: True, Version: v1.6.0"
    )
    assert made.tool_version == "v1.6.0"


def test_templates_of_any_length_after_the_settings_are_kept_apart():
    template = "Template: " + "{a|b}\n" * 5000 + "Negative Template: {c|d}"
    info = parse_infotext(f"a cat\n{TAIL}\n{template}")
    assert (info.prompt, info.settings["Seed"], len(info.templates)) == ("a cat", "5", 1)
    assert info.templates[0] == template


@pytest.mark.parametrize(
    "text",
    [
        "Canon\nSize: 4000x3000, Model: EOS, Version: 1.1",
        "Steps: 5, Size: 10x12, Model: ladder",
        "Recipe\nSteps: 3, Width: 4, Height: 5",
        "Sampler: Akai, Model: MPC, Version: 2",
    ],
)
def test_words_that_others_use_too_are_no_infotext(text):
    assert parse_infotext(text) is None


def test_a_listing_of_easy_diffusion_is_left_to_its_reader(probe_of):
    text = "Prompt: a cat\nNegative Prompt: \nSeed: 5\nStable Diffusion model: ink\nSampler: euler\nSteps: 25"
    assert a1111.PLUGIN.score(probe_of([("x.txt", text)])) == 0


UNITS = ['"', ",", ":", "\n", " ", "a", "Seed: ", "Steps: 1,", "<lora:", "<lora:a>", "a: [", 'a: ["\nb: [",', '\\"']


@pytest.mark.parametrize("unit", UNITS)
def test_a_text_made_to_waste_time_does_not(unit, probe_of):
    body = unit * ((1 << 20) // len(unit))
    before = time.process_time()
    for text in (body, f"{body}\n{TAIL}", f"a\n{TAIL}, X: {body}", f"a\n{TAIL}\n{body}"):
        a1111.PLUGIN.read(probe_of(parameters=text))
    assert time.process_time() - before < 8  # hours, were a step quadratic
