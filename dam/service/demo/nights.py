"""Painted nights: a diner, a train, northern lights, deep space."""

import numpy as np

from dam.service.demo import brushes as b
from dam.service.demo.brushes import Light, Pixels, Point

_KERB = 0.73


def _diner_front(image: Light) -> None:
    """Dark blocks behind, the lit room, frames and stripes."""
    size = (image.shape[1], image.shape[0])
    x, y = b.axes(*size)
    blocks = ((-0.02, 0.13, 0.26), (0.10, 0.09, 0.36), (0.78, 0.10, 0.24), (0.87, 0.15, 0.34))
    b.fill(image, (0.035, 0.075, 0.095), [b.box(left, top, left + wide, _KERB) for left, wide, top in blocks])
    dim = ((0.02, 0.34), (0.05, 0.34), (0.02, 0.43), (0.8, 0.33), (0.83, 0.42), (0.9, 0.42), (0.94, 0.5), (0.13, 0.45))
    b.fill(image, (0.62, 0.42, 0.18), [b.box(left, top, left + 0.016, top + 0.035) for left, top in dim], 0.8)
    b.fill(image, (0.16, 0.20, 0.20), [b.box(0.17, 0.43, 0.785, _KERB)])
    glass = b.shape(size, [b.box(0.185, 0.445, 0.77, 0.64)])
    fall = np.clip((y - 0.44) / 0.2, 0, 1) * 0.8 + 0.25 * np.abs(x - 0.48)
    b.over(image, b.ramp([(0.0, (1.0, 0.90, 0.58)), (0.5, (0.98, 0.78, 0.40)), (1.0, (0.72, 0.44, 0.20))], fall), glass)
    _diner_inside(image, size, glass)
    frames = [b.box(px - 0.003, 0.44, px + 0.003, 0.645) for px in (0.185, 0.30, 0.415, 0.53, 0.645, 0.77)]
    b.fill(image, (0.075, 0.10, 0.105), [*frames, b.box(0.18, 0.638, 0.775, 0.65)])
    b.fill(image, (0.62, 0.60, 0.52), [b.box(0.155, 0.375, 0.80, 0.43)], 0.55)
    b.fill(image, (0.50, 0.12, 0.10), [b.box(0.17, 0.668, 0.785, 0.70), b.box(0.155, 0.415, 0.80, 0.432)])


