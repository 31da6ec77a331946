"""RFC 3161 time stamps: our own responder, and the checks of what another authority answered. No network here.

The responder is a courtesy of this library: it says when *this machine's clock* says a file was signed. It keeps a
signature believable after its certificate has ended for those who trust the organisation anyway, and proves nothing to
anybody else. Its name and its policy say so.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from dam.errors import DamError, TimestampUnavailableError
from dam.provenance import der, keys
from dam.provenance.keys import KeyRing

# "Headwater local time stamp, not independent": an OID of our own under 2.25 (ITU-T X.667), a random UUID
LOCAL_POLICY = "2.25.75444711744479656932200286797391034248"
MAX_REQUEST_BYTES = 4096
MAX_ANSWER_BYTES = 64 * 1024
CLOCK_TOLERANCE = timedelta(hours=1)
_HASHES = {der.oid(f"2.16.840.1.101.3.4.2.{n}"): size for n, size in ((1, 32), (2, 48), (3, 64))}  # SHA-256, -384, -512
_SHA256 = der.oid("2.16.840.1.101.3.4.2.1")
_SHA256_ALGORITHM = der.sequence(_SHA256)
_ECDSA_ALGORITHM = der.sequence(der.oid("1.2.840.10045.4.3.2"))  # ecdsa-with-SHA256
_SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
_TST_INFO = der.oid("1.2.840.113549.1.9.16.1.4")
_CONTENT_TYPE = der.oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = der.oid("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE = der.oid("1.2.840.113549.1.9.16.2.47")  # signingCertificateV2
_GRANTED = ("granted", "granted_with_mods")


class BadRequestError(Exception):
    """Not a request that we answer."""


class _Answer(core.Sequence):  # type: ignore[misc]  # asn1crypto ships no types
    """TimeStampResp as RFC 3161 has it: a refusal carries no token (asn1crypto's own class demands one)."""

    _fields = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]  # noqa: RUF012  # asn1crypto's way


@dataclass(frozen=True, slots=True)
class Question:
    """What a time-stamp request asks for; `imprint` and `nonce_der` are as they stand in it."""

    der: bytes = field(repr=False)
    imprint: bytes
    nonce_der: bytes

    @property
    def nonce(self) -> int | None:
        return int.from_bytes(der.split(self.nonce_der)[0][1], "big", signed=True) if self.nonce_der else None


@dataclass(frozen=True, slots=True)
class Authority:
    """Who stamped: its certificate's CN (else the whole name), its certificates, its own first, and when it says it was."""

    name: str
    certificates: tuple[x509.Certificate, ...] = field(repr=False)
    at: datetime


def new_question(data: bytes) -> bytes:
    """A request for a stamp on the SHA-256 of `data`, as DER."""
    imprint = der.sequence(der.sequence(_SHA256, der.value(der.NULL)), der.octets(hashlib.sha256(data).digest()))
    return der.sequence(der.integer(1), imprint, der.integer(secrets.randbits(63)), b"\x01\x01\xff")


def parse_question(data: bytes) -> Question:
    """Read a request (RFC 3161 §2.4.1).

    Raises:
        BadRequestError: it is none, is too long, or its digest is not SHA-2.
    """
    if len(data) > MAX_REQUEST_BYTES:
        raise BadRequestError("too long")
    try:
        ((outer, body, _),) = der.split(data)
        (_, version, _), (_, imprint, imprint_der), *others = der.split(body)
        (_, algorithm, _), (kind, digest, _) = der.split(imprint)
        algorithm_oid = der.split(algorithm)[0][2]
    except (ValueError, IndexError) as error:
        raise BadRequestError(str(error)[:200]) from error
    if outer != der.SEQUENCE or version != b"\x01" or kind != der.OCTETS or _HASHES.get(algorithm_oid) != len(digest):
        raise BadRequestError("not a request of version 1 with a SHA-2 digest")
    nonce = next((whole for tag, _, whole in others if tag == der.INTEGER), b"")
    return Question(data, imprint_der, nonce)


@dataclass(frozen=True, slots=True)
class Responder:
    """The library's own authority. The key is read for each stamp."""

    chain_pem: str = field(repr=False)
    key_path: Path
    clock: Callable[[], datetime]

    @classmethod
    def of_ring(cls, ring: KeyRing, clock: Callable[[], datetime]) -> "Responder | None":
        return cls(ring.stamp_pem, ring.stamp_key_path, clock) if ring.stamp_key_path else None

    def answer(self, question: Question) -> tuple[bytes, Authority]:
        """The response as DER, and who we are.

        Raises:
            DamError: the key cannot be read.
        """
        key = keys.load_key(self.key_path)
        chain = tuple(x509.load_pem_x509_certificates(self.chain_pem.encode()))
        own, *above = (one.public_bytes(serialization.Encoding.DER) for one in chain)
        now = self.clock().replace(microsecond=0)
        info = _info(question, now)
        attributes = (
            _attribute(_CONTENT_TYPE, _TST_INFO),
            _attribute(_MESSAGE_DIGEST, der.octets(hashlib.sha256(info).digest())),
            # the certificate's hash ties the stamp to it (ESSCertIDv2, SHA-256 being its default: RFC 5816)
            _attribute(
                _SIGNING_CERTIFICATE, der.sequence(der.sequence(der.sequence(der.octets(hashlib.sha256(own).digest()))))
            ),
        )
        signature = key.sign(der.set_of(*attributes), ec.ECDSA(hashes.SHA256()))
        as_implicit = der.value(der.CONTEXT_0, *sorted(attributes))
        names = der.sequence(chain[0].issuer.public_bytes(), der.integer(chain[0].serial_number))
        signer = der.sequence(
            der.integer(1), names, _SHA256_ALGORITHM, as_implicit, _ECDSA_ALGORITHM, der.octets(signature)
        )
        content = der.sequence(
            der.integer(3),
            der.set_of(_SHA256_ALGORITHM),
            der.sequence(_TST_INFO, der.value(der.CONTEXT_0, der.octets(info))),
            der.value(der.CONTEXT_0, own, *above),
            der.set_of(signer),
        )
        token = der.sequence(_SIGNED_DATA, der.value(der.CONTEXT_0, content))
        return der.sequence(der.sequence(der.integer(0)), token), Authority(_common_name(chain[0]), chain, now)


