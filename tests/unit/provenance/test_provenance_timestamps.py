"""Time stamps: our own responder, checks of others' answers, and an authority that is down, hangs or lies."""

import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import tsp
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from dam.errors import TimestampUnavailableError, UsageError
from dam.model import CredentialState
from dam.provenance import certificates, der, keys, signing, stamp_answer, timestamps, tsa
from dam.provenance.means import SigningMeans
from dam.provenance.relay import Relay
from dam.provenance.stamping import Stamping
from dam.provenance.timestamps import BadRequestError, new_question, parse_question
from dam.provenance.trust import TrustStore
from dam.provenance.verdict import judge_bytes
from tests.support import authorities


def now():
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """The keys of somebody else, whose responder plays the external authority."""
    return keys.create_chain(tmp_path_factory.mktemp("outside") / "keys", "Time Ltd", now=now())


@pytest.fixture
def means(ring, outside):
    """means(url, mode) -> our ring, time-stamped by the authority at `url`."""
    made = []

    def make(url=None, mode="required", anchors=None):
        stamping = Stamping(
            responder=lambda: authorities.responder(ring),
            anchors=lambda: anchors or (ring.root_pem, outside.stamp_pem),
            clock=now,
            mode=mode,
            url=url,
        )
        made.append(SigningMeans(ring=lambda: ring, stamping=stamping, clock=now))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def sign_with(picture, ring, store, copy_statement, tmp_path):
    """sign_with(means) -> a signed picture."""
    original = tmp_path / "original.png"
    original.write_bytes(picture(seed=1))

    def sign(chosen):
        return signing.sign_copy(
            picture(seed=2), "image/png", original_path=str(original), original_mime="image/png",
            statement=copy_statement(original.read_bytes()), ring=ring, store=store, means=chosen,
        )  # fmt: skip

    return sign


# -- the responder


def test_the_responders_certificate_is_for_time_stamps_alone_and_says_that_it_is_not_independent(ring):
    own, authority = x509.load_pem_x509_certificates(ring.stamp_pem.encode())
    root = x509.load_pem_x509_certificate(ring.root_pem.encode())
    own.verify_directly_issued_by(authority)
    authority.verify_directly_issued_by(root)
    usage = own.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert usage.critical
    assert list(usage.value) == [x509.ExtendedKeyUsageOID.TIME_STAMPING]
    assert "not independent" in own.subject.rfc4514_string()
    assert own.public_key() != x509.load_pem_x509_certificates(ring.chain_pem.encode())[0].public_key()


def test_nobody_keeps_the_key_of_the_time_stamping_ca(ring):
    _, authority = x509.load_pem_x509_certificates(ring.stamp_pem.encode())
    publics = [keys.load_key(path).public_key() for path in ring.folder.glob("*-*.key") if path.name[:4] != "mark"]
    assert len(publics) == 4
    assert authority.public_key() not in publics


def test_what_the_responder_says_is_what_rfc_3161_wants(ring):
    question = parse_question(new_question(b"data"))
    answer, who = authorities.responder(ring).answer(question)
    parsed = tsp.TimeStampResp.load(answer, strict=True)
    signed = parsed["time_stamp_token"]["content"]
    info = signed["encap_content_info"]["content"].parsed
    assert info["message_imprint"]["hashed_message"].native == hashlib.sha256(b"data").digest()
    assert info["nonce"].native == question.nonce
    assert info["policy"].native == timestamps.LOCAL_POLICY
    assert {one["type"].native for one in signed["signer_infos"][0]["signed_attrs"]} == {
        "content_type",
        "message_digest",
        "signing_certificate_v2",
    }
    assert stamp_answer.check_answer(question, answer, now()) == who
    assert parsed.dump(force=True) == answer  # DER, byte for byte


