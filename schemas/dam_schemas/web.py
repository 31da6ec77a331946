"""What only the HTTP door speaks: request bodies, the overview and health."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from dam_schemas.asset import QuarantinedOut, RootOut
from dam_schemas.base import Wire

Text = Annotated[str, StringConstraints(max_length=8_000, pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class Ask(BaseModel):
    """A request body: an unknown field is an error, because it was meant to do something."""

    model_config = ConfigDict(extra="forbid")


class DecisionIn(Ask):
    verdict: Name = Field(description="approve or reject")
    reason: Text | None = Field(default=None, description="needed for reject")
    person: Name | None = Field(
        default=None, description="who decides; default: the setting person, else the login name"
    )


class RootIn(Ask):
    path: Annotated[str, StringConstraints(min_length=1, max_length=4_096, pattern=r"^[^\x00]*$")]
    name: Name | None = None
    protect: str | None = Field(default=None, description="none, ai or all; default: the library's setting")


class RootSetIn(Ask):
    """What changes; what is not said stays as it is."""

    protect: Name | None = Field(default=None, description="none, ai or all; null: the library's setting")
    protect_mode: Name | None = Field(default=None, description="copy, sidecar or in_place")
    confirmed: bool = Field(default=False, description="in_place may replace files of this root")
    watch: Name | None = Field(default=None, description="events, polling, or auto: by the file system")
    marker: bool | None = Field(default=None, description="a file on the drive, so that no other passes for it")


class ScanIn(Ask):
    roots: list[Name] = Field(default_factory=list, max_length=1_000, description="names; empty = every root")
    accept_missing: bool = Field(default=False, description="the files that are gone are really gone")


class ReparseIn(Ask):
    reader: Name | None = Field(default=None, description="only assets that this reader or nobody read")
    assets: list[Name] = Field(default_factory=list, max_length=1_000, description="ids or SHA-256; empty = all")
    dry_run: bool = Field(default=False, description="only say what would change")


class WaitingOut(Wire):
    """Work that waits for something outside (a disk, a signing key, a time stamp), and goes on by itself."""

    code: str
    message: str | None = None
    n: int


class OverviewOut(Wire):
    """Counts of the library, what is held back and what is still to do."""

    assets: int
    by_kind: dict[str, int]
    by_state: dict[str, int]
    by_credential: dict[str, int]
    protected: int
    quarantined: list[QuarantinedOut]
    pending: dict[str, int]
    waiting: list[WaitingOut] = Field(default_factory=list)
    roots: list[RootOut]


class HealthOut(Wire):
    status: str
    version: str
