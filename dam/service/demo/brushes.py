"""Brushes for the demo's painters: noise, ramps, masks, light and the finishing pass.

A picture under work is float32 (H, W, 3), display-referred RGB, 0..1 (above 1 = blown out, which bloom uses).
Points are fractions of width and height, so every painter works at every size.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Light = NDArray[np.float32]
Field = NDArray[np.floating[Any]]  # what brushes take; they give Light
Pixels = NDArray[np.uint8]
Colour = tuple[float, float, float]
Point = tuple[float, float]

_RAMP_STEPS = 2048
_SUBPIXEL_BITS = 4


def axes(width: int, height: int) -> tuple[Light, Light]:
    """Pixel centres as fractions: x and y, broadcastable: (1, W) and (H, 1)."""
    x = (np.arange(width) + 0.5) / width
    y = (np.arange(height) + 0.5) / height
    return x.astype(np.float32)[None, :], y.astype(np.float32)[:, None]


def resize(image: Field, width: int, height: int, how: int = cv2.INTER_CUBIC) -> Light:
    out: Light = cv2.resize(np.asarray(image, np.float32), (width, height), interpolation=how)
    return out


def blur(image: Field, sigma_px: float) -> Light:
    """Gaussian blur; wide ones run on a reduced copy, because a 60 px blur at full size costs 20 times as much."""
    height, width = image.shape[:2]
    step = max(1, int(sigma_px // 4))
    if step == 1:
        near: Light = cv2.GaussianBlur(np.asarray(image, np.float32), (0, 0), sigma_px)
        return near
    small = resize(image, max(2, width // step), max(2, height // step), cv2.INTER_AREA)
    soft: Light = cv2.GaussianBlur(small, (0, 0), max(0.6, sigma_px / step))
    return resize(soft, width, height, cv2.INTER_LINEAR)


def fbm(rng: np.random.Generator, size: tuple[int, int], cells: tuple[float, float], octaves: int = 6) -> Light:
    """Fractal noise, (height, width), about 0..1; `cells` = bumps across and down in the coarsest octave."""
    width, height = size
    total = np.zeros((height, width), np.float32)
    weight, reach = 1.0, 0.0
    for octave in range(octaves):
        across, down = (max(2, int(c * 2**octave) + 3) for c in cells)
        if across > width or down > height:
            break
        grid = rng.random((down, across), dtype=np.float32)
        total += resize(grid, width, height) * weight
        reach += weight
        weight *= 0.52
    total /= max(reach, 1e-6)
    out: Light = np.clip((total - 0.5) * 1.7 + 0.5, 0.0, 1.0).astype(np.float32)
    return out


def profile(rng: np.random.Generator, width: int, bumps: float, octaves: int = 7) -> Light:
    """A one-dimensional skyline, (width,), about 0..1."""
    line: Light = fbm(rng, (width, 64), (bumps, 1), octaves)[20]
    return line


def step(low: float, high: float, value: Field) -> Light:
    """Smooth 0..1 as `value` goes from `low` to `high` (either order)."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    out: Light = (t * t * (3.0 - 2.0 * t)).astype(np.float32)
    return out


def ramp(stops: Sequence[tuple[float, Colour]], value: Field) -> Light:
    """Colour by position: `stops` are (0..1, RGB) in rising order; adds the last axis."""
    at = np.linspace(0.0, 1.0, _RAMP_STEPS)
    table = np.stack([np.interp(at, [s[0] for s in stops], [s[1][c] for s in stops]) for c in range(3)], axis=1)
    index = np.clip(value * (_RAMP_STEPS - 1), 0, _RAMP_STEPS - 1).astype(np.int32)
    out: Light = table.astype(np.float32)[index]
    return out


def flat(width: int, height: int, colour: Colour) -> Light:
    return np.full((height, width, 3), colour, np.float32)


