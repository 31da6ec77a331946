"""A mark is never read where there is none: unmarked, attacked and other people's pictures, searched to the end."""

import hashlib
import os

import cv2
import numpy as np

from dam.watermark.engines.tilemark import PLUGIN

DETECTIONS = 20_000 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 300
SCENES = ("sky", "shapes", "city", "portrait", "texture", "night", "poster")


def _damaged(pixels, rng):
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


def test_no_search_to_the_end_finds_a_mark_where_none_is(draw, gallery):
    rng = np.random.default_rng(2027)
    marked = [embedded.pixels for _, _, embedded in gallery.values()]
    drawn = [draw(scene, 1_000 + seed) for scene in SCENES for seed in range(max(3, DETECTIONS // 200))]
    alarms = []
    for number in range(DETECTIONS):
        key = hashlib.sha256(b"nobody's key %d" % (number % 40)).digest()
        source = marked[number % len(marked)] if number % 3 == 0 else drawn[number % len(drawn)]
        if PLUGIN.detect(_damaged(source, rng), key, effort="deep", budget_s=60) is not None:
            alarms.append(number)
    assert alarms == []
