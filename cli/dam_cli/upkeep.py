"""Commands of upkeep: doctor, index rebuild, reparse, backup, restore, audit log and verify, plugins."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dam_cli import render
from dam_cli.session import GLOBALS, actor, clear_line, library, progress_line, say, settings

if TYPE_CHECKING:
    from dam.service.backups import Report
    from dam_schemas.answers import ReparseOut

audit = typer.Typer(help="The ledger of every change, a hash chain.", no_args_is_help=True, rich_markup_mode=None)
index = typer.Typer(
    help="The full-text index, a disposable projection of the catalogue.", no_args_is_help=True, rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    for command in (doctor, reparse, backup, restore, plugins):
        app.command()(command)
    app.add_typer(audit, name="audit")
    app.add_typer(index, name="index")


def doctor() -> None:
    """Look at everything that can quietly go wrong. Exit 1 if something has failed."""
    from dam_schemas.answers import CheckOut, DoctorOut

    with library() as service:
        checks = [CheckOut.model_validate(c) for c in service.upkeep.doctor()]
    wire = DoctorOut(ok=all(c.status != "fail" for c in checks), checks=checks)
    if GLOBALS.json:
        render.put_json(wire)
    else:
        for check in checks:
            word = {
                "ok": render.style("ok  ", "32"),
                "warn": render.style("warn", "33"),
                "fail": render.style("FAIL", "31"),
            }[check.status]
            import sys

            sys.stdout.write(f"{word}  ")
            render.put(f"{check.name}: {check.message}")
            if check.next_step:
                render.put(f"      {check.next_step}")
    raise typer.Exit(0 if wire.ok else 1)


def reparse(
    assets: Annotated[
        list[str] | None, typer.Argument(metavar="[ASSET...]", help="Ids or SHA-256, or unique beginnings; none = all.")
    ] = None,
    reader: Annotated[
        str | None, typer.Option(help="Only assets that this reader claimed, or where nobody read a carrier.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    changes: Annotated[bool, typer.Option("--changes", help="Also print a line for every asset that changes.")] = False,
) -> None:
    """Run today's readers over what was kept of every file, without touching a drive. A second run changes nothing.

    A run that is stopped goes on where it stood. Examples: dam reparse --dry-run · dam reparse --reader comfyui --json
    """
    from dam_schemas.answers import ReparsedOut, ReparseOut

    def show(one: object) -> None:
        wire = ReparsedOut.model_validate(one)
        if GLOBALS.json:
            render.put_json(wire)
        else:
            clear_line()
            render.put(f"{wire.asset_id}  {', '.join(wire.fields)}  ({', '.join(wire.readers)})")

    with library() as service:
        report = service.upkeep.reparse(
            assets or (), reader=reader, dry_run=dry_run, on_progress=progress_line(),
            on_change=show if changes else None, actor=actor(service),
        )  # fmt: skip
        clear_line()
    wire = ReparseOut.model_validate(report)
    if GLOBALS.json:
        render.put_json(wire)
    else:
        _print_reparse(wire)


def _print_reparse(wire: "ReparseOut") -> None:
    def counted(found: dict[str, int]) -> str:
        return ", ".join(f"{name} {count}" for name, count in sorted(found.items(), key=lambda x: (-x[1], x[0])))

    would = "would change" if wire.dry_run else "changed"
    rows = [
        ("looked at", f"{wire.looked_at} assets in {wire.seconds:.1f} s"),
        (would, f"{wire.changed}, {wire.unchanged} are as they were"),
        ("fields", counted(wire.by_field)),
        ("readers", counted(wire.by_reader)),
        ("edges", str(wire.edges) if wire.edges else ""),
        ("not kept", f"{wire.not_kept}: read before carriers were kept; left as they are" if wire.not_kept else ""),
        ("went on", f"after {wire.resumed_after} of a run that was stopped" if wire.resumed_after else ""),
    ]
    render.table(rows + [("problem", f"{p.code}: {p.message}") for p in wire.problems])


def backup(
    to: Annotated[Path, typer.Argument(readable=False, help="A folder that is not there yet.")],
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Also the private keys: keep such a backup under lock.")
    ] = False,
    with_vault: Annotated[
        bool, typer.Option("--with-vault", help="Also copies and kept originals; else they are only listed.")
    ] = False,
) -> None:
    """A consistent snapshot of the library while it is in use, checked before it counts. Exit 1 if a check fails.

    Example: dam backup /mnt/backup/headwater-monday --with-vault
    """
    from dam.service import backups

    with library() as service:
        _print_backup(backups.backup(service.parts, to, keys=with_keys, vault=with_vault))


def restore(
    source: Annotated[Path, typer.Argument(metavar="BACKUP", readable=False, help="A folder that dam backup made.")],
    vault: Annotated[
        Path | None,
        typer.Option(readable=False, help="Where the vault's files are now, if the backup only lists them."),
    ] = None,
    keys: Annotated[Path | None, typer.Option(readable=False, help="The keys folder, if the backup has none.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the backup, write nothing.")] = False,
) -> None:
    """Make a library from a backup in the folder of --library, which must be new, and prove that it is whole.

    Exit 1 if a check fails; then nothing is left behind. Drives are found again by the next dam scan, the index is made
    anew. Example: dam --library /srv/headwater restore /mnt/backup/headwater-monday --vault /mnt/vault
    """
    from dam.service import backups

    target = None if dry_run else settings().library
    _print_backup(backups.restore(source, target, vault=vault, keys=keys))


def _print_backup(report: "Report") -> None:
    from dam_schemas.answers import BackupOut

    wire = BackupOut.model_validate(report)
    if GLOBALS.json:
        render.put_json(wire)
    else:
        render.put(f"{wire.folder}  ({wire.seconds:.1f} s)")
        rows = [
            ("library", f"{wire.library}, tables {wire.tables}, as of {wire.made_at}"),
            ("holds", f"{wire.assets} assets, {wire.decisions} decisions, {wire.edges} edges"),
            ("ledger", f"{wire.audit_entries} entries, head {wire.audit_head}"),
            ("vault", f"{wire.vault}: {wire.vault_files} files, {wire.vault_bytes / 2**20:.1f} MiB"),
            ("keys", wire.keys),
            ("not found", f"{len(wire.lost)} files of the vault, e.g. {wire.lost[0]}" if wire.lost else ""),
        ]
        render.table(rows + [("problem", f"{p.code}: {p.message}") for p in wire.problems])
        if not wire.problems:
            say("Checked: files, tables, ledger and counts are as they should be.")
    raise typer.Exit(1 if wire.problems else 0)


@audit.command("log")
def audit_log(
    asset: Annotated[str | None, typer.Argument(help="Only entries about this asset.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Entries after this number.")] = 0,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000)] = 100,
) -> None:
    """What was changed, when and by whom. Example: dam audit log --after 120 -n 20"""
    from dam.service.finding import Finder
    from dam_schemas.answers import AuditEntryOut

    for row in Finder(settings()).audit(after=after, limit=limit, asset=asset):
        wire = AuditEntryOut.model_validate(row)
        if GLOBALS.json:
            render.put_json(wire)
        else:
            render.put(f"{wire.seq:>6}  {wire.at[:19]}  {wire.actor:<16} {wire.action:<22} {wire.subject}")


@audit.command("verify")
def audit_verify() -> None:
    """Check the whole chain by its published rule (docs/audit.md). Exit 1 if an entry was changed or is missing."""
    from dam.service.finding import Finder
    from dam_schemas.answers import AuditVerdictOut

    found = Finder(settings()).verify_audit()
    wire = AuditVerdictOut(
        ok=found.ok, checked=found.checked, first_bad_seq=found.first_bad_seq, reason=found.reason, head=found.head.hash
    )
    if GLOBALS.json:
        render.put_json(wire)
    else:
        verdict = (
            f"{wire.checked} entries, the chain holds."
            if wire.ok
            else f"BROKEN at entry {wire.first_bad_seq}: {wire.reason}"
        )
        render.put(verdict)
        render.put(f"head {wire.head}")
    raise typer.Exit(0 if wire.ok else 1)


@index.command("rebuild")
def index_rebuild(
    thumbnails: Annotated[
        bool, typer.Option("--thumbnails", help="Also make lost thumbnails again, from the drives.")
    ] = False,
) -> None:
    """Make the index anew from the catalogue. Searches go on meanwhile."""
    with library() as service:
        say(f"{service.upkeep.rebuild_index()} assets indexed.")
        if thumbnails:
            lost = service.upkeep.remake_thumbnails()
            service.passes.finish()
            say(f"{lost} pictures were looked at again for their thumbnails.")


def plugins() -> None:
    """The readers and engines that were found, and those that could not be loaded."""
    from dam.fingerprint.compute import discovery as fingerprints
    from dam.metadata.read import discovered as readers
    from dam.metadata.timeline_read import discovered as timeline_readers
    from dam.watermark.detect import discovery as marks

    for room, found in (
        ("metadata reader", readers()),
        ("timeline reader", timeline_readers()),
        ("fingerprint", fingerprints()),
        ("watermark", marks()),
    ):
        for plugin in found.plugins:
            version = getattr(plugin, "version", None)
            if GLOBALS.json:
                render.put_json({"room": room, "name": plugin.name, "version": version, "problem": None})
            else:
                render.put(f"{room:<16} {plugin.name} {version or ''}".rstrip())
        for broken in found.broken:
            if GLOBALS.json:
                render.put_json({"room": room, "name": broken.where, "version": None, "problem": broken.reason})
            else:
                render.put(f"{room:<16} {broken.where}: {broken.reason}")
