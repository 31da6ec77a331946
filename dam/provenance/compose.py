"""The statements that this house makes: from evidence to checked words. Pure (docs/statements.md says it in full).

`Evidence` is what the original's own carriers and the catalogue say; `Policy` is what the organisation lets be said; `say`
turns both into `Said`, and `protected_copy`, `labelled_copy` and `creation` put that into a manifest. What nothing says is
left out, or is "unknown" where a reader must be able to tell silence from forgetting.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import dam
from dam.model import Generation
from dam.provenance.statement import (
    GENERATOR,
    ActionEntry,
    AssetFacts,
    IngredientEntry,
    SoftBindingEntry,
    Software,
    SourceType,
    Statement,
    source_type_of,
)
from dam_schemas import assertions

PARENT = "original"
UNKNOWN = "unknown"
SIGN_PROMPTS = ("never", "hash", "full")
TRAINING_MINING = ("notAllowed", "constrained", "allowed", "unsaid")
# Where the provider of the system is whoever runs it; every other tool is somebody's service.
SELF_HOSTED = frozenset(
    [
        "comfyui", "automatic1111", "stable diffusion webui", "forge", "sd.next", "invokeai", "swarmui", "fooocus",
        "ruinedfooocus", "easy diffusion", "draw things", "mflux", "imaginairy", "stability matrix", "diffusers",
        "stable-diffusion.cpp",
    ]
)  # fmt: skip
_US = Software(name=GENERATOR, version=dam.__version__)
_DEEPEST_INPUTS = ("init", "video", "audio")  # roles whose own samples stay in what comes out
_TRAINED = (SourceType.TRAINED_ALGORITHMIC_MEDIA, SourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA)
_SILENT = frozenset(["unparsed", "xmp_history"])  # readers that say nothing of how a file was made
_LABELS = frozenset(["c2pa", "iptc_xmp", "aigc", "maker"])  # readers of what others than the generator may write
_IS, _SUSPECTED = 0.9, 0.4  # confidence of the AIGC reader in labels 1 and 3
_MAX_INPUTS = 64
_MAX_MODELS = 9
_MAX_CARRIERS = 32

Found = Literal["by_hash", "by_name", "not_found"]
Provider = Literal["setting", "credential", "label", "unknown"]
Strength = Literal["generator", "signature", "label", "suspicion"]


@dataclass(frozen=True, slots=True)
class InputEvidence:
    """A file that the generation read. `label` is set where its bytes were at hand: then it is an ingredient;
    `ai_generated` is what the catalogue knows of it.
    """

    name: str | None = None
    role: str | None = None
    sha256: str | None = None
    found: Found = "not_found"
    ai_generated: bool | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of an original. `named` is the digital source type that a carrier states; `provider` is who stands
    behind the AI system, with where that is from; `created_at` is ISO 8601 (the file's own time of change). `strength` is the
    best that says AI: the generator's own text, a signature that holds, a label, a platform's suspicion; `aigc` is China's
    label as it stands in the file.
    """

    asset_id: str
    generation: Generation | None = None
    ai_generated: bool | None = None
    named: str | None = None
    carriers: tuple[str, ...] = ()
    inputs: tuple[InputEvidence, ...] = ()
    created_at: str | None = None
    provider: str | None = None
    provider_basis: Provider = "unknown"
    strength: Strength = "label"
    aigc: Mapping[str, Any] | None = None


