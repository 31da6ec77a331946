"""Issue the certificates of a ring: pure, nothing is stored here.

Root (P-384) → issuing CA (P-384, no CA below it) → ES256 leaf with the claim-signing profile of the C2PA conformance
programme (leaf ≤ 366 days, issuing CA ≤ 1827 days). Nothing claims an assurance level or a certificate policy: nobody
has assessed this library.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

CLAIM_SIGNING = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
PURPOSES = (CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION)
LEAF_DAYS = 365  # the backdated day included; the profile allows 366
ISSUING_DAYS = 1800
ROOT_DAYS = 3650
_BACKDATED = timedelta(days=1)  # clocks of other machines run behind


@dataclass(frozen=True, slots=True)
class Chain:
    """A new chain as PEM bytes; `key_id` is the first 16 hex digits of the SHA-256 of the leaf's public key."""

    key_id: str
    root: bytes
    chain: bytes  # leaf + issuing CA
    root_key: bytes = field(repr=False)
    issuing_key: bytes = field(repr=False)
    leaf_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Holder:
    name: x509.Name
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class _Profile:
    """What one certificate is for; `cas_below` is None for a leaf."""

    days: int
    cas_below: int | None = None
    purposes: tuple[ObjectIdentifier, ...] = ()


def new_chain(organisation: str, now: datetime) -> Chain:
    """Make three keys and their certificates (some 5 ms)."""
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    key_id = hashlib.sha256(_public(leaf_key)).hexdigest()[:16]
    root = _Holder(_name(organisation, "Root", key_id), ec.generate_private_key(ec.SECP384R1()))
    issuing = _Holder(_name(organisation, "Issuing CA", key_id), ec.generate_private_key(ec.SECP384R1()))
    leaf = _Holder(_name(organisation, "Signer", key_id), leaf_key)
    root_certificate = _issue(root, _Profile(ROOT_DAYS, cas_below=1), root, now)
    issuing_certificate = _issue(issuing, _Profile(ISSUING_DAYS, cas_below=0, purposes=PURPOSES), root, now)
    leaf_certificate = _issue(leaf, _Profile(LEAF_DAYS, purposes=PURPOSES), issuing, now)
    return Chain(
        key_id=key_id,
        root=_pem(root_certificate),
        chain=_pem(leaf_certificate, issuing_certificate),
        root_key=_pem_key(root.key),
        issuing_key=_pem_key(issuing.key),
        leaf_key=_pem_key(leaf.key),
    )


def _name(organisation: str, role: str, key_id: str) -> x509.Name:
    """O must stand in every subject: a leaf without it gets a misleading signature error (c2pa-rs#2497)."""
    common = f"{organisation[:40]} {role} {key_id[:8]}"
    attributes = ((NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, common))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


def _issue(subject: _Holder, profile: _Profile, issuer: _Holder, now: datetime) -> x509.Certificate:
    """Sign one certificate; the SDK refuses a chain without AKI or KeyUsage."""
    is_ca = profile.cas_below is not None
    usage = x509.KeyUsage(
        digital_signature=not is_ca,
        content_commitment=not is_ca,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    public, above, start = subject.key.public_key(), issuer.key.public_key(), now - _BACKDATED
    builder = (
        x509.CertificateBuilder(subject_name=subject.name, issuer_name=issuer.name, public_key=public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=profile.days))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=profile.cas_below), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above), critical=False)
    )
    if profile.purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(profile.purposes), critical=False)
    return builder.sign(issuer.key, hashes.SHA384())


def _public(key: ec.EllipticCurvePrivateKey) -> bytes:
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.DER, info)


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, plain)


def _pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)
