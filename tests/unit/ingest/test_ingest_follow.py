"""The index follows the catalogue: level after every pass, rebuilt when damaged, and never in the way of an ingest."""

import pytest

from dam.ingest import follow
from dam.search import generations
from dam.search.index import TantivyIndex
from tests.support import ledger, pictures
from tests.support.libraries import opened


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    for name in ("alpha", "beta"):
        pictures.put(folder, f"{name}.txt", name.encode())
    return folder


@pytest.fixture
def service(library, drive):
    with opened(library, protect="none") as service:
        service.roots.add(str(drive))
        service.passes.scan()
        yield service


def found(service, query=""):
    return {card.title for card in service.find.search(query).assets}


def lag(library):
    return len(ledger.rows(library, "SELECT * FROM outbox"))


def damage(library):
    for path in (library / "index").rglob("*"):
        if path.is_file() and path.suffix in {".store", ".idx", ".term", ".fast", ".json"}:
            path.write_bytes(b"damaged")


def test_a_pass_leaves_nothing_to_follow(service, library):
    assert lag(library) == 0
    assert found(service) == {"alpha.txt", "beta.txt"}


def test_a_change_by_another_process_is_found_by_the_next_search(service, library, drive):
    assert found(service) == {"alpha.txt", "beta.txt"}
    with opened(library, protect="none") as other:
        pictures.put(drive, "gamma.txt", b"gamma")
        other.passes.scan()
    assert found(service, "gamma") == {"gamma.txt"}


def test_an_outbox_row_stays_until_the_index_has_it(service, library, monkeypatch):
    with service.parts.catalogue.change() as unit:
        unit.touch(service.find.id_of("alpha.txt"))

    def dies(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(follow, "_forget", dies)
    with pytest.raises(KeyboardInterrupt):
        service.passes.follow()
    assert lag(library) == 1
    monkeypatch.undo()
    assert service.passes.follow() == 1
    assert lag(library) == 0
    assert found(service) == {"alpha.txt", "beta.txt"}


def test_a_damaged_index_fails_no_pass_and_is_made_anew(service, library, drive):
    damage(library)
    pictures.put(drive, "gamma.txt", b"gamma")
    assert service.passes.scan().admitted == 1
    assert found(service) == {"alpha.txt", "beta.txt", "gamma.txt"}
    assert lag(library) == 0


def test_an_index_that_another_process_writes_fails_no_pass(service, library, drive):
    pictures.put(drive, "gamma.txt", b"gamma")
    with generations.writer_lock(library / "index"):
        assert service.passes.scan().admitted == 1
        assert lag(library) > 0
    assert found(service) == {"alpha.txt", "beta.txt", "gamma.txt"}


def test_a_missing_index_is_made_while_another_process_makes_it_without_failing_the_pass(service, library, drive):
    import shutil

    folder = library / "index"
    shutil.rmtree(folder)
    pictures.put(drive, "gamma.txt", b"gamma")
    with generations.writer_lock(folder):
        assert service.passes.scan().admitted == 1
    assert found(service) == {"alpha.txt", "beta.txt", "gamma.txt"}


def test_rebuilding_takes_every_asset_and_forgets_what_it_took(service, library):
    with service.parts.catalogue.change() as unit:
        unit.touch(service.find.id_of("alpha.txt"))
    index = TantivyIndex(library / "index")
    assert follow.rebuild(library / "catalogue.db", index) == 2
    assert lag(library) == 0
    assert index.state().documents == 2
