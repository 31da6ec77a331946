"""Whether an index was signed by whom it says, and who that is: ES256 over exact bytes, a chain of certificates."""

import hashlib
import itertools
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import NameOID

MAX_CERTIFICATES = 8


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed, and from when to when the whole chain was valid. `root_sha256` is the fingerprint of the root's DER, as openssl
    prints it without colons.
    """

    organisation: str
    root_sha256: str
    not_before: datetime
    not_after: datetime


def der_of(raw: bytes) -> bytes:
    """A signature of r and s side by side (COSE, JWS) as the DER that openssl reads."""
    half = len(raw) // 2
    return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))


def fingerprint(pem: bytes) -> str:
    """SHA-256 of the first certificate's DER, hex. Raises ValueError where there is none."""
    certificate = x509.load_pem_x509_certificates(pem)[0]
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


def check(data: bytes, signature: bytes, chain_pem: bytes, root_pem: bytes) -> Signer:
    """Check a signature and its chain up to the root.

    Raises:
        ValueError: something does not hold; its text says what, for people.
    """
    try:
        return _checked(data, signature, chain_pem, root_pem)
    except (UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion) as error:
        raise ValueError("the certificates are of a kind that cannot be checked") from error


def _checked(data: bytes, signature: bytes, chain_pem: bytes, root_pem: bytes) -> Signer:
    try:
        chain = x509.load_pem_x509_certificates(chain_pem)
        root = x509.load_pem_x509_certificates(root_pem)[0]
    except ValueError as error:
        raise ValueError("the certificates cannot be read") from error
    if len(chain) > MAX_CERTIFICATES:
        raise ValueError("the chain has too many certificates")
    leaf, line = chain[0], [*chain, root]
    for at, (lower, upper) in enumerate(itertools.pairwise(line)):
        _issued(lower, upper, at)
    _issued(root, root, len(chain) - 1)
    if _cas_below(leaf) is not None:
        raise ValueError("the signer's certificate is one of an authority")
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("the signer's key is not a P-256 key")  # noqa: TRY004  # what a bundle holds, not our call
    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise ValueError("the signature is not one of these bytes by this key") from error
    names = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return Signer(
        str(names[0].value) if names else "",
        fingerprint(root_pem),
        max(one.not_valid_before_utc for one in line),
        min(one.not_valid_after_utc for one in line),
    )


def _issued(lower: x509.Certificate, upper: x509.Certificate, between: int) -> None:
    """That `upper` may have issued `lower` with so many authorities between it and the leaf, and did."""
    allowed = _cas_below(upper)
    if allowed is None or allowed < between:
        raise ValueError("a certificate in the chain may not issue others")
    try:
        lower.verify_directly_issued_by(upper)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise ValueError("the chain of certificates does not lead to the root") from error


def _cas_below(certificate: x509.Certificate) -> int | None:
    """How many authorities may stand below this one; None for what is no authority."""
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return None
    if not basic.ca:
        return None
    return MAX_CERTIFICATES if basic.path_length is None else basic.path_length
