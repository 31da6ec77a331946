"""What stands before the routes: names, other sites, tokens, sizes, headers."""

import time

import pytest

from dam.settings import Settings
from dam_api.guard import CSP, MAX_BODY_BYTES, allowed_hosts
from dam_api.sessions import LIFETIME_S, Sessions

TOKEN = "correct horse"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8340", "[::1]:9", "LOCALHOST:1", "localhost."])
def test_names_of_this_machine_are_answered(studio, host):
    assert studio.door.get("/api/v1/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil", "", "192.168.1.5", "localhost:x", "[::1"]
)
def test_a_strangers_name_for_us_is_refused(studio, host):
    for path in ("/api/v1/health", "/", "/static/style.css"):
        answer = studio.door.get(path, headers={"Host": host})
        assert (answer.status_code, answer.json()["code"]) == (421, "request.host")


def test_a_door_on_all_addresses_answers_addresses_but_no_strange_names(tmp_path, opened):
    assert "studio.lan" in allowed_hosts(Settings(library=tmp_path, host="studio.lan"))
    door = opened(host="0.0.0.0", token=TOKEN)
    for host, status in (
        ("192.168.1.5:8340", 401),
        ("[fd00::5]:80", 401),
        ("evil.example", 421),
        ("192.168.1.5.evil", 421),
    ):
        assert door.get("/api/v1/health", headers={"Host": host}).status_code == status


CROSS = [
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:9999"},
]


@pytest.mark.parametrize("headers", CROSS)
def test_other_sites_change_nothing(studio, headers):
    asset_id = studio.id_of("plain.png")
    for url in (f"/api/v1/assets/{asset_id}/decisions", f"/assets/{asset_id}/decisions"):
        answer = studio.door.post(url, json={"verdict": "approve"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "request.cross_site")
    assert studio.service.reviews.history(asset_id) == []


def test_our_own_pages_and_programs_may_decide(fresh):
    url = f"/api/v1/assets/{fresh.add('one.png', 1)}/decisions"
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://127.0.0.1:8340"}, {}):
        assert fresh.door.post(url, json={"verdict": "approve"}, headers=headers).status_code == 201


def test_another_site_may_lead_a_person_here_but_embed_and_read_nothing(studio):
    leads = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert studio.door.browse("/", headers=leads).status_code == 200
    assert studio.door.get("/", headers={**leads, "Sec-Fetch-Dest": "iframe"}).status_code == 403
    assert studio.door.get("/api/v1/assets", headers=leads).status_code == 403
    assert (
        studio.door.get(
            "/static/style.css", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
        ).status_code
        == 403
    )


def test_a_form_of_another_content_type_is_refused(studio):
    answer = studio.door.post(f"/assets/{studio.id_of('pier.png')}/decisions", json={"verdict": "approve"})
    assert answer.status_code == 415


@pytest.mark.parametrize("path", ["/", "/api/v1/health", "/api/v1/nothing", "/static/style.css", "/api/openapi.json"])
def test_every_answer_keeps_the_browser_in_its_box(studio, path):
    headers = studio.door.get(path).headers
    assert headers["content-security-policy"] == CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["referrer-policy"] in {"no-referrer", "same-origin"}
    assert "access-control-allow-origin" not in headers


def test_a_large_body_is_refused_with_and_without_a_length(studio):
    async def chunks():
        for _ in range(MAX_BODY_BYTES // 65536 + 2):
            yield b" " * 65536

    for body in (b" " * (MAX_BODY_BYTES + 1), chunks()):
        answer = studio.door.post("/api/v1/roots", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")


# -- tokens


@pytest.mark.parametrize(
    "header", ["Bearer wrong", "Bearer", "Basic correct horse", "correct horse", "Bearer correct horsé"]
)
def test_a_wrong_token_is_no_token(locked, header):
    assert locked.get("/api/v1/health", headers={"Authorization": header.encode()}).status_code == 401


def test_the_token_opens_the_api(locked):
    assert locked.get("/api/v1/health", headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200


def test_a_browser_logs_in_and_out(locked):
    sent = locked.browse("/quarantine?x=1")
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?next=/quarantine%3Fx%3D1")
    assert "Log in" in locked.browse(sent.headers["location"]).text
    came = locked.post("/login", data={"token": TOKEN, "next": "/quarantine?x=1"})
    assert (came.status_code, came.headers["location"]) == (303, "/quarantine?x=1")
    cookie = came.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    session = {"Cookie": cookie.partition(";")[0]}
    assert locked.browse("/quarantine", headers=session).status_code == 200
    assert locked.get("/api/v1/health", headers=session).status_code == 401
    assert "Max-Age=0" in locked.post("/logout", headers=session).headers["set-cookie"]


def test_a_wrong_token_is_told_so_and_gets_no_cookie(locked):
    answer = locked.post("/login", data={"token": "guess"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nX: y", ""]
)
def test_login_leads_to_no_other_site(locked, wanted):
    assert locked.post("/login", data={"token": TOKEN, "next": wanted}).headers["location"] == "/"


def test_without_a_session_nothing_is_changed(locked):
    answer = locked.post("/assets/abcdef/decisions", data={"verdict": "approve"})
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.needed")


def test_without_a_token_there_is_no_login(studio):
    assert studio.door.browse("/login").headers["location"] == "/"
    assert studio.door.post("/login", data={"token": ""}).status_code == 401


def test_a_session_ends_with_time_with_any_change_and_with_the_token():
    door, now = Sessions(TOKEN), time.time()
    cookie = door.issue(now)
    assert door.holds_cookie(cookie, now)
    assert not door.holds_cookie(cookie, now + LIFETIME_S + 1)
    assert not Sessions("another").holds_cookie(cookie, now)
    head, _, mac = cookie.rpartition(".")
    for forged in (f"9{head}.{mac}", f"{head}.{'0' * 64}", head, "", "..", "\udc80.\udc80", f"{head}.{mac}x"):
        assert not door.holds_cookie(forged, now)
