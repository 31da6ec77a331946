"""Commands about protected copies: protect makes them, export delivers them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dam_cli import render
from dam_cli.session import GLOBALS, actor, library, say

if TYPE_CHECKING:
    from dam.service.library import Service

if TYPE_CHECKING:
    from dam.service.renditions import Wish

Assets = Annotated[list[str], typer.Argument(metavar="ASSET...", help="Ids, unique prefixes, SHA-256 or paths.")]


def register(app: typer.Typer) -> None:
    for command in (protect, export):
        app.command()(command)


def protect(
    assets: Assets,
    undo: Annotated[
        bool, typer.Option("--undo", help="Put the originals back where signed copies took their place.")
    ] = False,
) -> None:
    """Make signed copies now, marked where the file takes a mark, whatever the root's policy says. Originals are only
    read, but in roots of protect mode in_place: there the copy takes the place of the original, which the vault keeps.

    Example: dam protect 3f9a0c
    """
    from dam_schemas.asset import AssetOut

    with library() as service:
        for asset in assets:
            if undo:
                _undo(service, asset)
                continue
            made = service.copies.protect(asset, actor=f"person:{service.reviews.person()}")
            card = AssetOut.model_validate(service.find.card(made))
            if GLOBALS.json:
                render.put_json(card)
            else:
                say(f"{card.title} is protected. Deliver it with: dam export {card.sha256[:12]} --to DIR")
        service.passes.follow()


def _undo(service: "Service", asset: str) -> None:
    from dam_schemas.asset import AssetOut

    for path in service.copies.undo(asset, actor=actor(service)):
        say(f"The original stands at {path} again.")
    if GLOBALS.json:
        render.put_json(AssetOut.model_validate(service.find.card(asset)))


def export(
    assets: Assets,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The folder; it is made if need be.")],
    label: Annotated[
        str | None, typer.Option(help='Draw a visible label: eu, cn, text:"..." or tiled:"..." (all over).')
    ] = None,
    locale: Annotated[str | None, typer.Option(help="The label's language: en, de, fr, zh, ja ...")] = None,
    corner: Annotated[str, typer.Option(help="Where the label stands.")] = "bottom-right",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, write nothing.")] = False,
) -> None:
    """Write protected copies into a folder, or copies with a visible label. Nothing that lies there is written over.

    A file that cannot carry its credential is delivered as it is, with the credential beside it: NAME and NAME.c2pa.

    Example: dam export 3f9a0c --to /deliveries/press --label eu --locale de
    """
    from dam_schemas.asset import DeliveredOut

    wish = _wish(label, locale, corner)
    with library() as service:
        for asset in assets:
            if wish is None:
                made = service.copies.export(asset, to, dry_run=dry_run)
            else:
                actor = f"person:{service.reviews.person()}"
                made = service.renditions.export(asset, to, wish, dry_run=dry_run, actor=actor)
            wire = DeliveredOut.model_validate(made)
            if GLOBALS.json:
                render.put_json(wire)
            else:
                word = "written" if wire.written else "would be written" if dry_run else "there already"
                render.put(f"{wire.path}  {render.megabytes(wire.size_bytes)}  {word}")
                if wire.sidecar:
                    render.put(f"{wire.sidecar}  its credential  {word}")


def _wish(label: str | None, locale: str | None, corner: str) -> "Wish | None":
    from dam.errors import UsageError
    from dam.provenance.wording import style_of
    from dam.service.renditions import Wish

    if label is None:
        if locale is not None:
            raise UsageError("--locale is the language of a label.", next_step="Give --label eu as well.")
        return None
    return Wish(style_of(label, locale), corner)
