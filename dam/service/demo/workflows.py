"""The graphs that the demo's studio runs in ComfyUI. Widgets stand in the order the UI keeps them."""

from dam.service.demo.comfy import Node

NEGATIVE = "blurry, lowres, text, watermark, deformed hands, extra fingers, oversaturated"


def _sampler(seed: int, steps: int, denoise: float, cfg: float = 6.5) -> dict[str, object]:
    return {
        "seed": seed,
        "steps": steps,
        "cfg": cfg,
        "sampler_name": "dpmpp_2m",
        "scheduler": "karras",
        "denoise": denoise,
    }


def txt2img(prompt: str, seed: int, size: tuple[int, int], save: Node) -> list[Node]:
    """SDXL, one LoRA, one sampler. `save` is the output node (id 9), fed from node 8."""
    return [
        (
            "3",
            "KSampler",
            {
                **_sampler(seed, 30, 1.0),
                "model": ["10", 0],
                "positive": ["6", 0],
                "negative": ["7", 0],
                "latent_image": ["5", 0],
            },
        ),
        ("4", "CheckpointLoaderSimple", {"ckpt_name": "juggernautXL_ragnarokBy.safetensors"}),
        ("5", "EmptyLatentImage", {"width": size[0], "height": size[1], "batch_size": 1}),
        ("6", "CLIPTextEncode", {"text": prompt, "clip": ["10", 1]}),
        ("7", "CLIPTextEncode", {"text": NEGATIVE, "clip": ["10", 1]}),
        ("8", "VAEDecode", {"samples": ["3", 0], "vae": ["4", 2]}),
        save,
        (
            "10",
            "LoraLoader",
            {
                "lora_name": "harbour_light_style_v2.safetensors",
                "strength_model": 0.8,
                "strength_clip": 0.8,
                "model": ["4", 0],
                "clip": ["4", 1],
            },
        ),
    ]


def save_image(prefix: str) -> Node:
    return ("9", "SaveImage", {"filename_prefix": prefix, "images": ["8", 0]})


def save_webp(prefix: str) -> Node:
    return (
        "9",
        "SaveAnimatedWEBP",
        {
            "filename_prefix": prefix,
            "fps": 6.0,
            "lossless": False,
            "quality": 88,
            "method": "default",
            "images": ["8", 0],
        },
    )


def img2img(prompt: str, seed: int, image: str, prefix: str) -> list[Node]:
    """The loaded picture is encoded and repainted at denoise 0.55."""
    return [
        (
            "3",
            "KSampler",
            {
                **_sampler(seed, 28, 0.55),
                "model": ["4", 0],
                "positive": ["6", 0],
                "negative": ["7", 0],
                "latent_image": ["12", 0],
            },
        ),
        ("4", "CheckpointLoaderSimple", {"ckpt_name": "sd_xl_base_1.0.safetensors"}),
        ("6", "CLIPTextEncode", {"text": prompt, "clip": ["4", 1]}),
        ("7", "CLIPTextEncode", {"text": NEGATIVE, "clip": ["4", 1]}),
        ("8", "VAEDecode", {"samples": ["3", 0], "vae": ["4", 2]}),
        save_image(prefix),
        ("11", "LoadImage", {"image": image}),
        ("12", "VAEEncode", {"pixels": ["11", 0], "vae": ["4", 2]}),
    ]


def controlnet(prompt: str, seed: int, depth_map: str, prefix: str) -> list[Node]:
    """A depth map steers an SDXL txt2img pass."""
    return [
        (
            "3",
            "KSampler",
            {
                **_sampler(seed, 32, 1.0),
                "model": ["4", 0],
                "positive": ["14", 0],
                "negative": ["14", 1],
                "latent_image": ["5", 0],
            },
        ),
        ("4", "CheckpointLoaderSimple", {"ckpt_name": "sd_xl_base_1.0.safetensors"}),
        ("5", "EmptyLatentImage", {"width": 1216, "height": 832, "batch_size": 1}),
        ("6", "CLIPTextEncode", {"text": prompt, "clip": ["4", 1]}),
        ("7", "CLIPTextEncode", {"text": NEGATIVE, "clip": ["4", 1]}),
        ("8", "VAEDecode", {"samples": ["3", 0], "vae": ["4", 2]}),
        save_image(prefix),
        ("12", "LoadImage", {"image": depth_map}),
        ("13", "ControlNetLoader", {"control_net_name": "controlnet-depth-sdxl-1.0.safetensors"}),
        (
            "14",
            "ControlNetApplyAdvanced",
            {
                "strength": 0.85,
                "start_percent": 0.0,
                "end_percent": 0.8,
                "positive": ["6", 0],
                "negative": ["7", 0],
                "control_net": ["13", 0],
                "image": ["12", 0],
            },
        ),
    ]


