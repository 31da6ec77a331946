"""The product's promises, kept on a small drive: decisions follow bytes, offline is not deleted, originals are untouched."""

import contextlib
import os
import shutil
import threading
import time
import unicodedata

import pytest
from watchdog.events import FileOpenedEvent, FileSystemEventHandler
from watchdog.observers import Observer

from dam.errors import NotFoundError
from tests.support import ledger, pictures
from tests.support.libraries import opened, settings, sha256

HERO, CHILD, PHOTO = "renders/hero.png", "renders/relit.png", "photos/tree.jpg"


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    pictures.put(folder, HERO, pictures.a1111_png(1))
    pictures.put(folder, CHILD, pictures.comfy_png(2, "hero.png"))
    pictures.put(folder, PHOTO, pictures.jpeg(pictures.painted(3), camera="Leica"))
    pictures.put(folder, "renders/city.png", pictures.a1111_png(4, "a city at night"))
    pictures.put(folder, "renders/boat.png", pictures.a1111_png(5, "a boat"))
    pictures.put(folder, "notes.txt", b"call sheet for friday\n")
    return folder


@pytest.fixture
def service(library, drive):
    """An open library that has ingested the drive, without protected copies (they are another scenario)."""
    with opened(library, protect="none") as service:
        service.roots.add(str(drive), name="drive")
        service.passes.scan()
        yield service


@pytest.fixture
def approved(service):
    """The asset id of the hero, approved."""
    asset_id = service.find.id_of(HERO)
    service.reviews.decide(asset_id, "approve", reason="the one", person="ana")
    return asset_id


def assert_still_approved(service, asset_id):
    assert [d["reason"] for d in service.reviews.history(asset_id)] == ["the one"]
    assert [a.id for a in service.find.search("is:approved").assets] == [asset_id]


def audited(service):
    return [action for action, _ in ledger.actions(service.parts.settings.library)]


# -- promise 1: content is the identity


def test_a_move_and_rename_keeps_the_decision(service, drive, approved):
    (drive / "final").mkdir()
    os.rename(drive / HERO, drive / "final" / "hero_v3 (2).png")
    summary = service.passes.scan()
    assert (summary.admitted, summary.missing) == (0, 0)
    assert_still_approved(service, approved)
    places = {(p.path, p.availability) for p in service.find.card(approved).locations}
    assert places == {(HERO, "missing"), ("final/hero_v3 (2).png", "online")}


def test_a_rename_in_case_only_keeps_the_decision(service, drive, approved):
    os.rename(drive / HERO, drive / "renders/HERO.png")
    summary = service.passes.scan()
    assert (summary.admitted, summary.missing) == (0, 0)
    assert_still_approved(service, approved)
    places = {(p.path, p.availability) for p in service.find.card(approved).locations}
    assert ("renders/HERO.png", "online") in places
    assert (HERO, "online") not in places


def test_twins_whose_names_differ_in_unicode_form_only_are_two_files(service, drive, approved):
    twins = [drive / "renders" / unicodedata.normalize(form, "Szene é.png") for form in ("NFC", "NFD")]
    os.rename(drive / HERO, twins[0])
    twins[1].write_bytes(pictures.a1111_png(61))
    if len(os.listdir(drive / "renders")) != 5:
        pytest.skip("this file system takes both for one name")
    summary = service.passes.scan()
    assert (summary.admitted, summary.missing) == (1, 0)
    assert service.find.card(approved).availability == "online"
    os.replace(twins[0], twins[1])  # as a program of another system would: one form replaces the other
    service.passes.scan()
    assert_still_approved(service, approved)
    online = {p.path for p in service.find.card(approved).locations if p.availability == "online"}
    assert online == {os.path.relpath(twins[1], drive)}


def test_rewriting_identical_bytes_keeps_the_decision(service, drive, approved):
    data = (drive / HERO).read_bytes()
    (drive / HERO).unlink()
    (drive / HERO).write_bytes(data)
    summary = service.passes.scan()
    assert (summary.admitted, summary.missing, summary.assets) == (0, 0, 6)
    assert_still_approved(service, approved)
    assert service.find.id_of(HERO) == approved


