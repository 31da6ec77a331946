"""The A1111 family: grammar and the traps that real files hold."""

import json

import pytest

from dam.metadata.infotext import parse_infotext, parse_settings
from dam.metadata.readers.a1111 import PLUGIN, generation_of

PLAIN = """photo of a duck
Negative prompt: monochrome
Steps: 15, Sampler: UniPC, CFG scale: 5, Seed: 235284042, Size: 512x400, Model hash: c0d1994c73, Model: real_v20"""


def read(text):
    info = parse_infotext(text)
    assert info is not None
    return generation_of(info)


def test_plain_text_gives_all_fields():
    made = read(PLAIN)
    assert (made.prompt, made.negative_prompt) == ("photo of a duck", "monochrome")
    assert (made.steps, made.sampler, made.cfg_scale, made.seed) == (15, "UniPC", 5.0, 235284042)
    assert (made.width, made.height, made.model, made.model_hash) == (512, 400, "real_v20", "c0d1994c73")
    assert made.tool == "AUTOMATIC1111"


def test_settings_need_not_be_the_last_line():
    made = read("A ring.\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 2, Size: 512x512\nTemplate:A {ring|band}.")
    assert (made.prompt, made.negative_prompt, made.seed) == ("A ring.", "", 2)


def test_template_between_negative_and_settings_belongs_to_neither():
    info = parse_infotext(
        "a cat\nNegative prompt: bad\nTemplate: a {cat|dog}\nSteps: 20, Seed: 2, Size: 64x64, CFG scale: 6"
    )
    assert (info.prompt, info.negative, info.templates) == ("a cat", "bad", ("Template: a {cat|dog}",))


def test_prompt_that_is_itself_json_over_several_lines_is_kept_whole():
    prompt = json.dumps({"scene": {"style": "poster", "Steps: 3": [1, 2]}}, indent=2)
    made = read(f"{prompt}\nSteps: 12, Seed: 5, CFG scale: 3, Size: 64x64")
    assert json.loads(made.prompt)["scene"]["style"] == "poster"
    assert made.steps == 12


def test_unquoted_civitai_json_with_commas_is_one_value():
    resources = (
        '[{"type":"checkpoint","modelVersionId":1,"modelName":"Pony"},{"type":"lora","weight":0.5,"modelName":"Ink"}]'
    )
    made = read(
        f"Peepy\nSteps: 30, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 3, Size: 64x64, Civitai resources: {resources}"
    )
    assert (made.tool, made.model, made.sampler) == ("Civitai", "Pony", "DPM++ 2M Karras")
    assert [(lora.name, lora.weight) for lora in made.loras] == [("Ink", 0.5)]


def test_placeholders_give_way_to_the_civitai_metadata():
    meta = '{"seed":77,"steps":25,"cfgScale":3.5,"prompt":"real words"}'
    made = read(f"Steps: 0, Sampler: Undefined, CFG scale: 0, Seed: -1, Civitai metadata: {meta}")
    assert (made.seed, made.steps, made.sampler) == (77, 25, None)
    assert made.prompt == "real words"


def test_loras_come_from_tags_and_hashes_together():
    made = read('<lora:ink:0.8> cat\nSteps: 9, Seed: 1, Size: 64x64, Lora hashes: "ink: abcdef12, paper: 12345678"')
    assert [(x.name, x.weight, x.hash) for x in made.loras] == [("ink", 0.8, "abcdef12"), ("paper", None, "12345678")]


def test_hires_pass_is_a_second_stage_and_the_headline_stays_the_base():
    made = read("cat\nSteps: 20, Seed: 1, Size: 512x768, Denoising strength: 0.4, Hires upscale: 2, Hires steps: 9")
    assert (made.width, made.height) == (512, 768)
    assert [(s.width, s.height, s.steps, s.denoise) for s in made.stages] == [
        (512, 768, 20, None),
        (1024, 1536, 9, 0.4),
    ]


@pytest.mark.parametrize(
    ("setting", "tool", "version"),
    [
        ("Version: v1.9.4", "AUTOMATIC1111", "v1.9.4"),
        ("Version: f2.0.1v1.10.1-previous-659", "Forge", "f2.0.1v1.10.1-previous-659"),
        ("App: SD.Next, Version: d7eb90e", "SD.Next", "d7eb90e"),
        ("Version: Fooocus v2.4.3", "Fooocus", "Fooocus v2.4.3"),
        ("Version: ComfyUI", "ComfyUI", None),
    ],
)
def test_tool_is_known_by_its_evidence(setting, tool, version):
    made = read(f"cat\nSteps: 20, Seed: 1, Size: 64x64, {setting}")
    assert (made.tool, made.tool_version) == (tool, version)


def test_scheduler_is_split_off_only_if_the_file_does():
    made = read("cat\nSteps: 20, Sampler: DPM++ 2M, Schedule type: Karras, Seed: 1, Size: 64x64")
    assert (made.sampler, made.scheduler) == ("DPM++ 2M", "Karras")


def test_quoted_values_may_hold_commas_colons_and_line_ends():
    assert parse_settings('Steps: 2, Hires prompt: "a, b: c\\nd", Seed: 3') == {
        "Steps": "2",
        "Hires prompt": "a, b: c\nd",
        "Seed": "3",
    }


@pytest.mark.parametrize("text", ["just a prompt", "Steps: none", '{"prompt": "x", "seed": 1}', "", "a: b, c: d, e: f"])
def test_other_texts_are_not_claimed(text, probe_of):
    assert PLUGIN.score(probe_of(parameters=text)) == 0


def test_claim_names_its_carrier_and_says_ai(probe_of):
    (claim,) = PLUGIN.read(probe_of(parameters=PLAIN))
    assert (claim.carrier, claim.reader, claim.ai_generated) == ("png:tEXt:parameters", "a1111", True)
    assert claim.raw == PLAIN.encode()
