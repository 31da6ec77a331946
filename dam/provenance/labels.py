"""The labels that a file carries in the open: IPTC's AI fields and China's AIGC label (GB 45438-2025). Pure.

A label repeats what the manifest says, in the words that programs without C2PA read. What somebody else's label in the
file says already is never overwritten (docs/labels.md).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dam.provenance.compose import Evidence, Policy, content_id, say
from dam_schemas.assertions import IPTC_EXT

TC260 = "http://www.tc260.org.cn/ns/AIGC/1.0/"
_KEYS = ("Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2")
_MAX_TEXT = 500
_LIKELIHOOD = {"generator": "1", "signature": "1", "label": "2", "suspicion": "3"}


@dataclass(frozen=True, slots=True)
class Label:
    """What is written into a copy: XMP properties by (namespace, name), and the AIGC label as JSON text.

    `aigc` is None where the library has no producer's code.
    """

    properties: Mapping[tuple[str, str], str] = field(default_factory=dict)
    aigc: str | None = None


def label_of(evidence: Evidence, policy: Policy, producer: str | None) -> Label | None:
    """The label of an AI file, or None for a file that nothing says is one. `producer` is our code under GB 45438."""
    if not evidence.ai_generated:
        return None
    said = say(evidence, policy).metadata
    values = said.json_data() if said else {}
    words = {(IPTC_EXT, key.partition(":")[2]): str(value) for key, value in values.items() if not key.startswith("@")}
    return Label(words, aigc_text(evidence, producer) if producer else None)


def aigc_text(evidence: Evidence, producer: str) -> str:
    """The AIGC label as compact JSON with its seven members (GB 45438-2025, annex E).

    Where the file has none, we are the producer and the asset's id is the content's. Where it has one, its producer stays
    and we are the propagator.
    """
    given = _given(evidence.aigc or {})
    ours = content_id(evidence.asset_id).rpartition(":")[2]
    if given.get("ContentProducer") or given.get("ProduceID"):
        label = {key: given.get(key, "") for key in _KEYS}
        label["Label"] = label["Label"] if label["Label"] in ("1", "2", "3") else likelihood(evidence)
        label |= {"ContentPropagator": producer, "PropagateID": ours}
    else:
        label = dict.fromkeys(_KEYS, "") | {
            "Label": likelihood(evidence), "ContentProducer": producer, "ProduceID": ours,
        }  # fmt: skip
    return json.dumps(label, ensure_ascii=False, separators=(",", ":"))


def _given(label: Mapping[str, Any]) -> dict[str, str]:
    """The members of a label that is there, whatever their case."""
    names = {key.lower(): key for key in _KEYS}
    return {
        names[str(key).lower()]: str(value)[:_MAX_TEXT]
        for key, value in label.items()
        if str(key).lower() in names and isinstance(value, (str, int))
    }


def likelihood(evidence: Evidence) -> str:
    """1 = is generated: the generator's own text or a signature that holds says so. 2 = possibly: only a label that anybody
    can write says so. 3 = suspected: a platform's suspicion is all there is.
    """
    return _LIKELIHOOD[evidence.strength]
