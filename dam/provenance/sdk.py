"""The only module that imports c2pa-python (0.38.1 = c2pa-rs 0.91.3).

Every call stands on an explicit settings bundle. What the SDK makes of one (0.3 ms, more with the official lists) is
kept for the next call of the same thread and process: nothing is shared between threads, nothing survives a fork. The
SDK's defaults are wrong for a service that reads strangers' files: they GET any URL that a file names and resolve the
DIDs of identity assertions (both seen with strace), and they render a thumbnail that costs 20 times the signature.
"""

import contextlib
import io
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, BinaryIO

import c2pa

from dam.provenance import manifests
from dam.provenance.trust import AnchorList

EKU_OIDS = (  # c2pa-rs store.cfg; without them genuine 2026 files are "certificate missing required EKU"
    "1.3.6.1.5.5.7.3.4",  # emailProtection
    "1.3.6.1.5.5.7.3.36",  # documentSigning
    "1.3.6.1.5.5.7.3.8",  # timeStamping
    "1.3.6.1.5.5.7.3.9",  # OCSPSigning
    "1.3.6.1.4.1.311.76.59.1.9",  # Microsoft C2PA signing
    "1.3.6.1.4.1.62558.2.1",  # C2PA claimSigning
)
_MAX_PROMPTS = 8
_FORMATS = {"application/zip": "zip", "image/heif": "heif"}  # media types that the SDK knows by another name
_ANY = "application/octet-stream"
_THUMBNAIL = "thumbnail.jpg"
_TRUST_CONFIG = "\n".join(EKU_OIDS) + "\n"
_MOST_CONTEXTS = 4  # of one thread: for reading and for signing, by today's lists and by none


class Failure(StrEnum):
    """Why the SDK gave no answer."""

    REMOTE = "remote"  # the manifest is elsewhere and we do not fetch
    UNSUPPORTED = "unsupported"  # a format that the SDK does not know
    BROKEN = "broken"  # the container or the manifest store cannot be parsed


class SdkError(Exception):
    """c2pa-python refused; `message` is its own sentence."""

    def __init__(self, failure: Failure, message: str) -> None:
        super().__init__(message)
        self.failure = failure
        self.message = message


@dataclass(frozen=True, slots=True)
class Part:
    """An ingredient to add: its JSON, and its bytes, open for reading at 0. `resources` are what its JSON names."""

    entry: Mapping[str, Any]
    mime: str
    stream: BinaryIO
    resources: Mapping[str, bytes] = field(default_factory=dict)


def unread_part(entry: Mapping[str, Any], mime: str) -> Part:
    """An ingredient whose bytes hold nothing for the SDK (no manifest, no XMP): it would read all of them to find that."""
    return Part({**entry, "format": mime}, _ANY, io.BytesIO())


@dataclass(frozen=True, slots=True)
class Order:
    """What to sign and with what. `sign` turns the bytes to be signed into a raw signature (ECDSA: r||s, not DER).

    `stamp_url` must be an address of this process (`relay`): the SDK goes there whatever `allowed_network_hosts` says.
    """

    definition: Mapping[str, Any]
    mime: str
    source: BinaryIO
    chain_pem: str
    sign: Callable[[bytes], bytes] = field(repr=False)
    parts: Sequence[Part] = ()
    lists: Sequence[AnchorList] = ()
    edit: bool = False  # an edit must have a parent, a creation must not
    alg: str = "es256"  # es256, es384, ps256 or ed25519
    stamp_url: str | None = None
    thumbnail: bytes | None = field(default=None, repr=False)  # a small JPEG, shown by other people's viewers


def version() -> str:
    """The native library's version, as stored with each verdict."""
    return str(c2pa.sdk_version())


def can_embed(mime: str) -> bool:
    """Whether a manifest can be written into files of this type (otherwise only beside them)."""
    return format_of(mime) in c2pa.Builder.get_supported_mime_types()


def format_of(mime: str) -> str:
    """The SDK's own name for a media type."""
    return _FORMATS.get(mime.lower(), mime.lower())


