"""Keys of an open library: rotation with its ledger entry, and work that waits for a time stamp instead of failing."""

import json
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from dam.errors import StorageError, UnavailableError
from dam.model import CredentialState
from dam.provenance import certificates, keys
from tests.support import authorities, ledger, pictures
from tests.support.libraries import opened

DEAD = "http://127.0.0.1:9/tsa"


def check(service, name):
    return next(one for one in service.upkeep.doctor() if one.name == name)


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    for n in range(3):
        pictures.put(folder, f"{n}.png", pictures.a1111_png(n))
    return folder


@pytest.fixture
def outside(tmp_path):
    """Somebody else's responder, behind HTTP."""
    ring = keys.create_chain(tmp_path / "outside", "Time Ltd", now=datetime.now(UTC))
    with authorities.serving(authorities.answer_of(ring)) as authority:
        authority.ring = ring
        yield authority


def trusts(library, ring):
    (library / "trust" / "tsa.pem").write_text(ring.root_pem)


# -- rotation


def test_a_rotation_is_in_the_ledger_and_counts_for_the_next_signature(library, drive):
    with opened(library, protect="ai") as service:
        service.roots.add(str(drive))
        service.passes.scan()
        before = service.find.copy_of("0.png")[0]
        done = service.keys.rotate(new_root=True, reason="a new broom", actor="person:ana")
        assert service.parts.ring.key_id == done.new_key_id
        pictures.put(drive, "new.png", pictures.a1111_png(9))
        service.passes.scan()
        for path in (before, service.find.copy_of("new.png")[0]):
            assert service.answers.verify(path).authentic
    entry = ledger.rows(library, "SELECT actor, detail FROM audit_entry WHERE action = 'keys.rotated'")[0]
    assert entry["actor"] == "person:ana"
    detail = json.loads(entry["detail"])
    assert (detail["old"], detail["root"], detail["reason"]) == (done.old_key_id, True, "a new broom")


def test_a_dry_run_changes_nothing(library):
    before = {p: p.read_bytes() for p in (library / "keys").iterdir()}
    with opened(library) as service:
        told = service.keys.rotate(new_root=True, destroy=True, dry_run=True)
        assert service.keys.rotate_mark(dry_run=True).new_key_id is None
    assert (told.new_key_id, told.new_root, told.new_issuing) == (None, True, True)
    assert {p: p.read_bytes() for p in (library / "keys").iterdir()} == before


def test_a_rotation_that_the_ledger_cannot_take_is_undone(library, monkeypatch):
    with opened(library) as service:
        before = service.parts.ring

        def full(self):
            raise StorageError("The disk is full.")

        monkeypatch.setattr("dam.catalogue.unit.Unit.finish", full)
        with pytest.raises(StorageError):
            service.keys.rotate()
        assert keys.load_ring(library / "keys") == before
    assert [a for a, _ in ledger.actions(library)] == ["library.created"]


def test_old_marks_are_found_after_a_new_mark_key(library, drive, tmp_path):
    with opened(library, protect="ai") as service:
        service.roots.add(str(drive))
        service.passes.scan()
        done = service.keys.rotate_mark(reason="leaked?")
        pictures.put(drive, "new.png", pictures.a1111_png(9))
        service.passes.scan()
        seen = {name: service.answers.verify(service.find.copy_of(name)[0]).mark for name in ("0.png", "new.png")}
    assert {name: mark.key_id for name, mark in seen.items()} == {"0.png": done.old_key_id, "new.png": done.new_key_id}
    assert all(mark.asset_id for mark in seen.values())


def aged(library, days):
    """The library's keys as they are so many days before the signing certificate's end."""
    for path in (library / "keys").iterdir():
        if not path.name.startswith("mark"):
            path.unlink()
    made = datetime.now(UTC) - timedelta(days=certificates.LEAF_DAYS - 1 - days, hours=-1)
    ring = keys.create_chain(library / "keys", "Local Studio", now=made)
    (library / "trust" / "organisation.pem").write_text(ring.root_pem)
    (library / "trust" / "organisation-tsa.pem").unlink()
    return ring


@pytest.mark.parametrize(("days", "rotates"), [(31, False), (29, True), (-5, True)])
def test_a_running_service_rotates_before_the_end(library, days, rotates):
    ring = aged(library, days)
    with opened(library) as service:
        service.keys.tick()
        assert (service.parts.ring.key_id != ring.key_id) is rotates
        assert check(service, "certificate").status == ("ok" if rotates else "warn" if days <= 30 else "ok")
        assert service.keys.rotate_if_due() is None


