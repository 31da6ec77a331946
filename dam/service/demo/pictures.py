"""Every painter by name, and what an editor does to a finished picture.

A painter is a pure function (seed, width, height) -> uint8 (H, W, 3) RGB: structured pictures for the demo, tests and benchmarks.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dam.service.demo import brushes, coast, figures, landscapes, nights, places, warehouse
from dam.service.demo.brushes import Pixels

Painter = Callable[[int, int, int], Pixels]

PAINTERS: Mapping[str, Painter] = MappingProxyType(
    {
        "aurora_cabin": nights.aurora_cabin,
        "captain_portrait": figures.captain_portrait,
        "city_night": places.city_night,
        "diner_midnight": nights.diner_midnight,
        "dunes": landscapes.dunes,
        "forest_light": landscapes.forest_light,
        "harbour_dawn": coast.harbour_dawn,
        "ink_mountains": landscapes.ink_mountains,
        "lighthouse_storm": coast.lighthouse_storm,
        "mara_portrait": figures.mara_portrait,
        "mountain_lake": landscapes.mountain_lake,
        "nebula": nights.nebula,
        "neon_rain": places.neon_rain,
        "night_train": nights.night_train,
        "pier": coast.pier,
        "warehouse": warehouse.warehouse_morning,
        "warehouse_depth": warehouse.warehouse_depth,
        "warehouse_dusk": warehouse.warehouse_dusk,
        "warehouse_overgrown": warehouse.warehouse_overgrown,
    }
)


def cutout(portrait: Pixels) -> Pixels:
    """Mara without her background: uint8 (H, W, 4) RGBA from her portrait, transparent pixels black."""
    height, width = portrait.shape[:2]
    alpha = figures.portrait_matte(width, height)
    out: Pixels = np.dstack([portrait * (alpha > 0)[..., None], alpha]).astype(np.uint8)
    return out


def sky_plate(seed: int, width: int, height: int) -> NDArray[np.uint16]:
    """The dunes at 16 bits: uint16 (H, W, 3) RGB."""
    light = np.clip(landscapes.dune_light(seed, width, height), 0.0, 1.0)
    return (light * 65535.0 + 0.5).astype(np.uint16)


def retouch(picture: Pixels) -> Pixels:
    """What a colourist leaves: 3 % cropped away, warmer, more contrast, a dodged centre."""
    height, width = picture.shape[:2]
    left, top = round(width * 0.02), round(height * 0.015)
    part = picture[top : round(height * 0.985), left : round(width * 0.985)].astype(np.float32) / 255.0
    graded = np.clip(part, 0, 1) ** np.array([0.92, 0.97, 1.05], np.float32)
    graded = graded + 0.10 * np.sin((graded - 0.5) * np.pi) * 0.6
    focus = brushes.halo((part.shape[1], part.shape[0]), (0.52, 0.52), 0.22)
    graded *= (0.97 + 0.13 * focus)[..., None]
    out: Pixels = (np.clip(graded, 0, 1) * 255.0 + 0.5).astype(np.uint8)
    return out


def reduce(picture: Pixels, scale: float) -> Pixels:
    out: Pixels = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return out


def poster(picture: Pixels, title: str, line: str) -> Pixels:
    """An upright poster from a landscape picture: middle cut out, title set below the horizon."""
    height, width = picture.shape[:2]
    wide = round(height * 0.70)
    middle = picture[:, (width - wide) // 2 : (width - wide) // 2 + wide]
    sheet = Image.fromarray(np.ascontiguousarray(middle))
    pen = ImageDraw.Draw(sheet)
    for text, size, down, gap in ((title, 0.052, 0.80, 0.35), (line, 0.017, 0.875, 0.30)):
        font = ImageFont.load_default(size=height * size)
        steps = [pen.textlength(letter, font=font) + gap * height * size for letter in text]
        x = (wide - sum(steps) + gap * height * size) / 2
        for letter, step in zip(text, steps, strict=True):
            pen.text((x, height * down), letter, font=font, fill=(246, 232, 214))
            x += step
    out: Pixels = np.asarray(sheet)
    return out
