"""Importing a trust list judges again whatever it changes: files, copies in the vault, drives that were away."""

import json
import shutil

import pytest

from dam.catalogue import verdicts
from dam.errors import UndecodableError
from dam.ingest import judge
from dam.provenance import verdict
from dam.service.trust import Asked
from tests.support import ledger, pictures
from tests.support.libraries import copy_of, dam, opened
from tests.support.signed import Signer

ASKED = Asked("person:ana")


@pytest.fixture(scope="module")
def acme():
    return Signer("Acme")


@pytest.fixture
def drive(tmp_path, acme):
    folder = tmp_path / "drive"
    for n in (1, 2):
        pictures.put(folder, f"signed{n}.png", acme.sign(pictures.a1111_png(n), "image/png"))
    pictures.put(folder, "plain.png", pictures.a1111_png(9))
    return folder


@pytest.fixture
def service(library, drive):
    with opened(library, protect="none") as service:
        service.roots.add(str(drive), name="drive")
        service.passes.scan()
        yield service


@pytest.fixture
def listed(tmp_path, acme):
    path = tmp_path / "list.pem"
    path.write_text(acme.root_pem)
    return str(path)


def states(library):
    return {
        r["title"]: (r["credential_state"], r["credential_tier"]) for r in ledger.rows(library, "SELECT * FROM asset")
    }


def found(service, query):
    return service.find.search(query).total


def test_an_import_tells_what_it_changed_and_search_and_ledger_follow(service, library, listed):
    assert states(library)["signed1.png"] == ("untrusted_signer", None)
    assert found(service, "credential:trusted") == 0
    done = service.trust.import_file(listed, "official", ASKED)
    assert (done.anchors, done.added, done.removed, done.asked) == (1, 1, 0, 2)
    assert (done.rejudged.judged, done.rejudged.changed) == (2, 2)
    assert done.rejudged.changes == {"untrusted_signer -> trusted (official)": 2}
    assert states(library)["signed2.png"] == ("trusted", "official")
    assert found(service, "credential:trusted") == 2
    entries = [detail for action, detail in ledger.actions(library) if action == judge.ACTION]
    assert len(entries) == 2
    assert entries[0]["before"] == {"state": "untrusted_signer", "tier": None}
    assert entries[0]["after"] == {"state": "trusted", "tier": "official"}
    assert entries[0]["trust_list"] == done.trust_list
    assert dict(ledger.actions(library))["trust.imported"]["tier"] == "official"


def test_the_same_list_again_has_nothing_to_judge(service, listed):
    service.trust.import_file(listed, "official", ASKED)
    again = service.trust.import_file(listed, "official", ASKED)
    assert (again.added, again.removed, again.asked) == (0, 0, 0)
    assert again.rejudged.judged == 0


def test_a_list_that_is_taken_away_takes_its_trust_along(service, library, listed, tmp_path):
    service.trust.import_file(listed, "official", ASKED)
    other = tmp_path / "other.pem"
    other.write_text(Signer("Other").root_pem)
    done = service.trust.import_file(str(other), "official", ASKED)
    assert (done.added, done.removed) == (1, 1)
    assert done.rejudged.changes == {"trusted (official) -> untrusted_signer": 2}
    assert states(library)["signed1.png"] == ("untrusted_signer", None)


def test_a_dry_run_and_a_bad_list_write_nothing(service, library, listed, tmp_path):
    before = sorted((p.name, p.read_bytes()) for p in (library / "trust").iterdir())
    done = service.trust.import_file(listed, "official", Asked("a", dry_run=True))
    assert (done.anchors, done.added, done.rejudged) == (1, 1, None)
    bad = tmp_path / "bad.pem"
    bad.write_text("hello")
    with pytest.raises(UndecodableError):
        service.trust.import_file(str(bad), "official", ASKED)
    assert sorted((p.name, p.read_bytes()) for p in (library / "trust").iterdir()) == before
    assert "trust.imported" not in dict(ledger.actions(library))


