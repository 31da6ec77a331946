"""Large pictures take their turn; small ones never wait."""

import threading

import pytest

from dam.ingest import memory, pixels, workers
from dam.ingest.memory import LEAST, Room, budget_bytes, need_of
from tests.support import pictures
from tests.support.libraries import opened
from tests.support.waiting import until


def job(**more):
    facts = {"stage": "protect", "kind": "image", "size_bytes": 10, "pixels": 100_000_000} | more
    return memory.Job(id="j", asset_id="a", version="1", tries=0, sha256="0" * 64, mime="image/png", **facts)


def test_two_that_do_not_fit_together_go_one_after_the_other():
    room, order = Room(4 * LEAST), []
    inside, go = threading.Event(), threading.Event()

    def first():
        with room.take(3 * LEAST):
            inside.set()
            assert go.wait(10)
            order.append("first")

    def second():
        with room.take(2 * LEAST):
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    with room.take(LEAST - 1):  # a small one passes both
        order.append("small")
    go.set()
    for thread in threads:
        thread.join(10)
    assert order == ["small", "first", "second"]
    assert room.used == 0


def test_one_that_is_larger_than_all_there_is_runs_alone():
    room = Room(2 * LEAST)
    with room.take(100 * LEAST):
        assert room.used == 2 * LEAST
    assert room.used == 0


def test_what_fails_gives_its_room_back():
    room = Room(2 * LEAST)
    with pytest.raises(OSError, match="gone"), room.take(LEAST):
        raise OSError("gone")
    assert room.used == 0


def test_the_need_follows_the_pixels_and_only_pictures_ask():
    assert need_of(job()) > need_of(job(stage="pixels")) > 500_000_000
    assert need_of(job(kind="video")) == 0
    assert need_of(job(pixels=0)) == 20
    assert need_of(job(stage="judge")) == 20


def test_the_budget_is_the_settings_or_a_share_of_the_machine():
    assert budget_bytes(100) == 100 << 20
    assert 64 << 20 < budget_bytes(0) < 1 << 45


def test_a_pass_over_large_pictures_decodes_them_one_at_a_time(library, tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "LEAST", 1000)
    drive, now, most = tmp_path / "drive", [], []
    for n in range(6):
        pictures.put(drive, f"{n}.png", pictures.a1111_png(n))
    real = pixels.pixels.decode

    def watched(*args, **kwargs):
        now.append(1)
        most.append(len(now))
        try:
            return real(*args, **kwargs)
        finally:
            now.pop()

    monkeypatch.setattr(pixels.pixels, "decode", watched)
    monkeypatch.setattr(workers, "budget_bytes", lambda _: 2000)
    with opened(library, protect="none", workers=4) as service:
        service.roots.add(str(drive), name="drive")
        service.passes.scan()
    assert (len(most), max(most)) == (6, 1)
    assert until(lambda: not now)
