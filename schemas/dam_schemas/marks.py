"""Answers of `dam mark`."""

from typing import Any, Literal

from pydantic import Field

from dam_schemas.base import ProblemOut, Wire


class MarkedOut(Wire):
    """A marked copy that was written. `psnr_db`: measured; `strength_db`: aimed at; `survived`: rehearsals by name."""

    path: str
    path_b64: str | None = None
    sha256: str
    mime: str
    mark_id: str
    engine: str
    key_id: str
    psnr_db: float
    strength_db: float
    survived: dict[str, bool] = Field(default_factory=dict)
    notes: list[str] = Field(default_factory=list)


class MarkSeenOut(Wire):
    """What was found in one file. `mark_id` null: nothing with these keys, which proves nothing. `score`: in standard
    deviations of chance; `p_false`: probability that a picture without our mark would have been accepted.
    """

    path: str
    path_b64: str | None = None
    mark_id: str | None = None
    engine: str | None = None
    key_id: str | None = None
    verified: bool = False
    score: float | None = None
    p_false: float | None = None
    effort: Literal["fast", "deep"] | None = None
    transform: dict[str, Any] | None = None
    problems: list[ProblemOut] = Field(default_factory=list)
