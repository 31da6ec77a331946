"""Trust lists: what is there, importing one, and judging again whatever it changes."""

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dam.catalogue import verdicts
from dam.catalogue.verdicts import Rejudged
from dam.errors import DamError, LimitError, UnreadableError
from dam.ingest import judge
from dam.ingest.parts import Parts
from dam.ingest.workers import IN_VAULT, Workers
from dam.provenance import lists
from dam.provenance.lists import Anchor, ListFile
from dam.provenance.trust import LISTS, MAX_LIST_BYTES
from dam.service.passes import Passes, Progress
from dam.storage.local import write_atomic

POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier as it is in use. Attribute names are the wire's (dam_schemas.trust.TierOut)."""

    tier: str
    anchors: int = 0
    source: str | None = None
    source_sha256: str | None = None
    imported_at: str | None = None
    imported_by: str | None = None
    name: str | None = None
    version: str | None = None
    issued_at: str | None = None
    next_update: str | None = None
    expired: int = 0
    expiring: tuple[Anchor, ...] = ()


@dataclass(frozen=True, slots=True)
class Lists:
    """All tiers, the hash that verdicts name, and how far judging by it has come."""

    trust_list: str
    tiers: tuple[Tier, ...]
    rejudged: Rejudged


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do. `rejudged` None: it was not waited for."""

    tier: str
    dry_run: bool
    anchors: int
    added: int
    removed: int
    source: str
    source_sha256: str
    name: str | None
    version: str | None
    trust_list: str
    warnings: tuple[str, ...] = ()
    asked: int = 0
    rejudged: Rejudged | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What to do with a list that was read: who asks, and whether to write and to wait."""

    actor: str
    dry_run: bool = False
    wait: bool = True
    on_progress: Callable[[Progress], None] | None = field(default=None, repr=False)


class Trust:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._folder = parts.settings.library / "trust"

    def list(self) -> Lists:
        """Every tier with where it came from, and what expires within 90 days."""
        store, now = self._parts.trust, self._parts.clock()
        tiers = tuple(self._tier(tier, lists.anchors_of(store.certificates(tier)), now) for tier in LISTS)
        return Lists(store.sha256, tiers, self.rejudged())

    def import_file(self, path: str, tier: str, asked: Asked) -> Imported:
        """Put the list at `path` in the place of a tier; anchors of the organisation are added to those that are there.

        Raises:
            UnreadableError: it cannot be read. Others as `lists.read_list`, StorageError as `write_atomic`.
        """
        try:
            with open(path, "rb") as file:
                data = file.read(MAX_LIST_BYTES + 1)
        except (OSError, ValueError) as error:
            raise UnreadableError(f"The list {path!a} cannot be read: {error}.") from error
        return self.import_bytes(data, os.path.basename(path), tier, asked)

    def import_bytes(self, data: bytes, source: str, tier: str, asked: Asked) -> Imported:
        """As `import_file`, with the list in memory."""
        now = self._parts.clock()
        found = lists.read_list(data, tier, now=now)
        before = lists.anchors_of(self._parts.trust.certificates(tier))
        kept = before if tier == "organisation" else ()
        new = {one.sha256: one for one in (*kept, *found.anchors)}
        added, removed = new.keys() - {a.sha256 for a in before}, {a.sha256 for a in before} - new.keys()
        pem = "".join(one.pem for one in new.values())
        if len(pem) > MAX_LIST_BYTES:
            raise LimitError(f"The list would be larger than {MAX_LIST_BYTES >> 20} MiB.", code="trust.too_large")
        count = 0
        if not asked.dry_run:
            self._write(tier, pem, found, source, asked)
            count = judge.ask(self._parts)
        rejudged = self.wait(asked.on_progress) if asked.wait and not asked.dry_run else None
        return Imported(
            tier=tier, dry_run=asked.dry_run, anchors=len(new), added=len(added), removed=len(removed), source=source,
            source_sha256=found.sha256, name=found.name, version=found.version, trust_list=self._parts.trust.sha256,
            warnings=found.warnings, asked=count, rejudged=rejudged if count else None if rejudged is None else Rejudged(),
        )  # fmt: skip

    def _write(self, tier: str, pem: str, found: ListFile, source: str, asked: Asked) -> None:
        """The list first: a record that does not fit it is not shown, so a crash in between tells no lie."""
        record = {
            "source": source, "source_sha256": found.sha256, "imported_at": self._parts.clock().isoformat(),
            "imported_by": asked.actor, "name": found.name, "version": found.version, "issued_at": found.issued_at,
            "next_update": found.next_update, "pem_sha256": hashlib.sha256(pem.encode()).hexdigest(),
        }  # fmt: skip
        write_atomic(self._folder / f"{tier}.pem", pem.encode())
        write_atomic(self._folder / f"{tier}.json", json.dumps(record, indent=1, ensure_ascii=False).encode())
        detail: dict[str, Any] = {name: record[name] for name in ("source", "source_sha256", "name", "version")}
        detail |= {"tier": tier, "anchors": pem.count("BEGIN CERTIFICATE"), "trust_list": self._parts.trust.sha256}
        with self._parts.catalogue.change(asked.actor) as unit:
            unit.audit("trust.imported", self._parts.catalogue.library_id, detail)

    def wait(self, on_progress: Callable[[Progress], None] | None = None) -> Rejudged:
        """Judge again in this process until nothing is left but files on drives that are offline."""
        workers = Workers(self._parts, self._parts.settings.worker_count, only=(verdicts.JUDGE, *IN_VAULT))
        workers.start()
        begun = time.monotonic()
        try:
            while (now := self.rejudged()).left or judge.ask(self._parts):
                if on_progress is not None:
                    rate = workers.done / max(time.monotonic() - begun, 1e-6)
                    on_progress(Progress(workers.done, now.left, rate, now.left / rate if rate else None))
                workers.wake()
                time.sleep(POLL_S)
        finally:
            workers.stop()
            Passes(self._parts).follow()
        return self.rejudged()

    def rejudged(self) -> Rejudged:
        """What judging by today's lists has come to."""
        with self._parts.catalogue.reader() as reader:
            return verdicts.report(reader.rows, judge.key(self._parts))

    def _tier(self, tier: str, anchors: tuple[Anchor, ...], now: datetime) -> Tier:
        return Tier(
            tier=tier,
            anchors=len(anchors),
            expired=sum(a.not_after <= now for a in anchors),
            expiring=tuple(a for a in anchors if now < a.not_after <= now + lists.SOON),
            **self._record(tier),
        )

    def _record(self, tier: str) -> dict[str, Any]:
        """How the tier came here; {} if nobody imported it, or somebody has changed the file since."""
        try:
            pem = (self._folder / f"{tier}.pem").read_bytes()
            record = json.loads((self._folder / f"{tier}.json").read_bytes())
            if record.pop("pem_sha256") == hashlib.sha256(pem).hexdigest():
                return {name: value for name, value in record.items() if name in _RECORDED}
        except (OSError, ValueError, LookupError, AttributeError, DamError):
            pass
        return {}


_RECORDED = (
    "source", "source_sha256", "imported_at", "imported_by", "name", "version", "issued_at", "next_update",
)  # fmt: skip
