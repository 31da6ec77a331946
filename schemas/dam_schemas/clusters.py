"""Clusters and stacks: `dam cluster ... --json`, GET /api/v1/clusters, /api/v1/assets/{asset}/cluster and /stack."""

from typing import Annotated, Literal

from pydantic import Field

from dam_schemas.asset import AssetOut
from dam_schemas.base import Wire
from dam_schemas.web import Ask, Name, Text


class ClusterOut(Wire):
    """Pictures that look like their representative. `size` counts all; `members` are cards, the representative first, and may
    be fewer. `behind`: assets that people stacked behind it; `family`: made from the asked asset's prompt and seed.
    """

    representative_id: str
    size: int
    members: list[AssetOut] = Field(default_factory=list)
    behind: list[str] = Field(default_factory=list)
    family: list[str] = Field(default_factory=list)


class StackedOut(Wire):
    """What stacking did, or would do (`dry_run`): assets behind `front_id`; those in `decided` got the `verdict`."""

    front_id: str
    stacked: list[str]
    decided: list[str]
    verdict: str | None = None
    dry_run: bool = False


class UnstackedOut(Wire):
    asset_id: str
    unstacked: int


class StackIn(Ask):
    front: Annotated[Name | None, Field(description="who stands in front; default: the representative")] = None
    decisions: Literal["agreed", "approve", "reject", "keep"] = Field(
        default="agreed",
        description="what becomes of decisions: the agreed one for the undecided, one for all, or none",
    )
    reason: Text | None = Field(default=None, description="needed for reject")
    person: Name | None = Field(
        default=None, description="who says so; default: the setting person, else the login name"
    )
    dry_run: bool = False
