"""The verdict on a file's C2PA manifest: one state of a taxonomy, the tier that vouches, and the SDK's own codes.

How codes become a state (C2PA 2.4 §15, validation status codes), first match wins:
  content_mismatch    a *.mismatch or *.missing of the active manifest, or one that an ingredient did not have when it was
                      signed over: content, assertions or signature are not what was signed
  credential_problem  any other failure (expired, invalid, revoked, malformed ...) but untrusted and cawg.*
  trusted             the signer chains to a list; `tier` names it
  untrusted_signer    sound, by a signer that no list holds
CAWG identity failures and ingredients by unknown signers do not move the state: they stand in `codes` and raise a flag of
their own. A code says what the validator saw, never who did what; validators disagree on some real files, so each keeps
its explanation.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain as joined
from typing import Any, BinaryIO

from dam.errors import UnreadableError
from dam.model import Credentials, CredentialState, Status
from dam.provenance import apart, bounds, manifests, sdk, statuses
from dam.provenance.trust import TIERS, AnchorList, TrustStore

VERSION = "2"  # of what a verdict holds; another one makes every stored verdict due again
MAX_CODES = 64
TOO_LARGE = "manifest.too_large"  # ours
_UNTRUSTED = statuses.UNTRUSTED
_TRUSTED = statuses.TRUSTED
_SCAN_BYTES = 32 * 1024 * 1024  # how much of a file of unknown format is searched for a manifest store
# the JUMBF description box of a C2PA manifest store: "jumd" + its UUID (C2PA 2.4 §11.1.4.2)
_STORE_MARK = b"jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x008\x9bq"
_STATE_OF_FAILURE = {
    sdk.Failure.REMOTE: (CredentialState.REMOTE_NOT_FETCHED, "manifest.inaccessible"),
    sdk.Failure.UNSUPPORTED: (CredentialState.UNREADABLE, "type.unsupported"),
    sdk.Failure.BROKEN: (CredentialState.UNREADABLE, "general.error"),
}


def key(store: TrustStore | None) -> str:
    """What a verdict depends on besides the file: this module, the SDK, the lists. Stored to know when to judge again."""
    return f"{VERSION}/{sdk.version()}/{store.sha256 if store else '-'}"


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


def not_checked(words: str, store: TrustStore | None) -> Credentials:
    """The verdict on a file that cannot be looked through within bounds, without looking."""
    return _made_by(_unreadable(TOO_LARGE, words), store)


def judge_stream(stream: BinaryIO, mime: str, store: TrustStore | None) -> Credentials:
    """Judge a file that is open for reading and seeking; never raises on any bytes."""
    return _judged(stream, mime, store)


def judge_beside(path: str, mime: str, manifest: bytes, store: TrustStore | None) -> Credentials:
    """Judge a file by a manifest store that is kept beside it. Reads all of the file. Raises as `judge`."""
    try:
        file = sdk.Beside(path, manifest)
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{path!a} cannot be opened: {error}.") from error
    with file:
        return _judged(file, mime, store)


def _judged(stream: BinaryIO, mime: str, store: TrustStore | None) -> Credentials:
    return _made_by(_judge(stream, mime, store or TrustStore()), store)


def _made_by(verdict: Credentials, store: TrustStore | None) -> Credentials:
    trust_list = store.sha256 if store else None
    return replace(verdict, sdk_version=sdk.version(), trust_list=trust_list, judged_by=key(store))


def _judge(stream: BinaryIO, mime: str, store: TrustStore) -> Credentials:
    beside = getattr(stream, "manifest", None)  # a store that is kept outside the file
    size = bounds.size_of_store(stream if beside is None else io.BytesIO(beside))
    if size is bounds.Size.LARGE or (beside is not None and size is not bounds.Size.SMALL):
        words = f"a claim has more than {bounds.MAX_ASSERTIONS} assertions: not checked"
        return _unreadable(TOO_LARGE, words)
    read = sdk.read_store if size is bounds.Size.SMALL else apart.read_store
    try:
        found = read(stream, mime, store.lists())
        if found is None:
            return Credentials(CredentialState.NONE)
        results, tier, extra = _vouched(found, lambda lists: read(stream, mime, lists), store)
    except apart.TooLargeError as error:
        return _unreadable(TOO_LARGE, error.message)
    except sdk.SdkError as error:
        return _refused(error, stream)
    active = manifests.text(found.get("active_manifest")) or ""
    line = manifests.chain(found, active)
    if active not in line or not results:
        return _unreadable("claim.missing", "the active manifest is not in the store")
    failures = _failures(results) | extra
    state = _state(results, failures, tier)
    seen = _statuses_of(results, line[active], extra)
    facts = _facts(active, line)
    return Credentials(
        state=state,
        tier=tier if state is CredentialState.TRUSTED else None,
        codes=(*failures, *_ingredient_codes(seen))[:MAX_CODES],
        explanation=tuple(dict.fromkeys(words for words in failures.values() if words))[:MAX_CODES],
        identity_problem=statuses.has_identity_problem(seen),
        ingredient_problem=statuses.has_ingredient_problem(seen),
        notes=statuses.notes(seen),
        statuses=seen,
        timestamp=statuses.stamp(seen, facts["signed_at"]),
        redacted=statuses.redacted(line.values()),
        **facts,
    )


def _unreadable(code: str, words: str) -> Credentials:
    return Credentials(
        CredentialState.UNREADABLE, codes=(code,), explanation=(words,), statuses=(Status(code, explanation=words),)
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
    found: Mapping[str, Any], ask: Callable[[Sequence[AnchorList]], dict[str, Any] | None], store: TrustStore
) -> tuple[Mapping[str, Any], str | None, dict[str, str]]:
    """Which tier vouches for the signer: (validation results, tier or None, failures to add).

    The SDK lets the time-stamp list vouch for signers as well. Then each tier is asked alone, strongest first. Its
    `trustListUri` is no help: it may name the list of an ingredient's signer (measured, 0.38.1).
    """
    results = _results(found)
    if not _has(results, _TRUSTED):
        return results, None, {}
    if (name := statuses.list_of_signer(results)) in TIERS:
        return results, name, {}
    for tier in TIERS:
        if lists := store.only(tier):
            alone = _results(ask(lists) or {})
            if _has(alone, _TRUSTED):
                return results, tier, {}
    return results, None, {_UNTRUSTED: "only the list of time-stamp authorities holds this signer"}


def _state(results: Mapping[str, Any], failures: Mapping[str, str], tier: str | None) -> CredentialState:
    if any(statuses.is_mismatch(code) for code in joined(failures, _delta_codes(results))):
        return CredentialState.CONTENT_MISMATCH
    if any(code != _UNTRUSTED and not code.startswith("cawg.") for code in failures):
        return CredentialState.CREDENTIAL_PROBLEM
    return CredentialState.TRUSTED if tier else CredentialState.UNTRUSTED_SIGNER


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


def _statuses_of(results: Mapping[str, Any], own: Mapping[str, Any], extra: Mapping[str, str]) -> tuple[Status, ...]:
    added = tuple(Status(code, explanation=words) for code, words in extra.items())
    return (*added, *statuses.collect(results, own))


def _ingredient_codes(seen: Sequence[Status]) -> list[str]:
    """The deltas, and the mismatches that the signer had already recorded."""
    codes = (s.code for s in seen if s.of == "ingredient" or (s.of == "recorded" and statuses.is_mismatch(s.code)))
    return list(dict.fromkeys(f"ingredient:{code}" for code in codes))


def _refused(error: sdk.SdkError, stream: BinaryIO) -> Credentials:
    """The SDK gave no answer. A format that it does not know has no credential unless a store stands in the bytes."""
    if error.failure is sdk.Failure.UNSUPPORTED and not _holds_store(stream):
        return Credentials(CredentialState.NONE)
    state, code = _STATE_OF_FAILURE[error.failure]
    words = error.message[: manifests.MAX_TEXT]
    return Credentials(state, codes=(code,), explanation=(words,), statuses=(Status(code, explanation=words),))


def _holds_store(stream: BinaryIO) -> bool:
    try:
        stream.seek(0)
        return _STORE_MARK in stream.read(_SCAN_BYTES)
    except OSError:
        return True  # cannot be looked at: unreadable, not "none"
