"""Made-up texts in the grammar of each tool, by the key under which the tool writes them: seeds for mutation."""

import json

from tests.support import pictures

A1111_LONG = (
    "a lighthouse <lora:lantern_style:0.8> at dusk, (rain:1.2)\nsecond line of it\n"
    "Negative prompt: blurry, <lora:soft:-0.5>\nstill negative\n"
    "Steps: 24, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 5.5, Seed: 18446744073709551615, Size: 832x1216, "
    "Model hash: 0123456789, Model: lantern_xl, VAE hash: 9876543210, VAE: plain.safetensors, Denoising strength: 0.4, "
    'Hires upscale: 2, Hires steps: 10, Hires upscaler: 4x-Plain, ADetailer model: face.pt, ADetailer prompt: "one, two", '
    'Lora hashes: "lantern_style: aabbccddeeff, soft: 112233445566", Template: "a {b|c}", '
    'Hashes: {"model": "0123456789", "lora:soft": "112233"}, Version: f2.0.1v1.10.1-previous-1'
)
SDNEXT = (
    "a harbour\nNegative prompt: fog\nSteps: 20| Size: 1024x1024| Sampler: Euler| Seed: 7| CFG scale: 6| App: SD.Next| "
    "Operations: txt2img; hires| Model: lantern| Model hash: 0123456789"
)
CIVITAI = (
    "a tram\nNegative prompt: cars\nSteps: 30, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512, Clip skip: 2, "
    'Created Date: 2025-01-02T03:04:05.0000000Z, Civitai resources: [{"type":"checkpoint","modelVersionId":123,'
    '"modelName":"Lantern","modelVersionName":"v1"},{"type":"lora","weight":0.7,"modelVersionId":9,"modelName":"Soft"}], '
    'Civitai metadata: {"remixOfId": 12}'
)
MIDJOURNEY = (
    "a pier https://example.invalid/a.png --ar 16:9 --no people --seed 12 --cref https://example.invalid/b.png --v 6.1 "
    "Job ID: 2b6e053b-9a65-4ca9-9e13-b6f4465164d4"
)
DREAM = '"a mill [mud, fog]" -s 50 -S 12345 -W 512 -H 640 -C 7.5 -A k_lms -I ./init images/a.png -f 0.7'
GROK = f"Signature: {'Ab0/' * 30}"
AIGC = {
    "AIGC": {
        "Label": "1", "ContentProducer": "001191110000000000000000000001", "ProduceID": "a1",
        "ReservedCode1": "x", "ContentPropagator": "p", "PropagateID": "b2", "ReservedCode2": "y",
    }
}  # fmt: skip


def workflow():
    """A ComfyUI UI graph with a subgraph, widget values, a bypassed node and a group node."""
    node = lambda number, kind, widgets, **more: {  # noqa: E731
        "id": number, "type": kind, "mode": 0, "pos": [1, 2], "order": number, "flags": {}, "properties": {},
        "inputs": [], "outputs": [], "widgets_values": widgets, **more,
    }  # fmt: skip
    inner = {
        "id": "9f6a3c1e-0000-4000-8000-000000000001", "name": "Inner", "version": 1,
        "inputs": [{"name": "text", "type": "STRING"}], "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING"}],
        "nodes": [
            node(
                1, "CLIPTextEncode", ["inside"],
                inputs=[{"name": "clip", "type": "CLIP", "link": 1}], outputs=[{"name": "C", "links": [2]}],
            )
        ],
        "links": [{"id": 2, "origin_id": 1, "origin_slot": 0, "target_id": -20, "target_slot": 0, "type": "CONDITIONING"}],
    }  # fmt: skip
    return {
        "last_node_id": 9, "last_link_id": 9, "version": 0.4, "extra": {"ds": {"scale": 1.0}}, "config": {}, "groups": [],
        "nodes": [
            node(
                1, "CheckpointLoaderSimple", ["lantern_xl.safetensors"],
                outputs=[{"name": "MODEL", "links": [1]}, {"name": "CLIP", "links": [2, 3]}, {"name": "VAE", "links": [8]}],
            ),
            node(
                2, "CLIPTextEncode", ["a pier"],
                inputs=[{"name": "clip", "link": 2}], outputs=[{"name": "C", "links": [4]}],
            ),
            node(
                3, "9f6a3c1e-0000-4000-8000-000000000001", ["fog"],
                inputs=[{"name": "clip", "link": 3}], outputs=[{"name": "C", "links": [5]}],
            ),
            node(4, "EmptyLatentImage", [512, 768, 1], outputs=[{"name": "LATENT", "links": [6]}]),
            node(
                5, "KSampler", [42, "randomize", 20, 7.0, "euler", "karras", 1.0],
                inputs=[
                    {"name": "model", "link": 1}, {"name": "positive", "link": 4},
                    {"name": "negative", "link": 5}, {"name": "latent_image", "link": 6},
                ],
                outputs=[{"name": "LATENT", "links": [7]}],
            ),
            node(
                6, "VAEDecode", [],
                inputs=[{"name": "samples", "link": 7}, {"name": "vae", "link": 8}],
                outputs=[{"name": "IMAGE", "links": [9]}],
            ),
            node(7, "SaveImage", ["out"], inputs=[{"name": "images", "link": 9}]),
            node(8, "LoadImage", ["mask.png", "image"], mode=4, outputs=[{"name": "IMAGE", "links": []}]),
        ],
        "links": [
            [1, 1, 0, 5, 0, "MODEL"], [2, 1, 1, 2, 0, "CLIP"], [3, 1, 1, 3, 0, "CLIP"], [4, 2, 0, 5, 1, "CONDITIONING"],
            [5, 3, 0, 5, 2, "CONDITIONING"], [6, 4, 0, 5, 3, "LATENT"], [7, 5, 0, 6, 0, "LATENT"],
            [8, 1, 2, 6, 1, "VAE"], [9, 6, 0, 7, 0, "IMAGE"],
        ],
        "definitions": {"subgraphs": [inner]},
    }  # fmt: skip


