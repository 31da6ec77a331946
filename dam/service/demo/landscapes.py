"""Painted landscapes: water, mountains, weather and sky."""

import numpy as np

from dam.service.demo import brushes as b
from dam.service.demo.brushes import Light, Pixels, Point


def _clouds(rng: np.random.Generator, size: tuple[int, int], *, cover: float) -> Light:
    """Cloud density 0..1 in long banks, as decks seen from the side are."""
    banks = 0.62 * b.fbm(rng, size, (2.4, 8), 7) + 0.38 * b.fbm(rng, size, (5, 5), 6)
    return b.step(0.78 - cover, 1.06 - cover, banks)


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


def harbour_dawn(seed: int, width: int, height: int) -> Pixels:
    """A container harbour at first light."""
    rng = np.random.default_rng((seed, 1))
    size = (width, height)
    _, y = b.axes(width, height)
    horizon, sun = 0.6, (0.63 + 0.05 * float(rng.random()), 0.53)
    sky = [
        (0.0, (0.10, 0.16, 0.34)),
        (0.32, (0.30, 0.32, 0.52)),
        (0.46, (0.74, 0.48, 0.50)),
        (0.54, (0.98, 0.62, 0.38)),
        (0.62, (1.0, 0.82, 0.55)),
    ]
    image = b.ramp(sky, np.broadcast_to(y, (height, width)).astype(np.float32))
    clouds = _clouds(rng, size, cover=0.36)
    lit = b.step(0.15, 0.56, np.broadcast_to(y, clouds.shape).astype(np.float32))
    tone = b.ramp(
        [(0.0, (0.20, 0.20, 0.36)), (0.5, (0.86, 0.42, 0.40)), (1.0, (1.0, 0.74, 0.46))],
        np.clip(lit * 0.9 + 0.25 * (1 - clouds), 0, 1),
    )
    b.over(image, tone, clouds * 0.85)
    b.add(image, (1.0, 0.62, 0.25), b.halo(size, sun, 0.07) * 0.62)
    b.add(image, (1.0, 0.9, 0.7), b.disc(size, sun, 0.036, 0.004))
    for base, rise, colour in ((0.555, 0.07, (0.66, 0.46, 0.50)), (0.58, 0.05, (0.47, 0.34, 0.43))):
        b.over(image, colour, b.below(base - rise * (b.profile(rng, width, 4) - 0.3), height) * 0.9)
    dark = (0.105, 0.09, 0.15)
    b.over(
        image,
        (0.30, 0.22, 0.30),
        b.shape(
            size,
            [
                b.box(x0, 0.6 - h, x0 + 0.03, 0.61)
                for x0, h in zip(np.arange(0.0, 0.5, 0.035), rng.uniform(0.01, 0.045, 15), strict=False)
            ],
        ),
    )
    for x0, tall, flip in ((0.08, 0.46, 1), (0.25, 0.37, 1), (0.385, 0.28, 1), (0.93, 0.33, -1)):
        solid, lines = _crane(x0, 0.605, tall, flip)
        mask = np.maximum(b.shape(size, solid), b.strokes(size, lines, 0.0035))
        b.over(image, dark, mask * (0.97 if tall > 0.3 else 0.86))
    hull = [(0.40, 0.555), (0.43, 0.552), (0.86, 0.552), (0.885, 0.545), (0.868, 0.606), (0.412, 0.606)]
    boxes, paints = [], [(0.34, 0.16, 0.15), (0.16, 0.22, 0.30), (0.38, 0.27, 0.16), (0.18, 0.20, 0.20)]
    for column in range(16):
        for level in range(int(rng.integers(1, 5))):
            boxes.append((0.47 + column * 0.0215, 0.552 - 0.0165 * (level + 1), int(rng.integers(0, 4))))
    for k, paint in enumerate(paints):
        b.over(
            image,
            paint,
            b.shape(size, [b.box(x0, top, x0 + 0.0195, top + 0.0155) for x0, top, kind in boxes if kind == k]),
        )
    b.over(image, dark, b.shape(size, [hull, b.box(0.425, 0.47, 0.462, 0.556), b.box(0.43, 0.45, 0.442, 0.48)]))
    b.lamps(
        image,
        (1.0, 0.72, 0.36),
        (
            (0.434, 0.485),
            (0.446, 0.485),
            (0.458, 0.485),
            (0.06, 0.30),
            (0.19, 0.4),
            (0.35, 0.47),
            (0.3, 0.59),
            (0.92, 0.42),
        ),
        0.0022,
    )
    water = b.mirror(image, horizon, rng, ripple=0.06)
    rows = water.shape[0]
    near = np.arange(rows, dtype=np.float32)[:, None] / rows
    water *= (0.86 - 0.5 * near)[..., None]
    b.over(water, (0.10, 0.14, 0.24), np.broadcast_to(0.15 + 0.35 * near, (rows, width)).astype(np.float32))
    sparkle = b.fbm(rng, (width, rows), (40, 60), 3)
    x, _ = b.axes(width, rows)
    path = np.exp(-(((x - sun[0]) / (0.035 + 0.09 * near)) ** 2)).astype(np.float32)
    b.add(water, (1.0, 0.66, 0.34), b.step(0.5, 0.85, sparkle) * path * 1.1)
    image[height - rows :] = water
    quay = [(0.0, 0.93), (0.34, 0.965), (0.34, 1.0), (0.0, 1.0)]
    posts = [b.box(x0, 0.87, x0 + 0.016, 0.99) for x0 in (0.05, 0.15, 0.25)] + [
        b.box(x0 - 0.005, 0.865, x0 + 0.021, 0.885) for x0 in (0.05, 0.15, 0.25)
    ]
    b.over(image, (0.05, 0.05, 0.085), b.shape(size, [quay, *posts]))
    return b.finish(image, rng)


