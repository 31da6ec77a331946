"""What a manifest store says: the SDK's JSON to nouns, with every list and text bounded. Pure.

The whole chain is walked, because the AI fact often stands in an ingredient (ChatGPT 2025: opened + parent).
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dam.model import Action, Ingredient, SoftBinding

ASSET_ASSERTION = "org.headwater.asset"
MAX_TEXT = 500
MAX_BINDING_TEXT = 4096
MAX_ENTRIES = 256
MAX_CUSTOM_BYTES = 16 * 1024


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
    """The manifest's own actions in order, from all its actions assertions."""
    found = []
    for data in assertions(manifest, "c2pa.actions"):
        if isinstance(data, dict):
            agents = entries(data.get("softwareAgents"))
            found += [_action(one, agents) for one in entries(data.get("actions")) if text(one.get("action"))]
    return found[:MAX_ENTRIES]


def _action(one: Mapping[str, Any], agents: list[dict[str, Any]]) -> Action:
    index, parameters = one.get("softwareAgentIndex"), one.get("parameters")
    shared = agents[index] if isinstance(index, int) and 0 <= index < len(agents) else None
    older = parameters.get("description") if isinstance(parameters, dict) else None
    return Action(
        action=text(one.get("action")) or "",
        digital_source_type=source_type(one.get("digitalSourceType")),
        software_agent=agent(one.get("softwareAgent") or shared),
        description=text(one.get("description")) or text(older),
    )


def source_type(value: object) -> str | None:
    """The last segment of a digitalSourceType IRI."""
    return (text(value) or "").rstrip("/").rsplit("/", 1)[-1] or None


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
        found |= dict.fromkeys(one for one in says if one)
    return tuple(found)[:MAX_ENTRIES]


def asset_assertion(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Our own assertion of this manifest, or {} where it is absent or too large to be ours."""
    data = next(assertions(manifest, ASSET_ASSERTION), None)
    if not isinstance(data, dict) or len(json.dumps(data)) > MAX_CUSTOM_BYTES:
        return {}
    return data
