"""The in-memory likeness table, kept level with the catalogue's fingerprints by their sequence number."""

import threading

from dam.catalogue.assets import fingerprints_after
from dam.catalogue.reading import Reader
from dam.catalogue.unit import Unit
from dam.fingerprint.engines import phash64, phash256
from dam.fingerprint.index import Hit, NearIndex

ENGINE_64 = phash64.PLUGIN.name
ENGINE_256 = phash256.PLUGIN.name


class NearTable:
    """Follows `fingerprint` rows. Inside one write transaction nobody else can add rows, so a pair is never missed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._index = NearIndex()
        self._seq = 0

    def follow(self, source: Unit | Reader) -> None:
        """Take in every row that was committed since the last call."""
        with self._lock:
            pairs: dict[str, dict[str, str]] = {}
            for seq, asset_id, engine, code in _rows_after(source, self._seq):
                self._seq = max(self._seq, seq)
                pairs.setdefault(asset_id, {})[engine] = code
            whole = {ENGINE_64, ENGINE_256}  # an asset's codes are written in one transaction, so never half of them
            self._index.load((i, c[ENGINE_64], c[ENGINE_256]) for i, c in pairs.items() if whole <= c.keys())

    def near(self, code64: str, code256: str, *, limit: int = 64) -> list[Hit]:
        return self._index.near(code64, code256, limit=limit)

    def near_by(self, code: str, *, bits: int, within: int, limit: int = 64) -> list[tuple[str, int]]:
        """(asset id, distance) by one code alone, the nearest first."""
        return self._index.near_by(code, bits=bits, within=within, limit=limit)


def _rows_after(source: Unit | Reader, seq: int) -> list[tuple[int, str, str, str]]:
    return source.fingerprints_after(seq) if isinstance(source, Reader) else fingerprints_after(source, seq)
