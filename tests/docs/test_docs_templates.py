"""Every workflow template of ComfyUI's own package is read, and the table in docs/formats.md says how well."""

import re

import pytest

from tests.docs.templates import BEGIN, END, PAGE, read_all, table

pytest.importorskip("comfyui_workflow_templates_json", reason="needs the development dependencies")
# What makes no medium with a model that is asked: depth, poses, masks, scaling, shaders, local language models.
NO_GENERATOR = re.compile(r"utility|llm_|basic_|3d_moge")


@pytest.fixture(scope="module")
def found():
    return read_all()


def test_every_template_is_read_and_most_of_it_is_found(found):
    assert len(found) >= 640
    assert sum(bool(each.made.stages) for each in found) >= 615
    assert sum(bool(each.made.prompt) for each in found) >= 530
    assert sum(bool(each.made.model) for each in found) >= 550
    assert sum(bool(each.made.inputs) for each in found) == 0  # a recipe is derived from nothing


def test_only_templates_that_generate_nothing_have_no_pass(found):
    assert [each.name for each in found if not each.made.stages and not NO_GENERATOR.match(each.name)] == []


def test_every_sampler_pass_of_a_local_model_names_the_model(found):
    local = [each for each in found if each.samples and not each.services]
    assert [each.name for each in local if not each.made.model] == []
    assert len([each for each in local if each.made.seed is None]) <= 5


def test_a_service_is_found_where_the_packages_index_says_so_and_nowhere_else(found):
    differing = {each.name for each in found if bool(each.services) != each.hosted}
    assert differing == {"audio_ace_step_1_5_split_llm"}  # Gemini writes the prompt there, a local model the song


def test_the_page_says_what_is_read_today(found):
    listed = PAGE.read_text().partition(BEGIN)[2].partition(END)[0].strip()
    assert listed == table(found), "write it again with: python -m tests.docs.templates"
