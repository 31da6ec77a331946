"""Painted landscapes: mountains, a forest, dunes."""

import numpy as np

from dam.service.demo import brushes as b
from dam.service.demo.brushes import Light, Pixels, Point


def _peaks(rng: np.random.Generator, size: tuple[int, int], base: float, rise: float) -> tuple[Light, Light]:
    """A mountain range: (mask, slope light 0..1)."""
    width, height = size
    line = base - rise * (b.profile(rng, width, 3, 8) * 1.25 - 0.2)
    mask = b.below(line, height)
    gullies = np.abs(b.fbm(rng, size, (9, 3), 8) - 0.5) + 0.35 * b.fbm(rng, size, (14, 10), 7)
    lean = np.gradient(b.blur(gullies, height * 0.002), axis=1) * width / 9.0 + np.gradient(line)[None, :] * -90.0
    return mask, b.step(-0.75, 0.75, lean.astype(np.float32))


def _range(
    size: tuple[int, int], rng: np.random.Generator, base: float, rise: float, haze: float
) -> tuple[Light, Light]:
    """Snowy rock in side light: (paint, mask)."""
    _, y = b.axes(*size)
    mask, lit = _peaks(rng, size, base, rise)
    rock = b.ramp([(0.0, (0.13, 0.15, 0.25)), (1.0, (0.50, 0.36, 0.34))], lit)
    snow = b.ramp([(0.0, (0.36, 0.43, 0.62)), (0.55, (0.86, 0.66, 0.62)), (1.0, (1.0, 0.84, 0.70))], lit)
    b.over(rock, snow, b.step(base - 0.02, base - rise * 0.55, y + 0.10 * (b.fbm(rng, size, (10, 10), 5) - 0.5)) * 0.95)
    b.over(rock, (0.80, 0.60, 0.60), b.step(base - rise, base + 0.05, y) * haze + haze * 0.4)
    return rock, mask


def mountain_lake(seed: int, width: int, height: int) -> Pixels:
    """A range in the last light, mirrored in a lake."""
    rng = np.random.default_rng((seed, 2))
    size = (width, height)
    _, y = b.axes(width, height)
    image = b.sky(
        size,
        [(0.0, (0.13, 0.22, 0.42)), (0.3, (0.42, 0.46, 0.62)), (0.5, (0.93, 0.66, 0.55)), (0.62, (1.0, 0.80, 0.60))],
    )
    clouds = b.clouds(rng, size, cover=0.30)
    b.over(image, b.ramp([(0.0, (0.98, 0.72, 0.62)), (1.0, (0.56, 0.44, 0.56))], clouds), clouds * 0.8)
    b.add(image, (1.0, 0.6, 0.3), b.halo(size, (0.16, 0.56), 0.12) * 0.5)
    for base, rise, haze in ((0.56, 0.34, 0.42), (0.63, 0.30, 0.2)):
        b.over(image, *_range(size, rng, base, rise, haze))
    shore = 0.632 + 0.012 * (b.profile(rng, width, 5) - 0.5)
    b.over(image, (0.20, 0.20, 0.27), b.below(shore - 0.03 * b.profile(rng, width, 9), height))
    b.over(image, (0.095, 0.12, 0.17), b.pines(rng, size, shore, (0.035, 0.085), 0.009))
    b.over(
        image,
        (0.98, 0.80, 0.72),
        np.exp(-(((y - 0.625) / 0.022) ** 2)) * b.fbm(rng, size, (4, 9), 4) * np.float32(0.75),
    )
    water = b.mirror(image, 0.64, rng, ripple=0.018)
    _, near = b.axes(*water.shape[1::-1])
    water *= (0.9 - 0.42 * near)[..., None]
    b.over(water, (0.06, 0.11, 0.20), 0.1 + 0.35 * near)
    image[height - water.shape[0] :] = water
    side = np.abs(np.linspace(-1, 1, width, dtype=np.float32))
    front = 1.0 - 0.05 * b.profile(rng, width, 4) - 0.06 * side**3
    trees = b.pines(rng, size, front + np.float32(0.4) * (side < 0.62), (0.16, 0.36), 0.032)
    b.over(image, (0.035, 0.05, 0.075), np.maximum(b.below(front, height), trees))
    return b.finish(image, rng, bloom=0.25)


