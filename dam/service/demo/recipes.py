"""Prompts and settings lines of the demo's pictures, in each tool's own grammar.

The story: "Harbour Light", a short film. Mara Voss waits in a warehouse; Captain Ilse Brandt brings her out by sea.
"""

import json

NEGATIVE = "lowres, blurry, bad anatomy, extra fingers, text, watermark, jpeg artifacts"

HARBOUR = "harbour at dawn, container cranes in silhouette, calm water, low sun behind a cargo ship, orange and violet sky, cinematic wide shot, 35mm film"
WAREHOUSE = "Mara Voss, woman in a red coat standing with her back to camera in a derelict warehouse, god rays through tall windows, dust in the air, concrete floor, wide shot, cinematic lighting <lora:mara_voss_v3:0.85>"
NEON_RAIN = "neon rain, narrow street at night, lone figure with a red umbrella, glowing shop signs, wet asphalt reflections, heavy rain, cyberpunk alley, anamorphic bokeh"
MARA = "profile portrait of Mara Voss, dark bob haircut, red wool coat, city lights out of focus behind her, teal rim light, warm key light, 85mm, shallow depth of field"
CAPTAIN = "profile portrait of Captain Ilse Brandt, grey hair tied in a knot, navy coat, harbour haze behind her, golden backlight"
TRAIN = "steam train crossing a stone viaduct at night, full moon, lit carriage windows, smoke drifting, misty valley, storybook illustration"
INK = "水墨山水画，层层远山，晨雾，红日，孤舟，飞鸟，留白，宣纸质感，大师作品"
INK_NEGATIVE = "文字，水印，模糊，低质量"
FOREST = "beech forest at sunrise, fog between tall trunks, shafts of green and gold light, ferns in the foreground"
LIGHTHOUSE = "lighthouse on a rock in a storm, red and white bands, beam of light through rain, heavy waves"
DINER = "a lonely diner at midnight on a wet street corner, three people at the counter, red neon sign, in the spirit of 1940s american realism --ar 3:2 --style raw --v 6.1"
CITY = "city skyline at night seen across the river, thousands of lit windows, moon, long exposure reflections, purple haze"
DUSK = "Mara Voss in the warehouse at dusk, red evening light through tall windows, violet shadows, dust, cinematic"
OVERGROWN = "abandoned warehouse overgrown with ivy and moss, green light through tall windows, woman in a red coat, post-apocalyptic calm"
CABIN = "log cabin in deep snow under northern lights, warm windows, fir trees, falling snow, starry sky, wide angle"
NEBULA = "ringed gas giant in front of a magenta nebula, dense star field, establishing shot for the dream sequence"
PAN = "slow camera move along the warehouse at dusk, dust drifting through red light, woman in a red coat stands still"
AMBIENCE = "harbour ambience at dawn, gentle swell, distant ship horn, two gulls"
LINE = "calm woman's voice, low and close: the boat leaves at first light"


def a1111(prompt: str, negative: str, settings: str) -> str:
    return f"{prompt}\nNegative prompt: {negative}\n{settings}"


def plain(prompt: str, seed: int, size: tuple[int, int], *, negative: str = NEGATIVE) -> str:
    """One txt2img pass in A1111 1.10."""
    settings = (
        f"Steps: 30, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: {seed}, Size: {size[0]}x{size[1]}, "
        "Model hash: 31e35c80fc, Model: sd_xl_base_1.0, Version: v1.10.1"
    )
    return a1111(prompt, negative, settings)


def with_hires_and_lora(prompt: str, seed: int, size: tuple[int, int]) -> str:
    """A1111 with a hires pass (Size is the first pass: half of the pixels) and a LoRA."""
    hashes = json.dumps({"vae": "235745af8d", "lora:mara_voss_v3": "8f2c1d7b6a90", "model": "4496b36d48"})
    settings = (
        f"Steps: 28, Sampler: DPM++ 2M SDE, Schedule type: Karras, CFG scale: 6, Seed: {seed}, "
        f"Size: {size[0] // 2}x{size[1] // 2}, Model hash: 4496b36d48, Model: dreamshaperXL_v21, VAE hash: 235745af8d, "
        "VAE: sdxl_vae.safetensors, Denoising strength: 0.35, Clip skip: 2, Hires upscale: 2, Hires steps: 14, "
        f'Hires upscaler: 4x-UltraSharp, Lora hashes: "mara_voss_v3: 8f2c1d7b6a90", Hashes: {hashes}, Version: v1.10.1'
    )
    return a1111(prompt, NEGATIVE, settings)


