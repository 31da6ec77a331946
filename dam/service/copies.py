"""Protected copies on demand: make one, and deliver it into a folder."""

import os
from dataclasses import dataclass
from pathlib import Path

from dam.catalogue import work
from dam.catalogue.reading import open_reader
from dam.errors import BadFileError, ConflictError, PolicyError, UsageError
from dam.ingest.parts import Parts
from dam.ingest.workers import Workers
from dam.media.hashing import sha256_file
from dam.service.finding import Finder
from dam.storage.local import write_atomic


@dataclass(frozen=True, slots=True)
class Delivered:
    """A copy in a folder. `written` is False where it lay there already, or on a dry run."""

    asset_id: str
    path: str
    sha256: str
    size_bytes: int
    written: bool


class Copies:
    def __init__(self, parts: Parts, find: Finder) -> None:
        self._parts, self._find = parts, find

    def protect(self, asset: str, *, actor: str = "service") -> str:
        """Make a protected copy of an asset now, whatever its root's policy says. Returns the asset's id.

        Raises:
            PolicyError: this kind of file takes no copy, with the reason. BadFileError: its pixels cannot be read.
        """
        card = self._find.card(asset)
        if card.protected:
            return card.id
        with self._parts.catalogue.change(actor) as unit:
            job_id = work.ask_again(unit, card.id, "protect")
            if job_id is not None:
                unit.audit("copy.asked", card.id, {"sha256": card.sha256})
        if job_id is None:
            raise PolicyError(f"There are no protected copies of {card.mime} yet.", code="protect.unsupported")
        Workers(self._parts, 1).run_asset(card.id)
        if self._find.card(card.id).protected:
            return card.id
        with open_reader(self._parts.catalogue.path) as reader:
            stage = reader.rows("SELECT state, code, message FROM job WHERE id = ?", job_id)[0]
        error = BadFileError if stage["state"] == "failed" else PolicyError
        raise error(
            f"{card.title}: {stage['message'] or 'another worker is at it'}", code=stage["code"] or "protect.busy"
        )

    def export(self, asset: str, folder: Path, *, dry_run: bool = False) -> Delivered:
        """Write an asset's protected copy into a folder; a different file of that name is never written over.

        Raises:
            NotFoundError: there is no protected copy. ConflictError: the name is taken by other bytes.
        """
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file.", next_step="Name a folder: --to DIR")
        source, _, name = self._find.copy_of(asset)
        card, digest = self._find.card(asset), sha256_file(source)
        target = folder / name
        there = target.exists()
        if there and sha256_file(os.fspath(target)) != digest:
            raise ConflictError(
                f"{target} is there with other bytes.", next_step="Choose another folder.", code="export.taken"
            )
        if not there and not dry_run:
            write_atomic(target, Path(source).read_bytes())
        return Delivered(card.id, os.fspath(target), digest, os.path.getsize(source), written=not there and not dry_run)
