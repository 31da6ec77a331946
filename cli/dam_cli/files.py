"""Commands about a file in the hand: inspect, verify, identify, fingerprint. They work on any path."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dam.media.paths import display
from dam_cli import render
from dam_cli.session import GLOBALS, library, settings

if TYPE_CHECKING:
    from dam.service.answers import Answers
    from dam.settings import Settings
    from dam_schemas.answers import MatchOut

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", readable=False, help="Files to look at. They are only read.")
]

SHOWN_CLIPS = 40


def register(app: typer.Typer) -> None:
    for command in (inspect, verify, identify, fingerprint):
        app.command()(command)


def inspect(
    files: Files,
    fingerprints: Annotated[
        bool, typer.Option("--fingerprints", help="Decode the pixels and add perceptual codes.")
    ] = False,
) -> None:
    """What is in a file: generation, claims, credential verdict. Needs no library and writes nothing.

    Exit 3 if a file cannot be read. Example: dam inspect --json picture.png
    """
    from dam.service.answers import Answers
    from dam_schemas.inspect import InspectionOut

    answers, worst = Answers(_known_library(), None), 0
    for path in files:
        found = answers.inspect(str(path), fingerprints=fingerprints)
        wire = InspectionOut.model_validate(render.safe(found))
        if GLOBALS.json:
            render.put_json(wire)
        else:
            _print_inspection(wire)
        if found.sha256 is None or any(p.code == "file.empty" for p in found.problems):
            worst = 3
    raise typer.Exit(worst)


def _known_library() -> "Settings | None":
    """The library that is at hand, if one is and its settings can be read: it holds manifest stores of files."""
    from dam.errors import UsageError

    try:
        found = settings()
    except UsageError:
        return None
    return found if found.catalogue_path.exists() else None


def _print_inspection(wire: Any) -> None:
    sys.stdout.write(render.style(display(wire.path), "1") + "\n")
    media, made, cred = wire.media, wire.generation, wire.credentials
    tier, sidecar = f"({cred.tier})" if cred.tier else "", f"by sidecar ({cred.sidecar})" if cred.sidecar else ""
    size = f"{media.width_px}×{media.height_px}" if media and media.width_px else ""
    says = {True: "yes", False: "no", None: "nothing says"}[wire.ai_generated]
    rows = [
        ("what", " ".join(x for x in (media.mime if media else "unreadable", size) if x)),
        ("sha256", wire.sha256 or ""),
        ("made by AI", says + (f" ({wire.digital_source_type})" if wire.digital_source_type else "")),
    ]
    if made is not None:
        rows += [
            ("tool", " ".join(str(x) for x in (made.tool, made.tool_version) if x)),
            ("model", str(made.model)),
            ("prompt", str(made.prompt)),
            ("negative", str(made.negative_prompt)),
            ("settings", ", ".join(f"{k} {v}" for k, v in _settings(made) if v is not None)),
            ("loras", ", ".join(x.name for x in made.loras)),
            (
                "inputs",
                ", ".join(
                    f"{x.name or x.sha256} ({x.role})" if x.role else str(x.name or x.sha256) for x in made.inputs
                ),
            ),
        ]
    rows += [
        (
            "credential",
            " ".join(x for x in (cred.state, tier, cred.issuer or "", sidecar) if x),
        ),
        ("codes", ", ".join(cred.codes)),
        ("claims", ", ".join(f"{c.carrier} ({c.reader})" for c in wire.claims)),
    ]
    rows += _timeline_rows(wire.timeline) if wire.timeline else []
    rows += render.unparsed(c.model_dump() for c in wire.claims)
    rows += [("fingerprint", f"{f.engine} {f.code}") for f in wire.fingerprints]
    rows += [("problem", f"{p.code}: {p.message}") for p in wire.problems]
    render.table(rows)


def _timeline_rows(cut: Any) -> list[tuple[str, str]]:
    facts = [f"{len(cut.clips)} clips", render.clock(cut.duration_s), f"{cut.rate:g} fps" if cut.rate else "", cut.tool]
    rows = [("timeline", ", ".join(x for x in (cut.name, *facts) if x)), ("sequences", ", ".join(cut.sequences[1:]))]
    rows += [("clip", render.clip(clip)) for clip in cut.clips[:SHOWN_CLIPS]]
    more = len(cut.clips) - SHOWN_CLIPS
    return [*rows, ("", f"and {more} more (all of them: --json)")] if more > 0 else rows


def _settings(made: Any) -> list[tuple[str, Any]]:
    size = f"{made.width}×{made.height}" if made.width and made.height else None
    return [
        ("seed", made.seed), ("steps", made.steps), ("sampler", made.sampler), ("scheduler", made.scheduler),
        ("cfg", made.cfg_scale), ("size", size),
    ]  # fmt: skip


@contextmanager
def _answers(*, needed: bool) -> "Iterator[Answers]":
    """The answering half of the library; without one, of nothing (unless it is needed)."""
    from dam.service.answers import Answers

    if needed or settings().catalogue_path.exists():
        with library() as service:
            yield service.answers
    else:
        yield Answers(settings(), None)


def verify(
    files: Files,
    rubric: Annotated[
        bool, typer.Option("--rubric", help="Also apply the C2PA conformance programme's rules (docs/rubric.md).")
    ] = False,
) -> None:
    """Is this file what it claims to be? Credential, mark and fingerprint, judged offline.

    Says who signed and when, what they said was done, whether AI made it, and what all that does not prove. Exit 0 only
    if every file is authentic: a trusted credential and nothing against it; with --rubric also only if no rule fails.
    Works without a library, then without trust lists. Example: dam verify delivery/*.png
    """
    from dam_cli.verdicts import print_verdict
    from dam_schemas.answers import VerifyOut

    code = 0
    with _answers(needed=False) as answers:
        for path in files:
            found = answers.verify(str(path), rubric=rubric)
            wire = VerifyOut.model_validate(render.safe(found))
            if GLOBALS.json:
                render.put_json(wire)
            else:
                print_verdict(wire)
            good = found.authentic and (not rubric or (found.rubric is not None and found.rubric.passed))
            code = max(code, 0 if good else 3 if found.sha256 is None else 1)
    raise typer.Exit(code)


def identify(
    file: Annotated[Path, typer.Argument(readable=False, help="A file from anywhere; it is only read.")],
) -> None:
    """Which asset of ours is this file? By exact bytes, manifest, invisible mark, or likeness.

    A still leads to the second of the video that it is from, a piece of a video to where it begins. Exit 1 if it is none
    that we know. Example: dam identify screenshot.jpg
    """
    from dam_schemas.answers import IdentifyOut

    with _answers(needed=True) as answers:
        found = answers.identify(str(file))
    wire = IdentifyOut.model_validate(render.safe(found))
    if GLOBALS.json:
        render.put_json(wire)
    elif wire.asset is None:
        render.put("Not recognised. (That does not prove that it is not ours.)")
        render.table([("problem", f"{p.code}: {p.message}") for p in wire.problems])
    else:
        render.put(f"{wire.asset.title}  [{wire.asset.id}]")
        render.table(
            [("found by", _how(wire.matches[0])), ("status", wire.asset.status)]
            + [("also", f"{m.asset_id} by {_how(m)}") for m in wire.matches[1:]]
            + [("conflict", c) for c in wire.conflicts]
        )
    raise typer.Exit(0 if wire.asset is not None else 3 if wire.sha256 is None else 1)


def _how(match: "MatchOut") -> str:
    """By what, how surely, and where in a video."""
    said = f"{match.found_by} ({match.score:.4f})"
    if match.found_by == "frame":
        return f"{said} at {render.clock(match.detail['at_s'])}"
    if match.found_by in ("clip", "sound"):
        return f"{said}, from {render.clock(match.detail['starts_s'])} on"
    return said


def fingerprint(files: Files) -> None:
    """Perceptual codes of pictures, by engine. Example: dam fingerprint --json a.png b.jpg"""
    from dam.service.answers import Answers
    from dam_schemas.inspect import InspectionOut

    worst = 0
    for path in files:
        found = Answers(None, None).inspect(str(path), fingerprints=True)
        wire = InspectionOut.model_validate(render.safe(found))
        if GLOBALS.json:
            render.put_json(wire.model_dump(mode="json", include={"path", "sha256", "fingerprints", "problems"}))
        else:
            render.put(wire.path)
            render.table(
                [(f.engine, f.code) for f in wire.fingerprints]
                + [("problem", f"{p.code}: {p.message}") for p in wire.problems]
            )
        worst = max(worst, 0 if wire.fingerprints else 3)
    raise typer.Exit(worst)
