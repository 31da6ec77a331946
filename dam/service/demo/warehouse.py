"""The warehouse: one room, ray-cast, so that light, depth map and variations agree with each other."""

from dataclasses import dataclass

import cv2
import numpy as np

from dam.service.demo import brushes as b
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

_HALF, _FLOOR, _CEILING, _BACK = 4.2, -1.55, 4.0, 30.0
_SUN_WAY = np.array([-0.80, 0.62, 0.22], np.float32)  # from the floor towards the sun, through the left wall
_SUN_WAY /= np.linalg.norm(_SUN_WAY)


def _in_window(height_m: Light, along_m: Light) -> Light:
    """1 where a point of the side wall is glass: tall windows every 5 m, with bars."""
    bay = np.mod(along_m, 5.0)
    glass = (bay > 1.2) & (bay < 4.0) & (height_m > 0.1) & (height_m < 3.1)
    bars = (np.mod(bay - 1.2, 0.7) < 0.06) | (np.mod(height_m - 0.1, 0.75) < 0.06)
    out: Light = (glass & ~bars).astype(np.float32)
    return out


def _sunlit(x: Light, y: Light, z: Light) -> Light:
    """1 where the sun reaches a point of the room through the left windows."""
    t = (x + _HALF) / -_SUN_WAY[0]
    return _in_window(y + _SUN_WAY[1] * t, z + _SUN_WAY[2] * t)


@dataclass(frozen=True, slots=True)
class _Room:
    """The ray-cast room, per pixel: place (m) and which face was hit (0 floor, 1 ceiling, 2 left, 3 right, 4 back)."""

    x: Light
    y: Light
    z: Light
    face: Pixels


def _cast(width: int, height: int) -> _Room:
    fx, fy = b.axes(width, height)
    dx = np.broadcast_to((fx - 0.5) * 1.5, (height, width)).astype(np.float32)
    dy = np.broadcast_to((0.47 - fy) * 1.5 * height / width, (height, width)).astype(np.float32)
    with np.errstate(divide="ignore"):
        side = _HALF / np.abs(dx)
        level = np.where(dy < 0, _FLOOR / dy, _CEILING / dy)
    depth = np.minimum(np.minimum(side, level), _BACK).astype(np.float32)
    face = np.where(depth >= _BACK, 4, np.where(side < level, np.where(dx < 0, 2, 3), np.where(dy < 0, 0, 1)))
    return _Room(dx * depth, dy * depth, depth, face.astype(np.uint8))


def _seen(x: float, y: float, z: float, aspect: float) -> Point:
    """Where a point of the room stands in the picture (fractions)."""
    return 0.5 + x / z / 1.5, 0.47 - y / z / 1.5 * aspect


def _solids(rng: np.random.Generator) -> list[tuple[float, float, float, float, float, float]]:
    """Columns and crates as boxes (x0, x1, y0, y1, z0, z1) in metres, far to near."""
    boxes = []
    for z in (27.0, 22.0, 17.0, 12.0, 7.0):
        boxes += [(-3.15, -2.8, _FLOOR, _CEILING, z, z + 0.4), (2.8, 3.15, _FLOOR, _CEILING, z, z + 0.4)]
    for z, x in ((24.0, 1.2), (19.0, -2.3), (18.0, 1.7), (14.0, 1.6), (13.2, -2.5), (9.6, 1.9)):
        tall = float(rng.uniform(0.7, 1.1))
        boxes.append((x, x + 1.1, _FLOOR, _FLOOR + tall, z, z + 1.1))
        if rng.random() < 0.7:
            boxes.append((x + 0.2, x + 0.9, _FLOOR + tall, _FLOOR + tall + 0.7, z + 0.1, z + 0.9))
    return sorted(boxes, key=lambda box: (-box[4], box[2]))


def _box_faces(box: tuple[float, float, float, float, float, float], aspect: float) -> list[tuple[float, list[Point]]]:
    """Visible faces of a box as (brightness, outline): side, top, front."""
    x0, x1, y0, y1, z0, z1 = box
    inner = x1 if x1 < 0 else x0 if x0 > 0 else None
    faces = []
    if inner is not None:
        faces.append((1.25 if x0 > 0 else 0.5, [_seen(inner, y0, z0, aspect), _seen(inner, y1, z0, aspect), _seen(inner, y1, z1, aspect), _seen(inner, y0, z1, aspect)]))
    if y1 < 0:
        faces.append((1.5, [_seen(x0, y1, z0, aspect), _seen(x1, y1, z0, aspect), _seen(x1, y1, z1, aspect), _seen(x0, y1, z1, aspect)]))
    faces.append((0.72, [_seen(x0, y0, z0, aspect), _seen(x1, y0, z0, aspect), _seen(x1, y1, z0, aspect), _seen(x0, y1, z0, aspect)]))
    return faces


