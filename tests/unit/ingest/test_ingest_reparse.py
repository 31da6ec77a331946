"""Everything that follows from a file's carriers can be worked out again without its drive."""

import io
import shutil

import pytest
from PIL import Image

from dam.catalogue import edges, sqlite
from dam.errors import NotFoundError, UsageError
from dam.ingest import reparse
from dam.metadata.readers import a1111
from dam.model import Edge, Relation
from tests.support import ledger, pictures, timelines
from tests.support.libraries import opened

XMP = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" e:DigitalSourceType="{pictures.TRAINED}"/></rdf:RDF></x:xmpmeta>"""


def comment_jpeg():
    """A1111's text in UTF-16, as JPEGs carry it: decoded text and raw bytes are not the same thing."""
    exif = Image.Exif()
    words = pictures.a1111("comment from a jpeg", seed=9).encode("utf-16-be")
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + words
    out = io.BytesIO()
    Image.fromarray(pictures.painted(9)).save(out, "JPEG", exif=exif, xmp=XMP.encode())
    return out.getvalue()


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    pictures.put(folder, "take.png", pictures.a1111_png(1))
    pictures.put(folder, "relit.png", pictures.comfy_png(2, "take.png"))
    pictures.put(folder, "comment.jpg", comment_jpeg())
    pictures.put(folder, "camera.jpg", pictures.jpeg(pictures.painted(3), camera="Meridian"))
    pictures.put(folder, "new.png", pictures.png(pictures.painted(4), {"newtool": '{"words": "a cat"}'}))
    pictures.put(folder, "notes.txt", b"a note\n")
    return folder


@pytest.fixture
def service(library, drive):
    """A library that has read the drive; the drive is gone."""
    with opened(library, protect="none") as service:
        service.roots.add(str(drive), name="drive")
        service.passes.scan()
        shutil.rmtree(drive)
        yield service


def derived(library):
    """What reparse may change, without ids."""
    answers = ledger.rows(library, "SELECT sha256, ai_generated, digital_source_type FROM asset ORDER BY sha256")
    claims = ledger.rows(
        library,
        "SELECT a.sha256, c.carrier, c.reader, c.reader_version, c.blob, c.raw, c.raw_bytes, c.fields, c.confidence FROM claim c"
        " JOIN asset a ON a.id = c.asset_id ORDER BY a.sha256, c.carrier, c.reader, c.fields",
    )
    made = ledger.rows(library, "SELECT * FROM generation ORDER BY asset_id")
    named = ledger.rows(library, "SELECT child_id, kind, name, sha256, role FROM source_reference ORDER BY 1, 2, 3")
    packs = ledger.rows(library, "SELECT * FROM carrier_pack ORDER BY asset_id")
    between = ledger.rows(
        library, "SELECT parent_id, child_id, relation, evidence, confidence FROM edge ORDER BY 1, 2, 3, 4"
    )
    return answers, claims, made, named, packs, between


def damage(library, *statements):
    with sqlite.connected(library / "catalogue.db", write=True) as connection:
        for statement in statements:
            connection.execute(statement)


def test_right_after_a_scan_nothing_changes_and_nothing_is_written(service, library):
    before, entries = derived(library), len(ledger.actions(library))
    report = service.upkeep.reparse()
    assert (report.looked_at, report.changed, report.unchanged, report.not_kept, report.problems) == (6, 0, 6, 0, [])
    assert derived(library) == before
    assert [a for a, _ in ledger.actions(library)][entries:] == ["library.reparsed"]
    assert ledger.rows(library, "SELECT * FROM outbox") == []


