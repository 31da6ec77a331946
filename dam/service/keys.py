"""The library's keys: what there is, and their rotation, by hand or before they end."""

import contextlib
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dam.catalogue.unit import Unit
from dam.errors import ConflictError, DamError, SignerUnavailableError, StorageError
from dam.ingest.parts import Parts
from dam.provenance import keyfiles, keylist, keys, rotation, trust
from dam.provenance.keylist import KeyRow
from dam.storage.local import write_atomic

log = logging.getLogger("dam.service")

LOOK_S = 3600.0  # how often a running service looks whether a rotation is due


@dataclass(frozen=True, slots=True)
class Rotation:
    """What was made new, or would be. Attribute names are the wire's (dam_schemas.keys.RotationOut)."""

    dry_run: bool
    old_key_id: str
    new_key_id: str | None = None
    new_issuing: bool = False
    new_root: bool = False
    new_time_stamp: bool = False
    not_after: str | None = None
    mark: bool = False
    destroyed: tuple[str, ...] = ()


class Keys:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._next_look = 0.0

    @property
    def _folder(self) -> Path:
        return self._parts.settings.library / "keys"

    def list(self) -> list[KeyRow]:
        """Every key, the current ones first.

        Raises:
            SignerUnavailableError: a signer was supplied and cannot be used.
        """
        supplied = self._parts.means.signer() if self._parts.means.supplied else None
        return keylist.rows(self._parts.ring, self._parts.mark_keys, self._parts.clock(), supplied=supplied)

    def rotate(
        self,
        *,
        new_root: bool = False,
        reason: str = "",
        dry_run: bool = False,
        destroy: bool = False,
        actor: str = "service",
    ) -> Rotation:
        """A new signing key (and what is too short above it). The old one signs nothing more, and stays trusted.

        `destroy`: also overwrite and remove private keys that are retired by then.

        Raises:
            ConflictError: the root ends too soon ("keys.root_too_short").
            SignerUnavailableError: a CA's key is needed and kept elsewhere ("keys.ca_key_needed").
            StorageError: the folder cannot be written. Nothing has changed.
        """
        if dry_run:
            ring, now = keys.load_ring(self._folder), self._parts.clock()
            plan = rotation.plan(ring, now, new_root=new_root)
            going = [path.name for path in rotation.retired_secrets(ring)] + [ring.leaf_key_path.name]
            return _told(ring.key_id, None, plan, destroyed=tuple(going) if destroy else (), dry_run=True)
        with keyfiles.locked(self._folder):
            ring = keys.load_ring(self._folder)
            key_id, plan = self._rotate(ring, new_root=new_root, reason=reason, actor=actor)
        destroyed = self.destroy_retired(actor=actor) if destroy else ()
        return _told(ring.key_id, key_id, plan, destroyed=destroyed)

    def _rotate(self, ring: keys.KeyRing, *, new_root: bool, reason: str, actor: str) -> tuple[str, rotation.Plan]:
        now = self._parts.clock()
        plan = rotation.plan(ring, now, new_root=new_root)
        undoing = rotation.prepared(ring, plan, now, reason=reason)  # outside: undoes the switch if the ledger fails
        with undoing as ready, self._parts.catalogue.change(actor) as unit:
            _audit(unit, ring.key_id, ready, reason)
            add_anchors(self._parts.settings.library, ready)
            ready.switch()
        return ready.key_id, plan

    def rotate_mark(self, *, dry_run: bool = False, reason: str = "", actor: str = "service") -> Rotation:
        """A new watermark key for new copies; marks made with the old ones are still found."""
        old = self._parts.mark_key.key_id
        if dry_run:
            return Rotation(True, old, mark=True)
        with keyfiles.locked(self._folder), self._parts.catalogue.change(actor) as unit:
            made = rotation.rotate_mark(keys.load_ring(self._folder))
            unit.audit("keys.mark_rotated", made.key_id, {"old": old, "reason": reason})
        return Rotation(False, old, made.key_id, mark=True)

    def destroy_retired(self, *, actor: str = "service") -> tuple[str, ...]:
        """Overwrite and remove the private keys of former rings; certificates and watermark keys stay."""
        with keyfiles.locked(self._folder), self._parts.catalogue.change(actor) as unit:
            paths = rotation.retired_secrets(keys.load_ring(self._folder))
            gone = tuple(path.name for path in paths if keyfiles.destroy(path))
            if gone:
                unit.audit("keys.destroyed", "keys", {"files": list(gone)})
        return gone

    def rotate_if_due(self) -> Rotation | None:
        """Rotate when the signing certificate ends within `rotate_days`. Never raises; a supplied signer is not ours."""
        settings, now = self._parts.settings, self._parts.clock()
        if not settings.rotate_days or self._parts.means.supplied is not None:
            return None
        try:
            with keyfiles.locked(self._folder):
                ring = keys.load_ring(self._folder)  # another process may have been faster
                if ring.leaf_not_after - now > timedelta(days=settings.rotate_days):
                    return None
                key_id, plan = self._rotate(ring, new_root=False, reason="before its end", actor="service")
        except DamError as error:
            log.warning("the signing key could not be rotated: %s", error)
            return None
        log.info("signing key %s replaced %s", key_id, ring.key_id)
        return _told(ring.key_id, key_id, plan)

    def tick(self) -> None:
        """Called often by a running service; looks once an hour."""
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_S
            self.rotate_if_due()


