"""What the stages work with, wired once by the service and handed down."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dam.catalogue.unit import Catalogue
from dam.ingest.near import NearTable
from dam.provenance.keys import KeyRing, MarkKey
from dam.provenance.live import Live
from dam.provenance.trust import TrustStore
from dam.settings import Settings
from dam.storage.local import LocalStorage


@dataclass(frozen=True, slots=True)
class Parts:
    """`clock` gives aware UTC; `wall` Unix seconds (what `not_before` columns compare with).

    Trust lists are read again when they change: another process may import one.
    """

    settings: Settings
    catalogue: Catalogue
    storage: LocalStorage
    ring: KeyRing
    mark_key: MarkKey
    live_trust: Live[TrustStore]
    near: NearTable
    clock: Callable[[], datetime]
    wall: Callable[[], float]

    @property
    def trust(self) -> TrustStore:
        return self.live_trust.get()

    @property
    def max_bytes(self) -> int:
        return int(self.settings.max_file_gib * 2**30)
