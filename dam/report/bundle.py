"""The form `headwater-evidence/1`: members, the index over them, and its signature. Pure.

`index.json` names every other member with size and SHA-256. `index.sig` is the ECDSA signature (P-256, SHA-256, DER)
over the exact bytes of `index.json` by the key of `certificates/signer.pem`, whose chain ends at
`certificates/root.pem`. docs/evidence.md tells how to check both with openssl and sha256sum.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dam.errors import UnreadableError
from dam.report.zips import BLOCK_BYTES, Entry

FORMAT = "headwater-evidence/1"
INDEX, SIGNATURE = "index.json", "index.sig"
SIGNER, ROOT = "certificates/signer.pem", "certificates/root.pem"
PAGE, README = "report.html", "README.txt"


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a bundle: bytes in memory, or a file on disk (`path`) that is read when it is packed."""

    name: str
    media_type: str
    what: str
    sha256: str
    size_bytes: int
    crc: int
    data: bytes | None = field(default=None, repr=False)
    path: str | None = None

    @property
    def entry(self) -> Entry:
        return Entry(self.name, self.size_bytes, self.crc)

    def blocks(self) -> Iterator[bytes]:
        """The bytes, block by block.

        Raises:
            UnreadableError: the file is gone or refuses to be read.
        """
        if self.path is None:
            yield self.data or b""
            return
        try:
            with open(self.path, "rb", buffering=0) as stream:
                while block := stream.read(BLOCK_BYTES):
                    yield block
        except OSError as error:
            raise UnreadableError(f"{self.name} cannot be read: {error.strerror or error}.") from error


def member(name: str, data: bytes, *, media_type: str, what: str) -> Member:
    """A member from bytes."""
    return Member(name, media_type, what, hashlib.sha256(data).hexdigest(), len(data), zlib.crc32(data), data)


def file_member(name: str, path: str, *, media_type: str, what: str) -> Member:
    """A member from a file, read once for its hash.

    Raises:
        UnreadableError: it refuses to be read.
    """
    digest, crc, size = hashlib.sha256(), 0, 0
    for block in Member(name, media_type, what, "", 0, 0, path=path).blocks():
        digest.update(block)
        crc, size = zlib.crc32(block, crc), size + len(block)
    return Member(name, media_type, what, digest.hexdigest(), size, crc, path=path)


def json_member(name: str, value: object, *, what: str, media_type: str = "application/json") -> Member:
    return member(name, json_bytes(value), media_type=media_type, what=what)


def json_bytes(value: object) -> bytes:
    """Sorted, indented UTF-8; what has no UTF-8 is escaped as JSON knows it."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=str)
    return (text + "\n").encode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole bundle, before a byte of it is written. `members` in the order of the zip, index and signature first."""

    index: Mapping[str, Any]
    members: Sequence[Member]
    made_at: datetime

    @property
    def size_bytes(self) -> int:
        """The members' bytes; the zip adds some 100 bytes and twice its name for each."""
        return sum(one.size_bytes for one in self.members)


def assemble(
    facts: Mapping[str, Any], members: Sequence[Member], *, made_at: datetime, sign: Callable[[bytes], bytes]
) -> Plan:
    """Order the members, write the index and have it signed.

    `facts` is what the index says beside its members (dam_schemas.evidence.EvidenceIndexOut); `sign` gives ECDSA P-256
    over SHA-256, as DER, of the bytes that it is given.
    """
    page = [one for one in members if one.name == PAGE]
    listed = page + sorted((one for one in members if one.name != PAGE), key=lambda one: one.name)
    index = {
        "format": FORMAT,
        **facts,
        "signature": {"file": SIGNATURE, "algorithm": "ES256", "encoding": "DER", "chain": SIGNER, "root": ROOT},
        "members": [
            {
                "path": one.name,
                "sha256": one.sha256,
                "size_bytes": one.size_bytes,
                "media_type": one.media_type,
                "what": one.what,
            }
            for one in listed
        ],
    }
    data = json_bytes(index)
    head = (
        member(INDEX, data, media_type="application/json", what="the signed list of everything here"),
        member(SIGNATURE, sign(data), media_type="application/octet-stream", what="the signature of the list"),
    )
    return Plan(index, (*head, *listed), made_at)
