"""Clusters follow the fingerprints: by one process at a time, a batch a transaction, nothing lost by a crash between.

The rows say how far it has come; a process whose memory is not at that place reads everything anew before it goes on.
"""

import threading
from typing import Any

from dam.catalogue import clusters as stored
from dam.catalogue.unit import Catalogue
from dam.fingerprint.clusters import Clusters, Picture, order_of
from dam.ingest.near import ENGINE_64, ENGINE_256
from dam.media.picture import LOSSLESS

BATCH = 4000  # fingerprints; two an asset


class Clustering:
    """The clusters in memory, and where they stand."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clusters = Clusters()
        self._seq = 0
        self._loaded = False

    def follow(self, catalogue: Catalogue) -> int:
        """Take in all fingerprints that are not in yet. Returns how many assets have moved."""
        moved = 0
        with self._lock:
            while (count := self._step(catalogue)) is not None:
                moved += count
        return moved

    def _step(self, catalogue: Catalogue) -> int | None:
        with catalogue.reader() as reader:
            at = stored.seq(reader)
            rows = stored.codes_after(reader, at, limit=BATCH)
            if not rows:
                return None
            if not self._loaded or at != self._seq:
                self._clusters = Clusters()
                self._clusters.restore(_pictures(stored.codes_until(reader, at)), stored.under(reader))
                self._loaded = True
        whole = len(rows) < BATCH
        reached = rows[-1]["seq"] if whole else _last_whole(rows)
        pictures = {one.asset_id: one for one in _pictures([row for row in rows if row["seq"] <= reached])}
        for asset_id in {row["asset_id"] for row in rows if row["seq"] <= reached}:
            picture = pictures.get(asset_id)
            if picture is None:
                self._clusters.remove(asset_id)
            else:
                self._clusters.put(picture)
        changes = self._clusters.take_changes()
        with catalogue.change() as unit:
            if stored.seq_now(unit) != at:  # another process was faster
                self._loaded = False
                return 0
            stored.put(unit, changes, reached)
        self._seq = reached
        return len(changes)


def _last_whole(rows: list[dict[str, Any]]) -> int:
    """The last row of the last asset but one: of the last, half its codes may lie in the next batch."""
    last = rows[-1]["asset_id"]
    before = [row["seq"] for row in rows if row["asset_id"] != last]
    return int(before[-1]) if before else int(rows[-1]["seq"])


def _pictures(rows: list[dict[str, Any]]) -> list[Picture]:
    codes: dict[str, dict[str, str]] = {}
    facts: dict[str, dict[str, Any]] = {}
    for row in rows:
        if not row["flat"]:
            codes.setdefault(row["asset_id"], {})[row["engine"]] = row["code"]
            facts[row["asset_id"]] = row
    return [
        Picture(
            asset_id,
            both[ENGINE_64],
            both[ENGINE_256],
            order_of(fact["sha256"], fact["pixels"], lossless=fact["mime"] in LOSSLESS),
        )
        for asset_id, both in codes.items()
        if {ENGINE_64, ENGINE_256} <= both.keys() and (fact := facts[asset_id])
    ]
