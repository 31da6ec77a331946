"""/trust: whose signatures are believed, in labelled tiers; importing a list."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query

from dam.provenance.trust import MAX_LIST_BYTES
from dam.service.trust import Asked
from dam_api.deps import Library, UploadedFile
from dam_api.files import BODY
from dam_api.problems import described
from dam_schemas.trust import TrustImportOut, TrustOut

router = APIRouter(tags=["trust"])


@router.get("/trust", responses=described())
def trust(service: Library) -> TrustOut:
    """The tiers, and how far judging again by them has come."""
    return TrustOut.model_validate(service.trust.list())


@router.post("/trust/{tier}", responses=described(400, 413, 422), openapi_extra=BODY)
async def import_list(
    tier: str, file: UploadedFile, service: Library, dry_run: Annotated[bool, Query()] = False
) -> TrustImportOut:
    """Put the list of the body (PEM or C2PA's JSON) in the place of a tier; judging again goes on in the background."""

    def work() -> TrustImportOut:
        with open(file.path, "rb") as stream:
            data = stream.read(MAX_LIST_BYTES + 1)
        asked = Asked(f"person:{service.reviews.person()}", dry_run=dry_run, wait=False)
        return TrustImportOut.model_validate(service.trust.import_bytes(data, file.name, tier, asked))

    return await to_thread.run_sync(work)
