"""The nouns of the house as frozen dataclasses: what rooms hand to each other.

No room's logic lives here. Units stand in names (`duration_s`, `size_bytes`); SHA-256 values are lower-case hex;
times are aware UTC datetimes; paths are `str` as the operating system gave them (undecodable bytes as surrogates,
PEP 383) unless a name says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What an asset is, by content."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    TIMELINE = "timeline"
    DOCUMENT = "document"
    MODEL = "model"
    OTHER = "other"


class Availability(StrEnum):
    """Whether the bytes of a location can be read now. Offline is never deleted (product promise 2)."""

    ONLINE = "online"
    OFFLINE = "offline"
    MISSING = "missing"


class ReviewStatus(StrEnum):
    """The state that people's decisions gave an asset."""

    UNREVIEWED = "unreviewed"
    APPROVED = "approved"
    REJECTED = "rejected"


class CredentialState(StrEnum):
    """The verdict on a file's C2PA manifest: a taxonomy, never one boolean."""

    NONE = "none"
    REMOTE_NOT_FETCHED = "remote_not_fetched"
    UNREADABLE = "unreadable"
    CONTENT_MISMATCH = "content_mismatch"
    CREDENTIAL_PROBLEM = "credential_problem"
    UNTRUSTED_SIGNER = "untrusted_signer"
    TRUSTED = "trusted"


class Relation(StrEnum):
    """How a child came from its parent (W3C PROV: every one of them is a wasDerivedFrom)."""

    INPUT = "input"  # a picture or clip that a generation read (init, control, style, mask, reference: see Edge.detail)
    INGREDIENT = "ingredient"  # a C2PA ingredient (parentOf, componentOf, inputTo)
    DERIVED_FROM = "derived_from"  # an editor's own note in XMP: exported, saved as, rendered or developed from it
    PROTECTED_COPY = "protected_copy"
    REVISION = "revision_of"
    CLIP = "clip"  # a timeline uses a media file: parent = the media, child = the timeline
    NEAR_DUPLICATE = "near_duplicate"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a file, said as an answer: a stable `code` ("png.truncated") and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Media:
    """What the bytes are. `width_px`/`height_px` are as stored (before any EXIF turn); None = not known."""

    kind: Kind
    mime: str
    width_px: int | None = None
    height_px: int | None = None
    duration_s: float | None = None
    frame_count: int | None = None


@dataclass(frozen=True, slots=True)
class Lora:
    name: str
    weight: float | None = None
    hash: str | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """A file that a generation read. `role`: init, control, style, mask, reference, audio, video or None = unknown."""

    name: str | None = None
    sha256: str | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """One sampler pass. `seed` may exceed 63 bits; width/height are the generation size, not the pixel size."""

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
    loras: tuple[Lora, ...] = ()


@dataclass(frozen=True, slots=True)
class Generation(Stage):
    """How a file was made: the headline stage, plus what it read and every sampler stage in running order."""

    inputs: tuple[Input, ...] = ()
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """One carrier's statement found in a file, raw and parsed.

    `carrier` names the place ("png:tEXt:parameters", "exif:UserComment", "c2pa"); `raw` is what stood there (capped,
    `raw_bytes` is the true length); `fields` is the reader's own JSON-able view, `generation` the normalised one.
    `ai_generated` is what this carrier says: True, False (a camera, say) or None (says nothing).
    """

    carrier: str
    reader: str
    reader_version: str
    raw: bytes
    raw_bytes: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    confidence: float = 1.0
    generation: Generation | None = None
    ai_generated: bool | None = None
    digital_source_type: str | None = None


