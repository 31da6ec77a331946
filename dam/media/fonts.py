"""Find a font that has the characters of a text: the one that is set, Pillow's own, then those of the system."""

import os
from collections.abc import Iterator
from functools import cache
from typing import Any

_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:\\Windows\\Fonts",
)
_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
# Words in the names of fonts that are made for Chinese, Japanese or Korean, or have everything: asked first.
_WIDE = ("cjk", "hansans", "hanserif", "sourcehan", "wqy", "fallback", "unifont", "gothic", "mincho", "nanum", "msyh",
         "simsun", "pingfang", "hiragino", "uming", "ukai")  # fmt: skip
_MAX_FONTS = 2000
_MAX_TRIES = 200
_PROBE_PX = 32
BUILT_IN = ""  # the name of Pillow's own font


@cache
def find(text: str, chosen: str | None = None) -> str | None:
    """The path of a font with a glyph for every character of `text` (BUILT_IN = Pillow's own); None if there is none.

    A font that is `chosen` is the only one asked. The answer is kept for the life of the process.
    """
    if chosen is not None:
        return chosen if covers(chosen, text) else None
    if covers(BUILT_IN, text):
        return BUILT_IN
    names = sorted(_installed(), key=lambda path: (not _is_wide(path), path))
    latin = all(ord(one) < 0x2E80 for one in text)
    if latin:
        names.sort(key=lambda path: ("dejavusans-bold." not in path.lower(), _is_wide(path), path))
    return next((path for path in names[:_MAX_TRIES] if covers(path, text)), None)


def _is_wide(path: str) -> bool:
    return any(word in os.path.basename(path).lower() for word in _WIDE)


def _installed() -> Iterator[str]:
    count = 0
    for folder in _FOLDERS:
        for base, _, names in os.walk(os.path.expanduser(folder)):
            for name in names:
                if name.lower().endswith(_SUFFIXES):
                    yield os.path.join(base, name)
                    count += 1
            if count > _MAX_FONTS:
                return


def load(path: str, size_px: int) -> Any:
    """Pillow's font object.

    Raises:
        OSError: the file is no font.
    """
    from PIL import ImageFont

    if path == BUILT_IN:
        return ImageFont.load_default(size_px)
    return ImageFont.truetype(path, size_px, layout_engine=ImageFont.Layout.BASIC)


def covers(path: str, text: str) -> bool:
    """Whether a font draws every character as something else than the box or blank of a missing one."""
    try:
        font = load(path, _PROBE_PX)
        missing = _drawn(font, "\uffff")  # a code point that never is a character
        return all(_drawn(font, one) != missing for one in set(text) if not one.isspace())
    except (OSError, ValueError):
        return False


def _drawn(font: Any, character: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(character)
    return mask.size, bytes(mask)
