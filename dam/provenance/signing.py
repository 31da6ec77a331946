"""Sign a new file, with what went into it as ingredients, and believe only what a second reading says.

The original is opened for reading and never is a destination (`sign_file(p, p)` of the SDK truncates it to 0 bytes).
It becomes the parent, so its own manifests stay in the copy and the chain grows. The result is judged again from its
bytes before it is handed out; that reading also hashes the file, so the SDK need not do it a third time.

A signature is time-stamped (`stamping`), so it holds when its certificate has ended; without a stamp it is a
`credential_problem` from that second on, however genuine it is.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TypeVar

from dam.errors import BadFileError, DamError, EngineError, UndecodableError, UnreadableError, UsageError
from dam.media import hashing
from dam.model import Credentials, CredentialState
from dam.provenance import sdk
from dam.provenance.gate import GATE
from dam.provenance.keys import KeyRing
from dam.provenance.means import SigningMeans
from dam.provenance.signers import Guarded
from dam.provenance.stamping import Stamp, Stamping
from dam.provenance.statement import IngredientEntry, Statement
from dam.provenance.timestamps import fault
from dam.provenance.trust import TrustStore
from dam.provenance.verdict import judge, judge_beside, judge_bytes
from dam.storage.local import atomic_file, explain, write_atomic


@dataclass(frozen=True, slots=True)
class IngredientFile:
    """The bytes of one of the statement's ingredients, by its label; `data` where they are in memory already."""

    label: str
    path: str
    mime: str
    data: bytes | None = field(default=None, repr=False)

    def open(self) -> BinaryIO:
        """Raises UnreadableError."""
        return _open(self.path) if self.data is None else BytesIO(self.data)