class Beside(io.BufferedReader):
    """A file, open for reading, whose manifest store is kept beside it: `read_store` judges the one by the other."""

    def __init__(self, path: str, manifest: bytes) -> None:
        super().__init__(io.FileIO(path, "rb"), 1 << 20)
        self.manifest = manifest


def settings_bundle(lists: Sequence[AnchorList], *, rehash: bool = True) -> dict[str, Any]:
    """Every setting that we depend on, said aloud; the SDK accepts unknown keys in silence, so a test holds them.

    Args:
        lists: anchors, without repeats: where two lists share one, the SDK names either in its verdict.
        rehash: let signing read its own output again (for callers that do not judge it themselves).
    """
    off = {"enabled": False}
    return {
        "version": 1,
        "core": {
            "allowed_network_hosts": [],  # also stops the DID look-ups of CAWG identity assertions
            "allow_redirects": False,
            "max_decompressed_manifest_size_in_mb": 32,
            "backing_store_memory_threshold_in_mb": 64,
        },
        "verify": {
            "verify_after_reading": True,
            "verify_trust": True,
            "verify_timestamp_trust": True,
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
            "verify_after_sign": rehash,  # its own check of the manifest, which our judgement makes again
            "verify_after_sign_hash": rehash,
        },
        "builder": {
            "thumbnail": off,
            "actions": {"auto_created_action": off, "auto_opened_action": off, "auto_placed_action": off},
        },
        "trust": {
            "trust_config": _TRUST_CONFIG,
            "anchors": [
                {"trust_anchors": one.pem, "trust_uri": one.name, "trust_kind": one.kind, "trust_config": _TRUST_CONFIG}
                for one in lists
            ],
        },
    }


class _Kept(threading.local):
    """A thread's contexts, the one used last at the end."""

    def __init__(self) -> None:
        self.contexts: dict[tuple[int, tuple[AnchorList, ...], bool], c2pa.Context] = {}


_KEPT = _Kept()


def _context(lists: Sequence[AnchorList], *, rehash: bool = True) -> c2pa.Context:
    """The thread's own context for these settings, which stays open."""
    kept, key = _KEPT.contexts, (os.getpid(), tuple(lists), rehash)
    found = kept.pop(key, None) or c2pa.Context.from_dict(settings_bundle(lists, rehash=rehash))
    kept[key] = found
    if len(kept) > _MOST_CONTEXTS:
        kept.pop(next(iter(kept))).close()
    return found


def read_store(stream: BinaryIO, mime: str, lists: Sequence[AnchorList]) -> dict[str, Any] | None:
    """The manifest store with validation results as the SDK's JSON, or None where there is no manifest.

    Raises:
        SdkError: on everything that is not an answer, whatever the bytes are.
    """
    hint = _hint(stream, mime)
    try:
        reader = c2pa.Reader.try_create(hint, stream, _manifest(stream), context=_context(lists))
        if reader is None:
            return None
        with reader:
            store = json.loads(reader.json())
            _add_prompts(reader, store)
    except Exception as error:  # native code on strangers' bytes: KeyError, ValueError ... were seen
        raise _mapped(error) from error
    if not isinstance(store, dict):
        raise SdkError(Failure.BROKEN, "the manifest store is not an object")
    return store


def read_crjson(stream: BinaryIO, mime: str, lists: Sequence[AnchorList]) -> dict[str, Any] | None:
    """The manifest store as crJSON (`crjson` says what that is), or None where there is none. Raises as `read_store`."""
    hint = _hint(stream, mime)
    try:
        reader = c2pa.Reader.try_create(hint, stream, _manifest(stream), context=_context(lists))
        if reader is None:
            return None
        with reader:
            document = json.loads(reader.crjson())
    except Exception as error:  # as in read_store
        raise _mapped(error) from error
    if not isinstance(document, dict):
        raise SdkError(Failure.BROKEN, "the crJSON is not an object")
    return document


def _hint(stream: BinaryIO, mime: str) -> str | None:
    """What to tell the SDK of the format: a bare store is not recognised without. Rewinds the stream."""
    stream.seek(0)
    head = stream.read(8)
    stream.seek(0)
    if isinstance(stream, Beside) and not can_embed(mime):
        return _ANY
    return ("application/c2pa" if head[4:8] == b"jumb" else format_of(mime)) or None


