"""Painted people: Mara Voss and Captain Ilse Brandt in profile against city lights."""

import cv2
import numpy as np

from dam.service.demo import brushes as b
from dam.service.demo.brushes import Colour, Light, Pixels, Point

_FACE: tuple[Point, ...] = (
    (0.330, 0.300), (0.352, 0.225), (0.405, 0.165), (0.480, 0.135), (0.560, 0.140), (0.625, 0.178), (0.664, 0.235), (0.676, 0.290),
    (0.672, 0.325), (0.682, 0.352), (0.712, 0.402), (0.722, 0.425), (0.700, 0.440), (0.690, 0.448), (0.700, 0.470), (0.702, 0.482), (0.690, 0.493),
    (0.697, 0.507), (0.690, 0.522), (0.676, 0.535), (0.682, 0.560), (0.668, 0.585), (0.630, 0.600), (0.580, 0.598), (0.540, 0.600),
    (0.556, 0.650), (0.570, 0.720), (0.380, 0.740), (0.368, 0.650), (0.362, 0.560), (0.345, 0.460), (0.330, 0.380),
)  # fmt: skip
_BOB: tuple[Point, ...] = (
    (0.300, 0.330), (0.322, 0.215), (0.390, 0.135), (0.480, 0.105), (0.580, 0.112), (0.650, 0.160), (0.672, 0.225), (0.640, 0.262),
    (0.590, 0.290), (0.560, 0.350), (0.552, 0.430), (0.566, 0.510), (0.560, 0.565), (0.500, 0.590), (0.420, 0.592), (0.340, 0.575), (0.300, 0.500), (0.288, 0.420),
)  # fmt: skip
_KNOT: tuple[Point, ...] = (
    (0.345, 0.400), (0.318, 0.300), (0.345, 0.200), (0.410, 0.135), (0.500, 0.108), (0.590, 0.122), (0.650, 0.170), (0.668, 0.232), (0.600, 0.240),
    (0.555, 0.290), (0.545, 0.350), (0.520, 0.400), (0.480, 0.430), (0.420, 0.470), (0.365, 0.470), (0.300, 0.470), (0.262, 0.420), (0.262, 0.365), (0.300, 0.345),
)  # fmt: skip
_COAT: tuple[Point, ...] = (
    (0.02, 1.05), (0.055, 0.880), (0.140, 0.790), (0.280, 0.725), (0.355, 0.650), (0.385, 0.612), (0.440, 0.690), (0.510, 0.715), (0.560, 0.640),
    (0.592, 0.700), (0.640, 0.745), (0.770, 0.790), (0.860, 0.880), (0.900, 1.05),
)  # fmt: skip


def _lit(image: Light, mask: Light, paint: Colour, round_px: float, *, key: Colour, rim: Colour) -> None:
    """Fill a silhouette as a soft solid: key light from the front right, coloured rim from behind."""
    nx, ny, nz = b.bulge(mask, depth=round_px)
    front = np.clip(0.62 * nx - 0.34 * ny + 0.36 * nz, 0.0, 1.0)
    tone = np.asarray(paint, np.float32) * (0.16 + np.asarray(key, np.float32) * front[..., None] * 1.35)
    b.over(image, tone.astype(np.float32), mask)
    edge = np.clip(-nx - 0.35, 0.0, 1.0) ** 1.4 + 0.5 * np.clip(-ny - 0.55, 0.0, 1.0)
    b.add(image, rim, (edge * mask).astype(np.float32) * 0.95)


