"""A text all over a preview: seen on any ground, in every part of the picture, which stays recognisable."""

import numpy as np
import pytest

from dam.media import fonts
from dam.media.tiled import draw_tiled

FONT = fonts.find("PREVIEW")


@pytest.mark.parametrize("level", [0, 127, 255])
@pytest.mark.parametrize("grey", [False, True])
def test_it_is_seen_on_any_ground(level, grey):
    before = np.full((600, 900) if grey else (600, 900, 3), level, np.uint8)
    made = draw_tiled(before, "PREVIEW", FONT)
    assert made.shape == before.shape
    assert (before == level).all()
    change = np.abs(made.astype(int) - level)
    assert change.max() >= 40
    assert change.max() <= 110


@pytest.mark.parametrize("shape", [(300, 300), (1200, 400), (700, 2000), (40, 33)])
def test_no_large_part_is_without_it(shape):
    """No crop of a third of each side is free of it, where there is room for a letter."""
    before = np.full((*shape, 3), 90, np.uint8)
    changed = (draw_tiled(before, "PREVIEW", FONT) != before).any(axis=2)
    assert changed.any()
    if min(shape) < 200:
        return
    high, wide = shape[0] // 3, shape[1] // 3
    for top in range(0, shape[0] - high + 1, high // 2):
        for left in range(0, shape[1] - wide + 1, wide // 2):
            assert changed[top : top + high, left : left + wide].any(), (top, left)


def test_a_huge_picture_takes_no_huge_canvas():
    """The letters are drawn on at most 4096 px and enlarged: the turned canvas would be four times the picture."""
    import tracemalloc

    before = np.full((9000, 300), 90, np.uint8)
    tracemalloc.start()
    made = draw_tiled(before, "PREVIEW", FONT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (made[-3000:] != 90).any()
    assert peak < 60 << 20


def test_the_picture_under_it_is_still_there():
    rng = np.random.default_rng(1)
    before = rng.integers(0, 256, (500, 500, 3), dtype=np.uint8)
    made = draw_tiled(before, "x", FONT)
    assert np.corrcoef(before.ravel(), made.ravel())[0, 1] > 0.9
    assert (draw_tiled(before, "x", FONT) == made).all()
