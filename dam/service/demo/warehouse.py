"""The warehouse, painted: one room in several moods, and its depth map, which agree with each other."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dam.service.demo import brushes as b
from dam.service.demo import room
from dam.service.demo.brushes import Colour, Light, Pixels, Point


@dataclass(frozen=True, slots=True)
class Mood:
    """How the warehouse is lit and what it is made of."""

    sun: Colour
    air: Colour
    wall: Colour
    floor: Colour
    beam: float = 1.0
    growth: float = 0.0  # share of walls and floor that plants have taken


MORNING = Mood((1.0, 0.80, 0.52), (0.16, 0.17, 0.20), (0.42, 0.38, 0.36), (0.40, 0.36, 0.33))
DUSK = Mood((1.0, 0.42, 0.26), (0.12, 0.11, 0.24), (0.30, 0.30, 0.44), (0.30, 0.27, 0.36), 1.35)
OVERGROWN = Mood((0.86, 1.0, 0.66), (0.12, 0.20, 0.19), (0.34, 0.42, 0.38), (0.30, 0.36, 0.28), 0.9, 0.75)


_CRATE, _COLUMN = (0.46, 0.33, 0.20), (0.30, 0.29, 0.30)


def _rgb(colour: Colour) -> Light:
    return np.asarray(colour, np.float32)


def _surfaces(place: room.Room, rng: np.random.Generator, mood: Mood) -> Light:
    """Base colour of every face, before light."""
    height, width = place.z.shape
    stain = b.fbm(rng, (width, height), (9, 9), 7)
    wrap, x, y, z = room.wrap, place.x, place.y, place.z
    course = np.floor(y * np.float32(1 / 0.36))
    brick = ((wrap(y, 0.36) < 0.05) | (wrap(z + course * np.float32(0.4), 0.8) < 0.05)) & (z < 16)
    slab = (wrap(x + 0.7, 1.4) < 0.03) | (wrap(z, 2.8) < 0.05)
    roof = np.where(wrap(z, 5.0) < 0.5, 0.30, np.where(wrap(x, 0.7) < 0.08, 0.42, 0.55))
    wall = (0.55 + 0.75 * stain) * np.where(brick, np.float32(0.8), np.float32(1.0))
    floor = (0.5 + 0.8 * stain) * np.where(slab, np.float32(0.72), np.float32(1.0))
    tone = np.where(place.face == 0, floor, np.where(place.face == 1, roof, wall)).astype(np.float32)
    out: Light = np.stack([_rgb(mood.floor), *[_rgb(mood.wall)] * 4])[place.face] * tone[..., None]
    if mood.growth:
        moss = b.step(0.62 - 0.25 * mood.growth, 0.72, b.fbm(rng, (width, height), (7, 7), 7))
        leaf = b.ramp([(0.2, (0.05, 0.14, 0.06)), (0.8, (0.36, 0.52, 0.16))], b.fbm(rng, (width, height), (40, 40), 4))
        b.over(out, leaf, moss * np.isin(place.face, (0, 2, 3)) * np.float32(0.92))
    return out


def _beams(place: room.Room, mood: Mood, rng: np.random.Generator) -> Light:
    """Light scattered by dust along every line of sight, (H, W); marched at a quarter of the size."""
    height, width = place.z.shape
    x, y, z = (b.resize(part, width // 4, height // 4) for part in (place.x, place.y, place.z))
    total = np.zeros_like(z)
    jitter = rng.random(z.shape, np.float32)
    steps = 32
    for k in range(steps):
        t = (k + jitter) / np.float32(steps)
        total += room.sunlit(x * t, y * t, z * t) * np.exp(-z * t / 26.0) * z
    dust = 0.65 + 0.7 * b.fbm(rng, (x.shape[1], x.shape[0]), (5, 4), 5)
    return b.resize(b.blur((total / steps * dust / 9.0 * mood.beam).astype(np.float32), 1.1), width, height)


def _lit_room(place: room.Room, rng: np.random.Generator, mood: Mood) -> Light:
    """Faces in ambient light and sun, with bright windows and door."""
    base = _surfaces(place, rng, mood)
    sun = room.sunlit(place.x, place.y, place.z) * np.isin(place.face, (0, 3)) * np.exp(-place.z / 40.0)
    sun = b.blur(sun.astype(np.float32), place.z.shape[0] * 0.0012)
    corner = np.minimum(1.0, 0.45 + 0.25 * np.minimum(np.abs(room.HALF - np.abs(place.x)), 2.2))
    ambient = _rgb(mood.air) * 1.9 + np.float32(0.12)
    base *= ambient * corner[..., None] + _rgb(mood.sun) * np.float32(2.3) * sun[..., None]
    glass = room.in_window(place.y, place.z)
    b.over(base, _rgb(mood.sun) * 1.25 + 0.18, glass * (place.face == 2))
    b.over(base, _rgb(mood.air) * 1.3 + 0.1, glass * (place.face == 3) * np.float32(0.8))
    door = (place.face == 4) & (np.abs(place.x) < 1.5) & (place.y < 1.2)
    b.over(base, _rgb(mood.sun) * 0.75 + 0.25, door.astype(np.float32))
    return base


def _place_solids(image: Light, depth: Light, seed: int, mood: Mood) -> None:
    height, width = depth.shape
    size = (width, height)
    light = 0.5 * _rgb(mood.sun) + _rgb(mood.air) + np.float32(0.15)
    for box in room.solids(np.random.default_rng((seed, 25))):
        paint = _rgb(_COLUMN if box[3] == room.CEILING else _CRATE) * light
        for bright, outline in room.box_faces(box, width / height):
            mask = b.shape(size, [outline])
            b.over(image, paint * np.float32(bright), mask)
            if box[3] < 0:
                battens = b.strokes(size, [[*outline, outline[0]], [outline[0], outline[2]]], 0.0022)
                b.over(image, paint * np.float32(bright * 0.55), battens)
            depth[mask > 0.5] = box[4] + 0.3


def _paint_room(seed: int, width: int, height: int, mood: Mood) -> tuple[Light, Light]:
    """The room without Mara: (picture, distance in metres)."""
    rng = np.random.default_rng((seed, 23))
    place = room.cast(width, height)
    image = _lit_room(place, rng, mood)
    depth = place.z.copy()
    _place_solids(image, depth, seed, mood)
    shine = b.mirror(image, 0.47, rng, ripple=0.01)
    wet = np.zeros_like(image)
    wet[height - shine.shape[0] :] = b.blur(shine, height * 0.006)
    gloss = b.step(0.42, 0.72, b.fbm(rng, (width, height), (5, 9), 5)) * ((place.face == 0) & (depth == place.z))
    b.over(image, wet, gloss * np.float32(0.42))
    haze = ((1.0 - np.exp(-depth / 34.0)) * 0.6)[..., None]
    image += (_rgb(mood.sun) * 0.34 + _rgb(mood.air) * 0.8 - image * 0.6) * haze
    image += _rgb(mood.sun) * (_beams(place, mood, rng) * np.minimum(1.0, depth / 14.0) * 0.62)[..., None]
    return image, depth


# Mara in units of her own height, feet at the origin; every part is a closed outline.
_LEGS: tuple[tuple[Point, ...], ...] = (
    ((-0.085, 0.3), (-0.01, 0.3), (-0.02, 0.0), (-0.075, 0.0)),
    ((0.01, 0.3), (0.085, 0.3), (0.085, 0.0), (0.03, 0.0)),
)
_BODY: tuple[Point, ...] = (
    (-0.15, 0.19), (-0.115, 0.45), (-0.085, 0.58), (-0.125, 0.74), (-0.09, 0.83), (0.0, 0.86),
    (0.09, 0.83), (0.125, 0.74), (0.085, 0.58), (0.115, 0.45), (0.16, 0.19), (0.0, 0.17),
)  # fmt: skip
_ARM: tuple[Point, ...] = ((0.10, 0.82), (0.15, 0.78), (0.165, 0.55), (0.15, 0.42), (0.115, 0.44), (0.11, 0.62))
_HAIR: tuple[Point, ...] = (
    (-0.062, 0.85), (-0.07, 0.93), (-0.045, 1.0), (0.0, 1.015), (0.045, 1.0), (0.07, 0.93), (0.064, 0.85), (0.0, 0.838),
)  # fmt: skip


def _mara(image: Light, depth: Light, foot_m: tuple[float, float]) -> None:
    """Mara Voss from behind: red coat, dark bob, long shadow."""
    height, width = image.shape[:2]
    aspect = width / height
    x, z = foot_m
    px, py = room.seen(x, room.FLOOR, z, aspect)
    tall = 1.78 / z / 1.5 * aspect

    def placed(outline: Iterable[Point]) -> list[Point]:
        return [(px + dx * tall / aspect, py - dy * tall) for dx, dy in outline]

    size = (width, height)
    shadow = b.shape(size, [placed([(-0.06, 0.0), (0.10, 0.0), (0.95, -0.20), (0.66, -0.24)])])
    b.over(image, (0.06, 0.05, 0.06), b.blur(shadow, height * 0.004) * 0.62)
    arms = [[(side * dx, dy) for dx, dy in _ARM] for side in (-1, 1)]
    legs = b.shape(size, [placed(leg) for leg in _LEGS])
    coat = b.shape(size, [b.smooth(placed(part)) for part in (_BODY, *arms)])
    hair = b.shape(size, [b.smooth(placed(_HAIR))])
    for mask, paint in ((legs, (0.05, 0.05, 0.07)), (coat, (0.56, 0.075, 0.075)), (hair, (0.045, 0.03, 0.03))):
        nx, ny, _ = b.bulge(mask, depth=0.035 * tall / 0.4)
        lit = np.clip(0.36 - 0.75 * nx - 0.25 * ny, 0.06, 1.4)
        b.over(image, _rgb(paint) * (0.35 + 1.25 * lit)[..., None], mask)
        b.add(image, (1.0, 0.74, 0.45), np.clip(-nx - 0.45, 0, 1) * mask * 0.9)
    belt = [placed([(-0.088, 0.585), (0.0, 0.575), (0.088, 0.585)]), placed([(0.0, 0.57), (0.004, 0.19)])]
    b.over(image, (0.22, 0.02, 0.03), b.strokes(size, belt, 0.0022) * coat)
    depth[np.maximum(np.maximum(coat, legs), hair) > 0.5] = z


def _warehouse(seed: int, width: int, height: int, mood: Mood) -> Pixels:
    image, depth = _paint_room(seed, width, height, mood)
    _mara(image, depth, (0.35, 6.4))
    return b.finish(image, np.random.default_rng((seed, 24)), bloom=0.5, vignette=0.5)


def warehouse_morning(seed: int, width: int, height: int) -> Pixels:
    """A derelict warehouse, sun through tall windows, Mara in the light."""
    return _warehouse(seed, width, height, MORNING)


def warehouse_dusk(seed: int, width: int, height: int) -> Pixels:
    """The same room and figure in red evening light: what an img2img pass makes of it."""
    return _warehouse(seed, width, height, DUSK)


def warehouse_overgrown(seed: int, width: int, height: int) -> Pixels:
    """The same room, taken by plants: what a ControlNet makes of the depth map."""
    return _warehouse(seed, width, height, OVERGROWN)


def warehouse_depth(seed: int, width: int, height: int) -> Pixels:
    """The depth map of `warehouse` (white = near), as preprocessors write it."""
    place = room.cast(width, height)
    depth = place.z.copy()
    for box in room.solids(np.random.default_rng((seed, 25))):
        for _, outline in room.box_faces(box, width / height):
            depth[b.shape((width, height), [outline]) > 0.5] = box[4] + 0.3
    _mara(np.zeros((height, width, 3), np.float32), depth, (0.35, 6.4))
    near = np.clip((1.0 / depth - 1.0 / room.BACK) / (1.0 / 3.2 - 1.0 / room.BACK), 0.0, 1.0) ** 0.62
    grey: Pixels = (b.blur(near.astype(np.float32), 0.8) * 255.0 + 0.5).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)
