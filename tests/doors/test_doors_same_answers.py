"""One walk through both doors: what the command line prints, the API answers, word for word."""

import hashlib
import json
import urllib.parse
from pathlib import Path

import pytest

from dam.catalogue import sqlite
from tests.support import drives
from tests.support.libraries import copy_of, dam
from tests.support.serving import serving


@pytest.fixture(scope="module")
def studio(template_library, tmp_path_factory):
    """(library, drive, running service) over an ingested drive."""
    scratch = tmp_path_factory.mktemp("doors")
    library, drive = copy_of(template_library, scratch / "library"), scratch / "drive"
    drives.fill(drive, originals=4)
    assert dam(library, "scan", str(drive), "--json").code == 0
    with serving(library, scratch, "serve") as served:
        yield library, drive, served


def asked(query, **more):
    return "/api/v1/assets?" + urllib.parse.urlencode({"q": query, **more})


@pytest.mark.parametrize("query", ["mara", "tool:comfyui", "is:approved", "kind:image -ai:true", '"shot 1"', "(((", ""])
def test_search_finds_the_same_assets_in_the_same_order(studio, query):
    library, _, served = studio
    printed = dam(library, "search", query, "--json", "--limit", "50").lines
    answered = served.get(asked(query, limit=50))["assets"]
    assert printed == answered


def test_show_prints_what_the_asset_resource_holds(studio):
    library, _, served = studio
    for card in served.get(asked("", limit=5))["assets"]:
        assert dam(library, "show", card["id"], "--json").json == served.get(f"/api/v1/assets/{card['id']}")


def test_lineage_shows_parent_and_child_with_evidence_through_both_doors(studio):
    library, _, served = studio
    (child,) = served.get(asked("name:relit path:sc000"))["assets"]
    printed = dam(library, "lineage", child["id"], "--json").json
    assert printed == served.get(f"/api/v1/assets/{child['id']}/lineage")
    (edge,) = [e for e in printed["edges"] if e["relation"] == "input"]
    assert (edge["child_id"], edge["evidence"], edge["confidence"]) == (child["id"], "name_in_root", 0.9)
    titles = {n["id"]: n["title"] for n in printed["nodes"]}
    assert titles[edge["parent_id"]] in ("hero.000.png", "hero (2).png")  # one content under two names


@pytest.mark.parametrize("command", ["inspect", "verify", "identify"])
def test_a_file_in_the_hand_gets_the_same_answer(studio, command):
    library, drive, served = studio
    path = drive / "shots/sc001/hero.001.png"
    printed = dam(library, command, str(path), "--json").json
    _, answered = served.ask(f"/api/v1/{command}?name={path.name}", data=path.read_bytes(), method="POST")
    printed["path"] = answered["path"] = ""
    if command == "inspect":  # the command asks no library, so no trust list either
        for one in (printed, answered):
            one["credentials"]["trust_list"] = None
    assert printed == answered


def test_roots_audit_and_doctor_say_the_same(studio):
    library, _, served = studio
    assert dam(library, "root", "list", "--json").lines == served.get("/api/v1/roots")
    assert dam(library, "audit", "verify", "--json").json == served.get("/api/v1/audit/verification")
    assert dam(library, "audit", "log", "--json", "-n", "20").lines == _entries(served.get("/api/v1/audit?limit=20"))
    printed, answered = dam(library, "doctor", "--json").json, served.get("/api/v1/doctor")
    assert [(c["name"], c["status"]) for c in printed["checks"]] == [
        (c["name"], c["status"]) for c in answered["checks"]
    ]


