"""A drive as a studio leaves it: originals, children of ComfyUI, photos, near and exact duplicates, and broken files."""

import io

import numpy as np
from PIL import Image

from tests.support import pictures


def fill(folder, *, originals=20):
    """About three files for each original; returns how many files there are."""
    for n in range(originals):
        size = {"width": 256 + 32 * (n % 4), "height": 256}
        name, data = f"shots/sc{n:03}/hero.{n:03}.png", pictures.a1111_png(n, f"mara, shot {n}", **size)
        pictures.put(folder, name, data)
        other = n % 3
        if other == 0:
            pictures.put(folder, f"shots/sc{n:03}/relit.png", pictures.comfy_png(1000 + n, f"hero.{n:03}.png", **size))
        elif other == 1:
            pictures.put(folder, f"web/hero.{n:03}.jpg", _web(data))
        else:
            pictures.put(folder, f"plates/{n:03}.jpg", pictures.jpeg(pictures.painted(2000 + n), camera="Leica"))
        pictures.put(folder, f"notes/{n:03}.txt", f"Shot {n}: the crane comes up.\n".encode())
    _odd_ones(folder)
    return sum(1 for p in folder.rglob("*") if p.is_file())


def _odd_ones(folder):
    pictures.put(folder, "copies/hero (2).png", (folder / "shots/sc000/hero.000.png").read_bytes())
    pictures.put(folder, "broken/empty.png", b"")
    pictures.put(folder, "broken/cut.png", pictures.a1111_png(3000)[:20_000])
    pictures.put(folder, "grey.png", pictures.png(np.full((256, 256, 3), 128, np.uint8)))


def _web(data):
    stream = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        image.convert("RGB").resize((200, 200)).save(stream, "JPEG", quality=80)
    return stream.getvalue()
