"""Every error has one shape: application/problem+json with a stable code, and no word about the inside."""

import pytest

from dam.errors import BusyError
from dam_schemas.answers import ErrorOut


def problem(answer):
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found = ErrorOut.model_validate(answer.json(), extra="forbid")
    assert found.status == answer.status_code
    return found


def test_every_route_answers_a_missing_token_with_a_problem(locked):
    schema = locked.get("/api/openapi.json", headers={"Authorization": "Bearer correct horse"}).json()
    asked = [(method, path) for path, found in schema["paths"].items() for method in found]
    assert len(asked) >= 18
    for method, path in [*asked, ("get", "/api/openapi.json"), ("get", "/api/v1/nothing")]:
        answer = locked(method.upper(), path.replace("{asset}", "abcdef").replace("{name}", "x"))
        assert (problem(answer).code, answer.status_code) == ("auth.needed", 401), path
        assert answer.headers["www-authenticate"] == "Bearer"


def test_every_route_answers_a_wrong_method_with_a_problem(studio):
    schema = studio.door.get("/api/openapi.json").json()
    for path in schema["paths"]:
        answer = studio.door("TRACE", path.replace("{asset}", "abcdef").replace("{name}", "x"))
        assert (problem(answer).code, answer.status_code) == ("route.method", 405), path


def test_every_route_of_an_asset_answers_an_unknown_one_with_a_problem(studio):
    schema = studio.door.get("/api/openapi.json").json()
    asked = [(m, p) for p, found in schema["paths"].items() for m in found if "{asset}" in p]
    assert len(asked) >= 6
    for method, path in asked:
        answer = studio.door(
            method.upper(), path.replace("{asset}", "abcdef"), json={"verdict": "approve"} if method == "post" else None
        )
        assert (problem(answer).code, answer.status_code) == ("asset.not_found", 404), path


@pytest.mark.parametrize(
    ("method", "url", "status", "code"),
    [
        ("GET", "/api", 404, "route.not_found"),
        ("GET", "/api/v1/", 404, "route.not_found"),
        ("GET", "/nowhere", 404, "route.not_found"),
        ("GET", "/static/../app.py", 404, "route.not_found"),
        ("GET", "/static/%2e%2e/%2e%2e/app.py", 404, "route.not_found"),
        ("GET", "/api/v1/assets?limit=0", 422, "request.invalid"),
        ("GET", "/api/v1/assets?limit=many", 422, "request.invalid"),
        ("GET", "/api/v1/assets?sort=weight", 422, "request.invalid"),
        ("GET", "/api/v1/assets?after=xyz", 400, "query.cursor"),
        ("GET", "/api/v1/assets?q=a%00b", 400, "request.invalid"),
        ("GET", "/api/v1/roots/%00", 400, "request.invalid"),
        ("GET", "/api/v1/audit?after=99999999999999999999999", 422, "request.invalid"),
        ("GET", "/api/v1/audit?asset=/etc/passwd", 404, "asset.not_found"),
        ("DELETE", "/api/v1/roots/nope", 404, "root.not_found"),
        ("POST", "/api/v1/roots", 422, "request.invalid"),
    ],
)
def test_wrong_requests_are_problems(studio, method, url, status, code):
    answer = studio.door(method, url)
    assert (answer.status_code, problem(answer).code) == (status, code)


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"path": "\\ud800"}', b"[" * 100_000])
def test_json_that_cannot_be_read_is_a_problem(studio, body):
    answer = studio.door.post("/api/v1/roots", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert problem(answer).code == "request.invalid"


def test_what_was_sent_is_not_given_back(studio):
    answer = studio.door.post("/api/v1/roots", json={"path": 7, "name": "secret-words"})
    assert "secret-words" not in answer.text


def test_a_defect_of_ours_says_nothing_of_the_inside(fresh, caplog):
    fresh.door.app.state.service = object()
    answer = fresh.door.get("/api/v1/roots")
    found = problem(answer)
    assert (found.status, found.code) == (500, "internal")
    assert "attribute" not in answer.text
    assert "AttributeError" in caplog.text
    assert answer.headers["content-security-policy"]


def test_an_error_of_the_service_keeps_its_code_and_next_step(fresh, monkeypatch):
    def busy(*_args, **_kwargs):
        raise BusyError("The library is held by another process.", next_step="Stop it.")

    monkeypatch.setattr(type(fresh.service.roots), "list", busy)
    found = problem(fresh.door.get("/api/v1/roots"))
    assert (found.status, found.code, found.next_step) == (503, "library.busy", "Stop it.")


def test_a_browser_gets_a_page_and_the_api_never_does(studio):
    page = studio.door.browse("/nowhere")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing at /nowhere." in page.text
    assert problem(studio.door.browse("/api/v1/nowhere")).status == 404
