"""Text hidden in the lowest bits of a picture ("stealth pnginfo": A1111's extension, NovelAI, SwarmUI's option).

Bits run down the columns: a signature of 15 bytes, a big-endian 32-bit length in bits, then text or gzip. Needs decoded
pixels, so it is a second pass for lossless files whose carriers said nothing.
"""

import zlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dam.media.probe import Probe, Text

MAX_TEXT_BYTES = 8 << 20
_SIGNATURES = {
    "alpha": {b"stealth_pnginfo": False, b"stealth_pngcomp": True},
    "rgb": {b"stealth_rgbinfo": False, b"stealth_rgbcomp": True},
}
_SIGNATURE_BITS = 15 * 8
_HEAD_BITS = _SIGNATURE_BITS + 32
_LOSSLESS = ("image/png", "image/webp", "image/avif")


def worth_looking(probe: Probe, said_something: bool) -> bool:  # reads as a sentence at the one call
    """Whether decoding for a hidden text may pay: a lossless kind of file, and no carrier has spoken."""
    return not said_something and probe.media.mime in _LOSSLESS


def with_hidden_text(probe: Probe, pixels: NDArray[np.uint8]) -> Probe:
    """The probe with the hidden text as one more carrier, or as it was if there is none."""
    text = hidden_text(pixels)
    return probe if text is None else replace(probe, texts=(*probe.texts, text))


def hidden_text(pixels: NDArray[np.uint8]) -> Text | None:
    """The text hidden in pixels as stored (neither resized nor colour-managed), or None.

    Args:
        pixels: uint8, (H, W, 3 or 4), or (H, W) for an alpha plane alone.
    """
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (3, 4)):
        return None
    for place, bits in _planes(pixels):
        signatures = _SIGNATURES[place]
        head = bits(_HEAD_BITS)
        if head.size < _HEAD_BITS:
            continue
        signature = np.packbits(head[:_SIGNATURE_BITS]).tobytes()
        if signature in signatures:
            length = int.from_bytes(np.packbits(head[_SIGNATURE_BITS:]).tobytes(), "big")
            return _text(place, bits, length, packed=signatures[signature])
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
    raw = np.packbits(bits(_HEAD_BITS + length_bits)[_HEAD_BITS:]).tobytes()
    if packed:
        try:
            raw = zlib.decompressobj(31).decompress(raw, MAX_TEXT_BYTES)
        except zlib.error:
            return None
    text = raw.decode("utf-8", "replace")
    return Text(f"stealth:{place}", "parameters", text, raw, len(raw)) if text.strip() else None
