"""Trust lists in labelled tiers: who may be believed, and how strongly that can be said.

`official` is the C2PA trust list, `interim` the retired list that older files still chain to, `organisation` this
library's own root. `tsa` holds time-stamp authorities and vouches for no signer: Google's and OpenAI's roots stand in
both official lists, so the SDK alone calls their files "Trusted" from the time-stamp list (`verdict` asks again then).
"""

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cryptography import x509

from dam.errors import LimitError, UndecodableError, UnreadableError

TIERS = ("official", "interim", "organisation")  # strongest label first
LISTS = (*TIERS, "tsa")
OWN_STAMPS = "organisation-tsa.pem"  # the library's own time-stamping CA, vouching for time stamps only
OWN_TSA = "own_tsa"  # ... as a list: a stamp that it vouches for is called local
MAX_LIST_BYTES = 4 * 1024 * 1024
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


@dataclass(frozen=True, slots=True)
class AnchorList:
    """One list for the SDK: `kind` says what it may vouch for, `name` comes back with the verdict."""

    name: str
    kind: Literal["manifest", "tsa"]
    pem: str


@dataclass(frozen=True, slots=True)
class TrustStore:
    """The anchors that a verdict asks, as PEM text a tier; "" = the tier is not there. Build with `of` or `load_store`."""

    official: str = field(default="", repr=False)
    interim: str = field(default="", repr=False)
    organisation: str = field(default="", repr=False)
    tsa: str = field(default="", repr=False)
    own_tsa: str = field(default="", repr=False)
    sha256: str = field(init=False, default="")
    _lists: tuple[AnchorList, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        digest = hashlib.sha256()
        for name in (*LISTS, OWN_TSA):
            digest.update(f"{name}\0{getattr(self, name)}\0".encode())
        object.__setattr__(self, "sha256", digest.hexdigest())
        object.__setattr__(self, "_lists", self._without_repeats())

    @classmethod
    def of(cls, organisation: str = "", *, official: str = "", interim: str = "", tsa: str = "") -> "TrustStore":
        """Keep only the certificates of each text.

        Raises:
            UndecodableError: a text that is not empty holds no certificate, or a broken one.
        """
        texts = {"official": official, "interim": interim, "organisation": organisation, "tsa": tsa}
        return cls(**{name: _certificates(text, name) for name, text in texts.items()})

    def lists(self) -> tuple[AnchorList, ...]:
        """Every list that is not empty, each anchor only in the strongest tier that holds it.

        Where lists share an anchor, the SDK names any one of them (measured, 0.38.1: not in order).
        """
        return self._lists

    def _without_repeats(self) -> tuple[AnchorList, ...]:
        seen: set[str] = set()
        found = []
        for name in (*LISTS, OWN_TSA):
            anchors = [one for one in _CERTIFICATE.findall(getattr(self, name)) if one not in seen]
            seen.update(anchors)
            if anchors:
                found.append(AnchorList(name, "manifest" if name in TIERS else "tsa", "\n".join(anchors) + "\n"))
        return tuple(found)

    def certificates(self, tier: str) -> list[str]:
        """One list's anchors, each as PEM, in its order."""
        return list(_CERTIFICATE.findall(getattr(self, tier)))

    def only(self, tier: str) -> tuple[AnchorList, ...]:
        """One tier's anchors alone, or () where the tier is not there."""
        pem = getattr(self, tier)
        return (AnchorList(tier, "manifest", pem),) if pem else ()


def load_store(library: Path) -> TrustStore:
    """Read `<library>/trust/{official,interim,organisation,tsa}.pem`; a list that is not there is an empty tier.

    The library's own time-stamping CA stands in a file of its own.

    Raises:
        UnreadableError: a list is there and cannot be read.
        LimitError: a list is larger than MAX_LIST_BYTES.
        UndecodableError: a list holds no certificate, or a broken one.
    """
    texts = {name: _read_list(library / "trust" / f"{name}.pem") for name in LISTS}
    texts[OWN_TSA] = _read_list(library / "trust" / OWN_STAMPS)
    return TrustStore(**texts)


def list_paths(library: Path) -> tuple[Path, ...]:
    """The files that `load_store` reads."""
    return tuple(library / "trust" / name for name in (*(f"{tier}.pem" for tier in LISTS), OWN_STAMPS))


def _read_list(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_LIST_BYTES + 1)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UnreadableError(f"The trust list {path} cannot be read: {error.strerror}.") from error
    if len(data) > MAX_LIST_BYTES:
        raise LimitError(f"The trust list {path} is larger than {MAX_LIST_BYTES} bytes.")
    return _certificates(data.decode("utf-8", "replace"), str(path))


def _certificates(text: str, where: str) -> str:
    """The PEM blocks of `text` without the words between them. One bad block makes the SDK refuse the whole list."""
    if not text.strip():
        return ""
    blocks = _CERTIFICATE.findall(text)
    try:
        x509.load_pem_x509_certificates("\n".join(blocks).encode())
    except ValueError as error:
        raise UndecodableError(
            f"The trust list {where} holds no certificates that can be read.",
            next_step="It must be PEM text: -----BEGIN CERTIFICATE----- ...",
            code="trust.undecodable",
        ) from error
    return "\n".join(blocks) + "\n"
