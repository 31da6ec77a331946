"""Trust lists as people get them: PEM bundles, and the JSON lists of C2PA (ETSI TS 119 602 "LoTE"). Pure.

One bad certificate makes the SDK refuse a whole list at every verdict, so one bad certificate refuses the import.
"""

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from dam.errors import LimitError, UndecodableError, UsageError
from dam.provenance.manifests import text
from dam.provenance.trust import LISTS, MAX_LIST_BYTES

MAX_ANCHORS = 2_000
SOON = timedelta(days=90)
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_STAMPING = "1.3.6.1.5.5.7.3.8"
_GRANTED = "trusted"  # last segment of a service's status; anything else was withdrawn


@dataclass(frozen=True, slots=True)
class Anchor:
    """One certificate of a list. Attribute names are the wire's (dam_schemas.trust.AnchorOut)."""

    subject: str
    sha256: str
    not_before: datetime
    not_after: datetime
    is_ca: bool
    purposes: tuple[str, ...]  # extended key usages as OIDs; () = any
    pem: str = field(repr=False)

    @property
    def stamps_only(self) -> bool:
        return self.purposes == (_STAMPING,)

    @property
    def signs_only(self) -> bool:
        return bool(self.purposes) and _STAMPING not in self.purposes


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list that was read and found sound. `warnings` are sentences; nothing in them forbids the import."""

    sha256: str
    anchors: tuple[Anchor, ...]
    warnings: tuple[str, ...] = ()
    name: str | None = None
    version: str | None = None
    issued_at: str | None = None
    next_update: str | None = None

    @property
    def pem(self) -> str:
        return "".join(one.pem for one in self.anchors)


def read_list(data: bytes, tier: str, *, now: datetime) -> ListFile:
    """Read a list that is to become `tier` (official, interim, organisation, tsa).

    Raises:
        UsageError: no such tier, or the file holds a private key. LimitError: too large, or too many certificates.
        UndecodableError: no certificate, a broken one, or JSON of another form.
    """
    if tier not in LISTS:
        raise UsageError(f"No tier {tier!r}.", next_step=f"One of: {', '.join(LISTS)}", code="trust.tier_unknown")
    if len(data) > MAX_LIST_BYTES:
        raise LimitError(f"The list is larger than {MAX_LIST_BYTES >> 20} MiB.", code="trust.too_large")
    if b"PRIVATE KEY-----" in data:
        raise UsageError(
            "The file holds a private key, which does not belong into a trust list.",
            next_step="Import the certificates alone.",
            code="trust.private_key",
        )
    about, blobs, withdrawn = _json(data) if data.lstrip()[:1] == b"{" else ({}, _pem(data), 0)
    if len(blobs) > MAX_ANCHORS:
        raise LimitError(f"The list holds more than {MAX_ANCHORS} certificates.", code="trust.too_many")
    anchors = {one.sha256: one for number, blob in enumerate(blobs, 1) if (one := _anchor(blob, number, len(blobs)))}
    if not anchors:
        raise _undecodable("holds no certificate.")
    found = tuple(anchors.values())
    repeats = len(blobs) - len(found)
    said = [
        *([f"{withdrawn} certificates are withdrawn by the list and were left out."] if withdrawn else []),
        *([f"{repeats} certificates stand in the file more than once."] if repeats else []),
        *_warnings(found, tier, about, now),
    ]
    return ListFile(hashlib.sha256(data).hexdigest(), found, tuple(said), **about)


def _undecodable(reason: str) -> UndecodableError:
    return UndecodableError(
        f"The trust list {reason}",
        next_step="It must be PEM text (-----BEGIN CERTIFICATE-----), or a JSON trust list of C2PA.",
        code="trust.undecodable",
    )


def _pem(data: bytes) -> list[bytes]:
    words = data.decode("utf-8", "replace")
    found = _PEM.findall(words)
    if len(found) != words.count("-----BEGIN CERTIFICATE-----"):
        raise _undecodable("holds a certificate that is cut off or is no base64.")
    return [_decoded(one) for one in found]


def _decoded(letters: str) -> bytes:
    try:
        return base64.b64decode("".join(letters.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _undecodable("holds a certificate that is no base64.") from error


def _json(data: bytes) -> tuple[dict[str, str | None], list[bytes], int]:
    """(what the list says of itself, certificates, how many were withdrawn)."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _undecodable("is no JSON that can be read.") from error
    body = _dict(_dict(found).get("LoTE"))
    scheme = _dict(body.get("ListAndSchemeInformation"))
    if not scheme:
        raise _undecodable("is JSON of another form.")
    number = scheme.get("LoTESequenceNumber")
    about = {
        "name": next((text(one.get("value")) for one in map(_dict, _list(scheme.get("SchemeName")))), None),
        "version": str(number) if isinstance(number, int | str) else None,
        "issued_at": text(scheme.get("ListIssueDateTime")),
        "next_update": text(scheme.get("NextUpdate")),
    }
    blobs, withdrawn = [], 0
    for entity in map(_dict, _list(body.get("TrustedEntitiesList"))):
        for service in map(_dict, _list(entity.get("TrustedEntityServices"))):
            said = _dict(service.get("ServiceInformation"))
            identity = _list(_dict(said.get("ServiceDigitalIdentity")).get("X509Certificates"))
            letters = [value for one in map(_dict, identity) if isinstance(value := one.get("val"), str)]
            status = text(said.get("ServiceStatus"))
            if status is not None and status.rstrip("/").rpartition("/")[2] != _GRANTED:
                withdrawn += len(letters)
            else:
                blobs += [_decoded(one) for one in letters]
    return about, blobs, withdrawn


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _anchor(blob: bytes, number: int, count: int) -> Anchor:
    try:
        found = x509.load_der_x509_certificate(blob)
        return Anchor(
            subject=found.subject.rfc4514_string()[:300],
            sha256=found.fingerprint(SHA256()).hex(),
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            is_ca=_is_ca(found),
            purposes=_purposes(found),
            pem=found.public_bytes(Encoding.PEM).decode("ascii"),
        )
    except (ValueError, TypeError, x509.DuplicateExtension) as error:
        raise _undecodable(f"holds a certificate that cannot be read (number {number} of {count}).") from error


