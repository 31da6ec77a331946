"""Check a bundle from its zip alone: container, signature, hashes, credential, ledger, and that they tell one story.

Nothing of a bundle is believed before its signature and hashes hold; contents are bounded and never inflated.
"""

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from dam.errors import BadFileError
from dam.provenance.trust import TrustStore
from dam.report import bundle, signatures, story, zips

MAX_JSON_BYTES = 64 << 20
MAX_INDEX_BYTES = 16 << 20
MAX_SIGNATURE_BYTES = 1 << 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `state`: holds, fails, or note (said for people, changes nothing)."""

    check: str
    state: str
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """What the check found; `ok` only if nothing fails. `root_trusted`: by a root that you gave or your library holds."""

    path: str
    ok: bool
    findings: tuple[Finding, ...]
    root_sha256: str | None = None
    root_trusted: bool = False
    organisation: str | None = None
    asset_id: str | None = None
    asset_sha256: str | None = None
    made_at: str | None = None


@dataclass(slots=True)
class Checked:
    """A bundle while it is looked at."""

    stream: BinaryIO
    members: dict[str, zips.Placed]
    index: dict[str, Any] = field(default_factory=dict)
    signer: signatures.Signer | None = None
    findings: list[Finding] = field(default_factory=list)

    def say(self, check: str, state: str, message: str) -> None:
        self.findings.append(Finding(check, state, message))

    def holds(self, check: str, message: str) -> None:
        self.say(check, "holds", message)

    def fails(self, check: str, message: str) -> None:
        self.say(check, "fails", message)

    def note(self, check: str, message: str) -> None:
        self.say(check, "note", message)

    @property
    def sound(self) -> bool:
        return not any(one.state == "fails" for one in self.findings)

    def data(self, name: str, limit: int = MAX_JSON_BYTES) -> bytes:
        """A member's bytes. Raises ValueError where it is missing or larger than the limit."""
        member = self.members.get(name)
        if member is None:
            raise ValueError(f"{name} is missing")
        if member.entry.size_bytes > limit:
            raise ValueError(f"{name} is larger than {limit} bytes")
        return b"".join(zips.blocks(self.stream, member))

    def json(self, name: str, limit: int = MAX_JSON_BYTES) -> Any:
        try:
            return json.loads(self.data(name, limit))
        except RecursionError as error:
            raise ValueError(f"{name} is nested too deep") from error


def check(stream: BinaryIO, path: str, *, roots: Mapping[str, str], store: TrustStore | None = None) -> Report:
    """Check a bundle. Never raises for what the bundle is.

    `roots` are fingerprints (SHA-256 of the DER, hex) that are believed, each with the words that say whence. `store`:
    the trust lists of a library, for judging the credential again; None = the bundle's own root alone.
    """
    seen = Checked(stream, {})
    try:
        seen.members = {one.entry.name: one for one in zips.read(stream)}
        seen.holds("container", f"{len(seen.members)} members, every byte of the zip accounted for")
        _signature(seen, roots)
        _members(seen)
    except BadFileError as error:
        seen.fails("container", error.message)
    except OSError as error:
        seen.fails("container", f"It cannot be read: {error.strerror or error}.")
    if seen.sound:
        story.tell(seen, store)
    return _report(seen, path, roots)


def _report(seen: Checked, path: str, roots: Mapping[str, str]) -> Report:
    asset = seen.index.get("asset") if seen.sound else None
    known = asset if isinstance(asset, dict) else {}
    root = seen.signer.root_sha256 if seen.signer else None
    return Report(
        path, seen.sound, tuple(seen.findings), root, root in roots, seen.signer.organisation if seen.signer else None,
        _text(known.get("id")), _text(known.get("sha256")), _text(seen.index.get("made_at")) if seen.sound else None,
    )  # fmt: skip


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _signature(seen: Checked, roots: Mapping[str, str]) -> None:
    """The signature first: only then the index is believed."""
    try:
        data = seen.data(bundle.INDEX, MAX_INDEX_BYTES)
        signature = seen.data(bundle.SIGNATURE, MAX_SIGNATURE_BYTES)
        chain, root = seen.data(bundle.SIGNER, 1 << 18), seen.data(bundle.ROOT, 1 << 18)
        signer = signatures.check(data, signature, chain, root)
        index = json.loads(data)
        known = index["format"] == bundle.FORMAT
        inside = signer.not_before <= datetime.fromisoformat(str(index["made_at"])) <= signer.not_after
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        seen.fails("signature", f"The list of members is not signed as it should be: {error}.")
        return
    seen.index, seen.signer = index, signer
    if not known:
        seen.fails("signature", f"Its format is {str(index['format'])[:40]!a}, which this version does not know.")
        return
    if not inside:
        seen.fails("signature", "The certificate was not valid at the time at which the bundle says it was made.")
        return
    seen.holds("signature", f"The list of members was signed with a certificate of {signer.organisation}.")
    _root(seen, signer, roots)


def _root(seen: Checked, signer: signatures.Signer, roots: Mapping[str, str]) -> None:
    if signer.root_sha256 in roots:
        words = "the one that you gave" if roots[signer.root_sha256] == "given" else roots[signer.root_sha256]
        seen.holds("root", f"The signer's root {signer.root_sha256} is {words}.")
    elif "given" in roots.values():
        seen.fails("root", f"The signer's root {signer.root_sha256} is not the one that you gave.")
    else:
        seen.note(
            "root",
            f"Self-asserted root {signer.root_sha256}: the bundle itself brings it. Compare this number with one that "
            "you have from the signer by another way.",
        )


def _members(seen: Checked) -> None:
    """Every member that the index lists, and no other, with the size and hash that it says."""
    listed = _listed(seen.index)
    if listed is None:
        if seen.sound:
            seen.fails("members", "The list of members is not in the form that it should have.")
        return
    own = set(seen.members) - {bundle.INDEX, bundle.SIGNATURE}
    for name in sorted(own - set(listed)):
        seen.fails("members", f"{name} is in the zip and not in the signed list.")
    for name in sorted(set(listed) - own):
        seen.fails("members", f"{name[:200]} is in the signed list and not in the zip.")
    for name in sorted(own & set(listed)):
        _hash(seen, name, listed[name])
    for name in (bundle.INDEX, bundle.SIGNATURE):
        _hash(seen, name, None)
    if seen.sound:
        seen.holds("members", f"All {len(listed)} listed members are there, unchanged, and nothing else is.")


def _hash(seen: Checked, name: str, listed: tuple[str, int] | None) -> None:
    digest, crc = hashlib.sha256(), 0
    for block in zips.blocks(seen.stream, seen.members[name]):
        digest.update(block)
        crc = zlib.crc32(block, crc)
    entry = seen.members[name].entry
    if crc != entry.crc:
        seen.fails("members", f"{name} does not match the checksum of its zip entry.")
    if listed is not None and (digest.hexdigest(), entry.size_bytes) != listed:
        seen.fails("members", f"{name} is not what was signed: its SHA-256 or size differs.")


def _listed(index: Mapping[str, Any]) -> dict[str, tuple[str, int]] | None:
    found: dict[str, tuple[str, int]] = {}
    rows = index.get("members")
    for row in rows if isinstance(rows, list) else [None]:
        if not isinstance(row, dict) or not isinstance(row.get("path"), str) or row["path"] in found:
            return None
        found[row["path"]] = (str(row.get("sha256")), row.get("size_bytes", -1))
    return found