def _peaks(rng: np.random.Generator, size: tuple[int, int], base: float, rise: float) -> tuple[Light, Light]:
    """A mountain range: (mask, slope light 0..1)."""
    width, height = size
    line = base - rise * (b.profile(rng, width, 3, 8) * 1.25 - 0.2)
    mask = b.below(line, height)
    gullies = np.abs(b.fbm(rng, size, (9, 3), 8) - 0.5) + 0.35 * b.fbm(rng, size, (14, 10), 7)
    lean = np.gradient(b.blur(gullies, height * 0.002), axis=1) * width / 9.0 + np.gradient(line)[None, :] * -90.0
    return mask, b.step(-0.75, 0.75, lean.astype(np.float32))


def _pines(
    rng: np.random.Generator, size: tuple[int, int], feet: Light, tall: tuple[float, float], every: float
) -> Light:
    """Mask of fir silhouettes standing on `feet` (y fractions, (W,))."""
    outlines = []
    aspect = size[0] / size[1]
    for x0 in np.arange(-0.02, 1.02, every):
        x = float(x0 + rng.normal(0, every * 0.4))
        foot = float(feet[int(np.clip(x, 0, 0.999) * size[0])]) + 0.012
        rise = float(rng.uniform(*tall))
        half = rise * 0.19 / aspect
        left, right = [], []
        for tier in range(7):
            low, high = foot - rise * tier / 7.3, foot - rise * (tier + 0.62) / 7.3
            reach = half * (1.0 - tier / 7.6) * float(rng.uniform(0.8, 1.15))
            left += [(x - reach, low), (x - reach * 0.45, high)]
            right += [(x + reach, low), (x + reach * 0.45, high)]
        outlines.append([*left, (x, foot - rise), *reversed(right)])
    return b.shape(size, outlines)


