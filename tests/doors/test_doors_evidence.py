"""`dam evidence` and the API's bundle: the same contents through both doors, checked from the zip alone."""

import json
import urllib.error
import urllib.request

import pytest

from tests.support import bundles, drives, pictures
from tests.support.libraries import copy_of, dam
from tests.support.serving import serving


@pytest.fixture(scope="module")
def studio(template_library, tmp_path_factory):
    """(library, service over HTTP) with one AI picture and its input, and a rejected photo."""
    scratch = tmp_path_factory.mktemp("evidence-doors")
    library, drive = copy_of(template_library, scratch / "library"), scratch / "drive"
    drives.fill(drive, originals=2)
    pictures.put(drive, "photo.jpg", pictures.jpeg(pictures.painted(5, 512, 384), camera="Leica"))
    assert dam(library, "scan", str(drive)).code == 0
    assert dam(library, "review", "reject", "photo.jpg", "--reason", "six fingers").code == 0
    with serving(library, scratch, "serve") as served:
        yield library, served


def contents(path):
    """What is in a bundle, by hash, without the page, which says when it was made."""
    members = json.loads(bundles.taken_apart(path)["index.json"])["members"]
    return {one["path"]: one["sha256"] for one in members if one["path"] != "report.html"}


def fetched(served, path, target):
    with urllib.request.urlopen(served.url + path, timeout=60) as answer:
        target.write_bytes(answer.read())
        return answer.headers


def test_both_doors_hand_out_the_same_contents_and_both_hold(studio, tmp_path):
    library, served = studio
    (card,) = served.get("/api/v1/assets?q=name:relit%20path:sc000")["assets"]
    made = dam(library, "evidence", card["id"], "--to", str(tmp_path / "cli.zip"), "--json").json
    headers = fetched(served, f"/api/v1/assets/{card['id']}/evidence", tmp_path / "api.zip")
    assert headers["Content-Type"] == "application/zip"
    assert "attachment" in headers["Content-Disposition"]
    # Of two lists that vouch for a stamp the C2PA library names now one, now the other: its words are left out.
    by_cli, by_api = (
        {
            p: h
            for p, h in contents(tmp_path / z).items()
            if not p.startswith(
                ("credentials/manifest.", "credentials/verdict", "ledger/")
            )  # the first is an entry itself
        }
        for z in ("cli.zip", "api.zip")
    )
    assert by_cli == by_api
    assert {one["path"] for one in made["members"]} == set(bundles.taken_apart(tmp_path / "cli.zip"))
    for name in ("cli.zip", "api.zip"):
        answer = dam(tmp_path / "no-library", "evidence", "verify", str(tmp_path / name), "--json")
        assert (answer.code, answer.json["ok"], answer.json["root_trusted"]) == (0, True, False)
    assert dam(library, "evidence", "verify", str(tmp_path / "api.zip"), "--json").json["root_trusted"]
    assert not (tmp_path / "no-library").exists()
    assert not list((library / "tmp").glob("upload-*"))


def test_the_page_of_an_asset_leads_to_its_bundle(studio, tmp_path):
    _, served = studio
    (card,) = served.get("/api/v1/assets?q=name:relit%20path:sc000")["assets"]
    with urllib.request.urlopen(f"{served.url}/assets/{card['id']}", timeout=60) as page:
        assert f'href="/assets/{card["id"]}/evidence"' in page.read().decode()
    fetched(served, f"/assets/{card['id']}/evidence", tmp_path / "page.zip")
    assert bundles.taken_apart(tmp_path / "page.zip")


def test_both_doors_refuse_a_rejected_file_and_give_what_is_known_of_it(studio, tmp_path):
    library, served = studio
    answer = dam(library, "evidence", "photo.jpg", "--to", str(tmp_path), "--json")
    assert (answer.code, "evidence.rejected" in answer.err) == (4, True)
    (card,) = served.get("/api/v1/assets?q=name:photo")["assets"]
    status, problem = served.ask(f"/api/v1/assets/{card['id']}/evidence")
    assert (status, problem["code"]) == (403, "evidence.rejected")
    fetched(served, f"/api/v1/assets/{card['id']}/evidence?with=none", tmp_path / "none.zip")
    assert dam(library, "evidence", "verify", str(tmp_path / "none.zip")).code == 0


def test_a_changed_bundle_leaves_with_1_and_says_which_member(studio, tmp_path):
    library, _ = studio
    path = tmp_path / "case.zip"
    assert dam(library, "evidence", "make", "photo.jpg", "--with", "none", "--to", str(path)).code == 0
    members = bundles.taken_apart(path)
    decisions = members["decisions/decisions.json"].replace(b"six fingers", b"too lovely!")
    path.write_bytes(bundles.packed(members | {"decisions/decisions.json": decisions}))
    answer = dam(tmp_path / "none", "evidence", "verify", str(path))
    assert answer.code == 1
    assert "FAIL  members: decisions/decisions.json is not what was signed" in answer.out
    assert "does NOT hold" in answer.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("verify", "gone.zip"), 3),
        (("photo.jpg", "--with", "both"), 2),
        (("nobody-has-this",), 1),
        (("photo.jpg", "--with", "none", "--to", "no/such/folder/a.zip"), 10),
    ],
)
def test_what_cannot_be_done_says_so_with_its_own_exit_code(studio, words, code):
    assert dam(studio[0], "evidence", *words, codes=(1, 2, 3, 10)).code == code
