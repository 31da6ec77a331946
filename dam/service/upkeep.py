"""Upkeep: doctor, index rebuild, reparse, and the sweep of what interrupted writes left."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dam import mounts
from dam.catalogue import sqlite, work
from dam.catalogue.reading import open_reader
from dam.errors import DamError, UnavailableError, UsageError
from dam.ingest import follow
from dam.ingest.parts import Parts
from dam.ingest.pixels import thumb_key
from dam.ingest.reparse import Asked, Changed, Report, Run
from dam.media.paths import from_text
from dam.metadata.read import reader_versions
from dam.provenance.means import ends_of
from dam.search.index import TantivyIndex, open_index
from dam.service.finding import Finder
from dam.service.passes import Passes, Progress
from dam.watch.identity import look
from dam.watch.modes import mode_of

LOW_SPACE = 2 * 2**30
CLOCK_SKEW_S = 2.0


@dataclass(frozen=True, slots=True)
class Check:
    """`status`: ok, warn or fail. Attribute names are the wire's (dam_schemas.answers.CheckOut)."""

    name: str
    status: str
    message: str
    next_step: str | None = None


class Upkeep:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def doctor(self) -> list[Check]:
        """Look at everything that can quietly go wrong; each finding says what to do."""
        checks: list[Callable[[], Check]] = [
            self._sqlite, self._tables, self._place, self._clock, self._space, self._keys, self._certificate, self._time_stamps, self._trust, self._roots, self._drives, self._queue, self._index,
            self._readers, self._copies, self._audit, self._watches, self._plugins,
        ]  # fmt: skip
        found = []
        for check in checks:
            try:
                found.append(check())
            except (DamError, OSError) as error:
                found.append(Check(check.__name__.strip("_"), "fail", str(error)))
        return found

    def rebuild_index(self) -> int:
        """A new index from the catalogue; searches go on with the old one until it is swapped."""
        return follow.rebuild(self._parts.catalogue.path, TantivyIndex(self._parts.settings.library / "index"))

    def remake_thumbnails(self) -> int:
        """Ask for the pixels stage again where a thumbnail is not there. Returns how many assets; a pass does the work."""
        with open_reader(self._parts.catalogue.path) as reader:
            rows = reader.rows("SELECT id, sha256 FROM asset WHERE decoded = 1")
        lost = [
            r["id"] for r in rows if not all(self._parts.storage.exists(thumb_key(r["sha256"], s)) for s in (256, 1024))
        ]
        for at in range(0, len(lost), 500):
            with self._parts.catalogue.change() as unit:
                for asset_id in lost[at : at + 500]:
                    work.ask_again(unit, asset_id, "pixels")
        return len(lost)

    def reparse(
        self,
        assets: Sequence[str] = (),
        *,
        reader: str | None = None,
        dry_run: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
        on_change: Callable[[Changed], None] | None = None,
        actor: str = "service",
    ) -> Report:
        """Run today's readers over the carriers that were kept, without touching a drive; the index follows.

        `assets` are ids, SHA-256 or unique beginnings, none = all of the library; `reader` leaves only those with a claim
        of this reader, and those with a carrier that nobody read.

        Raises:
            UsageError: no such reader. NotFoundError: no such asset.
        """
        if reader is not None and reader not in reader_versions():
            known = ", ".join(sorted(reader_versions()))
            raise UsageError(f"No reader {reader!r}.", next_step=f"One of: {known}", code="reader.unknown")
        with open_reader(self._parts.catalogue.path) as rows:
            ids = tuple(sorted({rows.find(name) for name in assets}))

        def tell(done: int, total: int, rate: float) -> None:
            if on_progress is not None:
                left = max(0, total - done)
                on_progress(Progress(done, left, rate, left / rate if rate > 0 else None))

        report = Run(self._parts, Asked(reader, ids, dry_run), actor=actor).run(tell, on_change)
        if report.changed and not dry_run:
            Passes(self._parts).follow()
        return report

    def _readers(self) -> Check:
        """Claims of readers that are newer now, and assets whose carriers were not kept."""
        installed = reader_versions()
        with open_reader(self._parts.catalogue.path) as reader:
            versions = reader.rows(
                "SELECT reader, reader_version, count(*) AS n FROM claim GROUP BY reader, reader_version"
            )
            bare = reader.one(
                "SELECT count(*) FROM asset a WHERE NOT EXISTS (SELECT 1 FROM carrier_pack p WHERE p.asset_id = a.id)"
            )
        stale = [
            f"{v['n']} by {v['reader']} {v['reader_version']} (here: {installed[v['reader']]})"
            for v in versions
            if installed.get(v["reader"], v["reader_version"]) != v["reader_version"]
        ]
        if stale:
            return Check("readers", "warn", f"Claims of older readers: {'; '.join(sorted(stale))}", "dam reparse")
        count = sum(v["n"] for v in versions)
        words = f"; {bare} assets were read before carriers were kept, and keep their claims" if bare else ""
        return Check("readers", "ok", f"{count} claims by today's readers{words}")

    def _sqlite(self) -> Check:
        version = sqlite.driver().sqlite_version
        if sqlite.is_safe():
            return Check("sqlite", "ok", f"SQLite {version}")
        return Check(
            "sqlite", "fail", f"SQLite {version} can corrupt a WAL database with several writers (fixed in 3.51.3).",
            "Install the pysqlite3 wheel: pip install pysqlite3",
        )  # fmt: skip

    def _tables(self) -> Check:
        with open_reader(self._parts.catalogue.path) as reader:
            found = reader.one("SELECT version_num FROM alembic_version")
        return Check("tables", "ok", f"Tables of revision {found}")  # a door opens no library with other tables

    def _place(self) -> Check:
        """SQLite's locks do not hold on network shares: two writers there can damage a catalogue for good."""
        mount = mounts.mount_of(str(self._parts.settings.library))
        kind = mount.kind if mount else None
        if mounts.is_share(kind):
            return Check(
                "place", "fail", f"The library lies on a network share ({kind}): its database can be damaged there.",
                "Stop Headwater, move the library's folder to a local disk, and keep backups on the share (dam backup).",
            )  # fmt: skip
        return Check("place", "ok", f"The library lies on {kind or 'a local disk'}")

    def _clock(self) -> Check:
        """Whether the file system's clock and this machine's agree: settling compares them."""
        with self._parts.storage.scratch() as path:
            path.write_bytes(b"")
            skew = path.stat().st_mtime - self._parts.wall()
        if abs(skew) > CLOCK_SKEW_S:
            return Check(
                "clock", "warn", f"The disk's clock is {skew:+.0f} s from this machine's: files are read late or too early.",
                "Set both clocks by NTP.",
            )  # fmt: skip
        return Check("clock", "ok", "The disk's clock and this machine's agree")

    def _drives(self) -> Check:
        """How each root is watched, whether it carries its marker, and what is still to be verified."""
        with open_reader(self._parts.catalogue.path) as reader:
            roots = reader.roots()
            waiting = reader.one("SELECT count(*) FROM location WHERE unverified = 1") or 0
        said, gone = [], []
        for root in roots:
            said.append(f"{root['name']}: {mode_of(root)} ({root['file_system'] or 'not looked at yet'})")
            if root["marker"] and root["state"] == "online" and look(from_text(root["path"])).marker != root["id"]:
                gone.append(root["name"])
        if gone:
            return Check(
                "drives", "warn", f"The marker file is not there: {', '.join(gone)}", "Is it the right drive? Then: dam root set NAME --marker"
            )  # fmt: skip
        words = f"; {waiting} moved files are still to be verified" if waiting else ""
        return Check("drives", "ok", f"{'; '.join(said) or 'no roots'}{words}")

    def _space(self) -> Check:
        free = shutil.disk_usage(self._parts.settings.library).free
        message = f"{free / 2**30:.1f} GiB free for the library"
        with open_reader(self._parts.catalogue.path) as reader:
            held = [w for w in reader.waiting_outside() if w["code"].startswith("storage.")]
        if held:
            count = sum(w["n"] for w in held)
            return Check(
                "space", "warn", f"{count} stages wait for the disk ({held[0]['message']}); {message}", "dam scan"
            )
        return (
            Check("space", "ok", message)
            if free > LOW_SPACE
            else Check("space", "warn", message, "Free some space: copies and thumbnails need it.")
        )

    def _keys(self) -> Check:
        folder = self._parts.settings.library / "keys"
        loose = [p.name for p in folder.glob("*.key") if p.stat().st_mode & 0o077]
        if loose:
            return Check("keys", "fail", f"Others can read {', '.join(sorted(loose))}.", f"chmod 600 {folder}/*.key")
        return Check(
            "keys",
            "ok",
            f"Signing key {self._parts.ring.key_id}, mark key {self._parts.mark_key.key_id}, private to this user",
        )

    def _certificate(self) -> Check:
        """What signs, and for how long. `dam up` rotates by itself; a supplied certificate is its owner's to renew."""
        means, settings = self._parts.means, self._parts.settings
        renew = "Renew it and put it at signing_chain." if means.supplied else "dam keys rotate"
        try:
            signer = means.signer()
        except UnavailableError as error:
            return Check("certificate", "fail", error.message, error.next_step)
        days = (ends_of(signer) - self._parts.clock()).days
        message = f"The signing certificate is valid for {days} more days ({signer.where})."
        soon = days <= max(30, settings.rotate_days)
        return Check("certificate", "warn" if soon else "ok", message, renew if soon else None)

    def _time_stamps(self) -> Check:
        """Ask for a stamp, and count what waits for one or was signed without."""
        stamping = self._parts.means.stamping
        with open_reader(self._parts.catalogue.path) as reader:
            waiting = sum(w["n"] for w in reader.waiting_outside() if not w["code"].startswith("storage."))
            bare = reader.one("SELECT count(*) FROM audit_entry WHERE action = 'copy.unstamped'") or 0
        if stamping.mode == "off":
            return Check(
                "time stamps", "warn", "Off: what is signed is a credential problem once its certificate has ended.",
                'timestamps = "required" in dam.toml',
            )  # fmt: skip
        words = f"; {waiting} copies wait" if waiting else ""
        words += f"; {bare} copies were signed without one" if bare else ""
        try:
            who = stamping.probe()
        except UnavailableError as error:
            return Check("time stamps", "warn", f"{error.message}{words}", error.next_step)
        kind = "the clock of this machine, not independent" if stamping.local else stamping.where
        return Check(
            "time stamps", "warn" if waiting else "ok", f"{who.name}: {kind}{words}", "dam scan" if waiting else None
        )

    def _trust(self) -> Check:
        tiers = [t for t in ("official", "interim", "organisation") if getattr(self._parts.trust, t)]
        if tiers == ["organisation"]:
            return Check(
                "trust", "warn", "Only this organisation's own anchors are known: outside signers show as untrusted.",
                "Import the C2PA trust list: dam trust import C2PA-TRUST-LIST.json --tier official",
            )  # fmt: skip
        return Check("trust", "ok", f"Trust lists: {', '.join(tiers)}")

    def _roots(self) -> Check:
        with open_reader(self._parts.catalogue.path) as reader:
            roots = reader.roots()
        bad = [f"{r['name']} is {r['state']} ({r['state_reason']})" for r in roots if r["state"] != "online"]
        if bad:
            return Check("roots", "warn", "; ".join(bad), "Mount the drive and run dam scan; nothing was lost.")
        return Check("roots", "ok", f"{len(roots)} root(s) online")

    def _queue(self) -> Check:
        with open_reader(self._parts.catalogue.path) as reader:
            held, pending = reader.quarantined(), reader.pending()
        message = f"{sum(pending.values())} waiting, {len(held)} quarantined"
        return (
            Check("queue", "warn", message, "See why: dam scan --json, field quarantined")
            if held
            else Check("queue", "ok", message)
        )

    def _index(self) -> Check:
        index, state = open_index(self._parts.settings.library / "index")
        del index
        with open_reader(self._parts.catalogue.path) as reader:
            lag = len(reader.outbox(10_000))
            assets = reader.one("SELECT count(*) FROM asset") or 0
        if state.needs_rebuild:
            return Check(
                "index",
                "warn",
                f"The index must be rebuilt: {state.reason}",
                "dam index rebuild (a search does it, too)",
            )
        if lag == 0 and state.documents != assets:
            return Check("index", "fail", f"{state.documents} indexed, {assets} in the catalogue", "dam index rebuild")
        return Check("index", "ok", f"{state.documents} documents, {lag} changes to follow")

    def _copies(self) -> Check:
        with open_reader(self._parts.catalogue.path) as reader:
            keys = {r["storage_key"] for r in reader.rows("SELECT storage_key FROM copy")}
        lost = sorted(k for k in keys if not self._parts.storage.exists(k))
        kinds = ("protected", "labelled", "originals")
        orphans = [k for kind in kinds for k in self._parts.storage.list(kind) if k not in keys]
        if lost:
            return Check(
                "copies",
                "fail",
                f"{len(lost)} copies are not in the vault, e.g. {lost[0]}",
                "Restore the vault from a backup.",
            )
        if orphans:
            return Check(
                "copies",
                "warn",
                f"{len(orphans)} files in the vault belong to no copy (an interrupted write).",
                "They do no harm; the next protect writes over them.",
            )
        return Check("copies", "ok", f"{len(keys)} protected copies in place")

    def _audit(self) -> Check:
        verdict = Finder(self._parts.settings).verify_audit()
        if verdict.ok:
            return Check("audit", "ok", f"{verdict.checked} entries, the chain holds")
        return Check(
            "audit",
            "fail",
            f"Entry {verdict.first_bad_seq}: {verdict.reason}",
            "The ledger was changed from outside: compare with a backup.",
        )

    def _watches(self) -> Check:
        try:
            limit = int(Path("/proc/sys/fs/inotify/max_user_watches").read_text())
        except (OSError, ValueError):
            return Check("watches", "ok", "no inotify here: roots are scanned")
        with open_reader(self._parts.catalogue.path) as reader:
            folders = reader.rows("SELECT path FROM location")
        wanted = len({os.path.dirname(r["path"]) for r in folders})
        if wanted > limit * 0.8:
            return Check(
                "watches",
                "warn",
                f"About {wanted} folders, and the kernel allows {limit} watches.",
                "Raise fs.inotify.max_user_watches.",
            )
        return Check("watches", "ok", f"about {wanted} folders, {limit} watches allowed")

    def _plugins(self) -> Check:
        from dam.fingerprint.compute import discovery as fingerprint_engines
        from dam.metadata.read import discovered as readers
        from dam.metadata.timeline_read import discovered as timeline_readers
        from dam.watermark.detect import discovery as mark_engines
        from dam.watermark.detect import engine as mark_engine

        found = [readers(), timeline_readers(), fingerprint_engines(), mark_engines()]
        broken = [b for one in found for b in one.broken]
        if broken:
            return Check(
                "plugins", "warn", "; ".join(f"{b.where}: {b.reason}" for b in broken), "Remove or repair the plug-in."
            )
        wanted = mark_engine("trustmark") if self._parts.settings.trustmark_weights is not None else None
        if wanted is not None and not wanted.available().ready:
            return Check("plugins", "warn", wanted.available().reason, "See docs/marks.md, or unset trustmark_weights.")
        return Check("plugins", "ok", f"{sum(len(one.plugins) for one in found)} plug-ins")
