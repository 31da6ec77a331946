"""Trust lists: `dam trust list/import --json`, GET and POST /api/v1/trust."""

from datetime import datetime

from pydantic import Field

from dam_schemas.base import Wire


class AnchorOut(Wire):
    subject: str
    sha256: str
    not_after: datetime
    is_ca: bool


class TierOut(Wire):
    """One tier: official, interim, organisation, tsa. Where it came from is null if it was not imported as it is."""

    tier: str
    anchors: int
    source: str | None = None
    source_sha256: str | None = None
    imported_at: str | None = None
    imported_by: str | None = None
    name: str | None = None
    version: str | None = None
    issued_at: str | None = None
    next_update: str | None = None
    expired: int = 0
    expiring: list[AnchorOut] = Field(default_factory=list)


class RejudgedOut(Wire):
    """What judging again has come to. `changes`: "untrusted_signer -> trusted (official)" -> how many; `waiting`: on
    drives that are offline; `left`: still due.
    """

    judged: int = 0
    changed: int = 0
    waiting: int = 0
    left: int = 0
    failed: int = 0
    changes: dict[str, int] = Field(default_factory=dict)


class TrustOut(Wire):
    """`trust_list` is the SHA-256 over all anchors that verdicts name."""

    trust_list: str
    tiers: list[TierOut]
    rejudged: RejudgedOut


class TrustImportOut(Wire):
    """What an import did, or would do (`dry_run`). `asked`: verdicts that became due; `rejudged` null: not waited for."""

    tier: str
    dry_run: bool
    anchors: int
    added: int
    removed: int
    source: str
    source_sha256: str
    name: str | None = None
    version: str | None = None
    trust_list: str
    warnings: list[str] = Field(default_factory=list)
    asked: int = 0
    rejudged: RejudgedOut | None = None
