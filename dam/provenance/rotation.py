"""Replace keys before they end: plan (pure), prepare the new files, switch `ring.json`, and undo if that went wrong.

A new leaf needs the issuing CA, a new issuing CA the root. The root changes only when asked for, because outsiders hold
it as their anchor; former roots stay anchors. Nothing is taken away by a rotation: files signed with former keys stay
what they are, and former mark keys are still searched for.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from dam.errors import BadFileError, ConflictError, SignerUnavailableError
from dam.provenance import certificates, keyfiles, keys
from dam.provenance.certificates import Holder
from dam.provenance.keys import KeyRing


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rotation makes beside the new leaf, and until when the leaf will be valid."""

    root: bool
    issuing: bool
    stamper: bool
    leaf_not_after: datetime


@dataclass(slots=True)
class Prepared:
    """New files that nobody uses yet. `switch` makes them current, `undo` takes back everything."""

    key_id: str
    plan: Plan
    ring: KeyRing
    anchors: tuple[bytes, ...]  # PEM certificates: a new root and a new time-stamping CA, where there are
    stamp_anchors: tuple[bytes, ...]
    _parts: keys.NamedFiles = field(repr=False)
    _text: bytes = field(repr=False)
    _before: bytes = field(repr=False)
    _switched: bool = False

    def switch(self) -> None:
        """From here on the new keys sign. One rename: a reader sees the old ring or the new one."""
        keyfiles.replace(self.ring.folder / keys.RING, self._text)
        self._switched = True

    def undo(self) -> None:
        """Put the old ring back and remove the new files."""
        if self._switched:
            keyfiles.replace(self.ring.folder / keys.RING, self._before)
            self._switched = False
        for name, _ in self._parts.values():
            with contextlib.suppress(OSError):
                (self.ring.folder / name).unlink(missing_ok=True)


def plan(ring: KeyRing, now: datetime, *, new_root: bool = False) -> Plan:
    """What a rotation at `now` would make.

    Raises:
        ConflictError: the root ends too soon for a new leaf, and no new root was asked for.
    """
    root = x509.load_pem_x509_certificate(ring.root_pem.encode())
    issuing = x509.load_pem_x509_certificates(ring.chain_pem.encode())[1]
    full = certificates.end_of(certificates.LEAF_DAYS, now, None)
    if not new_root and root.not_valid_after_utc < full:
        raise ConflictError(
            f"The root certificate ends on {root.not_valid_after_utc:%Y-%m-%d}, before a new signing certificate would.",
            next_step="Make a new root as well: dam keys rotate --root",
            code="keys.root_too_short",
        )
    short = new_root or issuing.not_valid_after_utc < full
    stamp = x509.load_pem_x509_certificates(ring.stamp_pem.encode())[0] if ring.stamp_pem else None
    return Plan(
        root=new_root,
        issuing=short,
        stamper=new_root or stamp is None or stamp.not_valid_after_utc < full,
        leaf_not_after=full,
    )


@contextlib.contextmanager
def prepared(ring: KeyRing, wanted: Plan, now: datetime, *, reason: str) -> Iterator[Prepared]:
    """Make keys and certificates and write their files; an exception inside the block undoes all of it.

    The caller holds `keyfiles.locked` and calls `switch` as its last act.

    Raises:
        SignerUnavailableError: a CA's private key that is needed is not in the folder ("keys.ca_key_needed").
        StorageError: the folder cannot be written; nothing is left.
    """
    before = keyfiles.get(ring.folder / keys.RING)
    made = _made(ring, wanted, now)
    files = dict(ring.files) | {part: name for part, (name, _) in made.parts.items()}
    former = {"key_id": ring.key_id, "at": now.isoformat(timespec="seconds"), "reason": reason} | dict(ring.files)
    text = keys.ring_text(made.key_id, files, retired=(former, *ring.retired), mark_key_id=ring.mark_key_id)
    ready = Prepared(made.key_id, wanted, ring, made.anchors, made.stamp_anchors, made.parts, text, before)
    try:
        keys.put_files(ring.folder, made.parts)
        yield ready
    except BaseException:
        ready.undo()
        raise


