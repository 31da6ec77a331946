"""`dam inspect --json` and GET /api/v1/assets/{id}/inspection: what is in a file."""

from typing import Any

from pydantic import Field

from dam_schemas.base import ProblemOut, Wire


class MediaOut(Wire):
    kind: str
    mime: str
    width_px: int | None = None
    height_px: int | None = None
    duration_s: float | None = None
    frame_count: int | None = None


class LoraOut(Wire):
    name: str
    weight: float | None = None
    hash: str | None = None


class InputOut(Wire):
    name: str | None = None
    sha256: str | None = None
    role: str | None = None


class StageOut(Wire):
    tool: str | None = None
    tool_version: str | None = None
    model: str | None = None
    model_hash: str | None = None
    prompt: str | None = None
    negative_prompt: str | None = None
    seed: int | None = None
    steps: int | None = None
    sampler: str | None = None
    scheduler: str | None = None
    cfg_scale: float | None = None
    width: int | None = None
    height: int | None = None
    denoise: float | None = None
    loras: list[LoraOut] = Field(default_factory=list)


class GenerationOut(StageOut):
    inputs: list[InputOut] = Field(default_factory=list)
    stages: list[StageOut] = Field(default_factory=list)


class ClaimOut(Wire):
    carrier: str
    reader: str
    reader_version: str
    fields: dict[str, Any]
    raw_bytes: int
    confidence: float


class ActionOut(Wire):
    action: str
    digital_source_type: str | None = None
    software_agent: str | None = None
    description: str | None = None


class IngredientOut(Wire):
    title: str | None = None
    relationship: str | None = None
    manifest_label: str | None = None
    mime: str | None = None


class SoftBindingOut(Wire):
    alg: str
    value: str


class StampOut(Wire):
    """`state`: trusted (a list holds the authority), untrusted, invalid, none. `local`: our own responder made it."""

    state: str = "none"
    at: str | None = None
    authority: str | None = None
    local: bool = False


class StatusOut(Wire):
    """One raw validation status. `of`: active, ingredient, recorded; `kind`: failure, informational, success."""

    code: str
    kind: str
    of: str
    explanation: str | None = None


class CredentialsOut(Wire):
    """The verdict as a taxonomy; `codes` are the SDK's own, `explanation` its words, `statuses` both, one by one."""

    state: str
    tier: str | None = None
    codes: list[str] = Field(default_factory=list)
    explanation: list[str] = Field(default_factory=list)
    issuer: str | None = None
    signed_at: str | None = None
    generator: str | None = None
    label: str | None = None
    actions: list[ActionOut] = Field(default_factory=list)
    ingredients: list[IngredientOut] = Field(default_factory=list)
    soft_bindings: list[SoftBindingOut] = Field(default_factory=list)
    digital_source_types: list[str] = Field(default_factory=list)
    software_agents: list[str] = Field(default_factory=list)
    sidecar: str | None = None  # "library" or "beside": where the manifest store stands that is not in the file
    sdk_version: str | None = None
    trust_list: str | None = None
    identity_problem: bool = False
    ingredient_problem: bool = False
    timestamp: StampOut = Field(default_factory=StampOut)
    redacted: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    statuses: list[StatusOut] = Field(default_factory=list)


class FingerprintOut(Wire):
    engine: str
    code: str
    bits: int
    frame_s: float = 0.0


class ClipOut(Wire):
    """One use of a media file. `start_s` counts from the first frame of the sequence; `media` is a path or URL, decoded."""

    name: str | None = None
    media: str | None = None
    start_s: float | None = None
    duration_s: float | None = None
    track: str | None = None
    source_start_s: float | None = None
    kind: str | None = None  # video, audio, generator
    sequence: str | None = None
    reel: str | None = None
    sha256: str | None = None
    others: list[str] = Field(default_factory=list)


class TimelineOut(Wire):
    name: str | None = None
    rate: float | None = None
    duration_s: float | None = None
    tool: str | None = None
    reader: str
    reader_version: str
    sequences: list[str] = Field(default_factory=list)
    clips: list[ClipOut] = Field(default_factory=list)


class InspectionOut(Wire):
    """One object a file. Absent means absent: null, never the text "None"."""

    path: str
    path_b64: str | None = None  # the true bytes of a path that is not UTF-8
    sha256: str | None
    size_bytes: int | None
    media: MediaOut | None
    ai_generated: bool | None
    digital_source_type: str | None
    generation: GenerationOut | None
    claims: list[ClaimOut]
    credentials: CredentialsOut
    timeline: TimelineOut | None = None
    fingerprints: list[FingerprintOut] = Field(default_factory=list)
    problems: list[ProblemOut] = Field(default_factory=list)
