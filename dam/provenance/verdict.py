"""The verdict on a file's C2PA manifest: one state of a taxonomy, the tier that vouches, and the SDK's own codes.

How codes become a state (C2PA 2.4 §15, validation status codes), first match wins:
  content_mismatch    a *.mismatch or *.missing of the active manifest, or one that an ingredient did not have when it was
                      signed over: content, assertions or signature are not what was signed
  credential_problem  any other failure (expired, invalid, revoked, malformed ...) but untrusted and cawg.*
  trusted             the signer chains to a list; `tier` names it
  untrusted_signer    sound, by a signer that no list holds
CAWG identity failures and ingredients by unknown signers do not move the state: they stand in `codes`. A code says what
the validator saw, never who did what; validators disagree on some real files, so its explanation is kept beside it.
"""

import io
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain as joined
from typing import Any, BinaryIO

from dam.errors import UnreadableError
from dam.model import Credentials, CredentialState
from dam.provenance import bounds, manifests, sdk
from dam.provenance.trust import TIERS, TrustStore

MAX_CODES = 64
_UNTRUSTED = "signingCredential.untrusted"
_TRUSTED = "signingCredential.trusted"
_SCAN_BYTES = 32 * 1024 * 1024  # how much of a file of unknown format is searched for a manifest store
# the JUMBF description box of a C2PA manifest store: "jumd" + its UUID (C2PA 2.4 §11.1.4.2)
_STORE_MARK = b"jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x008\x9bq"
_STATE_OF_FAILURE = {
    sdk.Failure.REMOTE: (CredentialState.REMOTE_NOT_FETCHED, "manifest.inaccessible"),
    sdk.Failure.UNSUPPORTED: (CredentialState.UNREADABLE, "type.unsupported"),
    sdk.Failure.BROKEN: (CredentialState.UNREADABLE, "general.error"),
}


def judge(path: str, mime: str, store: TrustStore | None) -> Credentials:
    """Judge a file. Reads all of it where there is a manifest, next to nothing where there is none.

    Raises:
        UnreadableError: the operating system refuses to open it. Bad content is an answer, never an exception.
    """
    try:
        file = open(path, "rb", buffering=1 << 20)  # noqa: SIM115  # str paths may carry undecodable bytes
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{path!a} cannot be opened: {error}.") from error
    with file:
        return _judged(file, mime, store)


def judge_bytes(data: bytes, mime: str, store: TrustStore | None) -> Credentials:
    """Judge a file that is in memory; never raises on any bytes."""
    return _judged(io.BytesIO(data), mime, store)


def _judged(stream: BinaryIO, mime: str, store: TrustStore | None) -> Credentials:
    verdict = _judge(stream, mime, store or TrustStore())
    return replace(verdict, sdk_version=sdk.version(), trust_list=store.sha256 if store else None)


def _judge(stream: BinaryIO, mime: str, store: TrustStore) -> Credentials:
    try:
        if bounds.too_many_assertions(stream):
            words = (f"a claim has more than {bounds.MAX_ASSERTIONS} assertions: not checked",)
            return Credentials(CredentialState.UNREADABLE, codes=("general.error",), explanation=words)
        found = sdk.read_store(stream, mime, store.lists())
        if found is None:
            return Credentials(CredentialState.NONE)
        results, tier, extra = _vouched(found, stream, mime, store)
    except sdk.SdkError as error:
        return _refused(error, stream)
    active = manifests.text(found.get("active_manifest")) or ""
    line = manifests.chain(found, active)
    if active not in line or not results:
        words = ("the active manifest is not in the store",)
        return Credentials(CredentialState.UNREADABLE, codes=("claim.missing",), explanation=words)
    failures = _failures(results) | extra
    state = _state(results, failures, tier)
    return Credentials(
        state=state,
        tier=tier if state is CredentialState.TRUSTED else None,
        codes=(*failures, *_ingredient_codes(results, line[active]))[:MAX_CODES],
        explanation=tuple(dict.fromkeys(words for words in failures.values() if words))[:MAX_CODES],
        **_facts(active, line),
    )


