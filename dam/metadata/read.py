"""Run every reader over a probe: the front door of the room."""

import functools
import re
from collections.abc import Sequence
from typing import Any

from dam.media.probe import Probe, Text
from dam.metadata import readers
from dam.metadata.c2pa_claim import claim_from_credentials
from dam.metadata.contract import GROUP, MAX_RAW_BYTES, Reader, clean_text, is_reader
from dam.model import Claim, Credentials, Problem
from dam.plugins import Discovery, discover

_LOOKS_LIKE_METADATA = re.compile(
    r"prompt|negative[ _]prompt|workflow|parameters|comment|description|usercomment|dream|sd-metadata|invokeai\w*|generation_data"
    r"|aigc|extra_pnginfo|metadata|extras|com|caption|0x9286|0x010e|0x9c9c",
)


@functools.cache
def discovered() -> Discovery[Any]:
    """The readers of our folder and of the entry-point group, found once a process."""
    return discover(readers, GROUP, is_reader)


def readers_found() -> tuple[Reader, ...]:
    """Every usable reader, in name order."""
    return tuple(discovered().plugins)


def read_claims(probe: Probe, credentials: Credentials | None = None) -> tuple[tuple[Claim, ...], tuple[Problem, ...]]:
    """Every statement in a file: the most certain reader's first, C2PA's, then carriers that nobody could read.

    A reader that fails becomes a problem "reader.failed"; the others go on.
    """
    scored: list[tuple[int, Sequence[Claim]]] = []
    problems: list[Problem] = []
    for reader in readers_found():
        try:
            score = reader.score(probe)
            if score > 0:
                scored.append((score, tuple(reader.read(probe))))
        except Exception as error:  # noqa: BLE001  # the edge of a plug-in: one bad reader must not hide the others' claims
            problems.append(
                Problem("reader.failed", f"The reader {reader.name} failed: {type(error).__name__}: {error}")
            )
    scored.sort(key=lambda pair: -pair[0])
    claims = [claim for _, found in scored for claim in found]
    if credentials is not None:
        signed = claim_from_credentials(credentials)
        claims += [signed] if signed else []
    claims += _unparsed(probe.texts, claims)
    return tuple(claims), tuple(problems)


def _unparsed(texts: Sequence[Text], claims: Sequence[Claim]) -> list[Claim]:
    """Carriers that look like metadata of a generator and that no reader claimed: kept raw, saying nothing."""
    known = {(claim.carrier, claim.raw) for claim in claims}
    return [
        Claim(
            text.carrier,
            "unparsed",
            "1",
            text.raw[:MAX_RAW_BYTES],
            text.raw_bytes,
            {"text": clean_text(text.text[:4000])},
            0.1,
        )
        for text in texts
        if text.text.strip()
        and "c2pa:manifest" not in text.text[:4000]
        and _LOOKS_LIKE_METADATA.fullmatch(text.key.rpartition(":")[2].lower())
        and (text.carrier, text.raw[:MAX_RAW_BYTES]) not in known
    ]
