"""/assets: search, one asset, its lineage, thumbnail and protected copy."""

import os
import shutil
import unicodedata
from enum import IntEnum, StrEnum
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from dam.errors import NotFoundError
from dam.search.results import Sort
from dam.service.evidence import Wish
from dam.service.library import Service
from dam_api.deps import AssetId, Library, Limit, etag_of, matches, private_folder, uploads_folder
from dam_api.problems import described
from dam_schemas.asset import AssetDetailOut, AssetOut, LineageOut, SearchPageOut

router = APIRouter(tags=["assets"])

QUERY_CHARS = 16_000
FOREVER = "private, max-age=31536000, immutable"
Generations = Annotated[int, Query(ge=0, le=64)]
NoneMatch = Annotated[str | None, Header(alias="If-None-Match")]


class ThumbnailSize(IntEnum):
    SMALL = 256
    LARGE = 1024


def next_link(request: Request, **changes: object) -> dict[str, str]:
    """The `Link` header of the page after this one: this address, with a new cursor."""
    query = urlencode({**request.query_params, **changes})
    return {"Link": f'<{request.url.path}?{query}>; rel="next"'}


@router.get("/assets", responses=described(400))
def search(
    request: Request,
    response: Response,
    service: Library,
    q: Annotated[str, Query(max_length=QUERY_CHARS, description="the search language")] = "",
    limit: Limit = 50,
    after: Annotated[str | None, Query(max_length=4_096, description="`next` of the page before")] = None,
    sort: Sort | None = None,
) -> SearchPageOut:
    page = service.find.search(q, limit=limit, after=after, sort=sort)
    if page.next:
        response.headers.update(next_link(request, after=page.next))
    return SearchPageOut.model_validate(page)


@router.get("/assets/{asset}", response_model=AssetDetailOut, responses=described(404))
def asset(
    asset: AssetId, response: Response, service: Library, none_match: NoneMatch = None
) -> AssetDetailOut | Response:
    found = AssetDetailOut.model_validate(service.find.detail(asset))
    headers = {"ETag": etag_of(found), "Cache-Control": "private, no-cache"}
    if none_match and matches(none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return found


@router.get("/assets/{asset}/lineage", responses=described(404))
def lineage(asset: AssetId, service: Library, up: Generations = 8, down: Generations = 8) -> LineageOut:
    return LineageOut.model_validate(service.find.lineage(asset, up=up, down=down))


@router.get(
    "/assets/{asset}/thumbnail",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "sRGB JPEG"}, **described(404)},
)
def thumbnail(
    asset: AssetId, service: Library, size: ThumbnailSize = ThumbnailSize.SMALL, none_match: NoneMatch = None
) -> Response:
    return send_thumbnail(service, asset, size, none_match)


def send_thumbnail(service: Service, asset_id: str, size_px: int, none_match: str | None) -> Response:
    """An asset is its bytes, so its picture never changes."""
    headers = {"ETag": f'"{asset_id}-{int(size_px)}"', "Cache-Control": FOREVER}
    if none_match and matches(none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(service.find.thumbnail(asset_id, int(size_px)), media_type="image/jpeg", headers=headers)


@router.get(
    "/assets/{asset}/copy",
    response_class=FileResponse,
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "the marked and signed copy"},
        **described(404),
    },
)
def copy(asset: AssetId, service: Library) -> FileResponse:
    return send_copy(service, asset)


@router.post("/assets/{asset}/copy", status_code=201, responses=described(403, 404, 422))
def protect(asset: AssetId, service: Library) -> AssetOut:
    """Make the protected copy now, whatever the root's policy says."""
    return AssetOut.model_validate(service.find.card(service.copies.protect(asset)))


class BundleFile(StrEnum):
    PROTECTED = "protected"
    ORIGINAL = "original"
    NONE = "none"


@router.get(
    "/assets/{asset}/evidence",
    response_class=FileResponse,
    responses={
        200: {"content": {"application/zip": {}}, "description": "the signed zip"},
        **described(403, 404, 409, 422),
    },
)
def evidence(
    asset: AssetId,
    service: Library,
    file: Annotated[BundleFile | None, Query(alias="with", description="default: the best there is")] = None,
    include_prompts: bool = False,
) -> FileResponse:
    """The evidence bundle (docs/evidence.md), made for this request."""
    return send_evidence(service, asset, Wish(str(file) if file else None, include_prompts))


def send_evidence(service: Service, asset_id: str, wish: Wish) -> FileResponse:
    """Made in a private folder, which is removed with the answer."""
    folder = private_folder(uploads_folder(service.parts.settings.library))
    try:
        made = service.evidence.make(asset_id, folder, wish=wish)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    name = download_name(os.path.basename(made.path))
    return FileResponse(
        made.path, media_type="application/zip", filename=name, headers={"Cache-Control": "private, no-store"},
        background=BackgroundTask(shutil.rmtree, folder, ignore_errors=True),
    )  # fmt: skip


def send_copy(service: Service, asset_id: str) -> FileResponse:
    path, mime, name = service.find.copy_of(asset_id)
    if not os.path.isfile(path):
        raise NotFoundError("The protected copy is not in the vault.", next_step="Run: dam doctor", code="copy.lost")
    return FileResponse(
        path, media_type=mime, filename=download_name(name), headers={"Cache-Control": "private, no-cache"}
    )


def download_name(name: str) -> str:
    """A stranger's name as a file name on anybody's desk: no folders, nothing hidden, nothing that reorders text."""
    kept = "".join(c for c in name if unicodedata.category(c)[0] != "C" and c not in '/\\:*?"<>|')
    stem, suffix = os.path.splitext(kept)
    return (stem.strip(". ")[:120] or "copy") + suffix[:16]
