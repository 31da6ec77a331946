"""Painted journeys: a diner, a night train, deep space, dunes and, by day, a pier."""

import numpy as np

from dam.service.demo import brushes as b
from dam.service.demo.brushes import Colour, Light, Pixels, Point


def diner_midnight(seed: int, width: int, height: int) -> Pixels:
    """A lit diner on a wet corner, three people at the counter."""
    rng = np.random.default_rng((seed, 31))
    size = (width, height)
    _, y = b.axes(width, height)
    kerb = 0.73
    image = b.ramp(
        [(0.0, (0.02, 0.05, 0.09)), (0.6, (0.05, 0.15, 0.20)), (1.0, (0.10, 0.24, 0.27))],
        np.broadcast_to(y, (height, width)).astype(np.float32),
    )
    image += (b.stars(rng, size, 350) * b.step(0.35, 0.05, np.broadcast_to(y, (height, width)).astype(np.float32)))[
        ..., None
    ] * 0.5
    blocks = [
        b.box(x0, top, x0 + wide, kerb)
        for x0, wide, top in ((-0.02, 0.13, 0.26), (0.10, 0.09, 0.36), (0.78, 0.10, 0.24), (0.87, 0.15, 0.34))
    ]
    b.over(image, (0.035, 0.075, 0.095), b.shape(size, blocks))
    dim = [
        b.box(x0, y0, x0 + 0.016, y0 + 0.035)
        for x0, y0 in (
            (0.02, 0.34),
            (0.05, 0.34),
            (0.02, 0.43),
            (0.8, 0.33),
            (0.83, 0.42),
            (0.9, 0.42),
            (0.94, 0.5),
            (0.13, 0.45),
        )
    ]
    b.over(image, (0.62, 0.42, 0.18), b.shape(size, dim) * 0.8)
    roof = [(0.155, 0.375), (0.80, 0.375), (0.80, 0.43), (0.155, 0.43)]
    b.over(image, (0.16, 0.20, 0.20), b.shape(size, [b.box(0.17, 0.43, 0.785, kerb)]))
    glass = b.shape(size, [b.box(0.185, 0.445, 0.77, 0.64)])
    x, _ = b.axes(width, height)
    room = b.ramp(
        [(0.0, (1.0, 0.90, 0.58)), (0.5, (0.98, 0.78, 0.40)), (1.0, (0.72, 0.44, 0.20))],
        (np.clip((y - 0.44) / 0.2, 0, 1) * 0.8 + 0.25 * np.abs(x - 0.48)).astype(np.float32),
    )
    b.over(image, room, glass)
    _diner_inside(image, size, glass)
    b.over(
        image,
        (0.075, 0.10, 0.105),
        b.shape(
            size,
            [b.box(px - 0.003, 0.44, px + 0.003, 0.645) for px in (0.185, 0.30, 0.415, 0.53, 0.645, 0.77)]
            + [b.box(0.18, 0.638, 0.775, 0.65)],
        ),
    )
    b.over(image, (0.62, 0.60, 0.52), b.shape(size, [roof]) * 0.55)
    b.over(
        image, (0.50, 0.12, 0.10), b.shape(size, [b.box(0.17, 0.668, 0.785, 0.70), b.box(0.155, 0.415, 0.80, 0.432)])
    )
    _neon_word(image, size)
    lamp = (0.895, 0.335)
    b.over(image, (0.02, 0.03, 0.035), b.strokes(size, [[(0.935, kerb + 0.02), (0.935, 0.33), (0.90, 0.325)]], 0.007))
    b.lamps(image, (0.85, 1.0, 0.82), [lamp], 0.007)
    image[int(kerb * height) :] *= 0.4
    wet = b.mirror(image, kerb, rng, ripple=0.035, stretch=0.85)
    puddle = b.fbm(rng, (width, wet.shape[0]), (6, 10), 6)
    asphalt = b.ramp(
        [(0.0, (0.02, 0.035, 0.045)), (1.0, (0.075, 0.10, 0.105))], b.fbm(rng, (width, wet.shape[0]), (80, 60), 3)
    )
    b.over(asphalt, b.blur(wet, height * 0.005), 0.25 + 0.68 * b.step(0.34, 0.62, puddle))
    image[height - wet.shape[0] :] = asphalt
    b.over(image, (0.17, 0.20, 0.19), b.shape(size, [b.box(0.0, kerb - 0.012, 1.0, kerb + 0.012)]))
    b.add(
        image,
        (1.0, 0.72, 0.3),
        b.halo(size, (0.475, 0.74), 0.07) * b.below(np.full(width, kerb + 0.012, np.float32), height) * 0.3,
    )
    return b.finish(image, rng, bloom=0.6, vignette=0.55)


