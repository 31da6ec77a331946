"""Sign a new file, with what went into it as ingredients, and believe only what a second reading says.

The original is opened for reading and never is a destination (`sign_file(p, p)` of the SDK truncates it to 0 bytes).
It becomes the parent, so its own manifests stay in the copy and the chain grows. The result is judged again from its
bytes before it is handed out; that reading also hashes the file, so the SDK need not do it a third time.

Signatures carry no time stamp yet: they are believed while the leaf certificate is valid (366 days) and are a
`credential_problem` from the second it expires, however genuine they are.
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TypeVar

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from dam.errors import BadFileError, DamError, EngineError, UndecodableError, UnreadableError, UsageError
from dam.media import hashing
from dam.model import Credentials, CredentialState
from dam.provenance import sdk
from dam.provenance.gate import GATE
from dam.provenance.keys import KeyRing, load_leaf_key
from dam.provenance.statement import IngredientEntry, Statement
from dam.provenance.trust import TrustStore
from dam.provenance.verdict import judge, judge_beside, judge_bytes
from dam.storage.local import atomic_file, explain


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


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A signed file on disk: SHA-256, size, the label of its manifest, and the verdict of reading it again."""

    sha256: str
    size_bytes: int
    label: str
    credentials: Credentials


_SPARE_BYTES = 1 << 20
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Hands:
    """Who signs and who judges, and a small JPEG of the picture to show with the credential (None = none)."""

    ring: KeyRing
    store: TrustStore
    thumbnail: bytes | None = field(default=None, repr=False)


def sign_copy(  # noqa: PLR0913  # everything that a copy is made from, all by keyword
    copy_bytes: bytes,
    mime: str,
    *,
    original_path: str,
    original_mime: str,
    statement: Statement,
    ring: KeyRing,
    store: TrustStore,
    thumbnail: bytes | None = None,
    inputs: Sequence[IngredientFile] = (),
) -> SignedCopy:
    """Sign a copy that we made of an original (`compose.protected_copy` makes the statement).

    `inputs` are the files of the statement's other ingredients, by label.

    Raises:
        UsageError: the statement has no parent or wants other files, or the media type takes no manifest.
        UnreadableError: the original cannot be opened.
        UndecodableError: the original's own credential cannot be carried along, so signing would lose it.
        EngineError: the result is not trusted as the organisation's (nothing is handed out).
    """
    files = _files(statement, original_path, original_mime, inputs)
    return _sign(copy_bytes, mime, statement, files, Hands(ring, store, thumbnail))


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
    return _sign(data, mime, statement, ingredients, Hands(ring, store))


def sign_file(
    path: str,
    mime: str,
    target: Path,
    *,
    statement: Statement,
    hands: Hands,
    inputs: Sequence[IngredientFile] = (),
) -> SignedFile:
    """A signed copy of a file, its contents unchanged, in a file of its own; memory does not grow with the file.

    The target appears whole and judged, or not at all.

    Raises:
        As `sign_copy`. UsageError: the target is there. StorageError: it cannot be written.
    """
    if os.path.lexists(target):  # above all when it is the source: the SDK would empty it
        raise UsageError(f"{target} is there already; a signed copy is a new file.", code="credential.target_exists")
    files = _files(statement, path, mime, inputs)
    _need_embedding(mime)
    with _open(path) as source:
        size_bytes = os.fstat(source.fileno()).st_size
        _need_space(target, size_bytes)
        with GATE.hold(size_bytes), atomic_file(target) as (stream, temp):
            with _order(mime, source, statement, files, hands) as order:
                _act(lambda: sdk.sign_into(order, stream), files, hands, target)
                stream.flush()
            credentials = judge(os.fspath(temp), mime, hands.store)
            _expect_ours(credentials, files, hands.store)
            digest, size_bytes = hashing.sha256_file(os.fspath(temp)), os.path.getsize(temp)
    return SignedFile(digest, size_bytes, credentials.label or "", credentials)


def sign_beside(
    path: str, mime: str, *, statement: Statement, hands: Hands, inputs: Sequence[IngredientFile] = ()
) -> SignedCopy:
    """A manifest store for a file of any type, to be kept beside it; judged together with the file's bytes.

    Raises:
        As `sign_copy`. BadFileError: the file has no bytes.
    """
    files = _files(statement, path, mime, inputs)
    with _open(path) as source:
        size_bytes = os.fstat(source.fileno()).st_size
        if not size_bytes:
            raise BadFileError(f"{path!a} has 0 bytes: there is nothing to sign.", code="file.empty")
        with GATE.hold(size_bytes), _order(mime, source, statement, files, hands) as order:
            data = _act(lambda: sdk.sign_beside(order), files, hands)
            credentials = judge_beside(path, mime, data, hands.store)
    _expect_ours(credentials, files, hands.store)
    return SignedCopy(data, credentials.label or "", credentials)


