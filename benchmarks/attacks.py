"""What happens to pictures in the wild, as functions of RGB uint8 (H, W, 3) arrays: used by `marks.py`."""

import io
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Attack = Callable[[Pixels], Pixels]


def encoded(form: str, **options: object) -> Attack:
    """Through a lossy file and back."""

    def attack(pixels: Pixels) -> Pixels:
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, form, **options)
        return np.asarray(Image.open(stream).convert("RGB"))

    return attack


def resized(factor: float, squeeze: float = 1.0, *, bilinear: bool = False) -> Attack:
    def attack(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        size = max(16, round(width * factor)), max(16, round(height * factor * squeeze))
        how = cv2.INTER_LINEAR if bilinear else cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(pixels, size, interpolation=how))

    return attack


def cropped(side: float) -> Attack:
    """Keep this share of each side, off the centre."""

    def attack(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        high, wide = round(height * side), round(width * side)
        top, left = (height - high) // 3, (width - wide) * 2 // 3
        return np.ascontiguousarray(pixels[top : top + high, left : left + wide])

    return attack


def padded(share: float) -> Attack:
    def attack(pixels: Pixels) -> Pixels:
        y, x = int(pixels.shape[0] * share), int(pixels.shape[1] * share)
        return np.asarray(cv2.copyMakeBorder(pixels, y, y, x, x, cv2.BORDER_CONSTANT, value=(30, 30, 34)))

    return attack


def turned(degrees: float) -> Attack:
    def attack(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        return np.asarray(
            cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        )

    return attack


def curve(change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Attack:
    table = np.clip(change(np.arange(256.0)), 0, 255).astype(np.uint8)
    return lambda pixels: np.asarray(cv2.LUT(pixels, table))


def chain(*attacks: Attack) -> Attack:
    def attack(pixels: Pixels) -> Pixels:
        for one in attacks:
            pixels = one(pixels)
        return pixels

    return attack


def _noisy(pixels: Pixels) -> Pixels:
    return np.clip(pixels + np.random.default_rng(1).normal(0, 8, pixels.shape), 0, 255).astype(np.uint8)


def _grey(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))


def _tinted(pixels: Pixels) -> Pixels:
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    hsv[..., 1] = np.clip(hsv[..., 1] * 1.3, 0, 255)
    hsv[..., 0] = (hsv[..., 0].astype(int) + 6) % 180
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


PLAIN: dict[str, Attack] = {
    "none": lambda pixels: pixels,
    **{f"JPEG {quality}": encoded("JPEG", quality=quality) for quality in (95, 85, 75, 60, 50, 40)},
    "WebP 80": encoded("WEBP", quality=80),
    "WebP 50": encoded("WEBP", quality=50),
    "AVIF 50": encoded("AVIF", quality=50, speed=9),
    "256 colours": lambda pixels: np.asarray(Image.fromarray(pixels).quantize(256).convert("RGB")),
    "grey": _grey,
    "brightness 1.2": curve(lambda v: v * 1.2),
    "contrast 0.7": curve(lambda v: (v - 128) * 0.7 + 128),
    "gamma 1.4": curve(lambda v: 255 * (v / 255) ** 1.4),
    "saturation, hue": _tinted,
    "blur 1.5": lambda pixels: np.asarray(cv2.GaussianBlur(pixels, (0, 0), 1.5)),
    "noise 8": _noisy,
    "resize 0.5": resized(0.5),
    "resize 0.25": resized(0.25),
    "resize 1.5": resized(1.5),
    "resize 0.5, JPEG 50": chain(resized(0.5), encoded("JPEG", quality=50)),
    "screenshot": chain(resized(0.67, bilinear=True), encoded("JPEG", quality=80)),
}
GEOMETRIC: dict[str, Attack] = {
    "crop 5 %": cropped(0.95),
    "crop 20 %": cropped(0.8),
    "crop 50 %": cropped(0.5),
    "crop 20 %, resize 0.6, JPEG 70": chain(cropped(0.8), resized(0.6), encoded("JPEG", quality=70)),
    "border 15 %": padded(0.15),
    "turn 1°": turned(1.0),
    "turn 2°": turned(2.0),
    "mirror": lambda pixels: np.ascontiguousarray(pixels[:, ::-1]),
    "squeeze 10 %": resized(1.0, 0.9),
}
BEYOND: dict[str, Attack] = {  # not among the goals of every row; told all the same
    "turn 3.5°": turned(3.5),
    "turn -5°": turned(-5.0),
    "quarter turn": lambda pixels: np.ascontiguousarray(np.rot90(pixels)),
}
