"""Trust lists through both doors: what the command line prints, the API answers; an import is judged behind the answer."""

import time

import pytest

from tests.support import pictures
from tests.support.libraries import copy_of, dam
from tests.support.serving import serving
from tests.support.signed import Signer, key_pem


@pytest.fixture(scope="module")
def studio(template_library, tmp_path_factory):
    """(library, served over a drive with one file that Acme signed, Acme)."""
    scratch, acme = tmp_path_factory.mktemp("trust"), Signer("Acme")
    library, drive = copy_of(template_library, scratch / "library"), scratch / "drive"
    pictures.put(drive, "signed.png", acme.sign(pictures.a1111_png(1), "image/png"))
    with serving(library, scratch, "up", str(drive)) as served:
        yield library, served, acme


def _waited(served, query):
    """The assets that fit, once there is one."""
    patience = time.monotonic() + 30
    while not (found := served.get(f"/api/v1/assets?q={query}")["assets"]) and time.monotonic() < patience:
        time.sleep(0.2)
    return found


def test_both_doors_import_and_list_and_a_running_service_judges_again(studio):
    library, served, acme = studio
    assert _waited(served, "credential:untrusted_signer")
    assert served.get("/api/v1/trust") == dam(library, "trust", "list", "--json").json
    _, done = served.ask("/api/v1/trust/official?name=acme.pem", data=acme.root_pem.encode(), method="POST")
    assert (done["anchors"], done["added"], done["source"], done["rejudged"]) == (1, 1, "acme.pem", None)
    found = _waited(served, "credential:trusted")
    assert [(a["title"], a["credential_tier"]) for a in found] == [("signed.png", "official")]
    listed = served.get("/api/v1/trust")
    assert listed == dam(library, "trust", "list", "--json").json
    assert listed["rejudged"]["changes"] == {"untrusted_signer -> trusted (official)": 1}


@pytest.mark.parametrize(("tier", "body", "status"), [("best", b"x", 400), ("tsa", b"x", 422), ("tsa", None, 400)])
def test_a_bad_import_is_refused_with_its_code(studio, tier, body, status):
    _, served, acme = studio
    data = (acme.root_pem + key_pem()).encode() if body is None else body
    code, answer = served.ask(f"/api/v1/trust/{tier}", data=data, method="POST")
    assert code == status
    assert answer["code"].startswith("trust.")
