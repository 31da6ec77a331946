"""What we say in a manifest: checked words only. Pure.

The SDK signs nonsense without a word (two parents, invented `c2pa.*` actions, any digitalSourceType), so everything is
held here against closed lists: the actions and rules of the C2PA conformance programme's asset rubric (0.2 / spec 2.4),
IPTC's digital source types, the three ingredient relationships. Only evidence goes in (`compose`); prompts go in where the
library's policy says so, and by default nowhere. The data of each assertion is a model of `dam_schemas.assertions`.

Where the AI fact stands (C2PA 2.4): on `c2pa.created` for a file that we saw being made. For a copy of an original that
carries no manifest of its own it stands on the *ingredient* (§18.16.12.3; `signing` drops it where the original has a
manifest, which speaks for itself) and again on the watermark action, because many readers look at actions only; on
`c2pa.opened` it is forbidden.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

import dam
from dam_schemas import assertions
from dam_schemas.assertions import Algorithm, Name

SPEC_VERSION = "2.4"
GENERATOR = "Headwater"
_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_C2PA = "http://c2pa.org/digitalsourcetype/"


class SourceType(StrEnum):
    """IPTC digital source types (retired ones included: evidence may name them) and C2PA's own two."""

    TRAINED_ALGORITHMIC_MEDIA = "trainedAlgorithmicMedia"
    COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA = "compositeWithTrainedAlgorithmicMedia"
    ALGORITHMIC_MEDIA = "algorithmicMedia"
    ALGORITHMICALLY_ENHANCED = "algorithmicallyEnhanced"
    COMPOSITE = "composite"
    COMPOSITE_CAPTURE = "compositeCapture"
    COMPOSITE_SYNTHETIC = "compositeSynthetic"
    COMPUTATIONAL_CAPTURE = "computationalCapture"
    DATA_DRIVEN_MEDIA = "dataDrivenMedia"
    DIGITAL_ART = "digitalArt"
    DIGITAL_CAPTURE = "digitalCapture"
    DIGITAL_CREATION = "digitalCreation"
    HUMAN_EDITS = "humanEdits"
    MINOR_HUMAN_EDITS = "minorHumanEdits"
    NEGATIVE_FILM = "negativeFilm"
    POSITIVE_FILM = "positiveFilm"
    PRINT = "print"
    SCREEN_CAPTURE = "screenCapture"
    SOFTWARE_IMAGE = "softwareImage"
    VIRTUAL_RECORDING = "virtualRecording"
    EMPTY = "empty"
    TRAINED_ALGORITHMIC_DATA = "trainedAlgorithmicData"

    @property
    def iri(self) -> str:
        return (_C2PA if self in {self.EMPTY, self.TRAINED_ALGORITHMIC_DATA} else _IPTC) + self.value


ActionName = Literal[
    "c2pa.addedText", "c2pa.adjustedColor", "c2pa.changedSpeed", "c2pa.converted", "c2pa.created", "c2pa.cropped",
    "c2pa.deleted", "c2pa.drawing", "c2pa.dubbed", "c2pa.edited", "c2pa.edited.metadata", "c2pa.enhanced",
    "c2pa.filtered", "c2pa.mastered", "c2pa.mixed", "c2pa.opened", "c2pa.orientation", "c2pa.placed", "c2pa.published",
    "c2pa.redacted", "c2pa.remixed", "c2pa.removed", "c2pa.repackaged", "c2pa.resized", "c2pa.resized.proportional",
    "c2pa.transcoded", "c2pa.translated", "c2pa.trimmed", "c2pa.unknown", "c2pa.watermarked.bound",
    "c2pa.watermarked.unbound",
]  # fmt: skip
_NEEDS_NO_SOURCE_TYPE = {
    "c2pa.opened", "c2pa.placed", "c2pa.converted", "c2pa.published", "c2pa.repackaged", "c2pa.transcoded",
    "c2pa.resized.proportional", "c2pa.enhanced", "c2pa.edited.metadata", "c2pa.watermarked.bound",
    "c2pa.watermarked.unbound", "c2pa.redacted",
}  # fmt: skip


def source_type_of(value: str | None) -> SourceType | None:
    """The source type that evidence names, or None for a term that is none: we do not repeat invented ones."""
    return next((one for one in SourceType if one.value == value), None)


Label = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Software(_Entry):
    """The tool that did it, by name and version."""

    name: Name
    version: Name | None = None

    def json_data(self) -> dict[str, str]:
        return {"name": self.name} | ({"version": self.version} if self.version else {})


class ActionEntry(_Entry):
    """One thing that was done; `ingredients` are labels of the statement's ingredients."""

    action: ActionName
    source_type: SourceType | None = None
    software: Software | None = None
    description: Name | None = None
    ingredients: tuple[Label, ...] = ()

    @model_validator(mode="after")
    def _follows_rubric(self) -> Self:
        if self.action == "c2pa.opened" and self.source_type:
            raise ValueError("c2pa.opened carries no digital source type (conformance 0.2, spec 2.4)")
        if self.action == "c2pa.opened" and len(self.ingredients) != 1:
            raise ValueError("c2pa.opened names exactly one ingredient (C2PA 2.4 §18.15.4.7)")
        if self.action not in _NEEDS_NO_SOURCE_TYPE and not self.source_type:
            raise ValueError(f"{self.action} needs a digital source type")
        return self

    def json_data(self) -> dict[str, Any]:
        data: dict[str, Any] = {"action": self.action}
        if self.source_type:
            data["digitalSourceType"] = self.source_type.iri
        if self.software:
            data["softwareAgent"] = self.software.json_data()
        if self.description:
            data["description"] = self.description
        if self.ingredients:
            data["parameters"] = {"ingredientIds": list(self.ingredients)}
        return data


