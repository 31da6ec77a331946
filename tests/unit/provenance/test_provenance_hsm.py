"""Keys in a PKCS#11 token: SoftHSM2 from the distribution's packages, where it is installed."""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dam.errors import SignerUnavailableError
from dam.model import CredentialState
from dam.provenance import hsm, signing
from dam.provenance.means import SigningMeans, Supplied
from dam.provenance.stamping import Stamping
from dam.provenance.trust import TrustStore
from tests.support import authorities, identities

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
PIN = "271828"


def now():
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def module():
    pytest.importorskip("pkcs11", reason="needs python-pkcs11 (the extra pkcs11)")
    found = next((path for path in MODULES if Path(path).exists()), None)
    if found is None or shutil.which("softhsm2-util") is None:
        pytest.skip("needs SoftHSM2 (Debian: apt-get install softhsm2)")
    return found


@pytest.fixture(scope="module")
def token(module, tmp_path_factory):
    """token(identity, label) -> the URI of its key, moved into a token of its own for this run."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")  # read once, when the module is loaded
    _softhsm("--init-token", "--free", "--label", "studio", "--pin", PIN, "--so-pin", "31415926")
    numbers = iter(range(1, 99))

    def put(identity, label):
        _softhsm(
            "--import",
            str(identity.key),
            "--token",
            "studio",
            "--label",
            label,
            "--id",
            f"{next(numbers):02X}",
            "--pin",
            PIN,
        )
        identity.key.unlink()
        return f"pkcs11:token=studio;object={label}?module-path={module}"

    yield put
    del os.environ["SOFTHSM2_CONF"]


def _softhsm(*words):
    subprocess.run(["softhsm2-util", *words], check=True, capture_output=True, env=os.environ)


def load(one, uri, pin=PIN):
    return hsm.load_token_signer(one.chain, uri, pin=pin, now=now())


@pytest.mark.parametrize("alg", ["es256", "es384", "ps256"])
def test_a_key_in_a_token_signs_a_picture(alg, token, picture, ring, copy_statement, tmp_path):
    one = identities.Identity(tmp_path / "outside", alg)
    uri = token(one, f"signer-{alg}")
    original = tmp_path / "original.png"
    original.write_bytes(picture())
    stamping = Stamping(responder=lambda: authorities.responder(ring), anchors=lambda: (ring.stamp_pem,), clock=now)
    means = SigningMeans(ring=lambda: ring, stamping=stamping, clock=now, supplied=Supplied(one.chain, uri, PIN))
    try:
        signed = signing.sign_copy(
            picture(seed=1), "image/png", original_path=str(original), original_mime="image/png",
            statement=copy_statement(picture()), ring=ring, means=means,
            store=TrustStore.of(official=one.root_pem, organisation=ring.root_pem),
        )  # fmt: skip
    finally:
        means.close()
    assert signed.credentials.state is CredentialState.TRUSTED
    assert not one.key.exists()


def test_a_wrong_pin_is_tried_once_and_never_again_so_that_the_token_does_not_lock(token, tmp_path):
    one = identities.Identity(tmp_path / "outside")
    uri = token(one, "careful")
    for _ in range(20):  # SoftHSM and most tokens lock long before
        with pytest.raises(SignerUnavailableError) as caught:
            load(one, uri, pin="000000")
        assert caught.value.code == "signer.pin_wrong"
        assert "000000" not in f"{caught.value} {caught.value!r}"
    load(one, uri).close()


def test_the_pin_may_come_from_a_file_that_nobody_else_may_read(token, tmp_path):
    one = identities.Identity(tmp_path / "outside")
    file = tmp_path / "pin"
    file.write_text(PIN + "\n")
    uri = f"{token(one, 'filed')}&pin-source=file:{file}"
    file.chmod(0o644)
    with pytest.raises(SignerUnavailableError, match="Others may read"):
        load(one, uri, pin=None)
    file.chmod(0o600)
    load(one, uri, pin=None).close()


def test_another_keys_certificate_is_noticed(token, tmp_path):
    one, other = identities.Identity(tmp_path / "one"), identities.Identity(tmp_path / "other")
    uri = token(one, "mismatched")
    with pytest.raises(SignerUnavailableError) as caught:
        load(other, uri)
    assert caught.value.code == "signer.key_mismatch"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("object=absent", "object=nothing"), "signer.no_such_key"),
        (("token=studio", "token=elsewhere"), "signer.no_such_token"),
        (("libsofthsm2.so", "libnothing.so"), "signer.module"),
    ],
)
def test_what_is_not_there_is_said(change, code, module, token, tmp_path):
    one = identities.Identity(tmp_path / "outside")
    uri = f"pkcs11:token=studio;object=absent?module-path={module}".replace(*change)
    with pytest.raises(SignerUnavailableError) as caught:
        load(one, uri)
    assert caught.value.code == code


def test_a_session_that_was_closed_under_us_is_opened_again(token, tmp_path):
    one = identities.Identity(tmp_path / "outside")
    signer = load(one, token(one, "reopened"))
    signer._session.close()
    assert signer.sign(b"data")
    signer.close()


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("pkcs11:token=a;object=b?module-path=/x.so&pin-value=123456", "signer.pin_in_uri"),
        ("pkcs11:token=a;object=b;pin-value=123456?module-path=/x.so", "signer.pin_in_uri"),
        ("pkcs11:token=a;object=b", "signer.uri"),
        ("pkcs11:token=a?module-path=/x.so", "signer.uri"),
        ("pkcs11:object=a?module-path=/x.so", "signer.uri"),
        ("pkcs11:token=a;object=b;colour=red?module-path=/x.so", "signer.uri"),
        ("pkcs11:", "signer.uri"),
    ],
)
def test_a_uri_that_does_not_do_is_said_and_its_pin_is_not(uri, code):
    with pytest.raises(SignerUnavailableError) as caught:
        hsm.parse_uri(uri)
    assert caught.value.code == code
    assert "123456" not in str(caught.value)


def test_a_uri_is_read_as_rfc_7512_writes_it():
    uri = hsm.parse_uri(
        "pkcs11:token=My%20Token;object=caf%C3%A9;id=%01%A2;type=private?module-path=/l/x.so&pin-source=file:/run/pin"
    )
    assert (uri.token, uri.label, uri.object_id) == ("My Token", "café", b"\x01\xa2")
    assert (str(uri.module), str(uri.pin_file)) == ("/l/x.so", "/run/pin")
    assert uri.shown == "pkcs11:token=My Token;object=café;id=01a2"


def test_without_a_pin_it_is_said_where_one_is_looked_for():
    uri = hsm.parse_uri("pkcs11:token=a;object=b?module-path=/x.so")
    with pytest.raises(SignerUnavailableError, match="DAM_PKCS11_PIN"):
        hsm.pin_from(uri, None)()
