"""Is a picture the one that a mark was made for? After every damage yes, of another picture no."""

import cv2
import numpy as np
import pytest

from dam.watermark.agreement import SAME_FROM, agreement
from dam.watermark.contract import Transform
from dam.watermark.engines.tilemark import PLUGIN

SCENES = ("sky", "shapes", "city", "portrait", "texture", "night", "poster")


def _cropped(pixels):
    height, width = pixels.shape[:2]
    return np.ascontiguousarray(pixels[height // 6 : height * 5 // 6, width // 5 : width * 9 // 10])


def _turned(pixels):
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 12, 1)
    return cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)


def _jpeg(pixels):
    return cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_COLOR)


DAMAGE = {
    "nothing": lambda p: p,
    "JPEG 40": _jpeg,
    "crop": _cropped,
    "turn": _turned,
    "mirror": lambda p: np.ascontiguousarray(p[:, ::-1]),
    "border": lambda p: cv2.copyMakeBorder(p, 90, 90, 60, 60, cv2.BORDER_CONSTANT),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_same_picture_agrees_always_and_another_less_and_seldom_enough(damage, gallery, key):
    """The limit favours genuine copies: one wrong picture in eighteen passes it (docs/marks.md)."""
    unnoticed = []
    for number, scene in enumerate(SCENES):
        original, _, embedded = gallery[scene]
        wild = DAMAGE[damage](embedded.pixels)
        found = PLUGIN.detect(wild, key, effort="deep", budget_s=60)
        assert found is not None, scene
        own = agreement(wild, found.transform, original)
        assert own >= SAME_FROM, scene
        other = gallery[SCENES[(number + 3) % len(SCENES)]][0]
        strange = agreement(wild, found.transform, other)
        assert strange < own, scene
        unnoticed += [scene] if strange >= SAME_FROM else []
    assert len(unnoticed) <= 1


def test_a_small_jpeg_of_the_original_is_enough_also_on_its_side(gallery):
    original, _, embedded = gallery["city"]
    small = cv2.resize(original, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    for quarters in range(4):
        data = cv2.imencode(".jpg", np.ascontiguousarray(np.rot90(small, quarters)))[1].tobytes()
        assert agreement(embedded.pixels, Transform(), data) > 0.8


def test_nothing_is_said_where_nothing_can_be_compared(gallery):
    original = gallery["city"][0]
    plain = np.full((600, 600, 3), 90, np.uint8)
    assert agreement(plain, Transform(), original) is None
    assert agreement(original, Transform(), plain) is None
    assert agreement(original, Transform(), b"no JPEG") is None
    assert agreement(original[:40, :40], Transform(scale=0.02), original) is None
