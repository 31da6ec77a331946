"""From what is known of an asset to the members of its bundle. Pure, apart from the one file that it is told to pack."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from dam.audit import chain, tree
from dam.lineage import drawing, render
from dam.lineage.graph import Lineage
from dam.metadata.secrets import redact
from dam.model import Credentials, Edge
from dam.provenance.stores import Signature
from dam.report import bundle
from dam.report.bundle import Member

SPOKEN = ("prompt", "negative_prompt")  # what people typed; it is private unless asked for
TOLD = (  # of a carrier's fields, what never holds a person's words
    "tool", "tool_version", "model", "model_hash", "seed", "steps", "sampler", "scheduler", "cfg_scale", "width",
    "height", "digital_source_type", "ai_generated",
)  # fmt: skip
_DEPTH = 64
_CLEAN = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Carrier:
    """One raw statement of a file, as it was kept. `raw` None: it was not kept."""

    carrier: str
    raw: bytes | None
    raw_bytes: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Paper:
    """The credential of the file in the bundle (or of the one that stayed out)."""

    verdict: Credentials
    of: str  # original, protected
    report: Mapping[str, Any] | None = None  # the SDK's JSON
    crjson: Mapping[str, Any] | None = None
    store: bytes | None = field(default=None, repr=False)
    signature: Signature = field(default_factory=lambda: Signature((), ()))


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a bundle tells, as plain data. `detail` as finding.Finder.detail gives it."""

    detail: Mapping[str, Any]
    lineage: Lineage  # descent only; likeness is none
    alike: Sequence[Edge]
    titles: Mapping[str, str]
    digests: Mapping[str, str]  # asset id -> SHA-256, of every node
    carriers: Sequence[Carrier]
    paper: Paper | None
    links: Sequence[tuple[str, chain.Link]]  # the asset's entries, each with the hash before it
    hashes: Sequence[str] = field(repr=False)  # of every entry of the ledger
    thumbnail: bytes | None = field(default=None, repr=False)
    prompts: bool = False


def papers(facts: Facts) -> list[Member]:
    """Every member but the file, the certificates, the page and the index."""
    return [
        *_asset(facts),
        *_credentials(facts.paper, prompts=facts.prompts),
        *_lineage(facts),
        *_claims(facts),
        bundle.json_member("decisions/decisions.json", facts.detail["decisions"], what="who approved or rejected it"),
        *ledger(facts.links, facts.hashes),
    ]


def _asset(facts: Facts) -> list[Member]:
    left_out = {"generation", "claims", "credentials", "decisions", "edges", "prompt", "timeline", "score", "stages"}
    told = {name: value for name, value in facts.detail.items() if name not in left_out}
    told["locations"] = [asdict(one) for one in told["locations"]]
    told["copies"] = [{k: v for k, v in one.items() if k != "storage_key"} for one in told["copies"]]
    found = [bundle.json_member("asset/asset.json", told, what="what the catalogue says of the file")]
    if facts.detail.get("timeline"):
        found.append(bundle.json_member("asset/timeline.json", facts.detail["timeline"], what="what the cut uses"))
    return found


def _credentials(paper: Paper | None, *, prompts: bool) -> list[Member]:
    if paper is None:
        return []
    verdict = _quiet({"of": paper.of, **asdict(paper.verdict)}, prompts=prompts)
    found = [bundle.json_member("credentials/verdict.json", verdict, what="what the credential was worth, when made")]
    if paper.report is not None:
        found.append(
            bundle.json_member(
                "credentials/manifest.json",
                _quiet(paper.report, prompts=prompts),
                what="the manifests, as the SDK reads",
            )
        )
    if paper.crjson is not None:
        found.append(
            bundle.json_member(
                "credentials/manifest.crjson", _quiet(paper.crjson, prompts=prompts), what="the manifests, as crJSON"
            )
        )
    if paper.store is not None:
        what = "the C2PA manifest store, byte for byte"
        found.append(bundle.member("credentials/manifest.c2pa", paper.store, media_type="application/c2pa", what=what))
    if paper.signature.certificates:
        pem = pem_of(paper.signature.certificates)
        what = "the certificates inside the credential"
        found.append(
            bundle.member("credentials/signer.pem", pem, media_type="application/pem-certificate-chain", what=what)
        )
    for number, token in enumerate(paper.signature.time_stamps, 1):
        name, what = f"credentials/time-stamp-{number}.tst", "an RFC 3161 time-stamp token of the credential (DER)"
        found.append(bundle.member(name, token, media_type="application/timestamp-reply", what=what))
    return found


def _quiet(value: Any, *, prompts: bool, depth: int = 0) -> Any:
    """Our reading of a credential without secrets, without the time of reading, which the index says, and without what
    people typed unless asked for. The store itself goes along as its signer wrote it.
    """
    if depth > _DEPTH:
        return "(nested deeper than is shown here)"
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k != "validationTime"}
        if not prompts:
            kept = {k: v for k, v in kept.items() if "prompt" not in str(k).lower() and k != "data_text"}
        return {k: _quiet(v, prompts=prompts, depth=depth + 1) for k, v in kept.items()}
    if isinstance(value, list | tuple):
        return [_quiet(one, prompts=prompts, depth=depth + 1) for one in value]
    return redact(value) if type(value) is str else value


