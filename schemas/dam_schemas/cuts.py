"""Cuts: `dam cut ... --json`, GET /api/v1/cuts and below."""

from pydantic import Field

from dam_schemas.base import Wire


class CutLineOut(Wire):
    """A timeline in the library, as lists print it."""

    asset_id: str
    title: str
    name: str | None = None
    tool: str | None = None
    clips: int
    duration_s: float | None = None


class BrokenRuleOut(Wire):
    """A rule that one clip breaks. Rule "known": the clip is no asset of the library for sure."""

    position: int
    clip: str
    start_s: float | None = None
    track: str | None = None
    asset_id: str | None = None
    rule: str
    reason: str


class CutCheckOut(Wire):
    """`passed` only if no rule is broken. `known` of the `clips` are an asset for sure."""

    asset_id: str
    title: str
    passed: bool
    clips: int
    known: int
    broken: list[BrokenRuleOut] = Field(default_factory=list)


class CutSideOut(Wire):
    """A clip in one version, with the decision on its asset and its origin."""

    clip: str
    start_s: float | None = None
    duration_s: float | None = None
    track: str | None = None
    asset_id: str | None = None
    title: str | None = None
    status: str | None = None
    ai_generated: bool | None = None


class CutChangeOut(Wire):
    what: str  # added, removed, replaced, moved, trimmed
    before: CutSideOut | None = None
    after: CutSideOut | None = None


class CutDiffOut(Wire):
    before_id: str
    after_id: str
    changes: list[CutChangeOut] = Field(default_factory=list)
