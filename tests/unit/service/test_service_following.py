"""A follower keeps the index level: searches do not wait for what others made, and show what was just done through them."""

import threading

import pytest

from dam.ingest import follow
from dam.service.following import Follower
from tests.support import ledger, pictures
from tests.support.libraries import opened
from tests.support.waiting import until


@pytest.fixture
def service(library, tmp_path):
    for n in range(6):
        pictures.put(tmp_path / "drive", f"{n}.txt", b"lantern %d\n" % n)
    with opened(library, protect="none") as service:
        service.roots.add(str(tmp_path / "drive"), name="drive")
        service.passes.scan()
        yield service


def touch_all(service):
    with service.parts.catalogue.change() as unit:
        for row in ledger.rows(service.parts.settings.library, "SELECT id FROM asset"):
            unit.touch(row["id"])


def waiting(service):
    return len(ledger.rows(service.parts.settings.library, "SELECT * FROM outbox"))


def test_without_a_follower_a_search_brings_the_index_level(service):
    touch_all(service)
    assert service.find.search("").total == 6
    assert waiting(service) == 0


def test_with_one_a_search_does_not_wait_for_it(service, monkeypatch):
    assert service.find.search("").total == 6  # opens the index
    service.passes.followed = True
    touch_all(service)
    assert service.find.search("").total == 6
    assert waiting(service) == 6
    service.find.changed()
    service.find.search("")
    assert waiting(service) == 0


def test_what_somebody_did_is_in_their_next_search(service):
    with Follower(service.passes):
        assert service.find.search("is:approved").total == 0
        chosen = service.find.search("").assets[0].id
        service.reviews.decide(chosen, "approve", reason=None, person="ana")
        service.find.changed()
        assert [a.id for a in service.find.search("is:approved").assets] == [chosen]


def test_it_follows_by_itself_and_the_last_turn_leaves_nothing(service):
    with Follower(service.passes):
        touch_all(service)
        assert until(lambda: waiting(service) == 0)
        touch_all(service)
    assert waiting(service) == 0
    assert not service.passes.followed


def test_a_stop_does_not_wait_for_a_long_outbox(service, monkeypatch):
    monkeypatch.setattr(follow, "BATCH", 1)
    touch_all(service)
    stop = threading.Event()
    stop.set()
    assert service.passes.follow(stop.is_set) == 1
    assert waiting(service) == 5
