"""Run every reader over a probe: the front door of the room."""

import functools
from collections.abc import Sequence
from typing import Any

from dam.media.probe import Probe
from dam.metadata import readers
from dam.metadata.c2pa_claim import claim_from_credentials
from dam.metadata.contract import GROUP, Reader, is_reader
from dam.metadata.unparsed import unparsed
from dam.model import Claim, Credentials, Problem
from dam.plugins import Discovery, discover


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
    claims += unparsed(probe.texts, claims)
    return tuple(claims), tuple(problems)
