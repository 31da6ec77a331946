"""The application: routers, the guard in front of them, one tree of error answers."""

import os
import threading
from typing import Any

from anyio import CapacityLimiter
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.staticfiles import StaticFiles

from dam import __version__
from dam.service.library import Service
from dam_api import (
    assets,
    audit,
    cast,
    clusters,
    collections,
    cuts,
    files,
    pages,
    problems,
    resolution,
    reviews,
    roots,
    system,
    trust,
)
from dam_api.deps import sweep_uploads
from dam_api.guard import Guard
from dam_api.problems import described
from dam_api.rendering import STATIC, Web
from dam_api.sessions import Sessions
from dam_schemas.answers import ErrorOut

DESCRIPTION = (
    "Find it, prove it, and never lose a decision. Times are ISO 8601 in UTC, units stand in names, pages go by cursor "
    "(`after`, `Link`), and every error is application/problem+json with a stable `code`."
)


def create_app(service: Service) -> FastAPI:
    """The HTTP door of an open library: API under /api/v1, web UI under /. Holds the service, does not close it."""
    settings = service.parts.settings
    app = FastAPI(
        title="Headwater", version=__version__, description=DESCRIPTION, openapi_url="/api/openapi.json", docs_url=None,
        redoc_url=None, redirect_slashes=False, generate_unique_id_function=_operation_id,
    )  # fmt: skip
    sessions = Sessions(settings.token)
    app.state.service = service
    app.state.sessions = sessions
    app.state.web = Web(service, needs_login=settings.token is not None)
    app.state.deciding = threading.Lock()
    app.state.scanning = threading.Lock()
    app.state.looking = CapacityLimiter(max(1, (os.cpu_count() or 2) // 2))
    problems.install(app)
    v1 = APIRouter(prefix="/api/v1", responses=described())
    for noun in (assets, clusters, cuts, cast, collections, reviews, files, roots, audit, system, trust):
        v1.include_router(noun.router)
    app.include_router(v1)
    app.state.resolution = resolution.Rate(settings.resolution_per_minute)
    app.include_router(resolution.router, responses=described())
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(Guard, settings=settings, sessions=sessions, changed=service.find.changed)
    _describe_errors(app)
    sweep_uploads(settings.library)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


def _describe_errors(app: FastAPI) -> None:
    """Put ErrorOut among the schemas: routes point at it, and no route returns it by type."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        schema = made()
        schema["components"]["schemas"]["ErrorOut"] = ErrorOut.model_json_schema()
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the schema
