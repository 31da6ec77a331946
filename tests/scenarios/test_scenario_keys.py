"""What goes wrong with keys, certificates, time stamps and settings is said by code, before anything is written; no
secret is ever shown; and an authority that is killed while files are signed costs nothing but time.
"""

import base64
import os
import re
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization

from dam.provenance import keys
from tests.support import identities, ledger, pictures
from tests.support.libraries import MAIN, command, dam, environment, opened

OUTAGE_S = 60 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 4


def error_code(answer):
    found = re.search(r'"code": "([^"]+)"', answer.err)
    assert found, answer
    return found[1]


def snapshot(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and not p.name.startswith("catalogue.db")}


# -- bad input


@pytest.mark.parametrize("wrong", ["expired", "early", "wrong purpose", "a CA", "no organisation", "no authority key"])
def test_a_library_is_not_even_made_with_a_signer_that_is_unfit(wrong, tmp_path):
    one = identities.Identity(tmp_path / "outside", wrong=wrong)
    answer = dam(tmp_path / "library", "--json", "init", **one.environment)
    assert (answer.code, error_code(answer)) == (5, identities.CODES[wrong])
    assert not (tmp_path / "library").exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"DAM_SIGNING_CHAIN": __file__}, "signer.pem"),
        ({"DAM_SIGNING_KEY": "/nowhere/key.pem"}, "signer.unreadable"),
        ({"DAM_SIGNING_KEY": "pkcs11:token=a;object=b?module-path=/nowhere.so&pin-value=97531"}, "signer.pin_in_uri"),
        (
            {"DAM_SIGNING_KEY": "pkcs11:token=a;object=b?module-path=/nowhere.so", "DAM_PKCS11_PIN": "97531"},
            "signer.module",
        ),
    ],
)
def test_an_open_library_says_what_is_wrong_and_protects_nothing(change, code, scan, library, tmp_path):
    pytest.importorskip("pkcs11", reason="needs python-pkcs11 (the extra pkcs11)")
    scan(DAM_PROTECT="none")
    before = snapshot(library)
    one = identities.Identity(tmp_path / "outside")
    settings = one.environment | change
    answer = dam(library, "--json", "protect", "good.png", **settings)
    assert (answer.code, error_code(answer)) == (5, code)
    assert snapshot(library) == before
    doctor = dam(library, "doctor", "--json", **settings)
    assert doctor.code == 1
    assert "97531" not in answer.err + answer.out + doctor.out + doctor.err
    assert dam(library, "search", "good", **settings).code == 0  # finding things needs no signer


def test_a_key_without_its_chain_is_a_usage_error(library):
    answer = dam(library, "--json", "keys", "list", DAM_SIGNING_KEY="/some/key.pem")
    assert (answer.code, error_code(answer)) == (2, "signer.incomplete")


@pytest.mark.parametrize(
    ("line", "code", "hint"),
    [
        ("protekt = 'all'", "settings.unknown", "protect"),
        ("[tables]\nkey = 'x'", "settings.unknown", "settings.md"),
        ("pkcs11_pin = '97531'", "settings.secret", "DAM_PKCS11_PIN"),
        ("timestamps = 'maybe'", "usage", "DAM_TIMESTAMPS"),
        ("tsa_url = 'tsa.example'", "usage", "DAM_TSA_URL"),
    ],
)
def test_a_setting_that_is_unknown_or_wrong_is_a_usage_error_that_names_it(line, code, hint, library):
    (library / "dam.toml").write_text(line + "\n")
    before = snapshot(library)
    answer = dam(library, "--json", "scan")
    assert (answer.code, error_code(answer)) == (2, code)
    assert hint in answer.err
    assert "97531" not in answer.err
    assert snapshot(library) == before


def test_keys_that_cannot_be_written_stay_as_they_are(library, powerless):
    folder = library / "keys"
    before = snapshot(folder)
    folder.chmod(0o500)
    try:
        answer = dam(library, "--json", "keys", "rotate", before=powerless, codes=(10,))
    finally:
        folder.chmod(0o700)
    assert error_code(answer) == "storage.failed"
    assert snapshot(folder).keys() - {folder / ".lock"} == before.keys() - {folder / ".lock"}


# -- secrets


def traces(folder):
    """Every private key and mark key of a library, in each form in which it could leak."""
    for path in folder.glob("*.key"):
        data = path.read_bytes()
        if path.name.startswith("mark"):
            yield from (data, data.hex().encode(), base64.b64encode(data), repr(data).encode())
            continue
        key = serialization.load_pem_private_key(data, None)
        number = key.private_numbers().private_value
        size = (key.key_size + 7) // 8
        raw = number.to_bytes(size, "big")
        yield from (raw, raw.hex().encode(), str(number).encode(), data.splitlines()[1], base64.b64encode(raw))


