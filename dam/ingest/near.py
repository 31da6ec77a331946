"""The in-memory likeness tables, kept level with the catalogue's rows by their sequence numbers."""

import threading

import numpy as np

from dam.catalogue import moments as stored
from dam.catalogue import sounds
from dam.catalogue.assets import fingerprints_after
from dam.catalogue.reading import Reader
from dam.catalogue.unit import Unit
from dam.fingerprint.engines import isccimage, phash64, phash256
from dam.fingerprint.index import Hit, NearIndex
from dam.fingerprint.moments import Likeness
from dam.fingerprint.sounds import ENGINE, Numbers, SoundHit, SoundIndex

ENGINE_64 = phash64.PLUGIN.name
ENGINE_256 = phash256.PLUGIN.name
ENGINE_ISCC = isccimage.PLUGIN.name
ISCC_ALG = "io.iscc.v0"  # on the C2PA list of soft-binding algorithms


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

    def __len__(self) -> int:
        return len(self._index)

    def near(self, code64: str, code256: str, *, limit: int = 64) -> list[Hit]:
        return self._index.near(code64, code256, limit=limit)

    def near_by(self, code: str, *, bits: int, within: int, limit: int = 64) -> list[tuple[str, int]]:
        """(asset id, distance) by one code alone, the nearest first."""
        return self._index.near_by(code, bits=bits, within=within, limit=limit)


class IsccTable:
    """ISCC Image-Codes in memory, followed by the fingerprints' sequence number. The first 64 bits are a code of their own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._index = NearIndex()
        self._seq = 0

    def follow(self, reader: Reader) -> None:
        """Take in every row that was committed since the last call."""
        with self._lock:
            rows = reader.rows(
                "SELECT seq, asset_id, code FROM fingerprint WHERE seq > ? AND engine = ? AND NOT flat ORDER BY seq",
                self._seq,
                ENGINE_ISCC,
            )
            self._index.load((row["asset_id"], row["code"][:16], row["code"]) for row in rows)
            self._seq = rows[-1]["seq"] if rows else self._seq

    def near(self, code: str, *, within: int, limit: int) -> list[tuple[str, int]]:
        """(asset id, distance), the nearest first."""
        return self._index.near_by(code, bits=256, within=within, limit=limit)


class SoundTable:
    """The sounds in memory, followed by their sequence number."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._index = SoundIndex()
        self._seq = 0

    def follow(self, reader: Reader) -> None:
        """Take in every row that was committed since the last call."""
        with self._lock:
            rows = reader.rows(sounds.AFTER, self._seq, ENGINE)
            self._index.load((row["asset_id"], np.frombuffer(row["code"], "<u4").astype(np.uint32)) for row in rows)
            self._seq = rows[-1]["seq"] if rows else self._seq

    def near(self, numbers: Numbers) -> list[SoundHit]:
        """Sounds that agree with it, the surest first."""
        return self._index.near(numbers)


def _rows_after(source: Unit | Reader, seq: int) -> list[tuple[int, str, str, str]]:
    return source.fingerprints_after(seq) if isinstance(source, Reader) else fingerprints_after(source, seq)


class MomentTable:
    """The moments of all videos in memory, followed by their sequence number; 250 bytes each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._index = NearIndex()
        self._places: dict[str, tuple[str, float, float]] = {}
        self._by_asset: dict[str, list[str]] = {}
        self._seq = 0

    def follow(self, reader: Reader) -> None:
        """Take in every row that was committed since the last call; a video that was looked through anew replaces itself."""
        with self._lock:
            rows = reader.rows(stored.AFTER, self._seq)
            for asset_id in {row["asset_id"] for row in rows}:
                for name in self._by_asset.pop(asset_id, ()):
                    self._index.remove(name)
                    del self._places[name]
            for row in rows:
                name = str(row["seq"])
                self._places[name] = (row["asset_id"], row["at_s"], row["until_s"])
                self._by_asset.setdefault(row["asset_id"], []).append(name)
            self._index.load((str(row["seq"]), row["code64"], row["code256"]) for row in rows)
            self._seq = rows[-1]["seq"] if rows else self._seq

    def __len__(self) -> int:
        return len(self._index)

    def near(self, code64: str, code256: str, *, limit: int = 200) -> list[Likeness]:
        """Moments that look like it, the nearest first."""
        hits = self._index.near(code64, code256, limit=limit)
        with self._lock:
            placed = [(hit, self._places.get(hit.asset_id)) for hit in hits]
        return [Likeness(*place, hit.distance64, hit.distance256) for hit, place in placed if place is not None]
