"""With what a library signs: its signer and its time stamps, as the settings say."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from dam.provenance import chains, hsm, signers
from dam.provenance.keys import KeyRing
from dam.provenance.signers import FileSigner, Signer
from dam.provenance.stamping import Stamping
from dam.provenance.timestamps import Responder


@dataclass(frozen=True, slots=True)
class Supplied:
    """A signing identity from outside: a PEM chain, and a PEM file or a `pkcs11:` URI for its key."""

    chain: Path
    key: str
    pin: str | None = field(default=None, repr=False)

    @property
    def in_token(self) -> bool:
        return self.key.startswith(hsm.SCHEME)

    def load(self, now: datetime) -> Signer:
        """The signer, checked. Raises SignerUnavailableError with what is wrong."""
        if self.in_token:
            return hsm.load_token_signer(self.chain, self.key, pin=self.pin, now=now)
        return signers.load_supplied(self.chain, Path(self.key), now)

    @staticmethod
    def close(signer: Signer | None) -> None:
        """Log out of a token."""
        if isinstance(signer, hsm.TokenSigner):
            signer.close()


class SigningMeans:
    """Asked before each signature, so that a rotation or a renewed certificate counts at once."""

    def __init__(
        self,
        *,
        ring: Callable[[], KeyRing],
        stamping: Stamping,
        clock: Callable[[], datetime],
        supplied: Supplied | None = None,
    ) -> None:
        self.stamping, self.supplied = stamping, supplied
        self._ring, self._clock = ring, clock
        self._lock = threading.Lock()
        self._loaded: Signer | None = None
        self._ends: datetime | None = None
        self._seen: object = None

    @classmethod
    def of_ring(cls, ring: KeyRing) -> "SigningMeans":
        """The ring's own leaf; time-stamped by its own responder where it has a certificate for that."""

        def clock() -> datetime:
            return datetime.now(UTC)

        stamping = Stamping(
            responder=lambda: Responder.of_ring(ring, clock), anchors=lambda: (ring.stamp_pem, ring.root_pem), clock=clock,
            mode="required" if ring.stamp_pem else "off",
        )  # fmt: skip
        return cls(ring=lambda: ring, stamping=stamping, clock=clock)

    def signer(self) -> Signer:
        """Who signs now.

        Raises:
            SignerUnavailableError: the certificate has ended, or what is supplied cannot be used.
        """
        if self.supplied is None:
            ring = self._ring()
            if self._clock() >= ring.leaf_not_after:
                raise chains.problem(
                    "expired",
                    f"The signing certificate ended on {ring.leaf_not_after:%Y-%m-%d}.",
                    "Make a new one: dam keys rotate",
                )
            return FileSigner.of_ring(ring)
        with self._lock:
            seen = self._look()
            if self._loaded is None or seen != self._seen or self._clock() >= (self._ends or self._clock()):
                self._close()
                self._loaded = self.supplied.load(self._clock())
                self._seen, self._ends = seen, ends_of(self._loaded)
            return self._loaded

    def check(self) -> None:
        """Before work that would end in a signature.

        Raises:
            UnavailableError: there is no signer, or stamps are required and there are none.
        """
        self.signer()
        self.stamping.check()

    def close(self) -> None:
        self.stamping.close()
        with self._lock:
            self._close()

    def _close(self) -> None:
        loaded, self._loaded = self._loaded, None
        Supplied.close(loaded)

    def _look(self) -> object:
        assert self.supplied is not None
        paths = [self.supplied.chain] if self.supplied.in_token else [self.supplied.chain, Path(self.supplied.key)]
        try:
            return [(found.st_mtime_ns, found.st_size, found.st_ino) for found in (path.stat() for path in paths)]
        except OSError:
            return object()  # equal to nothing: loading says what is wrong


def ends_of(signer: Signer) -> datetime:
    """When the signer's chain ends: its shortest certificate."""
    chain = x509.load_pem_x509_certificates(signer.chain_pem.encode())
    return min(one.not_valid_after_utc for one in chain)
