"""Stores that would keep the library busy are refused, or read by a process that can be ended."""

import io
import struct
import subprocess
import time

import pytest

from dam.model import CredentialState
from dam.provenance import apart, sdk, signers, verdict
from dam.provenance.bounds import MAX_ASSERTIONS, MAX_BOXES, SMALL_BYTES, Size, size_of_store, too_many_assertions
from tests.support import containers

LABEL = b"c2pa.assertions\0"
PAD = bytes(SMALL_BYTES)
IRI = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation"
CREATED = {
    "label": "c2pa.actions.v2",
    "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": IRI}]},
}
PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8"


def segments(store, size):
    """A store as APP11 segments of `size` bytes, in a JPEG without a picture."""
    pieces = [store[at : at + size] for at in range(0, len(store), size)]
    heads = [
        b"\xff\xeb" + struct.pack(">H", len(p) + 10) + b"JP\0\1" + struct.pack(">I", n) for n, p in enumerate(pieces, 1)
    ]
    return JPEG + b"".join(h + p for h, p in zip(heads, pieces, strict=True)) + b"\xff\xda"


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (b"", Size.SMALL),
        (PNG + LABEL + b"jumd" * MAX_BOXES + PAD, Size.SMALL),
        (PNG + b"jumd" * (MAX_BOXES + 1), Size.UNSURE),
        (PNG + LABEL + b"jumd" * (MAX_ASSERTIONS + 1), Size.LARGE),
        (PNG + b"jumd" * 20 + LABEL + b"jumdc2cm", Size.UNSURE),
        (b"\0\0\0\x0cJXL \r\n", Size.UNSURE),
        (PNG + b"0000brob", Size.SMALL),
        (PNG + PAD, Size.SMALL),
        (JPEG + PAD, Size.SMALL),
        (segments(PAD, 60_000) + PAD, Size.SMALL),
        (segments(PAD, 1_000), Size.UNSURE),
        (b"<svg>" + PAD, Size.UNSURE),
        (b"<svg></svg>", Size.SMALL),
        (b"GIF89a" + PAD, Size.UNSURE),
        (b"%PDF-1.7", Size.UNSURE),
        (b"PK\x03\x04", Size.UNSURE),
    ],
)
def test_a_stores_size_is_told_from_its_bytes(data, size):
    stream = io.BytesIO(data)
    assert size_of_store(stream) is size
    assert stream.tell() == 0