def _told(
    old: str, new: str | None, plan: rotation.Plan, *, destroyed: tuple[str, ...] = (), dry_run: bool = False
) -> Rotation:
    return Rotation(
        dry_run, old, new, plan.issuing, plan.root, plan.stamper, plan.leaf_not_after.isoformat(), destroyed=destroyed
    )


def _audit(unit: Unit, old: str, ready: rotation.Prepared, reason: str) -> None:
    plan = ready.plan
    detail = {
        "old": old, "root": plan.root, "issuing": plan.issuing, "time_stamp": plan.stamper, "reason": reason,
        "not_after": plan.leaf_not_after.isoformat(),
    }  # fmt: skip
    unit.audit("keys.rotated", ready.key_id, detail)


def add_anchors(library: Path, ready: rotation.Prepared) -> None:
    """New roots are believed from now on, beside the old ones: an anchor too many before the switch does no harm."""
    for name, anchors in (("organisation.pem", ready.anchors), (trust.OWN_STAMPS, ready.stamp_anchors)):
        for anchor in anchors:
            _append(library / "trust" / name, anchor)


def _append(path: Path, anchor: bytes) -> None:
    found = path.read_bytes() if path.exists() else b""
    if anchor not in found:
        write_atomic(path, found + (b"" if not found or found.endswith(b"\n") else b"\n") + anchor)


def ensure_stamps(library: Path, now: datetime) -> None:
    """Give an older library its time-stamp certificate and its anchor, where its root key is there to make one."""
    folder = library / "keys"
    ring = keys.load_ring(folder)
    with contextlib.suppress(StorageError):  # a library that cannot be written; doctor says what is missing
        if not ring.stamp_pem:
            try:
                with keyfiles.locked(folder):
                    ring = keys.load_ring(folder)
                    if not ring.stamp_pem:
                        ring, _ = rotation.add_stamper(ring, now)
            except (SignerUnavailableError, ConflictError) as error:
                log.warning("%s", error)
                return
        anchors = library / "trust" / trust.OWN_STAMPS
        if not anchors.exists():
            _append(anchors, _authority_of(ring))


def _authority_of(ring: keys.KeyRing) -> bytes:
    end = "-----END CERTIFICATE-----"
    own, authority, *_ = (f"{one}{end}\n" for one in ring.stamp_pem.split(end))
    del own
    return authority.lstrip().encode()
