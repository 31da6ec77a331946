"""What a manifest store says: the SDK's JSON to nouns, with every list and text bounded. Pure.

The whole chain is walked, because the AI fact often stands in an ingredient (ChatGPT 2025: opened + parent).
"""

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dam.model import Action, Ingredient, SoftBinding

ASSET_ASSERTION = "org.headwater.asset"
MAX_TEXT = 500
MAX_BINDING_TEXT = 4096
MAX_ENTRIES = 256
MAX_CUSTOM_BYTES = 16 * 1024
MAX_PROMPT_CHARS = 20_000
PROMPT_TYPE = "c2pa.types.generator.prompt"
_MODEL_TYPE = "c2pa.types.model"
_PARAMETERS = 32
# Assertions in which a signer says what made the picture, and under which (local, folded) names.
_DISCLOSURES = (
    "c2pa.ai-disclosure",
    "c2pa.ai_disclosure",
    "c2pa.ai_generated_content",
    "cawg.metadata",
    "c2pa.metadata",
    "stds.iptc",
    "stds.iptc.photo-metadata",
    "stds.schema-org.CreativeWork",
)
_DISCLOSED = {
    "aisystemused": "system",
    "aisystemversionused": "version",
    "aipromptinformation": "prompt",
    "aipromptwritername": "prompt_writer",
    "prompt": "prompt",
    "model": "model",
    "modelname": "model",
    "modelidentifier": "model_id",
    "modeltype": "model_type",
    "aigenerated": "ai_generated",
}


def text(value: object, limit: int = MAX_TEXT) -> str | None:
    """A string of the file, cut at `limit` characters; None for everything else and for ""."""
    return value[:limit] if isinstance(value, str) and value else None


def entries(value: object) -> list[dict[str, Any]]:
    """The objects of a JSON list, at most MAX_ENTRIES; [] for everything else."""
    return [one for one in value[:MAX_ENTRIES] if isinstance(one, dict)] if isinstance(value, list) else []


def chain(store: Mapping[str, Any], active: str) -> dict[str, dict[str, Any]]:
    """Manifests by label: the active one, then its ingredients' breadth first, then what nobody names."""
    manifests = store.get("manifests")
    if not isinstance(manifests, dict):
        return {}
    seen: dict[str, dict[str, Any]] = {}
    for start in (active, *manifests):
        waiting = deque([start])
        while waiting and len(seen) < MAX_ENTRIES:
            label = waiting.popleft()
            manifest = manifests.get(label)
            if label in seen or not isinstance(manifest, dict):
                continue
            seen[label] = manifest
            children = (text(one.get("active_manifest")) for one in entries(manifest.get("ingredients")))
            waiting.extend(child for child in children if child)
    return seen


def assertions(manifest: Mapping[str, Any], label: str) -> Iterator[Any]:
    """The data of every assertion with this label, with or without a version or instance (".v2", "__1")."""
    for one in entries(manifest.get("assertions")):
        name = (text(one.get("label")) or "").split("__")[0]
        if name == label or (name.startswith(f"{label}.v") and name.removeprefix(f"{label}.v").isdigit()):
            yield one.get("data")


def actions(manifest: Mapping[str, Any]) -> list[Action]:
    """The manifest's own actions in order, from all its actions assertions; templates fill what an action leaves out."""
    found = []
    for data in assertions(manifest, "c2pa.actions"):
        if isinstance(data, dict):
            agents = entries(data.get("softwareAgents"))
            templates = {text(one.get("action")): one for one in reversed(entries(data.get("templates")))}
            for one in entries(data.get("actions")):
                name = text(one.get("action"))
                if name:
                    found.append(_action(one, agents, templates.get(name) or templates.get("*") or {}))
    return found[:MAX_ENTRIES]


