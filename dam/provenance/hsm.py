"""Sign with a key in a PKCS#11 token (an HSM, a smart card, SoftHSM). The optional library is python-pkcs11.

One session is kept and used by one thread at a time: logging in for each signature costs more than signing. A wrong PIN
is tried once and never again by this process, because tokens lock themselves after a few.
"""

import hashlib
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_to_bytes

from cryptography import x509

from dam.errors import DamError, SignerUnavailableError
from dam.provenance import certificates, chains, keyfiles, signers

log = logging.getLogger(__name__)

SCHEME = "pkcs11:"
EXTRA = "pip install 'headwater-dam[pkcs11]'"
_REFUSED: set[bytes] = set()  # hashes of token and PIN: whoever asks again must not lock the token
_PATH = {"token", "object", "id", "serial", "manufacturer", "model", "type"}
_QUERY = {"module-path", "pin-source"}


@dataclass(frozen=True, slots=True)
class TokenUri:
    """An RFC 7512 URI, taken apart. It never holds a PIN."""

    module: Path
    token: str | None = None
    serial: bytes | None = None
    label: str | None = None
    object_id: bytes | None = None
    pin_file: Path | None = None

    @property
    def shown(self) -> str:
        names = [f"token={self.token}" if self.token else "", f"object={self.label}" if self.label else ""]
        names.append(f"id={self.object_id.hex()}" if self.object_id else "")
        return SCHEME + ";".join(name for name in names if name)


def parse_uri(text: str) -> TokenUri:
    """Take a `pkcs11:` URI apart.

    Raises:
        SignerUnavailableError: an attribute is unknown or missing ("signer.uri"), or the PIN stands in it.
    """
    path, _, query = text.removeprefix(SCHEME).partition("?")
    attributes = dict(one.partition("=")[::2] for one in path.split(";") if one)
    options = dict(parse_qsl(query.replace("+", "%2B"), keep_blank_values=True))
    if "pin-value" in attributes or "pin-value" in options:
        raise chains.problem(
            "pin_in_uri",
            "The PIN must not stand in the pkcs11: URI.",
            "Use DAM_PKCS11_PIN, or pin-source=file:/path (mode 0600).",
        )
    unknown = sorted((attributes.keys() - _PATH) | (options.keys() - _QUERY))
    if unknown:
        raise _bad_uri(f"The pkcs11: URI has unknown attributes: {', '.join(unknown)[:80]}.")
    if "module-path" not in options:
        raise _bad_uri("The pkcs11: URI names no module-path.")
    if not {"object", "id"} & attributes.keys() or not {"token", "serial"} & attributes.keys():
        raise _bad_uri("The pkcs11: URI must name the token (or serial) and the object (or id).")
    source = options.get("pin-source", "").removeprefix("file:").replace("//", "/")
    return TokenUri(
        module=Path(options["module-path"]),
        token=_text(attributes, "token"),
        serial=unquote_to_bytes(attributes["serial"]) if "serial" in attributes else None,
        label=_text(attributes, "object"),
        object_id=unquote_to_bytes(attributes["id"]) if "id" in attributes else None,
        pin_file=Path(source) if source else None,
    )


def pin_from(uri: TokenUri, given: str | None) -> Callable[[], str]:
    """Where the PIN comes from, asked at login: what was given (DAM_PKCS11_PIN), else the file that the URI names."""

    def pin() -> str:
        if given:
            return given
        if uri.pin_file is None:
            raise chains.problem(
                "pin_missing",
                f"{uri.shown} needs a PIN.",
                "Set DAM_PKCS11_PIN, or add pin-source=file:/path (mode 0600).",
            )
        try:
            return keyfiles.get_secret(uri.pin_file).decode().strip()
        except DamError as error:
            raise signers.unavailable(error) from error
        except UnicodeDecodeError:
            raise chains.problem("pin_missing", f"{uri.pin_file} holds no PIN.", "One line of text.") from None

    return pin


