import io
import struct
import zlib

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from dam.errors import BadFileError, LimitError, UndecodableError, UnreadableError
from dam.media import icc, pixels, pngwrite
from dam.media.frames import key_frames
from dam.media.hashing import sha256_file
from dam.media.picture import Pixels
from dam.media.probe import probe
from dam.model import Kind, Media


def gradient(height=60, width=90):
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], axis=2).astype(np.uint8)


def decode(path, limit_mp=268.0):
    return pixels.decode(str(path), probe(str(path)).media, max_pixels_mp=limit_mp)


def png16(path, array):
    with open(path, "wb") as stream:
        pngwrite.write_png(stream, array)
    return path


@pytest.mark.parametrize("suffix", ["png", "tiff", "bmp", "webp", "gif"])
def test_lossless_pictures_come_out_as_they_are(tmp_path, suffix):
    array = gradient() if suffix != "gif" else gradient() // 64 * 64
    Image.fromarray(array).save(tmp_path / f"a.{suffix}", **({"lossless": True} if suffix == "webp" else {}))
    assert np.array_equal(decode(tmp_path / f"a.{suffix}").rgb, array)


@pytest.mark.parametrize("suffix", ["jpg", "avif", "jp2"])
def test_lossy_pictures_come_out_close(tmp_path, suffix):
    Image.fromarray(gradient()).save(tmp_path / f"a.{suffix}", quality=95)
    assert np.abs(decode(tmp_path / f"a.{suffix}").rgb.astype(int) - gradient()).mean() < 6


def test_sixteen_bit_grey_is_not_all_white(tmp_path):
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64, 1).astype(np.uint16)
    found = decode(png16(tmp_path / "a.png", ramp))
    assert np.array_equal(found.rgb, np.repeat(ramp >> 8, 3, axis=2))
    assert found.bit_depth == 16


def test_sixteen_bit_colour_with_alpha_keeps_its_high_bytes(tmp_path):
    array = np.random.default_rng(1).integers(0, 65536, (20, 30, 4)).astype(np.uint16)
    array[:, :, 3] = 65535
    assert np.array_equal(decode(png16(tmp_path / "a.png", array)).rgb, (array >> 8)[:, :, :3])


def test_colour_hidden_under_transparency_does_not_show(tmp_path):
    array = np.zeros((8, 8, 4), np.uint8)
    array[:, :, 0] = array[:, :, 2] = 255
    array[:, 4:, 3] = 255
    Image.fromarray(array).save(tmp_path / "a.png")
    found = decode(tmp_path / "a.png")
    assert found.rgb[0, 0].tolist() == [128, 128, 128]
    assert found.rgb[0, 7].tolist() == [255, 0, 255]
    assert found.alpha[0].tolist() == [0] * 4 + [255] * 4