def _diner_inside(image: Light, size: tuple[int, int], glass: Light) -> None:
    shelf = [b.box(0.20, 0.51, 0.50, 0.515)] + [
        b.box(px, 0.51 - tall, px + 0.009, 0.51)
        for px, tall in zip(np.arange(0.21, 0.49, 0.018), np.tile((0.03, 0.022, 0.036, 0.026), 4), strict=True)
    ]
    b.over(image, (0.60, 0.36, 0.16), b.shape(size, shelf) * glass * 0.85)
    b.over(
        image,
        (0.40, 0.20, 0.10),
        b.shape(size, [b.box(0.19, 0.592, 0.70, 0.602), b.box(0.20, 0.60, 0.69, 0.64)]) * glass,
    )
    b.over(
        image,
        (1.4, 1.2, 0.85),
        b.shape(
            size,
            [
                [(px - 0.016, 0.482), (px + 0.016, 0.482), (px + 0.007, 0.465), (px - 0.007, 0.465)]
                for px in (0.27, 0.39, 0.51, 0.63)
            ],
        )
        * glass,
    )
    b.over(
        image,
        (0.3, 0.18, 0.08),
        b.strokes(size, [[(px, 0.445), (px, 0.466)] for px in (0.27, 0.39, 0.51, 0.63)], 0.0022),
    )
    for px, coat, lean in (
        (0.335, (0.13, 0.14, 0.20), 1),
        (0.375, (0.52, 0.07, 0.07), -1),
        (0.585, (0.16, 0.17, 0.15), 1),
    ):
        body = b.smooth(
            [
                (px - 0.018, 0.60),
                (px - 0.017, 0.555),
                (px - 0.006, 0.54),
                (px + 0.006, 0.54),
                (px + 0.017, 0.555),
                (px + 0.018, 0.60),
            ]
        )
        arm = [(px, 0.565), (px + 0.03 * lean, 0.588), (px + 0.03 * lean, 0.595), (px - 0.01 * lean, 0.582)]
        head = b.smooth(
            [(px - 0.0085, 0.525), (px - 0.006, 0.508), (px + 0.006, 0.508), (px + 0.0085, 0.525), (px, 0.543)], 6
        )
        b.over(image, coat, b.shape(size, [body, arm]) * glass)
        b.over(image, (0.12, 0.07, 0.05), b.shape(size, [head]) * glass)


def _neon_word(image: Light, size: tuple[int, int]) -> None:
    """DINER in tubes on the roof."""
    letters: list[list[Point]] = []
    marks = {
        "D": [[(0, 0), (0, 1), (0.6, 1), (1, 0.7), (1, 0.3), (0.6, 0), (0, 0)]],
        "I": [[(0.5, 0), (0.5, 1)]],
        "N": [[(0, 1), (0, 0), (1, 1), (1, 0)]],
        "E": [[(1, 0), (0, 0), (0, 1), (1, 1)], [(0, 0.5), (0.75, 0.5)]],
        "R": [[(0, 1), (0, 0), (0.7, 0), (1, 0.25), (0.7, 0.5), (0, 0.5)], [(0.55, 0.5), (1, 1)]],
    }
    for k, letter in enumerate("DINER"):
        letters += [[(0.335 + k * 0.06 + 0.034 * px, 0.262 + 0.085 * py) for px, py in line] for line in marks[letter]]
    b.over(
        image, (0.02, 0.035, 0.04), b.strokes(size, [[(px, 0.37), (px, 0.35)] for px in (0.34, 0.44, 0.52, 0.6)], 0.006)
    )
    tube = b.strokes(size, letters, 0.0085)
    height = size[1]
    b.add(image, (1.0, 0.18, 0.20), tube * 1.1 + b.blur(tube, height * 0.010) * 1.2 + b.blur(tube, height * 0.05) * 1.2)
    b.add(image, (0.8, 0.7, 0.6), b.strokes(size, letters, 0.003))


