"""The DCT perceptual hash at a given size: what both phash engines share. Imports scipy (through imagehash)."""

from collections.abc import Sequence

import imagehash
import numpy as np
from PIL import Image

from dam.fingerprint.contract import Example, Luma, hamming


class DctHash:
    """`imagehash.phash` over the canonical luma. `side` squared is the number of bits."""

    def __init__(self, name: str, side: int, same_below: int) -> None:
        self.name = name
        self.bits = side * side
        self.same_below = same_below
        self._side = side

    def compute(self, luma: Luma) -> str:
        """See `FingerprintEngine.compute`. About 1 ms."""
        return str(imagehash.phash(Image.fromarray(np.ascontiguousarray(luma)), hash_size=self._side))

    def distance(self, a: str, b: str) -> int:
        """Number of different bits, 0 .. `bits`."""
        return hamming(a, b, self.bits)

    def examples(self) -> Sequence[Example]:
        """A picture is like a brighter, noisy copy of itself and unlike another one."""
        one, other = _scene(1), _scene(2)
        noise = np.random.default_rng(3).normal(0, 4, one.shape)
        brighter = np.clip(one * 0.9 + 25 + noise, 0, 255).astype(np.uint8)
        return (Example(one, one, alike=True), Example(one, brighter, alike=True), Example(one, other, alike=False))


def _scene(seed: int) -> Luma:
    """A smooth random picture, 384 x 512: coarse noise enlarged."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((512, 384), Image.Resampling.BICUBIC))
