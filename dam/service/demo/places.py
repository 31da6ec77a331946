"""Painted places: streets, rooms and machines, most of them at night."""

import cv2
import numpy as np

from dam.service.demo import brushes as b
from dam.service.demo.brushes import Colour, Light, Pixels, Point


def _windows(rng: np.random.Generator, size: tuple[int, int], pitch: tuple[int, int], lit: float) -> Light:
    """A facade's lights, float (H, W, 3): windows of `pitch` pixels, a share `lit` of them on."""
    width, height = size
    across, down = max(1, width // pitch[0]), max(1, height // pitch[1])
    on = rng.random((down, across)) < lit * (0.5 + rng.random((down, 1)))
    warm = b.ramp(
        [(0.0, (1.0, 0.62, 0.28)), (0.6, (1.0, 0.84, 0.55)), (1.0, (0.62, 0.82, 1.0))],
        rng.random((down, across), np.float32),
    )
    light = warm * (on * rng.uniform(0.35, 1.0, (down, across)))[..., None].astype(np.float32)
    light = b.resize(light.astype(np.float32), across * pitch[0], down * pitch[1], cv2.INTER_NEAREST)
    ys, xs = np.arange(down * pitch[1]) % pitch[1], np.arange(across * pitch[0]) % pitch[0]
    pane = ((ys >= pitch[1] * 0.35)[:, None] & (xs >= pitch[0] * 0.3)[None, :]).astype(np.float32)
    facade = np.zeros((height, width, 3), np.float32)
    facade[: light.shape[0], : light.shape[1]] = light * pane[..., None]
    return facade


def city_night(seed: int, width: int, height: int) -> Pixels:
    """A skyline with lit windows over a river, moon behind."""
    rng = np.random.default_rng((seed, 21))
    size = (width, height)
    _, y = b.axes(width, height)
    horizon = 0.66
    image = b.ramp(
        [
            (0.0, (0.03, 0.045, 0.13)),
            (0.35, (0.10, 0.12, 0.28)),
            (0.55, (0.33, 0.22, 0.40)),
            (0.68, (0.72, 0.38, 0.38)),
        ],
        np.broadcast_to(y, (height, width)).astype(np.float32),
    )
    image += (b.stars(rng, size, 500) * b.step(0.45, 0.1, np.broadcast_to(y, (height, width)).astype(np.float32)))[
        ..., None
    ] * 0.7
    moon = (0.74, 0.20)
    b.add(image, (0.55, 0.60, 0.80), b.halo(size, moon, 0.05) * 0.35)
    b.over(image, (0.96, 0.93, 0.86), b.disc(size, moon, 0.055, 0.003) * (0.75 + 0.25 * b.fbm(rng, size, (22, 16), 4)))
    veil = b.step(0.5, 0.8, b.fbm(rng, size, (2.5, 9), 6))
    b.over(image, (0.24, 0.19, 0.34), veil * 0.55)
    tops: list[Point] = []
    for layer, (tone, lit, low, high) in enumerate(
        (
            ((0.30, 0.22, 0.40), 0.26, 0.10, 0.34),
            ((0.16, 0.14, 0.28), 0.40, 0.07, 0.42),
            ((0.055, 0.055, 0.12), 0.46, 0.04, 0.26),
        )
    ):
        x0 = -0.02
        while x0 < 1.0:
            wide = float(rng.uniform(0.026, 0.062)) * (1.25 if layer == 2 else 1.0)
            middle = np.exp(-(((x0 - 0.40) / 0.26) ** 2)) if layer == 1 else 0.55
            top = horizon - low - (high - low) * float(rng.random()) ** 1.4 * (0.45 + 0.75 * float(middle))
            _tower(image, rng, (x0, top, x0 + wide, horizon), tone, lit)
            if layer and rng.random() < 0.3:
                b.over(image, tone, b.strokes(size, [[(x0 + wide / 2, top), (x0 + wide / 2, top - 0.05)]], 0.003))
                tops.append((x0 + wide / 2, top - 0.05))
            x0 += wide * float(rng.uniform(0.86, 1.12))
    b.lamps(image, (1.0, 0.12, 0.10), tops, 0.0022)
    b.lamps(image, (1.0, 0.74, 0.4), [(float(px), horizon - 0.012) for px in np.arange(0.01, 1.0, 0.028)], 0.0018)
    water = b.mirror(image, horizon, rng, ripple=0.075, stretch=1.25)
    near = np.arange(water.shape[0], dtype=np.float32)[:, None] / water.shape[0]
    water *= (0.88 - 0.5 * near)[..., None]
    image[height - water.shape[0] :] = water
    b.over(image, (0.03, 0.03, 0.06), b.shape(size, [b.box(0, horizon - 0.003, 1, horizon + 0.006)]))
    return b.finish(image, rng, bloom=0.8)


def _tower(
    image: Light, rng: np.random.Generator, corners: tuple[float, float, float, float], tone: Colour, lit: float
) -> None:
    height, width = image.shape[:2]
    left, top, right, bottom = (round(c * s) for c, s in zip(corners, (width, height, width, height), strict=True))
    left, right = max(left, 0), min(right, width)
    if right - left < 4 or bottom - top < 4:
        return
    shade = np.linspace(1.18, 0.82, right - left, dtype=np.float32)[None, :, None]
    part = image[top:bottom, left:right]
    part[:] = np.asarray(tone, np.float32) * shade
    pitch = (max(4, round(height * 0.0072)), max(5, round(height * 0.0105)))
    part += _windows(rng, (right - left, bottom - top), pitch, lit) * (0.75 + 0.9 * lit)
    if rng.random() < 0.25:
        step = max(3, (right - left) // 5)
        image[max(0, top - step * 2) : top, left + step : right - step] = np.asarray(tone, np.float32)


_NEON: tuple[Colour, ...] = (
    (1.0, 0.16, 0.55),
    (0.10, 0.85, 1.0),
    (1.0, 0.55, 0.12),
    (0.55, 0.30, 1.0),
    (0.25, 1.0, 0.62),
    (1.0, 0.2, 0.2),
)


def _sign(rng: np.random.Generator, width: int, height: int, colour: Colour) -> Light:
    """A vertical neon sign: frame and invented characters."""
    board = b.flat(width, height, (0.02, 0.02, 0.04))
    size = (width, height)
    cells = max(2, round(height / max(width, 1)))
    lines: list[list[Point]] = [[(0.08, 0.02), (0.92, 0.02), (0.92, 0.98), (0.08, 0.98), (0.08, 0.02)]]
    for k in range(cells):
        top, tall = 0.05 + k * 0.9 / cells, 0.78 / cells
        for _ in range(5):
            x0, x1 = sorted(rng.uniform(0.2, 0.8, 2))
            y0, y1 = rng.uniform(top, top + tall, 2)
            lines.append([(x0, y0), (x1, y0)] if rng.random() < 0.55 else [(x0, top), (x0, y1)])
        lines.append([(0.22, top + tall * 0.5), (0.78, top + tall * 0.5)])
    tube = b.strokes(size, lines, max(0.008, 1.6 / height))
    b.add(board, colour, tube * 1.25 + b.blur(tube, width * 0.10) * 1.5 + b.blur(tube, width * 0.35) * 0.7)
    b.add(board, (1.0, 1.0, 1.0), tube * 0.45)
    return board


def _paste(image: Light, picture: Light, quad: list[Point]) -> None:
    """Lay a flat picture into a four-cornered area (clockwise from top left)."""
    height, width = image.shape[:2]
    rows, cols = picture.shape[:2]
    corners = np.array([[0, 0], [cols, 0], [cols, rows], [0, rows]], np.float32)
    goal = (np.asarray(quad) * (width, height)).astype(np.float32)
    turn = cv2.getPerspectiveTransform(corners, goal)
    flat: Light = cv2.warpPerspective(picture, turn, (width, height), flags=cv2.INTER_AREA)
    b.over(image, flat, b.shape((width, height), [quad]))


def _wall_quad(side: int, near: float, far: float, low: float, high: float, eye: float) -> list[Point]:
    """A piece of the street's wall between two depths (1 = nearest) and two heights (fractions of its full height)."""

    def at(depth: float, level: float) -> Point:
        x = 0.5 + side * 0.62 * depth
        return x, eye + depth * (0.55 - 1.75 * level)

    return [at(near, high), at(far, high), at(far, low), at(near, low)]


def neon_rain(seed: int, width: int, height: int) -> Pixels:
    """A narrow street at night: signs, rain and one umbrella."""
    rng = np.random.default_rng((seed, 22))
    size = (width, height)
    eye = 0.60
    _, y = b.axes(width, height)
    image = b.ramp(
        [(0.0, (0.015, 0.02, 0.06)), (0.45, (0.08, 0.07, 0.20)), (0.6, (0.42, 0.16, 0.40)), (1.0, (0.05, 0.04, 0.09))],
        np.broadcast_to(y, (height, width)).astype(np.float32),
    )
    b.add(image, (0.95, 0.35, 0.62), b.halo(size, (0.5, eye - 0.03), 0.10) * 0.75)
    for depth0, depth1 in ((0.10, 0.16), (0.16, 0.26), (0.26, 0.42), (0.42, 0.68), (0.68, 1.15)):
        for side in (-1, 1):
            wall = (
                b.flat(220, 420, (0.035 + 0.05 * (1 - depth1) ** 3, 0.03, 0.075))
                * (0.7 + 0.5 * b.fbm(rng, (220, 420), (5, 9), 4))[..., None]
            )
            wall += _windows(rng, (220, 420), (26, 30), 0.24) * 0.42
            shop = rng.integers(0, len(_NEON))
            wall[352:412, 14:206] += np.asarray(_NEON[shop], np.float32) * 0.42 + 0.14
            wall[352:412, 60:206:48] *= 0.3
            high = float(rng.uniform(0.72, 1.0))
            _paste(image, wall, _wall_quad(side, depth1, depth0, 0.0, high, eye))
    glow = b.flat(width, height, (0, 0, 0))
    for k, depth in enumerate((0.12, 0.15, 0.19, 0.23, 0.29, 0.36, 0.46, 0.58, 0.74, 0.80)):
        for side in (-1, 1):
            low = float(rng.uniform(0.18, 0.5))
            tall = float(rng.uniform(0.16, 0.30))
            x0 = 0.5 + side * 0.62 * depth
            wide = 0.115 * depth
            top, bottom = eye + depth * (0.55 - 1.75 * (low + tall)), eye + depth * (0.55 - 1.75 * low)
            quad = b.box(min(x0, x0 - side * wide), top, max(x0, x0 - side * wide), bottom)
            colour = _NEON[int(rng.integers(0, len(_NEON)))] if k % 3 else _NEON[k // 3 % 3]
            cols, rows = max(8, int(wide * width)), max(16, int((bottom - top) * height))
            _paste(image, _sign(rng, cols, rows, colour), quad)
            b.over(glow, colour, b.shape(size, [quad]))
    image += b.blur(glow, height * 0.03) * 0.5 + b.blur(glow, height * 0.10) * 0.45
    street = b.shape(size, [[(0.5 - 0.062, eye + 0.054), (0.5 + 0.062, eye + 0.054), (1.28, 1.30), (-0.28, 1.30)]])
    wet = image.copy()
    level = eye + 0.045
    shown = b.mirror(image, level, rng, ripple=0.05)
    shown = shown * 0.6 + b.blur(shown, height * 0.025) * 0.95
    wet[height - shown.shape[0] :] = shown
    puddle = b.step(0.28, 0.55, b.fbm(rng, size, (5, 22), 6))
    b.over(image, (0.035, 0.03, 0.06), street * 0.8)
    b.over(image, wet, street * (0.42 + 0.52 * puddle))
    _umbrella(image, (0.47, 0.905), 0.36)
    rain = b.falling(rng, size, length=0.075, slant=0.16, amount=0.0022)
    b.add(image, (0.72, 0.74, 0.95), rain * 0.30)
    return b.finish(image, rng, bloom=0.75, grain=0.014)


def _umbrella(image: Light, foot: Point, tall: float) -> None:
    """A person seen from behind, with a lit umbrella."""
    height, width = image.shape[:2]
    size, k = (width, height), tall * height / width
    x, y = foot

    def at(dx: float, dy: float) -> Point:
        return x + dx * k, y - dy * tall

    coat = b.smooth(
        [
            at(-0.11, 0.20),
            at(-0.095, 0.50),
            at(-0.10, 0.66),
            at(-0.035, 0.715),
            at(0.035, 0.715),
            at(0.10, 0.66),
            at(0.095, 0.50),
            at(0.115, 0.20),
        ]
    )
    legs = [
        [at(-0.065, 0.22), at(-0.01, 0.22), at(-0.02, 0.0), at(-0.065, 0.0)],
        [at(0.012, 0.22), at(0.07, 0.22), at(0.075, 0.02), at(0.03, 0.02)],
    ]
    head = b.smooth([at(-0.05, 0.76), at(-0.045, 0.83), at(0.0, 0.86), at(0.045, 0.83), at(0.05, 0.76), at(0.0, 0.70)])
    figure = b.shape(size, [coat, *legs, head])
    b.over(
        image,
        (0.025, 0.02, 0.04),
        b.blur(b.shape(size, [[at(-0.12, 0.0), at(0.12, 0.0), at(0.09, -0.42), at(-0.09, -0.42)]]), height * 0.008)
        * 0.7,
    )
    nx, ny, _ = b.bulge(figure, depth=0.02)
    b.over(image, (0.05, 0.035, 0.065), figure)
    b.add(image, (1.0, 0.25, 0.55), np.clip(-nx - 0.25, 0, 1) * figure * 0.8)
    b.add(image, (0.15, 0.75, 1.0), np.clip(nx - 0.25, 0, 1) * figure * 0.8)
    b.add(image, (0.9, 0.7, 0.9), np.clip(-ny - 0.4, 0, 1) * figure * 0.3)
    arc = [at(0.40 * np.cos(a), 0.84 + 0.25 * np.sin(a)) for a in np.linspace(np.pi, 0, 25)]
    rim = [at(0.40 - 0.1 * j, 0.84 + (0.03 if j % 2 else 0.0)) for j in range(1, 8)]
    canopy = b.shape(size, [[*arc, *rim]])
    nx, ny, _ = b.bulge(canopy, depth=0.05)
    b.over(image, (0.42, 0.035, 0.09), canopy * 0.97)
    b.add(image, (1.0, 0.30, 0.45), np.clip(-ny, 0, 1) * canopy * 0.55)
    b.add(image, (0.2, 0.8, 1.0), np.clip(nx, 0, 1) * canopy * 0.45)
    b.over(
        image,
        (0.10, 0.01, 0.03),
        b.strokes(size, [[at(0.0, 1.09), at(dx, 0.855)] for dx in (-0.26, -0.09, 0.09, 0.26)], 0.0016) * canopy,
    )
