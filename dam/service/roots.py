"""Roots: the folder trees that are watched."""

import os
from pathlib import Path
from typing import Any

from dam.catalogue import records
from dam.catalogue.reading import open_reader
from dam.errors import ConflictError, NotFoundError, UnreadableError, UsageError
from dam.ingest.parts import Parts
from dam.media.paths import from_text, to_text
from dam.storage.local import write_atomic
from dam.storage.volume import require_replaceable
from dam.watch import identity
from dam.watch.modes import MODES as WATCH_MODES
from dam.watch.modes import with_mode
from dam.watch.walk import MARKER

POLICIES = ("none", "ai", "all")
MODES = ("copy", "sidecar", "in_place")


class Roots:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def add(
        self, path: str, *, name: str | None = None, protect: str | None = None, actor: str = "service"
    ) -> dict[str, Any]:
        """Watch a folder tree. The folder must exist and be readable; nothing is written into it.

        Raises:
            NotFoundError: no such folder. UsageError: it is a file. ConflictError: the name or folder is taken.
        """
        folder = self._folder(path)
        if protect is not None and protect not in POLICIES:
            raise UsageError(f"No policy {protect!r}.", next_step=f"Choose one of {', '.join(POLICIES)}.")
        library = os.path.realpath(self._parts.settings.library)
        if library == folder or (library.startswith(folder.rstrip("/") + "/") and os.path.basename(library) != ".dam"):
            raise ConflictError(
                f"The library {library} lies inside {to_text(folder)}.",
                next_step="Keep the library outside the watched folders (or name its folder .dam, which is never watched).",
            )
        if folder.startswith(library.rstrip("/") + "/"):
            raise ConflictError(f"{to_text(folder)} lies inside the library.", next_step="Add a folder of media files.")
        text = to_text(folder)
        with self._parts.catalogue.change(actor) as unit:
            row = records.add_root(unit, name=name or os.path.basename(text) or text, path=text, protect=protect)
            root_id = row.id
        return self.get(root_id)

    def _folder(self, path: str) -> str:
        folder = os.path.realpath(path)
        if not os.path.exists(folder):
            raise NotFoundError(
                f"No folder {to_text(path)}.", next_step="Check the path, or mount the drive.", code="root.no_folder"
            )
        if not os.path.isdir(folder):
            raise UsageError(
                f"{to_text(path)} is a file.",
                next_step=f"Add its folder: dam root add {to_text(os.path.dirname(folder))}",
                code="root.is_file",
            )
        try:
            os.listdir(folder)
        except OSError as error:
            raise UnreadableError(
                f"{to_text(path)} cannot be read ({error.strerror}).",
                next_step="Give this user read access to the folder.",
                code="root.unreadable",
            ) from error
        return folder

    def ensure(self, path: str, *, actor: str = "service") -> dict[str, Any]:
        """The root of this very folder, added if it is new."""
        text = to_text(os.path.realpath(path))
        for root in self.list():
            if root["path"] == text:
                return root
        return self.add(path, actor=actor)

    def list(self) -> list[dict[str, Any]]:
        with open_reader(self._parts.catalogue.path) as reader:
            return with_mode(reader.roots())

    def get(self, name: str) -> dict[str, Any]:
        for root in self.list():
            if name in (root["id"], root["name"], root["path"]) or from_text(root["path"]) == os.path.realpath(name):
                return root
        raise NotFoundError(f"No root {name}.", next_step="See: dam root list", code="root.not_found")

    def set(
        self,
        name: str,
        *,
        protect: str | None,
        mode: str | None = None,
        confirmed: bool = False,
        actor: str = "service",
    ) -> dict[str, Any]:
        """Change a root's protection policy (None = the library's setting); it counts for files that come after.

        With a `mode` (copy, sidecar, in_place), that changes, and the policy only if one is given.

        Raises:
            UsageError: no such policy or mode. ConflictError: `in_place` without `confirmed`.
            PolicyError: `in_place` where files cannot be replaced safely, with the reason.
        """
        if protect is not None and protect not in POLICIES:
            raise UsageError(f"No policy {protect!r}.", next_step=f"Choose one of {', '.join(POLICIES)}.")
        root = self.get(name)
        if mode is not None:
            self.check_mode(name, mode)
        if mode == "in_place" and not confirmed:
            raise ConflictError(
                f"Protect mode in_place replaces files in {root['path']} by their signed copies.",
                next_step="Originals are kept in the vault first. See what it would do with --dry-run, then say --yes.",
                code="root.unconfirmed",
            )
        with self._parts.catalogue.change(actor) as unit:
            row = records.get_root(unit, root["id"])
            if mode is None or protect is not None:
                row.protect = protect
            if mode is not None:
                row.protect_mode = mode
            unit.session.add(row)
            unit.audit("root.set", row.id, {"protect": row.protect, "protect_mode": row.protect_mode})
        return self.get(row.id)

    def watch(self, name: str, mode: str | None, *, actor: str = "service") -> dict[str, Any]:
        """Watch a root by kernel events or by polling, whatever its file system says; None = by its file system.

        Raises:
            UsageError: no such mode.
        """
        if mode is not None and mode not in WATCH_MODES:
            raise UsageError(f"No watch mode {mode!r}.", next_step=f"Choose one of auto, {', '.join(WATCH_MODES)}.")
        root = self.get(name)
        with self._parts.catalogue.change(actor) as unit:
            row = records.get_root(unit, root["id"])
            row.watch_mode = mode
            unit.session.add(row)
            unit.audit("root.set", row.id, {"watch_mode": mode})
        return self.get(root["id"])

    def mark(self, name: str, *, wanted: bool, actor: str = "service") -> dict[str, Any]:
        """Put a marker file into a root's folder, or take it away: with it, no other drive is ever taken for this one.

        The only file that we ever write onto a drive unasked for a copy, and only because a person said so.

        Raises:
            ConflictError: the root is offline, or carries the marker of another root. StorageError: it cannot be written.
        """
        root = self.get(name)
        folder = from_text(root["path"])
        drive = identity.look(folder)
        path = Path(folder) / MARKER
        if drive.problem is not None or root["state"] == "offline":
            raise ConflictError(
                f"The root {root['name']} is not there ({drive.problem or root['state_reason']}).",
                next_step="Mount the drive and run dam scan first.", code="root.offline",
            )  # fmt: skip
        if drive.marker not in (None, "", root["id"]):
            raise ConflictError(
                f"{path} is the marker of another root.",
                next_step="Is this drive also a root of another library? Remove the file if not.", code="root.marked",
            )  # fmt: skip
        if wanted:
            write_atomic(path, identity.marker_bytes(self._parts.catalogue.library_id, root["id"]))
        with self._parts.catalogue.change(actor) as unit:
            row = records.get_root(unit, root["id"])
            row.marker = wanted
            unit.session.add(row)
            unit.audit("root.marked" if wanted else "root.unmarked", row.id, {"path": row.path})
        if not wanted and drive.marker == root["id"]:
            path.unlink(missing_ok=True)
        return self.get(root["id"])

    def check_mode(self, name: str, mode: str) -> int:
        """How many files of a root would be replaced by their copies, had they come under this mode.

        Raises:
            UsageError: no such mode. PolicyError: files there cannot be replaced safely.
        """
        if mode not in MODES:
            raise UsageError(f"No protect mode {mode!r}.", next_step=f"Choose one of {', '.join(MODES)}.")
        root = self.get(name)
        if mode != "in_place":
            return 0
        require_replaceable(from_text(root["path"]))
        policy = root["protect"] or self._parts.settings.protect
        with open_reader(self._parts.catalogue.path) as reader:
            return reader.replaceable(root["id"], policy)

    def move(self, name: str, new_path: str, *, actor: str = "service") -> dict[str, Any]:
        """Say that a root's folder now stands elsewhere. Reads no file: locations are relative to the root."""
        folder = self._folder(new_path)
        root = self.get(name)
        with self._parts.catalogue.change(actor) as unit:
            row = records.get_root(unit, root["id"])
            unit.audit("root.moved", row.id, {"from": row.path, "to": to_text(folder)})
            row.path = to_text(folder)
            unit.session.add(row)
        return self.get(root["id"])

    def remove(self, name: str, *, actor: str = "service") -> dict[str, Any]:
        """Forget a root. Its files are not touched; assets, decisions and copies stay in the library."""
        root = self.get(name)
        with self._parts.catalogue.change(actor) as unit:
            records.remove_root(unit, root["id"])
        return root
