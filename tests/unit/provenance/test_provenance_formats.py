"""Every format: a manifest in the file where the SDK can write one, a store beside it where it cannot; originals stay."""

import hashlib
import io
import os
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path

import av
import pytest
from PIL import Image, ImageSequence

from dam.errors import BadFileError, EngineError, StorageError, UsageError
from dam.media.probe import from_bytes
from dam.model import CredentialState
from dam.provenance import compose, signing
from dam.provenance.gate import MemoryGate
from dam.provenance.statement import AssetFacts
from dam.provenance.verdict import judge, judge_beside
from tests.support import everything, pictures


@pytest.fixture(scope="module")
def hands(ring, store):
    return signing.Hands(ring, store)


@pytest.fixture
def put(tmp_path):
    """put(name) -> (path, media type) of a file of that kind."""

    def write(name):
        data = everything.files()[name]
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name), from_bytes(data, name).media.mime

    return write


def unmarked(path):
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return compose.protected_copy(
        title="copy", original_title="original", asset=AssetFacts(asset_id="a1", sha256=digest, library_id="lib-1")
    )


def content(data, mime, end=None):
    """What a person sees or hears: pixels, packets, or the members' bytes. `end`: packets beyond it are none.

    FFmpeg's AVI demuxer takes bytes behind the last frame for a packet where they happen to read like "00dc", as the
    random names in a manifest sometimes do.
    """
    if mime.startswith("image/") and "svg" not in mime:
        with Image.open(io.BytesIO(data)) as image:
            return [frame.convert("RGBA").tobytes() for frame in ImageSequence.Iterator(image)]
    if mime.startswith(("video/", "audio/")):
        with av.open(io.BytesIO(data)) as container:
            inside = (
                one for one in container.demux() if one.size and (end is None or one.pos is None or one.pos < end)
            )
            return [bytes(packet) for packet in inside]
    return None


def trusted(verdict):
    return (verdict.state, verdict.tier, verdict.codes) == (CredentialState.TRUSTED, "organisation", ())


