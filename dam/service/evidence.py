"""Evidence bundles: gather what is known of an asset, write it as one signed zip, and check such a zip."""

import hashlib
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dam
from dam.audit import chain
from dam.catalogue.reading import Reader, open_reader
from dam.errors import BadFileError, ConflictError, NotFoundError, PolicyError, UnreadableError, UsageError
from dam.ingest.parts import Parts
from dam.lineage.graph import Direction, Lineage, walk
from dam.media import hashing
from dam.media.paths import from_text
from dam.model import Edge, Relation
from dam.provenance import keys, sdk, stores, trust, verdict
from dam.report import bundle, checking, contents, page, signatures, writing
from dam.report.bundle import Member, Plan
from dam.report.contents import Carrier, Facts, Paper
from dam.service.finding import Finder, edge_of, link_of

KINDS = ("protected", "original", "none")
README = """\
Evidence bundle ({format}), made by Headwater. Open report.html first.

To check it with Headwater (no library is needed):   dam evidence verify FILE.zip

To check it by hand (unzip it, then in its folder):
  openssl x509 -in certificates/signer.pem -pubkey -noout > signer.pub
  openssl dgst -sha256 -verify signer.pub -signature index.sig index.json
  openssl verify -no_check_time -CAfile certificates/root.pem -untrusted certificates/signer.pem certificates/signer.pem
  openssl x509 -in certificates/root.pem -noout -fingerprint -sha256
  python3 -c "import json; [print(m['sha256'], m['path'], sep='  ') for m in json.load(open('index.json'))['members']]" \\
      | sha256sum -c --strict

The fingerprint of the root must be one that you have from the signer by another way.
"""


