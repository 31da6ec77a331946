"""The bytes of a manifest store, and what its signature carries, found in the file without the SDK."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.provenance import sdk, stores

PNG = b"\x89PNG\r\n\x1a\n"


def box(kind, *parts):
    body = b"".join(parts)
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def described(uuid, label):
    return box(b"jumd", uuid.ljust(16, b"\0"), b"\x03", label.encode(), b"\0")


def cbor_bytes(data):
    return b"\x59" + len(data).to_bytes(2, "big") + data


def cose(certificates=(), tokens=()):
    """COSE_Sign1 with x5chain in the protected header and sigTst2 in the other."""
    listed = b"".join(map(cbor_bytes, certificates))
    protected = b"\xa1\x18\x21" + bytes([0x80 + len(certificates)]) + listed
    vals = b"".join(b"\xa1\x63val" + cbor_bytes(one) for one in tokens)
    loose = b"\xa1\x67sigTst2\xa1\x69tstTokens" + bytes([0x80 + len(tokens)]) + vals
    return b"\xd2\x84" + cbor_bytes(protected) + loose + b"\xf6" + cbor_bytes(b"s" * 64)


def store(signature):
    uuid = stores._MARK[4:20]
    signed = box(b"jumb", described(b"c2cs", "c2pa.signature"), box(b"cbor", signature))
    manifest = box(b"jumb", described(b"c2ma", "urn:c2pa:one"), signed)
    return box(b"jumb", box(b"jumd", uuid, b"\x03", b"c2pa\0"), manifest)


def test_certificates_and_time_stamps_are_found_under_their_manifest():
    found = stores.signatures(store(cose([b"leaf", b"issuer"], [b"token"])))
    assert found == {"urn:c2pa:one": stores.Signature((b"leaf", b"issuer"), (b"token",))}


def test_a_store_is_found_in_the_middle_of_any_file():
    whole = store(cose([b"leaf"]))
    assert stores.extract(io.BytesIO(PNG + b"x" * 3_000_000 + whole + b"tail")) == whole
    assert stores.extract(io.BytesIO(PNG + whole[:-1])) is None
    assert stores.extract(io.BytesIO(PNG)) is None


def test_a_store_in_many_segments_of_a_jpeg_is_put_together():
    whole = store(cose([b"c" * 40_000], [b"t" * 50_000]))
    segments = []
    for number, at in enumerate(range(0, len(whole), 30_000), 1):
        piece = whole[at : at + 30_000] if number == 1 else whole[:8] + whole[at : at + 30_000]
        body = b"JP\0\1" + number.to_bytes(4, "big") + piece
        segments.append(b"\xff\xeb" + (len(body) + 2).to_bytes(2, "big") + body)
    jpeg = b"\xff\xd8\xff\xe0\0\4ab" + b"".join(segments) + b"\xff\xda\0\2"
    assert len(segments) == 4
    assert stores.extract(io.BytesIO(jpeg)) == whole
    assert stores.signatures(whole)["urn:c2pa:one"].time_stamps == (b"t" * 50_000,)


@given(st.binary(max_size=400), st.integers(0, 300))
def test_no_bytes_make_it_raise(junk, at):
    good = store(cose([b"leaf"], [b"token"]))
    for data in (junk, good[:at] + junk + good[at + len(junk) :], b"\xff\xd8" + junk):
        found = stores.extract(io.BytesIO(data))
        stores.signatures(found or data)
    stores.signatures(store(junk))


@pytest.mark.parametrize("deep", [b"\x81" * 5_000, b"\xbf" * 5_000, b"\x9a\xff\xff\xff\xff", b"\x5b" + b"\xff" * 8])
def test_hostile_cbor_is_bounded(deep):
    assert stores.signatures(store(deep))["urn:c2pa:one"] == stores.Signature((), ())


def test_what_is_taken_out_of_real_files_is_what_the_sdk_reads(shared):
    """Every file that stands in one piece gives a store with the same active manifest."""
    taken = 0
    for path in sorted((shared / "c2pa").rglob("*.jpg")):
        with path.open("rb") as stream:
            found = stores.extract(stream)
            try:
                whole = sdk.read_store(stream, "image/jpeg", ())
            except sdk.SdkError:
                continue
        if found is not None and whole is not None:
            alone = sdk.read_store(io.BytesIO(found), "application/c2pa", ())
            assert alone["active_manifest"] == whole["active_manifest"]
            taken += 1
    assert taken > 5


def test_one_manifest_of_a_chain_can_be_taken_out_and_is_a_store_of_its_own(tmp_path):
    box = lambda kind, data: struct.pack(">I4s", len(data) + 8, kind) + data  # noqa: E731
    named = lambda name: box(b"jumd", b"c2ma" + bytes(12) + b"\x03" + name.encode() + b"\0")  # noqa: E731
    manifests = [box(b"jumb", named(name) + box(b"cbor", name.encode() * 9)) for name in ("urn:one", "urn:two")]
    store = box(b"jumb", named("c2pa") + b"".join(manifests))
    alone = stores.only(store, "urn:two")
    assert alone == box(b"jumb", named("c2pa") + manifests[1])
    assert stores.only(store, "urn:three") is None
    for cut in range(0, len(store), 7):
        stores.only(store[:cut], "urn:two")
