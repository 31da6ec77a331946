"""Commands that find: search, show, similar, lineage. They start without the ORM and the decoders."""

import sys
from typing import Annotated, Any

import typer

from dam_cli import render
from dam_cli.session import GLOBALS, settings

Asset = Annotated[str, typer.Argument(help="An id, a unique prefix, a SHA-256 or a path.")]


def register(app: typer.Typer) -> None:
    # A query may hold "-is:rejected": what is no option of ours is a word of the query.
    app.command(context_settings={"ignore_unknown_options": True})(search)
    for command in (show, similar, lineage):
        app.command()(command)


def search(
    query: Annotated[list[str] | None, typer.Argument(help="Words and filters; leave out for everything.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 20,
    after: Annotated[str | None, typer.Option(help="The cursor that a page before this one ended with.")] = None,
    sort: Annotated[str | None, typer.Option(help="relevance, newest or name.")] = None,
) -> None:
    """Find assets. Exit 1 if nothing is found.

    Examples: dam search mara warehouse is:approved · dam search 'model:flux* -is:rejected' · dam search '"neon rain"'
    """
    from dam.errors import UsageError
    from dam.service.finding import Finder
    from dam_schemas.asset import AssetOut

    if sort not in (None, "relevance", "newest", "name"):
        raise UsageError(f"No order {sort!r}.", next_step="Use relevance, newest or name.")
    page = Finder(settings()).search(
        " ".join(query or []), limit=limit, after=after, sort=sort, facets=not GLOBALS.json
    )
    cards = [AssetOut.model_validate(card) for card in page.assets]
    if GLOBALS.json:
        for card in cards:
            render.put_json(card)
        if page.next:
            sys.stderr.write(f"next page: --after {page.next}\n")
    else:
        _print_page(page, cards)
    raise typer.Exit(0 if cards else 1)


def _print_page(page: Any, cards: list[Any]) -> None:
    for card in cards:
        place = card.locations[0] if card.locations else None
        where = f"{place.root}/{place.path}" if place else "nowhere"
        gone = f" ({card.availability})" if card.availability != "online" else ""
        render.put(f"{card.sha256[:12]}  {card.status:<10}  {card.tool or card.kind:<14}  {where}{gone}")
    for note in page.notes:
        sys.stderr.write(f"note: {note}\n")
    sys.stderr.write(f"{page.total} found, understood as: {page.understood}\n")
    if page.suggestions:
        from dam.media.paths import display

        sys.stderr.write(f"Did you mean: {display(', '.join(page.suggestions))}\n")
    for name in ("status", "tool", "credential"):
        counts = page.facets.get(name) or {}
        if len(counts) > 1:
            sys.stderr.write(f"  {name}: {', '.join(f'{k} {n}' for k, n in counts.items())}\n")
    if page.next:
        sys.stderr.write(f"next page: --after {page.next}\n")


def show(asset: Asset) -> None:
    """Everything that the library knows about one asset. Example: dam show 019a7c"""
    from dam.service.finding import Finder
    from dam_schemas.asset import AssetDetailOut

    wire = AssetDetailOut.model_validate(Finder(settings()).detail(asset))
    if GLOBALS.json:
        render.put_json(wire)
        return
    made = wire.generation or {}
    render.put(f"{wire.title}  [{wire.id}]")
    render.table(
        [
            ("what", f"{wire.mime} {wire.width_px or ''}{'×' if wire.width_px else ''}{wire.height_px or ''} {render.megabytes(wire.size_bytes)}"),
            ("sha256", wire.sha256), ("status", wire.status), ("availability", wire.availability),
            ("made by AI", {True: "yes", False: "no", None: "nothing says"}[wire.ai_generated]),
            ("tool", wire.tool or ""), ("model", wire.model or ""), ("prompt", wire.prompt or ""),
            ("seed", str(made.get("seed") or "")),
            ("credential", " ".join(x for x in (wire.credential, wire.credential_tier or "") if x)),
        ]
        + [("location", f"{p.root}/{p.path} ({p.availability})") for p in wire.locations]
        + render.unparsed(wire.claims)
        + [("decision", f"{d.verdict} by {d.person}, {d.decided_at[:16]}: {d.reason or ''}") for d in wire.decisions]
        + [("copy", f"{c.kind} {c.mime} {render.megabytes(c.size_bytes)}, mark {c.mark_id}, {c.psnr_db or 0:.1f} dB") for c in wire.copies]
        + [("stage", f"{s.stage}: {s.state} {s.message or ''}") for s in wire.stages]
        + (_cut(wire.timeline) if wire.timeline else [])
        + [("edge", _edge(e, wire.id)) for e in wire.edges if e.relation != "clip" or e.child_id != wire.id]
    )  # fmt: skip


def _cut(cut: Any) -> list[tuple[str, str]]:
    """A timeline's clips, each with the asset that it is."""
    rows = [
        ("timeline", ", ".join(x for x in (cut.name, f"{cut.clip_count} clips", render.clock(cut.duration_s)) if x))
    ]
    rows += [("clip", f"{render.clip(clip)}  {_matched(clip)}") for clip in cut.clips]
    more = cut.clip_count - len(cut.clips)
    return [*rows, ("", f"and {more} more")] if more > 0 else rows


def _matched(clip: Any) -> str:
    if clip.kind == "generator":
        return "(made by the editing program)"
    found = "; ".join(f"{m.title or ''} [{m.asset_id}] {m.evidence} ({m.confidence:.2f})" for m in clip.matches[:4])
    return f"= {found}" if found else "(no asset of ours)"


def _edge(edge: Any, me: str) -> str:
    other, arrow = (edge.parent_id, "from") if edge.child_id == me else (edge.child_id, "to")
    return f"{edge.relation} {arrow} {other}: {edge.evidence} ({edge.confidence:.2f})"


def similar(asset: Asset) -> None:
    """Assets that look alike, nearest first. Example: dam similar 019a7c"""
    from dam.service.finding import Finder
    from dam_schemas.asset import EdgeOut

    view = Finder(settings()).detail(asset)
    edges = [EdgeOut.model_validate(e) for e in view["edges"] if e["relation"] == "near_duplicate"]
    for edge in sorted(edges, key=lambda e: -e.confidence):
        if GLOBALS.json:
            render.put_json(edge)
        else:
            render.put(_edge(edge, view["id"]))
    raise typer.Exit(0 if edges else 1)


def lineage(
    asset: Asset,
    up: Annotated[int, typer.Option(min=0, max=64, help="Generations of ancestors.")] = 8,
    down: Annotated[int, typer.Option(min=0, max=64, help="Generations of descendants.")] = 8,
    format: Annotated[str, typer.Option(help="tree, json, mermaid, dot or prov.")] = "tree",  # noqa: A002  # the option's name
) -> None:
    """What this was made from, and what was made from it, with the evidence for every step.

    Example: dam lineage 019a7c --format mermaid
    """
    from dam.errors import UsageError
    from dam.lineage import graph
    from dam.lineage import render as drawing
    from dam.service.finding import Finder
    from dam_schemas.asset import LineageOut

    forms = {"tree": drawing.tree, "mermaid": drawing.mermaid, "dot": drawing.dot, "prov": drawing.prov}
    if format not in (*forms, "json"):
        raise UsageError(f"No format {format!r}.", next_step="Use tree, json, mermaid, dot or prov.")
    view = Finder(settings()).lineage(asset, up=up, down=down)
    if GLOBALS.json or format == "json":
        render.put_json(LineageOut.model_validate(view))
        return
    nodes = tuple(graph.Node(card.id, 0) for card in view.nodes)
    descent = tuple(e for e in view.edges if e.relation != "near_duplicate" or format != "tree")
    titles = {card.id: card.title for card in view.nodes}
    sys.stdout.write(
        forms[format](graph.Lineage(view.start, nodes, descent, view.truncated), titles).rstrip("\n") + "\n"
    )
    for edge in view.edges if format == "tree" else ():
        if edge.relation == "near_duplicate":
            other = edge.parent_id if edge.child_id == view.start else edge.child_id
            render.put(f"looks like {titles[other]} ({other})  [{edge.evidence} · {edge.confidence:.2f}]")
