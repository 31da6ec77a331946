"""Pictures in which nobody's mark is, damaged as pictures are: for searches that must find nothing."""

import hashlib
import os

import cv2
import numpy as np

from dam.watermark.engines.tilemark import PLUGIN

SEARCHES = 10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 150


def damaged(pixels, rng):
    """One of what happens to pictures, at random."""
    height, width = pixels.shape[:2]
    kind = rng.integers(6)
    if kind == 1:
        pixels = cv2.imdecode(cv2.imencode(".jpg", pixels, [1, int(rng.integers(30, 95))])[1], 1)
    if kind == 2:
        pixels = cv2.resize(pixels, None, fx=rng.uniform(0.3, 1.6), fy=rng.uniform(0.3, 1.6))
    if kind == 3:
        top, left = rng.integers(height // 3), rng.integers(width // 3)
        pixels = pixels[top : top + height // 2, left : left + width // 2]
    if kind == 4:
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-180, 180), rng.uniform(0.7, 1.4))
        pixels = cv2.warpAffine(pixels, matrix, (width, height))
    if kind == 5:
        pixels = np.tile(pixels[: height // 3, : width // 3], (3, 3, 1))  # what repeats is what the search looks for
    return np.ascontiguousarray(pixels)


def alarms(sources, seed):
    """Numbers of the searches, each to the end and with some unused key, that found a mark."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(SEARCHES):
        key = hashlib.sha256(b"nobody's key %d %d" % (seed, number % 40)).digest()
        picture = damaged(sources[number % len(sources)], rng)
        if PLUGIN.detect(picture, key, effort="deep", budget_s=60) is not None:
            found.append(number)
    return found
