"""What the catalogue knows of how an asset was made, as the evidence that a statement is composed from."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from dam.catalogue.cards import Card
from dam.catalogue.reading import Reader
from dam.errors import UnavailableError, UnreadableError
from dam.fingerprint.engines import isccimage
from dam.ingest.near import ENGINE_ISCC, ISCC_ALG
from dam.ingest.parts import Parts
from dam.lineage.names import bare_name
from dam.media import hashing
from dam.media.paths import from_text, match_key
from dam.model import Generation, Input, Lora
from dam.provenance import compose
from dam.provenance.compose import Evidence, InputEvidence, Policy
from dam.provenance.signing import IngredientFile
from dam.provenance.statement import SoftBindingEntry
from dam.settings import Settings

MAX_FILES = 16
MAX_FILE_BYTES = 256 << 20
PATIENCE_S = 600.0  # how long after its own arrival a file waits for an input that is still arriving
ARRIVALS_LOOKED_AT = 5000
_NO_INGREDIENT = ("unreadable", "remote_not_fetched")  # their manifest cannot be carried along, so neither can they


@dataclass(frozen=True, slots=True)
class Gathered:
    """Evidence of one asset, the files of those inputs that become ingredients, and the codes by which it is found."""

    card: Card
    evidence: Evidence
    files: tuple[IngredientFile, ...]
    fingerprints: tuple[SoftBindingEntry, ...]


def policy(settings: Settings) -> Policy:
    """What the library's settings let be said."""
    return Policy(
        sign_prompts=settings.sign_prompts,
        training_mining=settings.training_mining,
        training_terms=settings.training_terms,
        ai_provider=settings.ai_provider,
    )


def gather(parts: Parts, asset_id: str) -> Gathered:
    """Everything that may be said of an asset. Reads the files of its inputs, to check that they hold what they should.

    Raises:
        UnavailableError: one of its inputs is arriving at this moment. What is signed cannot be unsaid, so it must not
            depend on which of two files was read first.
    """
    with parts.catalogue.reader() as reader:
        card = reader.cards([asset_id])[0]
        claims = reader.rows(
            "SELECT carrier, reader, fields, confidence FROM claim WHERE asset_id = ? ORDER BY carrier", asset_id
        )
        manifest = reader.rows("SELECT detail FROM manifest WHERE asset_id = ?", asset_id)
        resolved = _resolved(reader, card)
        _wait_for_inputs(reader, card, resolved, parts.wall())
        codes = reader.rows("SELECT engine, code FROM fingerprint WHERE asset_id = ? AND NOT flat", asset_id)
    verdict = json.loads(manifest[0]["detail"]) if manifest else None
    labels = [json.loads(row["fields"]) for row in claims if row["reader"] == "aigc"]
    provider, basis = compose.provider_of(verdict, _producer(labels))
    inputs, files = _at_hand(resolved)
    evidence = Evidence(
        asset_id=asset_id,
        generation=_generation(card.generation),
        ai_generated=card.ai_generated,
        named=card.digital_source_type,
        carriers=tuple(row["carrier"] for row in claims if row["reader"] != "unparsed"),
        inputs=inputs,
        created_at=card.created_at,
        provider=provider,
        provider_basis=basis,
        strength=compose.strength(_confidences(claims), signed=card.credential == "trusted"),
        aigc=next((one["aigc"] for one in labels if isinstance(one.get("aigc"), dict)), None),
    )
    bindings = tuple(_binding(c["engine"], c["code"]) for c in codes[:8])
    return Gathered(card, evidence, files, bindings)


def _binding(engine: str, code: str) -> SoftBindingEntry:
    """A fingerprint as a soft binding: ISCC under its name on the C2PA list and as ISO 24138 writes it."""
    if engine == ENGINE_ISCC:
        return SoftBindingEntry(alg=ISCC_ALG, value=isccimage.to_iscc(code))
    return compose.fingerprint_binding(engine, code)


def _producer(labels: Sequence[Mapping[str, Any]]) -> str | None:
    """Who China's label in the file names as the producer: the tool where its code is known, else the code."""
    named = (one["producer"] for one in labels if isinstance(one.get("producer"), dict))
    return next((str(one.get("tool") or one["code"]) for one in named if one.get("code")), None)


