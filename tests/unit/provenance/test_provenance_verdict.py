import csv
import io
import json
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import c2pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image

from dam.errors import UnreadableError
from dam.model import CredentialState
from dam.provenance import keys, sdk, signers, signing
from dam.provenance.statement import SourceType
from dam.provenance.trust import TrustStore
from dam.provenance.verdict import judge, judge_bytes

MIMES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".mp4": "video/mp4",
         ".wav": "audio/wav", ".svg": "image/svg+xml", ".dng": "image/x-adobe-dng", ".heic": "image/heic"}  # fmt: skip
SOUND = {"trusted", "untrusted_signer"}
ALLOWED = {
    "ok": SOUND,
    "identity-problem": SOUND,
    "untrusted-signer": {"untrusted_signer"},
    "tampered": {"content_mismatch"},
    "credential-problem": {"credential_problem"},
    "error": {"unreadable", "remote_not_fetched", "content_mismatch"},
    "no-manifest": {"none"},
}
STORE_MARK = b"jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x008\x9bq"


def lists_of(shared):
    trust = shared / "trust"
    return {
        "official": (trust / "C2PA-TRUST-LIST.pem").read_text(),
        "interim": (trust / "interim-anchors.pem").read_text(),
        "tsa": (trust / "C2PA-TSA-TRUST-LIST.pem").read_text(),
    }


def rows(shared):
    with (shared / "c2pa" / "MANIFEST.tsv").open() as table:
        return list(csv.DictReader(table, delimiter="\t"))


def judged(shared, name, store):
    path = shared / "c2pa" / name
    return judge(str(path), MIMES.get(path.suffix, "application/octet-stream"), store)


@pytest.mark.parametrize("trusting", [False, True])
def test_real_files_are_judged_as_a_careful_judge_would(shared, trusting):
    store = TrustStore.of(**lists_of(shared)) if trusting else None
    wrong = []
    for row in rows(shared):
        seen = judged(shared, row["path"], store)
        cawg = row["expected_class"] != "identity-problem" or "cawg" in " ".join(seen.codes)
        if seen.state.value not in ALLOWED[row["expected_class"]] or not cawg:
            wrong.append((row["path"], row["expected_class"], seen.state.value, seen.codes))
    total = len(rows(shared))
    print(f"verdicts right {total - len(wrong)}/{total}", wrong)
    assert len(wrong) <= 0.05 * total, wrong


def test_the_chain_of_real_files_is_read_whole(shared):
    for row in rows(shared):
        seen = judged(shared, row["path"], None)
        if seen.label:
            assert len(seen.manifest_labels) == int(row["manifests"]), row["path"]
            assert set(filter(None, row["digital_source_types"].split(","))) <= set(seen.digital_source_types)
            assert (seen.issuer or "") == row["issuer"]


def test_the_word_tampered_is_never_said(shared):
    said = " ".join(repr(judged(shared, row["path"], None).explanation) for row in rows(shared))
    assert "tampered" not in said.lower()


def test_the_time_stamp_list_vouches_for_no_signer(shared):
    """The SDK alone says Trusted: Google's root stands in the list of time-stamp authorities too."""
    lists = lists_of(shared)
    google = "civitai/generated-1774549681450.png"
    alone = judged(shared, google, TrustStore.of(tsa=lists["tsa"]))
    assert (alone.state, alone.tier) == (CredentialState.UNTRUSTED_SIGNER, None)
    assert "signingCredential.untrusted" in alone.codes
    both = judged(shared, google, TrustStore.of(**lists))
    assert (both.state, both.tier) == (CredentialState.TRUSTED, "official")


def test_an_older_signer_is_trusted_by_the_interim_list_only(shared):
    seen = judged(shared, "wild-ai-generators/firefly-1.png", TrustStore.of(**lists_of(shared)))
    assert (seen.state, seen.tier) == (CredentialState.TRUSTED, "interim")