def _info(question: Question, now: datetime) -> bytes:
    accuracy = der.sequence(der.integer(1))
    serial = der.integer(secrets.randbits(127))
    return der.sequence(
        der.integer(1), der.oid(LOCAL_POLICY), question.imprint, serial, der.time(now), accuracy, question.nonce_der
    )


def _attribute(name: bytes, content: bytes) -> bytes:
    return der.sequence(name, der.set_of(content))


def check_answer(question: Question, answer: bytes, now: datetime) -> Authority:
    """Check what an authority answered: status, imprint, nonce, time, and its certificate's purpose.

    The signature inside is the SDK's to check, which it does before it takes the stamp.

    Raises:
        TimestampUnavailableError: the first fault, with its code.
    """
    try:
        parsed = _Answer.load(answer[:MAX_ANSWER_BYTES], strict=True)
        status = parsed["status"]["status"].native
        if status not in _GRANTED:
            words = " ".join(parsed["status"]["status_string"].native or ())[:200]
            raise _fault("refused", f"refuses: {status} {words}".strip())
        signed = parsed["time_stamp_token"]["content"]
        info = signed["encap_content_info"]["content"].parsed
        if not isinstance(info, tsp.TSTInfo):
            raise _fault("invalid", "sent something that is no time stamp")
        imprint, asked = (
            (one["hash_algorithm"]["algorithm"].native, one["hashed_message"].native)
            for one in (info["message_imprint"], tsp.MessageImprint.load(question.imprint))
        )
        nonce, at = info["nonce"].native, info["gen_time"].native
        own = _signing_certificate(signed)
        found = tuple(_certificates(signed))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise _fault("invalid", f"sent an answer that cannot be read ({type(error).__name__})") from error
    if imprint != asked:
        raise _fault("imprint", "stamped something else")
    if nonce != question.nonce:
        raise _fault("nonce", "answered another question (nonce)")
    if abs(at - now) > CLOCK_TOLERANCE:
        raise _fault("clock", f"says it is {at:%Y-%m-%d %H:%M} UTC, this machine {now:%Y-%m-%d %H:%M}")
    if own is None:
        raise _fault("certificate", "sent no certificate")
    _check_purpose(own)
    return Authority(_common_name(own), (own, *(one for one in found if one != own)), at)


def is_anchored(chain: Sequence[x509.Certificate], anchors_pem: Sequence[str]) -> bool:
    """Whether an authority's certificates, its own first, lead to an anchor of these PEM texts (signatures checked, up to 8 steps)."""
    anchors = [one for text in anchors_pem for one in x509.load_pem_x509_certificates(text.encode())]
    current, left = chain[0], list(chain[1:])
    for _ in range(8):
        if any(_issued(current, anchor) for anchor in anchors):
            return True
        above = next((one for one in left if _issued(current, one)), None)
        if above is None:
            return False
        left.remove(above)
        current = above
    return False


def _issued(below: x509.Certificate, above: x509.Certificate) -> bool:
    if below == above:
        return True
    try:
        below.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _check_purpose(own: x509.Certificate) -> None:
    try:
        found = own.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError) as error:
        raise _fault("certificate", "stamps with a certificate that is not for time stamps") from error
    if not found.critical or list(found.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise _fault("certificate", "stamps with a certificate that is not for time stamps alone (RFC 3161 §2.3)")


def _signing_certificate(signed: Any) -> x509.Certificate | None:
    """The one that the stamp's signature names."""
    (signer,) = signed["signer_infos"]
    chosen = signer["sid"].chosen
    by_serial = signer["sid"].name == "issuer_and_serial_number"
    for one in signed["certificates"]:
        certificate = one.chosen
        if by_serial and (chosen["issuer"], chosen["serial_number"].native) == (
            certificate.issuer,
            certificate.serial_number,
        ):
            return x509.load_der_x509_certificate(certificate.dump())
        if not by_serial and chosen.native == certificate.key_identifier:
            return x509.load_der_x509_certificate(certificate.dump())
    return None


def _certificates(signed: Any) -> list[x509.Certificate]:
    return [x509.load_der_x509_certificate(one.chosen.dump()) for one in list(signed["certificates"])[:8]]


def _common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def _fault(code: str, words: str) -> TimestampUnavailableError:
    return TimestampUnavailableError(
        f"The time-stamp authority {words}.",
        next_step="What waits for it is signed when it answers; `timestamps` and `tsa_url` are settings.",
        code=f"timestamp.{code}",
        retry_after_s=30.0,
    )


def unavailable(where: str, reason: str) -> TimestampUnavailableError:
    """An authority that gave no answer at all."""
    return TimestampUnavailableError(
        f"The time-stamp authority {where} gives no answer: {reason}.",
        next_step="Nothing is lost: copies that need it are signed when it is back.",
    )


def as_fault(error: DamError, where: str) -> TimestampUnavailableError:
    """Any of our errors on the way to a stamp."""
    if isinstance(error, TimestampUnavailableError):
        return error
    return unavailable(where, error.message.rstrip("."))