_FACE_COLOUR = {"crate": (0.46, 0.33, 0.20), "column": (0.30, 0.29, 0.30)}


def _surfaces(room: _Room, rng: np.random.Generator, mood: Mood) -> Light:
    """Base colour of every face, before light."""
    height, width = room.z.shape
    stain = b.fbm(rng, (width, height), (9, 9), 7)
    wall = np.asarray(mood.wall, np.float32) * (0.55 + 0.75 * stain)[..., None]
    brick = ((np.mod(room.y, 0.36) < 0.05) | (np.mod(room.z + (np.floor(room.y / 0.36) % 2) * 0.4, 0.8) < 0.05)) & (room.z < 16)
    wall *= np.where(brick, 0.80, 1.0)[..., None]
    slabs = (np.mod(room.x + 0.7, 1.4) < 0.03) | (np.mod(room.z, 2.8) < 0.05)
    floor = np.asarray(mood.floor, np.float32) * (0.5 + 0.8 * stain)[..., None] * np.where(slabs, 0.72, 1.0)[..., None]
    truss = np.mod(room.z, 5.0) < 0.5
    ribs = np.mod(room.x, 0.7) < 0.08
    roof = np.asarray(mood.wall, np.float32) * np.where(truss, 0.30, np.where(ribs, 0.42, 0.55))[..., None]
    out = np.where((room.face == 0)[..., None], floor, np.where((room.face == 1)[..., None], roof, wall)).astype(np.float32)
    if mood.growth:
        moss = b.step(0.62 - 0.25 * mood.growth, 0.72, b.fbm(rng, (width, height), (7, 7), 7)) * np.isin(room.face, (0, 2, 3))
        leaf = b.ramp([(0.2, (0.05, 0.14, 0.06)), (0.8, (0.36, 0.52, 0.16))], b.fbm(rng, (width, height), (40, 40), 4))
        b.over(out, leaf, moss.astype(np.float32) * 0.92)
    return out


