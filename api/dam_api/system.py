"""/overview, /doctor, /reparses, /health: the state of the library and of this server."""

from fastapi import APIRouter, Request

from dam import __version__
from dam.errors import BusyError
from dam_api.deps import Library
from dam_api.problems import described
from dam_schemas.answers import CheckOut, DoctorOut, ReparseOut
from dam_schemas.web import HealthOut, OverviewOut, ReparseIn

router = APIRouter(tags=["system"])


@router.get("/overview", responses=described())
def overview(service: Library) -> OverviewOut:
    return OverviewOut.model_validate(service.find.overview())


@router.get("/doctor", responses=described())
def doctor(service: Library) -> DoctorOut:
    checks = [CheckOut.model_validate(check) for check in service.upkeep.doctor()]
    return DoctorOut(ok=all(check.status != "fail" for check in checks), checks=checks)


@router.post("/reparses", responses=described(400, 404, 503))
def reparse(request: Request, service: Library, body: ReparseIn | None = None) -> ReparseOut:
    """Run today's readers over what was kept of every file; answers when it is done. Not beside a scan."""
    asked = body or ReparseIn()
    if not request.app.state.scanning.acquire(blocking=False):
        raise BusyError("A scan or a reparse is running already.", next_step="Wait for it to end.", code="scan.running")
    try:
        actor = f"person:{service.reviews.person()}"
        done = service.upkeep.reparse(asked.assets, reader=asked.reader, dry_run=asked.dry_run, actor=actor)
    finally:
        request.app.state.scanning.release()
    return ReparseOut.model_validate(done)


@router.get("/health", responses=described(503))
def health(service: Library) -> HealthOut:
    """The server answers and its catalogue can be read."""
    service.find.audit(limit=1)
    return HealthOut(status="ok", version=__version__)