_INK = (0.10, 0.11, 0.13)


def _ink_marks(image: Light, rng: np.random.Generator, fibre: Light) -> None:
    """Boat, birds and the painter's seal."""
    size = (image.shape[1], image.shape[0])
    boat = [(0.60, 0.86), (0.63, 0.872), (0.70, 0.872), (0.735, 0.855), (0.705, 0.885), (0.625, 0.885)]
    b.fill(image, _INK, [boat, [(0.645, 0.874), (0.65, 0.852), (0.685, 0.852), (0.692, 0.874)]], 0.9)
    b.draw(
        image,
        _INK,
        [[(0.615, 0.80), (0.64, 0.90)], [(0.60, 0.895), (0.76, 0.895)], [(0.63, 0.91), (0.71, 0.91)]],
        0.002,
        0.7,
    )
    flock = zip(rng.uniform(0.3, 0.6, 7), rng.uniform(0.10, 0.24, 7), strict=True)
    b.draw(
        image, _INK, [[(x - 0.014, y - 0.006), (x, y + 0.002), (x + 0.014, y - 0.009)] for x, y in flock], 0.0025, 0.85
    )
    cuts: list[list[Point]] = [[(0.895, y), (0.93, y)] for y in (0.067, 0.082, 0.098)]
    cuts += [[(x, 0.064), (x, 0.1)] for x in (0.903, 0.921)]
    seal = np.clip(b.shape(size, [b.box(0.885, 0.055, 0.94, 0.11)]) - b.strokes(size, cuts, 0.004), 0, 1)
    b.over(image, (0.72, 0.13, 0.10), seal * (0.7 + 0.3 * fibre))


def ink_mountains(seed: int, width: int, height: int) -> Pixels:
    """An ink-wash scroll: ridges in mist, a red sun, a boat."""
    rng = np.random.default_rng((seed, 3))
    size = (width, height)
    x, y = b.axes(width, height)
    fibre = b.fbm(rng, size, (60, 60), 3) * 0.6 + b.fbm(rng, size, (4, 4), 4) * 0.4
    image = b.ramp([(0.0, (0.82, 0.76, 0.65)), (1.0, (0.95, 0.91, 0.83))], fibre)
    b.over(image, (0.80, 0.20, 0.13), b.disc(size, (0.70, 0.25), 0.072, 0.004) * (0.78 + 0.22 * fibre))
    wash = b.fbm(rng, size, (6, 14), 6)
    for k in range(6):
        line = 0.45 + 0.085 * k - (0.30 - 0.026 * k) * b.profile(rng, width, 2.2 + k * 0.6, 8) ** np.float32(1.6)
        mask = b.below(line, height)
        depth = np.maximum(y - line[None, :], 0.0)
        fade = np.exp(-depth / (0.075 + 0.012 * k))
        ink = (0.16 + 0.135 * k) * fade * (0.62 + 0.6 * wash) + np.exp(-((depth / 0.006) ** 2)) * 0.22
        b.over(image, (0.86, 0.83, 0.76), mask * np.clip(1.0 - fade, 0.0, 0.75) * 0.7)
        b.over(image, (0.12, 0.14, 0.17), mask * np.clip(ink, 0.0, 0.93))
    trees = b.pines(rng, size, 0.955 - 0.05 * b.profile(rng, width, 3), (0.05, 0.17), 0.03)
    b.over(image, (0.09, 0.10, 0.12), np.clip(b.blur(trees, 1.2) * (0.65 + 0.5 * wash), 0, 0.95) * b.step(0.42, 0.3, x))
    _ink_marks(image, rng, fibre)
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
        crowns = b.step(0.46, 0.60, b.fbm(rng, size, (5 + k, 6), 7)) * b.step(0.36, 0.0, y)
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


