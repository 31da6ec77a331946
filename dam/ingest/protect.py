"""PROTECT: a signed copy in the vault, marked where the kind of file takes a mark, with the original as its C2PA parent.

What a file gets, first that fits: a marked and signed copy (still pictures; videos and WAV files if the settings say
so), a signed copy whose contents are as they were (whatever the SDK can write a manifest into), a manifest store beside
it (everything). The original is only read; a root of mode `in_place` has the copy put in its place afterwards
(`inplace`).
"""

import hashlib
import hmac
import logging
import os
from dataclasses import dataclass, replace
from typing import Any

from dam.catalogue import placements, records, verdicts, work
from dam.catalogue.cards import Card
from dam.catalogue.tables import CopyRow
from dam.catalogue.work import Job
from dam.errors import EngineError, NotFoundError, PolicyError, UnavailableError, UnreadableError
from dam.ingest import evidence, filming, inplace, labelling, relate, sounding
from dam.ingest.parts import Parts
from dam.ingest.pixels import thumb_key
from dam.media import encode, hashing, soundness
from dam.media.probe import Probe, probe
from dam.model import Credentials, Kind, MarkRecord
from dam.provenance import compose, sdk, signing
from dam.provenance.statement import AssetFacts, SoftBindingEntry, Statement
from dam.watermark import detect
from dam.watermark.contract import Watermarker
from dam.watermark.engines import tilemark
from dam.watermark.payload import format_mark_id
from dam.watermark.tone import tonemark

