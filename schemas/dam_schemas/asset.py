"""Assets, search pages and the summaries of a pass."""

from typing import Any

from pydantic import Field

from dam_schemas.base import ProblemOut, Wire
from dam_schemas.inspect import ClipOut, TimelineOut


class LocationOut(Wire):
    root: str
    path: str
    availability: str


class AssetOut(Wire):
    """The card of an asset: what lists print."""

    id: str
    sha256: str
    kind: str
    status: str
    title: str
    mime: str
    size_bytes: int
    width_px: int | None = None
    height_px: int | None = None
    duration_s: float | None = None
    ai_generated: bool | None = None
    digital_source_type: str | None = None
    tool: str | None = None
    model: str | None = None
    prompt: str | None = None
    credential: str
    credential_tier: str | None = None
    protected: bool
    availability: str
    admitted_at: str
    created_at: str
    locations: list[LocationOut] = Field(default_factory=list)
    characters: list[str] = Field(default_factory=list)
    scenes: list[str] = Field(default_factory=list)
    shots: list[str] = Field(default_factory=list)
    projects: list[str] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)
    score: float | None = None


class DecisionOut(Wire):
    verdict: str
    reason: str | None = None
    person: str
    decided_at: str


class CopyOut(Wire):
    kind: str
    recipe: str
    sha256: str
    size_bytes: int
    mime: str
    made_at: str
    mark_id: str | None = None
    psnr_db: float | None = None
    survived: dict[str, bool] = Field(default_factory=dict)


class DeliveredOut(Wire):
    """A copy in a folder, protected or labelled; `written` is false where it lay there already, or on a dry run. `sidecar`
    is the path of the manifest store of a file that carries none itself.
    """

    asset_id: str
    path: str
    sha256: str
    size_bytes: int
    written: bool
    sidecar: str | None = None


class StageStateOut(Wire):
    stage: str
    state: str
    code: str | None = None
    message: str | None = None


class EdgeOut(Wire):
    """parent → child with the evidence for it."""

    parent_id: str
    child_id: str
    relation: str
    evidence: str
    confidence: float
    detail: dict[str, Any] = Field(default_factory=dict)
    asserted_by: str = "machine"


class ClipMatchOut(Wire):
    """An asset that a clip may be."""

    asset_id: str
    title: str | None = None
    evidence: str
    confidence: float


class CutClipOut(ClipOut):
    matches: list[ClipMatchOut] = Field(default_factory=list)


class CutOut(TimelineOut):
    """A timeline in the library: at most 2,000 clips are shown, `clip_count` says how many there are."""

    clip_count: int
    clips: list[CutClipOut] = Field(default_factory=list)  # type: ignore[assignment]  # the same clips, with more about each


class AssetDetailOut(AssetOut):
    """Everything that the catalogue holds about one asset."""

    generation: dict[str, Any] | None = None
    claims: list[dict[str, Any]] = Field(default_factory=list)
    credentials: dict[str, Any] | None = None
    fingerprints: list[dict[str, Any]] = Field(default_factory=list)
    decisions: list[DecisionOut] = Field(default_factory=list)
    copies: list[CopyOut] = Field(default_factory=list)
    stages: list[StageStateOut] = Field(default_factory=list)
    edges: list[EdgeOut] = Field(default_factory=list)
    timeline: CutOut | None = None


class SearchPageOut(Wire):
    """A page of hits. `understood` says how the query was read, `notes` what was not understood."""

    query: str
    understood: str
    notes: list[str] = Field(default_factory=list)
    total: int
    facets: dict[str, dict[str, int]] = Field(default_factory=dict)
    assets: list[AssetOut] = Field(default_factory=list)
    next: str | None = None
    suggestions: list[str] = Field(default_factory=list, description="queries nearby, where this one finds nothing")


class QuarantinedOut(Wire):
    root: str
    path: str
    code: str
    message: str


class RootOut(Wire):
    id: str
    name: str
    path: str
    protect: str | None = None
    protect_mode: str | None = None
    state: str
    state_reason: str | None = None
    last_scan_at: str | None = None
    files: int = 0
    mode: str = "events"
    watch_mode: str | None = None
    file_system: str | None = None
    marker: bool = False
    full_scan_at: str | None = None
    full_scan_s: float | None = None


class SummaryOut(Wire):
    """What `dam scan` and `dam up --once` end with."""

    seen: int
    admitted: int
    unchanged: int
    moved: int = 0
    missing: int = 0
    waiting: list[str] = Field(default_factory=list)
    ignored: int = 0
    quarantined: list[QuarantinedOut] = Field(default_factory=list)
    unexplained: int = 0
    problems: list[ProblemOut] = Field(default_factory=list)
    roots: list[RootOut] = Field(default_factory=list)
    assets: int = 0
    by_kind: dict[str, int] = Field(default_factory=dict)
    by_state: dict[str, int] = Field(default_factory=dict)
    by_credential: dict[str, int] = Field(default_factory=dict)
    protected: int = 0
    seconds: float = 0.0


class LineageOut(Wire):
    start: str
    nodes: list[AssetOut]
    edges: list[EdgeOut]
    truncated: bool = False
