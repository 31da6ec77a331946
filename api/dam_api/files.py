"""/inspect, /verify, /identify: answers about a file that is sent as the body of the request. Nothing is kept."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request

from dam_api.deps import Library, Upload, UploadedFile
from dam_api.problems import described
from dam_schemas.answers import IdentifyOut, VerifyOut
from dam_schemas.inspect import InspectionOut

router = APIRouter(tags=["files"])

BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
Found = TypeVar("Found")


@router.post("/inspect", responses=described(413), openapi_extra=BODY)
async def inspect(
    request: Request, file: UploadedFile, service: Library, fingerprints: Annotated[bool, Query()] = False
) -> InspectionOut:
    found = await _ask(request, lambda: service.answers.inspect(file.path, fingerprints=fingerprints))
    return InspectionOut.model_validate(_named(found, file))


@router.post("/verify", responses=described(413), openapi_extra=BODY)
async def verify(
    request: Request, file: UploadedFile, service: Library, rubric: Annotated[bool, Query()] = False
) -> VerifyOut:
    found = await _ask(request, lambda: service.answers.verify(file.path, rubric=rubric))
    return VerifyOut.model_validate(_named(found, file))


@router.post("/identify", responses=described(413), openapi_extra=BODY)
async def identify(request: Request, file: UploadedFile, service: Library) -> IdentifyOut:
    return IdentifyOut.model_validate(_named(await _ask(request, lambda: service.answers.identify(file.path)), file))


async def _ask(request: Request, use_case: Callable[[], Found]) -> Found:
    """In a thread, and only a few at a time: each may hold a whole decoded picture."""
    limiter: CapacityLimiter = request.app.state.looking
    return await to_thread.run_sync(use_case, limiter=limiter)


def _named(found: Any, file: Upload) -> dict[str, Any]:
    """The answer's fields under the name that the caller gave; where the temp file lay is nobody's business."""
    fields = {name: getattr(found, name) for name in found.__dataclass_fields__}
    told = [{"code": p.code, "message": p.message.replace(file.path, file.name)} for p in found.problems]
    return {**fields, "path": file.name, "problems": told}
