"""The other tools' texts: where the fields stand, and what tells the tools apart."""

import json

from dam.metadata.readers import (
    aigc,
    drawthings,
    easydiffusion,
    fooocus,
    grok,
    invokeai,
    iptc_xmp,
    midjourney,
    novelai,
    swarmui,
)

RDF = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">%s</rdf:RDF></x:xmpmeta>'
IPTC = b'<rdf:Description xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" %s/>'


def only(claims):
    (claim,) = claims
    return claim


def test_fooocus_json_under_the_key_of_a1111(probe_of):
    given = {"base_model": "jugger", "base_model_hash": "ae", "adm_guidance": "(1.5, 0.8, 0.3)", "prompt": "goldfish"}
    given |= {
        "negative_prompt": "",
        "seed": "6952411511246973023",
        "resolution": "(768, 1280)",
        "version": "Fooocus v2.4.3",
    }
    given |= {"loras": [["ink.safetensors", 0.5, "ffff"]], "guidance_scale": 4, "steps": 30}
    made = only(fooocus.PLUGIN.read(probe_of(parameters=given))).generation
    assert (made.tool, made.seed, made.width, made.height) == ("Fooocus", 6952411511246973023, 768, 1280)
    assert (made.loras[0].name, made.loras[0].weight, made.loras[0].hash) == ("ink.safetensors", 0.5, "ffff")


def test_swarm_numbers_may_be_text_and_hashes_stand_apart(probe_of):
    given = {
        "sui_image_params": {
            "prompt": "cat",
            "seed": "1",
            "steps": "20",
            "model": "m",
            "loras": "a,b",
            "loraweights": "1,0.5",
        }
    }
    given["sui_models"] = [
        {"name": "m.safetensors", "param": "model", "hash": "0x7e"},
        {"name": "b.safetensors", "param": "loras", "hash": "0x1"},
    ]
    made = only(swarmui.PLUGIN.read(probe_of(parameters=given))).generation
    assert (made.seed, made.steps, made.model_hash, made.negative_prompt) == (1, 20, "0x7e", "")
    assert [(x.name, x.weight, x.hash) for x in made.loras] == [("a", 1.0, None), ("b", 0.5, "0x1")]


def test_novelai_v4_caption_and_characters(probe_of):
    comment = {"uc": "bad", "steps": 28, "scale": 5, "seed": 9, "sampler": "k_euler"}
    comment["v4_prompt"] = {"caption": {"base_caption": "a park", "char_captions": [{"char_caption": "a girl"}]}}
    texts = [
        ("Software", "NovelAI"),
        ("Source", "NovelAI Diffusion V4 37442FCA"),
        ("Comment", comment),
        ("Description", "x"),
    ]
    made = only(novelai.PLUGIN.read(probe_of(texts))).generation
    assert (made.prompt, made.model_hash, made.cfg_scale) == ("a park\na girl", "37442FCA", 5.0)


def test_novelai_hidden_json_holds_the_comment_as_a_string(probe_of):
    outer = {
        "Software": "NovelAI",
        "Description": "cat",
        "Source": "S",
        "Comment": json.dumps({"uc": "bad", "steps": 2, "seed": 3}),
    }
    made = only(novelai.PLUGIN.read(probe_of(parameters=outer))).generation
    assert (made.prompt, made.negative_prompt, made.seed) == ("cat", "bad", 3)


def test_invoke_command_line_with_glued_and_spaced_switches(probe_of):
    line = '"a cat [blurry, dark]" -s50 -S 1 -W512 -H 768 -C7.5 -Ak_lms -I "/tmp/my init.png" -f 0.7'
    made = only(invokeai.PLUGIN.read(probe_of(Dream=line))).generation
    assert (made.prompt, made.negative_prompt, made.sampler) == ("a cat", "blurry, dark", "k_lms")
    assert (made.steps, made.seed, made.width, made.height, made.cfg_scale) == (50, 1, 512, 768, 7.5)
    assert (made.inputs[0].name, made.inputs[0].role, made.denoise) == ("/tmp/my init.png", "init", 0.7)


def test_invoke_line_that_is_none_names_the_tool_only(probe_of):
    made = only(invokeai.PLUGIN.read(probe_of(Dream="<too lazy to implement>"))).generation
    assert (made.tool, made.prompt, made.seed) == ("InvokeAI", None, None)


def test_invoke_parent_has_its_name_from_the_line_and_its_hash_from_the_metadata(probe_of):
    meta = {
        "model_id": "sd-1.4",
        "app_version": "v1.15",
        "image": {"prompt": [{"prompt": "fire", "weight": 1}], "orig_hash": "4E" * 32},
    }
    claims = invokeai.PLUGIN.read(probe_of([("Dream", '"fire" -s 5 -S 1 -I /tmp/in.png'), ("sd-metadata", meta)]))
    (parent,) = claims[1].generation.inputs
    assert (parent.name, parent.sha256, claims[1].generation.model) == ("/tmp/in.png", "4e" * 32, "sd-1.4")


def test_invoke_parent_of_a_repair_stands_in_the_command(probe_of):
    meta = {
        "image": {"prompt": "x", "postprocessing": [{"tool": "outcrop", "dream_command": '!fix "pics/curly.png" -s 5'}]}
    }
    assert only(invokeai.PLUGIN.read(probe_of([("sd-metadata", meta)]))).generation.inputs[0].name == "pics/curly.png"


