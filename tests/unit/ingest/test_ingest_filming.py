"""Films that are encoded anew: what is kept, and what is refused with a reason."""

import av
import numpy as np
import pytest

from dam.errors import BadFileError, PolicyError
from dam.ingest import filming
from dam.media import film
from dam.model import Kind, Media
from dam.settings import Settings
from tests.support import movies

MP4 = Media(Kind.VIDEO, "video/mp4")
KEY = bytes(range(32))


def made(path, pix_fmt="yuv420p", size=(320, 256), frames=12, *, rate=24, codec="libx264"):
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        for frame in movies.scene(3, frames / rate, size, rate):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format=pix_fmt)))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p"])
def test_frames_times_and_format_stay_what_they_are(tmp_path, pix_fmt):
    path = made(tmp_path / "a.mp4", pix_fmt, rate=30)
    film.remake(str(path), MP4, tmp_path / "b.mp4", lambda luma: luma, max_pixels_mp=10)

    def seen(name):
        with av.open(str(tmp_path / name)) as container:
            return [(float(f.time), f.format.name, f.width, f.height) for f in container.decode(video=0)]

    assert seen("b.mp4") == seen("a.mp4")


def test_only_the_luma_is_changed(tmp_path):
    path = made(tmp_path / "a.mp4")
    film.remake(str(path), MP4, tmp_path / "b.mp4", np.zeros_like, max_pixels_mp=10)
    with av.open(str(tmp_path / "a.mp4")) as one, av.open(str(tmp_path / "b.mp4")) as other:
        given, dark = (next(c.decode(video=0)).to_ndarray() for c in (one, other))
    assert dark[:256].max() <= 20
    assert np.abs(dark[256:].astype(int) - given[256:]).mean() < 3


REFUSED = {
    "10 bits": (lambda to: made(to, "yuv420p10le"), "8-bit"),
    "4:2:2": (lambda to: made(to, "yuv422p"), "8-bit"),
    "too small": (lambda to: made(to, size=(320, 180)), "too small"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_would_lose_something_is_refused_with_the_reason(tmp_path, what):
    build, reason = REFUSED[what]
    path = build(tmp_path / "a.mp4")
    with pytest.raises(PolicyError, match=reason):
        filming.film(str(path), MP4, tmp_path / "b.mp4", 7, KEY, Settings(library=tmp_path))


def test_other_containers_and_broken_files_are_refused(tmp_path):
    path = made(tmp_path / "a.mp4")
    with pytest.raises(PolicyError, match="not written anew"):
        film.check(str(path), Media(Kind.VIDEO, "video/webm"), max_pixels_mp=10)
    (tmp_path / "broken.mp4").write_bytes(path.read_bytes()[:2000])
    for name in ("broken.mp4", "nowhere.mp4"):
        with pytest.raises(BadFileError):
            film.check(str(tmp_path / name), MP4, max_pixels_mp=10)


def test_a_plain_film_that_hides_nothing_is_marked_faintly(tmp_path):
    frames = [np.full((256, 320, 3), 128, np.uint8)] * 24
    path = movies.write(tmp_path / "a.mp4", frames)
    filming.film(str(path), MP4, tmp_path / "b.mp4", 7, KEY, Settings(library=tmp_path))
    with av.open(str(tmp_path / "b.mp4")) as container:
        luma = next(container.decode(video=0)).to_ndarray()[:256]
    assert 0 < luma.std() < 2


def test_what_is_chosen_is_the_weakest_that_survives(tmp_path):
    path = movies.write(tmp_path / "a.mp4", movies.film([1], 2.0, (640, 360)))
    done = filming.film(str(path), MP4, tmp_path / "b.mp4", 7, KEY, Settings(library=tmp_path))
    assert done.strength_db in filming.STRENGTHS_DB
    assert set(done.survived) == {"h264_crf28", "half_h264_crf28"}
    assert (tmp_path / "b.mp4").stat().st_size > 1000
