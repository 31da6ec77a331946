"""One decode of a file to upright sRGB pixels, and the pictures that everything else works on.

Limits are checked on our own reading of the header before any library sees the file.
"""

from contextlib import closing
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dam.errors import UndecodableError, UnreadableError
from dam.media import icc, vips
from dam.media.picture import NO_DECODER, Bytes8, Pixels, check_size
from dam.model import Kind, Media

cv2.setNumThreads(1)  # files run side by side, so one picture must not take all cores

CANONICAL_VERSION = "luma512/1"
_CANONICAL_PX = 512
_LARGE_PX = 1024
_SMALL_PX = 256
_QUALITY = 82
_GREY = 128
_BAND_ROWS = 256


@dataclass(frozen=True, slots=True)
class Renditions:
    """JPEG thumbnails (long side at most 256 and 1024, never enlarged) and the canonical luma, (H, W) uint8.

    The luma is what every fingerprint is computed of: area-downscaled to a long side of 1024, then of 512 (each step
    only if larger), then Rec. 601 luma. Fingerprints of different `CANONICAL_VERSION` must not be compared.
    """

    thumb_256: bytes
    thumb_1024: bytes
    luma: Bytes8


def decode(path: str, media: Media, *, max_pixels_mp: float) -> Pixels:
    """Decode a picture, or a video's first key frame, once. `media` is what `probe` said of the file.

    Raises:
        LimitError: more than `max_pixels_mp` million pixels; code "image.too_large".
        UndecodableError: damaged, cut off, or a format without a decoder here.
        UnreadableError: the operating system does not let the file be read.
    """
    check_size(media.width_px, media.height_px, max_pixels_mp)
    if media.kind is Kind.VIDEO:
        from dam.media import frames  # PyAV takes 70 ms to import; pictures do not need it

        with closing(frames.key_frames(path, media, max_pixels_mp=max_pixels_mp, limit=1)) as found:
            return next(found)
    if media.kind is not Kind.IMAGE:
        raise UndecodableError(f"{media.mime} has no pixels.")
    if media.mime in vips.READABLE:
        image = vips.open_image(path, media.mime)
        check_size(image.width, image.height, max_pixels_mp)
        return _view(image)
    return _view(open_with_pillow(path, media, max_pixels_mp))


def open_with_pillow(path: str, media: Media, max_pixels_mp: float) -> Any:
    """PSD, BMP and JPEG 2000, which this libvips cannot read, as a libvips picture."""
    from PIL import BmpImagePlugin, Jpeg2KImagePlugin, PsdImagePlugin

    # The plug-ins are called directly: Image.open would try every format on the bytes.
    readers: dict[str, Any] = {
        "image/vnd.adobe.photoshop": PsdImagePlugin.PsdImageFile,
        "image/bmp": BmpImagePlugin.BmpImageFile,
        "image/jp2": Jpeg2KImagePlugin.Jpeg2KImageFile,
    }
    if media.mime not in readers:
        raise UndecodableError(
            f"There is no decoder for {media.mime} here.",
            next_step="The file is catalogued with its metadata, but has no thumbnail and no fingerprint.",
            code=NO_DECODER,
        )
    try:
        with open(path, "rb") as stream, readers[media.mime](stream) as image:  # names as given
            check_size(image.width, image.height, max_pixels_mp)
            has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
            profile = image.info.get("icc_profile")
            plain = image if image.mode in ("RGB", "RGBA") else image.convert("RGBA" if has_alpha else "RGB")
            converted = vips.from_array(np.asarray(plain))
    except OSError as error:
        if error.errno is not None:
            raise UnreadableError(f"The file cannot be read: {error.strerror}.") from error
        raise UndecodableError(f"The picture cannot be decoded: {error}.") from error
    except Exception as error:  # Pillow's plug-ins raise whatever damage leads to
        raise UndecodableError(f"The picture cannot be decoded: {type(error).__name__}.") from error
    if profile and plain is image:
        converted.set_type(vips.BLOB, "icc-profile-data", profile)
    return converted


def _view(image: Any) -> Pixels:
    profile = bytes(image.get("icc-profile-data")) if vips.has(image, "icc-profile-data") else None
    bit_depth = {"uchar": 8, "ushort": 16}.get(image.format, 32)
    orientation = int(image.get("orientation")) if vips.has(image, "orientation") else 1
    try:
        array = _samples(_to_srgb(image, profile))
    except vips.ERRORS as error:
        raise vips.undecodable(error) from error
    array = upright(array, orientation)
    rgb, alpha = _split(array)
    return Pixels(rgb, alpha, profile, bit_depth, profile is not None)


