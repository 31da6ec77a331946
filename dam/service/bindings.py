"""C2PA soft binding resolution: from a mark, a fingerprint or a file without metadata to the manifests that we made.

C2PA Soft Binding Resolution API 1.0.0. A value of an algorithm is what stands in the `c2pa.soft-binding` assertions of
our copies: the mark id or the code in hex.
"""

import base64
import binascii
import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from dam.catalogue.reading import Reader, open_reader
from dam.errors import NotFoundError, UsageError
from dam.fingerprint.engines import isccimage
from dam.ingest.near import ENGINE_64, ENGINE_256, ISCC_ALG
from dam.ingest.parts import Parts
from dam.media.paths import from_text
from dam.provenance import compose, stores
from dam.service.answers import Answers
from dam.watermark.payload import format_mark_id

MAX_RESULTS = 100
_WITHIN = {ENGINE_64: 8, ENGINE_256: 48}  # bits: recall .999 at one false match in 1e5 (docs/decisions/0005)
_BITS = {ENGINE_64: 64, ENGINE_256: 256}
_PER_ASSET = 4  # manifests: the protected copy, labelled ones, a sidecar, what the original had
_MAX_VALUE = 4096


@dataclass(frozen=True, slots=True)
class Algorithms:
    """Names of algorithms that a query may use, as C2PA soft-binding names."""

    watermarks: tuple[str, ...]
    fingerprints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A manifest that was found: its label, and how alike the queried thing is, 0 to 100."""

    manifest_id: str
    similarity: int


class Bindings:
    def __init__(self, parts: Parts, answers: Answers) -> None:
        self._parts, self._answers = parts, answers

    def algorithms(self) -> Algorithms:
        from dam.watermark import detect

        return Algorithms(detect.algorithms(), (*(compose.fingerprint_alg(engine) for engine in _WITHIN), ISCC_ALG))

    def by_value(self, alg: str, value: str, *, limit: int = 10) -> list[Resolved]:
        """Manifests by one soft binding; the value in base64, or as it stands in an assertion.

        Raises:
            UsageError: an algorithm that is not ours ("binding.algorithm"), a value that is none ("binding.value").
        """
        known = self.algorithms()
        if alg in known.watermarks:
            mark_id = _mark_id(alg, value)
            with open_reader(self._parts.catalogue.path) as reader:
                asset_id = reader.one("SELECT asset_id FROM mark WHERE mark_id = ?", mark_id)
            return self._manifests([(asset_id, 100)] if asset_id else [], limit)
        if alg == ISCC_ALG:
            return self._manifests(self._alike_by_iscc(_iscc(value), limit), limit)
        for engine in _WITHIN:
            if alg == compose.fingerprint_alg(engine):
                return self._manifests(self._alike(engine, _plain(value, _BITS[engine] // 4), limit), limit)
        raise UsageError(
            f"The algorithm {alg[:80]!r} is not supported.",
            next_step="GET /services/supportedAlgorithms names those that are.",
            code="binding.algorithm",
        )

    def by_content(self, path: str, *, alg: str | None = None, limit: int = 10) -> list[Resolved]:
        """Manifests by a file: exact bytes, its own manifest, mark, likeness; with `alg` only by that one.

        A mark on another picture than its own finds nothing. Raises UsageError as `by_value`.
        """
        known = self.algorithms()
        if alg is not None and alg not in (*known.watermarks, *known.fingerprints):
            return self.by_value(alg, "", limit=limit)  # says what is wrong with it
        ways = None if alg is None else {"mark"} if alg in known.watermarks else {"fingerprint"}
        found = self._answers.identify(path).matches
        wanted = [(m.asset_id, round(100 * m.score)) for m in found if ways is None or m.found_by in ways]
        return self._manifests(wanted, limit)

    def manifest(self, label: str, *, active_only: bool = False) -> bytes:
        """The bytes of the manifest store that a label is the active manifest of, or of that manifest alone in a store.

        Raises:
            NotFoundError: no such manifest here, or its file cannot be read now.
        """
        with open_reader(self._parts.catalogue.path) as reader:
            paths = self._places(reader, label)
        for path, is_store in paths:
            data = _store_in(path, is_store=is_store)
            if data is None:
                continue
            if not active_only:
                return data
            if (alone := stores.only(data, label)) is not None:
                return alone
        raise NotFoundError(
            "There is no such manifest here." if not paths else "The file that holds this manifest cannot be read now.",
            next_step="Ask for a manifestId as /matches gives it.",
            code="manifest.not_found",
        )

    def _alike(self, engine: str, code: str, limit: int) -> list[tuple[str, int]]:
        with open_reader(self._parts.catalogue.path) as reader:
            self._parts.near.follow(reader)
        hits = self._parts.near.near_by(code, bits=_BITS[engine], within=_WITHIN[engine], limit=limit)
        return [(asset_id, round(100 * (1 - distance / _BITS[engine]))) for asset_id, distance in hits]

    def _alike_by_iscc(self, code: str, limit: int) -> list[tuple[str, int]]:
        with open_reader(self._parts.catalogue.path) as reader:
            self._parts.iscc.follow(reader)
        hits = self._parts.iscc.near(code, within=isccimage.PLUGIN.same_below, limit=limit)
        return [(asset_id, round(100 * (1 - distance / isccimage.PLUGIN.bits))) for asset_id, distance in hits]

    def _manifests(self, assets: Sequence[tuple[str, int]], limit: int) -> list[Resolved]:
        best: dict[str, Resolved] = {}
        with open_reader(self._parts.catalogue.path) as reader:
            for asset_id, similarity in assets:
                for label in _labels(reader, asset_id):
                    best.setdefault(label, Resolved(label, similarity))
        return list(best.values())[: min(limit, MAX_RESULTS)]

    def _places(self, reader: Reader, label: str) -> list[tuple[str, bool]]:
        """Files that hold a manifest, and whether they are bare stores."""
        copies = reader.rows("SELECT storage_key, kind FROM copy WHERE manifest_label = ?", label)
        found = [(os.fspath(self._parts.storage.path(one["storage_key"])), one["kind"] == "sidecar") for one in copies]
        originals = reader.rows(
            "SELECT r.path AS folder, l.path AS path FROM manifest m JOIN location l ON l.asset_id = m.asset_id "
            "JOIN root r ON r.id = l.root_id WHERE m.label = ? AND l.availability = 'online' AND r.state != 'offline' "
            "AND l.copy_sha256 IS NULL LIMIT 8",
            label,
        )
        return found + [(os.path.join(from_text(one["folder"]), from_text(one["path"])), False) for one in originals]


def _labels(reader: Reader, asset_id: str) -> list[str]:
    """Manifests of an asset, those of what we delivered first."""
    rows = reader.rows(
        "SELECT manifest_label AS label FROM copy WHERE asset_id = ? AND manifest_label IS NOT NULL "
        "ORDER BY kind = 'protected' DESC, made_at DESC LIMIT ?",
        asset_id,
        _PER_ASSET,
    )
    own = reader.one("SELECT label FROM manifest WHERE asset_id = ?", asset_id)
    return [one["label"] for one in rows] + ([own] if own else [])


def _iscc(value: str) -> str:
    """The code of an ISCC, as it stands in an assertion, or of it in base64."""
    for text in _texts(value):
        with contextlib.suppress(UsageError):
            return isccimage.from_iscc(text)
    raise UsageError(
        "The value is not an ISCC Image-Code of 256 bits.",
        next_step="Give the value of a c2pa.soft-binding assertion of io.iscc.v0, plain or in base64.",
        code="binding.value",
    )


def _mark_id(alg: str, value: str) -> str:
    from dam.watermark import detect

    for text in _texts(value):
        with contextlib.suppress(UsageError):
            return format_mark_id(detect.id_of(alg, text))
    raise UsageError(
        f"The value is not one of {alg}.",
        next_step="Give the value of a c2pa.soft-binding assertion, in base64.",
        code="binding.value",
    )


def _texts(value: str) -> list[str]:
    """A value as it is, and what it says in base64 as the standard's queries carry it."""
    if len(value) > _MAX_VALUE:
        return []
    texts = [value]
    with contextlib.suppress(binascii.Error, ValueError):
        safe = b"-_" if set("-_") & set(value) else None
        texts.append(base64.b64decode(value + "=" * (-len(value) % 4), altchars=safe, validate=True).decode("ascii"))
    return texts


def _plain(value: str, digits: int) -> str:
    """The hex value, plain or in base64."""
    for text in _texts(value):
        if len(text) == digits and all(c in "0123456789abcdefABCDEF" for c in text):
            return text
    raise UsageError(
        f"The value is not base64 of {digits} hex digits.",
        next_step="Give the value of a c2pa.soft-binding assertion, in base64.",
        code="binding.value",
    )


def _store_in(path: str, *, is_store: bool) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            return stream.read(stores.MAX_STORE_BYTES) if is_store else stores.extract(stream)
    except (OSError, ValueError):
        return None