@dataclass(frozen=True, slots=True)
class Derived:
    """What follows from a file's carriers and verdict alone: worked out when it is read, and again by `dam reparse`."""

    claims: tuple[Claim, ...] = ()
    generation: Generation | None = None
    ai_generated: bool | None = None
    digital_source_type: str | None = None
    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, found: "Inspection") -> "Derived":
        """The derived part of an inspection."""
        return cls(found.claims, found.generation, found.ai_generated, found.digital_source_type)


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A C2PA ingredient as the active manifest names it."""

    title: str | None
    relationship: str | None  # parentOf, componentOf, inputTo
    instance_id: str | None = None
    manifest_label: str | None = None  # label of the ingredient's own active manifest, if it has one
    mime: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """One C2PA action ("c2pa.created"); `digital_source_type` is the last path segment of the IPTC URI.

    `agent_version` is the agent's own version where it is stated apart; `parameters` are the vendor's texts and numbers
    ("com.adobe.firefly.version"), as text.
    """

    action: str
    digital_source_type: str | None = None
    software_agent: str | None = None
    description: str | None = None
    agent_version: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SoftBinding:
    """A C2PA soft binding: `alg` (reverse-DNS) and its value."""

    alg: str
    value: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """What vouches for the time of a signature. `local`: the authority is this organisation's own responder."""

    state: str = "none"  # trusted (a list holds the authority), untrusted, invalid, none
    at: str | None = None
    authority: str | None = None
    local: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """One validation status as the C2PA library gave it. `of`: active (the file's own manifest), ingredient (found now),
    recorded (an ingredient's, written down by whoever signed over it). `kind`: failure, informational, success.
    """

    code: str
    kind: str = "failure"
    of: str = "active"
    explanation: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """The verdict on a file's C2PA manifest store. `codes` are the SDK's raw failure codes, kept as found.

    `digital_source_types` and `generators` come from the whole chain (active manifest first, then ingredients), because
    the AI fact often stands in an ingredient. `manifest_labels` lists every manifest of the store, active first.
    """

    state: CredentialState
    tier: str | None = None  # official, interim, organisation
    codes: tuple[str, ...] = ()
    explanation: tuple[str, ...] = ()
    issuer: str | None = None
    signed_at: str | None = None
    generator: str | None = None
    label: str | None = None
    actions: tuple[Action, ...] = ()
    ingredients: tuple[Ingredient, ...] = ()
    soft_bindings: tuple[SoftBinding, ...] = ()
    manifest_labels: tuple[str, ...] = ()
    digital_source_types: tuple[str, ...] = ()
    software_agents: tuple[str, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)  # our own assertion ("org.headwater.asset"), if there
    generator_version: str | None = None
    disclosed: Mapping[str, str] = field(
        default_factory=dict
    )  # what the chain's metadata assertions say of an AI system
    sidecar: str | None = None  # where the manifest store stands that is not in the file: "library" or "beside"
    sdk_version: str | None = None
    trust_list: str | None = None  # SHA-256 of the anchors that were asked
    identity_problem: bool = False  # a CAWG identity assertion does not hold; the state does not move
    ingredient_problem: bool = False  # something that went into the file does not hold
    timestamp: Stamp = field(default_factory=Stamp)
    redacted: tuple[str, ...] = ()  # assertions that a later signer removed, by their JUMBF URIs
    notes: tuple[str, ...] = ()  # names of what a reader should know (provenance.sentences.NOTES)
    statuses: tuple[Status, ...] = ()
    judged_by: str | None = None  # everything that the verdict depends on but the file (provenance.verdict.key)


@dataclass(frozen=True, slots=True)
class FingerprintCode:
    """A perceptual code: hex of `bits` bits, of one frame (`frame_s` = 0 for stills), by a versioned engine."""

    engine: str
    code: str
    bits: int
    frame_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Clip:
    """One use of a media file (or title, or generator) on a timeline.

    `media` is the path or URL as a person knows it: decoded, Windows drives and UNC kept, no credentials. `start_s`
    counts from the first frame of the sequence, `source_start_s` as the source's own time says. `kind`: video, audio,
    generator (nothing on a drive is meant) or None. `others` are further places that the timeline names for the media.
    """

    name: str | None = None
    media: str | None = None
    start_s: float | None = None
    duration_s: float | None = None
    track: str | None = None
    source_start_s: float | None = None
    kind: str | None = None
    sequence: str | None = None
    reel: str | None = None
    sha256: str | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """A cut: what an edit uses. A file may hold several `sequences`; clips of nested ones stand where they are used."""

    reader: str
    reader_version: str
    name: str | None = None
    rate: float | None = None  # frames a second
    duration_s: float | None = None
    tool: str | None = None
    sequences: tuple[str, ...] = ()
    clips: tuple[Clip, ...] = ()


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything `dam inspect` says of one file: needs no library, decodes no pixels unless asked."""

    path: str
    sha256: str | None
    size_bytes: int | None
    media: Media | None
    ai_generated: bool | None
    digital_source_type: str | None
    generation: Generation | None
    claims: tuple[Claim, ...]
    credentials: Credentials
    timeline: Timeline | None = None
    fingerprints: tuple[FingerprintCode, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """parent → child with the evidence for it. `confidence` 0..1; only people and hard bindings reach 1.0."""

    parent_id: str
    child_id: str
    relation: Relation
    evidence: str
    confidence: float
    detail: Mapping[str, Any] = field(default_factory=dict)
    asserted_by: str = "machine"


@dataclass(frozen=True, slots=True)
class Location:
    """A path under a root where an asset was seen. `path` is relative to the root, bytes-safe text (media.paths)."""

    root: str
    path: str
    availability: Availability
    first_seen: datetime | None = None
    last_seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's entry in a gate. Bound to content: it follows the bytes, not the path."""

    verdict: str  # approve, reject
    reason: str | None
    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MarkRecord:
    """A mark that we embedded: `mark_id` (16 hex digits) leads to the asset through the registry."""

    mark_id: str
    engine: str
    key_id: str
    psnr_db: float
    survived: Mapping[str, bool] = field(default_factory=dict)
