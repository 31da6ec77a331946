"""The assertions that a manifest of ours carries, as models: what is signed is checked against them, and anybody can check
a signed file against the JSON Schemas made of them (`published/assertion-*.schema.json`).

The shapes are those of the signed data. Absent means absent: a member that nothing is known of is left out. Assertions
that the C2PA library writes by itself (hard bindings, ingredients, embedded data) are the standard's and not repeated.
"""

from typing import Annotated, Literal

from pydantic import AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

ASSET_LABEL = "org.headwater.asset"
GENERATION_LABEL = "org.headwater.generation"
DISCLOSURE_LABEL = "org.headwater.disclosure"
TRAINING_LABEL = "cawg.training-mining"
METADATA_LABEL = "cawg.metadata"
IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"

_UTC = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$"


def clean(value: object) -> object:
    """Texts of strangers may hold undecodable bytes (surrogates) and control characters; CBOR text may not."""
    if not isinstance(value, str):
        return value
    text = value.encode("utf-8", "replace").decode()
    return "".join(one if one.isprintable() else "?" for one in text)[:200]


Name = Annotated[str, BeforeValidator(clean), Field(min_length=1, max_length=200)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,100}$")]
Algorithm = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z0-9_-]+){2,7}$", max_length=100)]
SourceIri = Annotated[
    str, StringConstraints(pattern=r"^http://(cv\.iptc\.org/newscodes|c2pa\.org)/digitalsourcetype/[A-Za-z]{1,60}$")
]
Term = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{1,60}$")]
Time = Annotated[str, StringConstraints(pattern=_UTC)]
Prompt = Annotated[str, Field(min_length=1, max_length=20_000)]


class Assertion(BaseModel):
    """An assertion's data. Members that no schema names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def json_data(self) -> dict[str, object]:
        """The data as it is signed."""
        return self.model_dump(mode="json", exclude_none=True, by_alias=True)


class AssetAssertion(Assertion):
    """`org.headwater.asset`: which asset of which library a copy was made from."""

    asset_id: Identifier
    sha256: Sha256
    library_id: Identifier
    mark_id: Identifier | None = None


class InputFact(Assertion):
    """A file that the generation read, and how it was found in the library: `by_hash` (the original names its content),
    `by_name` (the only content of that name on the same drive, so it may be another) or `not_found` (the original's word
    alone). `sha256` is of the content that was found, else what the original says; `ingredient`: its bytes were at hand,
    had this hash, and are an ingredient of the manifest.
    """

    role: Name | None = None
    name: Name | None = None
    sha256: Sha256 | None = None
    found: Literal["by_hash", "by_name", "not_found"]
    ingredient: bool = False


class GenerationAssertion(Assertion):
    """`org.headwater.generation`: how the original was made, as far as its own carriers say. `unknown` is an answer.

    `carriers` are the places in the original where it stands. Prompts are not here; `prompt_sha256` (of the UTF-8 text) only
    where the library's policy allows it.
    """

    digital_source_type: Term  # of IPTC or C2PA, or "unknown"
    basis: Literal["stated", "inferred", "unknown"]
    carriers: Annotated[tuple[Name, ...], Field(max_length=32)] = ()
    tool: Name | None = None
    tool_version: Name | None = None
    model: Name | None = None
    model_hash: Name | None = None
    loras: Annotated[tuple[Name, ...], Field(max_length=32)] = ()
    prompt_sha256: Sha256 | None = None
    inputs: Annotated[tuple[InputFact, ...], Field(max_length=64)] = ()


class DisclosureAssertion(Assertion):
    """`org.headwater.disclosure`: the latent disclosure of California's SB 942 (Bus. & Prof. Code §22757.3(b)).

    Provider's name, system's name and version, time, unique identifier. What nothing says is "unknown", never invented;
    `*_basis` says where a value is from.
    """

    provider: Name
    provider_basis: Literal["setting", "credential", "label", "unknown"]
    system: Name
    system_version: Name
    created_at: Time | None = None
    created_basis: Literal["file_modified", "stated", "unknown"]
    content_id: Annotated[str, StringConstraints(pattern=r"^urn:[A-Za-z0-9:._-]{1,150}$")]


class HashedUri(Assertion):
    url: Annotated[str, StringConstraints(pattern=r"^self#jumbf=", max_length=500)]
    hash: str
    alg: str | None = None


class ActionParameters(Assertion):
    ingredients: Annotated[list[HashedUri], Field(min_length=1, max_length=200)]


class Agent(Assertion):
    name: Name
    version: Name | None = None


class SignedAction(Assertion):
    """One action as it is signed: the ingredients that it names have become hashed references."""

    action: Annotated[str, StringConstraints(pattern=r"^c2pa\.[A-Za-z.]{1,60}$")]
    digital_source_type: SourceIri | None = Field(default=None, alias="digitalSourceType")
    software_agent: Agent | None = Field(default=None, alias="softwareAgent")
    description: Name | None = None
    parameters: ActionParameters | None = None


class ActionsAssertion(Assertion):
    """`c2pa.actions.v2`: what was done, all of it, in order."""

    all_actions_included: Literal[True] = Field(alias="allActionsIncluded")
    actions: Annotated[list[SignedAction], Field(min_length=1, max_length=64)]


class BindingBlock(Assertion):
    scope: dict[str, object]
    value: Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class SoftBindingAssertion(Assertion):
    """`c2pa.soft-binding`: a watermark's payload or a fingerprint, by which a stripped file is found again."""

    alg: Algorithm
    blocks: Annotated[list[BindingBlock], Field(min_length=1, max_length=64)]


class Use(Assertion):
    use: Literal["allowed", "notAllowed", "constrained"]
    constraint_info: Name | None = None


_TRAINING = {
    "ai_inference": "cawg.ai_inference",
    "ai_training": "cawg.ai_training",
    "ai_generative_training": "cawg.ai_generative_training",
    "data_mining": "cawg.data_mining",
}


class TrainingEntries(Assertion):
    model_config = ConfigDict(alias_generator=AliasGenerator(alias=lambda name: _TRAINING[name]), populate_by_name=True)

    ai_inference: Use
    ai_training: Use
    ai_generative_training: Use
    data_mining: Use


class TrainingMiningAssertion(Assertion):
    """`cawg.training-mining` (CAWG 1.1): what the organisation lets machines do with the file."""

    entries: TrainingEntries


class MetadataAssertion(Assertion):
    """`cawg.metadata`: IPTC's fields on generative AI (photo metadata standard 2025.1), as JSON-LD.

    AIPromptInformation only where the library's policy allows it.
    """

    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=lambda name: f"Iptc4xmpExt:{name}"), populate_by_name=True
    )

    context: dict[Literal["Iptc4xmpExt"], Literal["http://iptc.org/std/Iptc4xmpExt/2008-02-29/"]] = Field(
        alias="@context", default={"Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"}
    )
    DigitalSourceType: SourceIri | None = None
    AISystemUsed: Name | None = None
    AISystemVersionUsed: Name | None = None
    AIPromptInformation: Prompt | None = None


BY_LABEL: dict[str, type[Assertion]] = {
    "c2pa.actions.v2": ActionsAssertion,
    "c2pa.soft-binding": SoftBindingAssertion,
    ASSET_LABEL: AssetAssertion,
    GENERATION_LABEL: GenerationAssertion,
    DISCLOSURE_LABEL: DisclosureAssertion,
    TRAINING_LABEL: TrainingMiningAssertion,
    METADATA_LABEL: MetadataAssertion,
}