def strength(readers: Mapping[str, float], *, signed: bool) -> Strength:
    """How well "AI" is founded. `readers` are those that spoke, with their highest confidence; `signed`: the file's
    credential holds and says so.
    """
    spoke = {name for name in readers if name not in _SILENT}
    if spoke - _LABELS:
        return "generator"
    if signed and "c2pa" in spoke:
        return "signature"
    only = spoke - {"c2pa"} == {"aigc"}
    if only and readers["aigc"] >= _IS:
        return "generator"  # whoever signs as a producer under GB 45438 answers for it
    return "suspicion" if only and readers["aigc"] <= _SUSPECTED else "label"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the organisation lets be said. `ai_provider` is who provides the systems that run in this house."""

    sign_prompts: str = "never"
    training_mining: str = "unsaid"
    training_terms: str | None = None
    ai_provider: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """The words of a manifest that are about how the original was made."""

    source_type: SourceType | None = None
    generation: assertions.GenerationAssertion | None = None
    disclosure: assertions.DisclosureAssertion | None = None
    training: assertions.TrainingMiningAssertion | None = None
    metadata: assertions.MetadataAssertion | None = None
    ingredients: tuple[IngredientEntry, ...] = ()
    labelled: bool = field(default=False, kw_only=True)  # whether labels were written into the copy's metadata


def say(evidence: Evidence, policy: Policy) -> Said:
    """Everything that evidence and policy allow to be said.

    Raises:
        pydantic.ValidationError: the evidence cannot be said in valid words.
    """
    source, basis = source_type(evidence)
    made = evidence.generation or Generation()
    return Said(
        source_type=source,
        generation=_generation(evidence, policy, source, basis),
        disclosure=_disclosure(evidence, policy) if evidence.ai_generated else None,
        training=_training(policy),
        metadata=_metadata(made, policy, source) if evidence.ai_generated else None,
        ingredients=(*_inputs(evidence.inputs), *_models(made), *_prompt(made, policy)),
    )


def source_type(evidence: Evidence) -> tuple[SourceType | None, Literal["stated", "inferred", "unknown"]]:
    """The original's digital source type and what it rests on.

    A term that a carrier states is repeated. A generation that started from a file which is known not to be AI is a
    composite; any other AI file is trained algorithmic media. A camera's name alone proves no capture: then nothing is said.
    """
    named = source_type_of(evidence.named)
    if named:
        return named, "stated"
    if not evidence.ai_generated:
        return None, "unknown"
    mixed = any(one.role in _DEEPEST_INPUTS and one.ai_generated is False for one in evidence.inputs)
    composite, pure = SourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA, SourceType.TRAINED_ALGORITHMIC_MEDIA
    return (composite if mixed else pure), "inferred"


def _generation(
    evidence: Evidence, policy: Policy, source: SourceType | None, basis: Literal["stated", "inferred", "unknown"]
) -> assertions.GenerationAssertion:
    made = evidence.generation or Generation()
    prompt = made.prompt if policy.sign_prompts != "never" else None
    return assertions.GenerationAssertion(
        digital_source_type=source.value if source else UNKNOWN,
        basis=basis,
        carriers=tuple(dict.fromkeys(evidence.carriers))[:_MAX_CARRIERS],
        tool=made.tool or None,
        tool_version=made.tool_version or None,
        model=made.model or None,
        model_hash=made.model_hash or None,
        loras=tuple(one.name for one in made.loras if one.name)[:32],
        prompt_sha256=hashlib.sha256(prompt.encode("utf-8", "replace")).hexdigest() if prompt else None,
        inputs=tuple(
            assertions.InputFact(
                role=one.role or None,
                name=_base(one.name),
                sha256=one.sha256,
                found=one.found,
                ingredient=one.label is not None,
            )
            for one in evidence.inputs[:_MAX_INPUTS]
        ),
    )


def _base(name: str | None) -> str | None:
    """A file's name without the folders of somebody's disk."""
    return (name or "").replace("\\", "/").rstrip("/").rpartition("/")[2] or None


def _disclosure(evidence: Evidence, policy: Policy) -> assertions.DisclosureAssertion:
    made = evidence.generation or Generation()
    provider, basis = evidence.provider, evidence.provider_basis
    if not provider and policy.ai_provider and (made.tool or "").casefold() in SELF_HOSTED:
        provider, basis = policy.ai_provider, "setting"
    return assertions.DisclosureAssertion(
        provider=provider or UNKNOWN,
        provider_basis=basis if provider else "unknown",
        system=made.tool or made.model or UNKNOWN,
        system_version=made.tool_version or UNKNOWN,
        created_at=evidence.created_at,
        created_basis="file_modified" if evidence.created_at else "unknown",
        content_id=content_id(evidence.asset_id),
    )


def content_id(asset_id: str) -> str:
    """The asset's id as a URN: the same in the manifest, in XMP and in China's label."""
    return f"urn:uuid:{asset_id}" if len(asset_id) == 36 and asset_id.count("-") == 4 else f"urn:headwater:{asset_id}"


def _training(policy: Policy) -> assertions.TrainingMiningAssertion | None:
    if policy.training_mining == "unsaid":
        return None
    terms = policy.training_terms if policy.training_mining == "constrained" else None
    use = assertions.Use.model_validate({"use": policy.training_mining, "constraint_info": terms})
    return assertions.TrainingMiningAssertion(
        entries=assertions.TrainingEntries(
            ai_inference=use, ai_training=use, ai_generative_training=use, data_mining=use
        )
    )


def _metadata(made: Generation, policy: Policy, source: SourceType | None) -> assertions.MetadataAssertion:
    return assertions.MetadataAssertion(
        DigitalSourceType=source.iri if source else None,
        AISystemUsed=made.tool or made.model or None,
        AISystemVersionUsed=made.tool_version or None,
        AIPromptInformation=prompt_to_show(made, policy),
    )


def prompt_to_show(made: Generation, policy: Policy) -> str | None:
    """The prompt, if policy lets it be shown in full."""
    shown = (made.prompt or "").encode("utf-8", "replace").decode()[:20_000] if policy.sign_prompts == "full" else ""
    return shown or None


def _inputs(inputs: Sequence[InputEvidence]) -> list[IngredientEntry]:
    return [
        IngredientEntry(
            label=one.label, title=_base(one.name) or one.label, relationship="inputTo", description=one.role or None
        )
        for one in inputs
        if one.label
    ]


def _models(made: Generation) -> list[IngredientEntry]:
    """The model and its LoRAs by name, as inputs: their bytes are not at hand."""
    names = dict.fromkeys([(made.model, "model"), *((one.name, "LoRA") for one in made.loras)])
    named = [(name, what) for name, what in names if name]
    return [
        IngredientEntry(
            label=f"model-{at}", title=name, relationship="inputTo", description=what, data_type="c2pa.types.model"
        )
        for at, (name, what) in enumerate(named[:_MAX_MODELS])
    ]


def _prompt(made: Generation, policy: Policy) -> list[IngredientEntry]:
    shown = prompt_to_show(made, policy)
    if not shown:
        return []
    kind: Literal["c2pa.types.generator.prompt"] = "c2pa.types.generator.prompt"
    return [IngredientEntry(label="prompt", title="prompt", relationship="inputTo", data_type=kind, content=shown)]


def protected_copy(
    *,
    title: str,
    original_title: str,
    asset: AssetFacts,
    mark: SoftBindingEntry | None = None,
    fingerprints: Sequence[SoftBindingEntry] = (),
    source_type: SourceType | None = None,
    converted: bool = False,
    said: Said | None = None,
) -> Statement:
    """What we did to an original: opened it, marked it (if a mark was put in), re-encoded it (if the type changed),
    wrote labels into its metadata (`said.labelled`).

    `mark` is None where the kind of file takes no mark; `source_type` is what evidence says the original is (None =
    what `said` says); `converted` says that the copy has another media type than the original.
    """
    said = said or Said()
    source_type = source_type or said.source_type
    actions = [ActionEntry(action="c2pa.opened", ingredients=(PARENT,))]
    if mark:
        actions.append(ActionEntry(action="c2pa.watermarked.bound", software=_US, source_type=source_type))
    if converted:
        actions.append(ActionEntry(action="c2pa.converted", software=_US))
    parent = IngredientEntry(label=PARENT, title=original_title, relationship="parentOf", source_type=source_type)
    bindings = (*([mark] if mark else []), *fingerprints)
    return _statement(title, actions, (parent,), said, asset=asset, soft_bindings=bindings)


def labelled_copy(
    *,
    title: str,
    original_title: str,
    asset: AssetFacts,
    words: str,
    said: Said,
    mark: SoftBindingEntry | None = None,
    converted: bool = False,
) -> Statement:
    """A rendition with a visible label: opened, text added (by us, by rule, so `algorithmicMedia`), re-encoded.

    The parent is the file that the label was drawn on. `mark` is given where the mark of that file was found again.
    """
    drawn = ActionEntry(
        action="c2pa.addedText", source_type=SourceType.ALGORITHMIC_MEDIA, software=_US, description=f"Label: {words}"
    )
    actions = [ActionEntry(action="c2pa.opened", ingredients=(PARENT,)), drawn]
    if converted:
        actions.append(ActionEntry(action="c2pa.converted", software=_US))
    source = said.source_type
    parent = IngredientEntry(label=PARENT, title=original_title, relationship="parentOf", source_type=source)
    return _statement(title, actions, (parent,), said, asset=asset, soft_bindings=(mark,) if mark else ())


def creation(
    *,
    title: str,
    tool: Software,
    source_type: SourceType,
    ingredients: Sequence[IngredientEntry] = (),
    asset: AssetFacts | None = None,
    said: Said | None = None,
) -> Statement:
    """How a tool made a file: from nothing (`c2pa.created`), or out of a parent (`c2pa.opened`, `c2pa.edited`).

    Model, prompt and inputs of `said` are what that action read.
    """
    said = said or Said()
    everything = (*ingredients, *said.ingredients)
    parent = tuple(one.label for one in everything if one.relationship == "parentOf")
    inputs = tuple(one.label for one in everything if one.relationship == "inputTo")
    making = ActionEntry(
        action="c2pa.edited" if parent else "c2pa.created", source_type=source_type, software=tool, ingredients=inputs
    )
    opened = [ActionEntry(action="c2pa.opened", ingredients=parent)] if parent else []
    placed = [
        ActionEntry(action="c2pa.placed", ingredients=(one.label,))
        for one in everything
        if one.relationship == "componentOf"
    ]
    return _statement(title, [*opened, making, *placed], tuple(ingredients), said, asset=asset)


def _statement(
    title: str,
    actions: Sequence[ActionEntry],
    ingredients: tuple[IngredientEntry, ...],
    said: Said,
    *,
    asset: AssetFacts | None,
    soft_bindings: Sequence[SoftBindingEntry] = (),
) -> Statement:
    """The parent comes first: readers take the ingredient without a number for it."""
    labelled = [ActionEntry(action="c2pa.edited.metadata", software=_US)] if said.labelled else []
    return Statement(
        title=title,
        actions=(*actions, *labelled),
        ingredients=(*ingredients, *said.ingredients),
        soft_bindings=tuple(soft_bindings),
        asset=asset,
        generation=said.generation,
        disclosure=said.disclosure,
        training=said.training,
        metadata=said.metadata,
    )


def fingerprint_binding(engine: str, code: str) -> SoftBindingEntry:
    """A perceptual code as a soft binding; the value is the code in hex."""
    return SoftBindingEntry(alg=fingerprint_alg(engine), value=code)


def fingerprint_alg(engine: str) -> str:
    """The house's own name for an engine's codes: no registered algorithm is what we compute.

    "phash64/luma512.1" becomes `org.headwater.phash64.luma512.1`.
    """
    return f"org.headwater.{engine.replace('/', '.')}"


def provider_of(credential: Mapping[str, Any] | None, producer: str | None) -> tuple[str | None, Provider]:
    """Who provides the AI system, by the file's own word: whoever signed, under an official or interim list, that they
    created it with a trained model; else the producer of China's label.

    `credential` is a stored verdict (`model.Credentials` as plain data).
    """
    verdict = credential or {}
    listed = verdict.get("state") == "trusted" and verdict.get("tier") in ("official", "interim")
    created = any(
        one.get("action") == "c2pa.created" and one.get("digital_source_type") in _TRAINED
        for one in verdict.get("actions") or ()
    )
    if listed and created and verdict.get("issuer"):
        return str(verdict["issuer"]), "credential"
    return (producer, "label") if producer else (None, "unknown")