def flux(prompt: str, seed: int, prefix: str) -> list[Node]:
    """FLUX.1 through SamplerCustomAdvanced: seed, steps and sampler stand in four nodes."""
    return [
        ("6", "CLIPTextEncode", {"text": prompt, "clip": ["11", 0]}),
        ("8", "VAEDecode", {"samples": ["13", 0], "vae": ["10", 0]}),
        save_image(prefix),
        ("10", "VAELoader", {"vae_name": "ae.safetensors"}),
        (
            "11",
            "DualCLIPLoader",
            {
                "clip_name1": "t5xxl_fp16.safetensors",
                "clip_name2": "clip_l.safetensors",
                "type": "flux",
                "device": "default",
            },
        ),
        ("12", "UNETLoader", {"unet_name": "flux1-dev.safetensors", "weight_dtype": "default"}),
        (
            "13",
            "SamplerCustomAdvanced",
            {
                "noise": ["25", 0],
                "guider": ["22", 0],
                "sampler": ["16", 0],
                "sigmas": ["17", 0],
                "latent_image": ["27", 0],
            },
        ),
        ("16", "KSamplerSelect", {"sampler_name": "euler"}),
        ("17", "BasicScheduler", {"scheduler": "simple", "steps": 24, "denoise": 1.0, "model": ["12", 0]}),
        ("22", "BasicGuider", {"model": ["12", 0], "conditioning": ["26", 0]}),
        ("25", "RandomNoise", {"noise_seed": seed}),
        ("26", "FluxGuidance", {"guidance": 3.5, "conditioning": ["6", 0]}),
        ("27", "EmptySD3LatentImage", {"width": 1024, "height": 1024, "batch_size": 1}),
    ]


def image_to_video(prompt: str, seed: int, image: str, prefix: str) -> list[Node]:
    """Wan 2.1 image-to-video: the start picture goes in through WanImageToVideo."""
    return [
        (
            "3",
            "KSampler",
            {
                "seed": seed,
                "steps": 20,
                "cfg": 6.0,
                "sampler_name": "uni_pc",
                "scheduler": "simple",
                "denoise": 1.0,
                "model": ["54", 0],
                "positive": ["50", 0],
                "negative": ["50", 1],
                "latent_image": ["50", 2],
            },
        ),
        ("6", "CLIPTextEncode", {"text": prompt, "clip": ["38", 0]}),
        ("7", "CLIPTextEncode", {"text": NEGATIVE, "clip": ["38", 0]}),
        ("8", "VAEDecode", {"samples": ["3", 0], "vae": ["39", 0]}),
        ("37", "UNETLoader", {"unet_name": "wan2.1_i2v_480p_14B_fp16.safetensors", "weight_dtype": "default"}),
        (
            "38",
            "CLIPLoader",
            {"clip_name": "umt5_xxl_fp8_e4m3fn_scaled.safetensors", "type": "wan", "device": "default"},
        ),
        ("39", "VAELoader", {"vae_name": "wan_2.1_vae.safetensors"}),
        (
            "50",
            "WanImageToVideo",
            {
                "width": 512,
                "height": 288,
                "length": 49,
                "batch_size": 1,
                "positive": ["6", 0],
                "negative": ["7", 0],
                "vae": ["39", 0],
                "start_image": ["52", 0],
            },
        ),
        ("52", "LoadImage", {"image": image}),
        ("54", "ModelSamplingSD3", {"shift": 8.0, "model": ["37", 0]}),
        ("56", "CreateVideo", {"fps": 16.0, "images": ["8", 0]}),
        ("57", "SaveVideo", {"filename_prefix": prefix, "format": "mp4", "codec": "h264", "video": ["56", 0]}),
    ]


def text_to_audio(prompt: str, seed: int, seconds: float, prefix: str) -> list[Node]:
    """Stable Audio Open to an MP3."""
    return [
        (
            "3",
            "KSampler",
            {
                "seed": seed,
                "steps": 50,
                "cfg": 5.0,
                "sampler_name": "dpmpp_3m_sde_gpu",
                "scheduler": "exponential",
                "denoise": 1.0,
                "model": ["4", 0],
                "positive": ["6", 0],
                "negative": ["7", 0],
                "latent_image": ["11", 0],
            },
        ),
        ("4", "CheckpointLoaderSimple", {"ckpt_name": "stable_audio_open_1.0.safetensors"}),
        ("6", "CLIPTextEncode", {"text": prompt, "clip": ["10", 0]}),
        ("7", "CLIPTextEncode", {"text": "", "clip": ["10", 0]}),
        ("10", "CLIPLoader", {"clip_name": "t5_base.safetensors", "type": "stable_audio", "device": "default"}),
        ("11", "EmptyLatentAudio", {"seconds": seconds, "batch_size": 1}),
        ("12", "VAEDecodeAudio", {"samples": ["3", 0], "vae": ["4", 2]}),
        ("19", "SaveAudioMP3", {"filename_prefix": prefix, "quality": "V0", "audio": ["12", 0]}),
    ]