log = logging.getLogger("dam.ingest")
RECIPE = "tilemark.1+c2pa.1"
OTHER_RECIPES = {"trustmark": "trustmark.1+c2pa.1"}
_FREE_ID_TRIES = 64
SOUND_RECIPE = "tonemark.1+c2pa.1"
FILM_RECIPE = "tilefilm.1+c2pa.1"
SIGNED = "c2pa.1"
LABELLED_BYTES = 64 << 20  # labels are written in memory; a larger file is signed without
MARKED = ("image/png", "image/jpeg", "image/webp", "image/tiff", "image/bmp")
_SAME_TYPE = ("image/png", "image/jpeg", "image/webp")  # of which a marked copy is a file of the original's type
_SUFFIXES = {
    "image/tiff": ".tif", "image/avif": ".avif", "image/heic": ".heic", "image/heif": ".heif", "image/gif": ".gif",
    "image/svg+xml": ".svg", "image/jxl": ".jxl", "image/x-adobe-dng": ".dng", "image/png": ".png", "image/jpeg": ".jpg",
    "image/webp": ".webp", "video/mp4": ".mp4", "video/quicktime": ".mov", "video/x-m4v": ".m4v", "audio/mp4": ".m4a",
    "video/x-msvideo": ".avi", "audio/wav": ".wav", "audio/mpeg": ".mp3", "audio/flac": ".flac", "application/pdf": ".pdf",
    "application/zip": ".zip", "application/epub+zip": ".epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Made:
    """A copy that lies in the vault: its row's own columns, and the mark that it carries, if it does."""

    kind: str
    recipe: str
    sha256: str
    size_bytes: int
    mime: str
    storage_key: str
    manifest_label: str
    verdict: Credentials
    mark: MarkRecord | None = None
    unstamped: str | None = None  # why it has no time stamp, where it should have one


def mark_id_of(secret: bytes, sha256: str, *, bits: int = 64, attempt: int = 0) -> int:
    """The mark id of a content under a key: pseudo-random to strangers, the same when a stage runs twice."""
    again = bytes([attempt]) if attempt else b""
    digest = hmac.new(secret, b"headwater/mark-id/1" + bytes.fromhex(sha256) + again, hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - bits)


def copy_key(sha256: str, suffix: str, recipe: str = RECIPE) -> str:
    return f"protected/{sha256[:2]}/{sha256}-{recipe.replace('+', '-')}{suffix}"


def run(parts: Parts, job: Job, path: str) -> None:
    """Make, verify and store the copy of the file at `path` that its roots ask for, and put it in place where they do.

    Raises:
        PolicyError: the copy may not be made or put in place: the stage is skipped with the reason.
        BadFileError: the file is damaged, or carries a credential that cannot be carried along.
        StorageError: the copy could not be written; the stage is tried again later.
        UnavailableError: no signing key or no time stamp now; the stage waits, and that is no try.
    """
    with parts.catalogue.reader() as reader:
        modes = placements.modes(reader.rows, job.asset_id)
        standing = _standing(parts, reader.rows, job) if "in_place" in modes else None
    if standing is None:
        made = _make(_Task(parts, job, evidence.gather(parts, job.asset_id), path, probe(path)), modes)
        with parts.catalogue.change() as unit:
            _record(unit, job, made)
            if "in_place" not in modes:
                work.job_ended(unit, job.id, "done")
                return
        standing = inplace.Copy(made.sha256, made.storage_key) if made.kind == "protected" else None
    if standing is not None:
        inplace.place(parts, job.asset_id, standing)
    with parts.catalogue.change() as unit:
        work.job_ended(unit, job.id, "done")


def _standing(parts: Parts, rows: Any, job: Job) -> inplace.Copy | None:
    """The copy that an earlier run made and perhaps put in place: another one would have other bytes."""
    found = rows(
        "SELECT sha256, storage_key FROM copy WHERE asset_id = ? AND kind = 'protected' AND mime = ?"
        " ORDER BY made_at DESC, id DESC LIMIT 1",
        job.asset_id,
        job.mime,
    )
    if found and parts.storage.exists(found[0]["storage_key"]):
        return inplace.Copy(found[0]["sha256"], found[0]["storage_key"])
    return None


def _record(unit: Any, job: Job, made: _Made) -> None:
    row = CopyRow(
        id=unit.new_id(), asset_id=job.asset_id, kind=made.kind, recipe=made.recipe, sha256=made.sha256,
        size_bytes=made.size_bytes, mime=made.mime, storage_key=made.storage_key, manifest_label=made.manifest_label,
        made_at=unit.now,
    )  # fmt: skip
    records.add_copy(unit, row, made.mark)
    verdicts.put_copy(unit, made.sha256, made.verdict)
    relate.on_label(unit, made.manifest_label)
    if made.unstamped is not None:
        unit.audit("copy.unstamped", job.asset_id, {"copy": row.id, "reason": made.unstamped})


@dataclass(frozen=True, slots=True)
class _Task:
    parts: Parts
    job: Job
    known: evidence.Gathered
    path: str
    source: Probe

    @property
    def asset(self) -> Card:
        return self.known.card

    def unchanged(self) -> None:
        if hashing.sha256_file(self.path) != self.job.sha256:
            raise UnreadableError(f"{self.path!a} changed while its copy was made.", code="file.changing")

    def labelled(self, data: bytes, mime: str) -> tuple[bytes, bool]:
        """The bytes with the labels that settings and evidence ask for, and whether any were written."""
        settings, made = self.parts.settings, self.known.evidence
        return labelling.labelled(data, mime, labelling.label_for(settings, made, evidence.policy(settings)))

    def statement(
        self, suffix: str, mark: SoftBindingEntry | None = None, *, converted: bool = False, labelled: bool = False
    ) -> Statement:
        facts = AssetFacts(
            asset_id=self.job.asset_id,
            sha256=self.job.sha256,
            library_id=self.parts.catalogue.library_id,
            mark_id=format_mark_id(detect.id_of(mark.alg, mark.value)) if mark else None,
        )
        return compose.protected_copy(
            title=f"{os.path.splitext(self.asset.title)[0]}.protected{suffix}",
            original_title=self.asset.title,
            asset=facts,
            mark=mark,
            fingerprints=self.known.fingerprints,
            converted=converted,
            said=replace(compose.say(self.known.evidence, evidence.policy(self.parts.settings)), labelled=labelled),
        )

    def hands(self) -> signing.Hands:
        source = self.source
        bare = not source.has_c2pa and not source.xmp and not source.problems
        return signing.Hands(self.parts.ring, self.parts.trust, self._thumbnail(), self.parts.means, bare)

    def _thumbnail(self) -> bytes | None:
        if not self.parts.settings.credential_thumbnail:
            return None
        try:
            return self.parts.storage.get(thumb_key(self.job.sha256, 256))
        except NotFoundError:
            return None


def _make(task: _Task, modes: set[str]) -> _Made:
    task.parts.means.check()
    source = task.source
    soundness.check(source)
    mime = task.job.mime
    wanted = mime in (_SAME_TYPE if "in_place" in modes else MARKED) and (source.media.frame_count or 1) == 1
    if modes == {"sidecar"}:
        return _beside(task)
    if wanted:
        try:
            return _marked(task)
        except PolicyError:  # CMYK, too small for a mark: signed as it is
            pass
    if task.parts.settings.mark_video and "in_place" not in modes and task.job.kind == Kind.VIDEO:
        try:
            return _filmed(task)
        except PolicyError as error:  # what cannot be encoded anew without loss is signed as it is
            log.info("%s is not marked: %s", task.asset.title, error.message)
    if task.parts.settings.mark_sound and "in_place" not in modes and mime == "audio/wav":
        try:
            return _sounded(task)
        except PolicyError as error:
            log.info("%s is not marked: %s", task.asset.title, error.message)
    if sdk.can_embed(mime):
        try:
            return _embedded(task)
        except EngineError:  # a file of the right type that the SDK cannot write into, such as a compressed ZIP
            return _beside(task)
    return _beside(task)


def _marked(task: _Task) -> _Made:
    parts, job, engine = task.parts, task.job, _engine(task.parts)
    mark_id = _free_id(task, engine)
    marked: list[Any] = []

    def transform(samples: Any) -> Any:
        marked.append(engine.embed(samples, mark_id, parts.mark_key.secret))
        return marked[-1].pixels

    made = encode.protected_bytes(task.path, task.source, transform, max_pixels_mp=parts.settings.max_pixels_mp)
    task.unchanged()
    binding = SoftBindingEntry(alg=engine.alg, value=engine.value(mark_id, parts.mark_key.secret))
    data, labelled = task.labelled(made.data, made.mime)
    statement = task.statement(made.suffix, binding, converted=made.mime != job.mime, labelled=labelled)
    signed = _signed(task, data, made.mime, statement)
    recipe = OTHER_RECIPES.get(engine.name, RECIPE)
    key = copy_key(job.sha256, made.suffix, recipe)
    parts.storage.put(key, signed.data)
    mark = MarkRecord(f"{mark_id:016x}", engine.name, parts.mark_key.key_id, marked[0].psnr_db, marked[0].survived)
    digest = hashlib.sha256(signed.data).hexdigest()
    return _Made(
        "protected", recipe, digest, len(signed.data), made.mime, key, signed.label, signed.credentials, mark,
        signed.unstamped,
    )  # fmt: skip


def _engine(parts: Parts) -> Watermarker:
    """The engine that the settings name. Raises UnavailableError where it cannot work: the copy waits for its weights."""
    if parts.settings.mark_engine == tilemark.PLUGIN.name:
        return tilemark.PLUGIN
    engine = detect.engine(parts.settings.mark_engine)
    available = engine.available() if engine is not None else None
    if engine is None or available is None or not available.ready:
        reason = available.reason if available else "There is no such engine."
        raise UnavailableError(
            f"Copies wait for the mark engine {parts.settings.mark_engine}: {reason}",
            next_step="Put its weights in place, or set mark_engine = tilemark.",
            code="mark.unavailable",
        )
    return engine


def _free_id(task: _Task, engine: Watermarker) -> int:
    """The mark id of this content. It may be taken: of a million pictures about one draws one of 40 bits twice."""
    secret, sha256 = task.parts.mark_key.secret, task.job.sha256
    with task.parts.catalogue.reader() as reader:
        for attempt in range(_FREE_ID_TRIES):
            mark_id = mark_id_of(secret, sha256, bits=engine.id_bits, attempt=attempt)
            if reader.one("SELECT asset_id FROM mark WHERE mark_id = ?", f"{mark_id:016x}") in (
                None,
                task.job.asset_id,
            ):
                return mark_id
    raise EngineError(f"No free mark id of {engine.id_bits} bits was found for {task.asset.title}.")


def _filmed(task: _Task) -> _Made:
    """A video encoded anew with the mark in every frame, signed from disk to disk."""
    parts, job, source = task.parts, task.job, task.source
    mark_id = mark_id_of(parts.mark_key.secret, job.sha256)
    suffix = _SUFFIXES.get(job.mime, ".bin")
    with parts.storage.scratch(suffix) as marked:
        made = filming.film(task.path, source.media, marked, mark_id, parts.mark_key.secret, parts.settings)
        task.unchanged()
        labelled = False
        if marked.stat().st_size <= LABELLED_BYTES:
            data, labelled = task.labelled(marked.read_bytes(), job.mime)
            if labelled:
                marked.write_bytes(data)
        engine = tilemark.PLUGIN
        statement = task.statement(suffix, SoftBindingEntry(alg=engine.alg, value=f"{mark_id:016x}"), labelled=labelled)
        key = copy_key(job.sha256, suffix, FILM_RECIPE)
        target = parts.storage.path(key)
        target.unlink(missing_ok=True)  # of a run that was killed before its row was written
        signed = signing.sign_file(
            os.fspath(marked), job.mime, target, statement=statement, hands=task.hands(), inputs=task.known.files,
            original=signing.IngredientFile(compose.PARENT, task.path, job.mime),
        )  # fmt: skip
    mark = MarkRecord(f"{mark_id:016x}", engine.name, parts.mark_key.key_id, made.strength_db, made.survived)
    return _Made(
        "protected", FILM_RECIPE, signed.sha256, signed.size_bytes, job.mime, key, signed.label, signed.credentials, mark,
        signed.unstamped,
    )  # fmt: skip


def _sounded(task: _Task) -> _Made:
    """A WAV file with the mark in its samples, lossless otherwise."""
    parts, job = task.parts, task.job
    if task.asset.size_bytes > sounding.MOST_BYTES:
        raise PolicyError("The sound is too large to be marked in memory.", code="mark.sound")
    mark_id = mark_id_of(parts.mark_key.secret, job.sha256)
    with open(task.path, "rb") as file:
        given = file.read(sounding.MOST_BYTES + 1)
    made = sounding.mark(given, mark_id, parts.mark_key.secret)
    task.unchanged()
    data, labelled = task.labelled(made.data, job.mime)
    binding = SoftBindingEntry(alg=tonemark.PLUGIN.alg, value=f"{mark_id:016x}")
    signed = _signed(task, data, job.mime, task.statement(".wav", binding, labelled=labelled))
    key = copy_key(job.sha256, ".wav", SOUND_RECIPE)
    parts.storage.put(key, signed.data)
    mark = MarkRecord(f"{mark_id:016x}", tonemark.PLUGIN.name, parts.mark_key.key_id, made.snr_db, made.survived)
    digest = hashlib.sha256(signed.data).hexdigest()
    return _Made(
        "protected", SOUND_RECIPE, digest, len(signed.data), job.mime, key, signed.label, signed.credentials, mark,
        signed.unstamped,
    )  # fmt: skip


def _signed(task: _Task, data: bytes, mime: str, statement: Statement) -> signing.SignedCopy:
    original = signing.IngredientFile(compose.PARENT, task.path, task.job.mime)
    try:
        return signing.sign_rendition(
            data, mime, original=original, statement=statement, hands=task.hands(), inputs=task.known.files
        )
    except OSError as error:
        raise EngineError(f"The copy of {task.asset.title} could not be signed ({error}).") from error


def _embedded(task: _Task) -> _Made:
    """Signed as it is; a small file gets its labels first, a large one goes from disk to disk."""
    suffix = _SUFFIXES.get(task.job.mime, ".bin")
    key = copy_key(task.job.sha256, suffix, SIGNED)
    if task.asset.size_bytes <= LABELLED_BYTES:
        with open(task.path, "rb") as file:
            data, labelled = task.labelled(file.read(LABELLED_BYTES), task.job.mime)
        task.unchanged()
        if labelled:
            signed_copy = _signed(task, data, task.job.mime, task.statement(suffix, labelled=True))
            return _stored(task, key, "protected", task.job.mime, signed_copy)
    target = task.parts.storage.path(key)
    target.unlink(missing_ok=True)  # of a run that was killed before its row was written
    signed = signing.sign_file(
        task.path, task.job.mime, target, statement=task.statement(suffix), hands=task.hands(), inputs=task.known.files
    )  # fmt: skip
    try:
        task.unchanged()
    except UnreadableError:
        target.unlink(missing_ok=True)
        raise
    return _Made(
        "protected", SIGNED, signed.sha256, signed.size_bytes, task.job.mime, key, signed.label, signed.credentials,
        unstamped=signed.unstamped,
    )  # fmt: skip


def _beside(task: _Task) -> _Made:
    signed = signing.sign_beside(
        task.path, task.job.mime, statement=task.statement(os.path.splitext(task.asset.title)[1]), hands=task.hands(),
        inputs=task.known.files,
    )  # fmt: skip
    task.unchanged()
    return _stored(task, copy_key(task.job.sha256, ".c2pa", SIGNED), "sidecar", "application/c2pa", signed)


def _stored(task: _Task, key: str, kind: str, mime: str, signed: signing.SignedCopy) -> _Made:
    task.parts.storage.put(key, signed.data)
    digest = hashlib.sha256(signed.data).hexdigest()
    return _Made(
        kind, SIGNED, digest, len(signed.data), mime, key, signed.label, signed.credentials, unstamped=signed.unstamped
    )
