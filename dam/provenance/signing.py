"""Sign a new file, with what went into it as ingredients, and believe only what a second reading says.

The original is opened for reading and never is a destination (`sign_file(p, p)` of the SDK truncates it to 0 bytes).
It becomes the parent, so its own manifests stay in the copy and the chain grows. The result is judged again from its
bytes before it is handed out; that reading also hashes the file, so the SDK need not do it a third time.

Signatures carry no time stamp yet: they are believed while the leaf certificate is valid (366 days) and are a
`credential_problem` from the second it expires, however genuine they are.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from dam.errors import DamError, EngineError, UndecodableError, UnreadableError, UsageError
from dam.model import Credentials, CredentialState
from dam.provenance import sdk
from dam.provenance.keys import KeyRing, load_leaf_key
from dam.provenance.statement import Statement
from dam.provenance.trust import TrustStore
from dam.provenance.verdict import judge, judge_bytes


@dataclass(frozen=True, slots=True)
class IngredientFile:
    """The bytes of one of the statement's ingredients, by its label."""

    label: str
    path: str
    mime: str


@dataclass(frozen=True, slots=True)
class SignedCopy:
    """A signed file in memory, the label of its manifest, and the verdict of reading it again."""

    data: bytes = field(repr=False)
    label: str
    credentials: Credentials


def sign_copy(
    copy_bytes: bytes,
    mime: str,
    *,
    original_path: str,
    original_mime: str,
    statement: Statement,
    ring: KeyRing,
    store: TrustStore,
) -> SignedCopy:
    """Sign a copy that we made of an original (`compose.protected_copy` makes the statement).

    Raises:
        UsageError: the statement has no parent or wants other files, or the media type takes no manifest.
        UnreadableError: the original cannot be opened.
        UndecodableError: the original's own credential cannot be carried along, so signing would lose it.
        EngineError: the result is not trusted as the organisation's (nothing is handed out).
    """
    labels = [one.label for one in statement.ingredients]
    if len(labels) != 1 or statement.ingredients[0].relationship != "parentOf":
        raise UsageError("A copy has exactly one ingredient, its original.")
    files = (IngredientFile(labels[0], original_path, original_mime),)
    return _sign(copy_bytes, mime, statement, files, ring, store)


def sign_created(
    data: bytes,
    mime: str,
    *,
    statement: Statement,
    ring: KeyRing,
    store: TrustStore,
    ingredients: Sequence[IngredientFile] = (),
) -> SignedCopy:
    """Sign a file that a tool made (`compose.creation` makes the statement). Raises as `sign_copy`."""
    return _sign(data, mime, statement, ingredients, ring, store)


def _sign(
    data: bytes, mime: str, statement: Statement, files: Sequence[IngredientFile], ring: KeyRing, store: TrustStore
) -> SignedCopy:
    by_label = {one.label: one for one in files}
    if by_label.keys() != {one.label for one in statement.ingredients} or len(by_label) != len(files):
        raise UsageError("The statement's ingredients and the files do not match.")
    if not sdk.can_embed(mime):
        raise UsageError(f"A manifest cannot be written into {mime}.", code="credential.no_embedding")
    with ExitStack() as opened:
        parts = []
        for entry in statement.ingredients:
            file = by_label[entry.label]
            stream = opened.enter_context(_open(file.path))
            has_manifest = entry.source_type is not None and sdk.has_manifest(stream, file.mime)
            parts.append(sdk.Part(entry.json_data(has_manifest=has_manifest), file.mime, stream))
        order = sdk.Order(
            definition=statement.definition(),
            mime=mime,
            source=BytesIO(data),
            chain_pem=ring.chain_pem,
            sign=_signer(load_leaf_key(ring)),
            parts=parts,
            lists=store.lists(),
            edit=any(one.relationship == "parentOf" for one in statement.ingredients),
        )
        try:
            signed = sdk.sign(order)
        except sdk.SdkError as error:
            raise _explained(error.message, files, store) from error
    credentials = judge_bytes(signed, mime, store)
    if credentials.state is not CredentialState.TRUSTED or credentials.tier != "organisation":
        seen = f"{credentials.state}, tier {credentials.tier}, {', '.join(credentials.codes) or 'no codes'}"
        raise _explained(f"the signed file reads back as {seen}", files, store)
    return SignedCopy(signed, credentials.label or "", credentials)


def _signer(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    """ES256 as COSE wants it: raw r||s, 32 bytes each, not DER (RFC 9053 §2.1)."""

    def sign(blob: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(blob, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return sign


def _open(path: str) -> BinaryIO:
    try:
        return open(path, "rb", buffering=1 << 20)  # str paths may carry undecodable bytes
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{path!a} cannot be opened: {error}.") from error


def _explained(reason: str, files: Sequence[IngredientFile], store: TrustStore) -> DamError:
    """Whose fault it was: an ingredient whose own credential cannot be read cannot be carried along."""
    for file in files:
        if judge(file.path, file.mime, store).state is CredentialState.UNREADABLE:
            return UndecodableError(
                f"{file.path!a} carries a credential that cannot be read, so it cannot be signed over: {reason}.",
                next_step="Keep the original as it is, or export it anew from the tool that made it.",
                code="credential.parent_unreadable",
            )
    return EngineError(f"Signing failed: {reason}.", code="credential.signing_failed")
