"""Commands about keys: list, rotate."""

from typing import TYPE_CHECKING, Annotated

import typer

from dam_cli import render
from dam_cli.session import GLOBALS, actor, library, say

if TYPE_CHECKING:
    from dam_schemas.keys import RotationOut

keys = typer.Typer(
    help="Signing keys, certificates and watermark keys (docs/keys.md).", no_args_is_help=True, rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    app.add_typer(keys, name="keys")


@keys.command("list")
def keys_list() -> None:
    """Every key: what signs now, its CAs, the time stamps' key, watermark keys, and former ones. No secret is shown."""
    from dam_schemas.keys import KeyOut

    with library() as service:
        rows = [KeyOut.model_validate(row) for row in service.keys.list()]
    for wire in rows:
        if GLOBALS.json:
            render.put_json(wire)
            continue
        end = f"until {wire.not_after[:10]} ({wire.days_left} days)" if wire.not_after else "no end"
        render.put(f"{wire.key_id}  {wire.kind:<10}  {wire.state:<8}  {end}")
        place = wire.where or "not here"
        render.table(
            [("", wire.subject or ""), ("", f"{wire.algorithm}, private key: {place}"), ("retired", wire.reason or "")]
        )


@keys.command("rotate")
def keys_rotate(
    new_root: Annotated[
        bool, typer.Option("--root", help="Also a new root; outsiders who trust the old one need the new one as well.")
    ] = False,
    mark: Annotated[
        bool, typer.Option("--mark", help="Instead: a new watermark key. Old marks are still found.")
    ] = False,
    destroy: Annotated[
        bool, typer.Option("--destroy-retired", help="Overwrite and remove retired private keys, this one included.")
    ] = False,
    reason: Annotated[str, typer.Option(help="For the ledger.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be made.")] = False,
) -> None:
    """Make a new signing key and certificate; the issuing CA too when it ends too soon. Old files stay trusted.

    Example: dam keys rotate --reason "yearly"
    """
    from dam.errors import UsageError
    from dam_schemas.keys import RotationOut

    if mark and (new_root or destroy):
        raise UsageError("--mark goes with neither --root nor --destroy-retired.", next_step="Run the command twice.")
    with library() as service:
        if mark:
            done = service.keys.rotate_mark(dry_run=dry_run, reason=reason, actor=actor(service))
        else:
            done = service.keys.rotate(
                new_root=new_root, reason=reason, dry_run=dry_run, destroy=destroy, actor=actor(service)
            )
    wire = RotationOut.model_validate(done)
    if GLOBALS.json:
        render.put_json(wire)
        return
    _print_rotation(wire)


def _print_rotation(wire: "RotationOut") -> None:
    what = "watermark key" if wire.mark else "signing key"
    more = [
        word
        for word, made in (
            ("root", wire.new_root), ("issuing CA", wire.new_issuing), ("time-stamp certificate", wire.new_time_stamp)
        )
        if made
    ]  # fmt: skip
    render.table(
        [
            ("old", f"{what} {wire.old_key_id}: signs nothing more, what it signed stays as it is"),
            ("new", wire.new_key_id or "would be made"),
            ("also new", ", ".join(more)),
            ("until", (wire.not_after or "")[:10]),
            ("destroyed", ", ".join(wire.destroyed)),
        ]
    )
    if wire.new_root and not wire.dry_run:
        say(
            "Give trust/organisation.pem to everybody who must trust your files: it holds the old root and the new one."
        )
