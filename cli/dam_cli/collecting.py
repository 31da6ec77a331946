"""Commands about collections and saved searches."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dam_cli import render
from dam_cli.session import GLOBALS, library, say

collection = typer.Typer(
    help="Assets that people put together, and searches that they saved.", no_args_is_help=True, rich_markup_mode=None
)
Person = Annotated[str | None, typer.Option("--as", help="Who does it [default: the setting person, else the login].")]
Assets = Annotated[list[str], typer.Argument(metavar="ASSET...", help="Ids, unique prefixes, SHA-256 or paths.")]


def register(app: typer.Typer) -> None:
    app.add_typer(collection, name="collection")


@collection.command()
def create(
    name: str,
    assets: Annotated[list[str] | None, typer.Argument(metavar="[ASSET...]")] = None,
    query: Annotated[str | None, typer.Option(help="Save this search instead.")] = None,
    person: Person = None,
) -> None:
    """A new collection, or a saved search. Both are found by collection:NAME in any search.

    Examples: dam collection create Selects 019a7c 019b2e · dam collection create Open --query 'is:unreviewed ai:true'
    """
    with library() as service:
        who = service.reviews.person(person)
        _put(service.collections.create(name, assets=assets or (), query=query, person=who))


@collection.command()
def add(name: str, assets: Assets, person: Person = None) -> None:
    """Put assets at the end of a collection. They are pinned by content, whatever becomes of their names."""
    with library() as service:
        _put(service.collections.add(name, assets, person=service.reviews.person(person)))


@collection.command()
def remove(name: str, assets: Assets, person: Person = None) -> None:
    """Take assets out of a collection. They stay in the library."""
    with library() as service:
        _put(service.collections.remove(name, assets, person=service.reviews.person(person)))


@collection.command()
def drop(name: str, person: Person = None) -> None:
    """Forget a collection or saved search. Its assets stay."""
    with library() as service:
        gone = service.collections.drop(name, person=service.reviews.person(person))
    say(f"{gone['name']} is forgotten. Its assets stay in the library.")
    _put(gone)


@collection.command("list")
def list_() -> None:
    """Every collection and saved search. Exit 1 if there is none."""
    with library() as service:
        rows = service.collections.all()
    for row in rows:
        _put(row)
    raise typer.Exit(0 if rows else 1)


@collection.command()
def show(name: str) -> None:
    """The assets of a collection, in their order; of a saved search what it finds now. Exit 1 if there are none."""
    from dam_schemas.asset import AssetOut

    with library() as service:
        cards = [AssetOut.model_validate(card) for card in service.collections.cards(name)]
    for card in cards:
        if GLOBALS.json:
            render.put_json(card)
        else:
            place = card.locations[0] if card.locations else None
            where = f"{place.root}/{place.path}" if place else "nowhere"
            render.put(f"{card.sha256[:12]}  {card.status:<10}  {where}")
    raise typer.Exit(0 if cards else 1)


@collection.command()
def export(
    name: str, to: Annotated[Path, typer.Option("--to", help="FILE.csv, or a contact sheet: FILE.pdf, FILE.png.")]
) -> None:
    """Write a table or a contact sheet. Nothing that lies there is written over.

    Example: dam collection export Selects --to selects.pdf
    """
    from dam_schemas.collections import ExportedOut

    with library() as service:
        wire = ExportedOut.model_validate(service.collections.export(name, to))
    if GLOBALS.json:
        render.put_json(wire)
    else:
        render.put(f"{wire.assets} assets: {', '.join(wire.files)}")


def _put(row: dict[str, Any]) -> None:
    from dam_schemas.collections import CollectionOut

    wire = CollectionOut.model_validate(row)
    if GLOBALS.json:
        render.put_json(wire)
        return
    what = f"search: {wire.query}" if wire.query is not None else f"{wire.assets} assets"
    changed = f", {wire.changed} changed" if wire.changed is not None else ""
    render.put(f"{wire.name}  {what}{changed}")