def test_a_root_is_set_alike(studio):
    library, _, served = studio
    (name,) = [r["name"] for r in served.get("/api/v1/roots")]
    at = f"/api/v1/roots/{name}"

    def patch(body):
        return served.ask(
            at, data=json.dumps(body).encode(), method="PATCH", headers={"Content-Type": "application/json"}
        )

    printed = dam(library, "root", "set", name, "--watch", "polling", "--json").json
    assert patch({"watch": "polling"}) == (200, printed)
    assert printed["mode"] == "polling"
    assert patch({"watch": "auto"})[1] == dam(library, "root", "set", name, "--watch", "auto", "--json").json
    status, said = patch({"watch": "telepathy"})
    assert (status, said["code"]) == (400, "usage")
    assert '"usage"' in dam(library, "root", "set", name, "--watch", "telepathy", "--json").err
    status, said = patch({"protect_mode": "in_place"})
    assert (status, said["code"]) == (409, "root.unconfirmed")
    assert '"root.unconfirmed"' in dam(library, "root", "set", name, "--protect-mode", "in_place", "--json").err


def test_reparse_says_the_same_right_after_a_scan_and_keeps_what_was_read(studio):
    library, _, served = studio
    printed = dam(library, "reparse", "--json").json
    status, answered = served.post("/api/v1/reparses", {})
    assert status == 200
    assert {**printed, "seconds": 0} == {**answered, "seconds": 0}
    assert (printed["changed"], printed["looked_at"] > 0) == (0, True)
    assert '"reader.unknown"' in dam(library, "reparse", "--reader", "nobody", "--json").err
    assert served.post("/api/v1/reparses", {"reader": "nobody"})[1]["code"] == "reader.unknown"


def test_a_change_is_a_line_of_its_own_before_the_summary(studio):
    library, _, _ = studio
    with sqlite.connected(library / "catalogue.db", write=True) as connection:
        connection.execute("UPDATE generation SET prompt = 'wrong' WHERE tool = 'ComfyUI'")
    would = dam(library, "reparse", "--dry-run", "--changes", "--json").lines
    *changes, summary = dam(library, "reparse", "--changes", "--json").lines
    assert [(c["fields"], c["readers"]) for c in changes] == [(["prompt"], [])] * summary["changed"]
    assert would[:-1] == changes
    told = dam(library, "reparse", "--reader", "comfyui").out
    assert "0, " in told


def _entries(answer):
    return answer if isinstance(answer, list) else answer["entries"]


def test_a_decision_made_at_one_door_is_seen_at_the_other(studio):
    library, _, served = studio
    card, other = served.get(asked("kind:image", limit=2))["assets"]
    status, _ = served.post(f"/api/v1/assets/{card['id']}/decisions", {"verdict": "approve", "person": "ana"})
    assert status == 201
    assert dam(library, "review", "history", card["id"], "--json").json["person"] == "ana"
    assert [c["id"] for c in dam(library, "search", "is:approved", "--json").lines] == [card["id"]]
    assert dam(library, "review", "reject", other["id"], "--reason", "six fingers", "--json").code == 0
    assert served.get(f"/api/v1/assets/{other['id']}")["status"] == "rejected"
    assert [c["id"] for c in served.get(asked("is:rejected"))["assets"]] == [other["id"]]


def test_refusals_carry_the_same_code(studio):
    library, drive, served = studio
    assert '"asset.not_found"' in dam(library, "show", "ffffffffffff", "--json").err
    assert served.get("/api/v1/assets/ffffffffffff")["code"] == "asset.not_found"
    (card,) = served.get(asked("", limit=1))["assets"]
    assert '"review.reason_needed"' in dam(library, "review", "reject", card["id"], "--json").err
    status, said = served.post(f"/api/v1/assets/{card['id']}/decisions", {"verdict": "reject"})
    assert (status, said["code"]) == (400, "review.reason_needed")
    assert '"conflict"' in dam(library, "root", "add", str(drive), "--name", "twin", "--json").err
    assert served.post("/api/v1/roots", {"path": str(drive), "name": "twin"})[1]["code"] == "conflict"


def test_nothing_of_this_touched_an_original(studio):
    _, drive, served = studio
    for card in served.get(asked("", limit=50))["assets"]:
        for place in card["locations"]:
            assert hashlib.sha256(Path(drive, place["path"]).read_bytes()).hexdigest() == card["sha256"]
