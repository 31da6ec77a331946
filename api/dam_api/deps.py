"""What routes ask for: the service, an asset by name, a page's limits, a form, an uploaded file."""

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast
from urllib.parse import parse_qsl

from anyio import to_thread
from fastapi import Depends, Query
from pydantic import BaseModel
from starlette.requests import Request

from dam.errors import NotFoundError
from dam.media.paths import display
from dam.service.library import Service
from dam_api.problems import Refusal

UPLOAD_LIMIT_BYTES = 2 << 30
CHUNK_BYTES = 1 << 20
LEFTOVER_S = 24 * 3600
NAME_CHARS = 255
FORM_BYTES = 64 << 10
_NAME = re.compile(r"[0-9a-fA-F-]{4,64}")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


async def service_of(request: Request) -> Service:
    return cast("Service", request.app.state.service)


Library = Annotated[Service, Depends(service_of)]


def asset_id(asset: str, service: Library) -> str:
    """The id for an id, a SHA-256 or a unique beginning of either. Paths are for the command line: here they never open
    a way to ask what files the server has.
    """
    if not _NAME.fullmatch(asset):
        raise NotFoundError(f"No asset {display(asset[:80])}.", next_step="Search for it.", code="asset.not_found")
    return service.find.id_of(asset)


AssetId = Annotated[str, Depends(asset_id)]
Limit = Annotated[int, Query(ge=1, le=1000, description="rows of one page")]


def etag_of(model: BaseModel | list[BaseModel]) -> str:
    """A strong validator of what is sent."""
    rows = model if isinstance(model, list) else [model]
    return f'"{hashlib.sha256("".join(row.model_dump_json() for row in rows).encode()).hexdigest()[:32]}"'


def matches(header: str | None, etag: str) -> bool:
    """Whether an If-Match or If-None-Match header names this state."""
    given = {tag.strip().removeprefix("W/") for tag in (header or "").split(",")}
    return etag in given or "*" in given


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a posted HTML form (urlencoded; nothing here takes files)."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise Refusal(415, "request.media_type", "Send a form.")
    body = await request.body()
    if len(body) > FORM_BYTES:
        raise Refusal(413, "request.too_large", f"The form is larger than {FORM_BYTES} bytes.")
    try:
        return dict(
            parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, errors="replace", max_num_fields=20)
        )
    except ValueError as error:
        raise Refusal(400, "request.invalid", "The form cannot be read.") from error


Form = Annotated[dict[str, str], Depends(form_of)]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent, in a private folder for as long as the request lasts. `name` is what answers call it."""

    path: str
    name: str


async def upload_of(
    request: Request, service: Library, name: Annotated[str | None, Query(max_length=1000)] = None
) -> AsyncIterator[Upload]:
    """Stream the body to a temp file on the library's disk, bounded; removed when the answer is sent."""
    settings = service.parts.settings
    limit = min(UPLOAD_LIMIT_BYTES, int(settings.max_file_gib * 2**30))
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > limit:
        raise _over(limit)
    shown = display(os.path.basename((name or "").replace("\\", "/")))[:NAME_CHARS] or "upload"
    suffix = os.path.splitext(shown)[1]
    folder = await to_thread.run_sync(private_folder, uploads_folder(settings.library))
    try:
        path = folder / ("upload" + (suffix if _SUFFIX.fullmatch(suffix) else ""))
        await _receive(request, path, limit)
        yield Upload(str(path), shown)
    finally:
        await to_thread.run_sync(shutil.rmtree, folder, True)  # run_sync takes no keywords


UploadedFile = Annotated[Upload, Depends(upload_of)]


def _over(limit: int) -> Refusal:
    return Refusal(
        413,
        "request.too_large",
        f"The file is larger than {limit / 2**30:.1f} GiB.",
        next_step="Use the command line: dam inspect FILE",
    )


async def _receive(request: Request, path: Path, limit: int) -> None:
    taken, held = 0, bytearray()
    with path.open("xb") as out:  # opened once; the writes below go to a thread
        async for chunk in request.stream():
            taken += len(chunk)
            if taken > limit:
                raise _over(limit)
            held += chunk
            if len(held) >= CHUNK_BYTES:
                await to_thread.run_sync(out.write, bytes(held))
                held.clear()
        await to_thread.run_sync(out.write, bytes(held))


def uploads_folder(library: Path) -> Path:
    return library / "tmp"


def private_folder(parent: Path) -> Path:
    parent.mkdir(mode=0o700, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="upload-", dir=parent))


def sweep_uploads(library: Path) -> None:
    """Remove what a killed server left, once it is so old that no other server can be reading it."""
    for folder in uploads_folder(library).glob("upload-*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > LEFTOVER_S:
                shutil.rmtree(folder, ignore_errors=True)
