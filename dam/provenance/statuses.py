"""Validation results of the SDK as nouns: statuses one by one, the time stamp, and the flags beside the state. Pure.

Who made a time stamp and which list vouches for it stand only in the SDK's English sentences ("timestamp cert trusted:
NAME, trust list: LIST", c2pa-rs 0.91); a sentence that reads otherwise gives no name, never a wrong one. For old claims
(version 1) the SDK believes any authority ("legacy timestamp cert trusted"): no list holds it, so it is not `trusted` here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dam.model import Stamp, Status
from dam.provenance import manifests

MAX_STATUSES = 128
UNTRUSTED = "signingCredential.untrusted"
TRUSTED = "signingCredential.trusted"
DISAGREEMENT = "validators_disagree"
LEGACY_STAMP = "timestamp_not_asked"
_STAMPED = re.compile(r"^(legacy )?timestamp cert (?:un)?trusted: (.*?)(?:, trust list: (\w+))?$", re.DOTALL)
_OWN_LIST = re.compile(r", trust list: own_tsa$")
_FOUND_IN = re.compile(r"found in \[(\w+)\] trust anchors$")
_DIGEST = re.compile(r"^timestamp message digest (?:matched|did not match): (.*)$", re.DOTALL)
_BAD_STAMPS = ("timeStamp.mismatch", "timeStamp.malformed", "timeStamp.outsideValidity", "timeStamp.credentialInvalid")
_MISPLACED = "exclusion does not match the manifest location"
_UNEQUAL = "Hashes do not match"


def is_mismatch(code: str) -> bool:
    """Whether a code says that content, assertions or signature are not what was signed."""
    if code.startswith(("cawg.", "timeStamp.", "signingCredential.")):
        return False
    return code.endswith((".mismatch", ".missing")) or "hashedURI" in code


def collect(results: Mapping[str, Any], own: Mapping[str, Any]) -> tuple[Status, ...]:
    """Every status that is worth a look: failures and remarks of the active manifest, its time stamp, its ingredients'."""
    active = results.get("activeManifest")
    found = [_status(one, kind, "active") for kind in ("failure", "informational") for one in _entries(active, kind)]
    found += [s for one in _entries(active, "success") if (s := _status(one, "success", "active")) and _of_time(s)]
    for delta in manifests.entries(results.get("ingredientDeltas")):
        found += [_status(one, "failure", "ingredient") for one in _entries(delta.get("validationDeltas"), "failure")]
    found += [_status(one, "failure", "recorded") for one in _recorded(own)]
    return tuple(dict.fromkeys(s for s in found if s is not None))[:MAX_STATUSES]


def _recorded(own: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What the signer wrote down of its ingredients: a later signature does not heal them."""
    for one in manifests.entries(own.get("ingredients")):
        then = one.get("validation_results")
        yield from _entries(then.get("activeManifest") if isinstance(then, dict) else None, "failure")
        yield from manifests.entries(one.get("validation_status"))


def _entries(block: object, kind: str) -> list[dict[str, Any]]:
    return manifests.entries(block.get(kind)) if isinstance(block, dict) else []


def _status(one: Mapping[str, Any], kind: str, of: str) -> Status | None:
    code = manifests.text(one.get("code"))
    return Status(code, kind, of, _settled(manifests.text(one.get("explanation")))) if code else None


def _settled(words: str | None) -> str | None:
    """Of the organisation's two lists the SDK names now one, now the other: the same file gets the same words."""
    return _OWN_LIST.sub(", trust list: organisation", words) if words else words


def _of_time(status: Status) -> bool:
    return status.code.startswith("timeStamp.")


def list_of_signer(results: Mapping[str, Any]) -> str | None:
    """The list that vouches for the signer of the active manifest, where the SDK's sentence names one."""
    for one in _entries(results.get("activeManifest"), "success"):
        if one.get("code") == TRUSTED and (found := _FOUND_IN.search(manifests.text(one.get("explanation")) or "")):
            return found[1]
    return None


def has_identity_problem(statuses: Iterable[Status]) -> bool:
    return any(s.kind == "failure" and s.of == "active" and s.code.startswith("cawg.") for s in statuses)


def has_ingredient_problem(statuses: Iterable[Status]) -> bool:
    """Whether something that went into the file does not hold. A signer on no list is no problem of that kind."""
    return any(s.of == "ingredient" and s.code != UNTRUSTED for s in statuses) or any(
        s.of == "recorded" and is_mismatch(s.code) for s in statuses
    )


def stamp(statuses: Iterable[Status], signed_at: str | None) -> Stamp:
    """The active manifest's time stamp."""
    about = [s for s in statuses if s.of == "active" and _of_time(s)]
    if not about:
        return Stamp()
    named = next((m for s in about if (m := _STAMPED.match(s.explanation or ""))), None)
    digest = next((m for s in about if (m := _DIGEST.match(s.explanation or ""))), None)
    authority = named[2] if named else digest[1] if digest else None
    if any(s.code.startswith(_BAD_STAMPS) for s in about):
        return Stamp("invalid", None, authority)
    listed = named[3] if named and any(s.code == "timeStamp.trusted" for s in about) else None
    return Stamp("trusted" if listed else "untrusted", signed_at, authority, local=listed == "organisation")


def notes(statuses: Iterable[Status]) -> tuple[str, ...]:
    """What a reader of the verdict should know, by name (`sentences.NOTES`)."""
    active = [s for s in statuses if s.of == "active"]
    found = []
    hashes = [s.explanation or "" for s in active if s.code == "assertion.dataHash.mismatch"]
    if any(_MISPLACED in words for words in hashes) and not any(_UNEQUAL in words for words in hashes):
        found.append(DISAGREEMENT)
    if any(s.code == "timeStamp.trusted" and (s.explanation or "").startswith("legacy ") for s in active):
        found.append(LEGACY_STAMP)
    return tuple(found)


def redacted(line: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Assertions that some manifest of the chain removed from an earlier one."""
    found: dict[str, None] = {}
    for manifest in line:
        gone = manifest.get("redactions")
        if isinstance(gone, list):
            found |= dict.fromkeys(uri for one in gone[: manifests.MAX_ENTRIES] if (uri := manifests.text(one)))
    return tuple(found)[: manifests.MAX_ENTRIES]
