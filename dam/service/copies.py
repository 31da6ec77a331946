"""Protected copies on demand: make one, deliver it into a folder, or put the original back where a copy took its place."""

import os
from dataclasses import dataclass
from pathlib import Path

from dam.catalogue import assets, placements, work
from dam.catalogue.cards import Card
from dam.catalogue.reading import WAITING_CODES, open_reader
from dam.catalogue.work import Job
from dam.errors import BadFileError, ConflictError, NotFoundError, PolicyError, UnavailableError, UsageError
from dam.ingest import inplace
from dam.ingest.admit import PROTECT_VERSION, why_not_protected
from dam.ingest.parts import Parts
from dam.ingest.workers import Workers, readable_path
from dam.media.hashing import sha256_file
from dam.service.finding import Finder
from dam.storage.local import atomic_file

_STEP_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Delivered:
    """A copy in a folder. `written` is False where it lay there already, or on a dry run.

    `sidecar` is the path of the manifest store beside it, for a file that carries none itself.
    """

    asset_id: str
    path: str
    sha256: str
    size_bytes: int
    written: bool
    sidecar: str | None = None


class Copies:
    def __init__(self, parts: Parts, find: Finder) -> None:
        self._parts, self._find = parts, find

    def protect(self, asset: str, *, actor: str = "service") -> str:
        """Make a protected copy of an asset now, whatever its root's policy says. Returns the asset's id.

        In a root of mode `in_place` the copy takes the original's place.

        Raises:
            PolicyError: this file takes no copy, or may not be replaced, with the reason. BadFileError: it is damaged.
        """
        card = self._find.card(asset)
        if card.protected and not self._to_place(card.id):
            return card.id
        with self._parts.catalogue.change(actor) as unit:
            row = assets.facts(unit, [card.id])[0]
            refused = why_not_protected(row, "all")
            if refused is not None:
                raise PolicyError(f"{card.title}: {refused[1]}", code=refused[0])
            job_id = work.ask_again(unit, card.id, "protect")
            if job_id is None:  # of a library from before its kind of file was protected
                assets.want_stages(unit, card.id, [("protect", PROTECT_VERSION, None)])
                job_id = work.ask_again(unit, card.id, "protect")
            unit.audit("copy.asked", card.id, {"sha256": card.sha256})
        Workers(self._parts, 1).run_asset(card.id)
        with open_reader(self._parts.catalogue.path) as reader:
            stage = reader.rows("SELECT state, code, message FROM job WHERE id = ?", job_id)[0]
        if stage["state"] == "done" or (not stage["code"] and self._find.card(card.id).protected):
            return card.id
        if stage["state"] == "due" and (stage["code"] or "").startswith(WAITING_CODES):
            raise UnavailableError(f"{card.title} waits: {stage['message']}", code=stage["code"])
        error = BadFileError if stage["state"] == "failed" else PolicyError
        raise error(
            f"{card.title}: {stage['message'] or 'another worker is at it'}", code=stage["code"] or "protect.busy"
        )

    def _to_place(self, asset_id: str) -> bool:
        """Whether the asset's own bytes stand in a root that wants its signed copy there."""
        with open_reader(self._parts.catalogue.path) as reader:
            places = placements.places(reader.rows, asset_id)
        return any(one.mode == "in_place" and one.copy_sha256 is None for one in places)

    def undo(self, asset: str, *, actor: str = "service") -> list[str]:
        """Put an asset's original back where its signed copy took its place. Returns the paths.

        Raises:
            NotFoundError: its copy stands nowhere. ConflictError: other bytes stand there. StorageError.
        """
        card = self._find.card(asset)
        with self._parts.catalogue.change(actor) as unit:
            unit.audit("restore.asked", card.id, {"sha256": card.sha256})
        return inplace.undo(self._parts, card.id)

    def export(self, asset: str, folder: Path, *, dry_run: bool = False) -> Delivered:
        """Write an asset's protected copy into a folder; a different file of that name is never written over.

        Where the credential is a manifest store of its own, the original is delivered with it: NAME and NAME.c2pa.

        Raises:
            NotFoundError: there is no protected copy. ConflictError: the name is taken by other bytes.
        """
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file.", next_step="Name a folder: --to DIR")
        card = self._find.card(asset)
        beside = self._find.sidecar_of(card.id)
        if beside is None:
            source, _, name = self._find.copy_of(card.id)
            return self._deliver(card, source, sha256_file(source), folder / name, dry_run=dry_run)
        store, title = beside
        original = self._original(card)
        target = folder / os.path.basename(title)
        side = target.with_name(f"{target.name}.c2pa")
        _free_or_same(side, sha256_file(store))
        given = self._deliver(card, original, card.sha256, target, dry_run=dry_run)
        more = self._deliver(card, store, sha256_file(store), side, dry_run=dry_run)
        return Delivered(
            card.id, given.path, given.sha256, given.size_bytes, given.written or more.written, os.fspath(side)
        )

    def _original(self, card: Card) -> str:
        job = Job("", card.id, "", "", 0, card.sha256, card.kind, card.mime, card.size_bytes)
        path = readable_path(self._parts, job)
        if path is None:
            raise NotFoundError(
                f"{card.title} is on no drive that can be read now.", next_step="Mount its drive.", code="asset.offline"
            )
        return path

    def _deliver(self, card: Card, source: str, digest: str, target: Path, *, dry_run: bool) -> Delivered:
        there = _free_or_same(target, digest)
        if not there and not dry_run:
            with atomic_file(target) as (stream, temp), open(source, "rb") as given:  # names as the system gave them
                while block := given.read(_STEP_BYTES):
                    stream.write(block)
                stream.flush()
                if sha256_file(os.fspath(temp)) != digest:
                    raise ConflictError(f"{source!a} changed while it was delivered.", code="file.changing")
        size_bytes = os.path.getsize(source)
        return Delivered(card.id, os.fspath(target), digest, size_bytes, written=not there and not dry_run)


def _free_or_same(target: Path, digest: str) -> bool:
    """Whether these very bytes lie there already.

    Raises:
        ConflictError: other bytes do.
    """
    there = target.exists()
    if there and sha256_file(os.fspath(target)) != digest:
        raise ConflictError(
            f"{target} is there with other bytes.", next_step="Choose another folder.", code="export.taken"
        )
    return there
