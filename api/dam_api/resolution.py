"""The C2PA Soft Binding Resolution API 1.0.0: its five operations under the names and at the addresses of the standard."""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from dam.service.bindings import Resolved
from dam_api.deps import Library, UploadedFile
from dam_api.problems import Refusal, described
from dam_schemas.bindings import AlgorithmOut, AlgorithmsOut, BindingMatch, BindingQuery, BindingResult

MEDIA = ("image/", "audio/", "video/", "application/", "model/", "text/")
MEDIA_TYPE = "application/c2pa"
_MAX_ADDRESSES = 10_000


class Rate:
    """So many queries a minute from each address, and as many at once; the oldest addresses are forgotten."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # address -> (queries left, when)
        self._lock = threading.Lock()

    def wait_s(self, address: str, now: float) -> float:
        """0 = go on; else how long to wait."""
        if not self._per_minute:
            return 0.0
        with self._lock:
            left, then = self._left.pop(address, (float(self._per_minute), now))
            left = min(float(self._per_minute), left + (now - then) * self._per_minute / 60)
            self._left[address] = (left - 1 if left >= 1 else left, now)
            while len(self._left) > _MAX_ADDRESSES:
                self._left.popitem(last=False)
        return 0.0 if left >= 1 else (1 - left) * 60 / self._per_minute


def _limited(request: Request) -> None:
    rate: Rate = request.app.state.resolution
    wait_s = rate.wait_s(request.client.host if request.client else "", time.monotonic())
    if wait_s:
        raise Refusal(
            429, "request.too_many", "Too many queries from this address.",
            next_step="Wait, or raise resolution_per_minute.", headers={"Retry-After": str(int(wait_s) + 1)},
        )  # fmt: skip


router = APIRouter(tags=["resolution"], dependencies=[Depends(_limited)])
MaxResults = Annotated[int, Query(ge=1, alias="maxResults", description="at most 100 are given")]
_BODY = {
    "requestBody": {
        "required": True,
        "content": {f"{media}*": {"schema": {"type": "string", "format": "binary"}} for media in MEDIA},
    }
}


@router.get("/matches/byBinding", responses=described(400, 414, 429))
def query_by_binding(
    service: Library,
    value: Annotated[str, Query(max_length=4096)],
    alg: Annotated[str, Query(max_length=256)],
    max_results: MaxResults = 10,
) -> BindingResult:
    return _result(service.bindings.by_value(alg, value, limit=max_results))


@router.post("/matches/byBinding", responses=described(400, 429))
def query_by_large_binding(service: Library, query: BindingQuery, max_results: MaxResults = 10) -> BindingResult:
    return _result(service.bindings.by_value(query.alg, query.value, limit=max_results))


@router.post("/matches/byContent", responses=described(400, 413, 415, 429), openapi_extra=_BODY)
async def upload_file(
    request: Request,
    file: UploadedFile,
    service: Library,
    alg: Annotated[str | None, Query(max_length=256)] = None,
    max_results: MaxResults = 10,
    hint_alg: Annotated[str | None, Query(alias="hintAlg", max_length=256)] = None,
    hint_value: Annotated[str | None, Query(alias="hintValue", max_length=4096)] = None,
) -> BindingResult:
    kind = request.headers.get("content-type", "application/octet-stream")
    if not kind.startswith(MEDIA):
        raise Refusal(415, "request.media_type", "Send the file itself, with its media type.")

    def ask() -> list[Resolved]:
        found = service.bindings.by_content(file.path, alg=alg, limit=max_results)
        if hint_alg is not None and hint_value is not None:
            found += service.bindings.by_value(hint_alg, hint_value, limit=max_results)
        return found[:max_results]

    return _result(await to_thread.run_sync(ask, limiter=request.app.state.looking))


@router.get("/manifests/{manifestId:path}", response_class=Response, responses=described(400, 404, 429))
def get_manifest_by_id(
    manifestId: str,  # noqa: N803  # the standard's name
    service: Library,
    active_only: Annotated[bool, Query(alias="returnActiveManifest")] = False,
) -> Response:
    return Response(service.bindings.manifest(manifestId, active_only=active_only), media_type=MEDIA_TYPE)


@router.get("/services/supportedAlgorithms")
def get_supported_bindings(service: Library) -> AlgorithmsOut:
    known = service.bindings.algorithms()
    return AlgorithmsOut(
        watermarks=[AlgorithmOut(alg=alg) for alg in known.watermarks],
        fingerprints=[AlgorithmOut(alg=alg) for alg in known.fingerprints],
    )


def _result(found: Sequence[Resolved]) -> BindingResult:
    best: dict[str, Resolved] = {}
    for one in found:
        best.setdefault(one.manifest_id, one)
    matches = [
        BindingMatch(manifestId=m.manifest_id, similarityScore=max(0, min(100, m.similarity))) for m in best.values()
    ]
    return BindingResult(matches=matches)
