"""What a verdict means, in sentences for people: every state, flag, note and code. The only place where they stand.

A code says what a check found, never who did what: software that saves a file anew breaks a credential as surely as
somebody who means harm. So no sentence accuses, and none calls a picture true: a credential proves who signed, not what
can be seen.
"""

from collections.abc import Iterable

from dam.model import Credentials, CredentialState

STATES = {
    CredentialState.NONE: "The file carries no C2PA credential, so nothing in it proves where it comes from.",
    CredentialState.REMOTE_NOT_FETCHED: "The credential is kept on a server and was not fetched (nothing leaves this machine).",
    CredentialState.UNREADABLE: "The file has a credential, or may have one, that cannot be read.",
    CredentialState.CONTENT_MISMATCH: "The file is not byte for byte what was signed: it, or its credential, changed afterwards.",
    CredentialState.CREDENTIAL_PROBLEM: "The credential breaks a rule of C2PA, so its signature proves nothing here.",
    CredentialState.UNTRUSTED_SIGNER: "The signature holds, but the signer is on no trust list of this library.",
    CredentialState.TRUSTED: "The credential is intact and its signer is trusted ({tier} list).",
}
TIERS = {
    "official": "the official C2PA trust list",
    "interim": "the interim list of C2PA, now retired, which older files chain to",
    "organisation": "this organisation's own anchors",
    "tsa": "time-stamp authorities; they vouch for no signer",
}
STAMPS = {
    "trusted": "The time of signing is vouched for by an authority on a trust list.",
    "untrusted": "A time stamp says when it was signed, by an authority that no trust list of this library holds.",
    "invalid": "There is a time stamp, and it does not hold, so the time of signing is not known.",
    "none": "Nothing vouches for the time of signing.",
}
LOCAL_STAMP = "The authority is this organisation's own responder, so nobody outside vouches for the time."
IDENTITY_PROBLEM = (
    "A statement of who the author is (CAWG identity) could not be verified; the file itself is not affected."
)
INGREDIENT_PROBLEM = "Something that went into the file has a credential that does not hold."
REDACTED = "A later signer removed {count} statement(s) from earlier credentials, as C2PA allows."
NOTES = {
    "validators_disagree": "Validators disagree on this file: the range that its hash leaves out is not where the credential"
    " lies. Stricter ones call that a mismatch, others accept it; it does not say that the picture changed.",
    "timestamp_not_asked": "The C2PA library believes any time-stamp authority for credentials in the older format, without"
    " asking a trust list.",
}
NOT_PROVEN = (
    "A credential says who signed which bytes, and what they said of them. It does not prove that what can be seen or"
    " heard is true, and a missing credential does not mean that anything is wrong."
)

