"""Painted coasts: a harbour, a storm, a pier."""

import numpy as np

from dam.service.demo import brushes as b
from dam.service.demo.brushes import Colour, Light, Pixels, Point

_IRON = (0.105, 0.09, 0.15)
_SUN = (0.655, 0.53)
_WATER_LINE = 0.6


def _crane(x: float, foot: float, tall: float, flip: int) -> tuple[list[list[Point]], list[list[Point]]]:
    """A ship-to-shore gantry: (solid parts, lines)."""
    s = tall * flip
    top = foot - tall
    solid = [
        b.box(x - 0.05 * tall, top + 0.3 * tall, x - 0.015 * tall, foot),
        b.box(x + 0.14 * tall, top + 0.3 * tall, x + 0.175 * tall, foot),
        b.box(x - 0.06 * tall, top + 0.3 * tall, x + 0.19 * tall, top + 0.36 * tall),
        [
            (x - 0.16 * s, top + 0.3 * tall),
            (x + 0.72 * s, top + 0.27 * tall),
            (x + 0.72 * s, top + 0.3 * tall),
            (x - 0.16 * s, top + 0.345 * tall),
        ],
        b.box(x + 0.24 * s, top + 0.32 * tall, x + 0.32 * s, top + 0.38 * tall),
    ]
    lines = [
        [(x + 0.02 * tall, top + 0.3 * tall), (x + 0.06 * tall, top), (x + 0.7 * s, top + 0.27 * tall)],
        [(x + 0.06 * tall, top), (x + 0.35 * s, top + 0.285 * tall)],
        [(x + 0.06 * tall, top), (x - 0.15 * s, top + 0.3 * tall)],
        [(x - 0.03 * tall, foot), (x + 0.16 * tall, top + 0.34 * tall)],
        [(x + 0.28 * s, top + 0.36 * tall), (x + 0.28 * s, top + 0.66 * tall)],
    ]
    return solid, lines


def _dawn_sky(size: tuple[int, int], rng: np.random.Generator) -> Light:
    width, height = size
    _, y = b.axes(width, height)
    night, rose, gold = (0.10, 0.16, 0.34), (0.74, 0.48, 0.50), (1.0, 0.82, 0.55)
    image = b.sky(
        size, [(0.0, night), (0.32, (0.30, 0.32, 0.52)), (0.46, rose), (0.54, (0.98, 0.62, 0.38)), (0.62, gold)]
    )
    clouds = b.clouds(rng, size, cover=0.36)
    lit = np.clip(b.step(0.15, 0.56, y) * 0.9 + 0.25 * (1 - clouds), 0, 1)
    b.over(
        image,
        b.ramp([(0.0, (0.20, 0.20, 0.36)), (0.5, (0.86, 0.42, 0.40)), (1.0, (1.0, 0.74, 0.46))], lit),
        clouds * 0.85,
    )
    b.add(image, (1.0, 0.62, 0.25), b.halo(size, _SUN, 0.07) * 0.62)
    b.add(image, (1.0, 0.9, 0.7), b.disc(size, _SUN, 0.036, 0.004))
    for base, rise, colour in ((0.555, 0.07, (0.66, 0.46, 0.50)), (0.58, 0.05, (0.47, 0.34, 0.43))):
        b.over(image, colour, b.below(base - rise * (b.profile(rng, width, 4) - 0.3), height) * 0.9)
    return image