def mountain_lake(seed: int, width: int, height: int) -> Pixels:
    """A range in the last light, mirrored in a lake."""
    rng = np.random.default_rng((seed, 2))
    size = (width, height)
    _, y = b.axes(width, height)
    horizon = 0.64
    image = b.ramp(
        [(0.0, (0.13, 0.22, 0.42)), (0.3, (0.42, 0.46, 0.62)), (0.5, (0.93, 0.66, 0.55)), (0.62, (1.0, 0.80, 0.60))],
        np.broadcast_to(y, (height, width)).astype(np.float32),
    )
    clouds = _clouds(rng, size, cover=0.30)
    b.over(image, b.ramp([(0.0, (0.98, 0.72, 0.62)), (1.0, (0.56, 0.44, 0.56))], clouds), clouds * 0.8)
    b.add(image, (1.0, 0.6, 0.3), b.halo(size, (0.16, 0.56), 0.12) * 0.5)
    for base, rise, haze in ((0.56, 0.34, 0.42), (0.63, 0.30, 0.2)):
        mask, lit = _peaks(rng, size, base, rise)
        snow = b.step(
            base - 0.02,
            base - rise * 0.55,
            np.broadcast_to(y, mask.shape) + 0.10 * (b.fbm(rng, size, (10, 10), 5) - 0.5),
        )
        rock = b.ramp([(0.0, (0.13, 0.15, 0.25)), (1.0, (0.50, 0.36, 0.34))], lit)
        b.over(
            rock,
            b.ramp([(0.0, (0.36, 0.43, 0.62)), (0.55, (0.86, 0.66, 0.62)), (1.0, (1.0, 0.84, 0.70))], lit),
            snow * 0.95,
        )
        b.over(
            rock,
            (0.80, 0.60, 0.60),
            b.step(base - rise, base + 0.05, np.broadcast_to(y, mask.shape)) * haze + haze * 0.4,
        )
        b.over(image, rock, mask)
    shore = 0.632 + 0.012 * (b.profile(rng, width, 5) - 0.5)
    b.over(image, (0.20, 0.20, 0.27), b.below(shore - 0.03 * b.profile(rng, width, 9), height))
    b.over(image, (0.095, 0.12, 0.17), _pines(rng, size, shore, (0.035, 0.085), 0.009))
    mist = np.exp(-(((np.broadcast_to(y, (height, width)) - 0.625) / 0.022) ** 2)).astype(np.float32) * b.fbm(
        rng, size, (4, 9), 4
    )
    b.over(image, (0.98, 0.80, 0.72), mist * 0.75)
    water = b.mirror(image, horizon, rng, ripple=0.018)
    near = np.arange(water.shape[0], dtype=np.float32)[:, None] / water.shape[0]
    water *= (0.9 - 0.42 * near)[..., None]
    b.over(water, (0.06, 0.11, 0.20), np.broadcast_to(0.1 + 0.35 * near, water.shape[:2]).astype(np.float32))
    image[height - water.shape[0] :] = water
    front = 1.0 - 0.05 * b.profile(rng, width, 4) - 0.06 * np.abs(np.linspace(-1, 1, width, dtype=np.float32)) ** 3
    b.over(
        image,
        (0.035, 0.05, 0.075),
        np.maximum(
            b.below(front, height),
            _pines(
                rng,
                size,
                front + np.where(np.abs(np.linspace(-1, 1, width)) > 0.62, 0.0, 0.4).astype(np.float32),
                (0.16, 0.36),
                0.032,
            ),
        ),
    )
    return b.finish(image, rng, bloom=0.25)


