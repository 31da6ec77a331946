"""Commands about timelines: cut list, check, diff."""

from typing import TYPE_CHECKING, Annotated

import typer

from dam_cli import render
from dam_cli.session import GLOBALS, library, say

if TYPE_CHECKING:
    from dam_schemas.cuts import CutSideOut

cut = typer.Typer(
    help="Timelines: may one ship, and what changed since the last version?",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Cut = Annotated[str, typer.Argument(help="A timeline of the library: an id, a unique prefix, a SHA-256 or a path.")]


def register(app: typer.Typer) -> None:
    app.add_typer(cut, name="cut")


@cut.command("list")
def cut_list() -> None:
    """Every timeline that was read, the newest first. Exit 1 if there is none."""
    from dam_schemas.cuts import CutLineOut

    with library() as service:
        found = [CutLineOut.model_validate(row) for row in service.cuts.list()]
    for one in found:
        if GLOBALS.json:
            render.put_json(one)
        else:
            render.put(f"{one.asset_id}  {one.clips:>5} clips  {render.clock(one.duration_s):>12}  {one.title}")
    raise typer.Exit(0 if found else 1)


@cut.command()
def check(
    timeline: Cut,
    require: Annotated[
        list[str] | None, typer.Option(help="approved, credentialed, protected, online; several with commas.")
    ] = None,
    forbid: Annotated[
        list[str] | None,
        typer.Option(help="ai, rejected, unreviewed, tool:NAME, model:NAME, lora:NAME; NAME may have *."),
    ] = None,
    max_age: Annotated[str | None, typer.Option(help="No clip older than this: 30d, 4w.")] = None,
) -> None:
    """Hold rules against every clip of a timeline. Exit 1 if one is broken, each with its reason.

    A clip that is no asset for sure breaks the rule "known". What is forbidden is looked for in what a clip was made from,
    too. Example: dam cut check cut_v13.otio --require approved,credentialed --forbid 'tool:midjourney,model:sdxl*'
    """
    from dam_schemas.cuts import CutCheckOut

    with library() as service:
        now = service.parts.clock()
        done = service.cuts.check(timeline, require=require or (), forbid=forbid or (), max_age=max_age, now=now)
    wire = CutCheckOut.model_validate(done)
    if GLOBALS.json:
        render.put_json(wire)
    else:
        for one in wire.broken:
            render.put(f"{render.clock(one.start_s)}  {one.clip}: {one.rule}: {one.reason}")
        say(f"{wire.title}: {wire.known} of {wire.clips} clips are assets for sure; {len(wire.broken)} rules broken.")
    raise typer.Exit(0 if wire.passed else 1)


@cut.command()
def diff(before: Cut, after: Cut) -> None:
    """What changed from one version of a cut to another: added, removed, replaced, moved, trimmed.

    Exit 1 if anything did. Example: dam cut diff cut_v12.otio cut_v13.otio
    """
    from dam_schemas.cuts import CutDiffOut

    with library() as service:
        wire = CutDiffOut.model_validate(service.cuts.diff(before, after))
    if GLOBALS.json:
        render.put_json(wire)
    else:
        for one in wire.changes:
            sides = [_side(side) for side in (one.before, one.after) if side is not None]
            render.put(f"{one.what:<9} {' -> '.join(sides)}")
        say(f"{len(wire.changes)} changes.")
    raise typer.Exit(1 if wire.changes else 0)


def _side(side: "CutSideOut") -> str:
    origin = {True: "AI", False: "not AI", None: "origin unknown"}[side.ai_generated]
    about = f" [{side.status}, {origin}]" if side.asset_id else " [no asset]"
    return f"{render.clock(side.start_s)} {side.title or side.clip}{about}"