def _manifest(stream: BinaryIO) -> bytes | None:
    return stream.manifest if isinstance(stream, Beside) else None


def _add_prompts(reader: c2pa.Reader, store: Any) -> None:
    """Put the texts of prompt ingredients, which stand outside the JSON, into it as `data_text`."""
    left = _MAX_PROMPTS
    found = store.get("manifests") if isinstance(store, dict) else None
    for manifest in list(found.values()) if isinstance(found, dict) else ():
        for one in manifests.entries(manifest.get("ingredients")) if isinstance(manifest, dict) else ():
            data = one.get("data")
            uri = data.get("identifier") if isinstance(data, dict) else None
            if (
                left
                and isinstance(uri, str)
                and any(k.startswith(manifests.PROMPT_TYPE) for k in manifests.data_types(one))
            ):
                left -= 1
                text = io.BytesIO()
                with contextlib.suppress(c2pa.C2paError):
                    reader.resource_to_stream(uri, text)
                one["data_text"] = text.getvalue()[: manifests.MAX_PROMPT_CHARS].decode("utf-8", "replace")


def has_manifest(stream: BinaryIO, mime: str) -> bool:
    """Whether bytes embed a manifest store, readable or not (0.4 ms on 2.6 MB without one). Rewinds the stream."""
    try:
        return read_store(stream, mime, ()) is not None
    except SdkError as error:
        return error.failure is Failure.BROKEN
    finally:
        stream.seek(0)


def sign(order: Order) -> bytes:
    """The signed file. Nothing on disk is written; the streams are only read.

    Raises:
        SdkError: the SDK refused (its own check of the result included).
    """
    target = io.BytesIO()
    sign_into(order, target)
    return target.getvalue()


def sign_into(order: Order, target: BinaryIO) -> None:
    """`sign` into a stream that is open for reading and writing, which never is the source's own file.

    The SDK copies in pieces of 8 KiB through this: both should be real files with a buffer of a megabyte.
    """
    target.seek(0)
    target.truncate()  # of a try before
    _run(order, format_of(order.mime), target)


def sign_beside(order: Order) -> bytes:
    """A manifest store for a file of any type whose bytes stay as they are.

    The SDK hashes all bytes of a type that it does not know. Of those that it knows it would sign a rewritten MP3,
    FLAC, PDF or ZIP instead, for which the original does not stand in.
    """
    with open(os.devnull, "w+b") as nowhere:
        return _run(order, _ANY, nowhere, embed=False)


def _run(order: Order, form: str, target: BinaryIO, *, embed: bool = True) -> bytes:
    shown = {"thumbnail": {"format": "image/jpeg", "identifier": _THUMBNAIL}} if order.thumbnail else {}
    try:
        with (
            c2pa.Signer.from_callback(
                order.sign, c2pa.C2paSigningAlg[order.alg.upper()], order.chain_pem, order.stamp_url
            ) as signer,
            c2pa.Builder.from_json(
                json.dumps({**order.definition, **shown}), _context(order.lists, rehash=False)
            ) as builder,
        ):
            if order.edit:
                builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
            if order.thumbnail:
                builder.add_resource(_THUMBNAIL, io.BytesIO(order.thumbnail))
            for part in order.parts:
                for name, content in part.resources.items():
                    builder.add_resource(name, io.BytesIO(content))
                entry = {"format": part.mime, **part.entry}  # its media type, not the SDK's name for it
                builder.add_ingredient(json.dumps(entry), format_of(part.mime), part.stream)
            if not embed:
                builder.set_no_embed()
            return bytes(builder.sign(signer, form, order.source, target))
    except c2pa.C2paError as error:
        raise _mapped(error) from error


def _mapped(error: Exception) -> SdkError:
    message = str(error) or type(error).__name__
    if "fetch remote manifests" in message or isinstance(error, c2pa.C2paError.RemoteManifest):
        return SdkError(Failure.REMOTE, message)
    if isinstance(error, c2pa.C2paError.NotSupported):
        return SdkError(Failure.UNSUPPORTED, message)
    return SdkError(Failure.BROKEN, message)
