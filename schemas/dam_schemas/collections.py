"""Collections and saved searches, as every door writes them."""

from pydantic import Field

from dam_schemas.asset import AssetOut
from dam_schemas.base import Wire
from dam_schemas.web import Ask, Name, Text


class CollectionOut(Wire):
    """Assets that people put together, or with a `query` a saved search (then `assets` is null)."""

    id: str
    name: str
    query: str | None = None
    assets: int | None = None
    person: str
    created_at: str
    changed: int | None = Field(default=None, description="how many assets were added or taken out just now")


class CollectedOut(Wire):
    """A collection with its assets, in their order."""

    collection: CollectionOut
    assets: list[AssetOut] = Field(default_factory=list)


class ExportedOut(Wire):
    collection: str
    assets: int
    files: list[str]


class CollectionIn(Ask):
    name: Name
    query: Text | None = Field(default=None, description="makes it a saved search")
    assets: list[Name] = Field(default_factory=list, max_length=10_000)
    person: Name | None = None


class ItemsIn(Ask):
    assets: list[Name] = Field(min_length=1, max_length=10_000)
    person: Name | None = None