def ink_mountains(seed: int, width: int, height: int) -> Pixels:
    """An ink-wash scroll: ridges in mist, a red sun, a boat."""
    rng = np.random.default_rng((seed, 3))
    size = (width, height)
    _, y = b.axes(width, height)
    fibre = b.fbm(rng, size, (60, 60), 3) * 0.6 + b.fbm(rng, size, (4, 4), 4) * 0.4
    paper = b.ramp([(0.0, (0.82, 0.76, 0.65)), (1.0, (0.95, 0.91, 0.83))], fibre)
    image = paper.copy()
    b.over(image, (0.80, 0.20, 0.13), b.disc(size, (0.70, 0.25), 0.072, 0.004) * (0.78 + 0.22 * fibre))
    wash = b.fbm(rng, size, (6, 14), 6)
    for k in range(6):
        base = 0.42 + 0.085 * k
        steep = b.profile(rng, width, 2.2 + k * 0.6, 8)
        line = base - (0.30 - 0.026 * k) * (steep**1.6) + 0.03
        mask = b.below(line.astype(np.float32), height)
        depth = (np.broadcast_to(y, mask.shape) - line[None, :]).astype(np.float32)
        fade = np.exp(-np.maximum(depth, 0.0) / (0.075 + 0.012 * k)).astype(np.float32)
        ink = (0.16 + 0.135 * k) * fade * (0.62 + 0.6 * wash)
        edge = np.exp(-((np.maximum(depth, 0.0) / 0.006) ** 2)).astype(np.float32) * 0.22
        b.over(image, (0.86, 0.83, 0.76), mask * np.clip(1.0 - fade, 0.0, 0.75) * 0.7)
        b.over(image, (0.12, 0.14, 0.17), mask * np.clip(ink + edge, 0.0, 0.93))
    front = 0.955 - 0.05 * b.profile(rng, width, 3)
    trees = _pines(rng, size, front, (0.05, 0.17), 0.03)
    b.over(
        image,
        (0.09, 0.10, 0.12),
        np.clip(b.blur(trees, 1.2) * (0.65 + 0.5 * wash), 0, 0.95)
        * np.broadcast_to(b.step(0.42, 0.3, np.linspace(0, 1, width, dtype=np.float32)), trees.shape),
    )
    boat = [(0.60, 0.86), (0.63, 0.872), (0.70, 0.872), (0.735, 0.855), (0.705, 0.885), (0.625, 0.885)]
    hut = [(0.645, 0.874), (0.65, 0.852), (0.685, 0.852), (0.692, 0.874)]
    b.over(image, (0.10, 0.11, 0.13), b.shape(size, [boat, hut]) * 0.9)
    b.over(
        image,
        (0.10, 0.11, 0.13),
        b.strokes(
            size, [[(0.615, 0.80), (0.64, 0.90)], [(0.60, 0.895), (0.76, 0.895)], [(0.63, 0.91), (0.71, 0.91)]], 0.002
        )
        * 0.7,
    )
    birds = [
        [(x0 - 0.014, y0 - 0.006), (x0, y0 + 0.002), (x0 + 0.014, y0 - 0.009)]
        for x0, y0 in zip(rng.uniform(0.3, 0.6, 7), rng.uniform(0.10, 0.24, 7), strict=True)
    ]
    b.over(image, (0.12, 0.13, 0.15), b.strokes(size, birds, 0.0025) * 0.85)
    seal = b.shape(size, [b.box(0.885, 0.055, 0.94, 0.11)])
    cuts = b.strokes(
        size,
        [[(0.895, y0), (0.93, y0)] for y0 in (0.067, 0.082, 0.098)]
        + [[(x0, 0.064), (x0, 0.1)] for x0 in (0.903, 0.921)],
        0.004,
    )
    b.over(image, (0.72, 0.13, 0.10), np.clip(seal - cuts, 0, 1) * (0.7 + 0.3 * fibre))
    return b.finish(image, rng, bloom=0.0, grain=0.008, vignette=0.18)


