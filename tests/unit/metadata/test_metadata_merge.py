"""One answer from several claims, and the claim of a C2PA verdict."""

from dataclasses import replace

from dam.ingest.inspection import inspect_file
from dam.metadata.c2pa_claim import claim_from_credentials
from dam.metadata.merge import merge
from dam.metadata.read import read_claims
from dam.model import Action, Claim, Credentials, CredentialState, Generation, Input, Lora, Stage
from tests.support import pictures

A1111 = "cat\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 64x64, Model: m"


def claim(reader, generation=None, ai=None, source=None, confidence=1.0):
    return Claim(f"at:{reader}", reader, "1", b"", 0, {}, confidence, generation, ai, source)


def signed(**given):
    return Credentials(CredentialState.UNTRUSTED_SIGNER, **given)


def test_text_of_the_generator_beats_the_label():
    text = claim("a1111", Generation(tool="AUTOMATIC1111", prompt="cat"), True)
    label = claim("c2pa", Generation(tool="Adobe Firefly", model="f"), True, "trainedAlgorithmicMedia")
    merged = merge([label, text])
    assert (merged.generation.tool, merged.generation.prompt, merged.generation.model) == ("AUTOMATIC1111", "cat", None)
    assert merged.digital_source_type == "trainedAlgorithmicMedia"
    assert any("Adobe Firefly" in note for note in merged.notes)


def test_graph_names_the_tool_and_the_text_beside_it_fills_the_holes():
    graph = claim("comfyui", Generation(tool="ComfyUI", seed=5), True)
    text = claim(
        "a1111", Generation(tool="AUTOMATIC1111", tool_version="v1", seed=6, prompt="cat", width=64, height=32), True
    )
    made = merge([text, graph]).generation
    assert (made.tool, made.tool_version, made.seed, made.prompt, made.width) == ("ComfyUI", None, 5, "cat", 64)


def test_c2pa_speaks_before_other_labels_however_sure_they_are():
    c2pa = claim("c2pa", Generation(tool="Adobe Firefly"), True, confidence=0.6)
    iptc = claim("iptc_xmp", Generation(tool="Some System", prompt="cat"), True, confidence=1.0)
    made = merge([iptc, c2pa]).generation
    assert (made.tool, made.prompt) == ("Adobe Firefly", "cat")


def test_more_confidence_then_more_fields_decide_between_texts():
    sure = claim("a1111", Generation(tool="AUTOMATIC1111", seed=1))
    unsure = claim("swarmui", Generation(tool="SwarmUI", seed=2, prompt="cat", steps=9), confidence=0.5)
    assert (merge([unsure, sure]).generation.seed, merge([unsure, sure]).generation.steps) == (1, 9)
    richer = replace(unsure, confidence=1.0)
    assert merge([sure, richer]).generation.seed == 2


def test_a_version_belongs_to_its_tool():
    graph = claim("comfyui", Generation(tool="ComfyUI", prompt="cat"))
    same = claim("a1111", Generation(tool="ComfyUI", tool_version="0.3"))
    other = claim("a1111", Generation(tool="AUTOMATIC1111", tool_version="1.9"))
    assert merge([graph, same]).generation.tool_version == "0.3"
    assert merge([graph, other]).generation.tool_version is None


def test_a_size_comes_from_one_carrier():
    graph = claim("comfyui", Generation(tool="ComfyUI", width=512))
    text = claim("a1111", Generation(prompt="x", width=64, height=32))
    assert (merge([graph, text]).generation.width, merge([graph, text]).generation.height) == (512, None)
    bare = claim("comfyui", Generation(tool="ComfyUI"))
    assert (merge([bare, text]).generation.width, merge([bare, text]).generation.height) == (64, 32)


def test_loras_and_stages_come_from_the_first_claim_that_has_them():
    graph = claim("comfyui", Generation(tool="ComfyUI", prompt="cat", loras=(Lora("x"),)))
    text = claim("a1111", Generation(tool="AUTOMATIC1111", loras=(Lora("y"),), stages=(Stage(seed=1),)))
    made = merge([graph, text]).generation
    assert (made.loras, made.stages) == ((Lora("x"),), ())
    open_graph = claim("comfyui", Generation(tool="ComfyUI"))
    assert merge([open_graph, text]).generation.stages == (Stage(seed=1),)


