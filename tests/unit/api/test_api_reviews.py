"""Decisions through the API: entered once, remembered, never over somebody else's."""

import pytest


@pytest.fixture
def url(studio):
    return f"/api/v1/assets/{studio.id_of('lake.png')}/decisions"


def test_an_approval_is_entered_and_found_again(fresh):
    asset_id = fresh.add("one.png", 1)
    answer = fresh.door.post(
        f"/api/v1/assets/{asset_id}/decisions", json={"verdict": "approve", "reason": "final look"}
    )
    assert answer.status_code == 201
    made = answer.json()
    assert (made["verdict"], made["reason"], made["person"]) == ("approve", "final look", "Mara")
    assert fresh.door.get(f"/api/v1/assets/{asset_id}/decisions").json() == [made]
    assert fresh.door.get("/api/v1/assets?q=is:approved").json()["total"] == 1


def test_a_rejection_needs_a_reason(studio, url):
    answer = studio.door.post(url, json={"verdict": "reject", "reason": "  "})
    assert (answer.status_code, answer.json()["code"]) == (400, "review.reason_needed")


def test_an_unknown_verdict_is_refused(studio, url):
    assert studio.door.post(url, json={"verdict": "maybe"}).json()["code"] == "usage"


@pytest.mark.parametrize(
    "body", [{}, {"verdict": "approve", "reviewer": "x"}, {"verdict": "approve", "person": "a\0b"}, {"verdict": 3}, []]
)
def test_a_body_that_makes_no_sense_says_which_field(studio, url, body):
    answer = studio.door.post(url, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_decision_on_an_old_state_is_refused(fresh):
    url = f"/api/v1/assets/{fresh.add('one.png', 1)}/decisions"
    seen = fresh.door.get(url).headers["etag"]
    first = fresh.door.post(url, json={"verdict": "approve"}, headers={"If-Match": seen})
    stale = fresh.door.post(url, json={"verdict": "reject", "reason": "no"}, headers={"If-Match": seen})
    assert (stale.status_code, stale.json()["code"]) == (412, "review.stale")
    again = {"If-Match": first.headers["etag"]}
    assert fresh.door.post(url, json={"verdict": "reject", "reason": "no"}, headers=again).status_code == 201
    assert [d["verdict"] for d in fresh.door.get(url).json()] == ["approve", "reject"]


def test_any_state_matches_a_star(fresh):
    url = f"/api/v1/assets/{fresh.add('one.png', 1)}/decisions"
    assert fresh.door.post(url, json={"verdict": "approve"}, headers={"If-Match": "*"}).status_code == 201