def documents():
    """(key, JSON value) of every tool that writes JSON."""
    graph = json.loads(pictures.comfy("mara relit", "takes/source.png"))
    service = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "first.png"}, "is_changed": ["ab" * 32]},
        "2": {
            "class_type": "KlingImage2VideoNode",
            "inputs": {"prompt": "she walks", "negative_prompt": "", "model_name": "kling-v2", "start_frame": ["1", 0],
                       "cfg_scale": 0.8, "duration": "5"},
        },
        "3": {"class_type": "SaveVideo", "inputs": {"video": ["2", 0], "filename_prefix": "v"}},
    }  # fmt: skip
    swarm = {
        "sui_image_params": {"prompt": "a quay", "negativeprompt": "fog", "model": "lantern_xl", "seed": 4, "steps": 20,
                             "cfgscale": 7.0, "aspectratio": "1:1", "width": 1024, "height": 1024, "sampler": "euler",
                             "scheduler": "normal", "loras": ["a/soft"], "loraweights": ["0.6"], "swarm_version": "0.9.5"},
        "sui_extra_data": {"date": "2025-02-03", "generation_time": "3 s"},
        "sui_models": [{"name": "lantern_xl.safetensors", "param": "model", "hash": "0x0123456789abcdef"}],
    }  # fmt: skip
    caption = {
        "caption": {"base_caption": "a mast", "char_captions": [{"char_caption": "girl", "centers": [{"x": 0.5}]}]}
    }
    novel = {
        "prompt": "a mast", "uc": "fog", "steps": 28, "scale": 5.0, "seed": 99, "sampler": "k_euler", "width": 832,
        "height": 1216, "noise_schedule": "karras", "request_type": "PromptGenerateRequest", "strength": 0.7,
        "v4_prompt": caption, "v4_negative_prompt": caption,
    }  # fmt: skip
    dream = {"model": "stable diffusion", "model_weights": "lantern", "model_hash": "ab" * 32, "app_version": "v2.3",
             "image": {"prompt": [{"prompt": "a mill", "weight": 1.0}], "steps": 50, "cfg_scale": 7.5, "width": 512,
                       "height": 512, "seed": 1, "sampler": "k_lms", "type": "img2img", "strength_steps": 0.7,
                       "orig_hash": "cd" * 32}}  # fmt: skip
    invoke = {
        "app_version": "5.4.2", "generation_mode": "sdxl_img2img", "positive_prompt": "a sail", "negative_prompt": "fog",
        "width": 1024, "height": 1024, "seed": 3, "cfg_scale": 6.0, "steps": 30, "scheduler": "euler", "strength": 0.5,
        "model": {"key": "k", "hash": "blake3:00", "name": "lantern", "base": "sdxl", "type": "main"},
        "loras": [{"model": {"name": "soft", "hash": "blake3:11"}, "weight": 0.5}], "init_image": "a.png",
        "controlnets": [{"image": {"image_name": "c.png"}, "control_weight": 1, "control_model": {"name": "canny"}}],
        "ref_images": [{"config": {"image": {"image_name": "r.png"}}}],
    }  # fmt: skip
    easy = {
        "prompt": "a dock", "negative_prompt": "fog", "seed": 8, "num_inference_steps": 25, "guidance_scale": 7.5,
        "use_stable_diffusion_model": "lantern", "sampler_name": "euler", "width": 512, "height": 512,
        "use_lora_model": ["soft"], "lora_alpha": [0.4],
    }  # fmt: skip
    fooocus = {
        "prompt": "a rope", "negative_prompt": "fog", "base_model": "lantern", "base_model_hash": "0123456789",
        "adm_guidance": "(1.5, 0.8, 0.3)", "guidance_scale": 4.0, "steps": 30, "seed": "77", "resolution": "(896, 1152)",
        "sampler": "dpmpp_2m", "scheduler": "karras", "loras": [["soft", 0.5, "112233"]], "version": "Fooocus v2.5.5",
        "lora_combined_1": "soft : 0.5",
    }  # fmt: skip
    things = {
        "c": "a knot", "uc": "fog", "model": "lantern.ckpt", "sampler": "Euler", "scale": 7.0, "seed": 5, "steps": 20,
        "size": "512x512", "strength": 1, "lora": [{"model": "soft.ckpt", "weight": 0.3}],
        "v2": {"width": 512, "height": 512, "sampler": 1},
    }  # fmt: skip
    return [
        ("prompt", graph), ("prompt", service), ("workflow", workflow()), ("parameters", swarm), ("Comment", novel),
        ("sd-metadata", dream), ("invokeai_metadata", invoke), ("invokeai_graph", {"nodes": {"a": invoke}, "edges": []}),
        ("Comment", things), ("parameters", fooocus), ("parameters", easy), ("AIGC", AIGC),
        ("Comment", {"prompt": json.dumps(graph), "workflow": workflow()}),
    ]  # fmt: skip


def lines():
    """(key, text) of every tool that writes plain text."""
    return [
        ("parameters", pictures.a1111("a circle", seed=3)),
        ("parameters", A1111_LONG),
        ("parameters", SDNEXT),
        ("parameters", CIVITAI),
        ("UserComment", A1111_LONG),
        ("Description", MIDJOURNEY),
        ("Dream", DREAM),
        ("comment", GROK),
    ]


def all_texts():
    return lines() + [(key, json.dumps(value)) for key, value in documents()]
