"""The demo drive beside a library: made once, watched like any other root."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dam.provenance import compose, signing
from dam.provenance.statement import IngredientEntry, Software, SourceType
from dam.service.demo.drive import make_demo_drive

if TYPE_CHECKING:
    from dam.ingest.parts import Parts
    from dam.service.library import Service


class LibrarySigner:
    """Signs the demo's own credentials with the library's key, as a tool with Content Credentials would."""

    def __init__(self, parts: "Parts") -> None:
        self._parts = parts

    def sign_created(
        self,
        data: bytes,
        mime: str,
        *,
        title: str,
        tool: str,
        tool_version: str,
        ingredients: Sequence[tuple[Path, str, str]] = (),
    ) -> bytes:
        """The bytes with a credential. `ingredients`: (file, relationship, mime)."""
        entries = [
            IngredientEntry(label=f"input-{n}", title=path.name, relationship=relationship)
            for n, (path, relationship, _) in enumerate(ingredients)
        ]
        files = [
            signing.IngredientFile(f"input-{n}", str(path), file_mime)
            for n, (path, _, file_mime) in enumerate(ingredients)
        ]
        statement = compose.creation(
            title=title,
            tool=Software(name=tool, version=tool_version),
            source_type=SourceType.TRAINED_ALGORITHMIC_MEDIA,
            ingredients=entries,
        )
        signed = signing.sign_created(
            data,
            mime,
            statement=statement,
            ring=self._parts.ring,
            store=self._parts.trust,
            means=self._parts.means,
            ingredients=files,
        )
        return signed.data


def ensure_demo(service: "Service") -> tuple[Path, int]:
    """The demo drive's folder, and how many files were made now (0 = it was there). It becomes a root.

    It is made beside its place and renamed when it is whole, so an interrupted start leaves no half drive.
    """
    library = service.parts.settings.library
    folder = library.parent / f"{library.name.lstrip('.')}-drive"
    made = 0
    if not folder.exists():
        unfinished = folder.with_name(f".{folder.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        made = len(make_demo_drive(unfinished, signer=LibrarySigner(service.parts), now=datetime.now(UTC)))
        unfinished.rename(folder)
    service.roots.ensure(str(folder))
    return folder, made
