import logging
import os
import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from dam.errors import BadFileError, ConflictError, NotFoundError, PolicyError, UsageError
from dam.provenance import keys
from dam.provenance.certificates import CLAIM_SIGNING

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_new_ring_has_the_claim_signing_profile(tmp_path):
    ring = keys.create_chain(tmp_path / "keys", "Studio", now=NOW)
    leaf, issuing = x509.load_pem_x509_certificates(ring.chain_pem.encode())
    root = x509.load_pem_x509_certificate(ring.root_pem.encode())
    leaf.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(root)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=366)
    assert issuing.not_valid_after_utc - issuing.not_valid_before_utc <= timedelta(days=1827)
    assert ring.leaf_not_after == leaf.not_valid_after_utc
    assert {type(one.public_key().curve) for one in (root, issuing, leaf)} == {ec.SECP256R1}
    assert issuing.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    assert CLAIM_SIGNING in leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    assert leaf.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    assert "O=Studio" in leaf.subject.rfc4514_string()


def test_every_file_of_a_ring_is_private_even_under_an_open_umask(tmp_path):
    before = os.umask(0)
    try:
        keys.create_chain(tmp_path / "keys", "Studio", now=NOW)
        keys.create_mark_key(tmp_path / "keys")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()} == {0o600}


def test_a_ring_is_read_as_it_was_made(tmp_path):
    ring = keys.create_chain(tmp_path, "Studio", now=NOW)
    assert keys.load_ring(tmp_path) == ring
    assert isinstance(keys.load_leaf_key(ring), ec.EllipticCurvePrivateKey)


def test_a_second_ring_is_refused_and_the_first_stays_byte_for_byte(tmp_path):
    keys.create_chain(tmp_path, "Studio", now=NOW)
    before = contents(tmp_path)
    with pytest.raises(ConflictError):
        keys.create_chain(tmp_path, "Other", now=NOW)
    assert contents(tmp_path) == before


def test_of_two_who_make_a_ring_at_once_one_loses_and_leaves_nothing(tmp_path, monkeypatch):
    keys.create_chain(tmp_path, "Studio", now=NOW)
    before = contents(tmp_path)
    exists = type(tmp_path).exists
    monkeypatch.setattr(type(tmp_path), "exists", lambda path: path.name != "ring.json" and exists(path))
    with pytest.raises(ConflictError):
        keys.create_chain(tmp_path, "Other", now=NOW)
    assert contents(tmp_path) == before


def test_a_folder_without_a_ring_says_so(tmp_path):
    with pytest.raises(NotFoundError):
        keys.load_ring(tmp_path)


@pytest.mark.parametrize("damage", [b"", b"[]", b"{}", b'{"chain": "../../etc/passwd"}', b"\xff\xfe"])
def test_a_damaged_ring_says_so(tmp_path, damage):
    keys.create_chain(tmp_path, "Studio", now=NOW)
    (tmp_path / "ring.json").write_bytes(damage)
    with pytest.raises(BadFileError):
        keys.load_ring(tmp_path)


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\nb"])
def test_names_that_no_certificate_carries_are_refused(tmp_path, name):
    with pytest.raises(UsageError):
        keys.create_chain(tmp_path / "keys", name, now=NOW)
    assert not (tmp_path / "keys").exists()


def test_a_key_that_others_may_read_is_not_used(tmp_path):
    ring = keys.create_chain(tmp_path, "Studio", now=NOW)
    ring.leaf_key_path.chmod(0o640)
    with pytest.raises(PolicyError, match="chmod 600"):
        keys.load_leaf_key(ring)


def test_a_mark_key_is_32_random_bytes_and_found_again(tmp_path):
    key = keys.create_mark_key(tmp_path)
    assert len(key.secret) == 32
    assert keys.load_mark_key(tmp_path) == key == keys.mark_key(tmp_path)
    assert keys.create_mark_key(tmp_path).secret != key.secret


def test_an_older_mark_key_is_found_by_its_name(tmp_path):
    old, new = keys.create_mark_key(tmp_path), keys.create_mark_key(tmp_path)
    os.utime(tmp_path / f"mark-{old.key_id}.key", (1, 1))
    assert keys.load_mark_key(tmp_path) == new
    assert keys.load_mark_key(tmp_path, old.key_id) == old


def test_a_library_without_a_mark_key_gets_one(tmp_path):
    with pytest.raises(NotFoundError):
        keys.load_mark_key(tmp_path)
    assert keys.mark_key(tmp_path) == keys.load_mark_key(tmp_path)


def test_a_changed_mark_key_is_noticed(tmp_path):
    key = keys.create_mark_key(tmp_path)
    (tmp_path / f"mark-{key.key_id}.key").write_bytes(bytes(32))
    with pytest.raises(BadFileError):
        keys.load_mark_key(tmp_path)


def test_no_secret_shows_in_a_repr_or_a_log(tmp_path, caplog):
    with caplog.at_level(logging.DEBUG):
        ring, mark = keys.create_chain(tmp_path, "Studio", now=NOW), keys.create_mark_key(tmp_path)
        said = f"{ring!r} {mark!r} {mark} {caplog.text}"
    assert mark.secret.hex() not in said
    assert repr(mark.secret) not in said
    assert "PRIVATE" not in said
    assert ring.leaf_key_path.read_text().splitlines()[1] not in said