def test_changed_bytes_are_a_new_unreviewed_asset_with_an_edge_from_the_old_one(service, drive, approved):
    old = sha256(drive / HERO)
    pictures.put(drive, HERO, pictures.a1111_png(11, "mara in the warehouse, retouched"))
    assert service.passes.scan().admitted == 1
    new = service.find.card(HERO)
    assert new.id != approved
    assert new.status == "unreviewed"
    assert ("revision_of", "same_path", old, sha256(drive / HERO)) in ledger.edges(service.parts.settings.library)
    assert_still_approved(service, approved)
    assert service.find.card(approved).locations == ()


def test_bytes_that_come_back_after_a_change_bring_their_decision_along(service, drive, approved):
    data = (drive / HERO).read_bytes()
    pictures.put(drive, HERO, pictures.a1111_png(11))
    service.passes.scan()
    pictures.put(drive, HERO, data)
    service.passes.scan()
    assert service.find.id_of(HERO) == approved
    assert_still_approved(service, approved)


def test_an_exact_duplicate_is_one_asset_at_two_locations(service, drive, approved):
    shutil.copyfile(drive / HERO, drive / "copy of hero.png")
    assert service.passes.scan().admitted == 0
    card = service.find.card(approved)
    assert {p.path for p in card.locations} == {HERO, "copy of hero.png"}
    assert service.find.id_of(str(drive / "copy of hero.png")) == approved


# -- promise 2: offline is not deleted


@pytest.mark.parametrize("way", ["emptied", "gone", "a file in its place"])
def test_an_unmounted_drive_is_offline_and_nothing_is_lost(service, drive, approved, way):
    away = drive.with_name("away")
    os.rename(drive, away)
    if way == "emptied":
        drive.mkdir()
    elif way == "a file in its place":
        drive.write_bytes(b"not a folder")
    for _ in range(2):
        summary = service.passes.scan()
        assert [p.code for p in summary.problems] == ["root.offline"]
        assert summary.missing == 0
        assert summary.roots[0]["state"] == "offline"
        assert_still_approved(service, approved)
        assert service.find.card(approved).availability == "offline"
    if way != "gone":
        drive.rmdir() if way == "emptied" else drive.unlink()
    os.rename(away, drive)
    summary = service.passes.scan()
    assert (summary.problems, summary.unchanged, summary.admitted) == ([], 6, 0)
    assert service.find.card(approved).availability == "online"
    assert_still_approved(service, approved)
    assert "location.missing" not in audited(service)
    assert audited(service).count("root.offline") == audited(service).count("root.online") == 1


def test_a_file_that_waits_on_a_drive_which_goes_away_holds_up_no_scan(service, drive):
    pictures.put(drive, "late.png", pictures.a1111_png(21))
    with opened(service.parts.settings.library, protect="none", settle_s=2.0) as patient:
        row = patient.roots.list()[0]
        patient.passes.look([row["id"]])
    os.rename(drive, drive.with_name("away"))
    begun = time.monotonic()
    service.passes.scan()
    assert time.monotonic() - begun < 10  # it would wait for half a minute
    os.rename(drive.with_name("away"), drive)
    assert service.passes.scan().admitted == 1


def test_a_pass_that_would_lose_most_of_a_root_stops_until_a_person_agrees(service, drive, approved):
    shutil.rmtree(drive / "renders")
    summary = service.passes.scan()
    assert [p.code for p in summary.problems] == ["root.guarded"]
    assert "--accept-missing" in summary.problems[0].message
    assert summary.missing == 0
    assert service.find.card(approved).availability == "online"
    assert "location.missing" not in audited(service)
    summary = service.passes.scan(accept_missing=True)
    assert (summary.missing, summary.problems) == (4, [])
    assert service.find.card(approved).availability == "missing"
    assert_still_approved(service, approved)


def test_renaming_the_folder_of_most_files_is_a_move_and_not_a_loss(service, drive, approved):
    os.rename(drive / "renders", drive / "renders_2026")
    summary = service.passes.scan()
    assert (summary.problems, summary.missing, summary.admitted) == ([], 0, 0)
    assert service.find.card(approved).availability == "online"
    assert_still_approved(service, approved)


# -- what was made from a file stays so when the file is saved over


def made_from(service, child):
    """SHA-256 of what `child` was made from, by what it names."""
    child = sha256(child)
    found = ledger.edges(service.parts.settings.library)
    return {parent for relation, _, parent, c in found if c == child and relation == "input"}