def forest_light(seed: int, width: int, height: int) -> Pixels:
    """Beech trunks in morning fog with shafts of sun."""
    rng = np.random.default_rng((seed, 4))
    size = (width, height)
    sun = (0.58, 0.26)
    glow = b.halo(size, sun, 0.24)
    image = b.ramp(
        [(0.0, (0.05, 0.10, 0.08)), (0.35, (0.28, 0.40, 0.22)), (0.7, (0.82, 0.80, 0.46)), (1.0, (1.0, 0.97, 0.80))],
        glow,
    )
    leaves = b.fbm(rng, size, (14, 14), 6)
    shade = np.zeros((height, width), np.float32)
    _, y = b.axes(width, height)
    for k in range(5):
        near = k / 4.0
        trunks = []
        for x0 in rng.uniform(-0.05, 1.05, int(16 - 2.6 * k)):
            wide = (0.006 + 0.030 * near**1.5) * float(rng.uniform(0.7, 1.3))
            bend, foot = float(rng.normal(0, 0.02)), 0.70 + 0.075 * k
            trunks.append(
                [
                    (x0 - wide * 0.55 + bend, -0.02),
                    (x0 + wide * 0.55 + bend, -0.02),
                    (x0 + wide * 0.8, foot - 0.06),
                    (x0 + wide * 1.7, foot + 0.02),
                    (x0 - wide * 1.7, foot + 0.02),
                    (x0 - wide * 0.8, foot - 0.06),
                ]
            )
        mask = b.shape(size, trunks)
        ground = b.below(0.68 + 0.075 * k + 0.02 * (b.profile(rng, width, 6 + 4 * k) - 0.5), height)
        crowns = b.step(0.46, 0.60, b.fbm(rng, size, (5 + k, 6), 7)) * b.step(
            0.36, 0.0, np.broadcast_to(y, mask.shape).astype(np.float32)
        )
        tone = b.ramp(
            [(0.0, (0.025, 0.045, 0.035)), (0.5, (0.20, 0.25, 0.12)), (1.0, (0.70, 0.66, 0.34))],
            np.clip(glow * (1.05 - 0.8 * near) + 0.05, 0, 1),
        )
        moss = b.ramp([(0.0, (0.03, 0.07, 0.03)), (1.0, (0.42, 0.46, 0.14))], np.clip(leaves * glow * 1.6 + 0.05, 0, 1))
        b.over(image, moss, np.maximum(ground, crowns * 0.62) * (0.42 + 0.5 * near))
        b.over(image, tone, mask * (0.45 + 0.53 * near))
        shade = np.maximum(shade, np.maximum(mask, crowns) * (1.0 - 0.4 * near))
        b.over(image, (0.86, 0.84, 0.56), glow * (0.20 * (1 - near)))
    rays = _zoom(np.clip(glow * 1.2 * (1.0 - shade), 0, 1), sun)
    b.add(image, (0.95, 0.82, 0.44), rays * 0.6)
    ferns = 1.0 - 0.10 * b.fbm(rng, (width, 64), (26, 1), 5)[20] - 0.05 * b.profile(rng, width, 120, 3)
    b.over(image, (0.02, 0.04, 0.025), b.below(ferns.astype(np.float32), height) * 0.92)
    motes = b.blur((rng.random((height, width), np.float32) > 0.9996).astype(np.float32), 1.6) * 9.0
    b.add(image, (1.0, 0.9, 0.55), motes * glow)
    return b.finish(image, rng, bloom=0.4)


