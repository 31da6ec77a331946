"""Every error in one shape: application/problem+json (RFC 9457) with our stable code; a page for people who browse."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dam.errors import DamError
from dam_schemas.answers import ErrorOut

log = logging.getLogger("dam.api")

MEDIA_TYPE = "application/problem+json"
CODES = {401: "auth.needed", 404: "route.not_found", 405: "route.method", 400: "request.invalid"}
SHOWN_ERRORS = 5


class Refusal(HTTPException):
    """A request that the door itself turns away, before any use case is asked."""

    def __init__(
        self, status: int, code: str, detail: str, *, next_step: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, detail, dict(headers) if headers else None)
        self.code = code
        self.next_step = next_step


def error_out(status: int, code: str, detail: str, next_step: str = "") -> ErrorOut:
    return ErrorOut(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=_sound(detail),
        code=code,
        next_step=_sound(next_step) or None,
    )


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def answer(request: Request, error: ErrorOut, headers: Mapping[str, str] | None = None) -> Response:
    """The error as JSON, or as a page where a person's browser asked for one."""
    if is_page(request):
        page: Response = request.app.state.web.error_page(error)
        page.headers.update(headers or {})
        return page
    return JSONResponse(error.model_dump(mode="json"), error.status, dict(headers or {}), MEDIA_TYPE)


def is_api(path: str) -> bool:
    """Whether programs ask here: our own API, or the C2PA one at the standard's addresses."""
    return path.startswith(("/api", "/matches/", "/manifests/", "/services/"))


def is_page(request: Request) -> bool:
    return not is_api(request.url.path) and "text/html" in request.headers.get("accept", "")


def refused(request: Request, error: HTTPException) -> Response:
    """The answer to a Refusal, or to what the framework refuses (no route, wrong method, broken JSON)."""
    if isinstance(error, Refusal):
        return answer(request, error_out(error.status_code, error.code, error.detail, error.next_step), error.headers)
    code = CODES.get(error.status_code, f"http.{error.status_code}")
    words = {404: f"There is nothing at {request.url.path[:200]}.", 405: f"{request.method} is not possible here."}
    detail = words.get(error.status_code, str(error.detail))
    return answer(request, error_out(error.status_code, code, detail), error.headers)


def unexpected(request: Request, error: Exception) -> Response:
    """The answer to a defect of ours: the log has it all, the answer says nothing of the inside."""
    log.error("%s %s", request.method, request.url.path, exc_info=error)
    detail = "Something went wrong inside Headwater. Nothing was lost."
    return answer(request, error_out(500, "internal", detail, "Look at the server's log, and run: dam doctor"))


def from_dam(request: Request, error: DamError) -> Response:
    """The answer to an error that a use case raised on purpose."""
    if error.code == DamError.code:
        return unexpected(request, error)
    if error.http_status >= 500:
        log.error("%s %s: %s", request.method, request.url.path, error)
    return answer(request, error_out(error.http_status, error.code, error.message, error.next_step))


def install(app: FastAPI) -> None:
    """Register the one tree of handlers. What none of them knows ends in guard.Guard."""

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return refused(request, error)

    async def on_dam(request: Request, error: Exception) -> Response:
        assert isinstance(error, DamError)
        return from_dam(request, error)

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(request, error_out(422, "request.invalid", _said(error.errors())))

    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(DamError, on_dam)
    app.add_exception_handler(RequestValidationError, on_invalid)


def _said(errors: Sequence[Any]) -> str:
    """Which field and why, without giving back what was sent."""
    parts = []
    for found in errors[:SHOWN_ERRORS]:
        where = ".".join(str(step) for step in found["loc"][1:]) or str(found["loc"][0])
        parts.append(f"{where[:80]}: {found['msg'][:200]}")
    return "; ".join(parts)


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: these statuses (and 422) answer with a problem."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ErrorOut"}}}
    return {s: {"description": HTTPStatus(s).phrase, "content": content} for s in (*statuses, 422)}
