"""Samples as a picture stores them: neither turned, nor flattened, nor brought to sRGB. For what hides in lowest bits."""

from typing import Any

import numpy as np

from dam.media import riff, vips
from dam.media.carriers import Source
from dam.media.picture import Bytes8, check_size
from dam.model import Media


def keeps_lowest_bits(path: str, media: Media) -> bool:
    """Whether a plane of the file is stored without loss, as far as its header tells."""
    if media.mime != "image/webp":
        return True
    try:
        with open(path, "rb") as stream:
            source = Source(stream)
            return riff.has_alpha_webp(source) or riff.is_lossless_webp(source)
    except OSError:
        return False


def samples(path: str, media: Media, *, max_pixels_mp: float) -> Bytes8 | None:
    """All samples, (H, W, 3 or 4) uint8; None if the picture has others.

    Raises:
        LimitError, UndecodableError, UnreadableError: as media.pixels.decode.
    """
    image = _opened(path, media, max_pixels_mp)
    return None if image is None else _array(image)


def corner(path: str, media: Media, count: int, *, max_pixels_mp: float) -> Bytes8 | None:
    """The samples of the first `count` pixels in columns from the left, as a picture of its own; None as above.

    Of a PNG only the rows down to there are decoded.
    """
    image = _opened(path, media, max_pixels_mp)
    if image is None:
        return None
    rows = min(image.height, count)
    return _array(image.crop(0, 0, min(image.width, -(-count // rows)), rows))


def _opened(path: str, media: Media, max_pixels_mp: float) -> Any | None:
    check_size(media.width_px, media.height_px, max_pixels_mp)
    if media.mime not in vips.READABLE:
        return None
    image = vips.open_image(path, media.mime)
    check_size(image.width, image.height, max_pixels_mp)
    return image if image.format == "uchar" and image.bands in (3, 4) else None


def _array(image: Any) -> Bytes8:
    try:
        array: Bytes8 = np.frombuffer(image.write_to_memory(), dtype=np.uint8)
    except vips.ERRORS as error:
        raise vips.undecodable(error) from error
    return array.reshape(image.height, image.width, image.bands)
