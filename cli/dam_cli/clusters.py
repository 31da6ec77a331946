"""Commands about pictures that look alike: cluster list, show, resolve, unstack."""

from typing import Annotated, Literal, cast

import typer

from dam_cli import render
from dam_cli.session import GLOBALS, library, say

cluster = typer.Typer(
    help="Pictures that look alike, each cluster with its representative.", no_args_is_help=True, rich_markup_mode=None
)
Asset = Annotated[str, typer.Argument(help="An id, a unique prefix, a SHA-256 or a path.")]
Person = Annotated[
    str | None, typer.Option("--as", help="Who says so [default: the setting person, else the login name].")
]
DECISIONS = ("agreed", "approve", "reject", "keep")
Merge = Literal["agreed", "approve", "reject", "keep"]


def register(app: typer.Typer) -> None:
    app.add_typer(cluster, name="cluster")


@cluster.command("list")
def cluster_list(
    least: Annotated[int, typer.Option(min=2, help="Smallest size.")] = 2,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    after: Annotated[str | None, typer.Option(help="The last representative of the page before.")] = None,
) -> None:
    """Clusters, the largest first. Exit 1 if there are none. Example: dam cluster list --least 10"""
    from dam_schemas.clusters import ClusterOut

    with library() as service:
        found = [ClusterOut.model_validate(one) for one in service.stacks.list(least=least, limit=limit, after=after)]
    for one in found:
        if GLOBALS.json:
            render.put_json(one)
        else:
            render.put(f"{one.size:>6}  {one.representative_id}  {one.members[0].title}")
    raise typer.Exit(0 if found else 1)


@cluster.command()
def show(asset: Asset, limit: Annotated[int, typer.Option(min=1, max=1000)] = 200) -> None:
    """The cluster that an asset stands in, its representative first. Example: dam cluster show 019a7c"""
    from dam_schemas.clusters import ClusterOut

    with library() as service:
        wire = ClusterOut.model_validate(service.stacks.show(asset, limit=limit))
    if GLOBALS.json:
        render.put_json(wire)
        return
    render.put(f"{wire.size} pictures" + (f", {len(wire.behind)} stacked behind one" if wire.behind else ""))
    for one in wire.members:
        size = f"{one.width_px} x {one.height_px}" if one.width_px else ""
        render.put(f"  {one.id}  {size:<12} {one.status:<10} {one.title}")
    if wire.family:
        render.put(f"{len(wire.family)} more of the same prompt and seed: {', '.join(wire.family[:20])}")


@cluster.command()
def resolve(  # typer: one parameter an option
    asset: Asset,
    front: Annotated[str | None, typer.Option(help="Who stands in front [default: the representative].")] = None,
    decisions: Annotated[
        str, typer.Option(help="agreed: the undecided get the one verdict that others share; approve, reject, keep.")
    ] = "agreed",
    reason: Annotated[str | None, typer.Option(help="Needed for reject.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    person: Person = None,
) -> None:
    """Stack a cluster: one asset in front, the others behind it. Nothing is deleted; dam cluster unstack takes it back.

    Exit 2 if decisions differ. Example: dam cluster resolve 019a7c --dry-run
    """
    from dam.errors import UsageError
    from dam_schemas.clusters import StackedOut

    if decisions not in DECISIONS:
        raise UsageError(f"No such value for --decisions: {decisions!r}.", next_step=f"Use {', '.join(DECISIONS)}.")
    with library() as service:
        who = service.reviews.person(person)
        done = service.stacks.resolve(
            asset,
            person=who,
            front=front,
            merge=cast("Merge", decisions),
            reason=reason,
            dry_run=dry_run,
        )
        service.passes.follow()
    wire = StackedOut.model_validate(done)
    if GLOBALS.json:
        render.put_json(wire)
        return
    would = "would be" if wire.dry_run else "are"
    render.put(f"{len(wire.stacked)} assets {would} behind {wire.front_id}.")
    if wire.decided:
        render.put(f"{len(wire.decided)} {would} decided: {wire.verdict}.")


@cluster.command()
def unstack(asset: Asset, person: Person = None) -> None:
    """Take a stack apart: of an asset in front all of it, of one behind only itself. Decisions stay."""
    from dam_schemas.clusters import UnstackedOut

    with library() as service:
        asset_id = service.find.id_of(asset)
        count = service.stacks.unstack(asset_id, person=service.reviews.person(person))
        service.passes.follow()
    if GLOBALS.json:
        render.put_json(UnstackedOut(asset_id=asset_id, unstacked=count))
    else:
        say(f"{count} assets stand alone again.")
