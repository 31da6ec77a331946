"""Look at a chain of certificates that somebody supplied, before anything is signed with it.

The SDK says "the certificate is invalid" for most of what can be wrong (and "signature" for a missing O); here every
fault has a code and a sentence. What is asked for is what the SDK and the C2PA certificate profile ask for.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from dam.errors import SignerUnavailableError
from dam.provenance.certificates import CLAIM_SIGNING

MAX_CERTIFICATES = 8
SIGNING_PURPOSES = {  # c2pa-rs asks for one of these; without it "certificate missing required EKU"
    ExtendedKeyUsageOID.EMAIL_PROTECTION,
    ObjectIdentifier("1.3.6.1.5.5.7.3.36"),  # documentSigning
    CLAIM_SIGNING,
}
PROFILE = "docs/keys.md lists what a signing certificate needs."
_T = TypeVar("_T", bound=x509.ExtensionType)
_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


def problem(code: str, message: str, next_step: str = PROFILE) -> SignerUnavailableError:
    """An error of the configured signer: no file is at fault, and nothing was signed."""
    return SignerUnavailableError(message, next_step=next_step, code=f"signer.{code}", retry_after_s=60.0)


def parse(text: bytes, where: str) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM text, leaf first, a self-signed root at the end left out (C2PA 2.4 §14.5).

    Raises:
        SignerUnavailableError: there is none, there are too many, or one cannot be read ("signer.pem").
    """
    blocks = _BLOCK.findall(text)
    try:
        found = x509.load_pem_x509_certificates(b"\n".join(blocks))
    except ValueError as error:
        raise problem(
            "pem", f"{where} holds no certificate that can be read.", "It must be PEM text, leaf first."
        ) from error
    if len(found) > MAX_CERTIFICATES:
        raise problem(
            "pem", f"{where} holds more than {MAX_CERTIFICATES} certificates.", "Only leaf and issuing CAs belong in."
        )
    if len(found) > 1 and found[-1].issuer == found[-1].subject:
        found.pop()
    return tuple(found)


def check(chain: Sequence[x509.Certificate], now: datetime) -> str:
    """Check a chain, leaf first, and say its COSE algorithm: es256, es384, ps256 or ed25519.

    Raises:
        SignerUnavailableError: the first fault, with its code.
    """
    leaf, name = chain[0], chain[0].subject.rfc4514_string()
    _check_validity(chain, now)
    if not leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME):
        raise problem("no_organisation", f"The certificate of {name} names no organisation (O).")
    _check_usage(leaf, name)
    if _extension(leaf, x509.AuthorityKeyIdentifier) is None:
        raise problem("no_aki", f"The certificate of {name} names no key of its issuer (AuthorityKeyIdentifier).")
    for below, above in pairwise(chain):
        try:
            below.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature) as error:
            issuer = above.subject.rfc4514_string()
            raise problem(
                "order", f"{below.subject.rfc4514_string()} was not issued by {issuer}.", "Leaf first, then its CAs."
            ) from error
    return algorithm(leaf)


def algorithm(leaf: x509.Certificate) -> str:
    """The COSE algorithm that goes with a leaf's key.

    Raises:
        SignerUnavailableError: C2PA signs with no such key, or RSA below 2048 bits ("signer.algorithm").
    """
    key = leaf.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        if isinstance(key.curve, ec.SECP256R1):
            return "es256"
        if isinstance(key.curve, ec.SECP384R1):
            return "es384"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        return "ps256"
    raise problem(
        "algorithm", "The certificate's key is none that is signed with: P-256, P-384, RSA from 2048 bits, Ed25519."
    )


def _check_validity(chain: Sequence[x509.Certificate], now: datetime) -> None:
    for one in chain:
        name = one.subject.rfc4514_string()
        if now >= one.not_valid_after_utc:
            raise problem(
                "expired", f"The certificate of {name} ended on {one.not_valid_after_utc:%Y-%m-%d}.", "Renew it."
            )
        if now < one.not_valid_before_utc:
            begins = f"{one.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
            raise problem(
                "not_yet_valid", f"The certificate of {name} begins on {begins}.", "Wait, or look at the clock."
            )


def _check_usage(leaf: x509.Certificate, name: str) -> None:
    basic = _extension(leaf, x509.BasicConstraints)
    if basic is not None and basic.ca:
        raise problem("is_ca", f"The certificate of {name} is a CA's (CA:TRUE); it must not sign files.")
    usage = _extension(leaf, x509.KeyUsage)
    if usage is None or not usage.digital_signature:
        raise problem("key_usage", f"The certificate of {name} does not allow digital signatures (KeyUsage).")
    purposes = _extension(leaf, x509.ExtendedKeyUsage)
    if purposes is None or not SIGNING_PURPOSES.intersection(purposes):
        wanted = "claimSigning, emailProtection or documentSigning"
        raise problem("eku", f"The certificate of {name} is for something else: its ExtendedKeyUsage needs {wanted}.")
    if ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in purposes:
        raise problem("eku", f"The certificate of {name} is for any purpose, which C2PA refuses.")
    if any(one in purposes for one in (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.OCSP_SIGNING)):
        raise problem("eku", f"The certificate of {name} is also for time stamps or OCSP, which C2PA refuses.")


def _extension(certificate: x509.Certificate, kind: type[_T]) -> _T | None:
    """An extension's value. One that is twice there or not DER counts as absent."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return None