@dataclass(frozen=True, slots=True)
class Made:
    """A bundle that was written, or (`written` False) would be. Attribute names are the wire's (dam_schemas.evidence.EvidenceOut)."""

    asset_id: str
    path: str
    contains: str
    size_bytes: int
    written: bool
    prompts: bool
    members: tuple[Member, ...]
    absent: tuple[dict[str, str], ...]
    root_sha256: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What a bundle shall hold. `file` None: the protected copy if there is one, else the original if it can be read."""

    file: str | None = None
    prompts: bool = False


@dataclass(frozen=True, slots=True)
class _File:
    """The file that a bundle speaks of: what it is, where it lies, what it was hashed to."""

    kind: str
    path: str
    mime: str
    sha256: str
    name: str


class Evidence:
    def __init__(self, parts: Parts, find: Finder) -> None:
        self._parts, self._find = parts, find

    def plan(self, asset: str, wish: Wish) -> Plan:
        """Everything that a bundle would hold, hashed and signed; nothing is written.

        Raises:
            PolicyError: the file was rejected, so it does not leave the house. NotFoundError: no such asset or copy.
            UnreadableError, BadFileError: the file that was asked for cannot be read, or is not the one known.
        """
        if wish.file is not None and wish.file not in KINDS:
            raise UsageError(f"A bundle cannot be made with {wish.file!r}.", next_step=f"Use {', '.join(KINDS)}.")
        detail = self._find.detail(asset)
        file, absent = self._file(detail, wish)
        _allowed(detail, file, wish)
        paper = _paper(file, self._parts, absent)
        facts = self._facts(detail, paper, wish)
        holds = file if file is not None and wish.file != "none" else None
        members = contents.papers(facts)
        if holds is not None:
            what = "the file itself" if holds.kind == "original" else "its marked and signed copy"
            packed = bundle.file_member(holds.name, holds.path, media_type=holds.mime, what=what)
            if packed.sha256 != holds.sha256:
                raise BadFileError(
                    f"{holds.path!a} is not the file that the catalogue knows.",
                    next_step="Run: dam scan",
                    code="evidence.changed",
                )
            members.append(packed)
        return self._assembled(facts, members, holds, absent)

    def _assembled(
        self, facts: Facts, members: list[Member], holds: _File | None, absent: list[dict[str, str]]
    ) -> Plan:
        ring, now = self._parts.ring, self._parts.clock()
        root = ring.root_pem.encode()
        pem = "application/pem-certificate-chain"
        members += [
            bundle.member(bundle.SIGNER, ring.chain_pem.encode(), media_type=pem, what="who signed the list"),
            bundle.member(bundle.ROOT, root, media_type=pem, what="the root of that"),
            bundle.member(
                bundle.README,
                README.format(format=bundle.FORMAT).encode(),
                media_type="text/plain",
                what="how to check this",
            ),
        ]
        proof = next(json.loads(one.data or b"{}") for one in members if one.name == "ledger/proof.json")
        about = {
            "made_at": chain.timestamp(now),
            "made_by": {"name": "Headwater", "version": dam.__version__, "c2pa_sdk": sdk.version()},
            "library": {"id": self._parts.catalogue.library_id, "organisation": ring.organisation},
            "asset": {name: facts.detail[name] for name in ("id", "sha256", "title", "mime", "size_bytes")},
            "contains": holds.kind if holds else "none",
            "file": holds.name if holds else None,
            "prompts": facts.prompts,
            "trust_list": self._parts.trust.sha256,
            "trust_lists": _lists(self._parts.trust),
            "ledger": {
                "rule": proof["rule"],
                "size": proof["size"],
                "head": proof["head"]["hash"],
                "root": proof["root"],
            },
            "root_sha256": signatures.fingerprint(root),
            "absent": absent,
        }
        members.append(page.render(facts, about, sorted(members, key=lambda one: one.name)))
        return bundle.assemble(about, members, made_at=now, sign=self._sign)

    def _sign(self, data: bytes) -> bytes:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        return keys.load_leaf_key(self._parts.ring).sign(data, ec.ECDSA(hashes.SHA256()))

    def make(
        self,
        asset: str,
        to: Path | None = None,
        *,
        wish: Wish | None = None,
        dry_run: bool = False,
        actor: str = "service",
    ) -> Made:
        """Write the bundle of an asset. `to` may be a folder; nothing that is there is written over. The ledger says who
        took what out of the house.

        Raises as `plan`, and:
            ConflictError: the name is taken. StorageError: it cannot be written.
        """
        plan = self.plan(asset, wish or Wish())
        known = plan.index["asset"]
        target = _target(to, str(known["title"]))
        if os.path.lexists(target):
            raise ConflictError(
                f"{target} is there already.", next_step="Choose another name: --to FILE.zip", code="evidence.taken"
            )
        if not dry_run:
            writing.write(plan, target)
            self._note(plan, hashing.sha256_file(os.fspath(target)), actor)
        return Made(
            str(known["id"]), os.fspath(target), str(plan.index["contains"]),
            os.path.getsize(target) if not dry_run else plan.size_bytes, not dry_run, bool(plan.index["prompts"]),
            tuple(plan.members), tuple(plan.index["absent"]), str(plan.index["root_sha256"]),
        )  # fmt: skip

    def _note(self, plan: Plan, sha256: str, actor: str) -> None:
        detail = {
            "sha256": sha256, "contains": plan.index["contains"], "prompts": plan.index["prompts"],
            "absent": [one["what"] for one in plan.index["absent"]],
        }  # fmt: skip
        with self._parts.catalogue.change(actor=actor) as unit:
            unit.audit("evidence.made", str(plan.index["asset"]["id"]), detail)

    # -- what is gathered

    def _file(self, detail: dict[str, Any], wish: Wish) -> tuple[_File | None, list[dict[str, str]]]:
        """The file that was asked for, else the best there is, and what had to stay out."""
        absent: list[dict[str, str]] = []
        if wish.file == "protected":
            return self._protected(detail), absent
        if wish.file == "original":
            return self._original(detail), absent
        for way in (self._protected, self._original):
            try:
                return way(detail), absent
            except (NotFoundError, UnreadableError) as error:
                reason = error.message
        absent.append({"what": "the file", "why": reason})
        return None, absent

    def _protected(self, detail: dict[str, Any]) -> _File:
        path, mime, _ = self._find.copy_of(detail["id"])
        sha256 = next(one["sha256"] for one in detail["copies"] if one["kind"] == "protected")
        if not os.path.isfile(path):
            raise NotFoundError(
                "The protected copy is not in the vault.", next_step="Run: dam doctor", code="copy.lost"
            )
        return _File("protected", path, mime, sha256, f"asset/protected{_suffix(path)}")

    def _original(self, detail: dict[str, Any]) -> _File:
        with open_reader(self._parts.catalogue.path) as reader:
            places = reader.readable_places(detail["id"])
        for folder, relative, _ in places:
            path = os.path.join(from_text(folder), from_text(relative))
            if os.path.isfile(path):
                return _File("original", path, detail["mime"], detail["sha256"], f"asset/original{_suffix(path)}")
        raise UnreadableError(
            f"{detail['title']} is at no place that can be read now.", next_step="Connect its drive, or use --with none.",
            code="asset.offline",
        )  # fmt: skip

    def _facts(self, detail: dict[str, Any], paper: Paper | None, wish: Wish) -> Facts:
        with open_reader(self._parts.catalogue.path) as reader:
            line, alike = _walk(reader, detail["id"])
            names = {one.asset_id for one in line.nodes} | {i for e in alike for i in (e.parent_id, e.child_id)}
            cards = reader.cards(sorted(names))
            carriers = _carriers(reader, detail)
            links, hashes = _ledger(reader, detail["id"])
        if not hashes or any(chain.entry_hash(before, link.entry) != link.hash for before, link in links):
            raise ConflictError(
                "The audit trail does not hold, so nothing can be proven by it.",
                next_step="Run: dam audit verify",
                code="evidence.ledger",
            )
        thumbnail = None
        if wish.file != "none":  # a small picture is a picture
            with suppress(NotFoundError):
                thumbnail = self._find.thumbnail(detail["id"], 256)
        return Facts(
            detail=detail, lineage=line, alike=alike, titles={c.id: c.title for c in cards}, digests={c.id: c.sha256 for c in cards},
            carriers=carriers, paper=paper, links=links, hashes=hashes, thumbnail=thumbnail, prompts=wish.prompts,
        )  # fmt: skip


def _walk(reader: Reader, asset_id: str) -> tuple[Lineage, list[Edge]]:
    """Descent up and down, and apart from it what looks like the asset itself."""

    def neighbours(ids: Sequence[str], direction: Direction) -> list[Edge]:
        up = direction is Direction.UP
        found = [edge_of(e) for e in reader.edges(ids, up=up, down=not up)]
        return [e for e in found if e.relation is not Relation.NEAR_DUPLICATE]

    alike = [e for e in map(edge_of, reader.edges([asset_id])) if e.relation is Relation.NEAR_DUPLICATE]
    return walk(asset_id, neighbours, 8, 8), alike


def _allowed(detail: dict[str, Any], file: _File | None, wish: Wish) -> None:
    """A rejected file stays in the house; what is known of it may go."""
    if file is not None and wish.file != "none" and detail["status"] == "rejected":
        raise PolicyError(
            f"{detail['title']} was rejected, so the file does not leave the house.",
            next_step="Use --with none for everything but the file.", code="evidence.rejected",
        )  # fmt: skip


def _paper(file: _File | None, parts: Parts, absent: list[dict[str, str]]) -> Paper | None:
    """The credential of a file, judged now."""
    if file is None:
        return None
    found = verdict.judge(file.path, file.mime, parts.trust)
    if found.label is None:
        if found.state.value == "none":
            absent.append({"what": "a content credential", "why": "the file carries none"})
        return Paper(found, file.kind)
    with _opened(file.path) as stream:
        store = stores.extract(stream)
        report = crjson = None
        with suppress(sdk.SdkError):
            report = sdk.read_store(stream, file.mime, parts.trust.lists())
            crjson = sdk.read_crjson(stream, file.mime, parts.trust.lists())
    if store is None:
        why = "it does not stand in one piece in files of this type; it is in the file itself"
        absent.append({"what": "the manifest store as a file of its own", "why": why})
    carried = stores.signatures(store or b"").get(found.label, stores.Signature((), ()))
    if not carried.time_stamps:
        why = "the credential carries none, so its signature is believed while its certificate is valid"
        absent.append({"what": "a time stamp", "why": why})
    return Paper(found, file.kind, report=report, crjson=crjson, store=store, signature=carried)


def _carriers(reader: Reader, detail: dict[str, Any]) -> list[Carrier]:
    """Every raw statement that was kept, in the order of the claims."""
    rows = reader.rows(
        "SELECT carrier, blob, raw, raw_bytes FROM claim WHERE asset_id = ? ORDER BY carrier, id", detail["id"]
    )
    packed = reader.one("SELECT packed FROM carrier_pack WHERE asset_id = ?", detail["id"])
    blobs = _blobs(packed, detail) if packed else {}
    found = []
    for row in rows:
        raw = blobs.get(row["blob"]) if row["blob"] is not None else zlib.decompress(row["raw"]) if row["raw"] else None
        sha256 = hashlib.sha256(raw).hexdigest() if raw is not None else None
        found.append(Carrier(row["carrier"], raw, row["raw_bytes"], sha256))
    return found


def _blobs(packed: bytes, detail: dict[str, Any]) -> dict[int, bytes]:
    from dam.metadata.keep import opened
    from dam.model import Kind, Media

    _, kept = opened(packed, Media(kind=Kind(detail["kind"]), mime=detail["mime"]))
    return {number: raw for raw, number in kept.blobs.items()}


def _ledger(reader: Reader, asset_id: str) -> tuple[list[tuple[str, chain.Link]], list[str]]:
    """The asset's entries, each with the hash before it, and the hash of every entry."""
    hashes = [row["hash"] for row in reader.rows("SELECT hash FROM audit_entry ORDER BY seq")]
    start = chain.genesis(reader.one("SELECT id FROM library")).hash
    rows = reader.audit(limit=100_000, subject=asset_id)
    links = [link_of(row) for row in rows if row["seq"] <= len(hashes)]
    return [(hashes[one.entry.seq - 2] if one.entry.seq > 1 else start, one) for one in links], hashes


