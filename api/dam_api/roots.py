"""/roots and /scans: the watched folder trees, and a full pass over them."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from dam.errors import BusyError
from dam.media.paths import from_text
from dam.service.library import Service
from dam_api.deps import Library
from dam_api.problems import described
from dam_schemas.asset import RootOut, SummaryOut
from dam_schemas.cast import TemplateIn, TemplateOut
from dam_schemas.web import RootIn, RootSetIn, ScanIn

router = APIRouter(tags=["roots"])


def _actor(service: Service) -> str:
    return f"person:{service.reviews.person()}"


@router.get("/roots", responses=described())
def roots(service: Library) -> list[RootOut]:
    return [RootOut.model_validate(row) for row in service.roots.list()]


@router.post("/roots", status_code=201, responses=described(400, 404, 409))
def add_root(body: RootIn, response: Response, service: Library) -> RootOut:
    row = service.roots.add(from_text(body.path), name=body.name, protect=body.protect, actor=_actor(service))
    response.headers["Location"] = f"/api/v1/roots/{row['id']}"
    return RootOut.model_validate(row)


@router.get("/roots/{name}", responses=described(404))
def root(name: str, service: Library) -> RootOut:
    return RootOut.model_validate(service.roots.get(name))


@router.patch("/roots/{name}", responses=described(400, 404, 409))
def set_root(name: str, body: RootSetIn, service: Library) -> RootOut:
    """Change how a root is protected or watched: what `dam root set` does."""
    asked, who = body.model_fields_set, _actor(service)
    if "watch" in asked:
        service.roots.watch(name, None if body.watch == "auto" else body.watch, actor=who)
    if body.marker is not None:
        service.roots.mark(name, wanted=body.marker, actor=who)
    if "protect" in asked:
        service.roots.set(name, protect=body.protect, actor=who)
    if body.protect_mode is not None:
        service.roots.set(name, protect=None, mode=body.protect_mode, confirmed=body.confirmed, actor=who)
    return RootOut.model_validate(service.roots.get(name))


@router.put("/roots/{name}/template", responses=described(400, 404))
def set_template(name: str, body: TemplateIn, service: Library) -> TemplateOut:
    """How paths below it name projects, scenes, shots and characters; says how many files fit."""
    made = service.cast.set_template(name, body.template, dry_run=body.dry_run, actor=_actor(service))
    return TemplateOut.model_validate(made)


@router.delete("/roots/{name}", responses=described(404))
def remove_root(name: str, service: Library) -> RootOut:
    """Forget a root. Its files are not touched; assets and decisions stay. Answers with what was removed."""
    return RootOut.model_validate(service.roots.remove(name, actor=_actor(service)))


@router.post("/scans", responses=described(404, 503))
def scan(request: Request, service: Library, body: ScanIn | None = None) -> SummaryOut:
    """One full pass; answers when nothing is due any more. One at a time."""
    asked = body or ScanIn()
    if not request.app.state.scanning.acquire(blocking=False):
        raise BusyError("A scan or a reparse is running already.", next_step="Wait for it to end.", code="scan.running")
    try:
        summary = service.passes.scan(asked.roots, accept_missing=asked.accept_missing)
    finally:
        request.app.state.scanning.release()
    return SummaryOut.model_validate(summary)