def _lights(image: Light, rng: np.random.Generator, tones: tuple[Colour, ...]) -> None:
    """Out-of-focus lamps, drawn at a third of the size: they have no detail."""
    height, width = image.shape[:2]
    small = (width // 3, height // 3)
    glow = b.flat(*small, (0.0, 0.0, 0.0))
    for k in range(46):
        centre = (float(rng.uniform(-0.05, 1.05)), float(rng.beta(2.2, 2.2)))
        radius = float(rng.uniform(0.012, 0.05))
        soft = b.disc(small, centre, radius, 0.004)
        ring = np.clip(soft - 0.55 * b.disc(small, centre, radius * 0.86, 0.01), 0, 1)
        b.add(glow, tones[k % len(tones)], (soft * 0.35 + ring * 0.3) * float(rng.uniform(0.25, 0.85)))
    image += b.resize(glow, width, height, cv2.INTER_LINEAR)


_SOCKET: tuple[Point, ...] = ((0.610, 0.338), (0.650, 0.325), (0.674, 0.345), (0.655, 0.368), (0.618, 0.362))
_EYE: tuple[Point, ...] = ((0.626, 0.354), (0.645, 0.340), (0.664, 0.344), (0.660, 0.360), (0.642, 0.364))
_LID: tuple[Point, ...] = ((0.620, 0.356), (0.640, 0.339), (0.668, 0.341), (0.676, 0.335))
_BROW: tuple[Point, ...] = (
    (0.605, 0.312), (0.640, 0.293), (0.676, 0.302), (0.676, 0.309), (0.642, 0.303), (0.612, 0.318),
)  # fmt: skip
_NOSTRIL: tuple[Point, ...] = ((0.684, 0.437), (0.698, 0.432), (0.700, 0.440), (0.690, 0.443))
_LIPS: tuple[Point, ...] = (
    (0.655, 0.494), (0.684, 0.472), (0.703, 0.480), (0.692, 0.494), (0.699, 0.508), (0.688, 0.520), (0.668, 0.512),
)  # fmt: skip
_MOUTH: tuple[Point, ...] = ((0.653, 0.495), (0.674, 0.493), (0.694, 0.494))


def _features(image: Light, key: Colour) -> None:
    """Eye, brow, lips, nostril and cheek of the profile."""
    height, width = image.shape[:2]
    size = (width, height)
    x, _ = b.axes(width, height)
    b.add(image, (0.08, 0.015, 0.01), b.halo(size, (0.615, 0.455), 0.045) * b.step(0.60, 0.64, x))
    b.over(image, (0.10, 0.04, 0.05), b.blur(b.shape(size, [b.smooth(_SOCKET)]), height * 0.010) * 0.5)
    eye = b.shape(size, [b.smooth(_EYE, 8)])
    b.over(image, 0.78 * np.asarray(key, np.float32), eye * 0.9)
    b.over(image, (0.05, 0.06, 0.07), b.disc(size, (0.656, 0.352), 0.0095, 0.002) * eye)
    b.over(image, (0.04, 0.02, 0.025), b.blur(b.strokes(size, [_LID], 0.005), 0.8) * 0.95)
    b.over(image, (0.05, 0.03, 0.03), b.blur(b.shape(size, [_BROW]), height * 0.0015) * 0.88)
    b.over(image, (0.18, 0.05, 0.05), b.blur(b.shape(size, [b.smooth(_NOSTRIL, 6)]), 1.2) * 0.75)
    b.over(image, (0.50, 0.10, 0.11), b.blur(b.shape(size, [b.smooth(_LIPS, 8)]), 1.0) * 0.62)
    b.over(image, (0.16, 0.02, 0.03), b.blur(b.strokes(size, [_MOUTH], 0.003), 0.8) * 0.8)


def _portrait(seed: int, size: tuple[int, int], look: "_Look") -> Pixels:
    rng = np.random.default_rng((seed, look.number))
    width, height = size
    _, y = b.axes(width, height)
    image = b.ramp(
        list(look.backdrop),
        np.clip(np.broadcast_to(y, (height, width)) + 0.25 * (b.fbm(rng, size, (2, 2), 4) - 0.5), 0, 1).astype(
            np.float32
        ),
    )
    _lights(image, rng, look.lamps)
    image *= 0.85
    skin = b.shape(size, [b.smooth(_FACE)])
    hair = b.shape(size, [b.smooth(look.hair_line)])
    coat = b.shape(size, [b.smooth(_COAT)])
    _lit(image, skin, look.skin, 0.10, key=look.key, rim=look.rim)
    neck = b.shape(
        size, [b.smooth([(0.40, 0.60), (0.56, 0.592), (0.66, 0.602), (0.57, 0.66), (0.52, 0.73), (0.40, 0.73)])]
    )
    b.over(image, (0.08, 0.03, 0.04), b.blur(neck * skin, height * 0.016) * skin * 0.72)
    _features(image, look.key)
    if look.earring:
        b.lamps(image, (1.0, 0.82, 0.45), [(0.515, 0.47)], 0.004)
    _lit(image, coat, look.coat, 0.07, key=look.key, rim=look.rim)
    folds: list[list[Point]] = [
        [(0.385, 0.62), (0.44, 0.78), (0.50, 1.02)],
        [(0.592, 0.70), (0.565, 0.80), (0.535, 1.02)],
        [(0.385, 0.62), (0.33, 0.76), (0.40, 0.80), (0.50, 1.02)],
        [(0.16, 0.80), (0.19, 0.90), (0.17, 1.02)],
        [(0.77, 0.80), (0.75, 0.90), (0.76, 1.02)],
    ]
    b.over(
        image,
        0.22 * np.asarray(look.coat, np.float32),
        b.blur(b.strokes(size, folds, 0.006), height * 0.003) * coat * 0.85,
    )
    b.over(image, (0.10, 0.06, 0.05), b.blur(hair, height * 0.012) * skin * 0.5)
    _lit(image, hair, look.hair, 0.12, key=look.key, rim=look.rim)
    strands = b.fbm(rng, (height, width), (3, 60), 4).T
    gleam = hair * b.step(0.52, 0.78, strands) * b.halo(size, (0.50, 0.20), 0.09)
    b.add(image, look.key, gleam * 0.2)
    b.over(image, (0.01, 0.01, 0.015), hair * b.step(0.5, 0.2, strands) * 0.2)
    return b.finish(image, rng, bloom=0.35, vignette=0.5)


class _Look:
    """What one person wears and how the light falls."""

    def __init__(
        self,
        number: int,
        tones: dict[str, Colour],
        hair_line: tuple[Point, ...],
        backdrop: tuple[tuple[float, Colour], ...],
        lamps: tuple[Colour, ...],
    ) -> None:
        self.number, self.hair_line, self.backdrop, self.lamps = number, hair_line, backdrop, lamps
        self.skin, self.hair, self.coat, self.key, self.rim = (tones[k] for k in ("skin", "hair", "coat", "key", "rim"))
        self.earring = number == 41


_MARA = _Look(
    41,
    {
        "skin": (0.86, 0.60, 0.47),
        "hair": (0.10, 0.065, 0.06),
        "coat": (0.58, 0.07, 0.075),
        "key": (1.0, 0.82, 0.64),
        "rim": (0.20, 0.62, 0.85),
    },
    _BOB,
    ((0.0, (0.02, 0.06, 0.12)), (0.55, (0.05, 0.17, 0.25)), (1.0, (0.10, 0.07, 0.14))),
    ((1.0, 0.55, 0.22), (0.15, 0.65, 0.85), (1.0, 0.25, 0.40), (1.0, 0.80, 0.50)),
)
_ILSE = _Look(
    42,
    {
        "skin": (0.62, 0.40, 0.30),
        "hair": (0.62, 0.60, 0.60),
        "coat": (0.09, 0.15, 0.27),
        "key": (1.0, 0.88, 0.74),
        "rim": (1.0, 0.55, 0.22),
    },
    _KNOT,
    ((0.0, (0.36, 0.42, 0.52)), (0.5, (0.80, 0.62, 0.52)), (1.0, (0.22, 0.24, 0.33))),
    ((1.0, 0.80, 0.55), (0.9, 0.62, 0.42), (0.7, 0.75, 0.85)),
)


def mara_portrait(seed: int, width: int, height: int) -> Pixels:
    """Mara Voss in profile, red coat, city lights out of focus."""
    return _portrait(seed, (width, height), _MARA)


def captain_portrait(seed: int, width: int, height: int) -> Pixels:
    """Captain Ilse Brandt in profile, navy coat, harbour haze."""
    return _portrait(seed, (width, height), _ILSE)


def portrait_matte(width: int, height: int) -> Pixels:
    """Alpha (H, W) of Mara's portrait: the figure without the lights behind her."""
    outlines = [b.smooth(_FACE), b.smooth(_BOB), b.smooth(_COAT)]
    alpha: Pixels = (b.shape((width, height), outlines) * 255.0 + 0.5).astype(np.uint8)
    return alpha
