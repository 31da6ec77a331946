"""Characters, terms and tags, as every door writes them."""

from typing import Annotated

from pydantic import Field, StringConstraints

from dam_schemas.base import Wire
from dam_schemas.web import Ask, Name, Text

_Some = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class BibleOut(Wire):
    """One version of a character's bible."""

    number: int
    aliases: list[str] = Field(default_factory=list)
    triggers: list[str] = Field(default_factory=list)
    loras: list[str] = Field(default_factory=list)
    references: list[str] = Field(default_factory=list, description="ids of assets that show how it should look")
    must: str | None = None
    never: str | None = None
    person: str
    created_at: str


class CharacterOut(Wire):
    """A character by its newest bible. `assets`: how many show it; `retagged`: how many a new bible changed."""

    id: str
    name: str
    version: int
    aliases: list[str] = Field(default_factory=list)
    triggers: list[str] = Field(default_factory=list)
    loras: list[str] = Field(default_factory=list)
    references: list[str] = Field(default_factory=list)
    must: str | None = None
    never: str | None = None
    assets: int = 0
    created_at: str
    versions: list[BibleOut] = Field(default_factory=list)
    retagged: int | None = None


class TermOut(Wire):
    """A character, scene, shot, project or tag, and how many assets show it."""

    id: str
    kind: str
    name: str
    assets: int
    created_at: str


class TagOut(Wire):
    """That an asset shows something: by which source, how sure, and what a person said of it (null: nothing)."""

    kind: str
    name: str
    source: str = Field(description="prompt, lora, path or person")
    confidence: float
    detail: str = ""
    confirmed: bool | None = None
    person: str | None = None


class TaggedOut(Wire):
    asset_id: str
    tags: list[TagOut] = Field(default_factory=list)


class TemplateOut(Wire):
    """How paths of a root are read, and how many of its files fit."""

    root: str
    template: str | None = None
    files: int
    fit: int
    unknown_characters: list[str] = Field(default_factory=list)


class BibleIn(Ask):
    """What changes in a bible; what is not said stays."""

    aliases: list[_Some] | None = Field(default=None, max_length=200)
    triggers: list[_Some] | None = Field(default=None, max_length=200)
    loras: list[_Some] | None = Field(default=None, max_length=200)
    references: list[_Some] | None = Field(default=None, max_length=200)
    must: Text | None = None
    never: Text | None = None
    person: Name | None = None


class CharacterIn(BibleIn):
    name: Name


class TemplateIn(Ask):
    template: Text | None = Field(default=None, description="null: paths are read no more")
    dry_run: bool = Field(default=False, description="only say what it would find")


class TagIn(Ask):
    """`confirmed` null takes back what was said."""

    kind: Name
    name: Name
    confirmed: bool | None = True
    person: Name | None = None