@pytest.mark.parametrize(
    ("tiers", "expected"),
    [
        ({"organisation"}, "organisation"),
        ({"organisation", "interim"}, "interim"),
        ({"organisation", "interim", "official"}, "official"),
        ({"organisation", "tsa"}, "organisation"),
        ({"tsa"}, None),
        (set(), None),
    ],
)
def test_the_strongest_tier_gives_its_name(signed_png, ring, tiers, expected):
    seen = judge_bytes(signed_png.data, "image/png", TrustStore.of(**dict.fromkeys(tiers, ring.root_pem)))
    assert seen.tier == expected
    assert seen.state is (CredentialState.TRUSTED if expected else CredentialState.UNTRUSTED_SIGNER)


def test_an_ingredients_list_does_not_lend_its_name_to_whoever_signed_over_it(picture, copy_statement, tmp_path):
    """The library reports one list for the whole chain: the ingredient's."""
    now = datetime.now(UTC)
    theirs, ours = (keys.create_chain(tmp_path / name, name, now=now) for name in ("theirs", "ours"))

    def signed(ring, data, original):
        return signing.sign_copy(
            data, "image/png", original_path=str(original), original_mime="image/png", ring=ring,
            statement=copy_statement(original.read_bytes()), store=TrustStore.of(ring.root_pem),
        ).data  # fmt: skip

    first, second = tmp_path / "first.png", tmp_path / "second.png"
    first.write_bytes(picture(seed=5))
    second.write_bytes(signed(theirs, picture(seed=6), first))
    data = signed(ours, picture(seed=7), second)
    for tier in ("official", "interim"):
        seen = judge_bytes(data, "image/png", TrustStore.of(ours.root_pem, **{tier: theirs.root_pem}))
        assert (seen.state, seen.tier) == (CredentialState.TRUSTED, "organisation")
    assert (
        judge_bytes(data, "image/png", TrustStore.of(official=theirs.root_pem)).state
        is CredentialState.UNTRUSTED_SIGNER
    )


def test_a_verdict_names_the_lists_and_the_library_that_gave_it(signed_png, store):
    seen = judge_bytes(signed_png.data, "image/png", store)
    assert seen.trust_list == store.sha256
    assert seen.sdk_version == sdk.version()
    assert judge_bytes(signed_png.data, "image/png", None).trust_list is None


def test_one_changed_byte_of_the_picture_is_a_content_mismatch(signed_png, store):
    data = bytearray(signed_png.data)
    data[data.rindex(b"IDAT") + 200] ^= 1
    seen = judge_bytes(bytes(data), "image/png", store)
    assert seen.state is CredentialState.CONTENT_MISMATCH
    assert "assertion.dataHash.mismatch" in seen.codes
    assert seen.explanation
    assert seen.tier is None
    assert seen.custom["asset_id"] == "0192f1aa"  # what it says is still shown


def test_a_file_saved_again_has_no_credential(signed_png, store):
    out = io.BytesIO()
    Image.open(io.BytesIO(signed_png.data)).save(out, "PNG")
    assert judge_bytes(out.getvalue(), "image/png", store).state is CredentialState.NONE


def test_a_remote_manifest_is_named_and_never_fetched(picture, ring, store):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/manifest.c2pa"
        said = {"title": "t", "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [
            {"action": "c2pa.created", "digitalSourceType": SourceType.DIGITAL_CREATION.iri}]}}]}  # fmt: skip
        with (
            c2pa.Context.from_dict(sdk.settings_bundle(store.lists())) as context,
            c2pa.Builder.from_json(json.dumps(said), context) as builder,
        ):
            builder.set_no_embed()
            builder.set_remote_url(url)
            sign = signers.FileSigner.of_ring(ring).sign
            signer = c2pa.Signer.from_callback(sign, c2pa.C2paSigningAlg.ES256, ring.chain_pem, None)
            target = io.BytesIO()
            builder.sign(signer, "image/jpeg", io.BytesIO(picture("image/jpeg")), target)
        seen = judge_bytes(target.getvalue(), "image/jpeg", store)
        assert seen.state is CredentialState.REMOTE_NOT_FETCHED
        assert url in seen.explanation[0]
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize("data", [b"", b"TITLE: a cut\n", b"8BPS" + bytes(50), b"BM" + bytes(50)])
def test_a_format_that_takes_no_manifest_has_none(data, store):
    assert judge_bytes(data, "application/octet-stream", store).state is CredentialState.NONE


