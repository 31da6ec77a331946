"""The web UI: pages rendered here, plain links and forms, no script needed."""

import time
from typing import Annotated
from urllib.parse import quote, urlsplit

import anyio
from fastapi import APIRouter, Header, Query, Request
from pydantic import ValidationError
from starlette.responses import FileResponse, RedirectResponse, Response

from dam.errors import DamError, NotFoundError
from dam.search.results import Sort
from dam.service.evidence import Wish
from dam.service.library import Service
from dam.tagging.vocabulary import KINDS
from dam_api import words
from dam_api.assets import QUERY_CHARS, send_copy, send_evidence, send_thumbnail
from dam_api.deps import AssetId, Form, Library, etag_of
from dam_api.problems import Refusal
from dam_api.rendering import STATIC, Web
from dam_api.reviews import enter
from dam_api.sessions import COOKIE, LIFETIME_S, Sessions
from dam_api.views import chips_of, facets_of, family_of, parts_of, search_href, terms_of
from dam_schemas.answers import AuditEntryOut
from dam_schemas.asset import AssetDetailOut, LineageOut, SearchPageOut
from dam_schemas.web import DecisionIn

router = APIRouter(include_in_schema=False)

PAGE_ASSETS = 48
PAGE_ENTRIES = 100
SHOWN_QUARANTINED = 500
WRONG_TOKEN_S = 0.5
PLACEHOLDERS = ("image", "video", "audio", "timeline", "document", "model")


def _web(request: Request) -> Web:
    web: Web = request.app.state.web
    return web


@router.get("/")
def library(
    request: Request, service: Library, q: str = "", after: str | None = None, sort: str | None = None
) -> Response:
    order = sort if sort in set(Sort) else None
    page = SearchPageOut.model_validate(
        service.find.search(q[:QUERY_CHARS], limit=PAGE_ASSETS, after=after or None, sort=order)
    )
    here = search_href_of(page, order)
    joint = "&" if "?" in here else "?"
    return _web(request).page(
        request, "library.html", page=page, folder=service.parts.settings.library, q=q[:QUERY_CHARS], sort=order, facets=facets_of(page, order),
        chips=chips_of(page.understood, order), sorts=[(s.value, search_href_of(page, s.value)) for s in Sort],
        first=here if after else None, later=f"{here}{joint}after={quote(page.next)}" if page.next else None,
    )  # fmt: skip


def search_href_of(page: SearchPageOut, sort: str | None) -> str:
    return search_href(parts_of(page.understood), sort)


@router.get("/assets/{asset}")
def asset_page(request: Request, asset: AssetId, service: Library) -> Response:
    return _asset_page(request, asset, service)


def _asset_page(
    request: Request,
    asset_id: str,
    service: Service,
    *,
    status: int = 200,
    problem: str = "",
    reason: str = "",
    told: str = "",
) -> Response:
    found = AssetDetailOut.model_validate(service.find.detail(asset_id))
    lineage = LineageOut.model_validate(service.find.lineage(asset_id, up=1, down=1))
    return _web(request).page(
        request, "asset.html", status, asset=found, made=found.generation or {}, family=family_of(lineage),
        credential_sentence=words.credential_sentence(found.credentials), tone=words.CREDENTIAL_TONES.get(found.credential, ""),
        shows=terms_of(service.cast.of(asset_id)), kinds=KINDS, told=told,
        seen=etag_of(list(found.decisions)), person=service.reviews.person(), problem=problem, reason=reason,
    )  # fmt: skip


@router.post("/assets/{asset}/decisions")
def decide(request: Request, asset: AssetId, service: Library, form: Form) -> Response:
    """Enter the decision and show the asset again; what is wrong is said there, and nothing typed is lost."""
    reason = form.get("reason", "")
    try:
        body = DecisionIn(
            verdict=form.get("verdict", ""), reason=reason or None, person=form.get("person", "").strip() or None
        )
        enter(request, service, asset, body, form.get("seen"))
    except ValidationError as error:
        return _asset_page(request, asset, service, status=422, problem=error.errors()[0]["msg"], reason=reason)
    except DamError as error:
        if error.http_status >= 500 or isinstance(error, NotFoundError):
            raise
        return _asset_page(request, asset, service, status=error.http_status, problem=error.message, reason=reason)
    except Refusal as error:
        return _asset_page(
            request,
            asset,
            service,
            status=error.status_code,
            problem=f"{error.detail} {error.next_step}",
            reason=reason,
        )
    return RedirectResponse(f"/assets/{asset}#decision", 303)


