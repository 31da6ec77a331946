"""Commands about decisions: review approve, reject, history."""

from typing import Annotated, Any

import typer

from dam_cli import render
from dam_cli.session import GLOBALS, library

review = typer.Typer(help="People's decisions about assets.", no_args_is_help=True, rich_markup_mode=None)
Asset = Annotated[str, typer.Argument(help="An id, a unique prefix, a SHA-256 or a path.")]
Person = Annotated[
    str | None, typer.Option("--as", help="Who decides [default: the setting person, else the login name].")
]


def register(app: typer.Typer) -> None:
    app.add_typer(review, name="review")


@review.command()
def approve(asset: Asset, reason: Annotated[str | None, typer.Option()] = None, person: Person = None) -> None:
    """Approve an asset. Example: dam review approve 019a7c --reason done"""
    _decide(asset, "approve", reason, person)


@review.command()
def reject(
    asset: Asset,
    reason: Annotated[str | None, typer.Option(help="Needed: it is remembered.")] = None,
    person: Person = None,
) -> None:
    """Reject an asset, with the reason. Example: dam review reject 019a7c --reason SIX_FINGERS"""
    _decide(asset, "reject", reason, person)


@review.command()
def history(asset: Asset) -> None:
    """Every decision about an asset, oldest first. Exit 1 if there is none."""
    with library() as service:
        rows = list(service.reviews.history(service.find.id_of(asset)))
    _print(rows)
    raise typer.Exit(0 if rows else 1)


def _decide(asset: str, verdict: str, reason: str | None, person: str | None) -> None:
    with library() as service:
        made = service.reviews.decide(service.find.id_of(asset), verdict, reason=reason, person=person)
        service.passes.follow()
    _print(made["decisions"][-1:])


def _print(rows: list[dict[str, Any]]) -> None:
    from dam_schemas.asset import DecisionOut

    for row in rows:
        wire = DecisionOut.model_validate(row)
        if GLOBALS.json:
            render.put_json(wire)
        else:
            render.put(f"{wire.decided_at[:19]}  {wire.verdict:<8} {wire.person}  {wire.reason or ''}".rstrip())
