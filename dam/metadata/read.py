"""Run every reader over a probe: the front door of the room."""

import functools
from collections.abc import Sequence
from typing import Any

from dam.media.probe import Probe
from dam.metadata import c2pa_claim, readers, unparsed
from dam.metadata.contract import GROUP, Reader, is_reader
from dam.metadata.once import one_file
from dam.model import Claim, Credentials, Problem
from dam.plugins import Discovery, discover


@functools.cache
def discovered() -> Discovery[Any]:
    """The readers of our folder and of the entry-point group, found once a process."""
    return discover(readers, GROUP, is_reader)


def readers_found() -> tuple[Reader, ...]:
    """Every usable reader, in name order."""
    return tuple(discovered().plugins)


def reader_versions() -> dict[str, str]:
    """Every name that stands in claims, with the version that is installed here."""
    ours = {c2pa_claim.READER: c2pa_claim.VERSION, unparsed.READER: unparsed.VERSION}
    return {reader.name: reader.version for reader in readers_found()} | ours


def read_claims(probe: Probe, credentials: Credentials | None = None) -> tuple[tuple[Claim, ...], tuple[Problem, ...]]:
    """Every statement in a file: the most certain reader's first, C2PA's, then carriers that nobody could read.

    A reader that fails becomes a problem "reader.failed"; the others go on.
    """
    with one_file():
        scored, problems = _statements(probe)
    scored.sort(key=lambda pair: -pair[0])
    claims = [claim for _, found in scored for claim in found]
    if credentials is not None:
        signed = c2pa_claim.claim_from_credentials(credentials)
        claims += [signed] if signed else []
    claims += unparsed.unparsed(probe.texts, claims)
    return tuple(claims), tuple(problems)


def _statements(probe: Probe) -> tuple[list[tuple[int, Sequence[Claim]]], list[Problem]]:
    """What each reader says, with its score, and which readers failed."""
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
    return scored, problems
