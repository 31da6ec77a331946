"""The views of a found picture: mirrored, and out of its border."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dam.fingerprint.views import views, without_border
from tests.support import pictures


def picture(height=180, width=260):
    return cv2.cvtColor(pictures.painted(5, width=width, height=height), cv2.COLOR_RGB2GRAY)


def jpeg(luma, quality=60):
    return cv2.imdecode(cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)


@pytest.mark.parametrize(
    "sides",
    [(40, 40, 0, 0), (0, 0, 60, 60), (25, 25, 25, 25), (50, 10, 0, 30)],
    ids=["letter", "pillar", "frame", "off"],
)
@pytest.mark.parametrize("colour", [0, 30, 255])
def test_a_border_is_taken_off_to_a_few_pixels(sides, colour):
    inner = picture()
    framed = jpeg(cv2.copyMakeBorder(inner, *sides, cv2.BORDER_CONSTANT, value=colour))
    found = without_border(framed)
    assert found is not None
    assert abs(found.shape[0] - inner.shape[0]) <= 8  # a block of the JPEG
    assert abs(found.shape[1] - inner.shape[1]) <= 8
    assert [name for name, _ in views(framed)][2:] == ["without border", "without border, mirrored"]


def test_a_picture_without_a_border_a_plain_one_and_a_speck_are_left_alone():
    assert without_border(picture()) is None
    assert without_border(np.full((200, 200), 90, np.uint8)) is None
    speck = np.zeros((200, 200), np.uint8)
    speck[95:105, 95:105] = picture()[:10, :10]
    assert without_border(speck) is None
    assert [name for name, _ in views(picture())] == ["as it is", "mirrored"]


def test_the_mirrored_view_is_the_mirror_image():
    (_, one), (_, other) = views(picture())
    assert (one[:, ::-1] == other).all()


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_no_picture_makes_it_fail_or_grow(luma):
    for _, view in views(luma):
        assert view.dtype == np.uint8
        assert 1 <= view.shape[0] <= luma.shape[0]
        assert 1 <= view.shape[1] <= luma.shape[1]
