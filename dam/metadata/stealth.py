"""Text hidden in the lowest bits of a picture ("stealth pnginfo": A1111's extension, NovelAI, SwarmUI's option).

Bits run down the columns: a signature of 15 bytes, a big-endian 32-bit length in bits, then text or gzip. Needs decoded
pixels, so it is a second pass for lossless files whose carriers said nothing.
"""

import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dam.media.probe import Probe, Text

MAX_TEXT_BYTES = 8 << 20
_SIGNATURES = {
    "alpha": {b"stealth_pnginfo": False, b"stealth_pngcomp": True},
    "rgb": {b"stealth_rgbinfo": False, b"stealth_rgbcomp": True},
}
_SIGNATURE_BITS = 15 * 8
HEAD_BITS = _SIGNATURE_BITS + 32
LOSSLESS = ("image/png", "image/webp", "image/avif")


def worth_looking(probe: Probe, said_something: bool) -> bool:  # reads as a sentence at the one call
    """Whether decoding for a hidden text may pay: a lossless kind of file, and no carrier has spoken."""
    return not said_something and probe.media.mime in LOSSLESS


def is_signed(pixels: NDArray[np.uint8]) -> bool:
    """Whether the first lowest bits are one of the signatures: a look at one column. Shapes as `hidden_text`."""
    return _signed(pixels) is not None


def hidden_text(pixels: NDArray[np.uint8]) -> Text | None:
    """The text hidden in pixels as stored (neither resized nor colour-managed), or None.

    Args:
        pixels: uint8, (H, W, 3 or 4), or (H, W) for an alpha plane alone.
    """
    found = _signed(pixels)
    if found is None:
        return None
    place, bits, packed = found
    length = int.from_bytes(np.packbits(bits(HEAD_BITS)[_SIGNATURE_BITS:]).tobytes(), "big")
    return _text(place, bits, length, packed=packed)


def _signed(pixels: NDArray[np.uint8]) -> "tuple[str, _Bits, bool] | None":
    """The plane that starts with a signature, with its bits and whether the text is packed."""
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (3, 4)):
        return None
    for place, bits in _planes(pixels):
        head = bits(HEAD_BITS)
        signature = np.packbits(head[:_SIGNATURE_BITS]).tobytes()
        if head.size == HEAD_BITS and signature in _SIGNATURES[place]:
            return place, bits, _SIGNATURES[place][signature]
    return None


class _Bits:
    """The lowest bits of a plane in reading order, columns first, without touching more than was asked for."""

    def __init__(self, plane: NDArray[np.uint8]) -> None:
        self._columns = plane.swapaxes(0, 1)
        self._per_column = int(np.prod(self._columns.shape[1:]))

    def __call__(self, count: int) -> NDArray[np.uint8]:
        columns = -(-count // max(1, self._per_column))
        lowest: NDArray[np.uint8] = np.bitwise_and(self._columns[:columns], np.uint8(1))
        return lowest.reshape(-1)[:count]


def _planes(pixels: NDArray[np.uint8]) -> Iterator[tuple[str, _Bits]]:
    if pixels.ndim == 2:
        yield "alpha", _Bits(pixels)
        return
    if pixels.shape[2] == 4:
        yield "alpha", _Bits(pixels[:, :, 3])
    yield "rgb", _Bits(pixels[:, :, :3])


def _text(place: str, bits: _Bits, length_bits: int, *, packed: bool) -> Text | None:
    if length_bits > MAX_TEXT_BYTES * 8:
        return None
    raw = np.packbits(bits(HEAD_BITS + length_bits)[HEAD_BITS:]).tobytes()
    if packed:
        try:
            raw = zlib.decompressobj(31).decompress(raw, MAX_TEXT_BYTES)
        except zlib.error:
            return None
    text = raw.decode("utf-8", "replace")
    return Text(f"stealth:{place}", "parameters", text, raw, len(raw)) if text.strip() else None
