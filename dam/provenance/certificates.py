"""Issue the library's own certificates: pure, nothing is stored here.

Root → issuing CA (no CA below it) → ES256 leaf with the claim-signing profile of the C2PA conformance
programme (leaf ≤ 366 days, issuing CA ≤ 1827 days). Nothing claims an assurance level or a certificate policy: nobody
has assessed this library. All keys are P-256: the SDK verifies every certificate several times for each signature and
each reading, and with P-384 CAs (as in older libraries) that takes three quarters more (decision 0022).

Root → time-stamping CA → ES256 time-stamp certificate (RFC 3161 §2.3: timeStamping alone and critical). That CA signs
one certificate and its key is thrown away, so it can stand in the list of time-stamp authorities and vouch for nothing
else.
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
STAMPING = (ExtendedKeyUsageOID.TIME_STAMPING,)
LEAF_DAYS = 365  # the backdated day included; the profile allows 366
ISSUING_DAYS = 1800
ROOT_DAYS = 3650
LOCAL_STAMP_NAME = "Headwater local time stamp (not independent)"  # the CN's beginning; validators show it
_BACKDATED = timedelta(days=1)  # clocks of other machines run behind


@dataclass(frozen=True, slots=True)
class Holder:
    """A certificate and its private key. `key_id`: the first 16 hex digits of the SHA-256 of the public key."""

    key_id: str
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def certificate_pem(self) -> bytes:
        return pem(self.certificate)

    def key_pem(self) -> bytes:
        """The private key as unencrypted PKCS8."""
        pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, pkcs8, plain)


@dataclass(frozen=True, slots=True)
class Stamper:
    """A time-stamp certificate with the CA that issued it (whose key is gone)."""

    holder: Holder
    authority: x509.Certificate

    def chain_pem(self) -> bytes:
        return pem(self.holder.certificate, self.authority)


@dataclass(frozen=True, slots=True)
class _Profile:
    """What one certificate is for; `cas_below` is None for a leaf."""

    role: str
    days: int
    cas_below: int | None = None
    purposes: tuple[ObjectIdentifier, ...] = ()
    purposes_critical: bool = False


_ROOT = _Profile("Root", ROOT_DAYS, cas_below=1)
_ISSUING = _Profile("Issuing CA", ISSUING_DAYS, cas_below=0, purposes=PURPOSES)
_LEAF = _Profile("Signer", LEAF_DAYS, purposes=PURPOSES)
_STAMP_CA = _Profile("Time-stamping CA", ROOT_DAYS, cas_below=0, purposes=STAMPING)
_STAMP = _Profile("", ROOT_DAYS, purposes=STAMPING, purposes_critical=True)


def new_root(organisation: str, now: datetime) -> Holder:
    return _issue(_ROOT, organisation, None, now)


def new_issuing(root: Holder, organisation: str, now: datetime) -> Holder:
    return _issue(_ISSUING, organisation, root, now)


def new_leaf(issuing: Holder, organisation: str, now: datetime) -> Holder:
    return _issue(_LEAF, organisation, issuing, now)


def new_stamper(root: Holder, organisation: str, now: datetime) -> Stamper:
    """A time-stamp certificate that lasts as long as the root."""
    authority = _issue(_STAMP_CA, organisation, root, now)
    return Stamper(_issue(_STAMP, organisation, authority, now), authority.certificate)


def end_of(days: int, now: datetime, issuer: x509.Certificate | None) -> datetime:
    """When a certificate of so many days ends: never after its issuer."""
    end = (now - _BACKDATED + timedelta(days=days)).replace(microsecond=0)
    return end if issuer is None else min(end, issuer.not_valid_after_utc)


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def key_id_of(certificate: x509.Certificate) -> str:
    """The first 16 hex digits of the SHA-256 of the certificate's public key."""
    info, der = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.Encoding.DER
    return hashlib.sha256(certificate.public_key().public_bytes(der, info)).hexdigest()[:16]


def _name(profile: _Profile, organisation: str, key_id: str) -> x509.Name:
    """O must stand in every subject: a leaf without it gets a misleading signature error (c2pa-rs#2497)."""
    common = f"{organisation[:38]} {profile.role} {key_id[:8]}" if profile.role else f"{LOCAL_STAMP_NAME} {key_id[:8]}"
    attributes = ((NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, common))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


def _issue(profile: _Profile, organisation: str, issuer: Holder | None, now: datetime) -> Holder:
    """Make a key and sign its certificate; the SDK refuses a chain without AKI or KeyUsage."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    key_id = hashlib.sha256(der).hexdigest()[:16]
    subject = _name(profile, organisation, key_id)
    above = issuer.certificate if issuer else None
    builder = (
        x509.CertificateBuilder(
            issuer_name=above.subject if above else subject, subject_name=subject, public_key=public
        )
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(end_of(profile.days, now, above))
        .add_extension(
            x509.BasicConstraints(ca=profile.cas_below is not None, path_length=profile.cas_below), critical=True
        )
        .add_extension(_usage(is_ca=profile.cas_below is not None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(_authority(issuer.key.public_key() if issuer else public), critical=False)
    )
    if profile.purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(profile.purposes), critical=profile.purposes_critical)
    return Holder(key_id, builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def _authority(public: ec.EllipticCurvePublicKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(public)


def _usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
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
