"""Evidence bundles: what making one prints, what checking one prints, and the index inside it."""

from typing import Any

from pydantic import Field

from dam_schemas.base import Wire


class EvidenceMemberOut(Wire):
    """One file of a bundle."""

    path: str
    sha256: str
    size_bytes: int
    media_type: str
    what: str


class EvidenceAbsentOut(Wire):
    """What a bundle does not hold, and why."""

    what: str
    why: str


class EvidenceOut(Wire):
    """A bundle that was written, or would be. `size_bytes` of a dry run counts the members alone."""

    asset_id: str
    path: str
    contains: str = Field(description="protected, original or none")
    size_bytes: int
    written: bool
    prompts: bool
    root_sha256: str
    members: list[EvidenceMemberOut]
    absent: list[EvidenceAbsentOut] = Field(default_factory=list)


class FindingOut(Wire):
    """One thing that was looked at. `state` is holds, fails, or note (which changes nothing)."""

    check: str
    state: str
    message: str


class EvidenceReportOut(Wire):
    """What checking a bundle found; `ok` only if nothing fails. `root_trusted`: by a root that you gave or that your
    library holds; otherwise the bundle itself brought its root.
    """

    path: str
    ok: bool
    root_trusted: bool
    root_sha256: str | None = None
    organisation: str | None = None
    asset_id: str | None = None
    asset_sha256: str | None = None
    made_at: str | None = None
    findings: list[FindingOut]


class EvidenceAssetOut(Wire):
    """The asset that a bundle is about."""

    id: str
    sha256: str
    title: str
    mime: str
    size_bytes: int


class EvidenceLedgerOut(Wire):
    """The state of the audit trail: how many entries, the hash of the last, the root of the tree over all hashes."""

    rule: str
    size: int
    head: str
    root: str


class EvidenceSignatureOut(Wire):
    """Where the signature over the exact bytes of index.json stands, and the certificates for it."""

    file: str
    algorithm: str
    encoding: str
    chain: str
    root: str


class EvidenceIndexOut(Wire):
    """`index.json` of a bundle: every other member with size and SHA-256, and what the bundle was made from."""

    format: str
    made_at: str
    made_by: dict[str, str]
    library: dict[str, str]
    asset: EvidenceAssetOut
    contains: str = Field(description="protected, original or none")
    file: str | None
    prompts: bool
    trust_list: str = Field(description="SHA-256 over all anchors that were asked")
    trust_lists: dict[str, str] = Field(description="SHA-256 of each list")
    ledger: EvidenceLedgerOut
    root_sha256: str
    signature: EvidenceSignatureOut
    members: list[EvidenceMemberOut]
    absent: list[EvidenceAbsentOut]


def printed(made: Any) -> EvidenceOut:
    """From service.evidence.Made, whose members carry their bytes along."""
    members = [
        {"path": m.name, "sha256": m.sha256, "size_bytes": m.size_bytes, "media_type": m.media_type, "what": m.what}
        for m in made.members
    ]
    fields = {name: getattr(made, name) for name in EvidenceOut.model_fields if name != "members"}
    return EvidenceOut.model_validate({**fields, "members": members})
