"""The second, lazy pass: a text in the lowest bits of a picture, where no carrier has said how it was made.

The first column tells whether there is one. Only then the picture is decoded to its stored samples: neither turned nor
brought to sRGB, because both change lowest bits.
"""

from dam.errors import BadFileError
from dam.media.carriers import Text
from dam.media.picture import Pixels
from dam.metadata import stealth
from dam.model import Media


def text_in_file(path: str, media: Media, *, max_pixels_mp: float) -> Text | None:
    """The hidden text of a file, or None: there is none, or its pixels cannot be read. Most pictures cost their first rows."""
    from dam.media import stored  # libvips takes 100 ms to import; few files come here

    try:
        if not stored.keeps_lowest_bits(path, media):
            return None
        head = stored.corner(path, media, stealth.HEAD_BITS, max_pixels_mp=max_pixels_mp)
        if head is None or not stealth.is_signed(head):
            return None
        samples = stored.samples(path, media, max_pixels_mp=max_pixels_mp)
    except BadFileError:
        return None
    return None if samples is None else stealth.hidden_text(samples)


def seems_signed(decoded: Pixels, media: Media) -> bool:
    """Whether a picture that is decoded already may hide a text. Its lowest bits are as stored unless it was turned or
    brought to sRGB; the tools that hide texts do neither.
    """
    planes = [decoded.rgb] if decoded.alpha is None else [decoded.alpha, decoded.rgb]
    return media.mime in stealth.LOSSLESS and any(stealth.is_signed(plane) for plane in planes)