@dataclass(frozen=True, slots=True)
class SignedCopy:
    """A signed file in memory, the label of its manifest, and the verdict of reading it again.

    `stamped_by` names the time-stamp authority; `unstamped` says why there is no stamp though one was wanted.
    """

    data: bytes = field(repr=False)
    label: str
    credentials: Credentials
    stamped_by: str | None = None
    unstamped: str | None = None


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A signed file on disk: SHA-256, size, the label of its manifest, and the verdict of reading it again. The rest as in
    `SignedCopy`.
    """

    sha256: str
    size_bytes: int
    label: str
    credentials: Credentials
    stamped_by: str | None = None
    unstamped: str | None = None


_SPARE_BYTES = 1 << 20
_IN_MEMORY_BYTES = 16 << 20  # smaller files are signed in memory
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Hands:
    """Who signs and who judges, and a small JPEG of the picture to show with the credential (None = none). Without `means`
    the ring's own leaf signs.

    `bare`: a probe saw neither a manifest nor XMP in the original, so there is nothing that the SDK would read it for.
    """

    ring: KeyRing
    store: TrustStore
    thumbnail: bytes | None = field(default=None, repr=False)
    means: SigningMeans | None = None
    bare: bool = False


@dataclass(frozen=True, slots=True)
class _Ready:
    """An order for the SDK, with what signs and stamps it, and whose files and judgement it stands on."""

    order: sdk.Order
    guarded: Guarded
    stamping: Stamping
    files: Sequence[IngredientFile]
    store: TrustStore


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
    means: SigningMeans | None = None,
) -> SignedCopy:
    """Sign a copy that we made of an original (`compose.protected_copy` makes the statement).

    `inputs` are the files of the statement's other ingredients, by label.

    Raises:
        UsageError: the statement has no parent or wants other files, or the media type takes no manifest.
        UnreadableError: the original cannot be opened.
        UndecodableError: the original's own credential cannot be carried along, so signing would lose it.
        EngineError: the result is not trusted (nothing is handed out).
        UnavailableError: the signing key or the time-stamp authority is not to be had now; no file is at fault.
    """
    hands = Hands(ring, store, thumbnail, means)
    original = IngredientFile("", original_path, original_mime)
    return sign_rendition(copy_bytes, mime, original=original, statement=statement, hands=hands, inputs=inputs)


def sign_rendition(
    data: bytes,
    mime: str,
    *,
    original: IngredientFile,
    statement: Statement,
    hands: Hands,
    inputs: Sequence[IngredientFile] = (),
) -> SignedCopy:
    """`sign_copy` by those hands. The original's label is the statement's. Raises as `sign_copy`."""
    return _sign(data, mime, statement, _files(statement, original.path, original.mime, inputs), hands)


def sign_created(
    data: bytes,
    mime: str,
    *,
    statement: Statement,
    ring: KeyRing,
    store: TrustStore,
    ingredients: Sequence[IngredientFile] = (),
    means: SigningMeans | None = None,
) -> SignedCopy:
    """Sign a file that a tool made (`compose.creation` makes the statement). Raises as `sign_copy`."""
    return _sign(data, mime, statement, ingredients, Hands(ring, store, means=means))


def sign_file(
    path: str,
    mime: str,
    target: Path,
    *,
    statement: Statement,
    hands: Hands,
    inputs: Sequence[IngredientFile] = (),
    original: IngredientFile | None = None,
) -> SignedFile:
    """A signed copy of a file, its contents unchanged, in a file of its own; memory does not grow with the file.

    The target appears whole and judged, or not at all. `original` is the parent where it is another file.

    Raises:
        As `sign_copy`. UsageError: the target is there. StorageError: it cannot be written.
    """
    if os.path.lexists(target):  # above all when it is the source: the SDK would empty it
        raise UsageError(f"{target} is there already; a signed copy is a new file.", code="credential.target_exists")
    parent = original or IngredientFile("", path, mime)
    files = _files(statement, parent.path, parent.mime, inputs)
    _need_embedding(mime)
    with _open(path) as source:
        size_bytes = os.fstat(source.fileno()).st_size
        _need_space(target, size_bytes)
        if size_bytes <= _IN_MEMORY_BYTES:
            data = source.read()
            if original is None:  # it need not be read twice
                files = (replace(files[0], data=data), *files[1:])
            return _sign_small(data, mime, target, statement, files, hands)
        with GATE.hold(size_bytes), atomic_file(target) as (stream, temp):
            with _ready(mime, source, statement, files, hands) as ready:
                _, stamp = _act(lambda order: _write(order, stream), ready, target)
                stream.flush()
            credentials = judge(os.fspath(temp), mime, hands.store)
            _expect_ours(credentials, stamp, ready)
            digest, size_bytes = hashing.sha256_file(os.fspath(temp)), os.path.getsize(temp)
    return SignedFile(digest, size_bytes, credentials.label or "", credentials, *_said(stamp))


def _sign_small(  # the parts of `sign_file`, which is its only caller
    data: bytes, mime: str, target: Path, statement: Statement, files: Sequence[IngredientFile], hands: Hands
) -> SignedFile:
    """By way of memory: the SDK seeks so much that the same file on disk costs a third more."""
    signed = _sign(data, mime, statement, files, hands)
    write_atomic(target, signed.data)
    digest = hashlib.sha256(signed.data).hexdigest()
    size_bytes = len(signed.data)
    return SignedFile(digest, size_bytes, signed.label, signed.credentials, signed.stamped_by, signed.unstamped)


def _write(order: sdk.Order, stream: BinaryIO) -> None:
    """Into the target from its start: a try without a time stamp may follow one with."""
    stream.seek(0)
    stream.truncate()
    sdk.sign_into(order, stream)


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
        with GATE.hold(size_bytes), _ready(mime, source, statement, files, hands) as ready:
            data, stamp = _act(sdk.sign_beside, ready)
            credentials = judge_beside(path, mime, data, hands.store)
    _expect_ours(credentials, stamp, ready)
    return SignedCopy(data, credentials.label or "", credentials, *_said(stamp))


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
    with GATE.hold(len(data)), _ready(mime, BytesIO(data), statement, files, hands) as ready:
        signed, stamp = _act(sdk.sign, ready)
        credentials = judge_bytes(signed, mime, hands.store)
    _expect_ours(credentials, stamp, ready)
    return SignedCopy(signed, credentials.label or "", credentials, *_said(stamp))


def _said(stamp: Stamp) -> tuple[str | None, str | None]:
    return stamp.authority.name if stamp.authority else None, stamp.error.message if stamp.error else None


def _act(work: Callable[[sdk.Order], _T], ready: _Ready, target: Path | None = None) -> tuple[_T, Stamp]:
    """Let the SDK do it, and say in our own words why it would not."""
    try:
        return _stamped(work, ready.order, ready.stamping)
    except sdk.SdkError as error:
        if ready.guarded.error is not None:
            raise ready.guarded.error from error
        if target is not None:
            _need_space(target, 0)
        raise _explained(error.message, ready.files, ready.store) from error


def _stamped(work: Callable[[sdk.Order], _T], order: sdk.Order, stamping: Stamping) -> tuple[_T, Stamp]:
    """Sign with a time stamp; where none is to be had, without one if stamps are only preferred."""
    with stamping.stamp() as stamp:
        try:
            return work(replace(order, stamp_url=stamp.url)), stamp
        except sdk.SdkError as error:
            if stamp.error is None and stamp.authority is not None and "time stamp" in error.message:
                stamp.error = fault(
                    "invalid", f"({stamp.authority.name}) sent a stamp that does not hold: {error.message}"
                )
            if stamp.error is None:
                raise
            if stamping.mode == "required":
                raise stamp.error from None
    for stream in (order.source, *(part.stream for part in order.parts)):
        stream.seek(0)
    return work(order), stamp


@contextmanager
def _ready(
    mime: str, source: BinaryIO, statement: Statement, files: Sequence[IngredientFile], hands: Hands
) -> Iterator[_Ready]:
    """What the SDK gets, with every ingredient's file open for the length of the block."""
    by_label = {one.label: one for one in files}
    wanted = {one.label for one in statement.ingredients if one.data_type is None}
    if by_label.keys() != wanted or len(by_label) != len(files):
        raise UsageError("The statement's ingredients and the files do not match.")
    means = hands.means or SigningMeans.of_ring(hands.ring)
    guarded = Guarded(means.signer())
    with ExitStack() as opened:
        parts = []
        for entry in statement.ingredients:
            if entry.data_type is not None:
                parts.append(_described(entry))
                continue
            file = by_label[entry.label]
            stream = opened.enter_context(file.open())
            # The library looks once more: a manifest that the probe missed would be lost without a word.
            if hands.bare and entry.relationship == "parentOf" and not sdk.has_manifest(stream, file.mime):
                parts.append(sdk.unread_part(entry.json_data(has_manifest=False), file.mime))
                continue
            has_manifest = entry.source_type is not None and sdk.has_manifest(stream, file.mime)
            parts.append(sdk.Part(entry.json_data(has_manifest=has_manifest), file.mime, stream))
        order = sdk.Order(
            definition=statement.definition(),
            mime=mime,
            source=source,
            chain_pem=guarded.signer.chain_pem,
            alg=guarded.signer.alg,
            sign=guarded.callback(),
            parts=parts,
            lists=hands.store.lists(),
            edit=any(one.relationship == "parentOf" for one in statement.ingredients),
            thumbnail=hands.thumbnail,
        )
        yield _Ready(order, guarded, means.stamping, files, hands.store)


def _expect_ours(credentials: Credentials, stamp: Stamp, ready: _Ready) -> None:
    if credentials.state is not CredentialState.TRUSTED or (stamp.authority and not credentials.signed_at):
        seen = f"{credentials.state}, tier {credentials.tier}, {', '.join(credentials.codes) or 'no codes'}"
        raise _explained(f"the signed file reads back as {seen}", ready.files, ready.store)


def _described(entry: IngredientEntry) -> sdk.Part:
    """A model or a prompt: an ingredient without a file."""
    content = (entry.content or "").encode()
    resources = {entry.content_name: content} if entry.content_name else {}
    mime = "text/plain" if entry.content_name else "application/octet-stream"
    # The stream is only asked for a manifest, and an empty one is refused.
    return sdk.Part(entry.json_data(has_manifest=False), mime, BytesIO(content or b"\0"), resources)


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