def test_a_store_in_a_format_that_nobody_can_parse_is_unreadable(store):
    seen = judge_bytes(b"font" + bytes(100) + STORE_MARK, "font/ttf", store)
    assert seen.state is CredentialState.UNREADABLE
    assert seen.codes == ("type.unsupported",)


def test_a_truncated_file_is_unreadable(signed_png, store):
    assert judge_bytes(signed_png.data[:5000], "image/png", store).state is CredentialState.UNREADABLE


def test_a_file_that_cannot_be_opened_is_the_callers_problem(tmp_path):
    with pytest.raises(UnreadableError):
        judge(str(tmp_path / "gone.png"), "image/png", None)


def test_a_path_with_undecodable_bytes_is_judged(signed_png, store, tmp_path):
    path = f"{tmp_path}/caf\udce9.png"
    with open(path, "wb") as file:
        file.write(signed_png.data)
    assert judge(path, "image/png", store).state is CredentialState.TRUSTED


@settings(max_examples=120, deadline=None)
@given(
    cuts=some.lists(some.tuples(some.floats(0, 1), some.binary(min_size=1, max_size=8)), max_size=4),
    length=some.floats(0, 1) | some.just(1.0),
    mime=some.sampled_from(["image/png", "image/jpeg", "application/c2pa", "", "x/\udce9", "video/mp4"]),
)
def test_no_bytes_make_the_judge_raise(signed_png, store, cuts, length, mime):
    data = bytearray(signed_png.data[: int(length * len(signed_png.data))])
    for place, new in cuts:
        at = int(place * len(data))
        data[at : at + len(new)] = new
    seen = judge_bytes(bytes(data), mime, store)
    assert seen.state in CredentialState
    if seen.state is CredentialState.TRUSTED:  # then all that differs is padding or box names of the store itself
        begin, end = (signed_png.data.index(chunk) - 4 for chunk in (b"caBX", b"IDAT"))
        assert (data[:begin], data[end:]) == (signed_png.data[:begin], signed_png.data[end:])


def test_every_setting_that_we_say_is_known_to_the_sdk():
    """The SDK takes unknown keys in silence, so a wrong value must hurt: then the key is read."""
    bundle = sdk.settings_bundle(())
    for room in ("core", "verify"):
        for name in bundle[room]:
            broken = sdk.settings_bundle(())
            broken[room][name] = "nonsense"
            with pytest.raises(c2pa.C2paError):
                c2pa.Settings.from_dict(broken)


def test_a_child_process_judges_after_a_fork(signed_png, ring, tmp_path):
    """In a process of its own: a fork in a program with threads is what gunicorn does and what pytest should not."""
    (tmp_path / "signed.png").write_bytes(signed_png.data)
    (tmp_path / "root.pem").write_text(ring.root_pem)
    script = """
import os, sys
from pathlib import Path
from dam.provenance.trust import TrustStore
from dam.provenance.verdict import judge
store = TrustStore.of(Path("root.pem").read_text())
assert judge("signed.png", "image/png", store).tier == "organisation"
child = os.fork()
if child == 0:
    os._exit(0 if judge("signed.png", "image/png", store).tier == "organisation" else 7)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env={"PYTHONPATH": str(root)}, timeout=60, check=False
    )
    assert done.returncode == 0
