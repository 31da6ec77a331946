"""Answers about a file in the hand, and about the library's own state."""

from typing import Any

from pydantic import Field

from dam_schemas.asset import AssetOut
from dam_schemas.base import ProblemOut, Wire
from dam_schemas.inspect import CredentialsOut


class MarkOut(Wire):
    """A mark that was decoded and verified by its keyed tag. `p_false`: chance that noise looks like this. `agreement`: how
    well the picture agrees with the one that the mark was made for (-1 to 1; from 0.2 on it is taken for the same).
    """

    mark_id: str
    engine: str
    key_id: str
    verified: bool
    score: float
    p_false: float
    transform: dict[str, Any] = Field(default_factory=dict)
    asset_id: str | None = None
    agreement: float | None = None


class MatchOut(Wire):
    """One way in which an asset of ours was recognised. `score` 0..1; `detail` holds distances, ids and `p_false`, the chance
    that it is another one. Of a frame: from `at_s` to `until_s` of the video; of a clip or
    sound: it begins at `starts_s` of ours, with a share of `errors` in the bits of a sound.
    """

    asset_id: str
    found_by: str  # sha256, manifest, mark, fingerprint, clip (a piece of a video), frame (a still of one), sound
    score: float
    detail: dict[str, Any] = Field(default_factory=dict)


class RuleOut(Wire):
    """One rule of the conformance programme. `level` is fail or warn; `matches` names what breaks it; `section` is the
    place in the C2PA specification that the rubric names (None: a demand of the programme itself).
    """

    id: str
    level: str
    passed: bool
    demand: str
    section: str | None = None
    matches: list[str] = Field(default_factory=list)


class SignalsOut(Wire):
    """What one manifest says of its making, in the programme's words. `inferred`: an ingredient of that manifest says it,
    and has no manifest of its own.
    """

    label: str | None = None
    inferred: bool = False
    signals: list[str] = Field(default_factory=list)


class RubricOut(Wire):
    """`passed`: no rule of level fail is broken; `met` of `total` rules are met. `integrity` is a rubric of its own."""

    name: str
    passed: bool
    met: int
    total: int
    rules: list[RuleOut]
    integrity: list[RuleOut]
    signals: list[SignalsOut]


class VerifyOut(Wire):
    """`authentic` only if the credential is trusted and nothing contradicts it. `rubric` only if it was asked for."""

    path: str
    authentic: bool
    reasons: list[str]
    sha256: str | None = None
    credentials: CredentialsOut
    mark: MarkOut | None = None
    matches: list[MatchOut] = Field(default_factory=list)
    problems: list[ProblemOut] = Field(default_factory=list)
    rubric: RubricOut | None = None
    ai_generated: bool | None = None  # what any carrier of the file says, the credential or others; null = nothing says
    digital_source_type: str | None = None


class IdentifyOut(Wire):
    """Which asset of ours is this file, and how that was found. `conflicts` names what does not fit together."""

    path: str
    sha256: str | None = None
    asset: AssetOut | None = None
    found_by: str | None = None
    score: float | None = None
    matches: list[MatchOut] = Field(default_factory=list)
    conflicts: list[str] = Field(default_factory=list)
    problems: list[ProblemOut] = Field(default_factory=list)


class AuditEntryOut(Wire):
    seq: int
    at: str
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    hash: str


class AuditVerdictOut(Wire):
    ok: bool
    checked: int
    first_bad_seq: int | None = None
    reason: str | None = None
    head: str | None = None


class CheckOut(Wire):
    """One line of `dam doctor`: ok, warn or fail, with what to do."""

    name: str
    status: str
    message: str
    next_step: str | None = None


class DoctorOut(Wire):
    ok: bool
    checks: list[CheckOut]


class BackupOut(Wire):
    """What `dam backup` and `dam restore` end with. `vault` and `keys` are "included", "reference" or "none";
    `lost` are vault files that were not found, or not as they should be; `problems` is empty if it was proven.
    """

    folder: str
    library: str
    tables: str
    made_at: str
    assets: int
    decisions: int
    edges: int
    audit_entries: int
    audit_head: str
    vault: str
    vault_files: int
    vault_bytes: int
    keys: str
    lost: list[str] = Field(default_factory=list)
    problems: list[ProblemOut] = Field(default_factory=list)
    seconds: float


class ReparseOut(Wire):
    """What `dam reparse` did, or would do. `by_field` and `by_reader` count changed assets; `not_kept` were read before
    carriers were kept and stay as they are; `resumed_after` were looked at by an earlier run that was stopped.
    """

    reader: str | None = None
    dry_run: bool = False
    looked_at: int
    changed: int
    unchanged: int
    not_kept: int = 0
    edges: int = 0
    by_field: dict[str, int] = Field(default_factory=dict)
    by_reader: dict[str, int] = Field(default_factory=dict)
    problems: list[ProblemOut] = Field(default_factory=list)
    resumed_after: int = 0
    seconds: float = 0.0


class ReparsedOut(Wire):
    """One asset that changed, or would (`dam reparse --changes`)."""

    asset_id: str
    sha256: str
    fields: list[str]
    readers: list[str] = Field(default_factory=list)
    edges: int = 0


class ErrorOut(Wire):
    """application/problem+json (RFC 9457) with our stable code."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    next_step: str | None = None
