"""A still, a cut piece, a re-encoded copy of a video: each leads back to the asset, with the second that it is from."""

import cv2
import numpy as np
import pytest

from tests.support import movies, pictures
from tests.support.libraries import copy_of, opened

START, PIECE_S = 5.0, 6.0


@pytest.fixture(scope="module")
def films():
    """Frames of three films of 12 seconds, four scenes each; no scene is in two."""
    return {f"film{n}.mp4": movies.film([10 * n + k for k in range(4)]) for n in (1, 2, 3)}


@pytest.fixture(scope="module")
def drive(tmp_path_factory, films):
    folder = tmp_path_factory.mktemp("films")
    for name, frames in films.items():
        movies.write(folder / name, frames)
    pictures.put(folder, "unrelated.png", pictures.png(pictures.painted(99, 512, 384)))
    return folder


@pytest.fixture(scope="module")
def service(template_library, tmp_path_factory, drive):
    with opened(copy_of(template_library, tmp_path_factory.mktemp("service") / "library"), protect="none") as made:
        made.roots.add(str(drive))
        made.passes.scan()
        yield made


def still(films, name, at_s, tmp_path):
    """A screenshot of that second: smaller, JPEG 60, without any metadata."""
    frame = films[name][round(at_s * movies.RATE)]
    path = tmp_path / "screenshot.jpg"
    small = cv2.resize(frame, (480, 270), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(path), small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 60])
    return path


def piece(films, name):
    return films[name][round(START * movies.RATE) : round((START + PIECE_S) * movies.RATE)]


@pytest.mark.parametrize("at_s", [0.4, 2.1, 4.6, 7.3, 11.2])
def test_a_still_leads_to_the_second_of_the_video_that_it_is_from(service, films, tmp_path, at_s):
    found = service.answers.identify(str(still(films, "film2.mp4", at_s, tmp_path)))
    assert found.asset.title == "film2.mp4"
    frame = next(match for match in found.matches if match.found_by == "frame")
    assert frame.asset_id == found.asset.id
    assert frame.detail["at_s"] - 0.5 <= at_s <= frame.detail["until_s"] + 0.5
    assert frame.detail["p_false"] < 1e-4


WORLD = {
    "re-encoded": lambda frames, to: movies.write(to, frames, crf=33),
    "half the size": lambda frames, to: movies.write(to, movies.resized(frames, (320, 180)), crf=26),
    "half the rate": lambda frames, to: movies.write(to, frames[::2], rate=12, crf=26),
    "MPEG-4": lambda frames, to: movies.write(to, frames, codec="mpeg4"),
    "brighter": lambda frames, to: movies.write(to, [cv2.convertScaleAbs(f, alpha=1.15, beta=8) for f in frames]),
    "grey": lambda frames, to: movies.write(to, [cv2.cvtColor(cv2.cvtColor(f, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB) for f in frames]),
}  # fmt: skip


@pytest.mark.parametrize("world", WORLD)
def test_a_piece_of_a_video_leads_to_where_it_begins(service, films, tmp_path, world):
    path = WORLD[world](piece(films, "film3.mp4"), tmp_path / "piece.mp4")
    found = service.answers.identify(str(path))
    assert found.asset.title == "film3.mp4"
    clip = next(match for match in found.matches if match.found_by == "clip")
    assert clip.detail["starts_s"] == pytest.approx(START, abs=0.6)
    assert clip.detail["p_false"] < 1e-4
    assert [match.asset_id for match in found.matches] == [found.asset.id]


def framed(frame, y, x):
    return cv2.copyMakeBorder(frame, y, y, x, x, cv2.BORDER_CONSTANT, value=(0, 0, 0))


@pytest.mark.parametrize(
    ("change", "view"),
    [
        (lambda f: np.ascontiguousarray(f[:, ::-1]), "mirrored"),
        (lambda f: framed(f, 80, 0), "without border"),
        (lambda f: framed(f, 0, 160)[:, ::-1].copy(), "without border, mirrored"),
    ],
    ids=["mirrored", "letterboxed", "pillarboxed and mirrored"],
)
def test_a_mirrored_or_framed_piece_is_recognised_too(service, films, tmp_path, change, view):
    path = movies.write(tmp_path / "piece.mp4", [change(f) for f in piece(films, "film1.mp4")], crf=26)
    found = service.answers.identify(str(path))
    assert found.asset.title == "film1.mp4"
    clip = next(match for match in found.matches if match.found_by == "clip")
    assert clip.detail["view"] == view
    assert clip.detail["starts_s"] == pytest.approx(START, abs=0.6)


def test_nothing_is_found_for_a_strange_video_a_black_one_and_a_broken_one(service, tmp_path, drive):
    strange = movies.write(tmp_path / "strange.mp4", movies.film([77, 78], 2.0))
    black = movies.write(tmp_path / "black.mp4", [np.zeros((360, 640, 3), np.uint8)] * 48)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes((drive / "film1.mp4").read_bytes()[:3000])
    for path in (strange, black, broken):
        assert service.answers.identify(str(path)).matches == ()
    assert service.answers.identify(str(broken)).problems


def test_one_scene_put_into_another_film_is_too_little_to_be_that_film(service, films, tmp_path):
    """Two moments of ours among many others: a stock shot, or chance. Three tenths of a clip must agree."""
    mixed = films["film1.mp4"][: movies.RATE] + movies.film([71, 72, 73], 4.0)
    found = service.answers.identify(str(movies.write(tmp_path / "mixed.mp4", mixed)))
    assert [match for match in found.matches if match.found_by == "clip"] == []


def test_moments_survive_a_restart_and_are_made_once(service, films, tmp_path):
    rows = "SELECT asset_id, count(*) AS n FROM moment GROUP BY asset_id"
    with service.parts.catalogue.reader() as reader:
        before = reader.rows(rows)
    assert len(before) == len(films)
    assert all(row["n"] >= 8 for row in before)
    service.passes.scan()
    library = service.parts.settings.library
    with opened(library, protect="none") as again, again.parts.catalogue.reader() as reader:
        assert reader.rows(rows) == before
        path = still(films, "film1.mp4", 3.2, tmp_path)
        assert again.answers.identify(str(path)).asset.title == "film1.mp4"


def test_a_video_whose_pictures_are_damaged_stays_an_asset(library, tmp_path, films):
    folder = tmp_path / "drive"
    folder.mkdir()
    whole = movies.write(tmp_path / "whole.mp4", films["film1.mp4"][:48]).read_bytes()
    at = whole.index(b"mdat") + 4
    (folder / "damaged.mp4").write_bytes(whole[:at] + bytes(len(whole) - at - 2000) + whole[-2000:])
    with opened(library, protect="none") as made:
        made.roots.add(str(folder))
        made.passes.scan()
        asset_id = made.find.id_of("damaged.mp4")
        with made.parts.catalogue.reader() as reader:
            states = reader.rows("SELECT stage, state FROM job WHERE asset_id = ?", asset_id)
            assert reader.one("SELECT count(*) FROM moment") == 0
    assert {row["state"] for row in states} <= {"done", "failed", "skipped"}
    assert "moments" in {row["stage"] for row in states}