def test_saving_over_a_source_leaves_its_children_with_the_old_content(service, drive):
    old = sha256(drive / HERO)
    assert made_from(service, drive / CHILD) == {old}
    pictures.put(drive, HERO, pictures.a1111_png(71))
    service.passes.scan()
    assert made_from(service, drive / CHILD) == {old}
    pictures.put(drive, "renders/later.png", pictures.comfy_png(72, "hero.png"))
    service.passes.scan()
    assert made_from(service, drive / "renders/later.png") == {sha256(drive / HERO)}


def test_a_source_that_moved_away_before_its_name_was_used_again_keeps_its_children(service, drive):
    old = sha256(drive / HERO)
    os.rename(drive / HERO, drive / "renders/hero_v1.png")
    service.passes.scan()
    pictures.put(drive, HERO, pictures.a1111_png(71))
    service.passes.scan()
    assert made_from(service, drive / CHILD) == {old}


def test_edges_stay_when_a_root_is_forgotten(service, drive):
    old = made_from(service, drive / CHILD)
    service.roots.remove("drive")
    service.roots.add(str(drive), name="again")
    service.passes.scan()
    assert made_from(service, drive / CHILD) == old


# -- promise 3: originals are never touched


def test_originals_keep_their_bytes_and_times_whatever_is_done_with_them(library, drive):
    before = _state(drive)
    with opened(library, protect="all") as service:
        service.roots.add(str(drive))
        service.passes.scan()
        hero = service.find.id_of(HERO)
        service.reviews.decide(hero, "reject", reason="six fingers", person="ana")
        service.answers.verify(str(drive / HERO))
        service.answers.identify(str(drive / PHOTO))
        service.find.search("mara")
        os.utime(drive / HERO, ns=(1, 1))
        service.passes.scan()
        assert service.passes.scan().protected == 6
    os.utime(drive / HERO, ns=(before[HERO][1],) * 2)
    assert _state(drive) == before


def _state(folder):
    return {
        str(p.relative_to(folder)): (sha256(p), p.stat().st_mtime_ns, p.stat().st_mode)
        for p in folder.rglob("*")
        if p.is_file()
    }


# -- scans of what is known


def test_a_second_scan_opens_no_file_and_writes_no_audit_entry(service, drive):
    before = audited(service)
    with opened_files(drive) as seen:
        summary = service.passes.scan()
    assert (summary.seen, summary.unchanged, summary.admitted) == (6, 6, 0)
    assert seen == []
    assert audited(service) == before


@contextlib.contextmanager
def opened_files(folder):
    """The files below a folder that any code of any process opens meanwhile, as the kernel tells."""
    seen, told = [], threading.Event()
    flag = folder / "flag"

    class Handler(FileSystemEventHandler):
        def on_opened(self, event):
            if event.src_path == str(flag):
                told.set()
            elif not event.is_directory:
                seen.append(event.src_path)

    observer = Observer()
    observer.schedule(Handler(), str(folder), recursive=True, event_filter=[FileOpenedEvent])
    observer.start()
    try:
        yield seen
        flag.touch()  # events come in order: once this one is here, all are
        assert told.wait(10)
    finally:
        flag.unlink(missing_ok=True)
        observer.stop()
        observer.join()


def test_the_kernel_tells_when_a_scan_does_open_a_file(service, drive):
    pictures.put(drive, "new.png", pictures.a1111_png(31))
    with opened_files(drive) as seen:
        service.passes.scan()
    assert {os.path.basename(p) for p in seen} >= {"new.png"}


def test_a_file_that_is_still_growing_is_admitted_once_and_whole(library, drive):
    target, data = drive / "slow.png", pictures.a1111_png(41, width=512, height=512)
    step = len(data) // 12
    begun = threading.Event()

    def write():
        with target.open("wb") as stream:
            for at in range(0, len(data), step):
                stream.write(data[at : at + step])
                stream.flush()
                begun.set()
                time.sleep(0.08)

    writer = threading.Thread(target=write)
    with opened(library, settle_s=0.3, protect="none") as service:
        service.roots.add(str(drive))
        writer.start()
        begun.wait()
        service.passes.scan()
        writer.join()
        service.passes.scan()
        assert service.find.card("slow.png").sha256 == sha256(target)
        assert service.find.overview()["assets"] == 7
        assert "location.replaced" not in audited(service)


