"""What each manifest of a file says of its making, in the words of the conformance programme's signals. Pure.

A port of "C2PA Asset Signals Rubric (Local)", version 1.0 of 2026-08-06, by the C2PA Conformance Task Force
(https://github.com/c2pa-org/conformance-public, asset-rubrics), used under CC BY 4.0; changed from json-formula to
Python. As in the programme's evaluator, an ingredient without a manifest whose digital source type is stated counts as a
manifest of its own (`inferred`), so a copy of ours carries the signal of its original.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dam.provenance.crjson import (
    ACTIONS,
    CREATED,
    MAX_ACTIONS,
    OPENED,
    GapError,
    among,
    count,
    holds,
    manifests,
    member,
    word,
)
from dam.provenance.rulelists import GENAI_TYPES, INCEPTIONS, MAYBE_GENAI_TYPES, NON_EDITORIAL

_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_INGREDIENT = "c2pa.ingredient"
MAX_MANIFESTS = 256
# signal -> the digital source types of c2pa.created or c2pa.opened that give it
_INCEPTION_TYPES: dict[str, tuple[str, ...]] = {
    "blankCanvas": ("http://c2pa.org/digitalsourcetype/empty",),
    "capturedMedia": (_IPTC + "digitalCapture", _IPTC + "computationalCapture"),
    "capturedMediaStitched": (_IPTC + "compositeCapture",),
    "compositionMayContainGenAI": (_IPTC + "composite",),
    "fullyGenAIMedia": (_IPTC + "trainedAlgorithmicMedia",),
    "nonGenAIDigitalCreation": (_IPTC + "digitalCreation",),
    "partlyGenAICreation": (_IPTC + "compositeWithTrainedAlgorithmicMedia",),
    "screenCaptureMayContainGenAI": (_IPTC + "screenCapture",),
}


@dataclass(frozen=True, slots=True)
class ManifestSignals:
    """`inferred`: there is no such manifest, `label` states it of an ingredient. Attribute names are the wire's."""

    label: str | None
    inferred: bool
    signals: tuple[str, ...]


def signals(document: object) -> tuple[ManifestSignals, ...]:
    """The signals of every manifest, the active one first, then of the ingredients without a manifest."""
    found = manifests(document)[:MAX_MANIFESTS]
    said = [ManifestSignals(_label(one), inferred=False, signals=tuple(_of(one))) for one in found]
    flat = [
        ManifestSignals(_label(one), inferred=True, signals=tuple(_of_type(kind)))
        for one in found
        for kind in _flat_types(one)
    ]
    return (*said, *flat[:MAX_MANIFESTS])


def _label(manifest: object) -> str | None:
    found = member(manifest, "label")
    return found[:MAX_MANIFESTS] if isinstance(found, str) else None


def _of(manifest: object) -> Iterator[str]:
    stated = member(member(manifest, "assertions"), ACTIONS)
    held = member(stated, "actions")
    actions = held[:MAX_ACTIONS] if isinstance(held, list) else []
    yield from _inceptions(manifest, actions)
    if _ambiguous(manifest, stated, actions):
        yield "transformation:signal_ambiguousActions"
    names = [(member(one, "action"), member(one, "digitalSourceType")) for one in actions]
    if any(among(name, NON_EDITORIAL) for name, _ in names):
        yield "transformation:signal_nonEditorial"
    kinds = [
        kind
        for name, kind in names
        if name is not None and not among(name, INCEPTIONS) and not among(name, NON_EDITORIAL)
    ]
    tests: dict[str, Callable[[Any], bool]] = {
        "perceptibleGenAI": lambda kind: among(kind, GENAI_TYPES),
        "perceptibleNonGenAI": lambda kind: kind is not None and not among(kind, GENAI_TYPES),
        "perceptiblePossiblyGenAI": lambda kind: among(kind, MAYBE_GENAI_TYPES),
    }
    yield from (f"transformation:signal_{name}" for name, test in tests.items() if any(map(test, kinds)))


def _inceptions(manifest: object, actions: list[Any]) -> list[str]:
    found = [signal for one in actions if among(member(one, "action"), (CREATED, OPENED)) for signal in _of_type(one)]
    parent = member(member(manifest, "assertions"), "c2pa.ingredient.v3")
    if parent is not None and member(parent, "activeManifest") is None:
        found.append("inception:signal_mediaUnknownProvenance")
    return sorted(set(found))


def _of_type(action: object) -> list[str]:
    kind = member(action, "digitalSourceType")
    return [f"inception:signal_{name}" for name, kinds in _INCEPTION_TYPES.items() if among(kind, kinds)]


def _ambiguous(manifest: object, stated: object, actions: list[Any]) -> bool:
    """Whether the actions do not tell the whole story in the specification's words; False where that cannot be asked."""
    try:
        if not count(member(stated, "actions")) or member(stated, "allActionsIncluded") is not True:
            return True
        names = [member(one, "action") for one in actions]
        if any(name is not None and not word(name).startswith("c2pa.") for name in names) or "c2pa.unknown" in names:
            return True
        gathered = member(member(manifest, "claim.v2"), "gathered_assertions")
        entries = gathered if isinstance(gathered, list) else []
        return any(holds(member(one, "url"), "c2pa.actions") for one in entries)
    except GapError:
        return False


def _flat_types(manifest: object) -> Iterator[dict[str, Any]]:
    """A stand-in action for every ingredient that has a source type and no manifest."""
    assertions = member(manifest, "assertions")
    if not isinstance(assertions, dict):
        return
    opened = [
        kind
        for label, stated in assertions.items()
        if label.startswith("c2pa.actions")
        for one in (member(stated, "actions") if isinstance(member(stated, "actions"), list) else [])
        if member(one, "action") == OPENED and (kind := member(one, "digitalSourceType"))
    ]
    for label, one in assertions.items():
        kind = member(one, "digitalSourceType") or next(iter(opened), None)
        if kind and label.startswith(_INGREDIENT) and not member(member(one, "activeManifest"), "url"):
            yield {"digitalSourceType": kind}
