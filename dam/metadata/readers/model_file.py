"""What a model file says of itself: safetensors `__metadata__` (modelspec.*, ss_*) and GGUF general.*.

A model is no generated content: such a claim says nothing on AI and has no generation.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata.contract import as_int, as_text, claim_of, parse_object, plain_texts
from dam.model import Claim, Kind

_CARRIERS = ("safetensors:__metadata__", "gguf:metadata")
_TOP_TAGS = 32
_MAX_VALUE = 2000
# field -> keys in the order of trust: the specification's, kohya's sd-scripts, GGUF's.
_FIELDS: dict[str, tuple[str, ...]] = {
    "title": ("modelspec.title", "ss_output_name", "general.name"),
    "architecture": ("modelspec.architecture", "general.architecture", "ss_network_module"),
    "implementation": ("modelspec.implementation",),
    "base_model": ("ss_sd_model_name", "ss_base_model_version", "general.base_model.0.name"),
    "base_model_hash": ("ss_new_sd_model_hash", "ss_sd_model_hash"),
    "base_version": ("ss_base_model_version",),
    "author": ("modelspec.author", "general.author", "general.organization"),
    "license": ("modelspec.license", "general.license"),
    "description": ("modelspec.description", "general.description"),
    "trigger_phrase": ("modelspec.trigger_phrase",),
    "resolution": ("modelspec.resolution", "ss_resolution"),
    "date": ("modelspec.date",),
    "hash_sha256": ("modelspec.hash_sha256", "sshs_model_hash"),
    "network_rank": ("ss_network_dim",),
    "merged_from": ("modelspec.merged_from",),
    "quantization": ("general.file_type",),
    "size_label": ("general.size_label",),
}


class ModelFile:
    """Reader of model files' headers."""

    name = "model_file"
    version = "1"

    def score(self, probe: Probe) -> int:
        return 80 if _headers(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        return [claim_of(self, text, None, fields) for text, fields in _headers(probe)]


def _headers(probe: Probe) -> list[tuple[Text, dict[str, Any]]]:
    if probe.media.kind is not Kind.MODEL:
        return []
    texts = (text for text in plain_texts(probe) if text.carrier in _CARRIERS)
    found = [(text, _fields(parse_object(text.text) or {})) for text in texts]
    return [(text, fields) for text, fields in found if fields]


def _fields(given: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, keys in _FIELDS.items():
        value = next((text for key in keys if (text := as_text(given.get(key), limit=_MAX_VALUE))), None)
        if value is not None:
            fields[name] = value
    if tags := _top_tags(given.get("ss_tag_frequency")):
        fields["trained_tags"] = tags
    fields |= {"keys": sorted(str(key)[:200] for key in given)[:256]} if given else {}
    return fields


def _top_tags(value: Any) -> dict[str, int]:
    """The tags of all training folders together, the most frequent first."""
    folders = parse_object(value) if isinstance(value, str) else value
    counts: dict[str, int] = {}
    for folder in folders.values() if isinstance(folders, Mapping) else ():
        for tag, count in folder.items() if isinstance(folder, Mapping) else ():
            if number := as_int(count):
                counts[str(tag).strip()[:200]] = counts.get(str(tag).strip()[:200], 0) + number
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_TOP_TAGS])


PLUGIN = ModelFile()
