"""What is indexed of one asset."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Document:
    """A flat view of one asset, made by the catalogue. Absent = None or (), never the text "None".

    `names` are file names, `paths` relative to their roots, `roots` the names of the roots where it lies; `ai` is
    "true", "false" or "unknown"; `seed` is text (it may exceed 64 bits); `flags` are free marks such as
    "parse:unparsed" or "quarantined". Times are aware.
    """

    asset_id: str
    sha256: str
    kind: str
    admitted_at: datetime
    mime: str | None = None
    size_bytes: int | None = None
    title: str | None = None
    names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    prompt: str | None = None
    negative_prompt: str | None = None
    tool: str | None = None
    model: str | None = None
    loras: tuple[str, ...] = ()
    sampler: str | None = None
    seed: str | None = None
    steps: int | None = None
    width_px: int | None = None
    height_px: int | None = None
    duration_s: float | None = None
    status: str = "unreviewed"
    availability: str = "online"
    credential: str = "none"
    ai: str = "unknown"
    protected: bool = False
    tags: tuple[str, ...] = ()
    characters: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()
    shots: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    created_at: datetime | None = None
    flags: tuple[str, ...] = ()