@dataclass(slots=True)
class _Made:
    key_id: str
    parts: keys.NamedFiles
    anchors: tuple[bytes, ...] = ()
    stamp_anchors: tuple[bytes, ...] = ()


def _made(ring: KeyRing, wanted: Plan, now: datetime) -> _Made:
    organisation = ring.organisation
    parts: keys.NamedFiles = {}
    anchors: tuple[bytes, ...] = ()
    stamp_anchors: tuple[bytes, ...] = ()
    root = certificates.new_root(organisation, now) if wanted.root else None
    if root is not None:
        parts |= keys.root_files(root)
        anchors = (root.certificate_pem(),)
    if wanted.issuing or wanted.stamper:
        root = root or _root(ring)
    if wanted.issuing:
        assert root is not None
        issuing = certificates.new_issuing(root, organisation, now)
        parts |= keys.issuing_files(issuing)
    else:
        issuing = _issuing(ring)
    if wanted.stamper:
        assert root is not None
        stamper = certificates.new_stamper(root, organisation, now)
        parts |= keys.stamp_files(stamper)
        stamp_anchors = (certificates.pem(stamper.authority),)
    leaf = certificates.new_leaf(issuing, organisation, now)
    parts |= keys.leaf_files(leaf, issuing.certificate)
    return _Made(leaf.key_id, parts, anchors, stamp_anchors)


def add_stamper(ring: KeyRing, now: datetime) -> tuple[KeyRing, bytes]:
    """Give a ring of an older library its time-stamp certificate. Returns the ring and the new anchor as PEM.

    The caller holds `keyfiles.locked`. Raises as `prepared`.
    """
    stamper = certificates.new_stamper(_root(ring), ring.organisation, now)
    parts = keys.stamp_files(stamper)
    files = dict(ring.files) | {part: name for part, (name, _) in parts.items()}
    keys.put_files(ring.folder, parts)
    text = keys.ring_text(ring.key_id, files, retired=ring.retired, mark_key_id=ring.mark_key_id)
    keyfiles.replace(ring.folder / keys.RING, text)
    return keys.load_ring(ring.folder), certificates.pem(stamper.authority)


def rotate_mark(ring: KeyRing) -> keys.MarkKey:
    """Make a new watermark key and name it in the ring; the caller holds `keyfiles.locked`."""
    made = keys.create_mark_key(ring.folder)
    text = keys.ring_text(ring.key_id, ring.files, retired=ring.retired, mark_key_id=made.key_id)
    keyfiles.replace(ring.folder / keys.RING, text)
    return made


def retired_secrets(ring: KeyRing) -> tuple[Path, ...]:
    """Private keys of former rings that the current one does not use. Mark keys are never among them."""
    current = set(ring.files.values())
    parts = ("leaf_key", "issuing_key", "root_key", "stamp_key")
    names = {one[part] for one in ring.retired for part in parts if part in one} - current
    return tuple(path for name in sorted(names) if (path := ring.folder / name).exists())


def _root(ring: KeyRing) -> Holder:
    return _holder(ring, x509.load_pem_x509_certificate(ring.root_pem.encode()), "root_key")


def _issuing(ring: KeyRing) -> Holder:
    return _holder(ring, x509.load_pem_x509_certificates(ring.chain_pem.encode())[1], "issuing_key")


def _holder(ring: KeyRing, certificate: x509.Certificate, part: str) -> Holder:
    path = ring.folder / ring.files[part]
    if not path.exists():
        raise SignerUnavailableError(
            f"{path.name} is needed to issue a certificate and is not in {ring.folder}.",
            next_step="Bring it back from where it is kept, rotate, and take it away again (docs/keys.md).",
            code="keys.ca_key_needed",
        )
    key = keys.load_key(path)
    if not _fits(certificate, key):
        raise BadFileError(f"{path} does not fit its certificate.", code="keys.damaged")
    return Holder(certificates.key_id_of(certificate), certificate, key)


def _fits(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> bool:
    public = certificate.public_key()
    return (
        isinstance(public, ec.EllipticCurvePublicKey) and public.public_numbers() == key.public_key().public_numbers()
    )