@pytest.mark.parametrize(
    ("statement", "field"),
    [
        ("UPDATE generation SET prompt = 'wrong', seed = '7' WHERE tool = 'AUTOMATIC1111'", "prompt"),
        ("UPDATE generation SET detail = '{}'", "inputs"),
        ("UPDATE generation SET detail = 'no json'", "inputs"),
        ("DELETE FROM generation", "prompt"),
        ("DELETE FROM claim", "claims"),
        ("UPDATE claim SET reader_version = '0', fields = '{}'", "claims"),
        ("INSERT INTO claim SELECT 'x' || id, asset_id, carrier, 'ghost', '1', raw, raw_bytes, fields, confidence, blob FROM claim", "claims"),
        ("UPDATE asset SET ai_generated = NULL, digital_source_type = 'digitalCapture'", "ai_generated"),
        ("DELETE FROM source_reference", "references"),
        ("UPDATE source_reference SET name = 'other.png', name_key = 'other.png'", "references"),
        ("DELETE FROM edge WHERE relation = 'input'", "edges"),
        ("UPDATE edge SET confidence = 0.1 WHERE relation = 'input'", "edges"),
        ("UPDATE carrier_pack SET unread = 17", "carriers"),
    ],
)  # fmt: skip
def test_whatever_was_damaged_is_as_it_was_and_the_second_run_changes_nothing(service, library, statement, field):
    before = derived(library)
    damage(library, statement)
    assert derived(library) != before
    report = service.upkeep.reparse()
    assert derived(library) == before
    assert report.changed > 0
    assert report.by_field.get(field, 0) > 0 or field == "carriers"
    assert service.upkeep.reparse().changed == 0


def test_every_changed_asset_has_its_entry_and_the_chain_holds(service, library):
    damage(library, "UPDATE generation SET prompt = 'wrong' WHERE tool = 'ComfyUI'")
    report = service.upkeep.reparse(actor="person:ana")
    (asset,) = [d for a, d in ledger.actions(library) if a == "asset.reparsed"]
    assert (asset["fields"], asset["readers"], asset["because"]) == (["prompt"], [], "reparse")
    (run,) = [d for a, d in ledger.actions(library) if a == "library.reparsed"]
    assert (run["changed"], run["by_field"], run["looked_at"]) == (1, {"prompt": 1}, report.looked_at)
    actors = ledger.rows(library, "SELECT DISTINCT actor FROM audit_entry WHERE action LIKE '%reparsed'")
    assert [r["actor"] for r in actors] == ["person:ana"]
    assert service.find.verify_audit().ok


def test_search_follows(service, library):
    damage(library, "UPDATE generation SET prompt = 'wrong'")
    service.passes._index.reload()
    service.upkeep.reparse()
    assert ledger.rows(library, "SELECT * FROM outbox") == []
    assert service.find.search("prompt:relit").total == 1


def test_a_dry_run_says_the_same_and_writes_nothing(service, library):
    damage(library, "UPDATE generation SET prompt = 'wrong'", "DELETE FROM claim WHERE reader = 'comfyui'")
    before, entries = derived(library), ledger.actions(library)
    told, would = [], []
    dry = service.upkeep.reparse(dry_run=True, on_change=would.append)
    assert (derived(library), ledger.actions(library)) == (before, entries)
    real = service.upkeep.reparse(on_change=told.append)
    assert (dry.changed, dry.by_field, dry.by_reader) == (real.changed, real.by_field, real.by_reader)
    assert [(o.asset_id, o.fields, o.readers) for o in would] == [(o.asset_id, o.fields, o.readers) for o in told]


class Better(type(a1111.PLUGIN)):
    """The same reader, a version later, that writes prompts in capitals."""

    version = "99"

    def read(self, probe):
        import dataclasses

        return [
            dataclasses.replace(
                c, reader_version="99", generation=dataclasses.replace(c.generation, prompt=c.generation.prompt.upper())
            )
            for c in super().read(probe)
        ]


@pytest.fixture
def better(monkeypatch):
    from dam.metadata import read

    found = read.discovered()
    plugins = tuple(Better() if p.name == "a1111" else p for p in found.plugins)
    monkeypatch.setattr(read, "readers_found", lambda: plugins)


