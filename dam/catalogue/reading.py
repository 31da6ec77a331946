"""Plain reads over a bare DB-API connection: cards, details, neighbours, the outbox. No ORM, so doors start fast.

Only standard SQL stands here; what is SQLite's own stands in `sqlite`.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dam.catalogue import cards, sqlite
from dam.catalogue.cards import Card
from dam.errors import MigrationError, NotFoundError, UsageError
from dam.media.paths import match_key

CLIPS_IN_DETAIL = 2_000
CHUNK = 400  # ids in one IN (...) list


WAITING_CODES = (
    "timestamp.",
    "signer.",
    "mark.unavailable",
    "storage.",
)  # why a stage waits, where no file is to blame
_OUTSIDE = "(" + " OR ".join(f"coalesce(code, '') LIKE '{code}%'" for code in WAITING_CODES) + ")"


@contextmanager
def open_reader(path: Path) -> Iterator["Reader"]:
    """A reader on the catalogue file, read-only."""
    if not path.exists():
        raise MigrationError(f"No library at {path.parent}.", next_step="Create one with: dam init (or dam up PATH).")
    with sqlite.connected(path) as connection:
        yield Reader(connection)


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


class Reader:
    """Reads for doors and the index. `connection` is any DB-API connection whose rows can be read by name."""

    def __init__(self, connection: Any) -> None:
        self._db = connection

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in self._db.execute(sql, values).fetchall()]

    def one(self, sql: str, *values: object) -> Any:
        """The first column of the first row, or None."""
        row = self._db.execute(sql, values).fetchone()
        return row[0] if row else None

    # -- assets

    def cards(self, ids: Sequence[str]) -> list[Card]:
        """Cards in the order of `ids`; ids that are not in the catalogue are left out."""
        found: dict[str, Card] = {}
        for at in range(0, len(ids), CHUNK):
            part = list(ids[at : at + CHUNK])
            found.update(cards.of(self.rows, part))
        return [found[i] for i in ids if i in found]

    def find(self, name: str) -> str:
        """The asset id for an id, a unique prefix of id or SHA-256, a location's path, or a file name that is unique.

        Raises:
            NotFoundError: nothing, or a prefix that fits several assets.
        """
        if not name:
            raise UsageError("No asset was named.", next_step="Give an id, a SHA-256, a unique prefix or a path.")
        exact = self.one("SELECT id FROM asset WHERE id = ? OR sha256 = ?", name, name.lower())
        if exact:
            return str(exact)
        if len(name) >= 6 and all(c in "0123456789abcdef-" for c in name.lower()):
            low, high = name.lower(), name.lower() + "~"
            hits = self.rows(
                "SELECT id FROM asset WHERE (id >= ? AND id < ?) OR (sha256 >= ? AND sha256 < ?) LIMIT 3",
                low,
                high,
                low,
                high,
            )
            if len(hits) == 1:
                return str(hits[0]["id"])
            if hits:
                raise NotFoundError(
                    f"{name} is the beginning of several assets.",
                    next_step="Give more characters.",
                    code="asset.ambiguous",
                )
        found = self._by_path(name)
        if found is None:
            raise NotFoundError(
                f"No asset {name}.",
                next_step="Try: dam search, or dam scan if the file is new.",
                code="asset.not_found",
            )
        return found

    def _by_path(self, text: str) -> str | None:
        roots = self.rows("SELECT id, path FROM root")
        for root in roots:
            prefix = root["path"].rstrip("/") + "/"
            if text.startswith(prefix):
                hit = self.one(
                    "SELECT asset_id FROM location WHERE root_id = ? AND path = ?", root["id"], text[len(prefix) :]
                )
                if hit:
                    return str(hit)
        for column, wanted in (("path", text), ("name_key", match_key(text) if "/" not in text else "")):
            hits = self.rows(f"SELECT DISTINCT asset_id FROM location WHERE {column} = ? LIMIT 2", wanted)  # noqa: S608
            if len(hits) == 1:
                return str(hits[0]["asset_id"])
        return None

    def detail(self, asset_id: str) -> dict[str, Any]:
        """Everything about one asset, as plain data under the wire's names."""
        card = self.cards([asset_id])
        if not card:
            raise NotFoundError(f"No asset {asset_id}.", code="asset.not_found")
        manifest = self.rows("SELECT detail FROM manifest WHERE asset_id = ?", asset_id)
        claims = self.rows(
            "SELECT carrier, reader, reader_version, fields, raw_bytes, confidence FROM claim WHERE asset_id = ? ORDER BY carrier",
            asset_id,
        )
        copies = self.rows(
            "SELECT c.kind, c.recipe, c.sha256, c.size_bytes, c.mime, c.made_at, c.storage_key, m.mark_id, m.psnr_db, m.survived"
            " FROM copy c LEFT JOIN mark m ON m.copy_id = c.id WHERE c.asset_id = ? ORDER BY c.made_at",
            asset_id,
        )
        return {
            "card": card[0],
            "generation": card[0].generation or None,
            "claims": [{**c, "fields": json.loads(c["fields"])} for c in claims],
            "credentials": json.loads(manifest[0]["detail"]) if manifest else None,
            "fingerprints": self.rows(
                "SELECT engine, code, bits, frame_s FROM fingerprint WHERE asset_id = ? ORDER BY engine", asset_id
            ),
            "decisions": self.decisions(asset_id),
            "copies": [{**c, "survived": json.loads(c["survived"]) if c["survived"] else {}} for c in copies],
            "stages": self.rows(
                "SELECT stage, state, code, message FROM job WHERE asset_id = ? ORDER BY stage", asset_id
            ),
            "edges": (edges := self.edges([asset_id])),
            "timeline": self._timeline(asset_id, edges) if card[0].kind == "timeline" else None,
        }

    def _timeline(self, asset_id: str, edges: list[dict[str, Any]]) -> dict[str, Any] | None:
        """What a cut uses, each clip with the assets that it may be; None if it was not read."""
        cut = self.rows("SELECT * FROM cut WHERE asset_id = ?", asset_id)
        if not cut:
            return None
        meant: dict[str, list[dict[str, Any]]] = {}
        used = [e for e in edges if e["relation"] == "clip" and e["child_id"] == asset_id]
        titles = {card.id: card.title for card in self.cards([e["parent_id"] for e in used])}
        for edge in sorted(used, key=lambda e: (-e["confidence"], e["parent_id"])):
            match = {
                "asset_id": edge["parent_id"], "title": titles.get(edge["parent_id"]), "evidence": edge["evidence"],
                "confidence": edge["confidence"],
            }  # fmt: skip
            for name in edge["detail"].get("names", ()):
                meant.setdefault(name, []).append(match)
        clips = self.rows(
            "SELECT * FROM cut_clip WHERE asset_id = ? ORDER BY position LIMIT ?", asset_id, CLIPS_IN_DETAIL
        )
        return {
            **cut[0],
            "sequences": json.loads(cut[0]["sequences"]),
            "clips": [
                {
                    **c,
                    "others": json.loads(c["others"]),
                    "matches": meant.get(c["media"] or c["name"] or c["sha256"], []),
                }
                for c in clips
            ],
        }

    def decisions(self, asset_id: str) -> list[dict[str, Any]]:
        return self.rows(
            "SELECT verdict, reason, person, decided_at FROM decision WHERE asset_id = ? ORDER BY decided_at, id",
            asset_id,
        )

    def fingerprints_after(self, seq: int) -> list[tuple[int, str, str, str]]:
        """(seq, asset id, engine, code) of every comparable fingerprint that was committed after `seq`."""
        sql = "SELECT seq, asset_id, engine, code FROM fingerprint WHERE seq > ? AND NOT flat ORDER BY seq"
        return [(r["seq"], r["asset_id"], r["engine"], r["code"]) for r in self.rows(sql, seq)]

    def copy_key(self, asset_id: str, kind: str) -> str | None:
        """Where the vault keeps an asset's newest copy of this kind."""
        key: str | None = self.one(
            "SELECT storage_key FROM copy WHERE asset_id = ? AND kind = ? ORDER BY made_at DESC, id DESC LIMIT 1",
            asset_id,
            kind,
        )
        return key

    def replaceable(self, root_id: str, policy: str) -> int:
        """How many files of a root hold originals that this policy wants protected."""
        wanted = {"none": "1 = 0", "ai": "a.ai_generated = 1", "all": "1 = 1"}[policy]
        sql = (
            "SELECT count(*) FROM location l JOIN asset a ON a.id = l.asset_id WHERE l.root_id = ?"  # noqa: S608  # ours
            f" AND l.availability = 'online' AND l.copy_sha256 IS NULL AND {wanted}"
        )
        return int(self.one(sql, root_id) or 0)

    def sidecar_key(self, sha256: str) -> str | None:
        """Where the vault keeps the manifest store of a content, whatever path it stands at now."""
        asset_id = self.one("SELECT id FROM asset WHERE sha256 = ?", sha256)
        return self.copy_key(asset_id, "sidecar") if asset_id else None

    # -- lineage

    def edges(self, ids: Sequence[str], *, up: bool = True, down: bool = True) -> list[dict[str, Any]]:
        """Edges that end (`up`: towards parents) or start (`down`) at one of these assets."""
        found = []
        for wanted, column in ((up, "child_id"), (down, "parent_id")):
            for at in range(0, len(ids) if wanted else 0, CHUNK):
                part = ids[at : at + CHUNK]
                found += self.rows(
                    "SELECT parent_id, child_id, relation, evidence, confidence, detail, asserted_by FROM edge "  # noqa: S608
                    f"WHERE {column} IN ({_marks(part)}) ORDER BY relation, parent_id, child_id, evidence",
                    *part,
                )
        return [{**e, "detail": json.loads(e["detail"])} for e in found]

    # -- outbox

    def outbox(self, limit: int) -> list[tuple[int, str]]:
        return [
            (r["seq"], r["asset_id"]) for r in self.rows("SELECT seq, asset_id FROM outbox ORDER BY seq LIMIT ?", limit)
        ]

    def asset_ids(self, *, after: str = "", limit: int = 1000) -> list[str]:
        """Asset ids in id order, for a rebuild by pages."""
        return [r["id"] for r in self.rows("SELECT id FROM asset WHERE id > ? ORDER BY id LIMIT ?", after, limit)]

    # -- state of the library

    def root_rows(self) -> list[dict[str, Any]]:
        """The roots alone: counting their files takes long where there are millions."""
        return self.rows("SELECT * FROM root ORDER BY name")

    def roots(self) -> list[dict[str, Any]]:
        """The roots with how many files each has online."""
        return self.rows(
            "SELECT r.*, (SELECT count(*) FROM location l WHERE l.root_id = r.id AND l.availability = 'online') AS files"
            " FROM root r ORDER BY r.name"
        )

    def quarantined(self) -> list[dict[str, Any]]:
        """Every file that is held back, with its reason: before admission, or at a later stage."""
        held = self.rows(
            "SELECT r.name AS root, i.path, i.code, i.message FROM intake i JOIN root r ON r.id = i.root_id"
            " WHERE i.state = 'quarantined' ORDER BY r.name, i.path"
        )
        failed = self.rows(
            "SELECT r.name AS root, l.path, j.code, j.message, j.stage FROM job j JOIN location l ON l.asset_id = j.asset_id"
            " JOIN root r ON r.id = l.root_id WHERE j.state = 'failed' AND l.availability = 'online' ORDER BY r.name, l.path"
        )
        return held + [{k: v for k, v in f.items() if k != "stage"} for f in failed]

    def pending(self) -> dict[str, int]:
        """How much work is left: files to admit and stages to run that wait for nothing outside."""
        return {
            "admit": self.one(
                "SELECT count(*) FROM intake i JOIN root r ON r.id = i.root_id"
                " WHERE i.state = 'running' OR (i.state = 'due' AND r.state <> 'offline')"
            )
            or 0,
            "stages": self.one(
                "SELECT count(*) FROM job WHERE state = 'running'"  # noqa: S608
                f" OR (state = 'due' AND coalesce(code, '') <> 'asset.offline' AND NOT {_OUTSIDE})"
            )
            or 0,
        }

    def waiting_outside(self) -> list[dict[str, Any]]:
        """Stages that wait for a time stamp, a signing key or a mark engine: code, message of one of them, and how many (`n`)."""
        return self.rows(
            "SELECT code, max(message) AS message, count(*) AS n FROM job WHERE state = 'due'"  # noqa: S608
            f" AND {_OUTSIDE} GROUP BY code ORDER BY code"
        )

    def waiting(self) -> list[str]:
        """Files that are seen and not yet read: they keep changing, or their try comes later."""
        return [
            f"{r['name']}/{r['path']}"
            for r in self.rows(
                "SELECT r.name, i.path FROM intake i JOIN root r ON r.id = i.root_id WHERE i.state <> 'quarantined' ORDER BY 1, 2"
            )
        ]

    def explained(self, roots: Sequence[str]) -> int:
        """How many files of these roots (by name) are an asset's online location, or quarantined before admission."""
        names = list(roots)
        if not names:
            return 0
        sql = (
            "SELECT count(*) FROM (SELECT l.root_id, l.path FROM location l WHERE l.availability = 'online'"  # noqa: S608
            " UNION SELECT i.root_id, i.path FROM intake i WHERE i.state = 'quarantined') f"
            f" JOIN root r ON r.id = f.root_id WHERE r.name IN ({_marks(names)})"
        )
        return int(self.one(sql, *names) or 0)

    def is_running(self) -> bool:
        """Whether any row is marked as running, by a living worker or a dead one."""
        return bool(
            self.one("SELECT 1 FROM intake WHERE state = 'running' LIMIT 1")
            or self.one("SELECT 1 FROM job WHERE state = 'running' LIMIT 1")
        )

    def is_due(self, now: float, *, suspects: bool = False) -> bool:
        """Whether any file or stage could be taken up at `now` (Unix time).

        `suspects`: of those that were in hand when a worker died, instead of the others.
        """
        # What is a suspect is looked up first: a planner would walk all that is due for the one that is not there.
        few = "(SELECT * FROM {} WHERE crashes > 0 LIMIT 100000)" if suspects else "{}"
        return bool(
            self.one(
                f"SELECT 1 FROM {few.format('intake')} i JOIN root r ON r.id = i.root_id"  # noqa: S608
                " WHERE i.state = 'due' AND i.not_before <= ? AND r.state <> 'offline'"
                f"{'' if suspects else ' AND i.crashes = 0'} LIMIT 1",
                now,
            )
            or self.one(
                f"SELECT 1 FROM {few.format('job')} j WHERE state = 'due' AND not_before <= ?"  # noqa: S608
                f"{'' if suspects else ' AND crashes = 0'} LIMIT 1",
                now,
            )
        )

    def readable_places(self, asset_id: str) -> list[tuple[str, str, tuple[int, int, str]]]:
        """(root folder, relative path, (size_bytes, mtime_ns, inode)) of every location that should be readable now and holds
        the asset's own bytes.
        """
        rows = self.rows(
            "SELECT r.path AS folder, l.path, l.size_bytes, l.mtime_ns, l.inode FROM location l JOIN root r ON r.id = l.root_id"
            " WHERE l.asset_id = ? AND l.availability = 'online' AND l.copy_sha256 IS NULL"
            " AND r.state <> 'offline' ORDER BY l.first_seen_at, l.path",
            asset_id,
        )
        return [(r["folder"], r["path"], (r["size_bytes"], r["mtime_ns"], r["inode"])) for r in rows]

    def counts(self) -> dict[str, Any]:
        """Assets in all, by kind, review status and credential, and how many have a protected copy."""
        by: dict[str, Counter[str]] = {name: Counter() for name in ("kind", "review_status", "credential_state")}
        total = 0
        for row in self.rows("SELECT kind, review_status, credential_state, count(*) AS n FROM asset GROUP BY 1, 2, 3"):
            total += row["n"]
            for name, counter in by.items():
                counter[row[name]] += row["n"]
        return {
            "assets": total,
            "by_kind": dict(sorted(by["kind"].items())),
            "by_state": dict(sorted(by["review_status"].items())),
            "by_credential": dict(sorted(by["credential_state"].items())),
            "protected": self.one("SELECT count(DISTINCT asset_id) FROM copy WHERE kind IN ('protected', 'sidecar')")
            or 0,
        }

    def audit(self, *, after: int = 0, limit: int = 1000, subject: str | None = None) -> list[dict[str, Any]]:
        where = "AND subject = ? " if subject else ""
        values: tuple[object, ...] = (after, subject, limit) if subject else (after, limit)
        return self.rows(f"SELECT * FROM audit_entry WHERE seq > ? {where}ORDER BY seq LIMIT ?", *values)  # noqa: S608
