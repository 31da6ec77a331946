"""One answer from several claims, and the claim of a C2PA verdict."""

from dataclasses import replace

from dam.metadata.c2pa_claim import claim_from_credentials
from dam.metadata.merge import merge
from dam.metadata.read import read_claims
from dam.model import Action, Claim, Credentials, CredentialState, Generation, Input, Lora

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
