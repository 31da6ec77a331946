"""RFC 3161 time stamps: questions, our own responder, and whom an authority leads to. No network here.

The responder is a courtesy of this library: it says when *this machine's clock* says a file was signed. It keeps a
signature believable after its certificate has ended for those who trust the organisation anyway, and proves nothing to
anybody else. Its name and its policy say so.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dam.errors import DamError, TimestampUnavailableError
from dam.provenance import der, keys
from dam.provenance.keys import KeyRing

# "Headwater local time stamp, not independent": an OID of our own under 2.25 (ITU-T X.667), a random UUID
LOCAL_POLICY = "2.25.75444711744479656932200286797391034248"
MAX_REQUEST_BYTES = 4096
MAX_ANSWER_BYTES = 64 * 1024
_HASHES = {der.oid(f"2.16.840.1.101.3.4.2.{n}"): size for n, size in ((1, 32), (2, 48), (3, 64))}  # SHA-256, -384, -512
_SHA256 = der.oid("2.16.840.1.101.3.4.2.1")
_SHA256_ALGORITHM = der.sequence(_SHA256)
_ECDSA_ALGORITHM = der.sequence(der.oid("1.2.840.10045.4.3.2"))  # ecdsa-with-SHA256
_SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
_TST_INFO = der.oid("1.2.840.113549.1.9.16.1.4")
_CONTENT_TYPE = der.oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = der.oid("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE = der.oid("1.2.840.113549.1.9.16.2.47")  # signingCertificateV2


class BadRequestError(Exception):
    """Not a request that we answer."""


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
            der.value(der.CONTEXT_0, *sorted((own, *above))),
            der.set_of(signer),
        )
        token = der.sequence(_SIGNED_DATA, der.value(der.CONTEXT_0, content))
        return der.sequence(der.sequence(der.integer(0)), token), Authority(common_name(chain[0]), chain, now)


def _info(question: Question, now: datetime) -> bytes:
    accuracy = der.sequence(der.integer(1))
    serial = der.integer(secrets.randbits(127))
    return der.sequence(
        der.integer(1), der.oid(LOCAL_POLICY), question.imprint, serial, der.time(now), accuracy, question.nonce_der
    )


def _attribute(name: bytes, content: bytes) -> bytes:
    return der.sequence(name, der.set_of(content))


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


def common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def fault(code: str, words: str) -> TimestampUnavailableError:
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


def shown_url(text: str) -> str:
    """The address as people may see it: without name, password, query and fragment."""
    try:
        parts = urlsplit(text)
        return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
    except ValueError:
        return "an address that cannot be read"