def forge_flux(prompt: str, seed: int, size: tuple[int, int]) -> str:
    """Forge with FLUX: no negative prompt, a distilled CFG and three modules."""
    return (
        f"{prompt}\nSteps: 20, Sampler: Euler, Schedule type: Simple, CFG scale: 1, Distilled CFG Scale: 3.5, Seed: {seed}, "
        f"Size: {size[0]}x{size[1]}, Model hash: bea01d51bd, Model: flux1-dev-bnb-nf4-v2, "
        "Version: f2.0.1v1.10.1-previous-659-gc055f2d4, Module 1: ae, Module 2: clip_l, Module 3: t5xxl_fp8_e4m3fn"
    )


def sdnext(prompt: str, seed: int, size: tuple[int, int]) -> str:
    settings = (
        f"Steps: 40, Size: {size[0]}x{size[1]}, Sampler: UniPC, Seed: {seed}, CFG scale: 6, App: SD.Next, Version: 67408bb, "
        "Pipeline: StableDiffusionXLPipeline, Operations: txt2img, Model: storybook_xl, Model hash: 338b85bc4f"
    )
    return a1111(prompt, "", settings)


def invoke_texts(prompt: str, seed: int, size: tuple[int, int]) -> dict[str, str]:
    """InvokeAI 3 and later: the metadata it shows, and the graph it ran."""
    width, height = size
    model = {"key": "5b1e8d0e", "hash": "blake3:93a2c1f4e7", "name": "Juggernaut XL v9", "base": "sdxl", "type": "main"}
    negative = "blurry, people, text"
    metadata = {
        "app_version": "5.6.2",
        "generation_mode": "sdxl_txt2img",
        "positive_prompt": prompt,
        "negative_prompt": negative,
        "width": width,
        "height": height,
        "seed": seed,
        "rand_device": "cpu",
        "cfg_scale": 5.5,
        "steps": 32,
        "scheduler": "dpmpp_2m_sde_k",
        "model": model,
        "loras": [{"model": {"key": "c40f", "name": "fog_and_rays", "base": "sdxl", "type": "lora"}, "weight": 0.6}],
    }
    nodes = {
        "model_loader": {"id": "model_loader", "type": "sdxl_model_loader", "model": model},
        "pos_cond": {"id": "pos_cond", "type": "sdxl_compel_prompt", "prompt": prompt, "style": prompt},
        "neg_cond": {"id": "neg_cond", "type": "sdxl_compel_prompt", "prompt": negative, "style": negative},
        "noise": {"id": "noise", "type": "noise", "seed": seed, "width": width, "height": height, "use_cpu": True},
        "denoise": {
            "id": "denoise",
            "type": "denoise_latents",
            "steps": 32,
            "cfg_scale": 5.5,
            "scheduler": "dpmpp_2m_sde_k",
        },
        "decode": {"id": "decode", "type": "l2i", "fp32": False},
    }
    wires = (
        ("model_loader", "unet", "denoise", "unet"),
        ("model_loader", "clip", "pos_cond", "clip"),
        ("model_loader", "clip", "neg_cond", "clip"),
        ("pos_cond", "conditioning", "denoise", "positive_conditioning"),
        ("neg_cond", "conditioning", "denoise", "negative_conditioning"),
        ("noise", "noise", "denoise", "noise"),
        ("denoise", "latents", "decode", "latents"),
        ("model_loader", "vae", "decode", "vae"),
    )
    edges = [{"source": {"node_id": a, "field": b}, "destination": {"node_id": c, "field": d}} for a, b, c, d in wires]
    graph = {"id": "sdxl_graph", "nodes": nodes, "edges": edges}
    return {"invokeai_metadata": json.dumps(metadata), "invokeai_graph": json.dumps(graph)}


def dream(prompt: str, seed: int) -> str:
    """InvokeAI 1 and 2: a command line."""
    return f'"{prompt} [blurry, low quality]" -s 50 -S {seed} -W 512 -H 512 -C 7.5 -A k_euler_a'