def test_a_label_inside_an_assertion_does_not_start_the_count_of_boxes_anew():
    """A stranger may write the label of a store into a text, to be counted as many small claims."""
    claims = (LABEL + b"jumd" * (MAX_BOXES // 3)) * 6
    assert size_of_store(io.BytesIO(PNG + claims)) is Size.UNSURE


def test_names_across_two_blocks_are_seen():
    data = PNG + bytes((1 << 20) - len(PNG) - 2) + b"jumdc2cm"
    assert size_of_store(io.BytesIO(data)) is Size.UNSURE


def test_a_store_reads_the_same_in_a_process_of_its_own(signed_png, store, tmp_path):
    here = sdk.read_store(io.BytesIO(signed_png.data), "image/png", store.lists())
    assert apart.read_store(io.BytesIO(signed_png.data), "image/png", store.lists()) == here
    path = tmp_path / "caf\udce9.png"
    path.write_bytes(signed_png.data)
    with open(path, "rb") as stream:
        assert apart.read_store(stream, "image/png", store.lists()) == here


def test_what_the_library_refuses_is_refused_from_there_too(signed_png, store):
    with pytest.raises(sdk.SdkError) as refused:
        apart.read_store(io.BytesIO(signed_png.data[:5000]), "image/png", store.lists())
    assert refused.value.failure is sdk.Failure.BROKEN


def test_a_process_that_dies_gives_no_answer_but_a_verdict(signed_png, store, monkeypatch):
    dead = subprocess.CompletedProcess([], -24, b"", b"")
    monkeypatch.setattr(apart.subprocess, "run", lambda *_, **__: dead)
    monkeypatch.setattr(verdict.bounds, "size_of_store", lambda _: Size.UNSURE)
    seen = verdict.judge_bytes(signed_png.data, "image/png", store)
    assert (seen.state, seen.codes) == (CredentialState.UNREADABLE, ("manifest.too_large",))


@pytest.mark.slow
def test_thousands_of_assertions_hidden_in_small_pieces_end_in_seconds(ring, store, picture, monkeypatch):
    """Names of boxes are cut in two by the segments, so no count of bytes sees them."""
    many = [{"label": f"com.example.a{n}", "data": {"v": 1}} for n in range(3_500)]
    order = sdk.Order(
        {"claim_generator_info": [{"name": "x", "version": "1"}], "assertions": [CREATED, *many]}, "image/jpeg", io.BytesIO(picture("image/jpeg")),
        ring.chain_pem, signers.FileSigner.of_ring(ring).sign, lists=store.lists(),
    )  # fmt: skip
    signed = sdk.sign(order)
    assert verdict.judge_bytes(signed, "image/jpeg", store).codes == ("manifest.too_large",)
    chopped = _chopped(signed)
    assert size_of_store(io.BytesIO(chopped)) is Size.UNSURE
    monkeypatch.setattr(apart, "CPU_S", 1.0)
    begun = time.process_time()
    assert verdict.judge_bytes(chopped, "image/jpeg", store).state is CredentialState.UNREADABLE
    assert time.process_time() - begun < 1.0  # the work was another process's


def _chopped(jpeg):
    """The same JPEG with its store in short segments, one of which ends inside the label (ISO/IEC 19566-5 Annex D)."""
    out, at, number = bytearray(jpeg[:2]), 2, 0
    while jpeg[at] == 0xFF and jpeg[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if jpeg[at + 1] == 0xEB:
            box, instance = jpeg[at + 12 : at + 20], jpeg[at + 6 : at + 8]
            body = jpeg[at + 20 : end]
            middle = body.find(LABEL) + 5 if LABEL in body else 0
            starts = sorted({0, middle, *range(0, len(body), 1_000)})
            for start, stop in zip(starts, [*starts[1:], len(body)], strict=True):
                number += 1
                piece = b"JP" + instance + struct.pack(">I", number) + box + body[start:stop]
                out += b"\xff\xeb" + struct.pack(">H", len(piece) + 2) + piece
        else:
            out += jpeg[at:end]
        at = end
    return bytes(out + jpeg[at:])


STORE = b"jumdc2as\0c2pa.assertions\0"
BOX = b"\0\0\0\x20jumbjumd"


@pytest.mark.parametrize(("count", "expected"), [(0, False), (2_000, False), (2_001, True)])
def test_assertions_of_one_claim_are_counted(count, expected):
    assert too_many_assertions(io.BytesIO(b"x" * 100 + STORE + BOX * count)) is expected


def test_many_claims_of_few_assertions_are_no_matter():
    assert not too_many_assertions(io.BytesIO((STORE + BOX * 900) * 20))


def test_a_store_that_lies_over_the_end_of_a_block_is_counted():
    for at in range((1 << 20) - 20, (1 << 20) + 2):
        assert too_many_assertions(io.BytesIO(bytes(at) + STORE + BOX * 2_100))


def test_such_a_file_is_unreadable_with_the_reason_and_a_signed_one_is_judged(signed_png):
    many = containers.png_chunks((b"caBX", STORE + BOX * 2_500))
    seen = verdict.judge_bytes(many, "image/png", None)
    assert (seen.state, seen.codes) == (CredentialState.UNREADABLE, ("manifest.too_large",))
    assert "2000 assertions" in seen.explanation[0]
    assert verdict.judge_bytes(signed_png.data, "image/png", None).state is CredentialState.UNTRUSTED_SIGNER