def _touched(mask: Field) -> tuple[slice, slice]:
    """The part of the picture where `mask` is not zero: most shapes are small, and full-size blends are the cost."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)


def sky(size: tuple[int, int], stops: Sequence[tuple[float, Colour]]) -> Light:
    """A picture that changes colour from top (0) to bottom (1)."""
    width, height = size
    out: Light = np.ascontiguousarray(np.broadcast_to(ramp(stops, axes(width, height)[1]), (height, width, 3)))
    return out


def over(image: Light, paint: Colour | Field, mask: Field) -> None:
    """Lay `paint` (a colour or a picture) over `image` in place, where `mask` says (0..1; broadcast to (H, W))."""
    mask = np.broadcast_to(mask, image.shape[:2])
    part = _touched(mask)
    colour = np.asarray(paint, np.float32)
    if colour.ndim == 3:
        colour = np.broadcast_to(colour, image.shape)[part]
    view = image[part]
    view += (colour - view) * mask[part][..., None]


def add(image: Light, paint: Colour, mask: Field) -> None:
    """Add light in place."""
    mask = np.broadcast_to(mask, image.shape[:2])
    part = _touched(mask)
    view = image[part]
    for channel in range(3):
        view[..., channel] += mask[part] * np.float32(paint[channel])


def dots(size: tuple[int, int], places: Iterable[Point], radius: float) -> Light:
    """Mask of small round spots of one `radius` (fraction of the height)."""
    width, height = size
    mask = np.zeros((height, width), np.float32)
    radius_px = max(1.0, radius * height)
    for x, y in places:
        cv2.circle(mask, (round(x * width * 16), round(y * height * 16)), round(radius_px * 16), 1.0, -1, cv2.LINE_8, 4)
    return mask


def lamps(image: Light, paint: Colour, places: Iterable[Point], radius: float) -> None:
    """Small lamps, each a bright core in a soft halo; `radius` of the core = fraction of the height."""
    height, width = image.shape[:2]
    core = dots((width, height), places, radius)
    size_px = max(1.0, radius * height)
    add(image, paint, core + 2.2 * blur(core, size_px * 1.5) + 9.0 * blur(core, size_px * 6))


def shape(size: tuple[int, int], outlines: Iterable[Sequence[Point]]) -> Light:
    """Mask (0..1, smooth edges) of filled outlines."""
    width, height = size
    mask = np.zeros((height, width), np.uint8)
    scale = np.array([width, height], np.float64) * (1 << _SUBPIXEL_BITS)
    for outline in outlines:
        points = np.round(np.asarray(outline, np.float64) * scale).astype(np.int32)
        cv2.fillPoly(mask, [points], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    return mask.astype(np.float32) / 255.0


def box(left: float, top: float, right: float, bottom: float) -> list[Point]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def strokes(size: tuple[int, int], lines: Iterable[Sequence[Point]], thick: float) -> Light:
    """Mask of open lines; `thick` is a fraction of the height."""
    width, height = size
    mask = np.zeros((height, width), np.uint8)
    scale = np.array([width, height], np.float64) * (1 << _SUBPIXEL_BITS)
    paths = [np.round(np.asarray(line, np.float64) * scale).astype(np.int32) for line in lines]
    cv2.polylines(mask, paths, False, 255, max(1, round(thick * height)), cv2.LINE_AA, _SUBPIXEL_BITS)
    return mask.astype(np.float32) / 255.0


def fill(image: Light, colour: Colour, outlines: Iterable[Sequence[Point]], opacity: float = 1.0) -> None:
    over(image, colour, shape((image.shape[1], image.shape[0]), outlines) * np.float32(opacity))


def draw(image: Light, colour: Colour, lines: Iterable[Sequence[Point]], thick: float, opacity: float = 1.0) -> None:
    over(image, colour, strokes((image.shape[1], image.shape[0]), lines, thick) * np.float32(opacity))


def smooth(points: Sequence[Point], per_span: int = 12) -> list[Point]:
    """A closed Catmull-Rom curve through `points`."""
    p1 = np.asarray(points, np.float64)
    p0, p2, p3 = np.roll(p1, 1, 0), np.roll(p1, -1, 0), np.roll(p1, -2, 0)
    t = np.linspace(0.0, 1.0, per_span, endpoint=False)[None, :, None]
    a, b, c, d = (p[:, None, :] for p in (p0, p1, p2, p3))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return [(float(x), float(y)) for x, y in curve.reshape(-1, 2)]


def disc(size: tuple[int, int], centre: Point, radius: float, soft: float = 0.02) -> Light:
    """Mask of a round disc; `radius` and `soft` are fractions of the height."""
    x, y = axes(*size)
    away: Light = np.hypot((x - centre[0]) * (size[0] / size[1]), y - centre[1]).astype(np.float32)
    return step(radius + soft, radius - soft, away)


def halo(size: tuple[int, int], centre: Point, radius: float) -> Light:
    """Light that falls off around a lamp: 1 at the centre, about 0.1 at three radii."""
    x, y = axes(*size)
    away2 = ((x - centre[0]) * (size[0] / size[1])) ** 2 + (y - centre[1]) ** 2
    out: Light = (1.0 / (1.0 + away2 / radius**2)).astype(np.float32)
    return out


def below(line: Field, height: int) -> Light:
    """Mask of everything under a skyline given as y fractions, (W,)."""
    y = np.arange(height, dtype=np.float32)[:, None]
    out: Light = np.clip(y - line[None, :] * height + 0.5, 0.0, 1.0)
    return out


def bulge(mask: Light, *, depth: float = 0.12) -> tuple[Light, Light, Light]:
    """Surface normals (x, y, z) of a silhouette blown up like a cushion; `depth` = rounded rim, fraction of height."""
    reach = depth * mask.shape[0]
    rows, cols = _touched(mask)
    part = slice(max(rows.start - 1, 0), rows.stop + 1), slice(max(cols.start - 1, 0), cols.stop + 1)
    inside: Light = cv2.distanceTransform((mask[part] > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    t = np.clip(inside / reach, 0.0, 1.0)
    dome = blur(np.sqrt(np.maximum(1.0 - (1.0 - t) ** 2, 0.0)) * reach, 0.006 * mask.shape[0])
    slope_y, slope_x = np.asarray(np.gradient(dome), np.float32)
    length = np.sqrt(slope_x**2 + slope_y**2 + 1.0)
    normals = [np.zeros_like(mask) for _ in range(3)]
    for normal, value in zip(normals, (-slope_x / length, -slope_y / length, 1.0 / length), strict=True):
        normal[part] = value
    return normals[0], normals[1], normals[2]


def mirror(image: Light, horizon: float, rng: np.random.Generator, *, ripple: float, stretch: float = 1.0) -> Light:
    """What calm water below `horizon` shows of what stands above it: (rows below the horizon, W, 3)."""
    height, width = image.shape[:2]
    edge = int(horizon * height)
    rows = height - edge
    near = (np.arange(rows, dtype=np.float32)[:, None] + 1.0) / rows
    waves = fbm(rng, (width, rows), (4, 26), 5) - 0.5
    from_y = edge - 1.0 - np.arange(rows, dtype=np.float32)[:, None] / stretch + waves * near * ripple * height
    from_x = np.arange(width, dtype=np.float32)[None, :] + waves * near * ripple * 0.35 * width
    out: Light = cv2.remap(
        image,
        np.broadcast_to(from_x, waves.shape).astype(np.float32),
        np.clip(from_y, 0, edge - 1).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return out


def stars(rng: np.random.Generator, size: tuple[int, int], per_mpx: int = 900) -> Light:
    """A field of points of differing brightness, 0..1."""
    width, height = size
    sky = np.zeros((height, width), np.float32)
    count = max(8, per_mpx * width * height // 1_000_000)
    sky[rng.integers(0, height, count), rng.integers(0, width, count)] = rng.random(count, np.float32) ** 4 + 0.08
    big = rng.integers(0, count // 30 + 1)
    sky[rng.integers(0, height, big), rng.integers(0, width, big)] = 3.0
    out: Light = np.minimum(blur(sky, 0.75) * 3.2, 1.6).astype(np.float32)
    return out


def clouds(rng: np.random.Generator, size: tuple[int, int], *, cover: float) -> Light:
    """Cloud density 0..1 in long banks, as decks seen from the side are."""
    banks = 0.62 * fbm(rng, size, (2.4, 8), 7) + 0.38 * fbm(rng, size, (5, 5), 6)
    return step(0.78 - cover, 1.06 - cover, banks)


def pines(
    rng: np.random.Generator, size: tuple[int, int], feet: Field, tall: tuple[float, float], every: float
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
    return shape(size, outlines)


def falling(rng: np.random.Generator, size: tuple[int, int], *, length: float, slant: float, amount: float) -> Light:
    """Rain or snow: streaks of `length` (fraction of the height), leaning by `slant`; `amount` = share of seeds."""
    width, height = size
    drops = (rng.random((height, width), np.float32) > 1.0 - amount).astype(np.float32)
    reach = max(3, int(length * height)) | 1
    kernel = np.zeros((reach, reach), np.float32)
    middle = reach // 2
    lean = int(slant * middle)
    cv2.line(kernel, (middle + lean, 0), (middle - lean, reach - 1), 1.0, 1, cv2.LINE_AA)
    streaks: Light = cv2.filter2D(drops, -1, kernel / max(1.0, float(kernel.max())))
    return np.minimum(streaks, np.float32(1.0))


def finish(
    image: Light, rng: np.random.Generator, *, bloom: float = 0.35, grain: float = 0.012, vignette: float = 0.35
) -> Pixels:
    """The camera's part: bloom of bright areas, vignette, a soft shoulder and film grain; to uint8 RGB."""
    height, width = image.shape[:2]
    if bloom:
        bright = np.maximum(resize(image, width // 2, height // 2, cv2.INTER_AREA) - 0.72, 0.0)
        glow = blur(bright, height * 0.006) + blur(bright, height * 0.025)
        image = image + bloom * resize(glow, width, height, cv2.INTER_LINEAR)
    x, y = axes(width, height)
    image = image * (1.0 - vignette * ((x - 0.5) ** 2 + (y - 0.5) ** 2) * 1.6)[..., None].astype(np.float32)
    hot = image > 0.8
    image[hot] = 0.8 + 0.2 * np.tanh((image[hot] - 0.8) / 0.2)
    noise = rng.standard_normal((height // 2 + 1, width // 2 + 1), np.float32) * np.float32(grain)
    image += resize(noise, width, height, cv2.INTER_LINEAR)[..., None]
    out: Pixels = (np.clip(image, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    return out
