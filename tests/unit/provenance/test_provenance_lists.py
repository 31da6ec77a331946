"""Lists as people get them: what is taken, what is refused, and what is warned of."""

import base64
import datetime as dt
import json

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from dam.errors import LimitError, UndecodableError, UsageError
from dam.provenance import lists
from dam.provenance.lists import read_list
from tests.support.signed import Signer, key_pem, pem_of

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture(scope="module")
def acme():
    return Signer("Acme")


def lote(*certificates, name="C2PA Trust List", status="http://c2pa.org/conformance/trust-list/trusted", **scheme):
    """A list in the form of C2PA's own."""
    said = [
        {"ServiceInformation": {
            "ServiceDigitalIdentity": {"X509Certificates": [{"val": base64.b64encode(c.public_bytes(Encoding.DER)).decode()}]},
            "ServiceStatus": status,
        }}
        for c in certificates
    ]  # fmt: skip
    about = {"LoTESequenceNumber": 7, "SchemeName": [{"lang": "en", "value": name}], **scheme}
    body = {"ListAndSchemeInformation": about, "TrustedEntitiesList": [{"TrustedEntityServices": said}]}
    return json.dumps({"LoTE": body}).encode()


def test_words_between_certificates_and_repeats_are_dropped(acme):
    other = Signer("Other")
    text = f"# Acme\n{acme.root_pem}\n# again\n{acme.root_pem}# Other\n{other.root_pem}"
    seen = read_list(text.encode(), "official", now=NOW)
    assert [a.subject for a in seen.anchors] == ["CN=Acme Root,O=Acme", "CN=Other Root,O=Other"]
    assert seen.pem == acme.root_pem + other.root_pem
    assert seen.warnings == ("1 certificates stand in the file more than once.",)


def test_the_lists_of_c2pa_say_their_version_and_withdrawn_services_are_left_out(acme):
    issued = {"ListIssueDateTime": "2026-08-05T00:11:39Z", "NextUpdate": "2099-08-05T00:11:39Z"}
    seen = read_list(lote(acme.root, **issued), "official", now=NOW)
    assert (seen.name, seen.version, seen.issued_at) == ("C2PA Trust List", "7", "2026-08-05T00:11:39Z")
    assert (seen.pem, seen.warnings) == (acme.root_pem, ())
    with pytest.raises(UndecodableError, match="no certificate"):
        read_list(lote(acme.root, status="http://c2pa.org/conformance/trust-list/withdrawn"), "official", now=NOW)


@pytest.mark.parametrize(
    ("tier", "name", "words"),
    [
        ("tsa", "C2PA Trust List", "looks like a list of signers"),
        ("official", "C2PA TSA Trust List", "looks like a list of time-stamp authorities"),
    ],
)
def test_a_list_in_the_wrong_tier_is_warned_of(acme, tier, name, words):
    assert any(words in one for one in read_list(lote(acme.root, name=name), tier, now=NOW).warnings)


def test_leaves_expired_and_late_lists_are_warned_of(acme):
    old = Signer("Old", start=NOW - dt.timedelta(days=5000))
    soon = Signer("Soon", root_days=30)
    text = pem_of(acme.leaf) + old.root_pem + soon.root_pem
    said = " ".join(read_list(text.encode(), "interim", now=NOW).warnings)
    for words in (
        "1 certificates are no authorities",
        "1 certificates have expired",
        "2 certificates expire within 90",
    ):
        assert words in said, said
    late = read_list(lote(acme.root, NextUpdate="2026-01-01T00:00:00Z"), "official", now=NOW)
    assert any("look for a newer one" in one for one in late.warnings)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"hello", b"{", b"{}", b'{"LoTE": 3}', b"[" * 100_000, b"{" * 100_000, b"\xff\xfe\0",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\nAAAA",
        b'{"LoTE": {"ListAndSchemeInformation": {"a": 1}, "TrustedEntitiesList": [[], {"TrustedEntityServices": [3]}]}}',
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused_with_words(data):
    with pytest.raises(UndecodableError) as refused:
        read_list(data, "official", now=NOW)
    assert refused.value.code == "trust.undecodable"


def test_one_bad_certificate_refuses_the_whole_list(acme):
    broken = acme.root_pem.replace("MII", "MIJ", 1)
    with pytest.raises(UndecodableError, match="number 2 of 2"):
        read_list((acme.root_pem + broken).encode(), "official", now=NOW)


def test_private_keys_wrong_tiers_and_enormous_lists_are_refused(acme, monkeypatch):
    with pytest.raises(UsageError, match="private key"):
        read_list((acme.root_pem + key_pem()).encode(), "organisation", now=NOW)
    with pytest.raises(UsageError, match="No tier"):
        read_list(acme.root_pem.encode(), "best", now=NOW)
    with pytest.raises(LimitError):
        read_list(bytes(lists.MAX_LIST_BYTES + 1), "official", now=NOW)
    monkeypatch.setattr(lists, "MAX_ANCHORS", 1)
    with pytest.raises(LimitError):
        read_list((acme.root_pem + Signer("B").root_pem).encode(), "official", now=NOW)


def test_the_real_lists_are_read_whole(shared):
    for name, tier, count in (("C2PA-TRUST-LIST", "official", 30), ("C2PA-TSA-TRUST-LIST", "tsa", 22)):
        found = read_list((shared / "trust" / f"{name}.json").read_bytes(), tier, now=NOW)
        pem = read_list((shared / "trust" / f"{name}.pem").read_bytes(), tier, now=NOW)
        assert len(found.anchors) == len(pem.anchors) == count
        assert {a.sha256 for a in found.anchors} == {a.sha256 for a in pem.anchors}
        assert found.version