def night_train(seed: int, width: int, height: int) -> Pixels:
    """A steam train on a viaduct in the moonlight."""
    rng = np.random.default_rng((seed, 32))
    size = (width, height)
    x, y = b.axes(width, height)
    moon = (0.30, 0.24)
    image = b.ramp(
        [(0.0, (0.03, 0.07, 0.18)), (0.5, (0.13, 0.26, 0.42)), (1.0, (0.45, 0.56, 0.62))],
        np.broadcast_to(y, (height, width)).astype(np.float32),
    )
    image += (b.stars(rng, size, 700) * b.step(0.5, 0.1, np.broadcast_to(y, (height, width)).astype(np.float32)))[
        ..., None
    ] * 0.8
    b.add(image, (0.62, 0.76, 0.95), b.halo(size, moon, 0.09) * 0.55)
    b.over(image, (1.0, 0.99, 0.92), b.disc(size, moon, 0.085, 0.003) * (0.72 + 0.28 * b.fbm(rng, size, (18, 18), 4)))
    b.over(image, (0.36, 0.48, 0.60), b.step(0.48, 0.85, b.fbm(rng, size, (2, 8), 7)) * 0.55)
    for k, tone in enumerate(((0.27, 0.40, 0.52), (0.17, 0.28, 0.40), (0.10, 0.18, 0.28))):
        line = 0.56 + 0.09 * k - (0.26 - 0.05 * k) * b.profile(rng, width, 3 + k, 7)
        mask = b.below(line, height)
        lift = np.clip((y - line[None, :]) / 0.25, 0, 1).astype(np.float32)
        b.over(image, b.ramp([(0.0, tone), (1.0, (0.42, 0.53, 0.60))], lift), mask)
    deck, dark = 0.60, (0.035, 0.06, 0.095)
    bridge = b.shape(size, [b.box(0, deck, 1, 0.97)])
    spans = []
    for px in np.arange(-0.10, 1.1, 0.15):
        arc = [
            (float(px + 0.075 - 0.056 * np.cos(a)), 0.715 - 0.075 * float(np.sin(a))) for a in np.linspace(0, np.pi, 20)
        ]
        spans.append([*arc, (float(px + 0.131), 1.02), (float(px + 0.019), 1.02)])
    bridge = np.clip(bridge - b.shape(size, spans), 0, 1)
    stone = b.fbm(rng, size, (30, 30), 4)
    b.over(image, b.ramp([(0.0, dark), (1.0, (0.15, 0.20, 0.26))], np.clip(stone * 0.8, 0, 1)), bridge)
    b.over(image, (0.34, 0.42, 0.48), b.shape(size, [b.box(0, deck - 0.004, 1, deck + 0.003)]) * 0.8)
    _train(image, size, deck)
    puff = b.fbm(rng, size, (7, 9), 7)
    away = np.clip(0.815 - x, 0, 1)
    rise = (
        np.exp(-(((y - (0.445 - 0.20 * away**0.8)) / (0.022 + 0.10 * away)) ** 2))
        * np.clip(away * 40, 0, 1)
        * np.exp(-away / 0.42)
    )
    smoke = np.clip(b.step(0.28, 0.68, puff) * rise * 1.4, 0, 1).astype(np.float32)
    b.over(image, b.ramp([(0.0, (0.30, 0.36, 0.45)), (1.0, (0.88, 0.92, 0.98))], puff), smoke * 0.92)
    b.add(image, (1.0, 0.42, 0.14), b.halo(size, (0.80, 0.50), 0.025) * smoke * 0.8)
    fog = b.fbm(rng, size, (3, 9), 6)
    b.over(
        image,
        (0.52, 0.62, 0.68),
        (b.step(0.72, 1.02, (y + 0.16 * (fog - 0.5)).astype(np.float32)) * 0.88).astype(np.float32),
    )
    front = 0.95 - 0.10 * b.profile(rng, width, 5, 8) - 0.02 * b.profile(rng, width, 60, 3)
    b.over(image, (0.02, 0.04, 0.065), b.below(front, height))
    return b.finish(image, rng, bloom=0.6)