def _files(statement: Statement, path: str, mime: str, inputs: Sequence[IngredientFile]) -> tuple[IngredientFile, ...]:
    """The original and the other inputs' files; the original is the one parent."""
    parents = [one.label for one in statement.ingredients if one.relationship == "parentOf"]
    if len(parents) != 1:
        raise UsageError("A copy has exactly one parent, its original.")
    return (IngredientFile(parents[0], path, mime), *inputs)


def _need_embedding(mime: str) -> None:
    if not sdk.can_embed(mime):
        raise UsageError(f"A manifest cannot be written into {mime}.", code="credential.no_embedding")


def _need_space(target: Path, size_bytes: int) -> None:
    """Before anything is written; and again to tell a full disk, which the SDK reports as a broken asset."""
    folder = next(one for one in target.parents if one.exists())
    if shutil.disk_usage(folder).free < size_bytes + _SPARE_BYTES:
        raise explain(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), target)


def _sign(data: bytes, mime: str, statement: Statement, files: Sequence[IngredientFile], hands: Hands) -> SignedCopy:
    _need_embedding(mime)
    with GATE.hold(len(data)), _order(mime, BytesIO(data), statement, files, hands) as order:
        signed = _act(lambda: sdk.sign(order), files, hands)
        credentials = judge_bytes(signed, mime, hands.store)
    _expect_ours(credentials, files, hands.store)
    return SignedCopy(signed, credentials.label or "", credentials)


def _act(work: Callable[[], _T], files: Sequence[IngredientFile], hands: Hands, target: Path | None = None) -> _T:
    """Let the SDK do it, and say in our own words why it would not."""
    try:
        return work()
    except sdk.SdkError as error:
        if target is not None:
            _need_space(target, 0)
        raise _explained(error.message, files, hands.store) from error


@contextmanager
def _order(
    mime: str, source: BinaryIO, statement: Statement, files: Sequence[IngredientFile], hands: Hands
) -> Iterator[sdk.Order]:
    """What the SDK gets, with every ingredient's file open for the length of the block."""
    by_label = {one.label: one for one in files}
    wanted = {one.label for one in statement.ingredients if one.data_type is None}
    if by_label.keys() != wanted or len(by_label) != len(files):
        raise UsageError("The statement's ingredients and the files do not match.")
    with ExitStack() as opened:
        parts = []
        for entry in statement.ingredients:
            if entry.data_type is not None:
                parts.append(_described(entry))
                continue
            file = by_label[entry.label]
            stream = opened.enter_context(_open(file.path))
            has_manifest = entry.source_type is not None and sdk.has_manifest(stream, file.mime)
            parts.append(sdk.Part(entry.json_data(has_manifest=has_manifest), file.mime, stream))
        yield sdk.Order(
            definition=statement.definition(),
            mime=mime,
            source=source,
            chain_pem=hands.ring.chain_pem,
            sign=_signer(load_leaf_key(hands.ring)),
            parts=parts,
            lists=hands.store.lists(),
            edit=any(one.relationship == "parentOf" for one in statement.ingredients),
            thumbnail=hands.thumbnail,
        )


def _expect_ours(credentials: Credentials, files: Sequence[IngredientFile], store: TrustStore) -> None:
    if credentials.state is not CredentialState.TRUSTED or credentials.tier != "organisation":
        seen = f"{credentials.state}, tier {credentials.tier}, {', '.join(credentials.codes) or 'no codes'}"
        raise _explained(f"the signed file reads back as {seen}", files, store)


def _described(entry: IngredientEntry) -> sdk.Part:
    """A model or a prompt: an ingredient without a file."""
    content = (entry.content or "").encode()
    resources = {entry.content_name: content} if entry.content_name else {}
    mime = "text/plain" if entry.content_name else "application/octet-stream"
    # The stream is only asked for a manifest, and an empty one is refused.
    return sdk.Part(entry.json_data(has_manifest=False), mime, BytesIO(content or b"\0"), resources)


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
