"""Rotation: what is made new and when, one switch, and nothing lost whatever fails."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from dam.errors import ConflictError, SignerUnavailableError, StorageError
from dam.model import CredentialState
from dam.provenance import certificates, keyfiles, keylist, keys, rotation, signing
from dam.provenance.live import Live
from dam.provenance.trust import TrustStore
from dam.provenance.verdict import judge_bytes

START = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def ring(tmp_path):
    return keys.create_chain(tmp_path / "keys", "Studio", now=START)


def rotate(ring, when, *, new_root=False, reason=""):
    with (
        keyfiles.locked(ring.folder),
        rotation.prepared(ring, rotation.plan(ring, when, new_root=new_root), when, reason=reason) as ready,
    ):
        ready.switch()
    return keys.load_ring(ring.folder)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


def issuing(ring):
    return x509.load_pem_x509_certificates(ring.chain_pem.encode())[1]


def test_a_rotation_makes_a_new_leaf_under_the_same_ca_and_keeps_the_old_files(ring):
    before = contents(ring.folder)
    new = rotate(ring, START + timedelta(days=340), reason="yearly")
    assert new.key_id != ring.key_id
    assert issuing(new) == issuing(ring)
    assert (new.root_pem, new.stamp_pem) == (ring.root_pem, ring.stamp_pem)
    assert new.leaf_not_after == START + timedelta(days=340 + certificates.LEAF_DAYS - 1)
    after = contents(ring.folder)
    assert {name: after[name] for name in before if name != "ring.json"} == {
        name: data for name, data in before.items() if name != "ring.json"
    }
    assert [(one["key_id"], one["reason"]) for one in new.retired] == [(ring.key_id, "yearly")]


def test_a_ca_that_ends_before_the_new_leaf_is_made_new_too_and_the_root_only_when_asked_for(ring):
    late = START + timedelta(days=1500)
    new = rotate(ring, late)
    assert issuing(new) != issuing(ring)
    assert new.root_pem == ring.root_pem
    last = START + timedelta(days=3400)
    with pytest.raises(ConflictError) as caught:
        rotation.plan(new, last)
    assert caught.value.code == "keys.root_too_short"
    assert "--root" in caught.value.next_step
    newest = rotate(new, last, new_root=True)
    assert newest.root_pem != ring.root_pem
    assert newest.stamp_pem != ring.stamp_pem  # it led to the old root


@pytest.mark.parametrize("days", [0, 340, 1500, 2900, 3200])
def test_no_certificate_outlives_the_one_above_it(ring, days):
    new = rotate(ring, START + timedelta(days=days))
    leaf, ca = x509.load_pem_x509_certificates(new.chain_pem.encode())
    root = x509.load_pem_x509_certificate(new.root_pem.encode())
    leaf.verify_directly_issued_by(ca)
    ca.verify_directly_issued_by(root)
    assert leaf.not_valid_after_utc <= ca.not_valid_after_utc <= root.not_valid_after_utc
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=366)


@pytest.mark.parametrize("switched", [False, True])
def test_a_rotation_that_fails_leaves_every_byte_as_it_was(ring, switched):
    before = contents(ring.folder)

    def fail():
        with rotation.prepared(ring, rotation.plan(ring, START, new_root=True), START, reason="") as ready:
            if switched:
                ready.switch()
            raise StorageError("The disk is full.")

    with pytest.raises(StorageError):
        fail()
    assert contents(ring.folder) == before


def test_a_ca_key_that_is_kept_elsewhere_is_asked_for_by_name(ring):
    (ring.folder / ring.files["root_key"]).unlink()
    assert rotate(ring, START).key_id != ring.key_id  # not needed for a leaf
    before = contents(ring.folder)
    with pytest.raises(SignerUnavailableError) as caught:
        rotate(ring, START + timedelta(days=1500))
    assert caught.value.code == "keys.ca_key_needed"
    assert ring.files["root_key"] in caught.value.message
    assert contents(ring.folder) == before


def test_only_private_keys_that_nothing_uses_can_be_destroyed(ring):
    mark = keys.create_mark_key(ring.folder)
    assert rotation.retired_secrets(ring) == ()
    new = rotate(ring, START)
    assert [path.name for path in rotation.retired_secrets(new)] == [ring.files["leaf_key"]]
    newest = rotate(new, START, new_root=True)
    gone = rotation.retired_secrets(newest)
    assert {path.name.partition("-")[0] for path in gone} == {"leaf", "issuing", "root", "stamp"}
    assert not {path.name for path in gone} & set(newest.files.values())
    for path in gone:
        assert keyfiles.destroy(path)
    assert keys.load_mark_key(ring.folder) == mark
    assert keys.load_ring(ring.folder) == newest
    assert rotation.retired_secrets(newest) == ()


def test_an_older_ring_gets_its_time_stamp_certificate_and_stays_the_same_ring(ring):
    old = json.loads((ring.folder / "ring.json").read_text())
    for part in ("stamp_key", "stamp_chain"):
        (ring.folder / old.pop(part)).unlink()
    old.pop("retired")
    (ring.folder / "ring.json").write_text(json.dumps(old | {"version": 1}))
    bare = keys.load_ring(ring.folder)
    assert bare.stamp_pem == ""
    new, anchor = rotation.add_stamper(bare, START)
    assert (new.key_id, new.chain_pem) == (ring.key_id, ring.chain_pem)
    assert anchor.decode() in new.stamp_pem


def test_a_new_mark_key_is_the_one_that_marks_whatever_file_times_say(ring):
    old = keys.create_mark_key(ring.folder)
    new = rotation.rotate_mark(ring)
    os.utime(ring.folder / f"mark-{old.key_id}.key", (2**31, 2**31))  # a backup that was copied back
    assert keys.load_mark_keys(ring.folder) == (new, old)
    assert keys.load_mark_key(rotate(keys.load_ring(ring.folder), START).folder) == new


def test_whoever_holds_a_ring_sees_the_rotation_of_another(ring):
    live = Live(lambda: keys.load_ring(ring.folder), [ring.folder / "ring.json"])
    assert live.get().key_id == ring.key_id
    new = rotate(ring, START)
    assert live.get() == new


def test_a_change_that_cannot_be_read_leaves_what_was_read_before(ring, caplog):
    live = Live(lambda: keys.load_ring(ring.folder), [ring.folder / "ring.json"])
    (ring.folder / "ring.json").write_text("{")
    assert live.get() == ring
    assert "damaged" in caplog.text


def test_the_list_names_every_key_once_and_shows_none(ring):
    marks = (keys.create_mark_key(ring.folder),)
    new = rotate(rotate(ring, START), START, new_root=True)
    keyfiles.destroy(ring.leaf_key_path)
    rows = keylist.rows(new, marks, START + timedelta(days=10))
    assert [(row.kind, row.state) for row in rows][:5] == [
        ("root", "current"), ("issuing", "current"), ("signer", "current"), ("time_stamp", "current"), ("mark", "current")
    ]  # fmt: skip
    assert len({(row.kind, row.key_id) for row in rows}) == len(rows) == 10
    gone = next(row for row in rows if row.key_id == ring.key_id)
    assert (gone.state, gone.where) == ("retired", None)
    signer = next(row for row in rows if row.kind == "signer")
    assert signer.days_left == certificates.LEAF_DAYS - 1 - 10
    assert marks[0].secret.hex() not in repr(rows)


def test_files_signed_before_a_rotation_stay_trusted_and_those_after_it_are(picture, copy_statement, tmp_path):
    now = datetime.now(UTC)
    ring = keys.create_chain(tmp_path / "keys", "Studio", now=now)
    original = tmp_path / "original.png"
    original.write_bytes(picture())

    def sign(with_ring, anchors):
        return signing.sign_copy(
            picture(seed=1), "image/png", original_path=str(original), original_mime="image/png",
            statement=copy_statement(picture()), ring=with_ring, store=TrustStore.of(anchors),
        ).data  # fmt: skip

    new = rotate(ring, now)
    newest = rotate(new, now, new_root=True)
    anchors = ring.root_pem + newest.root_pem
    files = [sign(one, anchors) for one in (ring, new, newest)]
    for path in rotation.retired_secrets(newest):
        keyfiles.destroy(path)
    states = [judge_bytes(data, "image/png", TrustStore.of(anchors)).state for data in files]
    assert states == [CredentialState.TRUSTED] * 3
