"""A marked WAV, stripped and compressed by strangers, leads back to its asset and its manifest."""

import numpy as np
import pytest

from dam.media import wave
from tests.support import tunes
from tests.support.libraries import copy_of, opened, sha256

ALG = "org.headwater.tonemark.v1"


@pytest.fixture(scope="module")
def drive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tunes")
    for n in (1, 2):
        tunes.write(folder / f"voice{n}.wav", tunes.tune(40 + n, 14.0))
    tunes.write(folder / "short.wav", tunes.tune(50, 2.0))
    tunes.write(folder / "song.mp3", tunes.tune(51, 8.0), bit_rate=128_000)
    return folder


@pytest.fixture(scope="module")
def service(template_library, tmp_path_factory, drive):
    before = {path.name: sha256(path) for path in drive.iterdir()}
    folder = copy_of(template_library, tmp_path_factory.mktemp("service") / "library")
    with opened(folder, protect="all", mark_sound=True) as made:
        made.roots.add(str(drive))
        made.passes.scan()
        yield made
    assert {path.name: sha256(path) for path in drive.iterdir()} == before


def samples(path):
    data = path.read_bytes()
    return wave.samples(data, wave.locate(data))[:, 0].astype(np.int16)


def test_the_copy_is_signed_bound_to_the_mark_and_hardly_changed(service, drive, tmp_path):
    path, mime, _ = service.find.copy_of("voice1.wav")
    verdict = service.answers.verify(path)
    assert mime == "audio/wav"
    assert verdict.authentic
    assert verdict.credentials.soft_bindings[0].alg == ALG
    assert verdict.mark.asset_id == service.find.id_of("voice1.wav")
    assert ALG in service.bindings.algorithms().watermarks
    from pathlib import Path

    ours, given = samples(Path(path)).astype(float), samples(drive / "voice1.wav").astype(float)
    assert len(ours) == len(given)
    assert 10 * np.log10((given**2).mean() / ((ours - given) ** 2).mean()) > 15


@pytest.mark.parametrize("how", ["MP3 at 96k", "Opus at 24k", "a piece as AAC"])
def test_what_the_world_does_to_a_sound_leaves_the_mark(service, tmp_path, how):
    from pathlib import Path

    given = samples(Path(service.find.copy_of("voice2.wav")[0]))
    path = {
        "MP3 at 96k": lambda: tunes.write(tmp_path / "a.mp3", given, bit_rate=96_000),
        "Opus at 24k": lambda: tunes.write(tmp_path / "a.opus", given, rate=48_000, bit_rate=24_000),
        "a piece as AAC": lambda: tunes.write(tmp_path / "a.m4a", given[50_000:250_000], bit_rate=96_000),
    }[how]()
    found = service.answers.identify(str(path))
    assert found.asset.title == "voice2.wav"
    assert found.found_by == "mark"
    assert found.matches[0].detail["p_false"] < 1e-6
    label = service.answers.verify(service.find.copy_of("voice2.wav")[0]).credentials.label
    assert service.bindings.by_content(str(path), alg=ALG)[0].manifest_id == label


def test_what_takes_no_mark_is_signed_without(service):
    for name in ("short.wav", "song.mp3"):
        with service.parts.catalogue.reader() as reader:
            asset_id = service.find.id_of(name)
            assert reader.one("SELECT count(*) FROM copy WHERE asset_id = ?", asset_id) == 1
            assert reader.one("SELECT count(*) FROM mark WHERE asset_id = ?", asset_id) == 0


def test_an_unmarked_sound_shows_no_mark(service, tmp_path):
    path = tunes.write(tmp_path / "strange.wav", tunes.tune(99, 10.0))
    assert service.answers.verify(str(path)).mark is None
