"""/overview, /doctor, /health: the state of the library and of this server."""

from fastapi import APIRouter

from dam import __version__
from dam_api.deps import Library
from dam_api.problems import described
from dam_schemas.answers import CheckOut, DoctorOut
from dam_schemas.web import HealthOut, OverviewOut

router = APIRouter(tags=["system"])


@router.get("/overview", responses=described())
def overview(service: Library) -> OverviewOut:
    return OverviewOut.model_validate(service.find.overview())


@router.get("/doctor", responses=described())
def doctor(service: Library) -> DoctorOut:
    checks = [CheckOut.model_validate(check) for check in service.upkeep.doctor()]
    return DoctorOut(ok=all(check.status != "fail" for check in checks), checks=checks)


@router.get("/health", responses=described(503))
def health(service: Library) -> HealthOut:
    """The server answers and its catalogue can be read."""
    service.find.audit(limit=1)
    return HealthOut(status="ok", version=__version__)
