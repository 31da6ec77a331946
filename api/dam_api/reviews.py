"""/assets/{asset}/decisions: what people decided, and one decision more."""

from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from dam.service.library import Service
from dam_api.deps import AssetId, Library, etag_of, matches
from dam_api.problems import Refusal, described
from dam_schemas.asset import DecisionOut
from dam_schemas.web import DecisionIn

router = APIRouter(tags=["reviews"])


@router.get("/assets/{asset}/decisions", response_model=list[DecisionOut], responses=described(404))
def decisions(
    asset: AssetId,
    response: Response,
    service: Library,
    none_match: Annotated[str | None, Header(alias="If-None-Match")] = None,
) -> list[DecisionOut] | Response:
    found = history(service, asset)
    headers = {"ETag": etag_of(list(found)), "Cache-Control": "private, no-cache"}
    if none_match and matches(none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return found


@router.post("/assets/{asset}/decisions", status_code=201, responses=described(400, 404, 412))
def decide(
    asset: AssetId,
    body: DecisionIn,
    request: Request,
    response: Response,
    service: Library,
    if_match: Annotated[str | None, Header(alias="If-Match", description="ETag of the decisions")] = None,
) -> DecisionOut:
    made = enter(request, service, asset, body, if_match)
    response.headers.update({"ETag": etag_of(list(made)), "Location": f"/api/v1/assets/{asset}/decisions"})
    return made[-1]


def history(service: Service, asset_id: str) -> list[DecisionOut]:
    return [DecisionOut.model_validate(row) for row in service.reviews.history(asset_id)]


def enter(
    request: Request, service: Service, asset_id: str, body: DecisionIn, if_match: str | None
) -> list[DecisionOut]:
    """Enter a decision, unless somebody decided since the caller looked. Decisions of this server wait for each other."""
    with request.app.state.deciding:
        if if_match is not None and not matches(if_match, etag_of(list(history(service, asset_id)))):
            raise Refusal(
                412, "review.stale", "Somebody decided in the meantime.", next_step="Look again, then decide."
            )
        made = service.reviews.decide(asset_id, body.verdict, reason=body.reason, person=body.person)
    return [DecisionOut.model_validate(row) for row in made["decisions"]]