def _beams(room: _Room, mood: Mood, rng: np.random.Generator) -> Light:
    """Light scattered by dust along every line of sight, (H, W); marched at a quarter of the size."""
    height, width = room.z.shape
    x, y, z = (b.resize(part, width // 4, height // 4, cv2.INTER_AREA) for part in (room.x, room.y, room.z))
    total = np.zeros_like(z)
    jitter = rng.random(z.shape, np.float32)
    steps = 36
    for k in range(steps):
        t = (k + jitter) / steps
        total += _sunlit(x * t, y * t, z * t) * np.exp(-z * t / 26.0) * z
    dust = 0.65 + 0.7 * b.fbm(rng, (x.shape[1], x.shape[0]), (5, 4), 5)
    return b.resize(b.blur((total / steps * dust / 9.0 * mood.beam).astype(np.float32), 1.1), width, height)


def _paint_room(seed: int, width: int, height: int, mood: Mood) -> tuple[Light, Light]:
    """The empty room with its boxes: (picture, distance in metres)."""
    rng = np.random.default_rng((seed, 23))
    room = _cast(width, height)
    base = _surfaces(room, rng, mood)
    sun = _sunlit(room.x, room.y, room.z) * np.isin(room.face, (0, 3)) * np.exp(-room.z / 40.0)
    sun = b.blur(sun.astype(np.float32), height * 0.0012)
    corner = np.minimum(1.0, 0.45 + 0.25 * np.minimum(np.abs(_HALF - np.abs(room.x)), 2.2))
    ambient = np.asarray(mood.air, np.float32) * 1.9 + 0.12
    image = base * (ambient * corner[..., None].astype(np.float32) + np.asarray(mood.sun, np.float32) * sun[..., None] * 2.3)
    glass = _in_window(room.y, room.z) * (room.face == 2)
    b.over(image, np.asarray(mood.sun, np.float32) * 1.25 + 0.18, glass.astype(np.float32))
    b.over(image, np.asarray(mood.air, np.float32) * 1.3 + 0.1, (_in_window(room.y, room.z) * (room.face == 3)).astype(np.float32) * 0.8)
    door = (room.face == 4) & (np.abs(room.x) < 1.5) & (room.y < 1.2)
    b.over(image, np.asarray(mood.sun, np.float32) * 0.75 + 0.25, door.astype(np.float32))
    depth = room.z.copy()
    aspect = width / height
    for box in _solids(np.random.default_rng((seed, 25))):
        paint = np.asarray(_FACE_COLOUR["column" if box[3] == _CEILING else "crate"], np.float32)
        for bright, outline in _box_faces(box, aspect):
            mask = b.shape((width, height), [outline])
            tone = paint * bright * (0.5 * np.asarray(mood.sun, np.float32) + np.asarray(mood.air, np.float32) + 0.15)
            b.over(image, tone, mask)
            if box[3] < 0:
                b.over(image, tone * 0.55, b.strokes((width, height), [[*outline, outline[0]], [outline[0], outline[2]]], 0.0022))
            depth = np.where(mask > 0.5, box[4] + 0.3, depth).astype(np.float32)
    horizon = 0.47
    shine = b.mirror(image, horizon, rng, ripple=0.01)
    wet = np.zeros_like(image)
    wet[height - shine.shape[0] :] = b.blur(shine, height * 0.006)
    gloss = b.step(0.42, 0.72, b.fbm(rng, (width, height), (5, 9), 5)) * (room.face == 0) * (depth == room.z)
    b.over(image, wet, gloss.astype(np.float32) * 0.42)
    beam = _beams(room, mood, rng)
    haze = (1.0 - np.exp(-depth / 34.0))[..., None]
    image += (np.asarray(mood.sun, np.float32) * 0.34 + np.asarray(mood.air, np.float32) * 0.8 - image * 0.6) * haze * 0.6
    image += np.asarray(mood.sun, np.float32) * (beam * np.minimum(1.0, depth / 14.0))[..., None] * 0.62
    return image.astype(np.float32), depth


def _mara(image: Light, depth: Light, foot_m: tuple[float, float]) -> None:
    """Mara Voss from behind: red coat, dark bob, long shadow."""
    height, width = image.shape[:2]
    aspect = width / height
    x, z = foot_m
    px, py = _seen(x, _FLOOR, z, aspect)
    tall = 1.78 / z / 1.5 * aspect
    k = tall / aspect

    def at(dx: float, dy: float) -> Point:
        return px + dx * k, py - dy * tall

    size = (width, height)
    shadow = [at(-0.06, 0.0), at(0.10, 0.0), at(0.95, -0.20), at(0.66, -0.24)]
    b.over(image, (0.06, 0.05, 0.06), b.blur(b.shape(size, [shadow]), height * 0.004) * 0.62)
    legs = b.shape(size, [[at(-0.085, 0.3), at(-0.01, 0.3), at(-0.02, 0.0), at(-0.075, 0.0)], [at(0.01, 0.3), at(0.085, 0.3), at(0.085, 0.0), at(0.03, 0.0)]])
    coat = b.shape(size, [b.smooth([at(-0.15, 0.19), at(-0.115, 0.45), at(-0.085, 0.58), at(-0.125, 0.74), at(-0.09, 0.83), at(0.0, 0.86), at(0.09, 0.83), at(0.125, 0.74), at(0.085, 0.58), at(0.115, 0.45), at(0.16, 0.19), at(0.0, 0.17)])])
    arms = b.shape(size, [b.smooth([at(s * 0.10, 0.82), at(s * 0.15, 0.78), at(s * 0.165, 0.55), at(s * 0.15, 0.42), at(s * 0.115, 0.44), at(s * 0.11, 0.62)]) for s in (-1, 1)])
    hair = b.shape(size, [b.smooth([at(-0.062, 0.85), at(-0.07, 0.93), at(-0.045, 1.0), at(0.0, 1.015), at(0.045, 1.0), at(0.07, 0.93), at(0.064, 0.85), at(0.0, 0.838)])])
    for mask, paint in ((legs, (0.05, 0.05, 0.07)), (np.maximum(coat, arms), (0.56, 0.075, 0.075)), (hair, (0.045, 0.03, 0.03))):
        nx, ny, _ = b.bulge(mask, depth=0.035 * tall / 0.4)
        lit = np.clip(0.36 - 0.75 * nx - 0.25 * ny, 0.06, 1.4)
        b.over(image, (np.asarray(paint, np.float32) * (0.35 + 1.25 * lit)[..., None]).astype(np.float32), mask)
        b.add(image, (1.0, 0.74, 0.45), np.clip(-nx - 0.45, 0, 1) * mask * 0.9)
    belt = [[at(-0.088, 0.585), at(0.0, 0.575), at(0.088, 0.585)], [at(0.0, 0.57), at(0.004, 0.19)]]
    b.over(image, (0.22, 0.02, 0.03), b.strokes(size, belt, 0.0022) * coat)
    figure = np.maximum(np.maximum(coat, arms), np.maximum(legs, hair))
    depth[figure > 0.5] = z


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
    image, depth = _paint_room(seed, width, height, MORNING)
    _mara(image, depth, (0.35, 6.4))
    near = np.clip((1.0 / depth - 1.0 / _BACK) / (1.0 / 3.2 - 1.0 / _BACK), 0.0, 1.0) ** 0.62
    grey: Pixels = (b.blur(near.astype(np.float32), 0.8) * 255.0 + 0.5).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)
