"""Commands about trust lists: list, import."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dam_cli import render
from dam_cli.session import GLOBALS, actor, clear_line, library, progress_line, say

if TYPE_CHECKING:
    from dam_schemas.trust import RejudgedOut, TierOut

trust = typer.Typer(
    help="Whose signatures are believed, in labelled tiers.", no_args_is_help=True, rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    app.add_typer(trust, name="trust")


@trust.command("list")
def trust_list() -> None:
    """The tiers, where each list came from, and what expires soon. Example: dam trust list --json"""
    from dam.provenance.sentences import TIERS
    from dam_schemas.trust import TrustOut

    with library() as service:
        wire = TrustOut.model_validate(service.trust.list())
    if GLOBALS.json:
        render.put_json(wire)
        return
    for tier in wire.tiers:
        render.put(f"{tier.tier}: {tier.anchors} anchors ({TIERS[tier.tier]})")
        render.table(_rows(tier))
    render.put(f"list hash {wire.trust_list}")
    if wire.rejudged.left or wire.rejudged.waiting:
        render.put(_told(wire.rejudged))


def _rows(tier: "TierOut") -> list[tuple[str, str]]:
    listed = " ".join(x for x in (tier.name, f"version {tier.version}" if tier.version else None) if x)
    return [
        ("list", ", ".join(x for x in (listed, f"issued {tier.issued_at[:10]}" if tier.issued_at else "") if x)),
        ("from", f"{tier.source}, SHA-256 {tier.source_sha256}" if tier.source else ""),
        ("imported", f"{tier.imported_at[:19]} by {tier.imported_by}" if tier.imported_at else ""),
        ("expired", str(tier.expired) if tier.expired else ""),
        *(("expires", f"{one.not_after.date()}  {one.subject}") for one in tier.expiring),
    ]


@trust.command("import")
def trust_import(
    file: Annotated[Path, typer.Argument(readable=False, help="PEM certificates, or a JSON trust list of C2PA.")],
    tier: Annotated[str, typer.Option(help="official, interim, organisation or tsa.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only read the list and say what would change.")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Leave judging again to dam up, watch or scan.")] = False,
) -> None:
    """Put a list in the place of a tier, and judge again whatever it changes.

    Anchors of the organisation are added to those that are there. Lists are not fetched: download them from c2pa.org.
    Example: dam trust import C2PA-TRUST-LIST.json --tier official
    """
    from dam.service.trust import Asked
    from dam_schemas.trust import TrustImportOut

    with library() as service:
        asked = Asked(actor(service), dry_run=dry_run, wait=not no_wait, on_progress=progress_line())
        wire = TrustImportOut.model_validate(service.trust.import_file(str(file), tier, asked))
        clear_line()
    for words in wire.warnings:
        say(f"warning: {words}")
    if GLOBALS.json:
        render.put_json(wire)
    else:
        _print_import(wire)


def _print_import(wire: Any) -> None:
    would = "would have" if wire.dry_run else "has"
    named = " ".join(x for x in (wire.name, f"version {wire.version}" if wire.version else None) if x)
    render.put(f"{wire.tier} {would} {wire.anchors} anchors: {wire.added} new, {wire.removed} gone")
    render.table([("list", named), ("from", f"{wire.source}, SHA-256 {wire.source_sha256}")])
    if wire.rejudged is not None:
        render.put(_told(wire.rejudged))
    elif wire.asked:
        render.put(f"{wire.asked} to be judged again by dam up, watch or scan")


def _told(found: "RejudgedOut") -> str:
    """12 re-judged, 3 changed: untrusted_signer -> trusted (official) x3"""
    changes = ", ".join(
        f"{words} x{count}" if count > 1 else words
        for words, count in sorted(found.changes.items(), key=lambda x: -x[1])
    )
    parts = [f"{found.judged} re-judged", f"{found.changed} changed" + (f": {changes}" if changes else "")]
    parts += [f"{found.waiting} on drives that are offline"] if found.waiting else []
    parts += [f"{found.left} to do"] if found.left else []
    return "; ".join([", ".join(parts), *([f"{found.failed} failed"] if found.failed else [])])
