"""The one door to libvips: settings for strangers' files, and a loader chosen by our own sniffing, never by name."""

import os
from typing import Any

# Read once when the library starts: one thread per picture (files run side by side), no words on our terminal.
os.environ.setdefault("VIPS_CONCURRENCY", "1")
os.environ.setdefault("VIPS_WARNING", "0")

import pyvips  # the two lines above must come first

from dam.errors import UndecodableError, UnreadableError  # as above

pyvips.cache_set_max(0)
pyvips.block_untrusted_set(True)

# pyvips decodes libvips' words strictly, and those may quote a stranger's bytes.
ERRORS = (pyvips.Error, UnicodeDecodeError)
BLOB = pyvips.GValue.blob_type
_LOADERS = {
    "image/png": "pngload_source",
    "image/jpeg": "jpegload_source",
    "image/webp": "webpload_source",
    "image/gif": "gifload_source",
    "image/tiff": "tiffload_source",
    "image/x-adobe-dng": "tiffload_source",
    "image/avif": "heifload_source",
}
READABLE = frozenset(_LOADERS)


def open_image(path: str, mime: str) -> Any:
    """Open a picture for one pass from top to bottom. Nothing is decoded yet; damage shows when pixels are asked for.

    Through a descriptor, because libvips reads options out of a file's name ("a.png[page=3]").
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        raise UnreadableError(f"The file cannot be read: {error.strerror or error}.") from error
    try:
        source = pyvips.Source.new_from_descriptor(descriptor)  # duplicates the descriptor
        return pyvips.Operation.call(_LOADERS[mime], source, access="sequential", fail_on="error")
    except ERRORS as error:
        raise undecodable(error) from error
    finally:
        os.close(descriptor)


def has(image: Any, name: str) -> bool:
    """Whether the picture carries a field. Not through get_fields(): names of PNG texts need not be UTF-8."""
    return bool(image.get_typeof(name))


def undecodable(error: Exception) -> UndecodableError:
    """Our error for one of libvips', with its own words on one line."""
    detail = getattr(error, "detail", "") or str(error)
    words = " ".join(str(detail).split())[:300]
    return UndecodableError(f"The picture cannot be decoded: {words or 'no reason given'}.")


def from_array(array: Any, interpretation: str = "srgb") -> Any:
    """A libvips picture over a uint8 array (H, W, bands)."""
    height, width, bands = array.shape
    return pyvips.Image.new_from_memory(array.tobytes(), width, height, bands, "uchar").copy(
        interpretation=interpretation
    )