@pytest.mark.slow
def test_no_private_key_is_in_any_output_log_copy_export_or_traceback(library, drive, tmp_path):
    """Commands that work and commands that fail, with --debug; then every byte that they printed or wrote is searched."""
    said = []

    def run(*words, **env):
        done = subprocess.run(
            command("--debug", *words), env=environment(library, **env), capture_output=True, timeout=120, check=False
        )
        said.append(done.stdout + done.stderr)
        return done

    pictures.put(drive, "small.png", pictures.a1111_png(2, width=64, height=64))
    secrets = list(traces(library / "keys"))
    assert run("up", "--once", str(drive), DAM_PROTECT="all").returncode == 0
    (tmp_path / "out").mkdir()
    for words in (
        ("keys", "list", "--json"), ("export", "good.png", "--to", str(tmp_path / "out")), ("doctor",), ("show", "good.png", "--json"),
        ("inspect", str(tmp_path / "out" / "good.protected.png"), "--json"), ("keys", "rotate", "--root"), ("keys", "rotate", "--mark"),
        ("keys", "list"), ("audit", "log", "--json"),
    ):  # fmt: skip
        run(*words)
    secrets += traces(library / "keys")
    leaf = next((library / "keys").glob("leaf-*.key"))
    text = leaf.read_text()
    for broken in (text.replace("-----BEGIN", "-----BEGUN"), text[:120], text[:40] + "!" + text[41:]):
        for path in (library / "keys").glob("leaf-*.key"):
            path.write_text(broken)
        plain = f"plain{len(broken)}.png"
        pictures.put(drive, plain, pictures.png(pictures.painted(len(broken), 300, 300)))
        run("scan", DAM_PROTECT="none")
        assert run("protect", plain).returncode != 0
        pictures.put(drive, f"{len(broken)}.png", pictures.a1111_png(len(broken)))
        run("scan", DAM_PROTECT="all", DAM_MAX_TRIES="1")
        run("keys", "rotate", "--dry-run")
    files = [
        p for p in [*library.rglob("*"), *(tmp_path / "out").rglob("*")] if p.is_file() and p.parent.name != "keys"
    ]
    assert any(p.name.startswith("catalogue.db") for p in files)
    haystack = b"\n".join([*said, *(p.read_bytes() for p in files)])
    assert b"Traceback" in haystack  # it did fail somewhere
    assert [found for found in secrets if found in haystack] == []


# -- an authority that is killed


class Killable:
    """A time-stamp authority in a process of its own, on a port that stays its."""

    def __init__(self, folder):
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
        self.url, self._folder, self._process = f"http://127.0.0.1:{self.port}/tsa", folder, None

    def start(self):
        words = [sys.executable, "-m", "tests.support.authorities", str(self._folder), str(self.port)]
        self._process = subprocess.Popen(words, cwd=MAIN, stdout=subprocess.PIPE)
        assert self._process.stdout.readline() == b"ready\n"

    def kill(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._process = None


@pytest.fixture
def authority(tmp_path):
    keys.create_chain(tmp_path / "tsa", "Time Ltd", now=datetime.now(UTC))
    one = Killable(tmp_path / "tsa")
    one.start()
    yield one
    one.kill()


def test_an_authority_killed_while_files_are_signed_loses_none_and_all_are_stamped_afterwards(
    library, tmp_path, authority
):
    (library / "trust" / "tsa.pem").write_text(keys.load_ring(tmp_path / "tsa").root_pem)
    drive, count = tmp_path / "load", 12
    stop = threading.Event()
    with opened(library, protect="ai", tsa_url=authority.url, max_tries=1, reconcile_s=1.0) as service:
        drive.mkdir()
        service.roots.add(str(drive))
        watching = threading.Thread(target=service.watching.run, args=(stop,))
        watching.start()
        try:
            for n in range(count):
                pictures.put(drive, f"{n:02}.png", pictures.a1111_png(n))
                if n == 3:
                    _until(lambda: _done(library) >= 1)
                    authority.kill()
            _until(lambda: _states(library).get("due", 0) >= 1)
            time.sleep(OUTAGE_S)
            assert _failed(library) == []
            pictures.put(drive, "note.txt", b"nothing else is blocked\n")
            _until(lambda: ledger.rows(library, "SELECT 1 FROM location WHERE path = 'note.txt'"))
            authority.start()
            _until(lambda: _done(library) == count, seconds=120)
        finally:
            stop.set()
            watching.join(30)
        assert _failed(library) == []
        for n in range(count):
            seen = service.answers.verify(service.find.copy_of(f"{n:02}.png")[0])
            assert seen.authentic
            assert seen.credentials.signed_at


def _states(library):
    rows = ledger.rows(
        library, "SELECT state, count(*) AS n FROM job WHERE stage = 'protect' AND code LIKE 'timestamp.%' GROUP BY 1"
    )
    return {row["state"]: row["n"] for row in rows}


def _done(library):
    return ledger.rows(library, "SELECT count(*) AS n FROM copy")[0]["n"]


def _failed(library):
    return ledger.rows(library, "SELECT code, message FROM job WHERE state = 'failed' OR tries > 0")


def _until(condition, seconds=90):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
