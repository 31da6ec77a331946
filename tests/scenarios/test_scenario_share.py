"""A real share: a folder of "another machine" over SSH on loopback (sshfs), written there, lost and mounted again."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from dam import mounts
from dam.watch import walk
from tests.support import ledger, pictures
from tests.support.libraries import dam, opened, sha256
from tests.support.waiting import until

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class Share:
    """`there` is the server's folder, `point` is where it is mounted here."""

    def __init__(self, folder):
        self.folder, self.there, self.point = folder, folder / "server", folder / "mnt"
        self.there.mkdir()
        self.point.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        for name in ("host", "user"):
            self._run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name)
        (folder / "authorized").write_text((folder / "user.pub").read_text())
        os.makedirs("/run/sshd", exist_ok=True)
        self._server = None

    def _run(self, *words):
        done = subprocess.run([os.fspath(w) for w in words], capture_output=True, text=True, check=False, timeout=30)
        if done.returncode:
            pytest.skip(f"{words[0]}: {done.stderr.strip() or done.stdout.strip()}")

    def mount(self):
        options = {
            "HostKey": self.folder / "host", "AuthorizedKeysFile": self.folder / "authorized", "StrictModes": "no",
            "UsePAM": "no", "PermitRootLogin": "yes", "Subsystem": "sftp internal-sftp", "PidFile": "none",
            "ListenAddress": "127.0.0.1",
        }  # fmt: skip
        words = [SSHD, "-D", "-e", "-p", str(self.port), "-f", "/dev/null"]
        words += [w for name, value in options.items() for w in ("-o", f"{name}={value}")]
        with open(self.folder / "sshd.log", "wb") as said:
            self._server = subprocess.Popen(words, stdout=said, stderr=said)
        if not until(self._answers, 10):
            pytest.skip(f"sshd does not start here: {(self.folder / 'sshd.log').read_text()[-500:]}")
        self._run(
            "sshfs", f"root@127.0.0.1:{self.there}", self.point, "-p", str(self.port), "-o",
            f"IdentityFile={self.folder / 'user'},StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null,dcache_timeout=1",
        )  # fmt: skip

    @property
    def served(self):
        return self._server is not None and self._server.poll() is None

    def _answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def die(self):
        """The server goes away without a word."""
        listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        parents = dict(tuple(map(int, line.split())) for line in listed.splitlines())
        doomed = {self._server.pid}
        while more := {pid for pid, parent in parents.items() if parent in doomed} - doomed:
            doomed |= more
        for pid in doomed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._server.wait()

    def unmount(self):
        subprocess.run(["fusermount3", "-u", "-z", str(self.point)], capture_output=True, check=False)


@pytest.fixture
def share(tmp_path):
    for tool in ("sshfs", "ssh-keygen", "fusermount3"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    if SSHD is None:
        pytest.skip("sshd is not installed")
    if os.geteuid() or not os.path.exists("/dev/fuse"):
        pytest.skip("only root may mount, and only with /dev/fuse")
    made = Share(tmp_path)
    for n in range(6):
        pictures.put(made.there, f"shots/{n}.txt", b"words %d\n" % n)
    yield made
    made.unmount()
    if made.served:
        made.die()


@pytest.fixture
def watched(library, share):
    """A service that watches the mounted share, with short intervals."""
    share.mount()
    stop = threading.Event()
    intervals = {"poll_s": 1.0, "full_pass_s": 4.0, "reconcile_s": 2.0, "share_settle_s": 2.5}
    with opened(library, protect="none", **intervals) as service:
        service.roots.add(str(share.point), name="share")
        thread = threading.Thread(target=service.watching.run, args=(stop,))
        thread.start()
        assert until(lambda: len(online(library)) == 6)
        yield service
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def online(library):
    rows = ledger.rows(
        library,
        "SELECT l.path FROM location l JOIN root r ON r.id = l.root_id WHERE l.availability = 'online'"
        " AND r.state = 'online'",
    )
    return {r["path"] for r in rows}


def state(library):
    return ledger.rows(library, "SELECT state FROM root")[0]["state"]


def test_a_share_is_known_for_one_and_polled(library, share):
    share.mount()
    assert mounts.mount_of(str(share.point)).kind == "fuse.sshfs"
    with opened(library, protect="none") as service:
        service.roots.add(str(share.point), name="share")
        service.passes.scan()
    (root,) = dam(library, "root", "list", "--json").lines
    assert (root["mode"], root["file_system"], root["files"]) == ("polling", "fuse.sshfs", 6)


def test_what_another_machine_writes_is_found_without_events(watched, library, share):
    pictures.put(share.there, "shots/late.txt", b"from elsewhere\n")
    pictures.put(share.there, "new folder/deep/one.txt", b"deeper\n")
    assert until(lambda: {"shots/late.txt", "new folder/deep/one.txt"} <= online(library), 30)
    (share.there / "shots/0.txt").unlink()
    assert until(lambda: "shots/0.txt" not in online(library), 30)


def test_a_share_whose_server_dies_is_offline_and_comes_back_with_every_decision(watched, library, share):
    chosen = watched.find.id_of("shots/3.txt")
    watched.reviews.decide(chosen, "approve", reason="the one", person="ana")
    share.die()
    assert until(lambda: state(library) == "offline", 30)
    assert "location.missing" not in [a for a, _ in ledger.actions(library)]
    assert watched.find.card(chosen).availability == "offline"
    share.unmount()
    pictures.put(share.there, "shots/meanwhile.txt", b"while nobody looked\n")
    share.mount()
    assert until(lambda: state(library) == "online", 30)
    assert until(lambda: "shots/meanwhile.txt" in online(library), 30)
    assert watched.find.card(chosen).availability == "online"
    assert [d["reason"] for d in watched.reviews.history(chosen)] == ["the one"]
    assert [a for a, _ in ledger.actions(library)].count("asset.admitted") == 7


def test_a_slow_copy_onto_a_share_is_never_admitted_half(watched, library, share):
    data = pictures.a1111_png(1)
    with open(share.there / "slow.png", "wb") as stream:
        for at in range(0, len(data), len(data) // 6):
            stream.write(data[at : at + len(data) // 6])
            stream.flush()
            time.sleep(0.3)
    assert until(lambda: "slow.png" in online(library), 30)
    shas = {r["sha256"] for r in ledger.rows(library, "SELECT sha256 FROM asset")}
    assert len(shas) == 7
    assert sha256(share.there / "slow.png") in shas


def test_a_marker_is_written_onto_a_share_and_believed(library, share):
    share.mount()
    with opened(library, protect="none") as service:
        service.roots.add(str(share.point), name="share")
        service.passes.scan()
        service.roots.mark("share", wanted=True)
        assert (share.there / walk.MARKER).exists()
        share.unmount()
        pictures.put(share.point, "shots/0.txt", b"a local folder below the mount point\n")
        summary = service.passes.scan()
        assert [p.code for p in summary.problems] == ["root.offline"]
        assert summary.admitted == 0
        shutil.rmtree(share.point / "shots")