def _lists(store: trust.TrustStore) -> dict[str, str]:
    """SHA-256 of each list of anchors that is there."""
    texts = {name: getattr(store, name) for name in (*trust.TIERS, "tsa")}
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items() if text}


def _suffix(path: str) -> str:
    suffix = os.path.splitext(path)[1].lower()
    return suffix if suffix.isascii() and suffix[1:].isalnum() and len(suffix) <= 9 else ".bin"


def _target(to: Path | None, title: str) -> Path:
    kept = "".join(c for c in os.path.splitext(title)[0] if c.isalnum() or c in " ._-").strip(". ")[:80] or "asset"
    name = f"{kept}.evidence.zip"
    if to is None:
        return Path(name)
    return to / name if to.is_dir() else to


# -- checking


def verify(path: str, *, roots: list[Path] | None = None, library: Path | None = None) -> checking.Report:
    """Check a bundle from its zip alone. `library` may be a folder whose trust lists are asked as well, if it is there.

    Raises:
        UnreadableError: the zip cannot be opened. BadFileError: a root that was given is no certificate.
    """
    believed: dict[str, str] = {}
    store = None
    if library is not None and (library / "trust").is_dir():
        store = trust.load_store(library)
        believed = dict.fromkeys(_fingerprints(store.organisation), "one of this library's own")
    if roots:  # then nothing else counts
        believed = {one: "given" for root in roots for one in _given(root)}
    with _opened(path) as stream:
        return checking.check(stream, path, roots=believed, store=store)


def _fingerprints(pem: str) -> list[str]:
    blocks = [block + "-----END CERTIFICATE-----\n" for block in pem.split("-----END CERTIFICATE-----")[:-1]]
    return [signatures.fingerprint(block.encode()) for block in blocks]


def _given(root: Path) -> list[str]:
    try:
        found = _fingerprints(root.read_text("ascii"))
    except OSError as error:
        raise UnreadableError(f"{root} cannot be read: {error.strerror}.") from error
    except ValueError:
        found = []
    if not found:
        raise BadFileError(f"{root} holds no certificate.", next_step="It must be PEM text.", code="evidence.root")
    return found


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    try:
        stream = open(path, "rb", buffering=1 << 16)  # noqa: SIM115  # closed below; only opening it is translated
    except OSError as error:
        raise UnreadableError(f"{path!a} cannot be opened: {error.strerror}.") from error
    with stream:
        yield stream
