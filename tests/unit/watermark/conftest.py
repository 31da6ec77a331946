"""Generated pictures of different structure: gradients, shapes, textures, lettering, darkness."""

import cv2
import numpy as np
import pytest

from dam.watermark.engines.tilemark import PLUGIN

KEY = bytes(range(32))


def _fractal(rng, height, width, slope):
    """1/f**slope noise, the statistics of natural textures, scaled to 0..1."""
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    spectrum = rng.standard_normal((height, width // 2 + 1)) + 1j * rng.standard_normal((height, width // 2 + 1))
    plane = np.fft.irfft2(spectrum / np.maximum(np.hypot(fy, fx), 1 / max(height, width)) ** slope, (height, width))
    return (plane - plane.min()) / np.ptp(plane)


def _rgb(plane, low, high):
    low, high = np.array(low, float), np.array(high, float)
    return np.clip(low + plane[..., None] * (high - low), 0, 255).astype(np.uint8)


def _sky(rng):
    picture = _rgb(
        np.linspace(0, 1, 768)[:, None] + 0.15 * _fractal(rng, 768, 1024, 1.8), (70, 110, 180), (250, 200, 150)
    )
    hills = (500 + 90 * _fractal(rng, 1, 1024, 1.5)[0]).astype(int)
    ground = _rgb(_fractal(rng, 768, 1024, 0.9), (20, 40, 20), (90, 120, 60))
    below = np.arange(768)[:, None] > hills[None]
    picture[below] = ground[below]
    return picture


def _shapes(rng):
    picture = _rgb(_fractal(rng, 1024, 1024, 1.5), (190, 180, 170), (235, 230, 220))
    for _ in range(60):
        x, y = (int(v) for v in rng.integers(0, 1024, 2))
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        cv2.circle(picture, (x, y), int(rng.integers(10, 120)), colour, -1, cv2.LINE_AA)
    noise = rng.normal(0, 3, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _city(rng):
    picture = _rgb(_fractal(rng, 1152, 896, 1.4), (120, 140, 160), (200, 210, 220))
    for _ in range(40):
        x, y = int(rng.integers(0, 896)), int(rng.integers(200, 1000))
        colour = tuple(int(v) for v in rng.integers(30, 180, 3))
        cv2.rectangle(picture, (x, y), (x + int(rng.integers(40, 160)), 1152), colour, -1)
        for row in range(y + 12, 1140, 24):
            cv2.rectangle(picture, (x + 8, row), (x + 18, row + 12), (230, 220, 150), -1)
    return np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)


def _portrait(rng):
    picture = _rgb(_fractal(rng, 1280, 960, 1.7), (40, 35, 45), (120, 100, 110))
    cv2.ellipse(picture, (480, 560), (260, 360), 0, 0, 360, (214, 172, 150), -1, cv2.LINE_AA)
    picture = cv2.GaussianBlur(picture, (0, 0), 6)
    for _ in range(400):
        x, y = int(rng.normal(480, 190)), int(rng.normal(260, 70))
        cv2.line(picture, (x, y), (x + int(rng.normal(0, 30)), y + 160), (60, 40, 30), 2, cv2.LINE_AA)
    return np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


def _texture(rng):
    return _rgb(_fractal(rng, 768, 1536, 1.0), (30, 25, 20), (225, 215, 190))


def _night(rng):
    picture = _rgb(_fractal(rng, 832, 1216, 1.6), (4, 6, 16), (46, 50, 78))
    for _ in range(300):
        x, y = int(rng.integers(0, 1216)), int(rng.integers(0, 832))
        cv2.circle(picture, (x, y), int(rng.integers(1, 4)), (220, 220, 200), -1, cv2.LINE_AA)
    return picture


def _poster(rng):
    picture = _rgb(np.linspace(0, 1, 768)[None] * np.ones((768, 1)), (30, 60, 90), (200, 120, 60))
    for row in range(80, 720, 60):
        words = "".join(chr(int(c)) for c in rng.integers(65, 91, 18))
        cv2.putText(picture, words, (30, row), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (245, 240, 230), 4, cv2.LINE_AA)
    return picture


SCENES = {f.__name__[1:]: f for f in (_sky, _shapes, _city, _portrait, _texture, _night, _poster)}


@pytest.fixture(scope="session")
def draw():
    """draw(name, seed): a picture, uint8 (H, W, 3)."""
    return lambda name, seed=1: SCENES[name](np.random.default_rng([seed, len(name)]))


@pytest.fixture(scope="session")
def key():
    return KEY


@pytest.fixture(scope="session")
def gallery(draw):
    """name → (original, mark id, Embedded) of all scenes."""
    pictures = {}
    for number, name in enumerate(SCENES):
        original = draw(name)
        mark_id = 0x9E3779B97F4A7C15 * (number + 1) % 2**64
        pictures[name] = (original, mark_id, PLUGIN.embed(original, mark_id, KEY))
    return pictures
