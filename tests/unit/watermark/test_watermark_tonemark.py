"""The mark in sound: what it survives, that it is never read where it is not, and what it costs to the samples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dam.errors import PolicyError, UsageError
from dam.ingest import sounding
from dam.media import sound, wave
from dam.watermark.tone import tonemark
from dam.watermark.tone.patterns import PERIOD, RATE, make_bank, make_period, played
from dam.watermark.tone.shaping import back, spectra
from dam.watermark.tone.tonemark import PLUGIN
from tests.support import tunes

KEY = bytes(range(32))
MARK = 0x0123456789ABCDEF


def heard(mono, rate=tunes.RATE):
    return PLUGIN.detect(sound.resampled(np.asarray(mono, np.float32), rate, RATE), KEY)


@pytest.fixture(scope="module")
def tune():
    return (tunes.tune(5, 16.0) / 32768).astype(np.float32)


@pytest.fixture(scope="module")
def marked(tune):
    return tune + PLUGIN.mark(tune, tunes.RATE, MARK, KEY) * np.float32(10 ** (-18 / 20))


WORLD = {
    "nothing": lambda m: (m, tunes.RATE),
    "MP3 at 64k": lambda m: sound.through(m, tunes.RATE, "libmp3lame", 64_000),
    "Opus at 24k": lambda m: sound.through(m, tunes.RATE, "libopus", 24_000),
    "16 kHz": lambda m: (sound.resampled(m, tunes.RATE, 16_000), 16_000),
    "48 kHz": lambda m: (sound.resampled(m, tunes.RATE, 48_000), 48_000),
    "quiet": lambda m: (m / 10, tunes.RATE),
    "upside down": lambda m: (-m, tunes.RATE),
    "noise": lambda m: (m + np.random.default_rng(1).normal(0, m.std() / 20, len(m)), tunes.RATE),
    "six seconds": lambda m: (m[40_001 : 40_001 + 6 * tunes.RATE], tunes.RATE),
}  # fmt: skip


@pytest.mark.parametrize("world", WORLD)
def test_the_mark_is_read_after(marked, world):
    found = heard(*WORLD[world](marked))
    assert found is not None
    assert (found.mark_id, found.verified) == (MARK, True)
    assert 0 < found.p_false < 1e-6


def test_nothing_is_read_without_the_mark_or_with_another_key(tune, marked):
    assert heard(tune) is None
    assert PLUGIN.detect(sound.resampled(marked, tunes.RATE, RATE), bytes(32)) is None
    noise = np.random.default_rng(3).normal(0, 0.1, 10 * RATE).astype(np.float32)
    for strange in (noise, np.zeros(10 * RATE, np.float32), np.sin(np.arange(10 * RATE) / 3).astype(np.float32)):
        assert PLUGIN.detect(strange, KEY) is None


def test_no_alarm_in_a_hundred_tunes_and_keys():
    for seed in range(25):
        strange = sound.resampled((tunes.tune(600 + seed, 8.0) / 32768).astype(np.float32), tunes.RATE, RATE)
        for number in range(4):
            assert PLUGIN.detect(strange, bytes([seed, number] * 16)) is None


def test_the_pattern_begins_elsewhere_for_every_mark(monkeypatch):
    """The average of many marked sounds must not show the sync pattern that they share."""

    def shown():
        total = np.zeros(4 * PERIOD)
        for number in range(24):
            flat = np.random.default_rng(number).normal(0, 0.1, 4 * PERIOD).astype(np.float32)
            total += flat + PLUGIN.mark(np.repeat(flat, 2), 2 * RATE, number, KEY)[::2] * np.float32(0.3)
        spectrum = tonemark._folded(total.astype(np.float32))
        plane = tonemark._wave(spectrum * make_bank(KEY)[0].conj())
        return plane.max() / plane.std()

    scattered = shown()
    monkeypatch.setattr(tonemark, "derive", lambda key, label: bytes(32))
    assert 2 * scattered < shown()


@pytest.mark.parametrize(("rate", "seconds", "code"), [(22_050, 2.0, "mark.too_short"), (8_000, 9.0, "mark.bad_rate")])
def test_what_takes_no_mark_is_refused(rate, seconds, code):
    with pytest.raises((PolicyError, UsageError)) as refused:
        PLUGIN.mark(np.zeros(round(rate * seconds), np.float32), rate, 1, KEY)
    assert refused.value.code == code


def test_the_repeated_mark_is_the_same_wherever_it_is_cut():
    period = make_period(make_bank(KEY), bytes(16))
    whole = played(period, 44_100, 0, 300_000, 0.37)
    assert np.array_equal(whole[123_456:200_000], played(period, 44_100, 123_456, 200_000 - 123_456, 0.37))
    assert abs(float(whole.std()) - 1) < 0.05


@settings(max_examples=30)
@given(count=st.integers(1, 5000), size=st.sampled_from([64, 256, 512]))
def test_spectra_and_back_is_the_identity(count, size):
    wave_ = np.random.default_rng(count).normal(0, 1, count).astype(np.float32)
    assert np.allclose(back(spectra(wave_, size), size, count), wave_, atol=1e-4)


def riff(samples, bits=16, rate=44_100, extra=b""):
    """A WAV file with a chunk of its own in front of the samples and one behind."""
    flat = np.ascontiguousarray(samples, np.int32)
    channels = flat.shape[1]
    raw = (
        flat.astype("<i2").tobytes()
        if bits == 16
        else flat.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    )
    frame = channels * bits // 8
    form = b"fmt " + (16).to_bytes(4, "little") + b"\1\0" + channels.to_bytes(2, "little")
    form += (
        rate.to_bytes(4, "little")
        + (rate * frame).to_bytes(4, "little")
        + frame.to_bytes(2, "little")
        + bytes([bits, 0])
    )
    body = b"WAVE" + form + b"bext\6\0\0\0studio" + b"data" + len(raw).to_bytes(4, "little") + raw + extra
    return b"RIFF" + len(body).to_bytes(4, "little") + body


@pytest.mark.parametrize("bits", [16, 24])
def test_only_the_samples_of_a_file_change_and_hardly(bits):
    mono = tunes.tune(8, 9.0).astype(np.int32) * (1 if bits == 16 else 256)
    given_ = np.stack([mono, mono // 2], axis=1)
    data = riff(given_, bits, tunes.RATE, b"LIST\4\0\0\0INFO")
    made = sounding.mark(data, MARK, KEY)
    pcm = wave.locate(made.data)
    assert (pcm.bits, pcm.channels, pcm.rate) == (bits, 2, tunes.RATE)
    assert len(made.data) == len(data)
    assert made.data[: pcm.offset] == data[: pcm.offset]
    assert made.data[pcm.offset + pcm.size :] == data[pcm.offset + pcm.size :]
    change = wave.samples(made.data, pcm) - given_
    assert (change[:, 0] == change[:, 1]).all()
    assert made.snr_db > 15
    assert made.strength_db in sounding.STRENGTHS_DB
    assert made.survived == {"mp3_64": True, "opus_24": True}


@given(st.lists(st.integers(-(1 << 23), (1 << 23) - 1), min_size=2, max_size=40))
def test_samples_of_24_bits_come_back_as_they_were(values):
    given_ = np.array(values[: len(values) // 2 * 2], np.int32).reshape(-1, 2)
    data = riff(given_, 24)
    pcm = wave.locate(data)
    assert (wave.samples(data, pcm) == given_).all()
    assert wave.replaced(data, pcm, given_) == data


@given(st.binary(max_size=200))
def test_strange_bytes_are_refused_in_words(data):
    for candidate in (data, b"RIFF\0\0\0\0WAVE" + data, riff(np.zeros((4, 1)))[:30] + data):
        try:
            pcm = wave.locate(candidate)
        except (PolicyError, UsageError, wave.UndecodableError):
            continue
        assert pcm.offset + pcm.size <= len(candidate)


def test_silence_is_not_marked():
    with pytest.raises(PolicyError) as refused:
        sounding.mark(riff(np.zeros((44_100 * 6, 1))), MARK, KEY)
    assert refused.value.code == "mark.not_readable"