def _train(image: Light, size: tuple[int, int], deck: float) -> None:
    dark, body, panes = (0.02, 0.03, 0.05), [], []
    for k in range(6):
        left = 0.055 + k * 0.112
        body += [
            b.box(left, deck - 0.068, left + 0.106, deck - 0.012),
            b.box(left + 0.004, deck - 0.076, left + 0.102, deck - 0.066),
        ]
        panes += [
            b.box(left + 0.008 + j * 0.0158, deck - 0.056, left + 0.019 + j * 0.0158, deck - 0.034) for j in range(6)
        ]
    body += [b.box(0.05, deck - 0.02, 0.73, deck - 0.012), b.box(0.727, deck - 0.07, 0.758, deck - 0.012)]
    body += [b.box(0.763, deck - 0.088, 0.792, deck - 0.012), b.box(0.758, deck - 0.094, 0.797, deck - 0.086)]
    body += [
        b.smooth(
            [
                (0.79, deck - 0.068),
                (0.86, deck - 0.068),
                (0.872, deck - 0.046),
                (0.86, deck - 0.022),
                (0.79, deck - 0.022),
            ],
            8,
        )
    ]
    body += [
        [(0.838, deck - 0.066), (0.834, deck - 0.105), (0.858, deck - 0.105), (0.854, deck - 0.066)],
        b.box(0.808, deck - 0.082, 0.822, deck - 0.064),
        [(0.868, deck - 0.016), (0.89, deck - 0.001), (0.86, deck - 0.001)],
    ]
    b.over(image, dark, b.shape(size, body))
    wheels = [0.055 + k * 0.112 + d for k in range(6) for d in (0.016, 0.032, 0.074, 0.09)]
    for places, radius in ((wheels, 0.010), ([0.775, 0.806, 0.836], 0.017), ([0.860], 0.011)):
        b.over(image, dark, b.dots(size, [(px, deck - radius) for px in places], radius))
    lit = b.shape(size, panes)
    b.over(image, (1.3, 0.90, 0.45), lit)
    b.add(image, (1.0, 0.6, 0.2), b.blur(lit, size[1] * 0.012) * 0.7)
    b.lamps(image, (1.0, 0.92, 0.7), [(0.876, deck - 0.048)], 0.005)
    px, py = b.axes(*size)
    beam = np.exp(-(((py - deck + 0.048) / (0.006 + 0.16 * np.clip(px - 0.876, 0, 1))) ** 2)) * (px > 0.876)
    b.add(image, (1.0, 0.9, 0.62), beam.astype(np.float32) * 0.5)


