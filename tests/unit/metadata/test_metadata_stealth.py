"""Text hidden in the lowest bits of pixels."""

import gzip

import numpy as np
import pytest

from dam.metadata.stealth import hidden_text


def hide(text, signature, place, shape=(96, 80)):
    """The writer of the A1111 extension, in a few lines."""
    body = gzip.compress(text.encode()) if signature.endswith(b"comp") else text.encode()
    bits = np.unpackbits(np.frombuffer(signature + (len(body) * 8).to_bytes(4, "big") + body, np.uint8))
    pixels = np.full((*shape, 4), 254, np.uint8)
    plane = pixels[:, :, 3] if place == "alpha" else pixels[:, :, :3]
    columns = plane.swapaxes(0, 1).reshape(-1).copy()
    columns[: bits.size] |= bits
    plane[:] = columns.reshape(plane.swapaxes(0, 1).shape).swapaxes(0, 1)
    return pixels


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