def test_anchors_of_the_organisation_are_added_to_its_own(service, listed):
    done = service.trust.import_file(listed, "organisation", ASKED)
    assert (done.anchors, done.added, done.removed) == (2, 1, 0)


def test_a_file_on_a_drive_that_is_away_is_judged_when_it_is_back(service, library, drive, listed):
    away = drive.with_name("away")
    drive.rename(away)
    service.passes.scan()
    done = service.trust.import_file(listed, "interim", ASKED)
    assert (done.rejudged.judged, done.rejudged.waiting) == (0, 2)
    assert states(library)["signed1.png"] == ("untrusted_signer", None)
    away.rename(drive)
    service.passes.scan()
    assert states(library)["signed1.png"] == ("trusted", "interim")
    assert service.trust.list().rejudged.changed == 2


def test_another_version_of_the_library_judges_again_when_it_opens(service, library, monkeypatch):
    monkeypatch.setattr(verdict.sdk, "version", lambda: "99.0.0")
    with opened(library, protect="none") as later:
        assert later.trust.rejudged().left == 2
        later.passes.scan()
        assert later.trust.rejudged().judged == 2
        sql = "SELECT DISTINCT sdk_version, judged_by FROM manifest"
        (row,) = ledger.rows(library, sql)
        assert row["sdk_version"] == "99.0.0"
        assert row["judged_by"] == judge.key(later.parts)
    with opened(library, protect="none") as same:
        assert judge.ask(same.parts) == 0


def test_another_process_sees_the_list_at_once(service, library, listed, drive):
    assert dam(library, "trust", "import", listed, "--tier", "official").code == 0
    assert service.answers.verify(str(drive / "signed1.png")).credentials.tier == "official"


def test_copies_in_the_vault_are_judged_too(template_library, tmp_path):
    library, drive = copy_of(template_library, tmp_path / "library"), tmp_path / "drive"
    pictures.put(drive, "hero.png", pictures.a1111_png(1, width=1024, height=768))
    with opened(library, protect="ai") as service:
        service.roots.add(str(drive))
        assert service.passes.scan().protected == 1
        (asset,) = ledger.rows(library, "SELECT id FROM asset")
        assert dam(library, "export", "hero.png", "--label", "eu", "--to", str(tmp_path / "out")).code == 0
        before, labelled = verdicts.copies_of(_rows(library), asset["id"])
        assert not labelled["state"]  # not judged yet: the next pass does it
        assert (before["state"], before["tier"]) == ("trusted", "organisation")
        shutil.copy(library / "trust" / "organisation.pem", tmp_path / "root.pem")
        shutil.rmtree(drive)  # the copy needs no drive
        done = service.trust.import_file(str(tmp_path / "root.pem"), "official", ASKED)
        assert done.rejudged.changes == {"trusted (organisation) -> trusted (official)": 1}
        for after in verdicts.copies_of(_rows(library), asset["id"]):
            assert (after["state"], after["tier"]) == ("trusted", "official")


def _rows(library):
    return lambda sql, *values: ledger.rows(library, sql, *values)


def test_the_command_says_it_in_a_line_and_in_json(service, library, listed):
    told = dam(library, "trust", "import", listed, "--tier", "official")
    assert "2 re-judged, 2 changed: untrusted_signer -> trusted (official) x2" in told.out
    tiers = {t["tier"]: t for t in dam(library, "trust", "list", "--json").json["tiers"]}
    assert (tiers["official"]["anchors"], tiers["official"]["source"]) == (1, "list.pem")
    assert tiers["official"]["imported_by"].startswith("person:")
    (library / "trust" / "official.pem").write_text(Signer("By hand").root_pem)
    changed = {t["tier"]: t for t in dam(library, "trust", "list", "--json").json["tiers"]}
    assert changed["official"]["source"] is None  # the record is not of this list
    later = dam(library, "trust", "import", listed, "--tier", "tsa", "--no-wait", "--json").json
    assert (later["asked"], later["rejudged"]) == (2, None)
    refused = dam(library, "trust", "import", listed, "--tier", "best", "--json")
    assert (refused.code, json.loads(refused.err)["error"]["code"]) == (2, "trust.tier_unknown")
