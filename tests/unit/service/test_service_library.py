"""A library on disk: its ids, its making, its opening."""

import stat
import time
import uuid

import pytest

from dam.errors import MigrationError, StorageError
from dam.service import library as service_library
from dam.service.library import create_library, new_id, open_service, protect_folder
from tests.support import ledger
from tests.support.libraries import settings


def test_an_id_is_a_uuid_of_version_7_that_tells_its_millisecond():
    before = time.time_ns() // 1_000_000
    found = uuid.UUID(new_id())
    after = time.time_ns() // 1_000_000
    assert (found.version, found.variant) == (7, uuid.RFC_4122)
    assert before <= found.int >> 80 <= after


def test_ids_sort_by_their_time_as_text(monkeypatch):
    ids = []
    for ms in (0, 1, 1_700_000_000_000, 1_700_000_000_001, 2**48 - 1):
        monkeypatch.setattr(service_library.time, "time_ns", lambda ms=ms: ms * 1_000_000)
        ids.append(new_id())
    assert ids == sorted(ids)
    assert [uuid.UUID(i).version for i in ids] == [7] * len(ids)


def test_ids_of_one_moment_differ():
    assert len({new_id() for _ in range(5_000)}) == 5_000


def test_making_a_library_again_changes_nothing(library):
    before = {p: p.read_bytes() for p in library.rglob("*") if p.is_file() and "catalogue" not in p.name}
    create_library(settings(library))
    assert {p: p.read_bytes() for p in library.rglob("*") if p.is_file() and "catalogue" not in p.name} == before
    assert [a for a, _ in ledger.actions(library)] == ["library.created"]


@pytest.mark.parametrize("lost", ["keys/ring.json", "trust/organisation.pem", "dam.toml"])
def test_a_library_whose_making_stopped_anywhere_is_made_whole_by_opening_it(library, lost):
    (library / lost).unlink()
    (library / "dam.toml").unlink(missing_ok=True)  # what is written last is missing, too
    with open_service(settings(library)) as service:
        assert [c for c in service.upkeep.doctor() if c.status == "fail"] == []
    assert (library / lost).is_file()


def test_keys_of_a_whole_library_that_are_lost_are_never_replaced_in_silence(library):
    """New keys would make every copy ever delivered look like a stranger's."""
    from dam.errors import NotFoundError

    (library / "keys" / "ring.json").unlink()
    with pytest.raises(NotFoundError), open_service(settings(library)):
        pass
    assert not (library / "keys" / "ring.json").exists()


def test_opening_what_is_no_library_makes_nothing(tmp_path):
    with pytest.raises(MigrationError, match="dam init"), open_service(settings(tmp_path / "none")):
        pass
    assert not (tmp_path / "none").exists()


def test_the_folder_is_for_its_owner_only(tmp_path):
    protect_folder(tmp_path / "a" / "library")
    assert stat.S_IMODE((tmp_path / "a" / "library").stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="could not be written"):
        protect_folder(tmp_path / "file" / "library")
