"""PIXELS: one decode feeds thumbnails, fingerprints, near-duplicate edges and the look for a hidden text."""

from dam.catalogue import assets, derived, edges, work
from dam.catalogue.unit import Unit
from dam.catalogue.work import Job
from dam.fingerprint.compute import compute_all
from dam.fingerprint.contract import is_flat
from dam.ingest import hidden, rederive
from dam.ingest.near import ENGINE_64, ENGINE_256
from dam.ingest.parts import Parts
from dam.lineage import likeness
from dam.media import pixels
from dam.media.carriers import Text
from dam.media.picture import LOSSLESS, Pixels
from dam.model import FingerprintCode, Kind, Media


def thumb_key(sha256: str, size_px: int) -> str:
    return f"thumbs/{sha256[:2]}/{sha256}-{size_px}.jpg"


def run(parts: Parts, job: Job, path: str) -> None:
    """Decode, render and fingerprint the file at `path` (checked to hold the asset's bytes), then record it.

    Raises:
        BadFileError: the pixels cannot be read; the asset stays, the stage is quarantined with the reason.
    """
    media = Media(Kind(job.kind), job.mime)
    decoded = pixels.decode(path, media, max_pixels_mp=parts.settings.max_pixels_mp)
    made = pixels.render(decoded)
    parts.storage.put(thumb_key(job.sha256, 256), made.thumb_256, durable=False)
    parts.storage.put(thumb_key(job.sha256, 1024), made.thumb_1024, durable=False)
    text = _hidden_text(parts, job, path, decoded) if hidden.seems_signed(decoded, media) else None
    codes = compute_all(made.luma)
    flat = is_flat(made.luma)
    with parts.catalogue.change() as unit:
        parts.near.follow(unit)
        assets.set_fingerprints(unit, job.asset_id, codes, flat=flat)
        if not flat:
            _near_edges(parts, unit, job, codes)
        if text is not None:
            rederive.hidden_text(parts, unit, job.asset_id, text)
        assets.mark_decoded(unit, job.asset_id)
        work.job_ended(unit, job.id, "done")


def _hidden_text(parts: Parts, job: Job, path: str, decoded: Pixels) -> Text | None:
    """The text behind a signature in the pixels, if no carrier of the file has said how it was made."""
    with parts.catalogue.reader() as reader:
        if derived.has_generation(reader.rows, job.asset_id):
            return None
    media = Media(Kind(job.kind), job.mime, decoded.rgb.shape[1], decoded.rgb.shape[0])
    return hidden.text_in_file(path, media, max_pixels_mp=parts.settings.max_pixels_mp)


def _near_edges(parts: Parts, unit: Unit, job: Job, codes: tuple[FingerprintCode, ...]) -> None:
    by_engine = {c.engine: c.code for c in codes}
    hits = [h for h in parts.near.near(by_engine[ENGINE_64], by_engine[ENGINE_256]) if h.asset_id != job.asset_id]
    if not hits:
        return
    rows = {a.id: a for a in assets.facts(unit, [job.asset_id, *(h.asset_id for h in hits)])}

    def look(asset_id: str) -> likeness.Look:
        row = rows[asset_id]
        count = (row.width_px or 0) * (row.height_px or 0)
        return likeness.Look(row.id, row.sha256, count, lossless=row.mime in LOSSLESS)

    near = [likeness.Neighbour(look(h.asset_id), h.distance64, h.distance256) for h in hits if h.asset_id in rows]
    edges.put(unit, likeness.edges_by_likeness(look(job.asset_id), near))