def nebula(seed: int, width: int, height: int) -> Pixels:
    """Gas clouds, stars and a ringed planet."""
    rng = np.random.default_rng((seed, 33))
    size = (width, height)
    x, y = b.axes(width, height)
    wide = width / height
    warp = b.fbm(rng, size, (3, 3), 6)
    gas = b.fbm(rng, size, (4, 4), 7) * 0.6 + warp * 0.55
    lanes = np.abs(b.fbm(rng, size, (4, 4), 7) - 0.5) * 2.0
    band = np.exp(-(((y - 0.72 + 0.42 * x) + 0.22 * (warp - 0.5)) ** 2) / 0.055).astype(np.float32)
    image = b.ramp(
        [
            (0.0, (0.008, 0.012, 0.035)),
            (0.3, (0.07, 0.045, 0.17)),
            (0.55, (0.42, 0.11, 0.36)),
            (0.75, (0.92, 0.36, 0.34)),
            (1.0, (1.0, 0.86, 0.66)),
        ],
        np.clip(gas * band * 1.15 * (0.55 + 0.6 * lanes), 0, 1),
    )
    b.add(image, (0.05, 0.42, 0.52), band * b.step(0.42, 0.8, warp) * (1.0 - lanes) * 0.75)
    image *= (0.35 + 0.65 * b.step(0.05, 0.32, lanes))[..., None]
    image += b.stars(rng, size, 2600)[..., None] * np.array([0.95, 0.97, 1.05], np.float32)
    b.lamps(image, (0.85, 0.92, 1.0), [(float(px), float(py)) for px, py in rng.random((9, 2))], 0.0022)
    centre, radius = (0.70, 0.36), 0.20
    px, py = (x - centre[0]) * wide / radius, (y - centre[1]) / radius
    tilt = 0.42
    u, v = px * np.cos(tilt) + py * np.sin(tilt), (-px * np.sin(tilt) + py * np.cos(tilt)) / 0.24
    ring_at = np.hypot(u, v)
    rings = (
        b.step(1.32, 1.36, ring_at)
        * b.step(2.28, 2.22, ring_at)
        * (0.45 + 0.55 * b.profile(rng, 1024, 46, 4)[np.clip(ring_at * 400, 0, 1023).astype(np.int32)])
    )
    ring_tone = b.ramp([(0.0, (0.55, 0.42, 0.36)), (1.0, (0.96, 0.86, 0.70))], np.clip(ring_at - 1.3, 0, 1))
    b.over(image, ring_tone, (rings * (v < 0) * 0.85).astype(np.float32))
    inside = np.clip((1.0 - np.hypot(px, py)) * radius * height, 0, 1).astype(np.float32)
    pz = np.sqrt(np.maximum(1.0 - px**2 - py**2, 0.0))
    light = np.clip(-0.66 * px - 0.42 * py + 0.55 * pz, 0.0, 1.0).astype(np.float32)
    bands = b.profile(rng, 512, 14, 5)[
        np.clip((v * 0.24 * 0.5 + 0.5 + 0.03 * (warp - 0.5)) * 511, 0, 511).astype(np.int32)
    ]
    globe = b.ramp([(0.0, (0.42, 0.22, 0.20)), (0.5, (0.86, 0.60, 0.40)), (1.0, (0.98, 0.88, 0.70))], bands) * (
        light[..., None] * 1.1 + 0.015
    )
    b.over(image, globe.astype(np.float32), inside)
    b.add(image, (0.9, 0.6, 0.4), inside * np.clip(1.0 - pz, 0, 1).astype(np.float32) ** 3 * light * 0.6)
    b.over(
        image,
        ring_tone * (1.0 - 0.85 * np.exp(-(((px - 0.9) / 0.5) ** 2)) * (pz > 0))[..., None].astype(np.float32),
        (rings * (v >= 0) * 0.9).astype(np.float32),
    )
    return b.finish(image, rng, bloom=0.5, grain=0.010)


def dune_light(seed: int, width: int, height: int) -> Light:
    """Dunes at sunset as float light: the 16-bit plate is made from it."""
    rng = np.random.default_rng((seed, 34))
    size = (width, height)
    x, y = b.axes(width, height)
    image = b.ramp(
        [(0.0, (0.22, 0.30, 0.50)), (0.35, (0.62, 0.50, 0.56)), (0.5, (0.98, 0.66, 0.42)), (0.6, (1.0, 0.82, 0.52))],
        np.broadcast_to(y, (height, width)).astype(np.float32),
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


def pier(seed: int, width: int, height: int) -> Pixels:
    """Plain daylight on a wooden pier: the photograph among the generated pictures."""
    rng = np.random.default_rng((seed, 36))
    size = (width, height)
    x, y = b.axes(width, height)
    horizon = 0.46
    image = b.ramp(
        [(0.0, (0.28, 0.48, 0.74)), (0.46, (0.74, 0.83, 0.88))], np.broadcast_to(y, (height, width)).astype(np.float32)
    )
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
