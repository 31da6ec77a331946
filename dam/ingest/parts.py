"""What the stages work with, wired once by the service and handed down."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dam.catalogue.unit import Catalogue
from dam.ingest.clustering import Clustering
from dam.ingest.near import IsccTable, MomentTable, NearTable, SoundTable
from dam.provenance.keys import KeyRing, MarkKey
from dam.provenance.live import Live
from dam.provenance.means import SigningMeans
from dam.provenance.trust import TrustStore
from dam.settings import Settings
from dam.storage.local import LocalStorage


@dataclass(frozen=True, slots=True)
class Parts:
    """`clock` gives aware UTC; `wall` Unix seconds (what `not_before` columns compare with).

    Keys and trust lists are read again when they change: another process may rotate or import.
    """

    settings: Settings
    catalogue: Catalogue
    storage: LocalStorage
    live_ring: Live[KeyRing]
    live_marks: Live[tuple[MarkKey, ...]]
    live_trust: Live[TrustStore]
    means: SigningMeans
    near: NearTable
    moments: MomentTable
    iscc: IsccTable
    sounds: SoundTable
    clustering: Clustering
    clock: Callable[[], datetime]
    wall: Callable[[], float]

    @property
    def ring(self) -> KeyRing:
        return self.live_ring.get()

    @property
    def mark_keys(self) -> tuple[MarkKey, ...]:
        """The key that marks now, then those of before."""
        return self.live_marks.get()

    @property
    def mark_key(self) -> MarkKey:
        return self.mark_keys[0]

    @property
    def trust(self) -> TrustStore:
        return self.live_trust.get()

    @property
    def max_bytes(self) -> int:
        return int(self.settings.max_file_gib * 2**30)
