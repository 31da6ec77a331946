"""Signers that are supplied: what is good signs, what is not is said by code before anything is signed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from dam.errors import SignerUnavailableError
from dam.model import CredentialState
from dam.provenance import certificates, signers, signing
from dam.provenance.means import SigningMeans, Supplied
from dam.provenance.stamping import Stamping
from dam.provenance.trust import TrustStore
from tests.support import authorities, identities


def now():
    return datetime.now(UTC)


@pytest.fixture
def sign_as(picture, ring, copy_statement, tmp_path):
    """sign_as(supplied, root) -> a signed picture; the stamp is by our own ring."""
    original = tmp_path / "original.png"
    original.write_bytes(picture(seed=1))

    def sign(supplied, root_pem):
        stamping = Stamping(
            responder=lambda: authorities.responder(ring), anchors=lambda: (ring.stamp_pem,), clock=now, mode="required"
        )
        means = SigningMeans(ring=lambda: ring, stamping=stamping, clock=now, supplied=supplied)
        try:
            return signing.sign_copy(
                picture(seed=2), "image/png", original_path=str(original), original_mime="image/png",
                statement=copy_statement(original.read_bytes()), ring=ring, means=means,
                store=TrustStore.of(official=root_pem, organisation=ring.root_pem),
            )  # fmt: skip
        finally:
            means.close()

    return sign


@pytest.mark.parametrize("alg", identities.KEYS)
def test_a_supplied_key_of_every_algorithm_signs_and_is_trusted_by_the_list_that_holds_its_root(alg, sign_as, tmp_path):
    one = identities.Identity(tmp_path / alg, alg)
    signed = sign_as(Supplied(one.chain, str(one.key)), one.root_pem)
    assert (signed.credentials.state, signed.credentials.tier) == (CredentialState.TRUSTED, "official")
    assert signed.credentials.issuer == "Outside"
    assert signed.stamped_by.startswith("Headwater local")


@pytest.mark.parametrize("wrong", identities.CODES)
def test_a_certificate_that_is_unfit_is_said_by_code_before_anything_is_signed(wrong, tmp_path):
    one = identities.Identity(tmp_path / "outside", wrong=wrong)
    with pytest.raises(SignerUnavailableError) as caught:
        signers.load_supplied(one.chain, one.key, now())
    assert caught.value.code == identities.CODES[wrong]
    assert caught.value.next_step


def _spoilt(one, how, tmp_path):
    if how == "no pem":
        one.chain.write_text("certificate, certainly")
    elif how == "broken pem":
        one.chain.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    elif how == "too many":
        one.chain.write_bytes(one.chain.read_bytes() * 4)
    elif how == "order":
        one.chain.write_bytes(certificates.pem(one.leaf) + identities.Identity(tmp_path / "b").root_pem.encode())
        other = certificates.new_issuing(certificates.new_root("B", now()), "B", now())
        one.chain.write_bytes(certificates.pem(one.leaf, other.certificate))
    elif how == "other key":
        one.key.write_bytes(identities.Identity(tmp_path / "other").key.read_bytes())
    elif how == "other kind of key":
        one.key.write_bytes(identities.Identity(tmp_path / "other", "ed25519").key.read_bytes())
    elif how == "encrypted":
        one.put_key(serialization.BestAvailableEncryption(b"secret"))
    elif how == "no key":
        one.key.write_bytes(one.chain.read_bytes())
    elif how == "open to others":
        one.key.chmod(0o644)
    else:
        one.key.unlink()


@pytest.mark.parametrize(
    ("how", "code"),
    {
        "no pem": "signer.pem", "broken pem": "signer.pem", "too many": "signer.pem", "order": "signer.order",
        "other key": "signer.key_mismatch", "other kind of key": "signer.key_mismatch", "encrypted": "signer.key_encrypted",
        "no key": "signer.key_pem", "open to others": "signer.exposed", "gone": "signer.unreadable",
    }.items(),
)  # fmt: skip
def test_files_that_do_not_do_are_said_by_code(how, code, tmp_path):
    one = identities.Identity(tmp_path / "outside")
    _spoilt(one, how, tmp_path)
    with pytest.raises(SignerUnavailableError) as caught:
        signers.load_supplied(one.chain, one.key, now())
    assert caught.value.code == code
    assert "PRIVATE KEY-----\nM" not in f"{caught.value} {caught.value.__cause__!r}"


def test_a_renewed_certificate_counts_at_once(ring, tmp_path):
    one = identities.Identity(tmp_path / "outside")
    stamping = Stamping(responder=lambda: None, anchors=tuple, clock=now, mode="off")
    means = SigningMeans(ring=lambda: ring, stamping=stamping, clock=now, supplied=Supplied(one.chain, str(one.key)))
    before = means.signer()
    assert means.signer() is before  # looked at once, not for each file
    two = identities.Identity(tmp_path / "outside")
    assert means.signer().key_id == certificates.key_id_of(two.leaf) != before.key_id


def test_a_root_in_the_chain_is_not_sent_along(tmp_path):
    one = identities.Identity(tmp_path / "outside")
    assert len(x509.load_pem_x509_certificates(one.chain.read_bytes())) == 3
    sent = x509.load_pem_x509_certificates(signers.load_supplied(one.chain, one.key, now()).chain_pem.encode())
    assert [cert.issuer == cert.subject for cert in sent] == [False, False]


def test_what_a_signer_raised_reaches_the_caller_and_no_secret_is_in_it(sign_as, tmp_path, monkeypatch):
    one = identities.Identity(tmp_path / "outside")
    real = signers.FileSigner.sign

    def taken_away(self, data):
        if data != signers.PROBE:
            Path(self.path).unlink(missing_ok=True)
        return real(self, data)

    monkeypatch.setattr(signers.FileSigner, "sign", taken_away)
    with pytest.raises(SignerUnavailableError) as caught:
        sign_as(Supplied(one.chain, str(one.key)), one.root_pem)
    assert caught.value.code == "signer.unreadable"


def test_no_signer_shows_its_key_or_pin(tmp_path):
    one = identities.Identity(tmp_path / "outside")
    body = one.key.read_text().splitlines()[1]
    said = f"{signers.load_supplied(one.chain, one.key, now())!r} {Supplied(one.chain, 'pkcs11:', '123456')!r}"
    assert body not in said
    assert "123456" not in said