def test_a_better_reader_improves_what_was_read_before_it(service, better):
    (stale,) = [c for c in service.upkeep.doctor() if c.name == "readers"]
    assert (stale.status, stale.next_step) == ("warn", "dam reparse")
    assert f"2 by a1111 {a1111.PLUGIN.version} (here: 99)" in stale.message
    report = service.upkeep.reparse(reader="a1111")
    assert (report.changed, report.by_reader, report.by_field) == (2, {"a1111": 2}, {"claims": 2, "prompt": 2})
    assert {c.prompt for c in service.find.search("tool:automatic1111").assets} == {
        "MARA IN THE WAREHOUSE", "COMMENT FROM A JPEG",
    }  # fmt: skip
    assert [c.status for c in service.upkeep.doctor() if c.name == "readers"] == ["ok"]


def test_a_reader_that_is_new_reads_what_nobody_could(service, monkeypatch):
    from dam.metadata import read
    from dam.metadata.contract import claim_of, plain_texts
    from dam.model import Generation

    class NewTool:
        name, version = "newtool", "1"

        def score(self, probe):
            return 90 if any(t.key == "newtool" for t in plain_texts(probe)) else 0

        def read(self, probe):
            found = [t for t in plain_texts(probe) if t.key == "newtool"]
            return [claim_of(self, t, Generation(tool="New Tool", prompt="a cat"), ai_generated=True) for t in found]

    assert service.find.search("parse:unparsed").total == 1
    monkeypatch.setattr(read, "readers_found", lambda: (*read.discovered().plugins, NewTool()))
    report = service.upkeep.reparse(reader="newtool")
    assert report.by_reader == {"newtool": 1, "unparsed": 1}
    assert service.find.search("parse:unparsed").total == 0
    assert service.find.search("tool:new").total == 1


def test_a_reader_narrows_what_is_looked_at(service):
    looked = service.upkeep.reparse(reader="comfyui", dry_run=True).looked_at
    assert looked == 3  # ComfyUI's picture, and two with a carrier that nobody claimed
    with pytest.raises(UsageError, match="a1111"):
        service.upkeep.reparse(reader="nobody")


def test_assets_can_be_named(service, library):
    damage(library, "UPDATE generation SET prompt = 'wrong'")
    assert service.upkeep.reparse([service.find.id_of("take.png")]).changed == 1
    with pytest.raises(NotFoundError):
        service.upkeep.reparse(["ffffffffffff"])
    assert service.upkeep.reparse().changed == 2


def test_what_people_decided_and_asserted_stays(service, library):
    take, relit, camera = (service.find.id_of(n) for n in ("take.png", "relit.png", "camera.jpg"))
    service.reviews.decide(relit, "reject", reason="six fingers", person="ana")
    with service.parts.catalogue.change("person:ana") as unit:
        edges.put(unit, [Edge(camera, relit, Relation.INPUT, "said_so", 1.0, {"note": "mine"}, "person:ana")])
        unit.db.exec_driver_sql(
            "UPDATE edge SET asserted_by = 'person:ana', confidence = 1.0 WHERE parent_id = ? AND child_id = ?",
            (take, relit),
        )
    damage(library, "DELETE FROM generation", "DELETE FROM source_reference")
    decided, mine = (
        ledger.rows(library, "SELECT * FROM decision"),
        ledger.rows(library, "SELECT * FROM edge ORDER BY id"),
    )
    assert len(mine) == 2
    service.upkeep.reparse()
    assert ledger.rows(library, "SELECT * FROM decision") == decided
    assert ledger.rows(library, "SELECT * FROM edge ORDER BY id") == mine
    assert service.find.card(relit).status == "rejected"


def test_a_run_that_was_stopped_goes_on_where_it_stood(service, library, monkeypatch):
    monkeypatch.setattr(reparse, "BATCH", 2)
    damage(library, "UPDATE generation SET prompt = 'wrong'")

    class StoppedError(Exception):
        pass

    def stop(progress):
        if progress.done >= 4:
            raise StoppedError

    with pytest.raises(StoppedError):
        service.upkeep.reparse(on_progress=stop)
    seen = []
    report = service.upkeep.reparse(on_progress=lambda p: seen.append(p.done))
    assert (seen, report.looked_at, report.resumed_after, report.changed) == ([6], 6, 4, 3)
    assert [a for a, _ in ledger.actions(library)].count("asset.reparsed") == 3
    assert not (library / reparse.STATE_NAME).exists()
    assert service.upkeep.reparse().resumed_after == 0