def _confidences(claims: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in claims:
        found[row["reader"]] = max(found.get(row["reader"], 0.0), row["confidence"])
    return found


@dataclass(frozen=True, slots=True)
class _Resolved:
    given: Input
    found: Literal["by_hash", "by_name", "not_found"]
    card: Card | None = None
    places: Sequence[str] = ()


def _resolved(reader: Reader, card: Card) -> list[_Resolved]:
    """The inputs of the generation, each with the asset that it is, where one edge says so for sure enough."""
    named = {"sha256": "by_hash", "name_in_root": "by_name"}
    parents: dict[str, tuple[str, str]] = {}
    for edge in reader.edges([card.id], down=False):
        how = named.get(edge["evidence"]) if edge["relation"] == "input" else None
        if how and edge["detail"].get("name"):
            parents[edge["detail"]["name"]] = (edge["parent_id"], how)
    found = []
    for given in _inputs(card.generation):
        parent, how = parents.get(given.name or "", ("", "not_found"))
        known = reader.cards([parent]) if parent else []
        if not known:
            found.append(_Resolved(given, "not_found"))
            continue
        places = [
            os.path.join(from_text(folder), from_text(path)) for folder, path, _ in reader.readable_places(parent)
        ]
        found.append(_Resolved(given, "by_hash" if how == "by_hash" else "by_name", known[0], places))
    return found


def _wait_for_inputs(reader: Reader, card: Card, resolved: Sequence[_Resolved], now: float) -> None:
    unknown = {match_key(bare_name(one.given.name)) for one in resolved if one.found == "not_found" and one.given.name}
    if not unknown or now - datetime.fromisoformat(card.admitted_at).timestamp() > PATIENCE_S:
        return
    arriving = reader.rows(
        "SELECT i.path FROM intake i JOIN root r ON r.id = i.root_id WHERE i.state IN ('due', 'running')"
        " AND r.state <> 'offline' ORDER BY i.seen_at DESC LIMIT ?",
        ARRIVALS_LOOKED_AT,
    )
    if here := unknown & {match_key(row["path"]) for row in arriving}:
        message = f"{card.title} was made from {min(here)}, which is arriving at this moment."
        raise UnavailableError(message, code="input.arriving", retry_after_s=1.0)


def _at_hand(resolved: Sequence[_Resolved]) -> tuple[tuple[InputEvidence, ...], tuple[IngredientFile, ...]]:
    inputs: list[InputEvidence] = []
    files: list[IngredientFile] = []
    for one in resolved:
        path = _readable(one) if len(files) < MAX_FILES else None
        label = None
        if path and one.card:
            label = f"input-{len(files)}"
            files.append(IngredientFile(label, path, one.card.mime))
        sha256 = one.card.sha256 if one.card else (one.given.sha256 or "").lower() or None
        inputs.append(
            InputEvidence(
                name=one.given.name,
                role=one.given.role,
                sha256=sha256 if sha256 and len(sha256) == 64 else None,
                found=one.found,
                ai_generated=one.card.ai_generated if one.card else None,
                label=label,
            )
        )
    return tuple(inputs), tuple(files)


def _readable(one: _Resolved) -> str | None:
    """A path that holds the input's bytes now, checked by their hash."""
    if one.card is None or one.card.size_bytes > MAX_FILE_BYTES or one.card.credential in _NO_INGREDIENT:
        return None
    for path in one.places:
        try:
            if hashing.sha256_file(path) == one.card.sha256:
                return path
        except UnreadableError:
            continue
    return None


def _inputs(made: Mapping[str, Any]) -> list[Input]:
    return [
        Input(one.get("name"), one.get("sha256"), one.get("role"))
        for one in made.get("inputs") or ()
        if isinstance(one, dict)
    ]


def _generation(made: Mapping[str, Any]) -> Generation | None:
    """The headline of a stored generation: who made it, with what. Numbers of the sampler are nobody's business here."""
    if not made:
        return None
    loras = tuple(Lora(one["name"]) for one in made.get("loras") or () if isinstance(one, dict) and one.get("name"))
    return Generation(
        tool=made.get("tool"), tool_version=made.get("tool_version"), model=made.get("model"),
        model_hash=made.get("model_hash"), prompt=made.get("prompt"), loras=loras, inputs=tuple(_inputs(made)),
    )  # fmt: skip