def _quayside(image: Light, rng: np.random.Generator) -> None:
    """Far town, four cranes and a loaded ship."""
    size = (image.shape[1], image.shape[0])
    town = zip(np.arange(0.0, 0.5, 0.035), rng.uniform(0.01, 0.045, 15), strict=True)
    b.fill(image, (0.30, 0.22, 0.30), [b.box(x0, 0.6 - tall, x0 + 0.03, 0.61) for x0, tall in town])
    for x0, tall, flip in ((0.08, 0.46, 1), (0.25, 0.37, 1), (0.385, 0.28, 1), (0.93, 0.33, -1)):
        solid, lines = _crane(x0, 0.605, tall, flip)
        b.over(
            image,
            _IRON,
            np.maximum(b.shape(size, solid), b.strokes(size, lines, 0.0035)) * (0.97 if tall > 0.3 else 0.86),
        )
    paints = ((0.34, 0.16, 0.15), (0.16, 0.22, 0.30), (0.38, 0.27, 0.16), (0.18, 0.20, 0.20))
    stacks: list[list[list[Point]]] = [[], [], [], []]
    for column in range(16):
        for level in range(int(rng.integers(1, 5))):
            left, top = 0.47 + column * 0.0215, 0.552 - 0.0165 * (level + 1)
            stacks[int(rng.integers(0, 4))].append(b.box(left, top, left + 0.0195, top + 0.0155))
    for paint, stack in zip(paints, stacks, strict=True):
        b.fill(image, paint, stack)
    hull = [(0.40, 0.555), (0.43, 0.552), (0.86, 0.552), (0.885, 0.545), (0.868, 0.606), (0.412, 0.606)]
    b.fill(image, _IRON, [hull, b.box(0.425, 0.47, 0.462, 0.556), b.box(0.43, 0.45, 0.442, 0.48)])
    bridge = [(0.434, 0.485), (0.446, 0.485), (0.458, 0.485)]
    b.lamps(
        image, (1.0, 0.72, 0.36), [*bridge, (0.06, 0.30), (0.19, 0.4), (0.35, 0.47), (0.3, 0.59), (0.92, 0.42)], 0.0022
    )


def harbour_dawn(seed: int, width: int, height: int) -> Pixels:
    """A container harbour at first light."""
    rng = np.random.default_rng((seed, 1))
    image = _dawn_sky((width, height), rng)
    _quayside(image, rng)
    water = b.mirror(image, _WATER_LINE, rng, ripple=0.06)
    rows = water.shape[0]
    x, near = b.axes(width, rows)
    water *= (0.86 - 0.5 * near)[..., None]
    b.over(water, (0.10, 0.14, 0.24), 0.15 + 0.35 * near)
    path = np.exp(-(((x - _SUN[0]) / (0.035 + 0.09 * near)) ** 2))
    b.add(water, (1.0, 0.66, 0.34), b.step(0.5, 0.85, b.fbm(rng, (width, rows), (40, 60), 3)) * path * np.float32(1.1))
    image[height - rows :] = water
    posts = [
        b.box(x0 - grow, top, x0 + 0.016 + grow, low)
        for x0 in (0.05, 0.15, 0.25)
        for grow, top, low in ((0, 0.87, 0.99), (0.005, 0.865, 0.885))
    ]
    b.fill(image, (0.05, 0.05, 0.085), [[(0.0, 0.93), (0.34, 0.965), (0.34, 1.0), (0.0, 1.0)], *posts])
    return b.finish(image, rng)