CODES = {
    # content and signature (C2PA 2.4, validation status codes)
    "assertion.dataHash.mismatch": "The file's bytes do not match the hash that was signed.",
    "assertion.bmffHash.mismatch": "The video's or picture's boxes do not match the hash that was signed.",
    "assertion.boxesHash.mismatch": "A part of the file does not match the hash that was signed.",
    "assertion.boxesHash.unknownBox": "The file has a part that was not there when it was signed.",
    "assertion.collectionHash.mismatch": "A file of the collection does not match the hash that was signed.",
    "assertion.hashedURI.mismatch": "A statement of the credential is not the one that was signed.",
    "assertion.missing": "A statement that was signed is not in the credential.",
    "assertion.inaccessible": "A statement of the credential cannot be found.",
    "assertion.undeclared": "The credential holds a statement that its signature does not cover.",
    "assertion.multipleHardBindings": "The credential binds itself to the file in more than one way.",
    "assertion.outsideManifest": "The signature covers a statement that lies outside its credential.",
    "assertion.notRedacted": "A statement was said to be removed and is still there.",
    "assertion.selfRedacted": "The credential removes one of its own statements.",
    "assertion.action.redacted": "The list of what was done to the file was removed.",
    "assertion.action.ingredientMismatch": "An action names an ingredient that is not in the credential.",
    "assertion.action.malformed": "The list of what was done to the file breaks the standard's rules.",
    "hashedURI.mismatch": "A part of the credential is not the one that was signed.",
    "hashedURI.missing": "A part of the credential that was signed is missing.",
    "claimSignature.mismatch": "The signature does not fit the credential.",
    "claimSignature.missing": "The credential has no signature.",
    "claimSignature.outsideValidity": "The signature was made while its certificate was not valid.",
    "claim.hardBindings.missing": "The credential is not bound to the contents of the file.",
    "claim.missing": "The credential has no claim that could be checked.",
    "claim.multiple": "The credential has more than one claim.",
    "claim.malformed": "The claim breaks the standard's rules.",
    "claim.cbor.invalid": "The claim cannot be decoded.",
    "ingredient.manifest.mismatch": "The credential of an ingredient is not the one that was signed over.",
    "ingredient.manifest.missing": "The credential of an ingredient is missing.",
    "ingredient.claimSignature.mismatch": "The signature of an ingredient is not the one that was signed over.",
    "ingredient.claimSignature.missing": "The signature of an ingredient is missing.",
    "ingredient.hashedURI.mismatch": "A part of an ingredient is not the one that was signed over.",
    # certificate
    "signingCredential.untrusted": "The signer's certificate leads to no trust list of this library.",
    "signingCredential.invalid": "The signer's certificate is not fit for signing credentials.",
    "signingCredential.expired": "The signer's certificate had expired, and no valid time stamp shows an earlier signature.",
    "signingCredential.revoked": "The signer's certificate was revoked.",
    "signingCredential.ocsp.revoked": "The signer's certificate was revoked.",
    "signingCredential.ocsp.unknown": "The certificate's issuer does not know whether it was revoked.",
    "signingCredential.ocsp.inaccessible": "Whether the certificate was revoked was not asked (nothing leaves this machine).",
    "signingCredential.ocsp.skipped": "Whether the certificate was revoked was not asked (nothing leaves this machine).",
    "signingCredential.ocsp.notRevoked": "The certificate's issuer says that it was not revoked.",
    # time stamp
    "timeStamp.trusted": "The time-stamp authority is accepted by the C2PA library.",
    "timeStamp.validated": "The time stamp fits the signature.",
    "timeStamp.untrusted": "The time-stamp authority is on no trust list of this library.",
    "timeStamp.mismatch": "The time stamp belongs to another signature.",
    "timeStamp.malformed": "The time stamp cannot be read.",
    "timeStamp.outsideValidity": "The time stamp was made while its authority's certificate was not valid.",
    "timeStamp.credentialInvalid": "The certificate of the time-stamp authority is not fit for it.",
    # store
    "manifest.inaccessible": "The credential is kept on a server and was not fetched.",
    "manifest.multipleParents": "The credential names more than one file as its origin.",
    "manifest.update.invalid": "The credential updates an earlier one in a way that the standard forbids.",
    "manifest.update.wrongParents": "The credential updates an earlier one and does not name it rightly.",
    "manifest.compressed.invalid": "The credential is compressed and cannot be unpacked.",
    "manifest.timestamp.invalid": "A credential that only adds a time stamp breaks the standard's rules.",
    "manifest.timestamp.wrongParents": "A credential that only adds a time stamp does not name its origin rightly.",
    "algorithm.unsupported": "The credential uses an algorithm that is not supported.",
    "general.error": "The C2PA library could not read the credential.",
    # ours
    "manifest.too_large": "The credential is larger than can be checked in a few seconds, so it was not checked.",
    "type.unsupported": "A credential stands in a kind of file in which it cannot be checked.",
}
_FAMILIES = (  # for a code that has no sentence of its own: the longest beginning or end that fits
    ("cawg.", IDENTITY_PROBLEM),
    ("signingCredential.ocsp.", "Whether the signer's certificate was revoked is not known."),
    ("signingCredential.", "The signer's certificate is not in order."),
    ("timeStamp.", "The time stamp is not in order."),
    ("ingredient.", "The credential of an ingredient is not in order."),
    ("claimSignature.", "The signature of the credential is not in order."),
    ("claim.", "The claim of the credential is not in order."),
    ("manifest.", "The credential breaks the standard's rules."),
    ("assertion.", "A statement of the credential breaks the standard's rules."),
)


def state(verdict: Credentials) -> str:
    """The verdict's state as one sentence."""
    return STATES[verdict.state].format(tier=verdict.tier)


def code(name: str) -> str:
    """What a code means; "ingredient:CODE" is the same said of something that went into the file."""
    kind, colon, rest = name.partition(":")
    if kind == "ingredient" and colon:
        return f"Of an ingredient: {code(rest)}"
    if name in CODES:
        return CODES[name]
    return next((words for start, words in _FAMILIES if name.startswith(start)), "A check of the credential failed.")


def flags(verdict: Credentials) -> list[str]:
    """Sentences for what stands beside the state, where there is anything to say."""
    found = []
    if verdict.state in _JUDGED:
        found.append(STAMPS[verdict.timestamp.state])
        found += [LOCAL_STAMP] if verdict.timestamp.local else []
    found += [IDENTITY_PROBLEM] if verdict.identity_problem else []
    found += [INGREDIENT_PROBLEM] if verdict.ingredient_problem else []
    found += [REDACTED.format(count=len(verdict.redacted))] if verdict.redacted else []
    return found + [NOTES[one] for one in verdict.notes if one in NOTES]


_JUDGED = (
    CredentialState.CONTENT_MISMATCH,
    CredentialState.CREDENTIAL_PROBLEM,
    CredentialState.UNTRUSTED_SIGNER,
    CredentialState.TRUSTED,
)


def codes(names: Iterable[str]) -> list[str]:
    """The sentences of several codes, each once, in their order."""
    return list(dict.fromkeys(code(name) for name in names))
