"""The walk: every regular file once, no link followed, nothing opened, no trouble that stops it."""

import os

import pytest

from dam.media.files import Entry
from dam.watch.walk import MAX_DEPTH, Ignored, Unseen, is_ignored
from dam.watch.walk import walk as listings


def walk(folder):
    return [item for listing in listings(folder) for item in listing.items()]


def names(folder, kind=Entry):
    return [item.path for item in walk(str(folder)) if isinstance(item, kind)]


@pytest.mark.parametrize(
    "name",
    [
        "x.tmp",
        "X.PART",
        "film.mov.crdownload",
        "._shot.png",
        "~$notes.docx",
        ".DS_Store",
        "Thumbs.db",
        ".nfs000012",
        "a~",
    ],
)
def test_partial_and_system_files_are_never_assets(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    (tmp_path / "shot.png").write_bytes(b"x")
    assert names(tmp_path) == ["shot.png"]
    assert names(tmp_path, Ignored) == [name]


@pytest.mark.parametrize("name", ["shot.png", ".hidden.png", "tmp", "part.png", "nfs.png", "dam", "x.tmp.png"])
def test_ordinary_names_are_not_ignored(name):
    assert not is_ignored(name)


@pytest.mark.parametrize("name", [".dam", "@eaDir", ".Trashes", "$RECYCLE.BIN", ".git"])
def test_system_folders_are_not_entered(tmp_path, name):
    (tmp_path / name / "deep").mkdir(parents=True)
    (tmp_path / name / "deep" / "shot.png").write_bytes(b"x")
    assert names(tmp_path) == []
    assert names(tmp_path, Ignored) == [name]


def test_files_come_in_name_order_with_their_stat(tmp_path):
    for name in ("b/2.png", "b/1.png", "a.png", "c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    assert names(tmp_path) == ["a.png", "c.png", "b/1.png", "b/2.png"]
    entry = next(e for e in walk(str(tmp_path)) if e.path == "b/1.png")
    stat = (tmp_path / "b/1.png").stat()
    assert entry.seen == (7, stat.st_mtime_ns, str(stat.st_ino))


def test_links_and_pipes_are_not_followed(tmp_path):
    (tmp_path / "shot.png").write_bytes(b"x")
    (tmp_path / "again.png").symlink_to("shot.png")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "broken").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    assert names(tmp_path) == ["shot.png"]
    assert names(tmp_path, Ignored) == ["again.png", "broken", "pipe", "round"]


def test_a_name_that_is_no_utf8_is_text_that_leads_back_to_it(tmp_path):
    from dam.media.paths import from_text

    with open(os.path.join(os.fsencode(tmp_path), b"\xff.png"), "wb"):
        pass
    (path,) = names(tmp_path)
    path.encode()
    assert os.fsencode(from_text(path)) == b"\xff.png"


def test_a_root_that_is_gone_is_unseen_and_not_empty(tmp_path):
    (only,) = walk(str(tmp_path / "nowhere"))
    assert only == Unseen("", "No such file or directory")


def test_a_bottomless_folder_ends_in_a_reason(tmp_path):
    deep, here = MAX_DEPTH + 3, os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(deep):
            os.mkdir("d")
            os.chdir("d")
        open("shot.png", "wb").close()
    finally:
        os.chdir(here)
    (only,) = walk(str(tmp_path))
    assert isinstance(only, Unseen)
    assert "deeper than" in only.reason