def test_another_question_does_not_go_on_with_the_stopped_one(service, library, monkeypatch):
    monkeypatch.setattr(reparse, "BATCH", 2)
    (library / reparse.STATE_NAME).write_text('{"key": 1, "after": "zzz", "report": {}}')
    assert service.upkeep.reparse().looked_at == 6


def test_what_was_read_before_carriers_were_kept_is_left_alone_until_its_file_is_read_again(library, drive):
    with opened(library, protect="none") as service:
        service.roots.add(str(drive), name="drive")
        service.passes.scan()
        damage(library, "DELETE FROM carrier_pack", "UPDATE generation SET prompt = 'wrong'")
        report = service.upkeep.reparse()
        assert (report.not_kept, report.changed) == (6, 0)
        assert "6 assets were read before" in next(c.message for c in service.upkeep.doctor() if c.name == "readers")
        shutil.copy(drive / "take.png", drive / "again.png")
        service.passes.scan()
        report = service.upkeep.reparse()
        assert (report.not_kept, report.changed) == (5, 1)


def test_carriers_that_cannot_be_read_are_a_problem_and_the_others_go_on(service, library):
    damage(
        library,
        "UPDATE carrier_pack SET packed = x'00' WHERE asset_id = (SELECT asset_id FROM generation WHERE tool = 'ComfyUI')",
        "UPDATE generation SET prompt = 'wrong'",
    )
    report = service.upkeep.reparse()
    assert ([p["code"] for p in report.problems], report.changed) == (["carriers.damaged"], 2)


def test_the_policy_is_asked_again_where_a_picture_is_found_to_be_ai_made(library, drive):
    with opened(library, protect="ai") as service:
        service.roots.add(str(drive), name="drive")
        pictures.put(drive, "late.png", pictures.png(pictures.painted(44), {"parameters": pictures.a1111("late")}))
        service.passes.scan()
        late = service.find.id_of("late.png")
        damage(
            library,
            f"UPDATE asset SET ai_generated = NULL WHERE id = '{late}'",
            f"UPDATE job SET state = 'skipped', code = 'protect.policy' WHERE stage = 'protect' AND asset_id = '{late}'",
        )
        service.upkeep.reparse()
        states = {s["stage"]: s["state"] for s in service.find.detail(late)["stages"]}
        assert states == {"pixels": "done", "protect": "due"}


def test_claims_point_to_their_bytes_and_keep_none_of_their_own(service, library):
    assert ledger.rows(library, "SELECT 1 FROM claim WHERE raw IS NOT NULL OR blob IS NULL") == []


def test_every_carrier_is_kept_also_those_of_a_camera(service, library):
    sql = "SELECT p.carriers, p.unread FROM carrier_pack p JOIN location l ON l.asset_id = p.asset_id WHERE l.path = ?"
    assert ledger.rows(library, sql, "camera.jpg") == [{"carriers": 2, "unread": 2}]
    assert ledger.rows(library, sql, "take.png") == [{"carriers": 1, "unread": 0}]
    assert ledger.rows(library, sql, "notes.txt") == [{"carriers": 0, "unread": 0}]


def test_secrets_are_in_the_kept_carrier_only(library, tmp_path):
    key = "a1B2c3D4e5F6g7H8i9J0"
    graph = pictures.comfy(f"a cat, sk-proj-{key}", f"https://h.example/in/take.png?X-Amz-Signature={key}")
    pictures.put(tmp_path / "drive", "signed.png", pictures.png(pictures.painted(5), {"prompt": graph}))
    pictures.put(
        tmp_path / "drive", "new.png", pictures.png(pictures.painted(6), {"newtool": f'{{"api_key": "{key}"}}'})
    )
    with opened(library, protect="none") as service:
        service.roots.add(str(tmp_path / "drive"))
        service.passes.scan()
        shown = [repr(service.find.detail(c.id)) for c in service.find.search("").assets]
        assert len(shown) == 2
        assert all(key not in text and "REDACTED" in text for text in shown)
        assert service.find.search(key).total == 0
        assert service.upkeep.reparse().changed == 0


