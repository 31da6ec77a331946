"""Who signs: a key in a file of the library, a PEM chain and key that were supplied, or a key in a PKCS#11 token.

A signer turns the bytes to be signed into a raw signature (ECDSA as r||s, not DER: RFC 9053 §2.1). A file's key is read
anew for each signature, so that no long-lived object holds it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from dam.errors import DamError, SignerUnavailableError
from dam.provenance import certificates, chains, keyfiles
from dam.provenance.keys import KeyRing

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PROBE = b"headwater: does this key fit its certificate?"
_HASHES: dict[str, hashes.HashAlgorithm] = {"es256": hashes.SHA256(), "es384": hashes.SHA384()}
_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=32)


class Signer(Protocol):
    """What signing needs. `alg` is es256, es384, ps256 or ed25519; `where` names the key's place for people."""

    @property
    def key_id(self) -> str: ...

    @property
    def alg(self) -> str: ...

    @property
    def chain_pem(self) -> str: ...

    @property
    def where(self) -> str: ...

    def sign(self, data: bytes) -> bytes:
        """The raw signature of some 2 kB.

        Raises:
            SignerUnavailableError: the key cannot be used now.
        """
        ...


@dataclass(frozen=True, slots=True)
class FileSigner:
    """A private key in an unencrypted PEM file that only its owner may read."""

    key_id: str
    alg: str
    chain_pem: str = field(repr=False)
    path: Path

    @classmethod
    def of_ring(cls, ring: KeyRing) -> "FileSigner":
        """The library's own key."""
        return cls(ring.key_id, "es256", ring.chain_pem, ring.leaf_key_path)

    @property
    def where(self) -> str:
        return f"file {self.path.name}"

    def sign(self, data: bytes) -> bytes:
        return raw_signature(load_private_key(self.path), self.alg, data)


def load_supplied(chain_path: Path, key_path: Path, now: datetime) -> FileSigner:
    """A supplied chain and key, looked at before anything is signed with them.

    Raises:
        SignerUnavailableError: what is wrong with which of them, by code (docs/keys.md lists them).
    """
    chain = read_chain(chain_path)
    alg = chains.check(chain, now)
    signer = FileSigner(certificates.key_id_of(chain[0]), alg, certificates.pem(*chain).decode(), key_path)
    check_fit(signer, chain[0])
    return signer


def read_chain(path: Path) -> tuple[x509.Certificate, ...]:
    """A supplied chain, leaf first.

    Raises:
        SignerUnavailableError: the file cannot be read, or is no chain.
    """
    try:
        return chains.parse(keyfiles.get(path), str(path))
    except DamError as error:
        raise unavailable(error) from error


def check_fit(signer: Signer, leaf: x509.Certificate) -> None:
    """Sign something and verify it with the certificate.

    Raises:
        SignerUnavailableError: the key is another's ("signer.key_mismatch"), or cannot be used.
    """
    if not verifies(leaf, signer.alg, signer.sign(PROBE), PROBE):
        raise chains.problem(
            "key_mismatch",
            f"The key ({signer.where}) is not that of {leaf.subject.rfc4514_string()}.",
            "Chain and key must belong together.",
        )


def load_private_key(path: Path) -> PrivateKey:
    """Read a private key.

    Raises:
        SignerUnavailableError: it is gone, readable by others, encrypted, or no key that is signed with.
    """
    try:
        key = serialization.load_pem_private_key(keyfiles.get_secret(path), password=None)
    except TypeError as error:
        raise chains.problem(
            "key_encrypted",
            f"The key {path} is encrypted.",
            "Headwater asks for no passphrase: decrypt it into a file of mode 0600, or use PKCS#11.",
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise chains.problem(
            "key_pem", f"{path} is not a private key in PEM form.", "-----BEGIN PRIVATE KEY----- ..."
        ) from error
    except DamError as error:
        raise unavailable(error) from error
    if isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        return key
    raise chains.problem("algorithm", f"{path} is a kind of key that C2PA does not sign with.")


def raw_signature(key: PrivateKey, alg: str, data: bytes) -> bytes:
    """Sign as COSE wants it.

    Raises:
        SignerUnavailableError: the key is not one for `alg`.
    """
    if isinstance(key, ec.EllipticCurvePrivateKey) and alg in _HASHES:
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(_HASHES[alg])))
        size = (key.curve.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    if isinstance(key, rsa.RSAPrivateKey) and alg == "ps256":
        return key.sign(data, _PSS, hashes.SHA256())
    if isinstance(key, ed25519.Ed25519PrivateKey) and alg == "ed25519":
        return key.sign(data)
    raise chains.problem("key_mismatch", f"The key is not one for {alg}, which its certificate asks for.")


def verifies(leaf: x509.Certificate, alg: str, signature: bytes, data: bytes) -> bool:
    """Whether a raw signature is by the certificate's key."""
    key = leaf.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            half = len(signature) // 2
            r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
            key.verify(encode_dss_signature(r, s), data, ec.ECDSA(_HASHES[alg]))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, _PSS, hashes.SHA256())
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        else:
            return False
    except InvalidSignature:
        return False
    return True


@dataclass(slots=True)
class Guarded:
    """A signer's callback for the SDK, which keeps no reason: what was raised is kept here and raised afterwards."""

    signer: Signer
    error: SignerUnavailableError | None = None

    def callback(self) -> Callable[[bytes], bytes]:
        def sign(data: bytes) -> bytes:
            try:
                return self.signer.sign(data)
            except SignerUnavailableError as error:
                self.error = error
                raise

        return sign


def unavailable(error: DamError) -> SignerUnavailableError:
    """An error of a key's file ("keys.exposed") as one of the signer ("signer.exposed"): work waits for such codes."""
    code = f"signer.{error.code.rpartition('.')[2]}"
    return SignerUnavailableError(error.message, next_step=error.next_step, code=code, retry_after_s=60.0)
