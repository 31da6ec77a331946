"""The library's own keys: its signing identity (certificates as in `certificates`) and the secrets of its watermark.

Private keys are unencrypted PKCS8 PEM files of mode 0600 in a folder of mode 0700: who reads them can sign as the
organisation. `ring.json` names the parts and is written last; a ring without it is not there. Rotation (`rotation`)
puts a new ring.json in its place; what was current is then in `retired`, and its files stay.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dam.errors import BadFileError, ConflictError, NotFoundError, UsageError
from dam.provenance import certificates, keyfiles

MARK_KEY_BYTES = 32
RING = "ring.json"
PARTS = ("root_key", "issuing_key", "leaf_key", "root", "chain")  # of every ring
STAMP_PARTS = ("stamp_key", "stamp_chain")  # not in rings of 0.1 alphas, until they are opened
_NAME = re.compile(r"[a-z]+-[0-9a-f]{16}\.(?:pem|key)")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """A library's signing identity. `chain_pem` is leaf + issuing CA, as the SDK wants it; it holds no secret.

    `stamp_pem` is the time-stamp certificate + its CA, "" where there is none. `files` are file names by part,
    `retired` the same of former rings with `key_id`, `at` and `reason`, newest first.
    """

    key_id: str
    organisation: str
    leaf_not_after: datetime
    folder: Path
    leaf_key_path: Path
    chain_pem: str = field(repr=False)
    root_pem: str = field(repr=False)
    stamp_pem: str = field(repr=False, default="")
    files: Mapping[str, str] = field(repr=False, default_factory=dict)
    retired: Sequence[Mapping[str, str]] = field(repr=False, default=())
    mark_key_id: str | None = None

    @property
    def stamp_key_path(self) -> Path | None:
        return self.folder / self.files["stamp_key"] if self.stamp_pem else None


@dataclass(frozen=True, slots=True)
class MarkKey:
    """The watermark's secret (32 random bytes); `key_id` is made from it and tells nothing about it."""

    key_id: str
    secret: bytes = field(repr=False)


def create_chain(folder: Path, organisation: str, *, now: datetime) -> KeyRing:
    """Make root, issuing CA, leaf and time-stamp certificate. Nothing is ever replaced.

    Raises:
        ConflictError: the folder already holds a ring.
        UsageError: a name that no certificate can carry, or a time without a zone.
        StorageError: the folder cannot be written.
    """
    organisation = checked_organisation(organisation)
    if now.tzinfo is None:
        raise UsageError("The time of issue needs a time zone.")
    keyfiles.prepare(folder)
    if (folder / RING).exists():
        raise _ring_exists(folder)
    root = certificates.new_root(organisation, now)
    issuing = certificates.new_issuing(root, organisation, now)
    leaf = certificates.new_leaf(issuing, organisation, now)
    parts = root_files(root) | issuing_files(issuing) | leaf_files(leaf, issuing.certificate)
    parts |= stamp_files(certificates.new_stamper(root, organisation, now))
    try:
        put_files(folder, parts)
        keyfiles.put(folder / RING, ring_text(leaf.key_id, {part: name for part, (name, _) in parts.items()}))
    except ConflictError as error:  # somebody else was faster: their ring stands, ours never was
        for name, _ in parts.values():
            (folder / name).unlink(missing_ok=True)
        raise _ring_exists(folder) from error
    return load_ring(folder)


def checked_organisation(name: str) -> str:
    """The name without spaces around it.

    Raises:
        UsageError: no certificate can carry it.
    """
    name = name.strip()
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise UsageError("The organisation's name must have 1 to 64 printable characters (X.520).")
    return name


NamedFiles = dict[str, tuple[str, bytes]]  # part -> (file name, contents)


def root_files(root: certificates.Holder) -> NamedFiles:
    return {
        "root_key": (f"root-{root.key_id}.key", root.key_pem()),
        "root": (f"root-{root.key_id}.pem", root.certificate_pem()),
    }


def issuing_files(issuing: certificates.Holder) -> NamedFiles:
    return {"issuing_key": (f"issuing-{issuing.key_id}.key", issuing.key_pem())}


def leaf_files(leaf: certificates.Holder, issuing: x509.Certificate) -> NamedFiles:
    return {
        "leaf_key": (f"leaf-{leaf.key_id}.key", leaf.key_pem()),
        "chain": (f"chain-{leaf.key_id}.pem", certificates.pem(leaf.certificate, issuing)),
    }


def stamp_files(stamper: certificates.Stamper) -> NamedFiles:
    key_id = stamper.holder.key_id
    return {
        "stamp_key": (f"stamp-{key_id}.key", stamper.holder.key_pem()),
        "stamp_chain": (f"stamp-{key_id}.pem", stamper.chain_pem()),
    }


def put_files(folder: Path, parts: NamedFiles) -> None:
    for name, data in parts.values():
        keyfiles.put(folder / name, data)


def ring_text(
    key_id: str, files: Mapping[str, str], *, retired: Sequence[Mapping[str, str]] = (), mark_key_id: str | None = None
) -> bytes:
    """The contents of ring.json."""
    ring: dict[str, Any] = {"version": 2, "key_id": key_id} | dict(files)
    if mark_key_id is not None:
        ring["mark_key_id"] = mark_key_id
    return json.dumps(ring | {"retired": [dict(one) for one in retired]}, indent=1).encode()