def saved(seed, instance, *earlier):
    """A picture whose XMP tells of its own save and of earlier ones."""
    ids = [f"xmp.iid:{n:08x}-5c4f-4b59-8923-b4d677249905" for n in (*earlier, instance)]
    events = "".join(f'<rdf:li e:action="saved" e:instanceID="{one}"/>' for one in ids)
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:m="http://ns.adobe.com/xap/1.0/mm/" xmlns:e="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"'
        f' m:DocumentID="xmp.did:00000001-5c4f-4b59-8923-b4d677249905" m:InstanceID="{ids[-1]}">'
        f"<m:History><rdf:Seq>{events}</rdf:Seq></m:History></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    return pictures.png(pictures.painted(seed, 40, 30), {"XML:com.adobe.xmp": packet})


@pytest.mark.parametrize("statement", ["DELETE FROM document_id", "UPDATE document_id SET value = 'other' || id"])
@pytest.mark.parametrize("order", [("new.png", "old.png"), ("old.png", "new.png")])
def test_ids_of_xmp_and_their_edges_come_back_in_one_run(library, tmp_path, statement, order):
    files = {"old.png": saved(61, 1), "new.png": saved(62, 2, 1)}
    with opened(library, protect="none") as service:
        (tmp_path / "xmp").mkdir()
        service.roots.add(str(tmp_path / "xmp"))
        for name in order:
            pictures.put(tmp_path / "xmp", name, files[name])
            service.passes.scan()
        before, ids = derived(library), "SELECT asset_id, kind, value, position FROM document_id ORDER BY 1, 2, 3, 4"
        named = ledger.rows(library, ids)
        assert [(r, e) for r, e, *_ in ledger.edges(library)] == [("revision_of", "xmp_history")]
        assert service.upkeep.reparse().changed == 0
        damage(library, statement, "DELETE FROM edge")
        assert service.upkeep.reparse().by_field["documents"] == 2
        assert (derived(library), ledger.rows(library, ids)) == (before, named)
        assert service.upkeep.reparse().changed == 0


def test_the_clips_of_a_timeline_keep_leading_to_their_assets(library, tmp_path):
    drive = tmp_path / "cuts"
    drive.mkdir()
    pictures.put(drive, "barn.png", pictures.png(pictures.painted(71, 40, 30)))
    (drive / "cut.edl").write_text(timelines.edl(timelines.event(1, 0, 24, ["* FROM CLIP NAME: barn.png"])))
    with opened(library, protect="none") as service:
        service.roots.add(str(drive))
        service.passes.scan()
        before = ledger.edges(library)
        assert [relation for relation, *_ in before] == ["clip"]
        assert service.upkeep.reparse().changed == 0
        damage(library, "DELETE FROM claim", "UPDATE asset SET ai_generated = 1")
        service.upkeep.reparse()
        assert ledger.edges(library) == before
        assert service.upkeep.reparse().changed == 0


@pytest.mark.slow
def test_real_files_are_as_they_were_without_their_drive_and_heal(shared, library, tmp_path):
    for name in ("ai-metadata", "c2pa"):
        shutil.copytree(shared / "data" / name, tmp_path / "drive" / name)
    with opened(library, protect="none") as service:
        service.roots.add(str(tmp_path / "drive"))
        service.passes.scan()
        shutil.rmtree(tmp_path / "drive")
        before = derived(library)
        first = service.upkeep.reparse()
        assert (first.changed, first.not_kept, first.problems) == (0, 0, [])
        damage(library, "DELETE FROM generation", "DELETE FROM claim", "UPDATE asset SET ai_generated = NULL")
        healed = service.upkeep.reparse()
        assert healed.changed > 60
        assert derived(library) == before
