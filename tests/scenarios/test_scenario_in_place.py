"""In-place mode: the signed copy takes the original's place, nothing is lost whenever it stops, and it can be undone."""

import os
import signal
import stat
import subprocess
import sys

import pytest

from dam.errors import ConflictError, NotFoundError, PolicyError
from tests.support import everything, ledger, pictures
from tests.support.libraries import dam, environment, opened, sha256

SHOT = pictures.a1111_png(1, width=512, height=384)


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    pictures.put(folder, "takes/shot.png", SHOT)
    pictures.put(folder, "clip.mp4", everything.files()["a.mp4"])
    pictures.put(folder, "plate.psd", everything.files()["a.psd"])
    return folder


@pytest.fixture
def service(library, drive):
    with opened(library, protect="all") as made:
        made.roots.add(str(drive))
        made.roots.set("drive", protect=None, mode="in_place", confirmed=True)
        yield made


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_copies_take_the_place_of_their_originals_and_are_no_new_assets(service, drive, library):
    path = drive / "takes" / "shot.png"
    os.chmod(path, 0o640)
    before = path.stat()
    assert service.passes.scan().assets == 3
    after = path.stat()
    assert (after.st_mtime_ns, stat.S_IMODE(after.st_mode), after.st_uid) == (before.st_mtime_ns, 0o640, before.st_uid)
    assert service.answers.verify(str(path)).authentic
    assert service.answers.verify(str(drive / "clip.mp4")).authentic
    assert service.answers.verify(str(drive / "plate.psd")).credentials.sidecar == "library"
    assert (drive / "plate.psd").read_bytes() == everything.files()["a.psd"]  # takes no manifest: stays as it is
    kept = ledger.rows(library, "SELECT storage_key, sha256 FROM copy WHERE kind = 'original'")
    assert {sha256(library / "vault" / one["storage_key"]) for one in kept} == {one["sha256"] for one in kept}
    assert len(kept) == 2
    again = service.passes.scan()
    assert (again.assets, again.admitted, again.unchanged) == (3, 0, 3)
    assert sha256(path) == sha256(service.find.copy_of("shot.png")[0])


def test_decisions_stay_with_the_asset_and_a_rename_loses_nothing(service, drive):
    service.passes.scan()
    shot = service.find.id_of("shot.png")
    service.reviews.decide(shot, verdict="approve", reason=None)
    (drive / "takes" / "shot.png").rename(drive / "renamed.png")
    summary = service.passes.scan()
    assert summary.assets == 3
    assert service.find.id_of(str(drive / "renamed.png")) == shot
    assert service.find.card(shot).status == "approved"
    assert not ledger_jobs(service)


def ledger_jobs(service):
    with service.parts.catalogue.reader() as reader:
        return reader.rows("SELECT stage, state, code FROM job WHERE state IN ('due', 'running', 'failed')")


def test_an_original_that_comes_back_is_replaced_again(service, drive):
    service.passes.scan()
    pictures.put(drive, "again/shot.png", SHOT)
    assert service.passes.scan().assets == 3
    assert sha256(drive / "again" / "shot.png") == sha256(drive / "takes" / "shot.png")


def test_undo_puts_the_original_back_and_it_stays(service, drive):
    service.passes.scan()
    assert service.copies.undo("shot.png") == [f"{drive}/takes/shot.png"]
    assert (drive / "takes" / "shot.png").read_bytes() == SHOT
    assert service.passes.scan().assets == 3
    assert (drive / "takes" / "shot.png").read_bytes() == SHOT
    with pytest.raises(NotFoundError):
        service.copies.undo("shot.png")
    service.copies.protect("shot.png")  # asked for by name, it is signed again
    assert service.answers.verify(str(drive / "takes" / "shot.png")).authentic


def test_undo_leaves_a_file_alone_that_somebody_changed(service, drive):
    service.passes.scan()
    path = drive / "takes" / "shot.png"
    path.write_bytes(b"somebody's own work")
    with pytest.raises(ConflictError, match="not the signed copy any more"):
        service.copies.undo("shot.png")
    assert path.read_bytes() == b"somebody's own work"


def test_a_hard_link_is_refused_with_the_reason_and_both_names_stay(service, drive):
    os.link(drive / "takes" / "shot.png", drive / "other.png")
    service.passes.scan()
    assert (drive / "takes" / "shot.png").read_bytes() == SHOT == (drive / "other.png").read_bytes()
    stages = {one["stage"]: one for one in service.find.detail("shot.png")["stages"]}
    assert (stages["protect"]["state"], stages["protect"]["code"]) == ("skipped", "protect.target_unsafe")