def test_a_file_that_changes_while_it_is_read_is_not_admitted_half(service, drive, monkeypatch):
    """The race itself: the file grows between the first stat and the hash."""
    from dam.ingest import admit

    target = pictures.put(drive, "race.png", pictures.a1111_png(43)[:2000])
    whole = pictures.a1111_png(43)
    read = admit.examine

    def grows_meanwhile(path, *args, **kwargs):
        if path.endswith("race.png") and target.stat().st_size == 2000:
            target.write_bytes(whole)
        return read(path, *args, **kwargs)

    monkeypatch.setattr(admit, "examine", grows_meanwhile)
    assert service.passes.scan().admitted == 1
    assert service.find.card("race.png").sha256 == sha256(target)


# -- lineage


def test_a_child_gets_the_same_edges_whichever_comes_first(template_library, tmp_path, drive):
    from tests.support.libraries import copy_of

    drives = {"parent first": [HERO, CHILD], "child first": [CHILD, HERO], "together": [None]}
    found = {}
    for name, order in drives.items():
        copy = shutil.copytree(drive, tmp_path / name)
        held = {p: (copy / p).read_bytes() for p in order if p}
        for path in held:
            (copy / path).unlink()
        with opened(copy_of(template_library, tmp_path / f"library {name}"), protect="none") as service:
            service.roots.add(str(copy), name="drive")
            for path in order:
                if path:
                    pictures.put(copy, path, held[path])
                service.passes.scan()
            found[name] = ledger.edges(service.parts.settings.library)
    assert ("input", "name_in_root", sha256(drive / HERO), sha256(drive / CHILD)) in found["together"]
    assert found["parent first"] == found["child first"] == found["together"]


def test_a_near_duplicate_has_an_edge_from_the_larger_picture(service, drive):
    from PIL import Image

    with Image.open(drive / "renders/city.png") as image:
        small = image.resize((240, 192))
    small.save(drive / "city_web.jpg", quality=80)
    service.passes.scan()
    wanted = ("near_duplicate", "phash", sha256(drive / "renders/city.png"), sha256(drive / "city_web.jpg"))
    assert wanted in ledger.edges(service.parts.settings.library)


def test_a_protected_copy_on_the_drive_leads_to_its_original_and_is_not_protected_again(library, drive):
    with opened(library, protect="ai") as service:
        service.roots.add(str(drive))
        assert service.passes.scan().protected == 4
        vault, _, name = service.find.copy_of(HERO)
        shutil.copyfile(vault, drive / name)
        summary = service.passes.scan()
        assert (summary.admitted, summary.protected) == (1, 4)
        copy = service.find.card(name)
        found = ledger.edges(library)
    assert ("protected_copy", "headwater_assertion", sha256(drive / HERO), copy.sha256) in found
    assert not [e for e in found if e[0] == "ingredient" and e[3] == copy.sha256]
    assert copy.credential == "trusted"


def test_without_a_library_the_service_says_what_to_do(tmp_path):
    with pytest.raises(Exception, match="dam init"), opened(tmp_path / "nothing"):
        pass
    assert settings(tmp_path).library == tmp_path


def test_an_unknown_asset_is_not_found_by_name(service):
    with pytest.raises(NotFoundError, match="dam search"):
        service.find.card("nowhere.png")


def test_a_path_that_was_emptied_does_not_hold_its_old_content_any_more(library, drive):
    with opened(library) as service:
        service.roots.add(str(drive))
        service.passes.scan()
        (card,) = service.find.search(f"path:{HERO}").assets
        (drive / HERO).write_bytes(b"")
        service.passes.scan()
        assert service.find.card(card.id).availability == "missing"


def test_known_content_that_arrives_in_a_stricter_root_gets_its_copy(library, drive, tmp_path):
    with opened(library, protect="ai") as service:
        service.roots.add(str(drive), protect="none")
        assert service.passes.scan().protected == 0
        strict = tmp_path / "strict"
        strict.mkdir()
        shutil.copyfile(drive / HERO, strict / "hero.png")
        service.roots.add(str(strict))
        assert service.passes.scan().protected == 1