def test_invoke_three_with_loras_and_control_pictures(probe_of):
    meta = {
        "app_version": "4.2",
        "positive_prompt": "cat",
        "negative_prompt": "",
        "seed": 3,
        "model": {"name": "sdxl", "hash": "blake3:1"},
    }
    meta["loras"] = [{"model": {"name": "ink"}, "weight": 0.4}]
    meta["controlnets"] = [{"image": {"image_name": "edges.png"}}]
    made = only(invokeai.PLUGIN.read(probe_of(invokeai_metadata=meta))).generation
    assert (made.model, made.model_hash, made.loras[0].weight) == ("sdxl", "blake3:1", 0.4)
    assert [(i.name, i.role) for i in made.inputs] == [("edges.png", "control")]


def test_invoke_graph_in_a_jpeg_comment(probe_of):
    graph = 'invokeai_graph: {"nodes":{"a":{"base_image":{"image_name":"one.png"},"color_reference":{"image_name":"two.png"}}}}'
    made = only(invokeai.PLUGIN.read(probe_of(com=graph))).generation
    assert {i.name for i in made.inputs} == {"one.png", "two.png"}


def test_midjourney_switches_are_not_part_of_the_prompt(probe_of):
    text = "a röad, static --ar 4:3 --no fog, rain --seed 7 --v 5.2 Job ID: 2b6e053b-9a65-4ca9-9e13-b6f4465164d4"
    claim = only(midjourney.PLUGIN.read(probe_of(Description=text)))
    made = claim.generation
    assert (made.prompt, made.model, made.negative_prompt, made.seed) == ("a röad, static", "5.2", "fog, rain", 7)
    assert (claim.fields["job_id"], claim.fields["parameters"]["ar"]) == ("2b6e053b-9a65-4ca9-9e13-b6f4465164d4", "4:3")


def test_aigc_label_in_xmp_gives_the_tool_by_its_registration(probe_of):
    label = b"{&quot;Label&quot;:&quot;1&quot;,&quot;ContentProducer&quot;:&quot;001191110102MACQD9K64010000&quot;}"
    packet = RDF % (
        b'<rdf:Description xmlns:T="http://www.tc260.org.cn/ns/AIGC/1.0/"><T:AIGC>'
        + label
        + b"</T:AIGC></rdf:Description>"
    )
    claim = only(aigc.PLUGIN.read(probe_of(xmp=packet)))
    assert (claim.generation.tool, claim.ai_generated, claim.confidence) == ("Doubao", True, 0.9)
    assert claim.fields["aigc"]["Label"] == "1"


def test_aigc_label_in_exif_and_as_a_chunk(probe_of):
    label = {"Label": "2", "ContentProducer": "x", "ProduceID": "7"}
    for texts in ([("AIGC", label)], [("0x9286", {"AIGC": label})], [("0x010e", {"AIGC": json.dumps(label)})]):
        claim = only(aigc.PLUGIN.read(probe_of(texts)))
        assert (claim.fields["aigc"]["ProduceID"], claim.generation, claim.confidence) == ("7", None, 0.6)


def test_iptc_source_type_says_ai_or_camera(probe_of):
    uri = b"http://cv.iptc.org/newscodes/digitalsourcetype/"
    for name, says in ((b"trainedAlgorithmicMedia", True), (b"digitalCapture", False), (b"algorithmicMedia", None)):
        claim = only(iptc_xmp.PLUGIN.read(probe_of(xmp=RDF % (IPTC % (b'e:DigitalSourceType="%s%s"' % (uri, name))))))
        assert (claim.ai_generated, claim.digital_source_type) == (says, name.decode())


def test_iptc_ai_fields_of_2025(probe_of):
    fields = b'e:AISystemUsed="Imagen" e:AISystemVersionUsed="4" e:AIPromptInformation="a cat"'
    made = only(iptc_xmp.PLUGIN.read(probe_of(xmp=RDF % (IPTC % fields)))).generation
    assert (made.tool, made.tool_version, made.prompt) == ("Imagen", "4", "a cat")


def test_grok_needs_signature_and_artist_both(probe_of):
    signature, artist = ("0x010e", "Signature: " + "Ab1+" * 20), ("0x013b", "2b6e053b-9a65-4ca9-9e13-b6f4465164d4")
    assert only(grok.PLUGIN.read(probe_of([signature, artist]))).generation.tool == "Grok"
    assert grok.PLUGIN.score(probe_of([signature])) == grok.PLUGIN.score(probe_of([artist])) == 0


def test_easy_diffusion_fields_a_chunk_each_with_windows_paths(probe_of):
    texts = [
        ("Prompt", "cat"),
        ("Negative Prompt", "bad"),
        ("Seed", "5"),
        ("Stable Diffusion model", "C:\\sd\\m.ckpt"),
        ("Guidance Scale", "7.5"),
    ]
    made = only(easydiffusion.PLUGIN.read(probe_of(texts))).generation
    assert (made.prompt, made.negative_prompt, made.seed, made.model, made.cfg_scale) == (
        "cat",
        "bad",
        5,
        "m.ckpt",
        7.5,
    )


def test_draw_things_json_in_xmp(probe_of):
    given = json.dumps(
        {"c": "cat", "uc": "bad", "model": "m", "seed": 5, "scale": 7, "steps": 9, "sampler": "Euler", "size": "64x32"}
    )
    packet = (
        RDF
        % f'<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/"><exif:UserComment>{given}</exif:UserComment></rdf:Description>'.encode()
    )
    made = only(drawthings.PLUGIN.read(probe_of(xmp=packet))).generation
    assert (made.tool, made.prompt, made.width, made.height) == ("Draw Things", "cat", 64, 32)
