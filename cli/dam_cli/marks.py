"""The invisible mark by hand: mark embed, mark detect. With the library's key, or one of your own and no library."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dam.media.paths import display
from dam_cli import render
from dam_cli.session import GLOBALS, library, settings

if TYPE_CHECKING:
    from dam.service.marking import Marking
    from dam_schemas.marks import MarkSeenOut

mark = typer.Typer(help="The invisible mark by hand.", no_args_is_help=True, rich_markup_mode=None)
KeyFile = Annotated[
    Path | None,
    typer.Option("--key-file", help="32 bytes or 64 hex digits, instead of the library's key; no library is needed."),
]


def register(app: typer.Typer) -> None:
    app.add_typer(mark, name="mark")


@contextlib.contextmanager
def _marking(key_file: Path | None) -> "Iterator[Marking]":
    if key_file is None:
        with library() as service:
            yield service.marking
        return
    from dam.service.library import use_weights
    from dam.service.marking import Marking, key_in

    key, chosen = key_in(key_file), settings()
    use_weights(chosen)
    yield Marking(lambda: [key], max_pixels_mp=chosen.max_pixels_mp)


@mark.command()
def embed(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A still picture. It is only read.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="Where the marked copy goes.")],
    mark_id: Annotated[str | None, typer.Option("--id", help="16 hex digits [default: drawn at random].")] = None,
    strength: Annotated[str, typer.Option(help="auto, or a PSNR of 30 (strong) to 60 (weak) dB.")] = "auto",
    engine: Annotated[str, typer.Option(help="tilemark, or trustmark where its weights are.")] = "tilemark",
    key_file: KeyFile = None,
    replace: Annotated[bool, typer.Option("--replace", help="Write over OUT if it is there.")] = False,
) -> None:
    """Write a marked copy of a picture. The copy is not signed and not catalogued: `dam protect` does all of it.

    Exit 1 if the mark will not survive what it was tried against. Example: dam mark embed in.png out.png --key-file k
    """
    from dam_schemas.marks import MarkedOut

    with _marking(key_file) as marking:
        made = marking.embed(
            str(source), str(target), engine=engine, mark_id=mark_id, strength=strength, replace=replace
        )
    wire = MarkedOut.model_validate(render.safe(made))
    if GLOBALS.json:
        render.put_json(wire)
    else:
        sys.stdout.write(render.style(display(wire.path), "1") + "\n")
        lost = [name for name, kept in wire.survived.items() if not kept]
        rows = [
            ("mark", f"{wire.mark_id} ({wire.engine}, key {wire.key_id})"),
            ("strength", f"{wire.psnr_db:.1f} dB, aimed at {wire.strength_db:.1f}"),
            ("survives", ", ".join(name for name, kept in wire.survived.items() if kept)),
            ("does not", ", ".join(lost)),
            *(("note", one) for one in wire.notes),
        ]
        render.table([row for row in rows if row[1]])
    raise typer.Exit(0 if all(wire.survived.values()) else 1)


@mark.command()
def detect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Pictures to look at. They are only read.")],
    effort: Annotated[
        Literal["fast", "deep"], typer.Option(help="deep also undoes crops, borders and turns.")
    ] = "deep",
    key_file: KeyFile = None,
) -> None:
    """Look for a mark. Exit 1 if any file has none that these keys read, 3 if one cannot be read.

    Finding none proves nothing. Example: dam mark detect --json screenshot.jpg
    """
    from dam_schemas.marks import MarkSeenOut

    worst = 0
    with _marking(key_file) as marking:
        for path in files:
            wire = MarkSeenOut.model_validate(render.safe(marking.detect(str(path), effort=effort)))
            worst = max(worst, 3 if wire.problems else 0 if wire.mark_id else 1)
            if GLOBALS.json:
                render.put_json(wire)
            else:
                render.put(_line(wire))
    raise typer.Exit(worst)


def _line(wire: "MarkSeenOut") -> str:
    if wire.problems:
        return f"{wire.path}: {wire.problems[0].message}"
    if wire.mark_id is None:
        return f"{wire.path}: no mark found with these keys, which proves nothing"
    return f"{wire.path}: {wire.mark_id} ({wire.engine}, {wire.effort}, score {wire.score}, p_false {wire.p_false:.1e})"