def _facts(active: str, line: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """What the manifests say, whatever it is worth."""
    own, everyone = line[active], line.values()
    raw = own.get("signature_info")
    signature = raw if isinstance(raw, dict) else {}
    actions = tuple(joined.from_iterable(manifests.actions(one) for one in everyone))[: manifests.MAX_ENTRIES]
    agents = (one.software_agent for one in actions)
    return {
        "issuer": manifests.text(signature.get("issuer")),
        "signed_at": manifests.text(signature.get("time")),
        "generator": manifests.generator(own),
        "generator_version": manifests.generator_version(own),
        "disclosed": manifests.disclosed(everyone),
        "label": active,
        "actions": actions,
        "ingredients": manifests.ingredients(own),
        "soft_bindings": manifests.soft_bindings(everyone),
        "manifest_labels": tuple(line),
        "digital_source_types": manifests.source_types(everyone),
        "software_agents": tuple(dict.fromkeys(one for one in agents if one)),
        "custom": manifests.asset_assertion(own),
    }


def _vouched(
    found: Mapping[str, Any], stream: BinaryIO, mime: str, store: TrustStore
) -> tuple[Mapping[str, Any], str | None, dict[str, str]]:
    """Which tier vouches for the signer: (validation results, tier or None, failures to add).

    The SDK lets the time-stamp list vouch for signers as well. Then each tier is asked alone, strongest first.
    """
    results = _results(found)
    if not _has(results, _TRUSTED):
        return results, None, {}
    name = results.get("trustListUri")
    if name in TIERS:
        return results, str(name), {}
    for tier in TIERS:
        if lists := store.only(tier):
            alone = _results(sdk.read_store(stream, mime, lists) or {})
            if _has(alone, _TRUSTED):
                return results, tier, {}
    return results, None, {_UNTRUSTED: "only the list of time-stamp authorities holds this signer"}


def _state(results: Mapping[str, Any], failures: Mapping[str, str], tier: str | None) -> CredentialState:
    if any(_is_mismatch(code) for code in joined(failures, _delta_codes(results))):
        return CredentialState.CONTENT_MISMATCH
    if any(code != _UNTRUSTED and not code.startswith("cawg.") for code in failures):
        return CredentialState.CREDENTIAL_PROBLEM
    return CredentialState.TRUSTED if tier else CredentialState.UNTRUSTED_SIGNER


def _is_mismatch(code: str) -> bool:
    if code.startswith(("cawg.", "timeStamp.", "signingCredential.")):
        return False
    return code.endswith((".mismatch", ".missing")) or "hashedURI" in code


def _results(found: Mapping[str, Any]) -> Mapping[str, Any]:
    results = found.get("validation_results")
    return results if isinstance(results, dict) else {}


def _statuses(block: object, kind: str) -> list[dict[str, Any]]:
    return manifests.entries(block.get(kind)) if isinstance(block, dict) else []


def _has(results: Mapping[str, Any], code: str) -> bool:
    return any(one.get("code") == code for one in _statuses(results.get("activeManifest"), "success"))


def _failures(results: Mapping[str, Any]) -> dict[str, str]:
    """Failure codes of the active manifest with the SDK's explanations, in its order."""
    found: dict[str, str] = {}
    for one in _statuses(results.get("activeManifest"), "failure"):
        found.setdefault(
            manifests.text(one.get("code")) or "general.error", manifests.text(one.get("explanation")) or ""
        )
    return found


def _delta_codes(results: Mapping[str, Any]) -> list[str]:
    """Failures that an ingredient shows now and did not show when it was signed over."""
    deltas = manifests.entries(results.get("ingredientDeltas"))
    found = joined.from_iterable(_statuses(delta.get("validationDeltas"), "failure") for delta in deltas)
    return [code for one in found if (code := manifests.text(one.get("code")))]


def _ingredient_codes(results: Mapping[str, Any], own: Mapping[str, Any]) -> list[str]:
    """The deltas, and the mismatches that the signer had already recorded: a later signature does not heal them."""
    recorded = []
    for one in manifests.entries(own.get("ingredients")):
        results_then = one.get("validation_results")
        block = results_then.get("activeManifest") if isinstance(results_then, dict) else None
        older = manifests.entries(one.get("validation_status"))
        recorded += [
            code for entry in (*_statuses(block, "failure"), *older) if (code := manifests.text(entry.get("code")))
        ]
    codes = (*_delta_codes(results), *(code for code in recorded if _is_mismatch(code)))
    return list(dict.fromkeys(f"ingredient:{code}" for code in codes))


def _refused(error: sdk.SdkError, stream: BinaryIO) -> Credentials:
    """The SDK gave no answer. A format that it does not know has no credential unless a store stands in the bytes."""
    if error.failure is sdk.Failure.UNSUPPORTED and not _holds_store(stream):
        return Credentials(CredentialState.NONE)
    state, code = _STATE_OF_FAILURE[error.failure]
    return Credentials(state, codes=(code,), explanation=(error.message[: manifests.MAX_TEXT],))


def _holds_store(stream: BinaryIO) -> bool:
    try:
        stream.seek(0)
        return _STORE_MARK in stream.read(_SCAN_BYTES)
    except OSError:
        return True  # cannot be looked at: unreadable, not "none"
