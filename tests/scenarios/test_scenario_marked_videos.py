"""A marked video, stripped, cropped, scaled and compressed by strangers, leads back to its asset and its manifest."""

import av
import cv2
import numpy as np
import pytest

from tests.support import movies, sounds
from tests.support.libraries import copy_of, opened, sha256

SIZE = (854, 480)
ALG = "org.headwater.tilemark.v1"


@pytest.fixture(scope="module")
def frames():
    return movies.film([1, 2], 2.5, SIZE)


@pytest.fixture(scope="module")
def drive(tmp_path_factory, frames):
    folder = tmp_path_factory.mktemp("films")
    movies.write(folder / "shot.mp4", frames, sound=True, tags={"comment": "take 7"})
    movies.write(folder / "small.mp4", movies.film([9], 1.0, (320, 180)))
    (folder / "clip.webm").write_bytes(sounds.tagged("webm"))
    return folder


@pytest.fixture(scope="module")
def service(template_library, tmp_path_factory, drive):
    folder = copy_of(template_library, tmp_path_factory.mktemp("service") / "library")
    before = {path.name: sha256(path) for path in drive.iterdir()}
    with opened(folder, protect="all", mark_video=True) as made:
        made.roots.add(str(drive))
        made.passes.scan()
        yield made
    assert {path.name: sha256(path) for path in drive.iterdir()} == before


def decoded(path):
    """Frames of a file, upright RGB."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def marked(service):
    return decoded(service.find.copy_of("shot.mp4")[0])


def test_the_copy_is_the_film_with_its_sound_and_tags_signed_and_bound_to_the_mark(service, drive):
    path, mime, _ = service.find.copy_of("shot.mp4")
    verdict = service.answers.verify(path)
    assert mime == "video/mp4"
    assert verdict.authentic
    assert [one.action for one in verdict.credentials.actions][:2] == ["c2pa.opened", "c2pa.watermarked.bound"]
    assert verdict.credentials.soft_bindings[0].alg == ALG
    assert verdict.mark.asset_id == service.find.id_of("shot.mp4")
    with av.open(str(path)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        assert container.metadata["comment"] == "take 7"
        assert container.streams.video[0].average_rate == movies.RATE
    again, given = marked(service), decoded(drive / "shot.mp4")
    assert len(again) == len(given)
    assert np.mean([cv2.PSNR(one, other) for one, other in zip(again[::10], given[::10], strict=True)]) > 36


def middle(frames, share):
    height, width = frames[0].shape[:2]
    top, left = round(height * share * 0.6), round(width * share * 0.3)
    rows, columns = round(height * (1 - share)) // 2 * 2, round(width * (1 - share)) // 2 * 2
    return [np.ascontiguousarray(one[top : top + rows, left : left + columns]) for one in frames]


WORLD = {
    "CRF 28": (lambda f: f, {"crf": 28}),
    "half the size, CRF 24": (lambda f: movies.resized(f, (426, 240)), {"crf": 24}),
    "cropped by 20 %, CRF 24": (lambda f: middle(f, 0.2), {"crf": 24}),
    "mirrored": (lambda f: [np.ascontiguousarray(one[:, ::-1]) for one in f], {"crf": 24}),
    "two seconds of it": (lambda f: f[20:68], {"crf": 26}),
}


@pytest.mark.parametrize("world", WORLD)
def test_what_the_world_does_to_a_video_leaves_the_mark(service, tmp_path, world):
    change, how = WORLD[world]
    path = movies.write(tmp_path / "wild.mp4", change(marked(service)), **how)
    found = service.answers.identify(str(path))
    assert found.asset.title == "shot.mp4"
    mark = next(match for match in found.matches if match.found_by == "mark")
    assert mark.detail["p_false"] < 1e-6
    label = service.answers.verify(service.find.copy_of("shot.mp4")[0]).credentials.label
    assert service.bindings.by_content(str(path), alg=ALG)[0].manifest_id == label


def test_an_unmarked_video_shows_no_mark(service, tmp_path):
    plain = movies.write(tmp_path / "plain.mp4", movies.film([31, 32], 2.0, SIZE))
    assert service.answers.verify(str(plain)).mark is None
    assert service.answers.identify(str(plain)).matches == ()


def test_what_cannot_be_encoded_anew_is_signed_without_a_mark(service):
    for name in ("small.mp4", "clip.webm"):
        kinds = service.parts.catalogue
        with kinds.reader() as reader:
            rows = reader.rows("SELECT * FROM copy WHERE asset_id = ?", service.find.id_of(name))
            marks = reader.one("SELECT count(*) FROM mark WHERE asset_id = ?", service.find.id_of(name))
        assert len(rows) == 1
        assert marks == 0


def test_without_the_setting_a_video_is_signed_as_it_is(library, drive, tmp_path):
    with opened(library, protect="all") as made:
        made.roots.add(str(drive))
        made.passes.scan()
        path, _, _ = made.find.copy_of("shot.mp4")
        with av.open(str(path)) as ours, av.open(str(drive / "shot.mp4")) as given:
            assert [bytes(p) for p in ours.demux(video=0)] == [bytes(p) for p in given.demux(video=0)]
        assert made.answers.verify(path).mark is None