class IngredientEntry(_Entry):
    """Something that went in. `source_type` is what we know of a file that carries no manifest, `description` its role.

    With a `data_type` it is no file of ours: a model, known by name (the title), or a prompt (`content`).
    """

    label: Label
    title: Name
    relationship: Literal["parentOf", "componentOf", "inputTo"]
    source_type: SourceType | None = None
    description: Name | None = None
    data_type: Literal["c2pa.types.model", "c2pa.types.generator.prompt"] | None = None
    content: assertions.Prompt | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if self.data_type and self.relationship != "inputTo":
            raise ValueError("a model or a prompt is an input")
        if (self.content is not None) != (self.data_type == "c2pa.types.generator.prompt"):
            raise ValueError("a prompt, and nothing else, has content")
        return self

    @property
    def content_name(self) -> str | None:
        """The name under which the content is handed to the builder, if there is any."""
        return None if self.content is None else f"{self.label}.txt"

    def json_data(self, *, has_manifest: bool) -> dict[str, Any]:
        data: dict[str, Any] = {"title": self.title, "relationship": self.relationship, "label": self.label}
        if self.source_type and not has_manifest:
            data["digital_source_type"] = self.source_type.iri
        if self.description:
            data["description"] = self.description
        if self.data_type:
            data["data_types"] = [{"type": self.data_type}]
        if self.content_name:
            data["data"] = {"format": "text/plain", "identifier": self.content_name}
        return data


class SoftBindingEntry(_Entry):
    """What can be found in the pixels or sound again: a watermark's payload or a fingerprint."""

    alg: Algorithm
    value: Annotated[str, StringConstraints(min_length=1, max_length=4096)]

    def json_data(self) -> dict[str, Any]:
        return {"alg": self.alg, "blocks": [{"scope": {}, "value": self.value}]}


class AssetFacts(assertions.AssetAssertion):
    """Our own assertion `org.headwater.asset`: which asset of which library a copy was made from."""


class Statement(_Entry):
    """One manifest. The first action is the inception; whatever the SDK would let through is refused here."""

    title: Name
    actions: Annotated[tuple[ActionEntry, ...], Field(min_length=1, max_length=64)]
    ingredients: Annotated[tuple[IngredientEntry, ...], Field(max_length=200)] = ()
    soft_bindings: Annotated[tuple[SoftBindingEntry, ...], Field(max_length=16)] = ()
    asset: AssetFacts | None = None
    generation: assertions.GenerationAssertion | None = None
    disclosure: assertions.DisclosureAssertion | None = None
    training: assertions.TrainingMiningAssertion | None = None
    metadata: assertions.MetadataAssertion | None = None

    @model_validator(mode="after")
    def _follows_spec(self) -> Self:
        names = [one.action for one in self.actions]
        labels = [one.label for one in self.ingredients]
        parents = [one.label for one in self.ingredients if one.relationship == "parentOf"]
        if len(set(labels)) != len(labels):
            raise ValueError("two ingredients share a label")
        if unknown := {label for one in self.actions for label in one.ingredients} - set(labels):
            raise ValueError(f"actions name ingredients that are not there: {sorted(unknown)}")
        if len(parents) > 1:
            raise ValueError("a file has one parent at most (C2PA 2.4 §18.16.3)")
        inception = "c2pa.opened" if parents else "c2pa.created"
        if names[0] != inception or {"c2pa.opened", "c2pa.created"} & set(names[1:]):
            raise ValueError(f"the first action, and no other, must be {inception}")
        if parents and self.actions[0].ingredients != tuple(parents):
            raise ValueError("c2pa.opened must name the parent")
        if "c2pa.watermarked.bound" in names and not self.soft_bindings:
            raise ValueError("c2pa.watermarked.bound needs a soft binding")
        placed = {label for one in self.actions if one.action == "c2pa.placed" for label in one.ingredients}
        if placed != {one.label for one in self.ingredients if one.relationship == "componentOf"}:
            raise ValueError("components, and nothing else, are placed (C2PA 2.4 §18.15.4.7)")
        return self

    def definition(self) -> dict[str, Any]:
        """The builder's input, without the ingredients: those are added with their bytes."""
        actions = {"allActionsIncluded": True, "actions": [one.json_data() for one in self.actions]}
        found: list[dict[str, Any]] = [{"label": "c2pa.actions.v2", "created": True, "data": actions}]
        found += [
            {"label": "c2pa.soft-binding", "created": True, "data": one.json_data()} for one in self.soft_bindings
        ]
        for label, ours in (
            (assertions.ASSET_LABEL, self.asset),
            (assertions.GENERATION_LABEL, self.generation),
            (assertions.DISCLOSURE_LABEL, self.disclosure),
        ):
            if ours:
                found.append({"label": label, "created": True, "data": ours.json_data()})
        # What an organisation says, rather than what this program saw, is gathered (CAWG: the named actor's).
        if self.training:
            found.append({"label": assertions.TRAINING_LABEL, "data": self.training.json_data()})
        if self.metadata:
            found.append({"label": assertions.METADATA_LABEL, "kind": "Json", "data": self.metadata.json_data()})
        info = {"name": GENERATOR, "version": dam.__version__, "specVersion": SPEC_VERSION}
        return {"claim_generator_info": [info], "title": self.title, "assertions": found}
