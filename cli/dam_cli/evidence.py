"""Commands about evidence bundles: make one of an asset, check one from its zip alone."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from dam_cli import render
from dam_cli.session import GLOBALS, actor, library, settings

MAKE = "make"


class _Evidence(TyperGroup):
    """`dam evidence ASSET` is short for `dam evidence make ASSET`."""

    default_command = MAKE

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = [MAKE, *args]
        return super().parse_args(ctx, args)


evidence = typer.Typer(
    cls=_Evidence,
    help="Everything that is known of an asset as one signed zip, and the check of such a zip. "
    "`dam evidence ASSET` is short for `dam evidence make ASSET`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    app.add_typer(evidence, name="evidence")


@evidence.command(MAKE)
def make(
    asset: Annotated[str, typer.Argument(metavar="ASSET", help="An id, a unique prefix, a SHA-256 or a path.")],
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE.zip", help="The zip, or a folder for it [default: TITLE.evidence.zip]."),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--with",
            metavar="FILE",
            help="protected, original or none [default: the protected copy, else the original if it can be read].",
        ),
    ] = None,
    include_prompts: Annotated[
        bool, typer.Option("--include-prompts", help="Put in prompts and the raw metadata that holds them.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, write nothing.")] = False,
) -> None:
    """Write the evidence bundle of an asset. Nothing that lies there is written over. See docs/evidence.md.

    Example: dam evidence 3f9a0c --to case-12.zip --with original
    """
    from dam.service.evidence import Wish
    from dam_schemas.evidence import printed

    with library() as service:
        wish, who = Wish(file, include_prompts), actor(service)
        wire = printed(service.evidence.make(asset, to, wish=wish, dry_run=dry_run, actor=who))
    if GLOBALS.json:
        render.put_json(wire)
        return
    word = "written" if wire.written else "would be written"
    render.put(f"{wire.path}  {render.megabytes(wire.size_bytes)}  {word}")
    render.table(
        [
            ("holds", f"{len(wire.members)} members, file: {wire.contains}"),
            (
                "prompts",
                "included" if wire.prompts else "left out of the papers (--include-prompts); the file may hold them",
            ),
            ("root", wire.root_sha256),
            *((f"no {one.what}", one.why) for one in wire.absent),
        ]
    )


@evidence.command("verify")
def verify(
    bundle: Annotated[Path, typer.Argument(metavar="ZIP", readable=False, help="A bundle. It is only read.")],
    root: Annotated[
        list[Path] | None,
        typer.Option("--root", metavar="PEM", help="The signer's root certificate, had by another way."),
    ] = None,
) -> None:
    """Check a bundle from the zip alone: signature, every byte, credential, audit trail. Needs no library.

    Exit 1 if anything does not hold, or with --root if another root signed. Example: dam evidence verify case-12.zip
    """
    from dam.service.evidence import verify as check
    from dam_schemas.evidence import EvidenceReportOut

    found = EvidenceReportOut.model_validate(check(str(bundle), roots=root, library=settings().library))
    if GLOBALS.json:
        render.put_json(found)
    else:
        words = {"holds": "ok  ", "fails": "FAIL", "note": "note"}
        for one in found.findings:
            render.put(f"{words[one.state]}  {one.check}: {one.message}")
        render.put("The bundle holds." if found.ok else "The bundle does NOT hold.")
    raise typer.Exit(0 if found.ok else 1)
