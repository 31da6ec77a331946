"""Draw a visible label into a corner of a picture. Pure, but for the font's file.

The height that laws ask for is that of the characters as drawn: measured over capitals and ideographs, the smallest of them,
so that every one is as tall as it must be.
"""

import math
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dam.errors import PolicyError
from dam.media import fonts

MIN_SHARE = 0.05  # of the shortest side: GB 45438-2025 §4.2
_MIN_PX = 10  # below it nothing is legible
CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")
Box = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Words:
    """A label: a short sign in a frame of its own (may be empty), and a text."""

    sign: str
    text: str

    @property
    def whole(self) -> str:
        return f"{self.sign} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Drawn:
    """The picture with its label, where the label is, and the height of its smallest measured character."""

    pixels: NDArray[np.uint8]
    box: Box
    text_px: int


def draw(pixels: NDArray[np.uint8], words: Words, font: str, corner: str = "bottom-right") -> Drawn:
    """White characters on a black box (contrast 21:1), at least 5 % of the shortest side tall.

    Args:
        pixels: (H, W, 3) or (H, W) uint8, upright. Not changed.
        words: what is drawn.
        font: a path of `fonts.find`.
        corner: one of CORNERS.

    Raises:
        PolicyError: code "label.no_room": the label does not fit at that height.
    """
    from PIL import Image, ImageDraw

    height, width = pixels.shape[:2]
    needed = max(_MIN_PX, math.ceil(min(height, width) * MIN_SHARE))
    face, text_px = _sized(font, words.whole, needed)
    layout = _Layout(face, words, needed)
    if layout.width > width or layout.height > height:
        raise PolicyError(
            f"The label {words.whole!r} does not fit into {width} x {height} px at a legible size.",
            next_step='Give fewer words: --label text:"..."',
            code="label.no_room",
        )
    margin = max(0, min(needed // 2, (width - layout.width) // 2, (height - layout.height) // 2))
    left = margin if corner.endswith("left") else width - layout.width - margin
    top = margin if corner.startswith("top") else height - layout.height - margin
    image = Image.fromarray(pixels)
    layout.onto(ImageDraw.Draw(image), left, top, face)
    return Drawn(np.asarray(image), (left, top, left + layout.width, top + layout.height), text_px)


def _sized(font: str, text: str, needed: int) -> tuple[Any, int]:
    """The smallest size at which every measured character is `needed` pixels tall."""
    measured = [one for one in text if unicodedata.category(one) in ("Lu", "Lo")] or [
        one for one in text if one.strip()
    ]
    size = needed
    while True:
        face = fonts.load(font, size)
        tall = min(_ink(face, one) for one in measured)
        if tall >= needed or size > 8 * needed:
            return face, tall
        size += max(1, (needed - tall) // 2)


def _ink(face: Any, character: str) -> int:
    """Rows with full ink: those that are only grazed do not make a character taller."""
    mask = face.getmask(character)
    if not mask.size[0]:
        return 0
    drawn = np.frombuffer(bytes(mask), np.uint8).reshape(mask.size[1], mask.size[0])
    return int((drawn >= 128).any(axis=1).sum())


class _Layout:
    """Where sign and text stand inside the box."""

    def __init__(self, face: Any, words: Words, needed: int) -> None:
        self._words = words
        self._line = max(1, needed // 8)
        self._pad = max(2, round(needed * 0.45))
        self._sign = face.getbbox(words.sign) if words.sign else (0, 0, 0, 0)
        self._text = face.getbbox(words.text) if words.text else (0, 0, 0, 0)
        self._frame = self._sign[2] - self._sign[0] + 2 * (self._pad + self._line) if words.sign else 0
        self._gap = self._pad if words.sign and words.text else 0
        tops = [box[1] for box, given in ((self._sign, words.sign), (self._text, words.text)) if given]
        self._top, bottom = min(tops), max(self._sign[3], self._text[3])
        self.width = math.ceil(self._frame + self._gap + self._text[2] - self._text[0] + 2 * self._pad)
        self._above = 2 * self._pad if words.sign else self._pad
        self.height = math.ceil(bottom - self._top + 2 * self._above)

    def onto(self, canvas: Any, left: int, top: int, face: Any) -> None:
        white, black = ((255,) * 3, (0,) * 3) if canvas.mode == "RGB" else (255, 0)
        canvas.rectangle((left, top, left + self.width - 1, top + self.height - 1), fill=black)
        base = top + self._above - self._top
        at = left + self._pad
        if self._words.sign:
            frame = (at, top + self._pad, at + self._frame - 1, top + self.height - 1 - self._pad)
            canvas.rounded_rectangle(frame, radius=self._pad, outline=white, width=self._line)
            canvas.text((at + self._pad + self._line - self._sign[0], base), self._words.sign, font=face, fill=white)
            at += self._frame + self._gap
        if self._words.text:
            canvas.text((at - self._text[0], base), self._words.text, font=face, fill=white)
