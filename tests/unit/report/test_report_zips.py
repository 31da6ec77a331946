"""The zip of a bundle has one form to the byte, and what is of another form is refused in words."""

import io
import subprocess
import sys
import zipfile
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.errors import ConflictError, UndecodableError
from dam.report import zips

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MEMBERS = {"index.json": b"{}\n", "asset/a.bin": bytes(range(256)) * 9, "empty.txt": b""}


def entry(name, data):
    return zips.Entry(name, len(data), zlib.crc32(data))


def made(members=MEMBERS, when=NOON):
    out = io.BytesIO()
    zips.write(((entry(name, data), [data]) for name, data in members.items()), when, out)
    return out.getvalue()


def test_other_programs_read_what_was_written(tmp_path):
    with zipfile.ZipFile(io.BytesIO(made())) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == MEMBERS
        assert opened.infolist()[0].date_time == (2026, 11, 21, 12, 0, 0)
    path = tmp_path / "a.zip"
    path.write_bytes(made())
    subprocess.run([sys.executable, "-m", "zipfile", "-t", path], check=True, capture_output=True)


def test_the_same_members_at_the_same_time_are_the_same_bytes():
    assert made() == made()
    assert made(when=NOON.replace(hour=13)) != made()


def test_members_come_back_in_their_order_with_their_bytes():
    stream = io.BytesIO(made())
    found = zips.read(stream)
    assert {one.entry.name: b"".join(zips.blocks(stream, one)) for one in found} == MEMBERS
    with io.BufferedReader(zips.Window(stream, found[1])) as window:
        window.seek(-3, io.SEEK_END)
        assert window.read() == b"\xfd\xfe\xff"


@given(st.data())
def test_a_changed_byte_of_the_structure_is_found_and_one_of_a_member_changes_its_checksum(data):
    good = made()
    at = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[at] ^= data.draw(st.integers(1, 255))
    stream = io.BytesIO(bytes(bad))
    try:
        found = zips.read(stream)
    except UndecodableError:
        return
    assert any(zlib.crc32(b"".join(zips.blocks(stream, one))) != one.entry.crc for one in found)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_raise_anything_else(junk):
    for data in (junk, junk + made(), made() + junk, made()[: len(junk)]):
        try:
            found = zips.read(io.BytesIO(data))
        except UndecodableError:
            continue
        assert data == made()
        assert len(found) == 3


def foreign(name="a.txt", data=b"x" * 5000, *, method=zipfile.ZIP_STORED, mode=0o100644, twice=False, comment=b""):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as opened:
        info = zipfile.ZipInfo(name)
        info.compress_type, info.external_attr = method, mode << 16
        opened.writestr(info, data)
        if twice:
            with pytest.warns(UserWarning, match="Duplicate name"):
                opened.writestr(info, data)
        opened.comment = comment
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (foreign("../../etc/passwd"), "lead out of a folder"),
        (foreign("/etc/passwd"), "lead out of a folder"),
        (foreign("a/../../b"), "lead out of a folder"),
        (foreign("c:\\b.txt"), "lead out of a folder"),
        (foreign(".hidden"), "hide in it"),
        (foreign(method=zipfile.ZIP_DEFLATED), "is compressed"),
        (foreign(data=b"../../target", mode=0o120777), "is a link"),
        (foreign(twice=True), "twice"),
        (foreign(comment=b"hello"), "without a comment"),
        (foreign(), "not in the form"),
        (b"junk before" + made(), "directory is damaged"),
        (made() + b"\0", "without a comment"),
        (b"", "does not end as a zip"),
    ],
)
def test_what_a_hostile_zip_tries_is_refused_in_words(data, words):
    with pytest.raises(UndecodableError, match=words):
        zips.read(io.BytesIO(data))


def test_a_file_that_changes_while_it_is_packed_is_refused():
    with pytest.raises(ConflictError, match="changed while"):
        zips.write([(entry("a", b"before"), [b"after!"])], NOON, io.BytesIO())


class _Sparse(io.RawIOBase):
    """A target that keeps what is small and counts what is large."""

    def __init__(self):
        self.pieces, self.size = {}, 0

    def write(self, data):
        if len(data) < 1 << 16:
            self.pieces[self.size] = bytes(data)
        self.size += len(data)
        return len(data)

    def seek(self, offset, whence=0):
        self.at = offset if whence == 0 else self.size + offset
        return self.at

    def read(self, size):
        out = bytearray()
        for start, data in self.pieces.items():
            if self.at <= start < self.at + size or start <= self.at < start + len(data):
                skip = max(0, self.at - start)
                out += b"\0" * (max(0, start - self.at) - len(out)) + data[skip:]
        return bytes(out[:size])


@pytest.mark.slow
def test_members_beyond_four_gigabytes_are_written_and_read_as_zip64():
    block = bytes(1 << 24)
    count, crc = 257, 0
    for _ in range(count):
        crc = zlib.crc32(block, crc)
    target = _Sparse()
    large = zips.Entry("asset/original.mov", count * len(block), crc)
    small = entry("z.txt", b"end")
    zips.write([(large, (block for _ in range(count))), (small, [b"end"])], NOON, target)
    assert [one.entry for one in zips.read(target)] == [large, small]