def _zoom(mask: Light, centre: Point) -> Light:
    """Radial smear away from `centre`: shafts of light through gaps, at a quarter of the size."""
    height, width = mask.shape
    small = b.resize(mask, width // 4, height // 4)
    rows, cols = small.shape
    fy, fx = np.mgrid[0:rows, 0:cols].astype(np.float32)
    total = np.zeros_like(small)
    steps = 28
    for k in range(steps):
        t = 1.0 - 0.75 * k / steps
        gy = np.clip(centre[1] * rows + (fy - centre[1] * rows) * t, 0, rows - 1).astype(np.int32)
        gx = np.clip(centre[0] * cols + (fx - centre[0] * cols) * t, 0, cols - 1).astype(np.int32)
        total += small[gy, gx]
    return np.clip(b.resize(total / steps, width, height, 1), 0.0, 1.0)


def aurora_cabin(seed: int, width: int, height: int) -> Pixels:
    """A lit cabin in the snow under northern lights."""
    rng = np.random.default_rng((seed, 5))
    size = (width, height)
    x, y = b.axes(width, height)
    image = b.ramp(
        [(0.0, (0.015, 0.03, 0.09)), (0.6, (0.04, 0.13, 0.22)), (1.0, (0.08, 0.22, 0.30))],
        np.broadcast_to(y, (height, width)).astype(np.float32),
    )
    image += b.stars(rng, size)[..., None] * 0.9
    for k, (colour, level) in enumerate(
        (((0.12, 0.95, 0.55), 0.40), ((0.10, 0.75, 0.70), 0.52), ((0.62, 0.25, 0.85), 0.30))
    ):
        foot = level + 0.16 * (b.profile(rng, width, 2.5, 4) - 0.5) + 0.05 * np.sin(np.linspace(0, 9 + k, width))
        pleats = 0.35 + 0.65 * b.profile(rng, width, 26, 5)[None, :]
        up = (foot[None, :] - y).astype(np.float32)
        curtain = np.where(up > 0, np.exp(-up / (0.14 + 0.06 * k)), np.exp(up / 0.018)).astype(np.float32)
        b.add(image, colour, curtain * pleats.astype(np.float32) * 0.72)
    back = 0.66 - 0.13 * b.profile(rng, width, 3)
    b.over(image, (0.05, 0.11, 0.18), b.below(back, height))
    b.over(image, (0.025, 0.06, 0.085), _pines(rng, size, np.full(width, 0.71, np.float32), (0.07, 0.17), 0.014))
    snow_line = 0.70 + 0.05 * (b.profile(rng, width, 2, 5) - 0.5)
    drift = b.fbm(rng, size, (5, 14), 6)
    ground = b.ramp(
        [(0.0, (0.13, 0.26, 0.38)), (1.0, (0.40, 0.66, 0.70))],
        np.clip(drift * 0.9 - 0.35 * (y - 0.7), 0, 1).astype(np.float32),
    )
    b.over(image, ground, b.below(snow_line, height))
    aside = np.abs(np.linspace(-0.95, 1, width))
    b.over(
        image,
        (0.02, 0.045, 0.07),
        _pines(rng, size, np.where(aside > 0.5, 0.74 + 0.07 * aside, 1.6).astype(np.float32), (0.2, 0.42), 0.045),
    )
    banks = 0.765 + 0.05 * aside + 0.035 * (b.profile(rng, width, 5, 4) - 0.5) + 0.5 * np.exp(-((aside / 0.42) ** 4))
    b.over(image, ground * 0.86, b.below(banks.astype(np.float32), height))
    warm = b.halo(size, (0.46, 0.76), 0.06) * b.below(snow_line, height)
    b.add(image, (1.0, 0.56, 0.2), warm * 0.75)
    wall, logs = (
        b.shape(
            size,
            [[(0.38, 0.66), (0.56, 0.66), (0.56, 0.765), (0.38, 0.765)], [(0.38, 0.665), (0.425, 0.58), (0.47, 0.665)]],
        ),
        np.broadcast_to((np.sin(y * 520) * 0.5 + 0.5), (height, width)).astype(np.float32),
    )
    b.over(image, b.ramp([(0.0, (0.09, 0.055, 0.045)), (1.0, (0.20, 0.12, 0.08))], logs), wall)
    b.over(
        image,
        (0.80, 0.90, 0.95),
        b.shape(
            size,
            [
                [(0.425, 0.555), (0.60, 0.565), (0.585, 0.668), (0.475, 0.668)],
                [(0.425, 0.555), (0.365, 0.668), (0.378, 0.674), (0.428, 0.582)],
                b.box(0.525, 0.53, 0.55, 0.545),
            ],
        )
        * 0.9,
    )
    b.over(image, (0.16, 0.10, 0.09), b.shape(size, [b.box(0.528, 0.545, 0.547, 0.585)]))
    panes = b.shape(
        size, [b.box(0.40, 0.69, 0.448, 0.735), b.box(0.488, 0.69, 0.538, 0.735), b.box(0.41, 0.615, 0.44, 0.645)]
    )
    b.over(image, (1.25, 0.82, 0.38), panes)
    b.over(
        image,
        (0.2, 0.1, 0.05),
        b.strokes(
            size,
            [
                [(0.424, 0.69), (0.424, 0.735)],
                [(0.513, 0.69), (0.513, 0.735)],
                [(0.40, 0.712), (0.448, 0.712)],
                [(0.488, 0.712), (0.538, 0.712)],
            ],
            0.003,
        ),
    )
    smoke = (
        b.fbm(rng, size, (8, 6), 5)
        * np.exp(
            -(((x - 0.538 - 0.35 * np.maximum(0.53 - y, 0) ** 1.3) / (0.008 + 0.10 * np.maximum(0.53 - y, 0))) ** 2)
        ).astype(np.float32)
        * (y < 0.53)
    )
    b.over(image, (0.55, 0.66, 0.72), smoke.astype(np.float32) * 0.5)
    b.add(image, (1.0, 0.6, 0.25), b.halo(size, (0.46, 0.71), 0.05) * 0.35)
    b.add(
        image, (0.8, 0.9, 1.0), b.blur((rng.random((height, width), np.float32) > 0.9992).astype(np.float32), 1.3) * 5.0
    )
    return b.finish(image, rng, bloom=0.5)


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
    side = b.step(0.72, 0.58, np.broadcast_to(x, tower.shape).astype(np.float32))
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
