"""Samples of sound files: at the rate that is asked for, as much as is asked for, and nothing monstrous."""

import wave

import numpy as np
import pytest

from dam.errors import UndecodableError, UnreadableError
from dam.media import sound
from dam.model import Kind, Media
from tests.support import tunes

WAV = Media(Kind.AUDIO, "audio/wav")


def test_samples_come_at_the_asked_rate_and_no_more_of_them(tmp_path):
    path = tunes.write(tmp_path / "a.wav", tunes.tune(1, 3.0))
    heard = sound.samples(str(path), WAV, rate=8_000, seconds=2.0)
    assert (heard.dtype, len(heard)) == (np.int16, 16_000)
    whole = sound.samples(str(path), WAV, rate=8_000, seconds=60.0)
    assert abs(len(whole) - 24_000) < 200


@pytest.mark.parametrize("rate", [1, 1_999, 2_000_000])
def test_rates_that_would_become_gigabytes_are_refused(tmp_path, rate):
    path = tmp_path / "odd.wav"
    with wave.open(str(path), "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(rate)
        made.writeframes(bytes(20_000))
    with pytest.raises(UndecodableError):
        sound.samples(str(path), WAV, rate=11_025, seconds=120.0)


def test_what_is_no_sound_is_refused_in_words(tmp_path):
    empty, text = tmp_path / "empty.wav", tmp_path / "text.wav"
    empty.write_bytes(b"")
    text.write_bytes(b"RIFF" + bytes(400))
    for path in (empty, text):
        with pytest.raises(UndecodableError):
            sound.samples(str(path), WAV, rate=8_000, seconds=1.0)
    with pytest.raises(UnreadableError):
        sound.samples(str(tmp_path / "nowhere.wav"), WAV, rate=8_000, seconds=1.0)
