"""Small pictures as tools leave them: painted pixels, and the metadata of A1111, ComfyUI and a camera."""

import gzip
import io
import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, PngImagePlugin

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def painted(seed, width=320, height=256):
    """(H, W, 3) uint8 that no other seed resembles: big soft shapes, a few hard ones, and grain to hide a mark in."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    for _ in range(10):
        x, y = (int(v) for v in rng.integers(0, (width, height)))
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        cv2.circle(picture, (x, y), int(rng.integers(min(width, height) // 16, min(width, height) // 5)), colour, -1)
    fine = cv2.resize(rng.normal(0, 24, (height // 3, width // 3)), (width, height), interpolation=cv2.INTER_CUBIC)
    grain = fine + rng.normal(0, 6, (height, width))
    return np.clip(picture + grain[..., None], 0, 255).astype(np.uint8)


def png(pixels, texts=None):
    """PNG bytes with tEXt chunks."""
    info = PngImagePlugin.PngInfo()
    for key, value in (texts or {}).items():
        info.add_text(key, value)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", pnginfo=info, compress_level=1)
    return stream.getvalue()


def hide(text, signature, place, shape=(96, 80), pixels=None):
    """Pixels (H, W, 4) with a text in their lowest bits, as the A1111 extension and NovelAI write it."""
    body = gzip.compress(text.encode()) if signature.endswith(b"comp") else text.encode()
    bits = np.unpackbits(np.frombuffer(signature + (len(body) * 8).to_bytes(4, "big") + body, np.uint8))
    if pixels is None:
        pixels = np.full((*shape, 4), 254, np.uint8)
    else:
        pixels = np.dstack([pixels & 254, np.full(pixels.shape[:2], 254, np.uint8)])
    plane = pixels[:, :, 3] if place == "alpha" else pixels[:, :, :3]
    columns = plane.swapaxes(0, 1).reshape(-1).copy()
    columns[: bits.size] |= bits
    plane[:] = columns.reshape(plane.swapaxes(0, 1).shape).swapaxes(0, 1)
    return pixels


def novelai(prompt, *, seed=5):
    """The JSON that NovelAI hides in the alpha plane: the fields of its PNG texts."""
    comment = {"prompt": prompt, "uc": "blurry", "steps": 28, "scale": 5.0, "seed": seed, "sampler": "k_euler", "width": 320, "height": 256}  # fmt: skip
    return json.dumps(
        {
            "Title": "AI generated image", "Description": prompt, "Software": "NovelAI", "Source": "Stable Diffusion 1D44365E",
            "Comment": json.dumps(comment),
        }
    )  # fmt: skip


def jpeg(pixels, quality=90, *, camera=None):
    """JPEG bytes; `camera` writes EXIF Make and Model."""
    exif = Image.Exif()
    if camera:
        exif[0x010F], exif[0x0110] = camera, f"{camera} One"
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality, exif=exif)
    return stream.getvalue()


def exif_jpeg(pixels, exif):
    """JPEG bytes with Pillow's `Exif`."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


def a1111(prompt, *, seed=1, model="lantern_xl", width=320, height=256):
    """The `parameters` text that A1111 and Forge write."""
    return (
        f"{prompt}\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: {seed}, "
        f"Size: {width}x{height}, Model hash: 0123456789, Model: {model}, Version: v1.10.1"
    )


def comfy(prompt, source, *, seed=2):
    """The `prompt` graph of a ComfyUI image-to-image run that reads the file named `source`."""
    graph = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "lantern_xl.safetensors"}},
        "2": {"class_type": "LoadImage", "inputs": {"image": source, "upload": "image"}},
        "3": {"class_type": "VAEEncode", "inputs": {"pixels": ["2", 0], "vae": ["1", 2]}},
        "4": {"class_type": "CLIPTextEncode", "inputs": {"text": prompt, "clip": ["1", 1]}},
        "5": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["1", 1]}},
        "6": {
            "class_type": "KSampler",
            "inputs": {
                "seed": seed, "steps": 12, "cfg": 6.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 0.6,
                "model": ["1", 0], "positive": ["4", 0], "negative": ["5", 0], "latent_image": ["3", 0],
            },
        },
        "7": {"class_type": "VAEDecode", "inputs": {"samples": ["6", 0], "vae": ["1", 2]}},
        "8": {"class_type": "SaveImage", "inputs": {"images": ["7", 0], "filename_prefix": "out"}},
    }  # fmt: skip
    return json.dumps(graph)


def a1111_png(seed, prompt="mara in the warehouse", **size):
    return png(painted(seed, **size), {"parameters": a1111(prompt, seed=seed)})


def comfy_png(seed, source, prompt="mara relit", **size):
    return png(painted(seed, **size), {"prompt": comfy(prompt, source, seed=seed)})


def put(folder, name, data):
    """Write a file as a tool does, making its folders; returns its path."""
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
