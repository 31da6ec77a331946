"""A sound that was compressed, resampled, cut or made quieter leads back to its asset, with the second that it is from."""

import numpy as np
import pytest

from dam.fingerprint import sounds
from tests.support import tunes
from tests.support.libraries import copy_of, opened

pytestmark = pytest.mark.skipif(not sounds.available(), reason="needs fpcalc (Debian: libchromaprint-tools)")


@pytest.fixture(scope="module")
def played():
    return {f"tune{n}.wav": tunes.tune(n) for n in range(1, 5)}


@pytest.fixture(scope="module")
def service(template_library, tmp_path_factory, played):
    folder = tmp_path_factory.mktemp("tunes")
    for name, samples in played.items():
        tunes.write(folder / name, samples)
    tunes.write(folder / "silence.wav", np.zeros(10 * tunes.RATE, np.int16))
    with opened(copy_of(template_library, tmp_path_factory.mktemp("service") / "library"), protect="none") as made:
        made.roots.add(str(folder))
        made.passes.scan()
        yield made


WORLD = {
    "MP3 at 128k": lambda s, to: tunes.write(to / "a.mp3", s, bit_rate=128_000),
    "MP3 at 64k": lambda s, to: tunes.write(to / "a.mp3", s, bit_rate=64_000),
    "AAC": lambda s, to: tunes.write(to / "a.m4a", s, bit_rate=96_000),
    "Opus at 24k": lambda s, to: tunes.write(to / "a.opus", s, rate=48_000, bit_rate=24_000),
    "16 kHz": lambda s, to: tunes.write(to / "a.wav", s, rate=16_000),
    "44.1 kHz FLAC": lambda s, to: tunes.write(to / "a.flac", s, rate=44_100),
    "quieter": lambda s, to: tunes.write(to / "a.wav", (s // 5).astype(np.int16)),
    "with noise": lambda s, to: tunes.write(
        to / "a.wav", np.clip(s + np.random.default_rng(1).normal(0, 400, len(s)), -32768, 32767).astype(np.int16)
    ),
}  # fmt: skip


@pytest.mark.parametrize("world", WORLD)
def test_a_sound_is_recognised_after(service, played, tmp_path, world):
    found = service.answers.identify(str(WORLD[world](played["tune3.wav"], tmp_path)))
    assert found.asset.title == "tune3.wav"
    match = next(one for one in found.matches if one.found_by == "sound")
    assert match.detail["starts_s"] == pytest.approx(0, abs=0.3)
    assert match.detail["errors"] < 0.2
    assert {one.asset_id for one in found.matches} == {found.asset.id}


def test_a_piece_of_a_sound_leads_to_where_it_begins(service, played, tmp_path):
    piece = played["tune2.wav"][round(6.3 * tunes.RATE) : round(15.8 * tunes.RATE)]
    found = service.answers.identify(str(tunes.write(tmp_path / "piece.mp3", piece, bit_rate=96_000)))
    assert found.asset.title == "tune2.wav"
    assert found.matches[0].detail["starts_s"] == pytest.approx(6.3, abs=0.3)


def test_nothing_is_found_for_strange_silent_short_and_broken_sounds(service, played, tmp_path):
    strange = [tunes.write(tmp_path / f"strange{n}.wav", tunes.tune(100 + n, 15.0)) for n in range(6)]
    silence = tunes.write(tmp_path / "silence2.wav", np.zeros(9 * tunes.RATE, np.int16))
    tone = np.round(9000 * np.sin(np.arange(9 * tunes.RATE) / 9)).astype(np.int16)
    short = tunes.write(tmp_path / "short.wav", played["tune1.wav"][: tunes.RATE // 2])
    for path in (*strange, silence, tunes.write(tmp_path / "tone.wav", tone), short):
        assert service.answers.identify(str(path)).matches == ()
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"ID3" + bytes(2000))
    assert service.answers.identify(str(broken)).matches == ()


def test_without_fpcalc_the_stage_is_skipped_with_what_to_install_and_made_up_for_later(
    library, tmp_path, played, monkeypatch
):
    folder = tmp_path / "drive"
    folder.mkdir()
    tunes.write(folder / "tune.wav", played["tune1.wav"])
    rows = "SELECT state, code FROM job WHERE stage = 'sound'"
    with opened(library, protect="none") as made:
        made.roots.add(str(folder))
        with monkeypatch.context() as bare:
            bare.setattr(sounds.shutil, "which", lambda name: None)
            made.passes.scan()
            with made.parts.catalogue.reader() as reader:
                assert reader.rows(rows) == [{"state": "skipped", "code": "sound.no_fpcalc"}]
            problems = made.answers.identify(str(tunes.write(tmp_path / "x.mp3", played["tune1.wav"]))).problems
            assert [one.code for one in problems] == ["sound.no_fpcalc"]
        made.passes.scan()
        with made.parts.catalogue.reader() as reader:
            assert reader.rows(rows) == [{"state": "done", "code": None}]