def lighthouse_storm(seed: int, width: int, height: int) -> Pixels:
    """A lighthouse on its rock in heavy weather."""
    rng = np.random.default_rng((seed, 6))
    size = (width, height)
    x, y = b.axes(width, height)
    sky = b.fbm(rng, size, (3, 5), 7)
    image = b.ramp(
        [(0.0, (0.04, 0.06, 0.09)), (0.5, (0.17, 0.22, 0.27)), (0.8, (0.42, 0.47, 0.48)), (1.0, (0.74, 0.74, 0.66))],
        np.clip(sky * 0.9 + 0.25 * y - 0.08, 0, 1).astype(np.float32),
    )
    lamp = (0.66, 0.245)
    angle = np.arctan2(y - lamp[1], (x - lamp[0]) * width / height)
    reach = np.hypot(x - lamp[0], y - lamp[1])
    for aim, wide in ((np.pi - 0.16, 0.075), (0.12, 0.075)):
        off = np.abs((angle - aim + np.pi) % (2 * np.pi) - np.pi)
        b.add(
            image,
            (1.0, 0.9, 0.62),
            (np.exp(-((off / wide) ** 2)) * np.exp(-reach / 0.5) * (0.55 + 0.5 * sky)).astype(np.float32),
        )
    sea_line = 0.70
    crest = b.fbm(rng, size, (5, 10), 6)
    for k in range(5):
        line = sea_line + 0.062 * k - (0.025 + 0.015 * k) * (b.profile(rng, width, 6 - 0.7 * k, 5) - 0.4)
        mask = b.below(line.astype(np.float32), height)
        down = np.maximum(y - line[None, :], 0.0).astype(np.float32)
        tone = b.ramp(
            [(0.0, (0.04, 0.09, 0.11)), (0.6, (0.12, 0.24, 0.26)), (1.0, (0.42, 0.55, 0.53))],
            np.clip(np.exp(-down / 0.05) * 0.75 + 0.4 * (crest - 0.4), 0, 1).astype(np.float32),
        )
        b.over(image, tone, mask)
        foam = mask * np.exp(-down / (0.012 + 0.007 * k)) * b.step(0.42, 0.64, b.fbm(rng, size, (18, 24), 4))
        b.over(image, (0.86, 0.91, 0.90), foam.astype(np.float32) * 0.85)
        if k == 1:
            _rock_and_tower(image, size, rng)
    b.over(
        image, (0.86, 0.90, 0.90), b.halo(size, (0.47, 0.79), 0.07) * b.step(0.45, 0.75, b.fbm(rng, size, (16, 16), 5))
    )
    b.add(image, (1.0, 0.92, 0.7), b.halo(size, lamp, 0.02) * 1.2)
    b.add(image, (0.5, 0.56, 0.6), b.falling(rng, size, length=0.05, slant=0.5, amount=0.004) * 0.3)
    return b.finish(image, rng)


def _rock_and_tower(image: Light, size: tuple[int, int], rng: np.random.Generator) -> None:
    width, height = size
    rock = b.shape(
        size,
        [
            [
                (0.40, 0.86),
                (0.46, 0.74),
                (0.53, 0.70),
                (0.57, 0.635),
                (0.74, 0.625),
                (0.80, 0.69),
                (0.90, 0.72),
                (1.0, 0.86),
            ]
        ],
    )
    stone = b.fbm(rng, size, (12, 9), 6)
    b.over(image, b.ramp([(0.3, (0.03, 0.035, 0.045)), (0.8, (0.20, 0.20, 0.21))], stone), rock)
    x, _ = b.axes(width, height)
    tower = b.shape(size, [[(0.622, 0.30), (0.698, 0.30), (0.722, 0.645), (0.598, 0.645)]])
    side = b.step(0.72, 0.58, x)
    b.over(image, b.ramp([(0.0, (0.22, 0.25, 0.30)), (1.0, (0.88, 0.86, 0.80))], side), tower)
    bands = b.shape(size, [b.box(0.5, 0.36, 0.8, 0.425), b.box(0.5, 0.50, 0.8, 0.57)]) * tower
    b.over(image, b.ramp([(0.0, (0.22, 0.05, 0.06)), (1.0, (0.74, 0.17, 0.13))], side), bands)
    b.over(
        image,
        (0.06, 0.07, 0.09),
        b.shape(
            size,
            [
                b.box(0.605, 0.288, 0.715, 0.305),
                [(0.622, 0.215), (0.66, 0.165), (0.698, 0.215)],
                b.box(0.65, 0.445, 0.668, 0.47),
                b.box(0.65, 0.59, 0.672, 0.645),
            ],
        ),
    )
    b.over(image, (1.2, 1.05, 0.7), b.shape(size, [b.box(0.634, 0.215, 0.686, 0.288)]))
    b.over(
        image,
        (0.06, 0.07, 0.09),
        b.strokes(size, [[(x0, 0.215), (x0, 0.288)] for x0 in (0.634, 0.651, 0.669, 0.686)], 0.004),
    )


