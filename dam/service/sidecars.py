"""The manifest store of a file that carries none: in the library, by the file's SHA-256, else in a file beside it."""

import os

from dam.catalogue.reading import open_reader
from dam.errors import DamError
from dam.settings import Settings
from dam.storage.local import LocalStorage

MAX_BYTES = 32 << 20
_BOX = slice(4, 8)


class Sidecars:
    """`settings` is None where there is no library. Opens the catalogue for each question, and only to read."""

    def __init__(self, settings: Settings | None) -> None:
        self._settings = settings

    def find(self, path: str, sha256: str) -> tuple[bytes, str] | None:
        """(manifest store, "library" or "beside") for a file, or None. The library's is bound to content, so it comes first."""
        ours = self._in_library(sha256)
        if ours is not None:
            return ours, "library"
        beside = _beside(path)
        return (beside, "beside") if beside is not None else None

    def _in_library(self, sha256: str) -> bytes | None:
        if self._settings is None or not self._settings.catalogue_path.exists():
            return None
        try:
            with open_reader(self._settings.catalogue_path) as reader:
                key = reader.sidecar_key(sha256)
            return LocalStorage(self._settings.library / "vault").get(key) if key else None
        except DamError:  # a library of another version, or busy: a file's origin is told without it
            return None


def _beside(path: str) -> bytes | None:
    """`clip.mkv.c2pa`, or `clip.c2pa` as c2patool names it; only what begins like a manifest store."""
    for name in (f"{path}.c2pa", f"{os.path.splitext(path)[0]}.c2pa"):
        try:
            if name != path and os.path.isfile(name) and os.path.getsize(name) <= MAX_BYTES:
                with open(name, "rb") as stream:  # names stay as the system gave them
                    data = stream.read(MAX_BYTES)
                if data[_BOX] == b"jumb":
                    return data
        except (OSError, ValueError):
            continue
    return None