def test_openssl_verifies_the_responders_answer(ring, tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    question = new_question(b"data")
    (tmp_path / "question").write_bytes(question)
    (tmp_path / "answer").write_bytes(authorities.answer_of(ring)(question))
    (tmp_path / "root.pem").write_text(ring.root_pem)
    words = ["openssl", "ts", "-verify", "-in", "answer", "-queryfile", "question", "-CAfile", "root.pem"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout + done.stderr


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80\x00\x00", b"x" * 5000])
def test_what_is_no_question_is_refused(data):
    with pytest.raises(BadRequestError):
        parse_question(data)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_responder_fail_in_another_way(data):
    with contextlib.suppress(BadRequestError):
        parse_question(data)


@given(st.lists(st.binary(max_size=300), max_size=4), st.integers(0, 2**130))
def test_der_is_read_as_it_was_written(parts, number):
    body = der.sequence(*(der.octets(one) for one in parts), der.integer(number))
    ((tag, inside, whole),) = der.split(body)
    assert (tag, whole) == (der.SEQUENCE, body)
    *read, last = der.split(inside)
    assert [one[1] for one in read] == parts
    assert int.from_bytes(last[1], "big", signed=True) == number


# -- answers of others


def lies(outside):
    other = replace(
        outside, stamp_pem=outside.chain_pem, files={**outside.files, "stamp_key": outside.files["leaf_key"]}
    )
    good = authorities.answer_of(outside)
    return {
        "timestamp.imprint": lambda request: good(new_question(b"another")),
        "timestamp.nonce": lambda request: good(_renonced(request)),
        "timestamp.certificate": authorities.answer_of(other),
        "timestamp.clock": authorities.answer_of(outside, clock=lambda: now() - timedelta(days=2)),
        "timestamp.invalid": lambda request: b"<html>Please log in</html>",
        "timestamp.refused": lambda request: der.sequence(der.sequence(der.integer(2))),
    }


def _renonced(request):
    (_, body, _), *_ = der.split(request)
    version, imprint, *_ = (one[2] for one in der.split(body))
    return der.sequence(version, imprint, der.integer(7))


LIES = (
    "timestamp.imprint", "timestamp.nonce", "timestamp.certificate", "timestamp.clock", "timestamp.invalid",
    "timestamp.refused",
)  # fmt: skip


@pytest.mark.parametrize("code", LIES)
def test_an_answer_that_is_wrong_signs_nothing_and_says_what_is_wrong(code, outside, means, sign_with):
    with authorities.serving(lies(outside)[code]) as authority, pytest.raises(TimestampUnavailableError) as caught:
        sign_with(means(authority.url))
    assert caught.value.code == code


def test_a_stamp_whose_signature_does_not_hold_signs_nothing(outside, means, sign_with):
    def broken(request):
        answer = bytearray(authorities.answer_of(outside)(request))
        answer[-1] ^= 1  # the end of the signature
        return bytes(answer)

    with authorities.serving(broken) as authority, pytest.raises(TimestampUnavailableError) as caught:
        sign_with(means(authority.url))
    assert caught.value.code == "timestamp.invalid"


def test_an_authority_that_no_list_holds_signs_nothing(outside, means, sign_with, ring):
    with authorities.serving(authorities.answer_of(outside)) as authority:
        with pytest.raises(TimestampUnavailableError) as caught:
            sign_with(means(authority.url, anchors=(ring.root_pem,)))
        assert caught.value.code == "timestamp.untrusted"
        signed = sign_with(means(authority.url))
    assert signed.stamped_by.startswith("Headwater local time stamp")
    assert signed.credentials.state is CredentialState.TRUSTED


@given(st.binary(max_size=400))
def test_no_answer_makes_the_check_fail_in_another_way(data):
    question = parse_question(new_question(b"data"))
    with pytest.raises(TimestampUnavailableError):
        stamp_answer.check_answer(question, data, now())


@pytest.mark.parametrize("status", [404, 503, 302])
def test_errors_and_redirects_are_no_stamps(status, means, sign_with):
    with (
        authorities.serving(lambda request: status) as authority,
        pytest.raises(TimestampUnavailableError, match=f"HTTP {status}"),
    ):
        sign_with(means(authority.url))


def test_an_endless_answer_is_cut_off(means, sign_with):
    with (
        authorities.serving(lambda request: bytes(2**20)) as authority,
        pytest.raises(TimestampUnavailableError, match="more than"),
    ):
        sign_with(means(authority.url))


# -- an authority that is not there


@pytest.fixture
def hung():
    """An authority that takes the question and says nothing, ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/tsa"


def test_a_hung_authority_is_given_up_long_before_the_sdk_would(hung, means, sign_with, monkeypatch):
    monkeypatch.setattr(tsa.ask, "__kwdefaults__", {"timeout_s": 0.3})
    chosen, begun = means(hung), time.monotonic()
    with pytest.raises(TimestampUnavailableError, match="nothing within"):
        sign_with(chosen)
    assert time.monotonic() - begun < 25  # the SDK alone waits 30 s
    with pytest.raises(TimestampUnavailableError) as caught:
        chosen.check()  # the next one is not even begun
    assert 0 < caught.value.retry_after_s <= 30


def test_one_that_drips_is_given_up_as_well():
    def drip(server):
        connection, _ = server.accept()
        with connection:
            try:
                for _ in range(100):
                    connection.sendall(b"H")
                    time.sleep(0.05)
            except OSError:
                pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=drip, args=(server,), daemon=True).start()
        with pytest.raises(TimestampUnavailableError, match="nothing within"):
            tsa.ask(f"http://127.0.0.1:{server.getsockname()[1]}/", b"", timeout_s=0.4)


def test_preferred_signs_without_a_stamp_and_says_so(means, sign_with):
    chosen = means("http://127.0.0.1:9/", mode="preferred")
    for _ in range(2):  # the second while nothing is asked
        signed = sign_with(chosen)
        assert signed.stamped_by is None
        assert "gives no answer" in signed.unstamped
        assert signed.credentials.signed_at is None
        assert signed.credentials.state is CredentialState.TRUSTED


def test_off_asks_nobody_and_complains_of_nothing(outside, means, sign_with):
    with authorities.serving(authorities.answer_of(outside)) as authority:
        signed = sign_with(means(authority.url, mode="off"))
        assert authority.asked == 0
    assert (signed.stamped_by, signed.unstamped, signed.credentials.signed_at) == (None, None, None)


def test_an_authority_that_comes_back_is_asked_again(outside, means, sign_with):
    with authorities.serving(lambda request: 503) as authority:
        chosen = means(authority.url)
        with pytest.raises(TimestampUnavailableError):
            sign_with(chosen)
        authority.answer = authorities.answer_of(outside)
        time.sleep(1.1)
        assert sign_with(chosen).stamped_by


# -- the relay


def test_the_relay_answers_each_address_once_and_only_on_loopback(ring):
    relay = Relay()
    try:
        with relay.address(lambda request: request[::-1]) as url:
            assert url.startswith("http://127.0.0.1:")
            assert _post(url, b"abc") == (200, b"cba")
            assert _post(url, b"abc")[0] == 404
            assert _post(url.rpartition("/")[0] + "/guess", b"abc")[0] == 404
        with relay.address(lambda request: b"") as url:
            assert _post(url, bytes(5000))[0] == 404
        with relay.address(lambda request: b"") as url:
            pass
        assert _post(url, b"abc")[0] == 404
    finally:
        relay.close()


def _post(url, data):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b""


PROXIED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from dam.provenance import keys, compose, signing
from dam.provenance.statement import Software, SourceType
from dam.provenance.trust import TrustStore
import io
from PIL import Image
ring = keys.create_chain(Path(sys.argv[1]) / "keys", "Studio", now=datetime.now(UTC))
out = io.BytesIO()
Image.new("RGB", (64, 64), "red").save(out, "PNG")
said = compose.creation(title="t", tool=Software(name="x"), source_type=SourceType.DIGITAL_CREATION)
made = signing.sign_created(out.getvalue(), "image/png", statement=said, ring=ring, store=TrustStore.of(ring.root_pem))
print(made.stamped_by)
"""


def test_proxies_of_the_environment_get_no_time_stamps(tmp_path):
    """The SDK's HTTP client sends even 127.0.0.1 to them."""
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    words = [sys.executable, "-c", PROXIED, str(tmp_path)]
    done = subprocess.run(words, env=os.environ | proxies, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.startswith("Headwater local time stamp"), done.stderr


# -- addresses


@pytest.mark.parametrize("url", ["ftp://x/", "http://", "tsa.example", "http://a b/", "http://x:99999/"])
def test_what_is_no_address_is_a_usage_error(url):
    with pytest.raises(UsageError):
        tsa.checked_url(url)


def test_a_password_in_the_address_is_sent_and_never_shown(means, sign_with, outside, caplog):
    def refuse(request):
        return 401

    with authorities.serving(refuse) as authority:
        url = authority.url.replace("http://", "http://studio:hunter2@")
        with caplog.at_level("DEBUG"), pytest.raises(TimestampUnavailableError) as caught:
            sign_with(means(url))
    assert "hunter2" not in f"{caught.value} {caught.value!r} {caplog.text} {means(url).stamping.where}"


# -- what a stamp is worth


@pytest.fixture(scope="module")
def ending(tmp_path_factory, picture, copy_statement):
    """A leaf that ended after it signed two files, one with a time stamp: (ring, stamped, bare)."""
    end = now().replace(microsecond=0) + timedelta(seconds=6)
    ring = keys.create_chain(
        tmp_path_factory.mktemp("ending") / "keys", "Studio", now=end - timedelta(days=certificates.LEAF_DAYS - 1)
    )
    assert ring.leaf_not_after == end
    original = tmp_path_factory.mktemp("ending") / "original.png"
    original.write_bytes(picture())
    signed = []
    for mode in ("required", "off"):
        stamping = Stamping(
            responder=lambda: authorities.responder(ring), anchors=lambda: (ring.root_pem,), clock=now, mode=mode
        )
        chosen = SigningMeans(ring=lambda: ring, stamping=stamping, clock=now)
        signed.append(
            signing.sign_copy(
                picture(seed=1), "image/png", original_path=str(original), original_mime="image/png",
                statement=copy_statement(picture()), ring=ring, store=TrustStore.of(ring.root_pem), means=chosen,
            ).data
        )  # fmt: skip
        chosen.close()
    time.sleep(max(0.0, (end - now()).total_seconds()) + 1.2)
    return ring, *signed


def test_a_file_stays_trusted_after_its_certificate_ended_only_with_a_time_stamp(ending):
    ring, stamped, bare = ending
    store = TrustStore.of(ring.root_pem)
    assert judge_bytes(stamped, "image/png", store).state is CredentialState.TRUSTED
    seen = judge_bytes(bare, "image/png", store)
    assert seen.state is CredentialState.CREDENTIAL_PROBLEM
    assert "signingCredential.expired" in seen.codes


def test_which_list_vouches_for_the_stamp_and_which_for_the_signer(ending):
    """What docs/keys.md says of the SDK's two kinds of anchors: its kinds do not keep them apart, chains do."""
    ring, stamped, _ = ending
    _, issuing = x509.load_pem_x509_certificates(ring.chain_pem.encode())
    signer_only = certificates.pem(issuing).decode()  # leads to the leaf, not to the stamp
    stamps_only = ring.stamp_pem.partition("-----END CERTIFICATE-----\n")[2]  # leads to the stamp, not to the leaf
    state = {
        "both": judge_bytes(stamped, "image/png", TrustStore.of(signer_only, tsa=stamps_only)).state,
        "signer": judge_bytes(stamped, "image/png", TrustStore.of(signer_only)).state,
        "stamps": judge_bytes(stamped, "image/png", TrustStore.of(tsa=stamps_only)).state,
        "kinds swapped": judge_bytes(stamped, "image/png", TrustStore.of(stamps_only, official=signer_only)).state,
    }
    assert state == {
        "both": CredentialState.TRUSTED,
        "signer": CredentialState.CREDENTIAL_PROBLEM,  # the stamp counts for nothing, and the leaf has ended
        "stamps": CredentialState.UNTRUSTED_SIGNER,
        "kinds swapped": CredentialState.TRUSTED,  # a list of signers vouches for stamps as well
    }
