"""SOUND: the code by which a sound, or a piece of it, is recognised after it was compressed, resampled or cut."""

import numpy as np

from dam.catalogue import sounds as stored
from dam.catalogue import work
from dam.catalogue.work import Job
from dam.fingerprint import sounds
from dam.fingerprint.sounds import Numbers
from dam.ingest.parts import Parts
from dam.media import sound
from dam.model import Kind, Media
from dam.watermark.tone.patterns import RATE, Signal

STAGE = "sound"
VERSION = "1"


def run(parts: Parts, job: Job, path: str) -> None:
    """Decode the beginning of the sound at `path` and record its numbers.

    Raises:
        PolicyError: fpcalc is not installed: skipped until it is. BadFileError: it cannot be decoded.
    """
    numbers = listen(path, Media(Kind(job.kind), job.mime))
    with parts.catalogue.change() as unit:
        if numbers is not None:
            stored.put(unit, job.asset_id, sounds.ENGINE, numbers.astype("<u4").tobytes())
        work.job_ended(unit, job.id, "done")


def hear(path: str, media: Media) -> Signal:
    """The beginning of a sound as a mark is looked for in it: mono, -1..1, at the mark's rate. Raises BadFileError."""
    heard = sound.samples(path, media, rate=RATE, seconds=sounds.SECONDS)
    return heard.astype(np.float32) / np.float32(32768)


def listen(path: str, media: Media) -> Numbers | None:
    """The numbers of a sound file; None where it is silent, a tone, or too short."""
    return sounds.compute(sound.samples(path, media, rate=sounds.RATE, seconds=sounds.SECONDS))
