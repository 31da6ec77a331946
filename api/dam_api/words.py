"""The words of the pages: what a state is called, and what it means."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from dam.model import CredentialState
from dam.provenance.sentences import STATES

_WORDS: Mapping[str, str] = MappingProxyType(
    {
        # credential
        "none": "no credential",
        "remote_not_fetched": "credential kept elsewhere",
        "unreadable": "credential unreadable",
        "content_mismatch": "changed after signing",
        "credential_problem": "certificate problem",
        "untrusted_signer": "signer not trusted",
        "trusted": "trusted credential",
        # made by AI
        "true": "made by AI",
        "false": "not made by AI",
        "unknown": "nothing says",
        # relation, as seen from the child
        "input": "input",
        "ingredient": "ingredient",
        "derived_from": "made from it in an editor",
        "protected_copy": "protected copy",
        "revision_of": "revision",
        "near_duplicate": "looks alike",
        "clip": "clip",
        # evidence of an edge
        "sha256": "named by its SHA-256",
        "name_in_root": "named by its file name",
        "name_in_other_root": "a file of that name, on another root",
        "name_ambiguous": "one of several files of that name",
        "c2pa_manifest": "its C2PA manifest is inside",
        "c2pa_title": "named in the C2PA manifest",
        "xmp_instance": "its editor noted exactly this save",
        "xmp_document": "its editor noted this document",
        "xmp_ancestor": "parts of it were pasted in",
        "xmp_history": "an earlier save of the same document",
        "xmp_name": "its editor noted a file of that name",
        "headwater_assertion": "stated and signed by this library",
        "same_path": "new contents under the same path",
        "clip_sha256": "the timeline states its SHA-256",
        "clip_path": "the timeline's path ends like its own",
        "clip_name_in_root": "a clip has its file name",
        "clip_name_in_other_root": "a clip has its file name, on another root",
        "clip_stem": "a clip has its name without suffix",
        "clip_ambiguous": "one of several files that a clip may be",
        "phash": "its fingerprint is near",
        # stages and rehearsals
        "due": "waiting",
        "pixels": "thumbnails and fingerprints",
        "protect": "protected copy",
        "moments": "moments of the video",
        "sound": "fingerprint of the sound",
        "judge": "credential judged again",
        "judge_copies": "copies judged again",
        "crop55_jpeg75": "cropped to 55 %, JPEG 75",
        "shrink75_jpeg50": "shrunk to 75 %, JPEG 50",
    }
)

CREDENTIAL_TONES: Mapping[str, str] = MappingProxyType(
    {
        "trusted": "good",
        "untrusted_signer": "warn",
        "remote_not_fetched": "warn",
        "credential_problem": "warn",
        "content_mismatch": "bad",
        "unreadable": "bad",
    }
)


def word(value: object) -> str:
    """What people call a state; names that are no states of ours stay as they are, without underscores."""
    return _WORDS.get(str(value), str(value).replace("_", " "))


def credential_sentence(credentials: Mapping[str, Any] | None) -> str:
    state = CredentialState(credentials["state"]) if credentials else CredentialState.NONE
    return STATES[state].format(tier=credentials.get("tier") if credentials else None)
