"""PROTECT: a marked and signed copy in the vault, with the original as its C2PA parent. The original is only read."""

import hashlib
import hmac
import os
from typing import Any

from dam.catalogue import records, verdicts, work
from dam.catalogue.tables import CopyRow
from dam.catalogue.work import Job
from dam.errors import EngineError, UnreadableError
from dam.ingest import relate
from dam.ingest.parts import Parts
from dam.media import encode, hashing
from dam.media.probe import probe
from dam.model import MarkRecord
from dam.provenance import compose, signing
from dam.provenance.statement import AssetFacts, SoftBindingEntry, SourceType
from dam.watermark.engines import tilemark

RECIPE = "tilemark.1+c2pa.1"


def mark_id_of(secret: bytes, sha256: str) -> int:
    """The 64-bit mark id of a content under a key: pseudo-random to strangers, the same when a stage runs twice."""
    digest = hmac.new(secret, b"headwater/mark-id/1" + bytes.fromhex(sha256), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big")


def copy_key(sha256: str, suffix: str) -> str:
    return f"protected/{sha256[:2]}/{sha256}-{RECIPE.replace('+', '-')}{suffix}"


def run(parts: Parts, job: Job, path: str) -> None:
    """Mark, encode, sign, verify and store a protected copy of the file at `path`.

    Raises:
        PolicyError: this picture cannot be marked (too small, animated, CMYK): the stage is skipped with the reason.
        StorageError: the copy could not be written; the stage is tried again later.
    """
    engine = tilemark.PLUGIN
    mark_id = mark_id_of(parts.mark_key.secret, job.sha256)
    marked: list[Any] = []

    def transform(samples: Any) -> Any:
        marked.append(engine.embed(samples, mark_id, parts.mark_key.secret))
        return marked[-1].pixels

    source = probe(path)
    made = encode.protected_bytes(path, source, transform, max_pixels_mp=parts.settings.max_pixels_mp)
    if hashing.sha256_file(path) != job.sha256:
        raise UnreadableError(f"{path} changed while its copy was made.", code="file.changing")
    signed = _sign(parts, job, made, path, mark_id)
    key = copy_key(job.sha256, made.suffix)
    parts.storage.put(key, signed.data)
    mark = MarkRecord(f"{mark_id:016x}", engine.name, parts.mark_key.key_id, marked[0].psnr_db, marked[0].survived)
    with parts.catalogue.change() as unit:
        row = CopyRow(
            id=unit.new_id(), asset_id=job.asset_id, kind="protected", recipe=RECIPE,
            sha256=hashlib.sha256(signed.data).hexdigest(), size_bytes=len(signed.data), mime=made.mime, storage_key=key,
            manifest_label=signed.label, made_at=unit.now,
        )  # fmt: skip
        records.add_copy(unit, row, mark)
        verdicts.put_copy(unit, row.sha256, signed.credentials)
        relate.on_label(unit, signed.label)
        work.job_ended(unit, job.id, "done")


def _sign(parts: Parts, job: Job, made: encode.EncodedCopy, path: str, mark_id: int) -> signing.SignedCopy:
    with parts.catalogue.reader() as reader:
        asset = reader.cards([job.asset_id])[0]
    statement = compose.protected_copy(
        title=f"{os.path.splitext(asset.title)[0]}.protected{made.suffix}",
        original_title=asset.title,
        asset=AssetFacts(
            asset_id=job.asset_id,
            sha256=job.sha256,
            library_id=parts.catalogue.library_id,
            mark_id=f"{mark_id:016x}",
        ),
        mark=SoftBindingEntry(alg=tilemark.PLUGIN.alg, value=f"{mark_id:016x}"),
        source_type=source_type(asset.digital_source_type, ai_generated=asset.ai_generated),
        converted=made.mime != job.mime,
    )
    try:
        return signing.sign_copy(
            made.data, made.mime, original_path=path, original_mime=job.mime, statement=statement, ring=parts.ring,
            store=parts.trust,
        )  # fmt: skip
    except OSError as error:
        raise EngineError(f"The copy of {asset.title} could not be signed ({error}).") from error


def source_type(named: str | None, *, ai_generated: bool | None) -> SourceType | None:
    """What evidence says the original is. A carrier that only says "AI" means trained algorithmic media."""
    if named in set(SourceType):
        return SourceType(named)
    return SourceType.TRAINED_ALGORITHMIC_MEDIA if ai_generated else None