def test_the_mode_wants_a_yes_and_a_dry_run_says_what_it_would_do(library, drive):
    with opened(library, protect="all") as service:
        service.roots.add(str(drive))
        service.passes.scan()
        with pytest.raises(ConflictError, match="replaces files"):
            service.roots.set("drive", protect=None, mode="in_place")
        assert service.roots.get("drive")["protect_mode"] is None
        assert service.roots.check_mode("drive", "in_place") == 3
    answer = dam(library, "root", "set", "drive", "--protect-mode", "in_place")
    assert (answer.code, "--yes" in answer.err) == (4, True)
    assert dam(library, "root", "set", "drive", "--protect-mode", "in_place", "--yes", "--json").json["protect_mode"]
    assert (drive / "takes" / "shot.png").read_bytes() == SHOT  # files that were there wait for dam protect
    assert dam(library, "protect", "shot.png").code == 0
    assert (drive / "takes" / "shot.png").read_bytes() != SHOT
    assert dam(library, "protect", "--undo", "shot.png").code == 0
    assert (drive / "takes" / "shot.png").read_bytes() == SHOT


@pytest.fixture
def mounted(tmp_path):
    """mounted(name, *words) -> a folder on a file system of its own."""
    made = []

    def mount(*words, folder):
        folder.mkdir(exist_ok=True)
        if subprocess.run(["mount", *words, str(folder)], capture_output=True, check=False).returncode:
            pytest.skip("needs the right to mount")
        made.append(folder)
        return folder

    yield mount
    for folder in made:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_read_only_drive_is_refused_when_the_mode_is_set(library, drive, mounted):
    mounted("--bind", str(drive), folder=drive)
    with opened(library, protect="all") as service:
        service.roots.add(str(drive))
        subprocess.run(["mount", "-o", "remount,ro,bind", str(drive)], check=True)
        with pytest.raises(PolicyError, match="cannot be written"):
            service.roots.set("drive", protect=None, mode="in_place", confirmed=True)


def test_a_drive_that_fills_up_keeps_its_originals_and_no_temp_file(library, tmp_path, mounted):
    folder = mounted("-t", "tmpfs", "-o", "size=600k", "tmpfs", folder=tmp_path / "small")
    pictures.put(folder, "shot.png", SHOT)
    (folder / "filler.bin").write_bytes(bytes(os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize))
    with opened(library, protect="ai", max_tries=1) as service:
        service.roots.add(str(folder))
        service.roots.set("small", protect=None, mode="in_place", confirmed=True)
        summary = service.passes.scan()
        assert (summary.quarantined, [p.code for p in summary.problems]) == ([], ["storage.full"])
        assert "shot.png could not be written" in summary.problems[0].message
        assert (folder / "shot.png").read_bytes() == SHOT
        assert files(folder) == ["filler.bin", "shot.png"]
        (folder / "filler.bin").unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)
        service.passes.scan()
        assert service.answers.verify(str(folder / "shot.png")).authentic


KILL = """
import os, signal, sys
from dam.ingest import inplace
inplace.step = lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == sys.argv[3] else None
from tests.support.libraries import opened
with opened(__import__("pathlib").Path(sys.argv[1]), protect="ai", workers=1) as service:
    service.copies.undo("shot.png") if sys.argv[3].startswith("undo") else service.passes.scan()
"""


def killed_at(step, library, drive):
    words = [sys.executable, "-c", KILL, str(library), str(drive), step]
    return subprocess.run(words, env=environment(library), capture_output=True, check=False).returncode


@pytest.mark.parametrize("step", ["kept", "planned", "written", "renamed"])
def test_a_kill_between_any_two_steps_loses_nothing_and_is_made_good(library, drive, step):
    with opened(library, protect="ai") as service:
        service.roots.add(str(drive))
        service.roots.set("drive", protect=None, mode="in_place", confirmed=True)
    assert killed_at(step, library, drive) == -signal.SIGKILL
    bytes_now = (drive / "takes" / "shot.png").read_bytes()
    assert (bytes_now == SHOT) == (step != "renamed")
    with opened(library, protect="ai") as service:
        summary = service.passes.scan()
        assert (summary.assets, summary.quarantined) == (3, [])
        service.passes.scan()
        assert service.answers.verify(str(drive / "takes" / "shot.png")).authentic
        assert files(drive) == ["clip.mp4", "plate.psd", "takes/shot.png"]
        assert not ledger_jobs(service)
        service.copies.undo("shot.png")
        assert (drive / "takes" / "shot.png").read_bytes() == SHOT


@pytest.mark.parametrize("step", ["undo planned", "written", "undo renamed"])
def test_a_kill_while_the_original_is_put_back_loses_nothing(library, drive, step):
    with opened(library, protect="ai") as service:
        service.roots.add(str(drive))
        service.roots.set("drive", protect=None, mode="in_place", confirmed=True)
        service.passes.scan()
    if step == "written":  # the same function writes both ways
        words = KILL.replace('sys.argv[3].startswith("undo")', "True")
        done = subprocess.run(
            [sys.executable, "-c", words, str(library), str(drive), step], env=environment(library), check=False
        )
        assert done.returncode == -signal.SIGKILL
    else:
        assert killed_at(step, library, drive) == -signal.SIGKILL
    with opened(library, protect="ai") as service:
        assert service.passes.scan().assets == 3
        if (drive / "takes" / "shot.png").read_bytes() != SHOT:
            service.copies.undo("shot.png")
        service.passes.scan()
        assert (drive / "takes" / "shot.png").read_bytes() == SHOT
        assert files(drive) == ["clip.mp4", "plate.psd", "takes/shot.png"]
