import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from dam.errors import EngineError, LimitError, PolicyError, UndecodableError
from dam.media import encode, jpeg, png, pngwrite
from dam.media.carriers import Source
from dam.media.probe import from_bytes, probe

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>'


def gradient(height=64, width=96):
    y, x = np.mgrid[:height, :width]
    return np.stack([40 + x, 60 + y, 100 + (x + y) // 2], axis=2).astype(np.uint8)


def brighter(samples):
    return samples + np.uint8(3)


def unchanged(samples):
    return samples


def copy_of(path, transform=brighter, **options):
    return encode.protected_bytes(str(path), probe(str(path)), transform, **options)


def pixels_of(copy):
    with Image.open(io.BytesIO(copy.data)) as image:
        return np.asarray(image)


def exif(orientation=6):
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010E] = "described"
    return block


def test_a_png_carries_everything_but_the_manifest(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a cat")
    info.add_text("prompt", "{}", zip=True)
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    info.add(b"caBX", b"manifest")
    Image.fromarray(gradient()).save(tmp_path / "a.png", pnginfo=info, icc_profile=PROFILE, exif=exif(), dpi=(300, 300))
    before, copy = probe(str(tmp_path / "a.png")), copy_of(tmp_path / "a.png")
    after = from_bytes(copy.data)
    assert before.has_c2pa
    assert not after.has_c2pa
    assert set(after.texts) == set(before.texts)
    assert after.exif == before.exif
    assert after.xmp == before.xmp
    with Image.open(io.BytesIO(copy.data)) as image:
        assert image.info["icc_profile"] == PROFILE
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert np.array_equal(pixels_of(copy), gradient() + 3)  # as stored: not turned although EXIF says so
    assert (copy.mime, copy.suffix, copy.notes) == ("image/png", ".png", ())


def test_the_source_is_not_touched(tmp_path):
    Image.fromarray(gradient()).save(tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()
    copy_of(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == before


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bits_keep_their_low_bytes_and_alpha(tmp_path, channels):
    array = np.random.default_rng(2).integers(2000, 60000, (9, 11, channels)).astype(np.uint16)
    with open(tmp_path / "a.png", "wb") as stream:
        pngwrite.write_png(stream, array)
    seen = []

    def mark(samples):
        seen.append((samples.shape, samples.dtype))
        return samples + np.uint8(2)

    copy = copy_of(tmp_path / "a.png", mark)
    (tmp_path / "b.png").write_bytes(copy.data)
    from dam.media import vips

    image = vips.open_image(str(tmp_path / "b.png"), "image/png")
    after = np.frombuffer(image.write_to_memory(), np.uint16).reshape(array.shape)
    colours = 3 if channels >= 3 else 1
    assert np.array_equal(after[:, :, :colours], array[:, :, :colours] + 2 * 257)
    assert np.array_equal(after[:, :, colours:], array[:, :, colours:])
    assert seen == [((9, 11, 3) if channels >= 3 else (9, 11), np.uint8)]


def test_sixteen_bits_do_not_wrap_round_at_white(tmp_path):
    with open(tmp_path / "a.png", "wb") as stream:
        pngwrite.write_png(stream, np.full((4, 4), 65400, np.uint16))
    copy = copy_of(tmp_path / "a.png", lambda s: s - np.uint8(0))
    assert pixels_of(copy).max() == 65400
    copy = copy_of(tmp_path / "a.png", lambda s: np.minimum(s.astype(int) + 9, 255).astype(np.uint8))
    assert pixels_of(copy).max() == 65400
    copy = copy_of(tmp_path / "a.png", lambda s: s - np.uint8(255))
    assert pixels_of(copy).max() == 0


@pytest.mark.parametrize("mode", ["P", "1", "L", "LA", "RGBA"])
def test_other_png_modes_keep_how_they_look(tmp_path, mode):
    picture = Image.fromarray(gradient()).convert("RGB").convert(mode)
    picture.save(tmp_path / "a.png")
    copy = copy_of(tmp_path / "a.png", unchanged)
    with Image.open(io.BytesIO(copy.data)) as image:
        assert np.array_equal(np.asarray(image.convert("RGBA")), np.asarray(picture.convert("RGBA")))
    assert bool(copy.notes) == (mode in ("P", "1"))


def test_a_palette_with_transparency_becomes_rgba(tmp_path):
    picture = Image.fromarray(gradient()).quantize(8)
    picture.info["transparency"] = 3
    picture.save(tmp_path / "a.png")
    with Image.open(io.BytesIO(copy_of(tmp_path / "a.png", unchanged).data)) as image:
        assert image.mode == "RGBA"
        assert np.array_equal(np.asarray(image), np.asarray(Image.open(tmp_path / "a.png").convert("RGBA")))


def com(text):
    return b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text


@pytest.mark.parametrize(
    "options", [{"quality": 60}, {"quality": 93, "subsampling": 0}, {"quality": 85, "progressive": True}]
)
def test_a_jpeg_keeps_tables_sampling_and_every_segment(tmp_path, options):
    Image.fromarray(gradient()).save(
        tmp_path / "a.jpg", exif=exif(), icc_profile=PROFILE, xmp=XMP, dpi=(72, 72), **options
    )
    data = (tmp_path / "a.jpg").read_bytes()
    data = data[:2] + data[2:20] + com(b"one") + com(b"two") + b"\xff\xeb\0\x08JP\0\1\0\0" + data[20:]
    (tmp_path / "a.jpg").write_bytes(data)
    before, copy = probe(str(tmp_path / "a.jpg")), copy_of(tmp_path / "a.jpg")
    after = from_bytes(copy.data)
    assert before.has_c2pa
    assert not after.has_c2pa
    assert after.problems == ()
    assert (after.texts, after.exif, after.xmp) == (before.texts, before.exif, before.xmp)
    with Image.open(tmp_path / "a.jpg") as old, Image.open(io.BytesIO(copy.data)) as new:
        assert new.quantization == old.quantization
        assert new.info["icc_profile"] == PROFILE
        assert new.info["dpi"] == (72, 72)
        assert new.layer == old.layer
        assert bool(new.info.get("progressive")) == bool(options.get("progressive"))
        difference = np.asarray(new).astype(int) - np.asarray(old)
    assert difference.mean() == pytest.approx(3, abs=0.6)


def test_a_jpeg_without_jfif_head_and_a_grey_one_are_copied(tmp_path):
    Image.fromarray(gradient()).convert("L").save(tmp_path / "a.jpg", exif=exif(), quality=90)
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[:2] + data[20:])
    shapes = []
    copy = copy_of(tmp_path / "a.jpg", lambda s: shapes.append(s.shape) or s)
    assert shapes == [(64, 96)]
    assert from_bytes(copy.data).exif[0x010E] == "described"
    assert [s.marker for s in jpeg.segments(Source(io.BytesIO(copy.data)))][:2] == [0xE0, 0xE1]


@pytest.mark.parametrize("lossless", [True, False])
def test_a_webp_stays_as_lossless_as_it_was(tmp_path, lossless):
    array = np.dstack([gradient(), np.full((64, 96), 77, np.uint8)])
    Image.fromarray(array).save(
        tmp_path / "a.webp", lossless=lossless, exact=True, exif=exif(), icc_profile=PROFILE, xmp=XMP
    )
    before, copy = probe(str(tmp_path / "a.webp")), copy_of(tmp_path / "a.webp")
    after = from_bytes(copy.data)
    assert copy.mime == "image/webp"
    assert (after.exif, after.xmp, after.problems) == (before.exif, before.xmp, ())
    with Image.open(io.BytesIO(copy.data)) as image:
        assert image.info["icc_profile"] == PROFILE
        found = np.asarray(image)
    assert (found[:, :, 3] == 77).all()
    if lossless:
        assert np.array_equal(found[:, :, :3], gradient() + 3)
    else:
        assert copy.notes


@pytest.mark.parametrize("suffix", ["tiff", "bmp", "gif", "avif"])
def test_other_stills_become_upright_png(tmp_path, suffix):
    options = {"exif": exif(6), "icc_profile": PROFILE} if suffix in ("tiff", "avif") else {}
    Image.fromarray(gradient() // 32 * 32).save(tmp_path / f"a.{suffix}", **options)
    copy = copy_of(tmp_path / f"a.{suffix}", unchanged)
    after = from_bytes(copy.data)
    assert (copy.mime, copy.suffix) == ("image/png", ".png")
    assert "PNG" in copy.notes[0]
    if options:
        assert (after.media.width_px, after.media.height_px) == (64, 96)
        assert after.exif.get(0x0112, 1) == 1
        assert png.walk(io.BytesIO(copy.data)).iccp is not None
    else:
        assert np.array_equal(pixels_of(copy), gradient() // 32 * 32)


def animated(path):
    frames = [Image.new("RGB", (8, 8), (90 * n, 0, 0)) for n in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:])


@pytest.mark.parametrize("suffix", ["png", "webp", "gif", "tiff"])
def test_animated_pictures_are_refused_with_a_reason(tmp_path, suffix):
    animated(tmp_path / f"a.{suffix}")
    with pytest.raises(PolicyError, match="animated") as caught:
        copy_of(tmp_path / f"a.{suffix}")
    assert caught.value.code == "protect.unsupported"


@pytest.mark.parametrize("suffix", ["jpg", "tiff"])
def test_cmyk_is_refused(tmp_path, suffix):
    Image.new("CMYK", (8, 8)).save(tmp_path / f"a.{suffix}")
    with pytest.raises(PolicyError) as caught:
        copy_of(tmp_path / f"a.{suffix}")
    assert caught.value.code == "protect.unsupported"


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_a_damaged_source_makes_no_copy(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(UndecodableError):
        copy_of(path)


def test_limits_and_bad_marks(tmp_path):
    Image.fromarray(gradient()).save(tmp_path / "a.png")
    with pytest.raises(LimitError):
        copy_of(tmp_path / "a.png", max_pixels_mp=0.001)
    with pytest.raises(EngineError):
        copy_of(tmp_path / "a.png", lambda s: s[:4])
    (tmp_path / "a.txt").write_text("words")
    with pytest.raises(PolicyError):
        copy_of(tmp_path / "a.txt")


def test_damaged_exif_is_carried_as_it_is(tmp_path):
    Image.fromarray(gradient()).save(tmp_path / "a.jpg", quality=90)
    data = (tmp_path / "a.jpg").read_bytes()
    broken = b"Exif\0\0II*\0\x08\0\0\0\x09\0"
    (tmp_path / "a.jpg").write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(broken) + 2) + broken + data[2:])
    copy = copy_of(tmp_path / "a.jpg")
    assert broken in copy.data
    import pyvips

    found = pyvips.Image.jpegload_buffer(copy.data, fail_on="error").numpy()
    assert np.abs(found.astype(int) - gradient() - 3).mean() < 4
