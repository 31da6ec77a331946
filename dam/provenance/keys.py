"""The library's own keys: its signing identity (certificates as in `certificates`) and the secret of its watermark.

Private keys are unencrypted PKCS8 PEM files of mode 0600 in a folder of mode 0700: who reads them can sign as the
organisation. `ring.json` names the parts and is written last; a ring without it is not there.
"""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dam.errors import BadFileError, ConflictError, NotFoundError, UsageError
from dam.provenance import keyfiles
from dam.provenance.certificates import new_chain

MARK_KEY_BYTES = 32
_RING = "ring.json"
_NAME = re.compile(r"[a-z]+-[0-9a-f]{16}\.(?:pem|key)")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """A library's signing identity. `chain_pem` is leaf + issuing CA, as the SDK wants it; it holds no secret."""

    key_id: str
    organisation: str
    leaf_not_after: datetime
    folder: Path
    leaf_key_path: Path
    chain_pem: str = field(repr=False)
    root_pem: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MarkKey:
    """The watermark's secret (32 random bytes); `key_id` is made from it and tells nothing about it."""

    key_id: str
    secret: bytes = field(repr=False)


def create_chain(folder: Path, organisation: str, *, now: datetime) -> KeyRing:
    """Make root, issuing CA and leaf. Nothing is ever replaced.

    Raises:
        ConflictError: the folder already holds a ring.
        UsageError: a name that no certificate can carry, or a time without a zone.
        StorageError: the folder cannot be written.
    """
    organisation = organisation.strip()
    if now.tzinfo is None:
        raise UsageError("The time of issue needs a time zone.")
    if not 1 <= len(organisation) <= 64 or not organisation.isprintable():
        raise UsageError("The organisation's name must have 1 to 64 printable characters (X.520).")
    keyfiles.prepare(folder)
    if (folder / _RING).exists():
        raise _ring_exists(folder)
    new = new_chain(organisation, now)
    files = {
        "root_key": (f"root-{new.key_id}.key", new.root_key),
        "issuing_key": (f"issuing-{new.key_id}.key", new.issuing_key),
        "leaf_key": (f"leaf-{new.key_id}.key", new.leaf_key),
        "root": (f"root-{new.key_id}.pem", new.root),
        "chain": (f"chain-{new.key_id}.pem", new.chain),
    }
    ring = {"version": 1, "key_id": new.key_id} | {part: name for part, (name, _) in files.items()}
    try:
        for name, data in files.values():
            keyfiles.put(folder / name, data)
        keyfiles.put(folder / _RING, json.dumps(ring, indent=1).encode())
    except ConflictError as error:  # somebody else was faster: their ring stands, ours never was
        for name, _ in files.values():
            (folder / name).unlink(missing_ok=True)
        raise _ring_exists(folder) from error
    return load_ring(folder)


def load_ring(folder: Path) -> KeyRing:
    """Read the ring's public parts.

    Raises:
        NotFoundError: there is no ring in the folder.
        BadFileError: it is damaged.
    """
    path = folder / _RING
    if not path.exists():
        raise NotFoundError(f"{folder} holds no keys.", next_step="`dam init` makes them.", code="keys.not_found")
    try:
        ring = json.loads(keyfiles.get(path))
        chain_name, root_name, leaf_name = (_checked(ring[part]) for part in ("chain", "root", "leaf_key"))
        chain_pem, root_pem = (keyfiles.get(folder / name).decode() for name in (chain_name, root_name))
        x509.load_pem_x509_certificate(root_pem.encode())
        leaf = x509.load_pem_x509_certificates(chain_pem.encode())[0]
        organisation = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
        key_id = str(ring["key_id"])
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise BadFileError(f"The keys in {folder} are damaged: {error}.", code="keys.damaged") from error
    return KeyRing(
        key_id=key_id,
        organisation=str(organisation),
        leaf_not_after=leaf.not_valid_after_utc,
        folder=folder,
        leaf_key_path=folder / leaf_name,
        chain_pem=chain_pem,
        root_pem=root_pem,
    )


def load_leaf_key(ring: KeyRing) -> ec.EllipticCurvePrivateKey:
    """The leaf's private key, read anew for each use so that no long-lived object holds it.

    Raises:
        PolicyError: others than its owner may read the file.
        BadFileError: it is not a P-256 key.
    """
    try:
        key = serialization.load_pem_private_key(keyfiles.get_secret(ring.leaf_key_path), password=None)
    except (ValueError, TypeError) as error:
        raise BadFileError(f"{ring.leaf_key_path} is not a private key.", code="keys.damaged") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadFileError(f"{ring.leaf_key_path} is not a P-256 key.", code="keys.damaged")
    return key


def create_mark_key(folder: Path) -> MarkKey:
    """Make a new random watermark key beside those that are there: old marks need old keys."""
    keyfiles.prepare(folder)
    key = _named(secrets.token_bytes(MARK_KEY_BYTES))
    keyfiles.put(folder / f"mark-{key.key_id}.key", key.secret)
    return key


def load_mark_key(folder: Path, key_id: str | None = None) -> MarkKey:
    """Read a watermark key: the named one, else the newest.

    Raises:
        NotFoundError: there is none.
        PolicyError: others than its owner may read the file.
        BadFileError: its contents do not match its name.
    """
    paths = [path for path in folder.glob("mark-*.key") if _NAME.fullmatch(path.name)]
    if key_id is not None:
        paths = [path for path in paths if path.name == f"mark-{key_id}.key"]
    if not paths:
        raise NotFoundError(f"{folder} holds no such watermark key.", code="keys.not_found")
    path = max(paths, key=lambda one: (one.stat().st_mtime_ns, one.name))
    key = _named(keyfiles.get_secret(path))
    if len(key.secret) != MARK_KEY_BYTES or path.name != f"mark-{key.key_id}.key":
        raise BadFileError(f"The watermark key {path} is damaged.", code="keys.damaged")
    return key


def mark_key(folder: Path) -> MarkKey:
    """The newest watermark key, made if there is none yet."""
    try:
        return load_mark_key(folder)
    except NotFoundError:
        return create_mark_key(folder)


def _named(secret: bytes) -> MarkKey:
    return MarkKey(hashlib.sha256(b"headwater mark key\0" + secret).hexdigest()[:16], secret)


def _checked(name: object) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("a file name that is none of ours")  # damage, whatever its type
    return name


def _ring_exists(folder: Path) -> ConflictError:
    return ConflictError(
        f"{folder} already holds a key ring; it is never replaced.",
        next_step="The mark-*.key files of the library's keys folder are named by their id.",
        code="keys.exist",
    )