def dune_light(seed: int, width: int, height: int) -> Light:
    """Dunes at sunset as float light: the 16-bit plate is made from it."""
    rng = np.random.default_rng((seed, 34))
    size = (width, height)
    x, y = b.axes(width, height)
    image = b.sky(
        size,
        [(0.0, (0.22, 0.30, 0.50)), (0.35, (0.62, 0.50, 0.56)), (0.5, (0.98, 0.66, 0.42)), (0.6, (1.0, 0.82, 0.52))],
    )
    b.over(
        image,
        (0.95, 0.80, 0.74),
        b.disc(size, (0.26, 0.24), 0.125, 0.003)
        * np.clip(0.75 - 0.9 * y, 0.05, 1).astype(np.float32)
        * (0.75 + 0.25 * b.fbm(rng, size, (12, 12), 5)),
    )
    b.add(image, (1.0, 0.62, 0.25), b.halo(size, (0.80, 0.52), 0.08) * 0.7)
    b.add(image, (1.0, 0.9, 0.7), b.disc(size, (0.80, 0.51), 0.03, 0.003))
    sand = b.fbm(rng, size, (30, 60), 4)
    for k in range(5):
        line = (
            0.54
            + 0.085 * k
            + 0.008 * k * k
            - (0.07 + 0.035 * k) * (b.profile(rng, width, 1.6 + 0.3 * (4 - k), 3) - 0.35)
        )
        mask = b.below(line, height)
        down = np.maximum(y - line[None, :], 0).astype(np.float32)
        slope = np.gradient(b.blur(np.tile(line, (4, 1)), width * 0.01)[1]) * width
        ripples = 0.5 + 0.5 * np.sin((y * (260 - 34 * k) + 14 * sand + x * 22) * 1.0)
        lit = np.clip(
            0.52 - slope[None, :] * 1.1 + 0.10 * (ripples - 0.5) * (k > 1) - 0.5 * down + 0.12 * (sand - 0.5), 0, 1
        ).astype(np.float32)
        tone = b.ramp(
            [
                (0.0, (0.24, 0.13, 0.18)),
                (0.45, (0.62, 0.33, 0.22)),
                (0.8, (0.96, 0.62, 0.34)),
                (1.0, (1.0, 0.84, 0.56)),
            ],
            lit,
        )
        b.over(
            tone, (0.92, 0.62, 0.46), np.full(mask.shape, 0.42 - 0.1 * k, np.float32) if k < 4 else np.zeros_like(mask)
        )
        b.over(image, tone, mask)
        if k == 2:
            _caravan(image, size, line)
    return image


def _caravan(image: Light, size: tuple[int, int], line: Light) -> None:
    parts: list[list[Point]] = []
    for k in range(6):
        px = 0.30 + k * 0.037
        foot = float(line[int(px * size[0])]) + 0.008

        def at(dx: float, dy: float, px: float = px, foot: float = foot) -> Point:
            return px + dx * 0.026, foot - dy * 0.06

        parts.append(
            b.smooth(
                [
                    at(-0.5, 0.45),
                    at(-0.35, 0.75),
                    at(-0.12, 0.70),
                    at(0.0, 1.0),
                    at(0.15, 0.72),
                    at(0.42, 0.66),
                    at(0.62, 1.02),
                    at(0.92, 0.98),
                    at(0.68, 0.82),
                    at(0.46, 0.42),
                    at(0.0, 0.38),
                ],
                5,
            )
        )
        parts += [
            [at(d, 0.5), at(d + 0.11, 0.5), at(d + 0.07 + s, 0.0), at(d + s, 0.0)]
            for d, s in ((-0.46, -0.08), (-0.26, 0.08), (0.18, -0.06), (0.34, 0.1))
        ]
        if k % 2 == 0:
            parts += [b.smooth([at(-0.1, 0.95), at(-0.06, 1.35), at(0.02, 1.5), at(0.1, 1.35), at(0.12, 0.95)], 5)]
    b.over(image, (0.14, 0.07, 0.10), b.shape(size, parts) * 0.95)


def dunes(seed: int, width: int, height: int) -> Pixels:
    """A caravan on dunes at sunset."""
    return b.finish(dune_light(seed, width, height), np.random.default_rng((seed, 35)))