def _is_ca(found: x509.Certificate) -> bool:
    try:
        return found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _purposes(found: x509.Certificate) -> tuple[str, ...]:
    try:
        usage = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(one.dotted_string for one in usage)


def anchors_of(pems: list[str]) -> tuple[Anchor, ...]:
    """The anchors of a list that is in use; what cannot be read is left out (`load_store` has refused it already)."""
    return tuple(_anchor(_decoded(_PEM.findall(pem)[0]), number, len(pems)) for number, pem in enumerate(pems, 1))


def _warnings(anchors: tuple[Anchor, ...], tier: str, about: dict[str, str | None], now: datetime) -> list[str]:
    found = []
    said = f"{about.get('name') or ''}".upper()
    stamps, signs = sum(a.stamps_only for a in anchors), sum(a.signs_only for a in anchors)
    if tier == "tsa" and (signs or (said and "TSA" not in said)):
        found.append(f"This looks like a list of signers: {signs} certificates may not vouch for time stamps.")
    if tier != "tsa" and (stamps or "TSA" in said):
        found.append(f"This looks like a list of time-stamp authorities: {stamps} certificates are for nothing else.")
    if leaves := sum(not a.is_ca for a in anchors):
        found.append(f"{leaves} certificates are no authorities: nothing but themselves can lead to them.")
    if gone := sum(a.not_after <= now for a in anchors):
        found.append(f"{gone} certificates have expired; they count for files that were stamped before.")
    if future := sum(a.not_before > now for a in anchors):
        found.append(f"{future} certificates are not valid yet.")
    if soon := sum(now < a.not_after <= now + SOON for a in anchors):
        found.append(f"{soon} certificates expire within {SOON.days} days.")
    if (due := _time(about.get("next_update"))) and due < now:
        found.append(f"The list was to be replaced on {about['next_update']}: look for a newer one.")
    return found


def _time(value: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if value else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found
