"""/cuts: timelines, whether one may ship, and what changed between two versions."""

from typing import Annotated

from fastapi import APIRouter, Query

from dam_api.deps import AssetId, Library
from dam_api.problems import described
from dam_schemas.cuts import CutCheckOut, CutDiffOut, CutLineOut

router = APIRouter(tags=["cuts"])
Names = Annotated[list[str] | None, Query(max_length=50)]


@router.get("/cuts", responses=described())
def cuts(service: Library) -> list[CutLineOut]:
    return [CutLineOut.model_validate(row) for row in service.cuts.list()]


@router.get("/cuts/{asset}/check", responses=described(400, 404))
def check(
    asset: AssetId,
    service: Library,
    require: Names = None,
    forbid: Names = None,
    max_age: Annotated[str | None, Query(max_length=10, description="30d or 4w")] = None,
) -> CutCheckOut:
    """Hold rules against every clip; `passed` says whether all hold."""
    now = service.parts.clock()
    done = service.cuts.check(asset, require=require or (), forbid=forbid or (), max_age=max_age, now=now)
    return CutCheckOut.model_validate(done)


@router.get("/cuts/{asset}/diff", responses=described(400, 404))
def diff(asset: AssetId, service: Library, to: Annotated[str, Query(max_length=200)]) -> CutDiffOut:
    """From this version `to` another."""
    return CutDiffOut.model_validate(service.cuts.diff(asset, to))
