"""Text hidden in the lowest bits of pixels."""

import numpy as np
import pytest

from dam.metadata.stealth import hidden_text, is_signed
from tests.support.pictures import hide


@pytest.mark.parametrize(
    ("signature", "place"),
    [
        (b"stealth_pnginfo", "alpha"),
        (b"stealth_pngcomp", "alpha"),
        (b"stealth_rgbinfo", "rgb"),
        (b"stealth_rgbcomp", "rgb"),
    ],
)
def test_hidden_text_is_read_from_either_plane_plain_or_packed(signature, place):
    found = hidden_text(hide("a circle\nSteps: 20", signature, place))
    assert (found.text, found.carrier) == ("a circle\nSteps: 20", f"stealth:{place}")


def test_alpha_plane_alone_is_enough():
    assert hidden_text(hide("words", b"stealth_pngcomp", "alpha")[:, :, 3]).text == "words"


@pytest.mark.parametrize("shape", [(1, 1, 4), (0, 5, 3), (64, 64, 4), (64, 64, 2)])
def test_other_pixels_hold_nothing(shape):
    assert hidden_text(np.random.default_rng(1).integers(0, 255, shape, np.uint8)) is None


def test_length_that_lies_and_gzip_that_is_broken_give_nothing():
    pixels = hide("words", b"stealth_pngcomp", "alpha", (40, 40))
    pixels[:, 4:, 3] ^= 1
    assert hidden_text(pixels) is None
    pixels = hide("w", b"stealth_pnginfo", "alpha", (200, 40))
    pixels[120:152, 0, 3] |= 1
    assert hidden_text(pixels) is None


def test_the_signature_is_seen_in_the_first_pixels_and_nowhere_else():
    pixels = hide("words", b"stealth_pngcomp", "alpha")
    assert is_signed(pixels)
    assert is_signed(pixels[:, :2])
    assert not is_signed(pixels[:, 1:])
    assert not is_signed(pixels[1:])
