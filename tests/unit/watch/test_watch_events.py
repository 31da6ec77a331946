"""Events are hints: which paths to look at, and which roots as a whole."""

import os

from dam.watch.events import Hints, Watcher
from tests.support.waiting import until


def test_a_root_to_scan_swallows_its_paths():
    hints = Hints()
    hints.add("r1", "a.png")
    hints.add("r2", "b.png")
    assert hints.ready.is_set()
    hints.add("r1", None)
    assert hints.take() == ({"r1"}, {"r2": {"b.png"}})
    assert hints.take() == (set(), {})
    assert not hints.ready.is_set()


def test_a_watcher_hints_at_written_moved_and_deleted_files(tmp_path):
    hints = Hints()
    folder = tmp_path / "drive"
    (folder / "sub").mkdir(parents=True)
    watcher = Watcher([("r", str(folder))], hints.add)
    watcher.start()
    try:
        assert watcher.alive
        assert watcher.problems == []
        (folder / "sub" / "new.png").write_bytes(b"x")
        assert until(lambda: "sub/new.png" in hints.take()[1].get("r", set()))
        os.rename(folder / "sub" / "new.png", folder / "moved.png")
        assert until(lambda: "r" in hints.take()[0])
        (folder / "moved.png").unlink()
        assert until(lambda: "r" in hints.take()[0])
    finally:
        watcher.stop()
    assert not watcher.alive


def test_a_root_that_cannot_be_watched_is_told_and_does_not_stop_the_others(tmp_path):
    (tmp_path / "here").mkdir()
    watcher = Watcher([("r1", str(tmp_path / "nowhere")), ("r2", str(tmp_path / "here"))], lambda *_: None)
    watcher.start()
    try:
        assert len(watcher.problems) == 1
        assert "nowhere" in watcher.problems[0]
        assert watcher.alive
    finally:
        watcher.stop()