def pem_of(certificates: Sequence[bytes]) -> bytes:
    """DER as PEM, unread: what stood in a stranger's file goes along as it stood."""
    import base64
    import textwrap

    blocks = ("\n".join(textwrap.wrap(base64.b64encode(one).decode(), 64)) for one in certificates)
    return "".join(f"-----BEGIN CERTIFICATE-----\n{block}\n-----END CERTIFICATE-----\n" for block in blocks).encode()


def _lineage(facts: Facts) -> list[Member]:
    line = facts.lineage
    told = {
        "start": line.start,
        "truncated": line.truncated,
        "nodes": [
            {
                "id": one.asset_id, "level": one.level, "title": facts.titles.get(one.asset_id),
                "sha256": facts.digests.get(one.asset_id),
            }
            for one in line.nodes
        ],
        "edges": [asdict(one) for one in line.edges],
        "alike": [
            {**asdict(one), "titles": [facts.titles.get(i) for i in (one.parent_id, one.child_id)]} for one in facts.alike
        ],
    }  # fmt: skip
    drawn = {
        "lineage.prov.json": (render.prov(line, facts.titles), "application/json", "the same as W3C PROV-JSON"),
        "lineage.mmd": (render.mermaid(line, facts.titles), "text/vnd.mermaid", "the same as a Mermaid drawing"),
        "lineage.svg": (drawing.svg(line, facts.titles), "image/svg+xml", "the same as a picture"),
    }
    return [
        bundle.json_member("lineage/lineage.json", told, what="where it came from and what was made of it"),
        *(
            bundle.member(f"lineage/{name}", text.encode("utf-8", "replace"), media_type=kind, what=what)
            for name, (text, kind, what) in drawn.items()
        ),
    ]


def spoken(made: Any, *, prompts: bool) -> Any:
    """A generation, with or without what people typed (also in its stages)."""
    if prompts or not made:
        return made
    told = {name: value for name, value in made.items() if name not in SPOKEN}
    if isinstance(told.get("stages"), list):
        told["stages"] = [{k: v for k, v in one.items() if k not in SPOKEN} for one in told["stages"]]
    return told


def _claims(facts: Facts) -> list[Member]:
    raws = [_raw(number, one) if facts.prompts else None for number, one in enumerate(facts.carriers, 1)]
    claims = [
        {**one, "fields": one["fields"] if facts.prompts else {k: v for k, v in one["fields"].items() if k in TOLD}}
        for one in facts.detail["claims"]
    ]
    carriers = [
        {
            "carrier": one.carrier, "bytes": one.raw_bytes, "sha256": one.sha256,
            "file": raw[0].name if raw else None, "secrets_removed": raw[1] if raw else None,
        }
        for one, raw in zip(facts.carriers, raws, strict=True)
    ]  # fmt: skip
    told = {"prompts_included": facts.prompts, "claims": claims, "carriers": carriers}
    made = spoken(facts.detail["generation"], prompts=facts.prompts)
    return [
        bundle.json_member("claims/claims.json", told, what="what the file says of itself, and who read it"),
        bundle.json_member("claims/generation.json", made, what="how it was made, all statements together"),
        *(one[0] for one in raws if one),
    ]


def _raw(number: int, one: Carrier) -> tuple[Member, bool] | None:
    """A raw carrier as a member, and whether secrets were taken out (then it is text)."""
    if one.raw is None:
        return None
    data = one.raw
    text = data.decode("utf-8", "surrogateescape")
    clean = redact(text)
    removed = clean != text
    if removed:
        data = clean.encode("utf-8", "surrogateescape")
    name = f"claims/carriers/{number:03}-{_CLEAN.sub('-', one.carrier).strip('-')[:60] or 'carrier'}.bin"
    what = f"the carrier {one.carrier}" + (", secrets taken out" if removed else ", as it stood")
    return bundle.member(name, data, media_type="application/octet-stream", what=what), removed


def ledger(links: Sequence[tuple[str, chain.Link]], hashes: Sequence[str]) -> list[Member]:
    """The asset's entries, and for each the path to the root of the whole ledger's tree (`audit.tree`)."""
    entries = [
        {**json.loads(chain.canonical(link.entry)), "previous": before, "hash": link.hash} for before, link in links
    ]
    seqs = sorted({link.entry.seq for _, link in links} | {len(hashes)})
    root, size, paths = tree.prove(hashes, seqs)
    proof = {
        "rule": chain.RULE.decode().strip(),
        "tree": "RFC 9162 2.1",
        "size": size,
        "root": root,
        "head": {"seq": size, "hash": hashes[-1]},
        "paths": {str(seq): list(paths[seq]) for seq in seqs},
    }
    return [
        bundle.json_member("ledger/entries.json", entries, what="what the audit trail says of it"),
        bundle.json_member("ledger/proof.json", proof, what="the proof that these entries stand in the whole trail"),
    ]