@router.post("/assets/{asset}/tags")
def say(request: Request, asset: AssetId, service: Library, form: Form) -> Response:
    """What a person says that the asset shows, or does not; what is wrong is said on its page."""
    said = {"yes": True, "no": False}.get(form.get("said", ""))
    try:
        service.cast.say(
            [asset], form.get("kind", ""), form.get("name", ""), confirmed=said, person=service.reviews.person()
        )
    except DamError as error:
        if error.http_status >= 500:
            raise
        service.find.card(asset)  # no such asset: that is another page
        return _asset_page(request, asset, service, status=error.http_status, told=f"{error.message} {error.next_step}")
    return RedirectResponse(f"/assets/{asset}#shows", 303)


@router.get("/assets/{asset}/thumbnail/{size_px}")
def thumbnail(
    asset: AssetId,
    size_px: int,
    service: Library,
    none_match: Annotated[str | None, Header(alias="If-None-Match")] = None,
) -> Response:
    """The picture, or a drawing of its kind while (or where) there is none."""
    try:
        return send_thumbnail(service, asset, size_px, none_match)
    except NotFoundError:
        kind = service.find.card(asset).kind
        name = kind if kind in PLACEHOLDERS else "other"
        return FileResponse(STATIC / f"kind-{name}.svg", media_type="image/svg+xml")


@router.get("/assets/{asset}/copy")
def copy(asset: AssetId, service: Library) -> Response:
    return send_copy(service, asset)


@router.get("/assets/{asset}/evidence")
def evidence(asset: AssetId, service: Library) -> Response:
    return send_evidence(service, asset, Wish())


@router.get("/quarantine")
def quarantine(request: Request, service: Library) -> Response:
    held = service.find.overview()["quarantined"]
    return _web(request).page(request, "quarantine.html", held=held[:SHOWN_QUARANTINED], total=len(held))


@router.get("/drives")
def drives(request: Request) -> Response:
    return _web(request).page(request, "drives.html")


@router.get("/audit")
def audit(request: Request, service: Library, after: Annotated[int, Query(ge=0, le=2**62)] = 0) -> Response:
    rows = service.find.audit(after=after, limit=PAGE_ENTRIES)
    entries = [AuditEntryOut.model_validate(row) for row in rows]
    later = f"/audit?after={entries[-1].seq}" if len(entries) == PAGE_ENTRIES else None
    return _web(request).page(request, "audit.html", entries=entries, after=after, later=later)


# -- login, where a token is set


def _own_path(wanted: str) -> str:
    """Where to go after login: a path of ours, never another site."""
    parts = urlsplit(wanted)
    own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return wanted if own and wanted.isprintable() and "\\" not in wanted else "/"


@router.get("/login")
def login_page(request: Request, next_path: Annotated[str, Query(alias="next", max_length=4_096)] = "/") -> Response:
    if request.app.state.sessions.token is None:
        return RedirectResponse("/", 303)
    return _web(request).bare_page("login.html", next_path=_own_path(next_path), problem="")


@router.post("/login")
async def login(request: Request, form: Form) -> Response:
    sessions: Sessions = request.app.state.sessions
    wanted = _own_path(form.get("next", "/"))
    if not sessions.holds_token(form.get("token", "").strip()):
        await anyio.sleep(WRONG_TOKEN_S)  # makes guessing slow
        return _web(request).bare_page(
            "login.html", 401, next_path=wanted, problem="That is not the token of this library."
        )
    response = RedirectResponse(wanted, 303)
    response.set_cookie(
        COOKIE,
        sessions.issue(time.time()),
        max_age=LIFETIME_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.post("/logout")
async def logout() -> Response:
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response