def test_rotation_by_itself_can_be_switched_off_and_doctor_names_the_command(library):
    aged(library, 5)
    with opened(library, rotate_days=0) as service:
        service.keys.tick()
        found = check(service, "certificate")
    assert (found.status, found.next_step) == ("warn", "dam keys rotate")
    assert "5 more days" in found.message


def test_a_service_that_runs_elsewhere_signs_with_the_new_key(library, drive):
    with opened(library, protect="ai") as service, opened(library) as other:
        service.roots.add(str(drive))
        done = other.keys.rotate(new_root=True, destroy=True)
        summary = service.passes.scan()
        assert (summary.protected, summary.quarantined) == (3, [])
        assert service.parts.ring.key_id == done.new_key_id


def test_an_older_library_gets_its_time_stamp_certificate_when_it_is_opened(library):
    ring = json.loads((library / "keys" / "ring.json").read_text())
    for part in ("stamp_key", "stamp_chain"):
        (library / "keys" / ring.pop(part)).unlink()
    (library / "keys" / "ring.json").write_text(json.dumps(ring))
    (library / "trust" / "organisation-tsa.pem").unlink()
    with opened(library) as service:
        assert check(service, "time stamps").status == "ok"
    assert "BEGIN CERTIFICATE" in (library / "trust" / "organisation-tsa.pem").read_text()


def test_without_its_root_key_an_older_library_opens_and_says_what_is_missing(library):
    ring = json.loads((library / "keys" / "ring.json").read_text())
    for part in ("stamp_key", "stamp_chain"):
        (library / "keys" / ring.pop(part)).unlink()
    (library / "keys" / ring["root_key"]).unlink()
    (library / "keys" / "ring.json").write_text(json.dumps(ring))
    with opened(library) as service:
        found = check(service, "time stamps")
    assert found.status == "warn"
    assert "root-*.key" in found.next_step


# -- time stamps


def test_an_outside_authority_stamps_what_is_signed(library, drive, outside):
    trusts(library, outside.ring)
    with opened(library, protect="ai", tsa_url=outside.url) as service:
        service.roots.add(str(drive))
        assert service.passes.scan().protected == 3
        assert outside.asked == 3
        verdict = service.answers.verify(service.find.copy_of("0.png")[0])
    assert verdict.credentials.state is CredentialState.TRUSTED
    assert verdict.credentials.signed_at


def test_without_an_authority_work_waits_is_counted_as_no_try_and_ends_when_it_is_back(library, drive, outside):
    trusts(library, outside.ring)
    outside.answer = lambda request: 503
    with opened(library, protect="ai", tsa_url=outside.url, max_tries=1) as service:
        service.roots.add(str(drive))
        summary = service.passes.scan()
        assert (summary.admitted, summary.protected, summary.quarantined) == (3, 0, [])
        assert [p.code for p in summary.problems] == ["timestamp.unavailable"]
        assert "3 protected copies wait" in summary.problems[0].message
        rows = ledger.rows(library, "SELECT state, tries, message FROM job WHERE stage = 'protect'")
        assert {(row["state"], row["tries"]) for row in rows} == {("due", 0)}
        assert "HTTP 503" in rows[0]["message"]
        found = check(service, "time stamps")
        assert found.status == "warn"
        assert "3 copies wait" in found.message
        with pytest.raises(UnavailableError, match="waits") as caught:
            service.copies.protect("0.png")
        assert caught.value.exit_status == 5
        outside.answer = authorities.answer_of(outside.ring)
        time.sleep(service.parts.means.stamping._rest_until - time.monotonic() + 0.1)
        assert service.passes.scan().protected == 3


def test_a_dead_authority_costs_one_question_and_not_one_for_each_file(library, drive, outside):
    trusts(library, outside.ring)
    outside.answer = lambda request: 503
    with opened(library, protect="ai", tsa_url=outside.url, workers=1) as service:
        service.roots.add(str(drive))
        service.passes.scan()
        assert outside.asked < 3


def test_preferred_goes_on_without_and_the_ledger_and_doctor_say_so(library, drive):
    with opened(library, protect="ai", tsa_url=DEAD, timestamps="preferred") as service:
        service.roots.add(str(drive))
        assert service.passes.scan().protected == 3
        assert "3 copies were signed without one" in check(service, "time stamps").message
        assert service.answers.verify(service.find.copy_of("0.png")[0]).authentic
    assert [a for a, _ in ledger.actions(library)].count("copy.unstamped") == 3


def test_off_is_said_by_doctor(library):
    with opened(library, timestamps="off") as service:
        assert check(service, "time stamps").status == "warn"


def test_the_loopback_port_is_closed_with_the_service(library, drive):
    with opened(library, protect="ai") as service:
        service.roots.add(str(drive))
        service.passes.scan()
        port = service.parts.means.stamping._relay._server.server_port
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