def _action(one: Mapping[str, Any], agents: list[dict[str, Any]], template: Mapping[str, Any]) -> Action:
    index = one.get("softwareAgentIndex")
    shared = agents[index] if isinstance(index, int) and 0 <= index < len(agents) else None
    parameters = _object(template.get("templateParameters")) | _object(one.get("parameters"))
    given = one.get("softwareAgent") or shared or template.get("softwareAgent")
    typed = (one.get("digitalSourceType"), parameters.get("digitalSourceType"), template.get("digitalSourceType"))
    return Action(
        action=text(one.get("action")) or "",
        digital_source_type=next((found for value in typed if (found := source_type(value))), None),
        software_agent=agent(given),
        description=text(one.get("description"))
        or text(parameters.get("description"))
        or text(template.get("description")),
        agent_version=text(given.get("version")) if isinstance(given, dict) else None,
        parameters=_scalars(parameters),
    )


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _scalars(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The texts and numbers among an action's parameters, without what is read elsewhere."""
    found: dict[str, str] = {}
    for key, value in parameters.items():
        if len(found) < _PARAMETERS and isinstance(key, str) and key != "description":
            if isinstance(value, str) and value:
                found[key[:MAX_TEXT]] = value[: MAX_PROMPT_CHARS if "prompt" in key.lower() else MAX_TEXT]
            elif isinstance(value, int | float) and not isinstance(value, bool):
                found[key[:MAX_TEXT]] = str(value)
    return found


def source_type(value: object) -> str | None:
    """The last segment of a digitalSourceType IRI or prefixed name."""
    return re.split(r"[/#:]", (text(value) or "").rstrip("/#:"))[-1] or None


def disclosed(manifests: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What metadata assertions of the chain say of an AI system, the first manifest that says it; all values text.

    Keys: system, version, model, model_id, model_type, prompt, prompt_writer, ai_generated ("true" or "false").
    """
    found: dict[str, str] = {}
    for manifest in manifests:
        for key, value in _statements(manifest):
            if name := _DISCLOSED.get(key):
                said = str(value).lower() if isinstance(value, bool) else text(value, MAX_PROMPT_CHARS)
                if said and said.strip():
                    found.setdefault(name, said.strip())
        for name, said in _fed(manifest):
            found.setdefault(name, said)
    return found


def _fed(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Prompt and model, where they are ingredients that went into the generation (C2PA 2.4 §10.3, data types)."""
    for one in entries(manifest.get("ingredients")):
        kinds = data_types(one)
        if any(kind.startswith(PROMPT_TYPE) for kind in kinds) and (
            said := text(one.get("data_text"), MAX_PROMPT_CHARS)
        ):
            yield "prompt", said.strip()
        elif any(kind.startswith(_MODEL_TYPE) for kind in kinds) and (title := text(one.get("title"))):
            yield "model_title", title


def data_types(ingredient: Mapping[str, Any]) -> list[str]:
    return [kind for each in entries(ingredient.get("data_types")) if (kind := text(each.get("type")))]


def _statements(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(folded local name, value) of every top member of the manifest's metadata assertions."""
    for label in _DISCLOSURES:
        for data in assertions(manifest, label):
            for key, value in list(_object(data).items())[:MAX_ENTRIES]:
                bare = re.sub(r"[^a-z]", "", str(key)[:MAX_TEXT].rpartition(":")[2].lower())
                one = value[0] if isinstance(value, list) and value else value
                yield bare, one.get("@id") or one.get("@value") if isinstance(one, dict) else one


def agent(value: object) -> str | None:
    """A software agent as one line: a string (v1), or name and version (v2)."""
    if isinstance(value, dict):
        words = (text(value.get("name")), text(value.get("version")))
        return " ".join(word for word in words if word) or None
    return text(value)


def generator(manifest: Mapping[str, Any]) -> str | None:
    """Who wrote the claim: claim_generator_info (v2) or claim_generator (v1)."""
    info = entries(manifest.get("claim_generator_info"))
    return (agent(info[0]) if info else None) or text(manifest.get("claim_generator"))


def generator_version(manifest: Mapping[str, Any]) -> str | None:
    """The version of whoever wrote the claim, where it is stated apart."""
    info = entries(manifest.get("claim_generator_info"))
    return text(info[0].get("version")) if info else None


def ingredients(manifest: Mapping[str, Any]) -> tuple[Ingredient, ...]:
    return tuple(
        Ingredient(
            title=text(one.get("title")),
            relationship=text(one.get("relationship")),
            instance_id=text(one.get("instance_id")),
            manifest_label=text(one.get("active_manifest")),
            mime=text(one.get("format")),
        )
        for one in entries(manifest.get("ingredients"))
    )


def soft_bindings(manifests: Iterable[Mapping[str, Any]]) -> tuple[SoftBinding, ...]:
    found: dict[SoftBinding, None] = {}
    for manifest in manifests:
        for data in assertions(manifest, "c2pa.soft-binding"):
            alg = text(data.get("alg")) if isinstance(data, dict) else None
            for block in entries(data.get("blocks")) if alg else []:
                if value := text(block.get("value"), MAX_BINDING_TEXT):
                    found[SoftBinding(alg or "", value)] = None
    return tuple(found)[:MAX_ENTRIES]


def source_types(manifests: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Of actions and of ingredients (C2PA 2.4 lets a parent without a manifest carry its own)."""
    found: dict[str, None] = {}
    for manifest in manifests:
        says = [one.digital_source_type for one in actions(manifest)]
        says += [source_type(one.get("digital_source_type")) for one in entries(manifest.get("ingredients"))]
        says += [source_type(value) for name, value in _statements(manifest) if name == "digitalsourcetype"]
        found |= dict.fromkeys(one for one in says if one)
    return tuple(found)[:MAX_ENTRIES]


def asset_assertion(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Our own assertion of this manifest, or {} where it is absent or too large to be ours."""
    data = next(assertions(manifest, ASSET_ASSERTION), None)
    if not isinstance(data, dict) or len(json.dumps(data)) > MAX_CUSTOM_BYTES:
        return {}
    return data