@pytest.mark.parametrize("in_memory", [True, False])
@pytest.mark.parametrize("name", everything.EMBEDDED)
def test_a_signed_copy_is_trusted_and_shows_and_sounds_as_its_original(
    name, in_memory, put, hands, tmp_path, monkeypatch
):
    if not in_memory:
        monkeypatch.setattr(signing, "_IN_MEMORY_BYTES", -1)  # as a large file
    path, mime = put(name)
    before = everything.files()[name]
    made = signing.sign_file(path, mime, tmp_path / "copy.bin", statement=unmarked(path), hands=hands)
    data = (tmp_path / "copy.bin").read_bytes()
    assert trusted(judge(str(tmp_path / "copy.bin"), mime, hands.store))
    assert (made.sha256, made.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert [one.action for one in made.credentials.actions] == ["c2pa.opened"]
    assert content(data, mime, len(before) if name.endswith(".avi") else None) == content(before, mime)
    assert Path(path).read_bytes() == before
    assert from_bytes(data, name).has_c2pa  # an inspection will ask


@pytest.mark.parametrize("name", [*everything.EMBEDDED, *everything.BESIDE])
def test_a_store_beside_a_file_holds_for_its_very_bytes_and_no_others(name, put, hands, tmp_path):
    path, mime = put(name)
    made = signing.sign_beside(path, mime, statement=unmarked(path), hands=hands)
    assert Path(path).read_bytes() == everything.files()[name]
    assert trusted(judge_beside(path, mime, made.data, hands.store))
    other = tmp_path / "other"
    other.write_bytes(everything.files()[name][:-1] + b"\x7e")
    assert judge_beside(str(other), mime, made.data, hands.store).state in {
        CredentialState.CONTENT_MISMATCH,
        CredentialState.UNREADABLE,
    }


@pytest.mark.parametrize("name", [*everything.EMBEDDED, *everything.BESIDE])
def test_a_file_that_says_nothing_of_itself_is_the_same_parent_unread(name, put, hands, tmp_path):
    path, mime = put(name)
    said = []
    for bare in (False, True):
        by = replace(hands, bare=bare)
        if name in everything.EMBEDDED:
            target = tmp_path / f"{bare}.bin"
            made = signing.sign_file(path, mime, target, statement=unmarked(path), hands=by).credentials
        else:
            made = signing.sign_beside(path, mime, statement=unmarked(path), hands=by).credentials
        assert trusted(made)
        said.append([(one.title, one.relationship, one.mime, one.manifest_label) for one in made.ingredients])
    assert said[0] == said[1]


def test_ten_signatures_keep_a_chain_of_ten_manifests(put, hands, tmp_path):
    path, mime = put("a.mp4")
    for turn in range(1, 11):
        target = tmp_path / f"{turn}.mp4"
        made = signing.sign_file(path, mime, target, statement=unmarked(path), hands=hands)
        assert len(made.credentials.manifest_labels) == turn
        assert trusted(made.credentials)
        path = str(target)


def test_a_store_beside_a_signed_file_carries_its_manifest_along(put, hands, tmp_path):
    path, mime = put("a.wav")
    target = tmp_path / "signed.wav"
    inside = signing.sign_file(path, mime, target, statement=unmarked(path), hands=hands)
    made = signing.sign_beside(str(target), mime, statement=unmarked(target), hands=hands)
    assert made.credentials.manifest_labels == (made.label, inside.label)


def test_the_original_is_no_destination(put, hands):
    path, mime = put("a.jpg")
    with pytest.raises(UsageError, match="is there already"):
        signing.sign_file(path, mime, Path(path), statement=unmarked(path), hands=hands)
    assert Path(path).read_bytes() == everything.files()["a.jpg"]


def test_a_failed_signature_leaves_nothing_behind(put, hands, tmp_path):
    path, _ = put("a.txt")
    with pytest.raises(EngineError, match="Signing failed"):
        signing.sign_file(path, "image/jpeg", tmp_path / "out" / "x.jpg", statement=unmarked(path), hands=hands)
    assert not list((tmp_path / "out").glob("*"))


def test_a_file_without_bytes_is_not_signed(tmp_path, hands):
    empty = tmp_path / "empty.exr"
    empty.write_bytes(b"")
    with pytest.raises(BadFileError, match="0 bytes"):
        signing.sign_beside(str(empty), "image/x-exr", statement=unmarked(empty), hands=hands)


def test_a_full_disk_is_said_before_anything_is_written(put, hands, tmp_path):
    path, mime = put("a.jpg")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("needs the right to mount a tmpfs for a disk that fills up")
    try:
        with pytest.raises(StorageError, match="disk is full"):
            signing.sign_file(path, mime, disk / "x.jpg", statement=unmarked(path), hands=hands)
        assert os.listdir(disk) == []
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_our_own_thumbnail_is_shown_with_the_credential(put, ring, store, tmp_path):
    path, mime = put("a.mp4")
    small = pictures.jpeg(pictures.painted(3, 64, 48))
    plain, shown = tmp_path / "plain.mp4", tmp_path / "shown.mp4"
    signing.sign_file(path, mime, plain, statement=unmarked(path), hands=signing.Hands(ring, store))
    made = signing.sign_file(path, mime, shown, statement=unmarked(path), hands=signing.Hands(ring, store, small))
    assert trusted(made.credentials)
    assert small in shown.read_bytes()
    assert small not in plain.read_bytes()


def test_large_files_go_in_one_at_a_time_and_small_ones_beside_them():
    gate, inside, most = MemoryGate(600 << 20), [], []

    def work(size):
        with gate.hold(size):
            inside.append(size)
            most.append(len([one for one in inside if one > 1 << 20]))
            time.sleep(0.02)
            inside.remove(size)

    threads = [threading.Thread(target=work, args=(size,)) for size in [2 << 30, 1 << 30, 1 << 10] * 3]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert max(most) == 1


def test_a_manifest_that_the_probe_missed_is_not_lost(ring, store, signed_png, copy_statement, tmp_path):
    original = tmp_path / "signed.png"
    original.write_bytes(signed_png.data)
    statement = copy_statement(signed_png.data)
    hands = signing.Hands(ring, store, bare=True)  # "nothing there": wrong
    signed = signing.sign_file(str(original), "image/png", tmp_path / "copy.png", statement=statement, hands=hands)
    assert signed_png.label in signed.credentials.manifest_labels
