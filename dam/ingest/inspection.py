"""What is in a file: hash, media facts, credential verdict, claims and their merged answer. Decodes no pixels, unless asked
to look for a text hidden in them.
"""

import dataclasses
import enum
import functools
import os
import stat
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import Any, cast

from dam.errors import UnreadableError
from dam.ingest import hidden
from dam.media import hashing
from dam.media.carriers import TOO_MANY_PARTS
from dam.media.probe import Probe, probe
from dam.metadata import secrets, stealth
from dam.metadata.merge import merge
from dam.metadata.read import read_claims
from dam.model import Credentials, CredentialState, Derived, Inspection, Kind, Media, Problem, Timeline
from dam.provenance import verdict
from dam.provenance.trust import TrustStore

# (path, SHA-256) -> the manifest store that is kept for these bytes, and where: "library" or "beside"
Sidecars = Callable[[str, str], tuple[bytes, str] | None]
NO_CREDENTIALS = Credentials(CredentialState.NONE)


def inspect_file(
    path: str,
    store: TrustStore | None,
    *,
    max_bytes: int | None = None,
    hidden_mp: float | None = None,
    sidecars: Sidecars | None = None,
) -> Inspection:
    """Inspect one file. Never raises for what the file is: a file that cannot be read is an answer with problems.

    Args:
        path: as the operating system names it.
        store: trust anchors for the credential verdict, or None.
        max_bytes: larger files are answered with problem "file.too_large" and not read.
        hidden_mp: where no carrier has spoken, look for a text in the pixels of pictures up to so many million pixels.
        sidecars: finds the manifest store of a file that carries none.
    """
    return examine(path, store, max_bytes=max_bytes, hidden_mp=hidden_mp, sidecars=sidecars)[0]


def examine(
    path: str,
    store: TrustStore | None,
    *,
    max_bytes: int | None = None,
    hidden_mp: float | None = None,
    sidecars: Sidecars | None = None,
) -> tuple[Inspection, Probe | None]:
    """`inspect_file`, with the carriers that it is derived from (None if the file was not read)."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would wait for its writer
            return _unread(path, Problem("file.unreadable", "It is no regular file (a folder, pipe or device).")), None
        found = probe(path)
        if max_bytes is not None and found.size_bytes > max_bytes:
            message = f"{found.size_bytes / 2**30:.1f} GiB is more than the limit of {max_bytes / 2**30:.0f} GiB (max_file_gib)."
            return _unread(path, Problem("file.too_large", message)), None
        sha256 = hashing.sha256_file(path)
    except UnreadableError as error:
        return _unread(path, Problem(error.code, error.message)), None
    except OSError as error:
        return _unread(path, Problem("file.unreadable", error.strerror or str(error))), None
    credentials = credentials_of(path, found, store)
    if sidecars is not None and credentials.state is CredentialState.NONE and found.size_bytes:
        credentials = clean(_beside(path, found, sha256, store, sidecars))
    derived = derive(found, credentials)
    if hidden_mp is not None and stealth.worth_looking(found, derived.generation is not None):
        text = hidden.text_in_file(path, found.media, max_pixels_mp=hidden_mp)
        if text is not None:
            found = replace(found, texts=(*found.texts, text))
            derived = derive(found, credentials)
    timeline, unclear = clean(_timeline(path, found.size_bytes, found.media))
    whole = Inspection(
        path=path,
        sha256=sha256,
        size_bytes=found.size_bytes,
        media=found.media,
        ai_generated=derived.ai_generated,
        digital_source_type=derived.digital_source_type,
        generation=derived.generation,
        claims=derived.claims,
        credentials=credentials,
        timeline=timeline,
        problems=(*clean(found.problems), *derived.problems, *unclear),
    )
    return whole, found


def derive(found: Probe, credentials: Credentials) -> Derived:
    """What carriers and verdict say, fit to be stored and shown: texts cleaned, secrets redacted. Pure."""
    claims, problems = clean(read_claims(found, credentials))
    merged = merge(claims)  # of what is clean already: it invents no text
    return Derived(claims, merged.generation, merged.ai_generated, merged.digital_source_type, problems)


def _timeline(path: str, size_bytes: int, media: Media) -> tuple[Timeline | None, tuple[Problem, ...]]:
    if media.kind is not Kind.TIMELINE:
        return None, ()
    from dam.metadata.timeline_contract import TimelineFile  # a picture needs none of it
    from dam.metadata.timeline_read import read_timeline

    reading = read_timeline(TimelineFile(path, size_bytes, media.mime))
    return reading.timeline, reading.problems


def credentials_of(path: str, found: Probe, store: TrustStore | None) -> Credentials:
    """The verdict on the file that `found` was probed from, fit to be stored and shown."""
    seen = _credentials(path, found, store)
    safe: Credentials = seen if seen is NO_CREDENTIALS else clean(seen)
    return safe


def _credentials(path: str, found: Probe, store: TrustStore | None) -> Credentials:
    if not found.has_c2pa:
        return NO_CREDENTIALS
    too_many = next((problem for problem in found.problems if problem.code == TOO_MANY_PARTS), None)
    if too_many is not None:  # the library would take minutes, and nothing can interrupt it
        return verdict.not_checked(too_many.message, store)
    return verdict.judge(path, found.media.mime, store)


def _beside(path: str, found: Probe, sha256: str, store: TrustStore | None, sidecars: Sidecars) -> Credentials:
    there = sidecars(path, sha256)
    if there is None:
        return NO_CREDENTIALS
    verdict_of = verdict.judge_beside(path, found.media.mime, there[0], store)
    return replace(verdict_of, sidecar=there[1])


def _unread(path: str, problem: Problem) -> Inspection:
    return Inspection(
        path=path, sha256=None, size_bytes=None, media=None, ai_generated=None, digital_source_type=None,
        generation=None, claims=(), credentials=NO_CREDENTIALS, problems=(problem,),
    )  # fmt: skip


def clean(value: Any) -> Any:
    """The same value with every text fit to be stored and shown: lone surrogates replaced, NUL removed, NaN to None, secrets
    redacted.

    Strangers write these texts: an escaped lone surrogate is valid JSON and no valid UTF-8; databases take no NUL.
    """
    kind: Any = type(value)
    if value is None or kind is int or kind is bool or kind is bytes:  # most of what there is, told apart cheaply
        return value
    if kind is str or (isinstance(value, str) and not isinstance(value, enum.Enum)):
        if not value.isascii() or "\0" in value:
            value = value.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
        return secrets.redact(value)
    if isinstance(value, float):
        return value if value - value == 0 else None
    if kind is dict or isinstance(value, Mapping):
        return {
            clean(k): secrets.MARK if isinstance(v, str) and v and secrets.names_a_secret(k) else clean(v)
            for k, v in value.items()
        }
    if isinstance(value, tuple | list):
        return kind([clean(v) for v in value])
    names = _names(cast("Hashable", kind))
    given = [getattr(value, name) for name in names]
    made = [clean(part) for part in given]
    changed = {name: new for name, new, old in zip(names, made, given, strict=True) if new is not old}
    return dataclasses.replace(value, **changed) if changed else value


@functools.cache
def _names(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass; of everything else none."""
    return tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()
