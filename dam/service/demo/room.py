"""The warehouse's geometry: a ray-cast room, its windows, where the sun falls, columns and crates. Lengths in metres."""

from dataclasses import dataclass

import numpy as np

from dam.service.demo import brushes as b
from dam.service.demo.brushes import Light, Pixels, Point

HALF, FLOOR, CEILING, BACK = 4.2, -1.55, 4.0, 30.0
_SUN_WAY = np.array([-0.80, 0.62, 0.22], np.float32)  # from the floor towards the sun, through the left wall
_SUN_WAY /= np.linalg.norm(_SUN_WAY)


def wrap(value: Light, period: float) -> Light:
    """Remainder like np.mod, at a fifth of its cost."""
    out: Light = value - np.floor(value * np.float32(1.0 / period)) * np.float32(period)
    return out


def in_window(height_m: Light, along_m: Light) -> Light:
    """1 where a point of the side wall is glass: tall windows every 5 m, with bars."""
    bay = wrap(along_m, 5.0)
    glass = (bay > 1.2) & (bay < 4.0) & (height_m > 0.1) & (height_m < 3.1)
    bars = (wrap(bay - 1.2, 0.7) < 0.06) | (wrap(height_m - 0.1, 0.75) < 0.06)
    out: Light = (glass & ~bars).astype(np.float32)
    return out


def sunlit(x: Light, y: Light, z: Light) -> Light:
    """1 where the sun reaches a point of the room through the left windows."""
    t = (x + HALF) / -_SUN_WAY[0]
    return in_window(y + _SUN_WAY[1] * t, z + _SUN_WAY[2] * t)


@dataclass(frozen=True, slots=True)
class Room:
    """The ray-cast room, per pixel: place (m) and which face was hit (0 floor, 1 ceiling, 2 left, 3 right, 4 back)."""

    x: Light
    y: Light
    z: Light
    face: Pixels


def cast(width: int, height: int) -> Room:
    fx, fy = b.axes(width, height)
    dx = np.broadcast_to((fx - 0.5) * 1.5, (height, width)).astype(np.float32)
    dy = np.broadcast_to((0.47 - fy) * 1.5 * height / width, (height, width)).astype(np.float32)
    with np.errstate(divide="ignore"):
        side = HALF / np.abs(dx)
        level = np.where(dy < 0, FLOOR / dy, CEILING / dy)
    depth = np.minimum(np.minimum(side, level), BACK).astype(np.float32)
    face = np.where(depth >= BACK, 4, np.where(side < level, np.where(dx < 0, 2, 3), np.where(dy < 0, 0, 1)))
    return Room(dx * depth, dy * depth, depth, face.astype(np.uint8))


def seen(x: float, y: float, z: float, aspect: float) -> Point:
    """Where a point of the room stands in the picture (fractions)."""
    return 0.5 + x / z / 1.5, 0.47 - y / z / 1.5 * aspect


def solids(rng: np.random.Generator) -> list[tuple[float, float, float, float, float, float]]:
    """Columns and crates as boxes (x0, x1, y0, y1, z0, z1) in metres, far to near."""
    boxes = []
    for z in (27.0, 22.0, 17.0, 12.0, 7.0):
        boxes += [(-3.15, -2.8, FLOOR, CEILING, z, z + 0.4), (2.8, 3.15, FLOOR, CEILING, z, z + 0.4)]
    for z, x in ((24.0, 1.2), (19.0, -2.3), (18.0, 1.7), (14.0, 1.6), (13.2, -2.5), (9.6, 1.9)):
        tall = float(rng.uniform(0.7, 1.1))
        boxes.append((x, x + 1.1, FLOOR, FLOOR + tall, z, z + 1.1))
        if rng.random() < 0.7:
            boxes.append((x + 0.2, x + 0.9, FLOOR + tall, FLOOR + tall + 0.7, z + 0.1, z + 0.9))
    return sorted(boxes, key=lambda box: (-box[4], box[2]))


def box_faces(box: tuple[float, float, float, float, float, float], aspect: float) -> list[tuple[float, list[Point]]]:
    """Visible faces of a box as (brightness, outline): side, top, front."""
    x0, x1, y0, y1, z0, z1 = box
    inner = x1 if x1 < 0 else x0 if x0 > 0 else None
    faces = []
    if inner is not None:
        faces.append(
            (
                1.25 if x0 > 0 else 0.5,
                [
                    seen(inner, y0, z0, aspect),
                    seen(inner, y1, z0, aspect),
                    seen(inner, y1, z1, aspect),
                    seen(inner, y0, z1, aspect),
                ],
            )
        )
    if y1 < 0:
        faces.append(
            (
                1.5,
                [
                    seen(x0, y1, z0, aspect),
                    seen(x1, y1, z0, aspect),
                    seen(x1, y1, z1, aspect),
                    seen(x0, y1, z1, aspect),
                ],
            )
        )
    faces.append(
        (
            0.72,
            [
                seen(x0, y0, z0, aspect),
                seen(x1, y0, z0, aspect),
                seen(x1, y1, z0, aspect),
                seen(x0, y1, z0, aspect),
            ],
        )
    )
    return faces
