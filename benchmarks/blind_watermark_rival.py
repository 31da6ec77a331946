"""blind-watermark (PyPI, 0.4.4: DWT, DCT and SVD) in the shape that `marks.py --rival` asks for.

It is not among the project's dependencies: pip install blind-watermark. 96 bits, as ours: the id and a 32-bit check under
the key, without which it cannot tell a mark from noise.
"""

import hashlib
from typing import Any
from unittest import mock

import cv2
import numpy as np

with mock.patch("multiprocessing.set_start_method"):  # it sets the start method of whoever imports it
    from blind_watermark import WaterMark, bw_notes

bw_notes.close()
_BITS = 96


def _payload(ident: int, key: bytes) -> list[bool]:
    check = hashlib.sha256(key + ident.to_bytes(8, "big")).digest()[:4]
    number = int.from_bytes(ident.to_bytes(8, "big") + check, "big")
    return [bool(number >> (_BITS - 1 - place) & 1) for place in range(_BITS)]


def embed(pixels: Any, ident: int, key: bytes) -> tuple[Any, float, dict[str, bool]]:
    """(marked, PSNR, nothing)."""
    mark = WaterMark(password_img=1, password_wm=1)
    mark.read_img(img=np.ascontiguousarray(pixels[..., ::-1]))
    mark.read_wm(_payload(ident, key), mode="bit")
    marked = np.clip(np.rint(mark.embed()), 0, 255).astype(np.uint8)[..., ::-1]
    return np.ascontiguousarray(marked), float(cv2.PSNR(pixels, np.ascontiguousarray(marked))), {}


def decode(pixels: Any, key: bytes, deep: bool = True, flips: bool = True) -> bool:  # noqa: ARG001  # the shape asked for
    """Whether a whole payload with a right check comes back."""
    try:
        bits = WaterMark(password_img=1, password_wm=1).extract(
            embed_img=np.ascontiguousarray(pixels[..., ::-1]), wm_shape=_BITS, mode="bit"
        )
    except Exception:  # too small for it: nothing read
        return False
    number = int("".join("1" if bit > 0.5 else "0" for bit in bits), 2)
    ident = number >> 32
    return [bool(number >> (_BITS - 1 - place) & 1) for place in range(_BITS)] == _payload(ident, key)