def load_ring(folder: Path) -> KeyRing:
    """Read the ring's public parts.

    Raises:
        NotFoundError: there is no ring in the folder.
        BadFileError: it is damaged.
    """
    path = folder / RING
    if not path.exists():
        raise NotFoundError(f"{folder} holds no keys.", next_step="`dam init` makes them.", code="keys.not_found")
    try:
        ring = json.loads(keyfiles.get(path))
        files = {part: _checked(ring[part]) for part in PARTS}
        files |= {part: _checked(ring[part]) for part in STAMP_PARTS if part in ring}
        chain_pem, root_pem = (keyfiles.get(folder / files[part]).decode() for part in ("chain", "root"))
        stamp_pem = keyfiles.get(folder / files["stamp_chain"]).decode() if "stamp_chain" in files else ""
        x509.load_pem_x509_certificates((root_pem + stamp_pem).encode())
        leaf = x509.load_pem_x509_certificates(chain_pem.encode())[0]
        organisation = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
        key_id, retired = str(ring["key_id"]), tuple(_retired(one) for one in ring.get("retired", ()))
        mark_key_id = str(ring["mark_key_id"]) if "mark_key_id" in ring else None
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise BadFileError(f"The keys in {folder} are damaged: {error}.", code="keys.damaged") from error
    return KeyRing(
        key_id=key_id,
        organisation=str(organisation),
        leaf_not_after=leaf.not_valid_after_utc,
        folder=folder,
        leaf_key_path=folder / files["leaf_key"],
        chain_pem=chain_pem,
        root_pem=root_pem,
        stamp_pem=stamp_pem,
        files=files,
        retired=retired,
        mark_key_id=mark_key_id,
    )


def load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """A private key of the ring, read anew for each use so that no long-lived object holds it.

    Raises:
        PolicyError: others than its owner may read the file.
        BadFileError: it is gone or not an EC key.
    """
    try:
        key = serialization.load_pem_private_key(keyfiles.get_secret(path), password=None)
    except (ValueError, TypeError) as error:
        raise BadFileError(f"{path} is not a private key.", code="keys.damaged") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BadFileError(f"{path} is not an EC key.", code="keys.damaged")
    return key


def load_leaf_key(ring: KeyRing) -> ec.EllipticCurvePrivateKey:
    """The leaf's private key.

    Raises:
        PolicyError: others than its owner may read the file.
        BadFileError: it is gone or not a P-256 key.
    """
    key = load_key(ring.leaf_key_path)
    if not isinstance(key.curve, ec.SECP256R1):
        raise BadFileError(f"{ring.leaf_key_path} is not a P-256 key.", code="keys.damaged")
    return key


def create_mark_key(folder: Path) -> MarkKey:
    """Make a new random watermark key beside those that are there: old marks need old keys."""
    keyfiles.prepare(folder)
    key = _named(secrets.token_bytes(MARK_KEY_BYTES))
    keyfiles.put(folder / f"mark-{key.key_id}.key", key.secret)
    return key


def load_mark_keys(folder: Path) -> tuple[MarkKey, ...]:
    """Every watermark key: the one that marks now first, then the others, newest first.

    Raises:
        PolicyError: others than its owner may read a file.
        BadFileError: a file's contents do not match its name.
    """
    current = _current_mark_id(folder)
    paths = [path for path in folder.glob("mark-*.key") if _NAME.fullmatch(path.name)]
    paths.sort(key=lambda one: (one.name == f"mark-{current}.key", one.stat().st_mtime_ns, one.name), reverse=True)
    return tuple(_load_mark_key(path) for path in paths)


def load_mark_key(folder: Path, key_id: str | None = None) -> MarkKey:
    """Read a watermark key: the named one, else the one that marks now.

    Raises:
        NotFoundError: there is none.
        PolicyError: others than its owner may read the file.
        BadFileError: its contents do not match its name.
    """
    for key in load_mark_keys(folder):
        if key_id in (None, key.key_id):
            return key
    raise NotFoundError(f"{folder} holds no such watermark key.", code="keys.not_found")


def mark_key(folder: Path) -> MarkKey:
    """The watermark key that marks now, made if there is none yet."""
    try:
        return load_mark_key(folder)
    except NotFoundError:
        return create_mark_key(folder)


def _load_mark_key(path: Path) -> MarkKey:
    key = _named(keyfiles.get_secret(path))
    if len(key.secret) != MARK_KEY_BYTES or path.name != f"mark-{key.key_id}.key":
        raise BadFileError(f"The watermark key {path} is damaged.", code="keys.damaged")
    return key


def _current_mark_id(folder: Path) -> str | None:
    """Which mark key the ring names; file times say it where no rotation has: a restored backup may change those."""
    try:
        return load_ring(folder).mark_key_id
    except (NotFoundError, BadFileError):
        return None


def _named(secret: bytes) -> MarkKey:
    return MarkKey(hashlib.sha256(b"headwater mark key\0" + secret).hexdigest()[:16], secret)


def _retired(one: Mapping[str, object]) -> dict[str, str]:
    names = {part: _checked(one[part]) for part in (*PARTS, *STAMP_PARTS) if part in one}
    return {"key_id": str(one["key_id"]), "at": str(one["at"]), "reason": str(one.get("reason", ""))} | names


def _checked(name: object) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("a file name that is none of ours")  # damage, whatever its type
    return name


def _ring_exists(folder: Path) -> ConflictError:
    return ConflictError(
        f"{folder} already holds a key ring; it is never replaced.",
        next_step="`dam keys rotate` makes a new signing key beside the old one.",
        code="keys.exist",
    )