def _to_srgb(image: Any, profile: bytes | None) -> Any:
    """A lazy picture of uchar samples: grey, grey+alpha, sRGB or sRGB+alpha."""
    if image.interpretation == "cmyk" and profile is None:
        return _naive_cmyk(image)
    if profile is not None and not icc.is_srgb(profile):
        try:
            return image.icc_transform("srgb", embedded=True, intent="relative", depth=8)
        except vips.ERRORS:  # a broken profile, or one of another colour space than the pixels
            pass
    if image.format == "ushort" and image.interpretation in ("rgb16", "grey16"):
        return (image >> 8).cast("uchar")
    if image.format == "uchar" and image.interpretation in ("srgb", "b-w"):
        return image
    if image.interpretation == "multiband":
        return image.cast("uchar")[: 3 if image.bands >= 3 else 1]
    return image.colourspace("srgb").cast("uchar")


def _naive_cmyk(image: Any) -> Any:
    """Untagged CMYK by the plain formula: nearer to what people meant than a stock press profile (MAE 1.4 v. 18)."""
    shift = 8 if image.format == "ushort" else 0
    ink = image.extract_band(0, n=4)
    light = (255 - (ink >> shift)).cast("uchar")
    colours = light.extract_band(0, n=3) * light.extract_band(3) / 255
    return colours.rint().cast("uchar").copy(interpretation="srgb")


def _samples(image: Any) -> Bytes8:
    array: Bytes8 = np.frombuffer(image.write_to_memory(), dtype=np.uint8)
    return array.reshape(image.height, image.width, image.bands)


def upright(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn and mirror as EXIF tag 0x0112 says (1..8; anything else is 1)."""
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    flip_rows = orientation in (3, 4, 7, 8)
    flip_columns = orientation in (2, 3, 6, 7)
    if flip_rows:
        array = array[::-1]
    if flip_columns:
        array = array[:, ::-1]
    return np.ascontiguousarray(array)


def _split(array: Bytes8) -> tuple[Bytes8, Bytes8 | None]:
    bands = array.shape[2]
    if bands == 3:
        return array, None
    if bands == 1:
        return np.asarray(cv2.cvtColor(array, cv2.COLOR_GRAY2RGB), dtype=np.uint8), None
    alpha = np.ascontiguousarray(array[:, :, -1])
    colour = array[:, :, :3] if bands >= 4 else array[:, :, :1]
    rgb = np.ascontiguousarray(np.broadcast_to(colour, (*array.shape[:2], 3)))
    if int(alpha.min()) == 255:
        return rgb, None
    for top in range(0, len(rgb), _BAND_ROWS):
        _flatten(rgb[top : top + _BAND_ROWS], alpha[top : top + _BAND_ROWS])
    return rgb, alpha


def _flatten(rgb: Bytes8, alpha: Bytes8) -> None:
    """Lay a band over mid grey, in place: colour hidden under transparency must not decide what two pictures share."""
    cover = alpha[:, :, None].astype(np.uint32)
    mixed = rgb * cover + _GREY * (255 - cover) + 127
    rgb[:] = mixed // 255


def render(pixels: Pixels) -> Renditions:
    """Thumbnails and canonical luma of decoded pixels; about 6 ms for one megapixel."""
    large = area_downscale(pixels.rgb, _LARGE_PX)
    middle = area_downscale(large, _CANONICAL_PX)
    small = area_downscale(middle, _SMALL_PX)
    luma = np.asarray(cv2.cvtColor(middle, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    return Renditions(_jpeg(small), _jpeg(large), luma)


def luma_of(rgb: Bytes8) -> Bytes8:
    """The canonical luma alone, without thumbnails."""
    middle = area_downscale(area_downscale(rgb, _LARGE_PX), _CANONICAL_PX)
    return np.asarray(cv2.cvtColor(middle, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def area_downscale(rgb: Bytes8, long_side_px: int) -> Bytes8:
    """Average down to a long side of at most `long_side_px`; a smaller picture is returned as it is."""
    height, width = rgb.shape[:2]
    if max(height, width) <= long_side_px:
        return rgb
    scale = long_side_px / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _jpeg(rgb: Bytes8) -> bytes:
    done, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise UndecodableError("The thumbnail could not be encoded.")
    return bytes(data)
