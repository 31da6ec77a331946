"""/clusters, /assets/{asset}/cluster and /stack: pictures that look alike, and what people make of them."""

from typing import Annotated

from fastapi import APIRouter, Query

from dam_api.deps import AssetId, Library
from dam_api.problems import described
from dam_schemas.clusters import ClusterOut, StackedOut, StackIn, UnstackedOut

router = APIRouter(tags=["clusters"])


@router.get("/clusters", responses=described(400, 404))
def clusters(
    service: Library,
    least: Annotated[int, Query(ge=2, le=1_000_000, description="smallest size")] = 2,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    after: Annotated[str | None, Query(max_length=200, description="last representative of the page before")] = None,
) -> list[ClusterOut]:
    """The largest first."""
    return [ClusterOut.model_validate(one) for one in service.stacks.list(least=least, limit=limit, after=after)]


@router.get("/assets/{asset}/cluster", responses=described(404))
def cluster(asset: AssetId, service: Library, limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> ClusterOut:
    return ClusterOut.model_validate(service.stacks.show(asset, limit=limit))


@router.post("/assets/{asset}/stack", responses=described(400, 404, 409))
def stack(asset: AssetId, body: StackIn, service: Library) -> StackedOut:
    """Put the cluster behind one asset. Nothing is deleted; DELETE takes it back."""
    done = service.stacks.resolve(
        asset, person=service.reviews.person(body.person), front=body.front, merge=body.decisions, reason=body.reason,
        dry_run=body.dry_run,
    )  # fmt: skip
    return StackedOut.model_validate(done)


@router.delete("/assets/{asset}/stack", responses=described(404))
def unstack(
    asset: AssetId, service: Library, person: Annotated[str | None, Query(max_length=200)] = None
) -> UnstackedOut:
    """Take a stack apart again: of an asset in front all of it, of one behind only itself. Decisions stay."""
    count = service.stacks.unstack(asset, person=service.reviews.person(person))
    return UnstackedOut(asset_id=asset, unstacked=count)