def test_alpha_that_hides_nothing_is_no_alpha(tmp_path):
    Image.fromarray(gradient()).convert("RGBA").save(tmp_path / "a.png")
    assert decode(tmp_path / "a.png").alpha is None


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "I;16"])
def test_every_png_mode_becomes_rgb(tmp_path, mode):
    picture = Image.fromarray(gradient())
    picture = Image.fromarray(np.zeros((9, 9), np.uint16)) if mode == "I;16" else picture.convert(mode)
    try:
        picture.save(tmp_path / "a.png")
    except OSError:
        picture.convert("LA").save(tmp_path / "a.png")
    found = decode(tmp_path / "a.png")
    assert found.rgb.shape == (picture.height, picture.width, 3)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_stand_upright(tmp_path, suffix, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if suffix == "webp" else {"quality": 100, "subsampling": 0} if suffix == "jpg" else {}
    Image.fromarray(gradient()).save(tmp_path / f"a.{suffix}", exif=exif, **options)
    with Image.open(tmp_path / f"a.{suffix}") as image:
        wanted = np.asarray(ImageOps.exif_transpose(image)).astype(int)
    assert np.abs(decode(tmp_path / f"a.{suffix}").rgb - wanted).max() <= 2


def wide_profile():
    """Display P3: sRGB's curve with other colorants."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for tag, xyz in (
        (b"rXYZ", (0.5151, 0.2412, -0.0011)),
        (b"gXYZ", (0.2919, 0.6922, 0.0419)),
        (b"bXYZ", (0.1571, 0.0666, 0.7841)),
    ):
        at = struct.unpack(">I", profile[profile.index(tag, 128) + 4 :][:4])[0]
        profile[at + 8 : at + 20] = struct.pack(">iii", *(round(v * 65536) for v in xyz))
    return bytes(profile)


def test_wide_colours_are_brought_to_srgb_and_srgb_is_left_alone(tmp_path):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert icc.is_srgb(srgb)
    assert not icc.is_srgb(wide_profile())
    assert not icc.is_srgb(b"junk" * 50)
    Image.new("RGB", (4, 4), (200, 100, 50)).save(tmp_path / "s.png", icc_profile=srgb)
    Image.new("RGB", (4, 4), (200, 100, 50)).save(tmp_path / "p.png", icc_profile=wide_profile())
    plain, wide = decode(tmp_path / "s.png"), decode(tmp_path / "p.png")
    assert plain.rgb[0, 0].tolist() == [200, 100, 50]
    assert plain.had_icc
    # A P3 red is a stronger red in sRGB's terms.
    assert wide.rgb[0, 0, 0] > 205
    assert wide.rgb[0, 0, 2] < 45


def test_sixteen_bit_cmyk_and_lab_and_float_tiff_have_pixels(tmp_path):
    import pyvips

    flat = pyvips.Image.black(8, 8, bands=3).copy(interpretation="srgb").linear(1, [200, 100, 50])
    for name, image in {
        "lab": flat.cast("uchar").colourspace("lab"),
        "float": flat.cast("uchar").colourspace("scrgb"),
        "wide": flat.cast("uchar").colourspace("rgb16"),
    }.items():
        image.tiffsave(str(tmp_path / f"{name}.tiff"))
        found = decode(tmp_path / f"{name}.tiff").rgb[3, 3]
        assert np.abs(found.astype(int) - [200, 100, 50]).max() <= 2, name


def test_a_broken_profile_does_not_lose_the_picture(tmp_path):
    Image.fromarray(gradient()).save(tmp_path / "a.png", icc_profile=b"\0" * 200)
    assert np.array_equal(decode(tmp_path / "a.png").rgb, gradient())


def test_untagged_cmyk_is_near_the_plain_formula(tmp_path):
    picture = Image.fromarray(gradient()).convert("CMYK")
    picture.save(tmp_path / "a.jpg", quality=95)
    assert np.abs(decode(tmp_path / "a.jpg").rgb.astype(int) - np.asarray(picture.convert("RGB"))).mean() < 6


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "bmp", "avif", "gif"])
def test_a_cut_file_is_undecodable_and_never_a_partial_picture(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(UndecodableError):
        decode(path)


def test_a_bomb_is_refused_by_its_header(tmp_path):
    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    (tmp_path / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + b"IHDR"
        + header
        + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    )
    with pytest.raises(LimitError) as caught:
        decode(tmp_path / "a.png")
    assert caught.value.code == "image.too_large"


def test_the_limit_holds_even_if_the_probe_lied(tmp_path):
    Image.fromarray(gradient(300, 300)).save(tmp_path / "a.png")
    with pytest.raises(LimitError):
        pixels.decode(str(tmp_path / "a.png"), Media(Kind.IMAGE, "image/png"), max_pixels_mp=0.01)


def test_formats_without_a_decoder_say_so(tmp_path):
    for name, head in (
        ("a.heic", b"\0\0\0\x14ftypheic\0\0\0\0heic"),
        ("a.svg", b"<svg/>"),
        ("a.wav", b"RIFF\4\0\0\0WAVE"),
    ):
        (tmp_path / name).write_bytes(head)
        with pytest.raises(UndecodableError, match=r"image/heic|svg|no pixels"):
            decode(tmp_path / name)


def test_psd_is_read_through_its_composite(tmp_path):
    array = gradient(10, 12)
    planes = array.transpose(2, 0, 1).tobytes()
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 10, 12, 8, 3) + bytes(12) + b"\0\0" + planes
    (tmp_path / "a.psd").write_bytes(head)
    assert np.array_equal(decode(tmp_path / "a.psd").rgb, array)


def test_odd_names_are_not_read_as_options(tmp_path):
    path = str(tmp_path / "caf\udce9.png[page=9]")
    with open(path, "wb") as stream:
        pngwrite.write_png(stream, gradient())
    assert decode(path).rgb.shape == (60, 90, 3)
    with pytest.raises(UnreadableError):
        pixels.decode(str(tmp_path / "none.png"), Media(Kind.IMAGE, "image/png"), max_pixels_mp=1)


def clip(path, frames=30, keys=10):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.gop_size = keys
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 8 * number, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_a_video_gives_its_first_key_frame_or_several_in_order(tmp_path):
    path = clip(tmp_path / "a.mp4")
    first = decode(path)
    assert first.rgb.shape == (48, 64, 3)
    assert first.rgb.mean() < 20
    several = list(key_frames(str(path), probe(str(path)).media, max_pixels_mp=268, limit=3))
    assert [round(p.frame_s) for p in several] == [0, 1, 2]
    assert several[0].rgb.mean() < several[1].rgb.mean() < several[2].rgb.mean()


def test_a_video_larger_than_the_limit_is_refused(tmp_path):
    path = clip(tmp_path / "a.mp4", frames=3)
    with pytest.raises(LimitError):
        next(key_frames(str(path), Media(Kind.VIDEO, "video/mp4"), max_pixels_mp=0.001, limit=1))


def test_a_damaged_video_is_undecodable(tmp_path):
    path = clip(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(UndecodableError):
        decode(path)


def test_thumbnails_have_their_sizes_and_are_never_enlarged():
    big = pixels.render(Pixels(np.zeros((700, 1500, 3), np.uint8)))
    small = pixels.render(Pixels(np.zeros((20, 10, 3), np.uint8)))
    sizes = [Image.open(io.BytesIO(t)).size for t in (big.thumb_256, big.thumb_1024, small.thumb_256, small.thumb_1024)]
    assert sizes == [(256, 120), (1024, 478), (10, 20), (10, 20)]
    assert big.luma.shape == (239, 512)
    assert small.luma.shape == (20, 10)
    assert pixels.render(Pixels(np.zeros((1, 3000, 3), np.uint8))).luma.shape == (1, 512)


def test_thumbnails_keep_colours_in_their_order():
    red = np.zeros((50, 50, 3), np.uint8)
    red[:, :, 0] = 250
    with Image.open(io.BytesIO(pixels.render(Pixels(red)).thumb_256)) as image:
        assert image.getpixel((25, 25))[0] > 230
        assert image.getpixel((25, 25))[2] < 20


def test_canonical_luma_is_rec601_of_the_area_average():
    array = np.random.default_rng(5).integers(0, 256, (1024, 1024, 3)).astype(np.uint8)
    average = array.reshape(512, 2, 512, 2, 3).mean((1, 3))
    luma = pixels.render(Pixels(array)).luma
    assert np.abs(luma - average @ [0.299, 0.587, 0.114]).max() <= 1.5
    assert pixels.CANONICAL_VERSION == "luma512/1"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.sampled_from(["png", "jpg", "webp", "gif", "tiff", "bmp", "avif"]), st.data())
def test_damage_gives_pixels_or_our_error_and_nothing_else(tmp_path, suffix, data):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(gradient(16, 16)).save(path)
    damaged = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(damaged))
    try:
        found = decode(path, limit_mp=1)
    except BadFileError:
        return
    assert found.rgb.ndim == 3


def test_sha256_of_a_file_larger_than_one_block(tmp_path):
    import hashlib

    data = bytes(range(256)) * 9000
    (tmp_path / "a").write_bytes(data)
    assert sha256_file(str(tmp_path / "a")) == hashlib.sha256(data).hexdigest()
    with pytest.raises(UnreadableError):
        sha256_file(str(tmp_path / "none"))


def test_a_text_whose_key_is_not_utf8_does_not_hide_the_pixels(tmp_path):
    with open(tmp_path / "a.png", "wb") as stream:
        pngwrite.write_png(stream, gradient(), chunks=[(b"tEXt", b"caf\xe9\0x")])
    assert np.array_equal(decode(tmp_path / "a.png").rgb, gradient())
