"""/audit: the ledger of every change, and whether its chain holds."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from dam_api.assets import next_link
from dam_api.deps import Library, Limit, asset_id
from dam_api.problems import described
from dam_schemas.answers import AuditEntryOut, AuditVerdictOut

router = APIRouter(tags=["audit"])


@router.get("/audit", responses=described(404))
def audit_log(
    request: Request,
    response: Response,
    service: Library,
    after: Annotated[int, Query(ge=0, le=2**62, description="entries after this number")] = 0,
    limit: Limit = 100,
    asset: Annotated[str | None, Query(max_length=100)] = None,
) -> list[AuditEntryOut]:
    subject = asset_id(asset, service) if asset is not None else None
    rows = service.find.audit(after=after, limit=limit, asset=subject)
    if len(rows) == limit:
        response.headers.update(next_link(request, after=rows[-1]["seq"]))
    return [AuditEntryOut.model_validate(row) for row in rows]


@router.get("/audit/verification", responses=described())
def verify_audit(service: Library) -> AuditVerdictOut:
    found = service.find.verify_audit()
    return AuditVerdictOut(
        ok=found.ok, checked=found.checked, first_bad_seq=found.first_bad_seq, reason=found.reason, head=found.head.hash
    )