def pier(seed: int, width: int, height: int) -> Pixels:
    """Plain daylight on a wooden pier: the photograph among the generated pictures."""
    rng = np.random.default_rng((seed, 36))
    size = (width, height)
    x, y = b.axes(width, height)
    horizon = 0.46
    image = b.sky(size, [(0.0, (0.28, 0.48, 0.74)), (0.46, (0.74, 0.83, 0.88))])
    puffs = b.step(
        0.50, 0.74, b.fbm(rng, size, (3, 7), 7) * (0.78 + 0.5 * np.clip(y / horizon, 0, 1)).astype(np.float32)
    )
    b.over(image, b.ramp([(0.0, (0.86, 0.88, 0.91)), (1.0, (0.98, 0.97, 0.95))], puffs), puffs * 0.9)
    near = np.clip((y - horizon) / (1 - horizon), 0.002, 1)
    rows = np.clip((0.06 / (near + 0.04)) * (height - 1), 0, height - 1).astype(np.int32)[:, 0]
    swell = b.fbm(rng, size, (16, 70), 5)[rows]
    sea = b.ramp(
        [(0.0, (0.16, 0.36, 0.44)), (0.6, (0.26, 0.50, 0.56)), (1.0, (0.66, 0.79, 0.80))],
        np.clip(swell * 0.9 + 0.12 - 0.2 * near, 0, 1).astype(np.float32),
    )
    b.over(image, sea, b.below(np.full(width, horizon, np.float32), height))
    b.over(
        image,
        (0.45, 0.55, 0.58),
        b.below(horizon - 0.04 * np.clip(b.profile(rng, width, 3) - 0.45, 0, 1), height) * (y < horizon + 0.002),
    )
    depth = 0.30 / np.maximum(y - horizon, 1e-3)
    across = (x - 0.52) * depth * 3.4
    plank = np.mod(depth * 5.0, 1.0)
    index = np.floor(depth * 5.0).astype(np.int32) % 997
    tint = rng.uniform(0.78, 1.12, 997).astype(np.float32)[index]
    grain = b.fbm(rng, (width, height), (90, 8), 4)
    wood = (
        np.array([0.60, 0.53, 0.45], np.float32)
        * (tint * (0.72 + 0.5 * grain) * np.where(plank < 0.09 * np.minimum(1, 2.5 / depth), 0.38, 1.0))[..., None]
    )
    deck = (np.abs(across) < 1.15) & (y > horizon + 0.012)
    b.over(image, wood.astype(np.float32), b.blur(deck.astype(np.float32), 0.7))
    shade = (np.abs(across + 1.25) < 0.35) & deck
    b.over(image, (0.20, 0.19, 0.22), b.blur(shade.astype(np.float32), 2.0) * 0.45)
    _rails(image, size, horizon)
    return b.finish(image, rng, bloom=0.15, grain=0.016, vignette=0.45)


def _rails(image: Light, size: tuple[int, int], horizon: float) -> None:
    def at(side: float, up: float, depth: float) -> Point:
        return 0.52 + side / depth / 3.4, horizon + (0.30 - up) / depth

    tone: Colour = (0.40, 0.34, 0.29)
    for side in (-1.12, 1.12):
        for k in range(15, 0, -1):
            depth = 0.44 * 1.26**k / 1.2
            wide = 0.035
            b.over(
                image,
                tone,
                b.shape(
                    size,
                    [
                        [
                            at(side - wide, 0.0, depth),
                            at(side - wide, 0.285, depth),
                            at(side + wide, 0.285, depth),
                            at(side + wide, 0.0, depth),
                        ]
                    ],
                ),
            )
        for up in (0.28, 0.17):
            b.over(
                image,
                (0.52, 0.45, 0.38),
                b.shape(
                    size,
                    [[at(side, up, 16.0), at(side, up + 0.028, 16.0), at(side, up + 0.028, 0.40), at(side, up, 0.40)]],
                ),
            )