@dataclass(slots=True)
class TokenSigner:
    """A private key that never leaves its token."""

    uri: TokenUri
    key_id: str
    alg: str
    chain_pem: str = field(repr=False)
    _pin: Callable[[], str] = field(repr=False)
    _session: Any = field(repr=False, default=None)
    _key: Any = field(repr=False, default=None)
    _lock: threading.Lock = field(repr=False, default_factory=threading.Lock)
    _pid: int = field(repr=False, default=0)

    @property
    def where(self) -> str:
        return self.uri.shown

    def sign(self, data: bytes) -> bytes:
        with self._lock:
            try:
                return self._sign(data)
            except SignerUnavailableError:
                raise
            except _library().PKCS11Error:  # a token that was pulled out and put back: one new session
                log.info("%s: a new session", self.where)
                self._close()
            try:
                return self._sign(data)
            except _library().PKCS11Error as error:
                self._close()
                raise self._failed(error) from error

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        session, self._session, self._key = self._session, None, None
        if session is not None:
            try:
                session.close()
            except _library().PKCS11Error as error:
                log.debug("%s: closing: %s", self.where, type(error).__name__)

    def _sign(self, data: bytes) -> bytes:
        from pkcs11 import MGF, Mechanism

        if self._pid != os.getpid():  # a session of the parent process is not ours (PKCS#11 §6.6)
            self._session = self._key = None
            self._pid = os.getpid()
        if self._key is None:
            self._open()
        match self.alg:
            case "es256":
                return bytes(self._key.sign(hashlib.sha256(data).digest(), mechanism=Mechanism.ECDSA))
            case "es384":
                return bytes(self._key.sign(hashlib.sha384(data).digest(), mechanism=Mechanism.ECDSA))
            case "ed25519":
                return bytes(self._key.sign(data, mechanism=Mechanism.EDDSA))
            case _:
                how = (Mechanism.SHA256, MGF.SHA256, 32)
                return bytes(self._key.sign(data, mechanism=Mechanism.SHA256_RSA_PKCS_PSS, mechanism_param=how))

    def _open(self) -> None:
        from pkcs11 import ObjectClass

        pkcs11, pin = _library(), self._pin()
        attempt = hashlib.sha256(f"{self.uri}\0{pin}".encode()).digest()
        if attempt in _REFUSED:
            raise self._wrong_pin("as before")
        token = _token(self.uri)
        try:
            self._session = token.open(user_pin=pin)
        except pkcs11.UserAlreadyLoggedIn:
            self._session = token.open()
        except (
            pkcs11.PinIncorrect,
            pkcs11.PinLocked,
            pkcs11.PinInvalid,
            pkcs11.PinLenRange,
            pkcs11.PinExpired,
        ) as error:
            _REFUSED.add(attempt)
            raise self._wrong_pin(type(error).__name__) from None
        try:
            self._key = self._session.get_key(
                object_class=ObjectClass.PRIVATE_KEY, label=self.uri.label, id=self.uri.object_id
            )
        except (pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned) as error:
            self._close()
            words = (
                "no such private key" if isinstance(error, pkcs11.NoSuchKey) else "several private keys of that name"
            )
            raise chains.problem(
                "no_such_key", f"{self.where}: the token holds {words}.", "pkcs11-tool --list-objects"
            ) from error

    def _wrong_pin(self, how: str) -> SignerUnavailableError:
        return chains.problem(
            "pin_wrong", f"{self.where} refuses the PIN ({how}). It is not tried again by this process.",
            "Look at the PIN and at the token's counter of tries, then start again.",
        )  # fmt: skip

    def _failed(self, error: Exception) -> SignerUnavailableError:
        return SignerUnavailableError(
            f"{self.where} does not sign: {type(error).__name__}.",
            next_step="Look at the token; what waits for it is signed when it is back.",
            retry_after_s=10.0,
        )


def load_token_signer(chain_path: Path, text: str, *, pin: str | None, now: datetime) -> TokenSigner:
    """A key in a token with its supplied chain, looked at before anything is signed with them.

    Raises:
        SignerUnavailableError: what is wrong with which of them, by code.
    """
    uri = parse_uri(text)
    chain = signers.read_chain(chain_path)
    alg = chains.check(chain, now)
    signer = TokenSigner(
        uri, certificates.key_id_of(chain[0]), alg, certificates.pem(*chain).decode(), pin_from(uri, pin)
    )
    _check(signer, chain[0])
    return signer


def _check(signer: TokenSigner, leaf: x509.Certificate) -> None:
    try:
        signers.check_fit(signer, leaf)
    except BaseException:
        signer.close()
        raise


def _token(uri: TokenUri) -> Any:
    pkcs11 = _library()
    if not uri.module.is_file():
        raise chains.problem(
            "module", f"There is no PKCS#11 module at {uri.module}.", "module-path= names the .so of your token."
        )
    try:
        found = pkcs11.lib(str(uri.module))
    except (RuntimeError, pkcs11.PKCS11Error) as error:
        raise chains.problem("module", f"The PKCS#11 module {uri.module} cannot be used: {error}.") from error
    try:
        return found.get_token(token_label=uri.token, token_serial=uri.serial)
    except (pkcs11.NoSuchToken, pkcs11.MultipleTokensReturned, pkcs11.PKCS11Error) as error:
        raise SignerUnavailableError(
            f"{uri.shown}: the token is not there ({type(error).__name__}).",
            next_step="Put it in, or correct the URI; what waits for it is signed then.", code="signer.no_such_token",
            retry_after_s=10.0,
        ) from error  # fmt: skip


def _library() -> Any:
    try:
        import pkcs11
    except ImportError as error:
        raise chains.problem(
            "pkcs11_missing", "Keys in tokens need the package python-pkcs11.", f"Install it: {EXTRA}"
        ) from error
    return pkcs11


def _text(attributes: dict[str, str], name: str) -> str | None:
    return unquote(attributes[name]) if name in attributes else None


def _bad_uri(message: str) -> SignerUnavailableError:
    return chains.problem("uri", message, "pkcs11:token=NAME;object=NAME?module-path=/usr/lib/….so")
