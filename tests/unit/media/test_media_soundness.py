import pytest

from dam.errors import UndecodableError
from dam.media import soundness
from dam.media.probe import probe
from tests.support import everything

CUT = (
    "a.mp4",
    "a.mov",
    "a.avi",
    "a.wav",
    "a.pdf",
    "a.zip",
    "packed.zip",
    "a.png",
    "a.jpg",
    "moving.gif",
    "moving.webp",
    "a.svg",
)


@pytest.fixture
def put(tmp_path):
    def write(name, data):
        (tmp_path / name).write_bytes(data)
        return probe(str(tmp_path / name))

    return write


@pytest.mark.parametrize("name", [*everything.EMBEDDED, *everything.BESIDE])
def test_every_whole_file_is_sound(name, put):
    soundness.check(put(name, everything.files()[name]))


@pytest.mark.parametrize("name", CUT)
def test_a_file_that_is_cut_off_is_not_signed(name, put):
    data = everything.files()[name]
    with pytest.raises(UndecodableError):
        soundness.check(put(name, data[: len(data) * 2 // 3]))


@pytest.mark.parametrize("name", ["a.mkv", "a.mp3", "a.flac", "a.ogg"])
def test_a_clip_of_noise_behind_its_header_is_not_signed(name, put):
    data = everything.files()[name]
    with pytest.raises(UndecodableError):
        soundness.check(put(name, data[:48] + b"\xa5" * (len(data) - 48)))


def test_an_archive_whose_member_was_changed_is_not_signed(put):
    data = everything.files()["a.zip"]
    with pytest.raises(UndecodableError, match="CRC"):
        soundness.check(put("a.zip", data.replace(b"hello", b"hullo")))
