import io
import zlib

import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from dam.errors import UsageError
from dam.media import png
from dam.media.pngwrite import write_png

shapes = st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 4))
filters = st.sampled_from(["avg", "sub"])


def written(array, **options):
    out = io.BytesIO()
    write_png(out, array, **options)
    return out.getvalue()


def by_vips(data):
    image = pyvips.Image.pngload_buffer(data, fail_on="warning")
    kind = {"uchar": np.uint8, "ushort": np.uint16}[image.format]
    return np.frombuffer(image.write_to_memory(), kind).reshape(image.height, image.width, image.bands)


def by_pillow(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image).reshape(image.height, image.width, -1)


@given(shapes.flatmap(lambda shape: hnp.arrays(np.uint8, shape)), filters)
def test_eight_bit_pixels_come_back_from_two_decoders(array, name):
    data = written(array, filter=name)
    assert np.array_equal(by_vips(data), array)
    assert np.array_equal(by_pillow(data), array)


@given(shapes.flatmap(lambda shape: hnp.arrays(np.uint16, shape)), filters)
def test_sixteen_bit_pixels_come_back(array, name):
    data = written(array, filter=name)
    assert np.array_equal(by_vips(data), array)
    if array.shape[2] == 1:  # Pillow narrows the others to eight bits
        assert np.array_equal(by_pillow(data), array)


@settings(max_examples=10, deadline=None)
@given(st.integers(200, 700), st.integers(300, 900), filters, st.integers(0, 2**32 - 1))
def test_pictures_of_several_bands_of_rows_come_back(height, width, name, seed):
    array = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    data = written(array, filter=name)
    assert np.array_equal(by_vips(data), array)
    assert np.array_equal(by_pillow(data), array)


def test_views_that_are_not_contiguous_are_written_as_they_look():
    array = np.arange(5 * 7 * 4, dtype=np.uint8).reshape(5, 7, 4)[::-1, ::2, :3]
    assert np.array_equal(by_pillow(written(array)), array)
    plane = np.arange(35, dtype=np.uint8).reshape(5, 7).T
    assert np.array_equal(by_pillow(written(plane))[:, :, 0], plane)


def test_given_chunks_stand_before_the_pixels_with_good_checksums():
    data = written(np.zeros((2, 2, 3), np.uint8), chunks=[(b"tEXt", b"a\0b"), (b"pHYs", b"\0\0\1\0\0\0\1\0\1")])
    assert png.walk(io.BytesIO(data)).texts[0].text == "b"
    with Image.open(io.BytesIO(data)) as image:
        image.verify()
        assert image.info["dpi"] == pytest.approx((6.5, 6.5), abs=0.01)
    at = data.index(b"tEXt")
    assert at < data.index(b"IDAT")
    assert int.from_bytes(data[at + 7 : at + 11], "big") == zlib.crc32(b"tEXta\0b")


def test_what_png_cannot_hold_is_refused():
    for bad in (np.zeros((2, 2, 5), np.uint8), np.zeros((2, 2), np.float32), np.zeros((0, 2), np.uint8)):
        with pytest.raises(UsageError):
            written(bad)
    with pytest.raises(UsageError):
        written(np.zeros((2, 2), np.uint8), filter="paeth")
