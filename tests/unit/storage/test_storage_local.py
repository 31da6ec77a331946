"""Our own bytes: whole or not there, and never outside their folder."""

import errno
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.errors import NotFoundError, StorageError
from dam.storage.local import LocalStorage, explain, write_atomic


def test_what_is_written_is_read(tmp_path):
    storage = LocalStorage(tmp_path)
    storage.put("protected/ab/abc-1.png", b"one")
    storage.put("protected/ab/abc-1.png", b"two", durable=False)
    assert storage.get("protected/ab/abc-1.png") == b"two"
    assert storage.exists("protected/ab/abc-1.png")
    assert list(storage.list("protected")) == ["protected/ab/abc-1.png"]
    assert stat.S_IMODE((tmp_path / "protected/ab/abc-1.png").stat().st_mode) == 0o644


def test_a_key_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(NotFoundError):
        LocalStorage(tmp_path).get("protected/ab/none.png")


@pytest.mark.parametrize(
    "key", ["../etc/passwd", "/etc/passwd", "a/../../b", "", "a", "a/", "A/b", "a/.hidden", "a/b\n"]
)
def test_no_key_leads_outside(tmp_path, key):
    storage = LocalStorage(tmp_path / "vault")
    for act in (storage.get, storage.exists, lambda k: storage.put(k, b"x")):
        with pytest.raises(NotFoundError):
            act(key)
    assert list(tmp_path.rglob("*")) == []


@given(st.text(max_size=40))
def test_any_text_is_a_path_inside_or_no_key(text):
    folder = Path("/vault")
    try:
        path = LocalStorage(folder).path(text)
    except NotFoundError:
        return
    assert os.path.normpath(path).startswith("/vault/")


def test_a_write_that_fails_halfway_leaves_the_old_file_and_no_other(tmp_path):
    """A file-size limit stops the write in the middle, as a full disk does."""
    target = tmp_path / "copy.png"
    write_atomic(target, b"old")
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from dam.errors import StorageError\n"
        "from dam.storage.local import write_atomic\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    write_atomic(Path(sys.argv[1]), bytes(100_000))\n"
        "except StorageError as error:\n"
        "    sys.exit(error.code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(target)], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "storage.full"
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["copy.png"]


def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path):
    target = tmp_path / "copy.png"
    write_atomic(target, b"old")
    with pytest.raises(TypeError):
        write_atomic(target, "text is no bytes")
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["copy.png"]


def test_a_folder_that_cannot_be_made_is_said_with_the_next_step(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="writable") as caught:
        write_atomic(tmp_path / "file" / "below" / "x", b"x")
    assert caught.value.code == "storage.readonly"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_from_one_that_is_read_only(number):
    assert explain(OSError(number, os.strerror(number)), Path("/x")).code == "storage.full"
    assert explain(OSError(errno.EROFS, "Read-only file system"), Path("/x")).code == "storage.readonly"


def test_leftovers_of_a_killed_write_are_never_listed_and_can_be_swept(tmp_path):
    storage = LocalStorage(tmp_path)
    storage.put("protected/ab/abc.png", b"x")
    (tmp_path / "protected" / "ab" / ".tmp-dead").write_bytes(b"half")
    assert list(storage.list("protected")) == ["protected/ab/abc.png"]
    assert storage.sweep() == 1
    assert [p.name for p in (tmp_path / "protected" / "ab").iterdir()] == ["abc.png"]


def test_the_process_may_open_files_at_all():
    """The limit of the test above belongs to its own process."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1000
