"""Roots, scans, overview, audit, doctor, health, and the description of it all."""

import pytest


def test_a_root_is_added_scanned_and_removed(fresh):
    added = fresh.door.post("/api/v1/roots", json={"path": str(fresh.drive), "name": "renders", "protect": "none"})
    assert (added.status_code, added.json()["name"], added.json()["protect"]) == (201, "renders", "none")
    (fresh.drive / "note.txt").write_text("x")
    assert fresh.door.post("/api/v1/scans", json={"roots": ["renders"]}).json()["admitted"] == 1
    assert fresh.door.post("/api/v1/scans").json()["unchanged"] == 1
    assert fresh.door.get("/api/v1/roots").json()[0]["files"] == 1
    assert fresh.door.get(added.headers["location"]).json()["name"] == "renders"
    assert fresh.door("DELETE", "/api/v1/roots/renders").json()["id"] == added.json()["id"]
    assert fresh.door.get("/api/v1/roots").json() == []
    assert fresh.door.get("/api/v1/assets").json()["total"] == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"path": "/nowhere/at/all"}, 404, "root.no_folder"),
        ({"path": "a\0b"}, 422, "request.invalid"),
        ({"path": "."}, 400, "usage"),
    ],
)
def test_a_root_that_cannot_be_watched_is_refused(fresh, body, status, code):
    if body["path"] == ".":
        body = {"path": str(fresh.drive), "protect": "sometimes"}
    answer = fresh.door.post("/api/v1/roots", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_root_is_changed_only_in_what_is_said(fresh):
    fresh.door.post("/api/v1/roots", json={"path": str(fresh.drive), "name": "renders", "protect": "all"})
    (fresh.drive / "note.txt").write_text("x")
    at = "/api/v1/roots/renders"
    changed = fresh.door("PATCH", at, json={"marker": True}).json()
    assert (changed["marker"], changed["protect"], changed["watch_mode"]) == (True, "all", None)
    assert (fresh.drive / ".headwater-root").exists()
    changed = fresh.door("PATCH", at, json={"watch": "polling", "protect": None}).json()
    assert (changed["marker"], changed["protect"], changed["mode"]) == (True, None, "polling")
    assert [r["mode"] for r in fresh.door.get("/api/v1/overview").json()["roots"]] == ["polling"]
    assert fresh.door("PATCH", at, json={"watch": "auto", "marker": False}).json()["watch_mode"] is None
    assert not (fresh.drive / ".headwater-root").exists()
    assert fresh.door("PATCH", at, json={}).json()["protect"] is None
    assert fresh.door("PATCH", at, json={"color": "red"}).status_code == 422
    assert fresh.door("PATCH", "/api/v1/roots/nobody", json={"marker": True}).status_code == 404


def test_scans_wait_for_nobody(fresh):
    fresh.door.app.state.scanning.acquire()
    answer = fresh.door.post("/api/v1/scans")
    assert (answer.status_code, answer.json()["code"]) == (503, "scan.running")


def test_a_scan_of_an_unknown_root_names_it_and_lets_the_next_scan_in(fresh):
    answer = fresh.door.post("/api/v1/scans", json={"roots": ["nope"]})
    assert (answer.status_code, answer.json()["code"]) == (404, "root.not_found")
    assert fresh.door.post("/api/v1/scans").status_code == 200


def test_the_overview_counts_and_names_what_is_held_back(studio):
    view = studio.door.get("/api/v1/overview").json()
    assert view["assets"] == 7
    assert view["by_kind"] == {"document": 1, "image": 6}
    assert [q["path"] for q in view["quarantined"]] == ["empty.png"]
    assert view["roots"][0]["name"] == "renders"


def test_the_audit_log_goes_by_pages_and_by_asset(studio):
    first = studio.door.get("/api/v1/audit?limit=3")
    assert [e["seq"] for e in first.json()] == [1, 2, 3]
    later = studio.door.get(first.headers["link"].partition(">")[0].lstrip("<"))
    assert later.json()[0]["seq"] == 4
    about = studio.door.get("/api/v1/audit", params={"asset": studio.id_of("barn.png")[:]}).json()
    assert {e["subject"] for e in about} == {studio.id_of("barn.png")}


def test_the_chain_is_verified(studio):
    verdict = studio.door.get("/api/v1/audit/verification").json()
    assert verdict["ok"] is True
    assert verdict["checked"] == len(studio.door.get("/api/v1/audit?limit=1000").json())


def test_doctor_and_health_answer(studio):
    assert {"audit", "keys"} <= {c["name"] for c in studio.door.get("/api/v1/doctor").json()["checks"]}
    assert studio.door.get("/api/v1/health").json()["status"] == "ok"


def test_the_description_is_openapi_31_and_every_operation_says_how_it_fails(studio):
    schema = studio.door.get("/api/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    assert "ErrorOut" in schema["components"]["schemas"]
    assert "HTTPValidationError" not in str(schema)
    operations = [o for path in schema["paths"].values() for o in path.values()]
    names = [o["operationId"] for o in operations]
    assert len(names) == len(set(names)) >= 18
    assert all("application/problem+json" in o["responses"]["422"]["content"] for o in operations)


def test_no_documentation_page_is_loaded_from_elsewhere(studio):
    assert [studio.door.get(path).status_code for path in ("/docs", "/redoc")] == [404, 404]