def test_generated_size_and_pixel_size_stay_apart(tmp_path):
    """A picture that was enlarged after it was made: both sizes are told, and neither is made up from the other."""
    enlarged = pictures.png(pictures.painted(1, 320, 256), {"parameters": A1111.replace("Size: 64x64", "Size: 64x32")})
    unsized = pictures.png(pictures.painted(1, 320, 256), {"parameters": A1111.replace("Size: 64x64, ", "")})
    first, second = (
        inspect_file(str(pictures.put(tmp_path, name, data)), None)
        for name, data in (("a.png", enlarged), ("b.png", unsized))
    )
    assert [(f.media.width_px, f.media.height_px) for f in (first, second)] == [(320, 256)] * 2
    assert (first.generation.width, first.generation.height) == (64, 32)
    assert (second.generation.width, second.generation.height) == (None, None)


def test_inputs_are_united_by_name_or_hash():
    one = Generation(tool="InvokeAI", inputs=(Input("a.png", None, "init"),), loras=(Lora("x"),))
    two = Generation(tool="InvokeAI", inputs=(Input("a.png", "ff"), Input("b.png")))
    made = merge([claim("invokeai", one), claim("invokeai", two, confidence=0.5)]).generation
    assert made.inputs == (Input("a.png", "ff", "init"), Input("b.png"))


def test_one_carrier_that_says_ai_wins_over_a_camera_and_the_contradiction_is_noted():
    merged = merge([claim("iptc_xmp", None, False, "digitalCapture"), claim("aigc", None, True)])
    assert (merged.ai_generated, len(merged.notes)) == (True, 1)
    assert merge([claim("iptc_xmp", None, False, "digitalCapture")]).ai_generated is False
    assert merge([claim("unparsed")]).ai_generated is None


def test_order_of_claims_does_not_change_the_answer():
    claims = [
        claim("comfyui", Generation(tool="ComfyUI", seed=1)),
        claim("a1111", Generation(prompt="x")),
        claim("c2pa", Generation(tool="t"), True),
    ]
    assert merge(claims) == replace(merge(claims[::-1]), notes=merge(claims).notes)


def test_ai_in_an_ingredient_counts():
    found = claim_from_credentials(
        signed(
            generator="ChatGPT",
            actions=(Action("c2pa.opened"),),
            digital_source_types=("trainedAlgorithmicMedia",),
            software_agents=("GPT-4o",),
        )
    )
    assert (found.ai_generated, found.generation.tool, found.generation.model) == (True, "ChatGPT", "GPT-4o")


def test_credentials_alone_are_not_ai():
    found = claim_from_credentials(signed(generator="Leica M11", digital_source_types=("digitalCapture",)))
    assert (found.ai_generated, found.generation) == (False, None)
    assert claim_from_credentials(signed(generator="Validator")).ai_generated is None
    assert claim_from_credentials(Credentials(CredentialState.NONE)) is None


def test_microsoft_says_ai_only_in_a_description():
    action = Action("c2pa.created", software_agent="Image Creator from Designer", description="AI Generated Image")
    found = claim_from_credentials(signed(generator="Microsoft Responsible AI", actions=(action,)))
    assert (found.ai_generated, found.generation.tool, found.generation.prompt) == (True, "Microsoft Designer", None)


def test_tools_own_text_is_not_mistaken_for_generation_by_a_camera_composite():
    found = claim_from_credentials(
        signed(generator="Photoshop", digital_source_types=("digitalCapture", "compositeWithTrainedAlgorithmicMedia"))
    )
    assert (found.ai_generated, found.digital_source_type) == (True, "compositeWithTrainedAlgorithmicMedia")


def test_text_that_nobody_reads_is_kept_as_unparsed(probe_of):
    claims, problems = read_claims(
        probe_of([("parameters", "only words"), ("Software", "GIMP"), ("XML:com.adobe.xmp", "<x/>")])
    )
    assert [(c.reader, c.carrier, c.ai_generated) for c in claims] == [("unparsed", "png:tEXt:parameters", None)]
    assert problems == ()


def test_two_carriers_of_one_file_are_two_claims(probe_of):
    claims, _ = read_claims(probe_of(parameters=A1111, comment=A1111.replace("cat", "dog")))
    assert {c.generation.prompt for c in claims} == {"cat", "dog"}
