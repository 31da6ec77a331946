"""What keys there are, for people: one row a key, without a secret in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from dam.provenance import keyfiles
from dam.provenance.certificates import key_id_of
from dam.provenance.keys import KeyRing, MarkKey
from dam.provenance.signers import Signer

# kind -> (part with the certificate, which of its certificates, part with the private key)
_KINDS = {
    "root": ("root", 0, "root_key"),
    "issuing": ("chain", 1, "issuing_key"),
    "signer": ("chain", 0, "leaf_key"),
    "time_stamp": ("stamp_chain", 0, "stamp_key"),
}


@dataclass(frozen=True, slots=True)
class KeyRow:
    """Attribute names are the wire's (dam_schemas.keys.KeyOut). `where` is a file's name or a token, None = not here."""

    key_id: str
    kind: str  # root, issuing, signer, time_stamp, mark
    state: str  # current, standby (another signs), retired
    algorithm: str
    subject: str | None = None
    not_before: str | None = None
    not_after: str | None = None
    days_left: int | None = None
    where: str | None = None
    reason: str | None = None  # why it was retired


def rows(ring: KeyRing, marks: tuple[MarkKey, ...], now: datetime, *, supplied: Signer | None = None) -> list[KeyRow]:
    """Every key of a library: what signs now, the ring, watermark keys, and former rings."""
    found: dict[tuple[str, str], KeyRow] = {}
    if supplied is not None:
        (leaf, *_) = x509.load_pem_x509_certificates(supplied.chain_pem.encode())
        found["signer", supplied.key_id] = _row("signer", leaf, now, state="current", where=supplied.where)
    for row in _ring_rows(ring, ring.files, now, state="current"):
        is_standby = supplied is not None and row.kind == "signer"
        found.setdefault((row.kind, row.key_id), replace(row, state="standby") if is_standby else row)
    for number, mark in enumerate(marks):
        state = "retired" if number else "current"
        found["mark", mark.key_id] = KeyRow(
            mark.key_id, "mark", state, "256-bit secret", where=f"mark-{mark.key_id}.key"
        )
    for former in ring.retired:
        for row in _ring_rows(ring, former, now, state="retired"):
            found.setdefault((row.kind, row.key_id), row)
    return list(found.values())


def _ring_rows(ring: KeyRing, files: Mapping[str, str], now: datetime, *, state: str) -> Iterator[KeyRow]:
    for kind, (part, number, key_part) in _KINDS.items():
        if part not in files:
            continue
        certificates = x509.load_pem_x509_certificates(keyfiles.get(ring.folder / files[part]))
        where = files[key_part] if (ring.folder / files[key_part]).exists() else None
        reason = files.get("reason") if state == "retired" else None
        yield _row(kind, certificates[number], now, state=state, where=where, reason=reason)


def _row(
    kind: str, certificate: x509.Certificate, now: datetime, *, state: str, where: str | None, reason: str | None = None
) -> KeyRow:
    end = certificate.not_valid_after_utc
    return KeyRow(
        key_id=key_id_of(certificate),
        kind=kind,
        state=state,
        algorithm=_algorithm(certificate),
        subject=certificate.subject.rfc4514_string(),
        not_before=certificate.not_valid_before_utc.isoformat(),
        not_after=end.isoformat(),
        days_left=(end - now).days,
        where=where,
        reason=reason or None,
    )


def _algorithm(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return {"secp256r1": "P-256", "secp384r1": "P-384"}.get(key.curve.name, key.curve.name)
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    return "Ed25519" if isinstance(key, ed25519.Ed25519PublicKey) else type(key).__name__