def diner_midnight(seed: int, width: int, height: int) -> Pixels:
    """A lit diner on a wet corner, three people at the counter."""
    rng = np.random.default_rng((seed, 31))
    size = (width, height)
    _, y = b.axes(width, height)
    image = b.sky(size, [(0.0, (0.02, 0.05, 0.09)), (0.6, (0.05, 0.15, 0.20)), (1.0, (0.10, 0.24, 0.27))])
    image += (b.stars(rng, size, 350) * b.step(0.35, 0.05, y))[..., None] * np.float32(0.5)
    _diner_front(image)
    _neon_word(image, size)
    b.draw(image, (0.02, 0.03, 0.035), [[(0.935, _KERB + 0.02), (0.935, 0.33), (0.90, 0.325)]], 0.007)
    b.lamps(image, (0.85, 1.0, 0.82), [(0.895, 0.335)], 0.007)
    wet = b.mirror(image, _KERB, rng, ripple=0.035, stretch=0.85)
    street = (width, wet.shape[0])
    asphalt = b.ramp([(0.0, (0.02, 0.035, 0.045)), (1.0, (0.075, 0.10, 0.105))], b.fbm(rng, street, (80, 60), 3))
    puddle = b.step(0.34, 0.62, b.fbm(rng, street, (6, 10), 6))
    b.over(asphalt, b.blur(wet, height * 0.005), 0.25 + 0.68 * puddle)
    image[height - wet.shape[0] :] = asphalt
    b.fill(image, (0.17, 0.20, 0.19), [b.box(0.0, _KERB - 0.012, 1.0, _KERB + 0.012)])
    b.add(image, (1.0, 0.72, 0.3), b.halo(size, (0.475, 0.74), 0.07) * (y > _KERB + 0.012) * np.float32(0.3))
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
    marks: dict[str, list[list[tuple[float, float]]]] = {
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


def _viaduct(size: tuple[int, int], deck: float) -> Light:
    spans: list[list[Point]] = []
    for left in np.arange(-0.10, 1.1, 0.15):
        arc = [
            (float(left + 0.075 - 0.056 * np.cos(a)), float(0.715 - 0.075 * np.sin(a)))
            for a in np.linspace(0, np.pi, 20)
        ]
        spans.append([*arc, (float(left + 0.131), 1.02), (float(left + 0.019), 1.02)])
    piers: Light = np.clip(b.shape(size, [b.box(0, deck, 1, 0.97)]) - b.shape(size, spans), 0, 1)
    return piers


def _smoke(image: Light, rng: np.random.Generator) -> None:
    size = (image.shape[1], image.shape[0])
    x, y = b.axes(*size)
    puff = b.fbm(rng, size, (7, 9), 7)
    away = np.clip(0.846 - x, 0, 1)
    path = np.exp(-(((y - (0.485 - 0.22 * away ** np.float32(0.8))) / (0.016 + 0.11 * away)) ** 2))
    smoke = np.clip(b.step(0.22, 0.58, puff) * path * np.clip(away * 40, 0, 1) * np.exp(-away / 0.5) * 1.5, 0, 1)
    b.over(image, b.ramp([(0.0, (0.30, 0.36, 0.45)), (1.0, (0.88, 0.92, 0.98))], puff), smoke * 0.92)
    b.add(image, (1.0, 0.42, 0.14), b.halo(size, (0.84, 0.50), 0.02) * smoke * 0.8)


def night_train(seed: int, width: int, height: int) -> Pixels:
    """A steam train on a viaduct in the moonlight."""
    rng = np.random.default_rng((seed, 32))
    size, deck, moon = (width, height), 0.60, (0.30, 0.24)
    _, y = b.axes(width, height)
    image = b.sky(size, [(0.0, (0.03, 0.07, 0.18)), (0.5, (0.13, 0.26, 0.42)), (1.0, (0.45, 0.56, 0.62))])
    image += (b.stars(rng, size, 700) * b.step(0.5, 0.1, y))[..., None] * np.float32(0.8)
    b.add(image, (0.62, 0.76, 0.95), b.halo(size, moon, 0.09) * 0.55)
    b.over(image, (1.0, 0.99, 0.92), b.disc(size, moon, 0.085, 0.003) * (0.72 + 0.28 * b.fbm(rng, size, (18, 18), 4)))
    b.over(image, (0.36, 0.48, 0.60), b.step(0.48, 0.85, b.fbm(rng, size, (2, 8), 7)) * 0.55)
    for k, tone in enumerate(((0.27, 0.40, 0.52), (0.17, 0.28, 0.40), (0.10, 0.18, 0.28))):
        line = 0.56 + 0.09 * k - (0.26 - 0.05 * k) * b.profile(rng, width, 3 + k, 7)
        lift = np.clip((y - line[None, :]) / 0.25, 0, 1)
        b.over(image, b.ramp([(0.0, tone), (1.0, (0.42, 0.53, 0.60))], lift), b.below(line, height))
    stone = b.ramp([(0.0, (0.035, 0.06, 0.095)), (1.0, (0.15, 0.20, 0.26))], b.fbm(rng, size, (30, 30), 4) * 0.8)
    b.over(image, stone, _viaduct(size, deck))
    b.fill(image, (0.34, 0.42, 0.48), [b.box(0, deck - 0.004, 1, deck + 0.003)], 0.8)
    _smoke(image, rng)
    _train(image, size, deck)
    fog = b.step(0.72, 1.02, y + 0.16 * (b.fbm(rng, size, (3, 9), 6) - 0.5))
    b.over(image, (0.52, 0.62, 0.68), fog * 0.88)
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


def _aurora(size: tuple[int, int], rng: np.random.Generator) -> Light:
    """Stars behind three curtains of light."""
    width = size[0]
    _, y = b.axes(*size)
    image = b.sky(size, [(0.0, (0.015, 0.03, 0.09)), (0.6, (0.04, 0.13, 0.22)), (1.0, (0.08, 0.22, 0.30))])
    image += b.stars(rng, size)[..., None] * np.float32(0.9)
    curtains = (((0.12, 0.95, 0.55), 0.40), ((0.10, 0.75, 0.70), 0.52), ((0.62, 0.25, 0.85), 0.30))
    for k, (colour, level) in enumerate(curtains):
        sway = np.sin(np.linspace(0, 9 + k, width, dtype=np.float32))
        foot = level + 0.16 * (b.profile(rng, width, 2.5, 4) - 0.5) + 0.05 * sway
        pleats = 0.35 + 0.65 * b.profile(rng, width, 26, 5)
        up = foot[None, :] - y
        light = np.exp(np.where(up > 0, -up / np.float32(0.14 + 0.06 * k), up / np.float32(0.018)))
        b.add(image, colour, light * pleats * np.float32(0.72))
    return image


def _cabin(image: Light) -> None:
    """Log walls, snow on the roof, warm windows."""
    size = (image.shape[1], image.shape[0])
    _, y = b.axes(*size)
    walls = b.shape(size, [b.box(0.38, 0.66, 0.56, 0.765), [(0.38, 0.665), (0.425, 0.58), (0.47, 0.665)]])
    logs = b.ramp([(0.0, (0.09, 0.055, 0.045)), (1.0, (0.20, 0.12, 0.08))], np.sin(y * 520) * 0.5 + 0.5)
    b.over(image, logs, walls)
    roof = [(0.425, 0.555), (0.60, 0.565), (0.585, 0.668), (0.475, 0.668)]
    gable = [(0.425, 0.555), (0.365, 0.668), (0.378, 0.674), (0.428, 0.582)]
    b.fill(image, (0.80, 0.90, 0.95), [roof, gable, b.box(0.525, 0.53, 0.55, 0.545)], 0.9)
    b.fill(image, (0.16, 0.10, 0.09), [b.box(0.528, 0.545, 0.547, 0.585)])
    panes = [b.box(0.40, 0.69, 0.448, 0.735), b.box(0.488, 0.69, 0.538, 0.735), b.box(0.41, 0.615, 0.44, 0.645)]
    b.fill(image, (1.25, 0.82, 0.38), panes)
    upright: list[list[Point]] = [[(x, 0.69), (x, 0.735)] for x in (0.424, 0.513)]
    b.draw(
        image, (0.2, 0.1, 0.05), [*upright, [(0.40, 0.712), (0.448, 0.712)], [(0.488, 0.712), (0.538, 0.712)]], 0.003
    )


def aurora_cabin(seed: int, width: int, height: int) -> Pixels:
    """A lit cabin in the snow under northern lights."""
    rng = np.random.default_rng((seed, 5))
    size = (width, height)
    x, y = b.axes(width, height)
    image = _aurora(size, rng)
    b.over(image, (0.05, 0.11, 0.18), b.below(0.66 - 0.13 * b.profile(rng, width, 3), height))
    b.over(image, (0.025, 0.06, 0.085), b.pines(rng, size, np.full(width, 0.71, np.float32), (0.07, 0.17), 0.014))
    snow = b.below(0.70 + 0.05 * (b.profile(rng, width, 2, 5) - 0.5), height)
    drift = np.clip(b.fbm(rng, size, (5, 14), 6) * 0.9 - 0.35 * (y - 0.7), 0, 1)
    ground = b.ramp([(0.0, (0.13, 0.26, 0.38)), (1.0, (0.40, 0.66, 0.70))], drift)
    b.over(image, ground, snow)
    aside = np.abs(np.linspace(-0.95, 1, width, dtype=np.float32))
    feet = np.where(aside > 0.5, 0.74 + 0.07 * aside, np.float32(1.6))
    b.over(image, (0.02, 0.045, 0.07), b.pines(rng, size, feet, (0.2, 0.42), 0.045))
    banks = 0.765 + 0.05 * aside + 0.035 * (b.profile(rng, width, 5, 4) - 0.5) + 0.5 * np.exp(-((aside / 0.42) ** 4))
    b.over(image, ground * np.float32(0.86), b.below(banks, height))
    b.add(image, (1.0, 0.56, 0.2), b.halo(size, (0.46, 0.76), 0.06) * snow * np.float32(0.75))
    _cabin(image)
    rise = np.maximum(0.53 - y, 0)
    plume = np.exp(-(((x - 0.538 - 0.35 * rise ** np.float32(1.3)) / (0.008 + 0.10 * rise)) ** 2)) * (y < 0.53)
    b.over(image, (0.55, 0.66, 0.72), b.fbm(rng, size, (8, 6), 5) * plume * np.float32(0.5))
    b.add(image, (1.0, 0.6, 0.25), b.halo(size, (0.46, 0.71), 0.05) * 0.35)
    flakes = (rng.random((height, width), np.float32) > 0.9992).astype(np.float32)
    b.add(image, (0.8, 0.9, 1.0), b.blur(flakes, 1.3) * 5.0)
    return b.finish(image, rng, bloom=0.5)


def _gas(size: tuple[int, int], rng: np.random.Generator) -> Light:
    """Glowing clouds along a band, cut by dark lanes, with stars in front."""
    x, y = b.axes(*size)
    warp = b.fbm(rng, size, (3, 3), 6)
    gas = b.fbm(rng, size, (4, 4), 7) * 0.6 + warp * 0.55
    lanes = np.abs(b.fbm(rng, size, (4, 4), 7) - 0.5) * 2.0
    band = np.exp(-(((y - 0.72 + 0.42 * x) + 0.22 * (warp - 0.5)) ** 2) / 0.055)
    heat = np.clip(gas * band * 1.15 * (0.55 + 0.6 * lanes), 0, 1)
    rose, fire = (0.42, 0.11, 0.36), (0.92, 0.36, 0.34)
    image = b.ramp(
        [
            (0.0, (0.008, 0.012, 0.035)),
            (0.3, (0.07, 0.045, 0.17)),
            (0.55, rose),
            (0.75, fire),
            (1.0, (1.0, 0.86, 0.66)),
        ],
        heat,
    )
    b.add(image, (0.05, 0.42, 0.52), band * b.step(0.42, 0.8, warp) * (1.0 - lanes) * 0.75)
    image *= (0.35 + 0.65 * b.step(0.05, 0.32, lanes))[..., None]
    b.add(image, (0.95, 0.97, 1.05), b.stars(rng, size, 2600))
    b.lamps(image, (0.85, 0.92, 1.0), [(float(px), float(py)) for px, py in rng.random((9, 2))], 0.0022)
    return image


def nebula(seed: int, width: int, height: int) -> Pixels:
    """Gas clouds, stars and a ringed planet."""
    rng = np.random.default_rng((seed, 33))
    image = _gas((width, height), rng)
    x, y = b.axes(width, height)
    centre, radius, tilt = (0.70, 0.36), 0.20, 0.42
    px, py = (x - centre[0]) * (width / height / radius), (y - centre[1]) / radius
    u = px * np.float32(np.cos(tilt)) + py * np.float32(np.sin(tilt))
    v = py * np.float32(np.cos(tilt)) - px * np.float32(np.sin(tilt))
    away = np.hypot(u, v / 0.24)
    streaks = 0.45 + 0.55 * b.profile(rng, 1024, 46, 4)[np.clip(away * 400, 0, 1023).astype(np.int32)]
    rings = b.step(1.32, 1.36, away) * b.step(2.28, 2.22, away) * streaks * np.float32(0.88)
    ring_tone = b.ramp([(0.0, (0.55, 0.42, 0.36)), (1.0, (0.96, 0.86, 0.70))], np.clip(away - 1.3, 0, 1))
    b.over(image, ring_tone, rings * (v < 0))
    ball2 = 1.0 - px**2 - py**2
    inside = np.clip(ball2 * (0.5 * radius * height), 0, 1)
    pz = np.sqrt(np.maximum(ball2, 0.0))
    light = np.clip(-0.66 * px - 0.42 * py + 0.55 * pz, 0.0, 1.0)
    belts = b.profile(rng, 512, 14, 5)[np.clip((v * 0.5 + 0.5) * 511, 0, 511).astype(np.int32)]
    globe = b.ramp([(0.0, (0.42, 0.22, 0.20)), (0.5, (0.86, 0.60, 0.40)), (1.0, (0.98, 0.88, 0.70))], belts)
    b.over(image, globe * (light * 1.1 + 0.015)[..., None], inside)
    b.add(image, (0.9, 0.6, 0.4), inside * (1.0 - pz) ** 3 * light * 0.6)
    shadow = 1.0 - 0.85 * np.exp(-(((px - 0.9) / 0.5) ** 2)) * (pz > 0)
    b.over(image, ring_tone * shadow[..., None], rings * (v >= 0))
    return b.finish(image, rng, bloom=0.5, grain=0.010)
