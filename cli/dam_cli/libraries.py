"""Commands about the library and its drives: up, init, root, scan, watch, serve, worker, migrate."""

import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dam_cli import render
from dam_cli.session import GLOBALS, actor, clear_line, library, progress_line, say, settings

if TYPE_CHECKING:
    from dam.service.library import Service
    from dam.service.passes import Summary

root = typer.Typer(help="The watched folder trees (drives, shares).", no_args_is_help=True, rich_markup_mode=None)
STOP_GRACE_S = 5.0


def register(app: typer.Typer) -> None:
    for command in (up, init, scan, watch, serve, worker, migrate):
        app.command()(command)
    app.add_typer(root, name="root")


def init(organisation: Annotated[str | None, typer.Option(help="Named in the signing certificates.")] = None) -> None:
    """Create a library: catalogue, signing keys, vault. Safe to run again.

    Example: dam --library /srv/headwater init --organisation "Studio Nord"
    """
    with library(create=True, organisation=organisation) as service:
        say(f"Library {service.parts.catalogue.library_id} is ready in {service.parts.settings.library}")
        say("Next: dam root add FOLDER, then dam scan (or both at once: dam up FOLDER)")


# -- roots


@root.command("add")
def root_add(
    path: Annotated[Path, typer.Argument(readable=False, help="The folder; nothing is written into it.")],
    name: Annotated[str | None, typer.Option(help="A short name [default: the folder's].")] = None,
    protect: Annotated[
        str | None, typer.Option(help="Protected copies of: none, ai, all [default: the library's setting].")
    ] = None,
) -> None:
    """Watch a folder tree. Example: dam root add /mnt/renders --name renders"""
    with library(create=True) as service:
        _print_roots([service.roots.add(str(path), name=name, protect=protect, actor=actor(service))])


@root.command("list")
def root_list() -> None:
    """The roots, their state and when they were last scanned."""
    with library() as service:
        _print_roots(service.roots.list())


@root.command("set")
def root_set(
    name: str,
    protect: Annotated[str | None, typer.Option(help="none, ai or all; leave out for the library's setting.")] = None,
    protect_mode: Annotated[
        str | None, typer.Option("--protect-mode", help="copy (in the vault), sidecar (in the vault), or in_place.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Yes, in_place may replace files of this root.")] = False,
    watch_mode: Annotated[
        str | None, typer.Option("--watch", help="events, polling, or auto (by the file system: shares are polled).")
    ] = None,
    marker: Annotated[
        bool | None,
        typer.Option("--marker/--no-marker", help="A file .headwater-root on the drive: no other drive passes for it."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what the mode would do, change nothing.")] = False,
) -> None:
    """Change how a root is protected (policy and mode, for files that come after and for dam protect) or watched.

    in_place puts signed copies where the originals stood, which the vault keeps: dam protect --undo puts them back.
    Example: dam root set deliveries --protect-mode in_place --yes
    """
    with library() as service:
        if dry_run:
            count = service.roots.check_mode(name, protect_mode or "copy")
            say(f"{count} files that are there now would be replaced by their signed copies, each with dam protect.")
            _print_roots([service.roots.get(name)])
            return
        who = actor(service)
        if watch_mode is not None:
            row = service.roots.watch(name, None if watch_mode == "auto" else watch_mode, actor=who)
        if marker is not None:
            row = service.roots.mark(name, wanted=marker, actor=who)
        if protect is not None or protect_mode is not None or (watch_mode is None and marker is None):
            row = service.roots.set(name, protect=protect, mode=protect_mode, confirmed=yes, actor=who)
        _print_roots([row])


@root.command("template")
def root_template(
    name: str,
    template: Annotated[str | None, typer.Argument(help="none = no longer read paths.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would find.")] = False,
) -> None:
    """How paths below a root name projects, scenes, shots and characters. Says how many files fit.

    Example: dam root template renders '{project}/{scene}/{shot}_{character}_v{version}.{ext}' --dry-run
    """
    from dam_schemas.cast import TemplateOut

    with library() as service:
        found = service.cast.set_template(
            name, template, dry_run=dry_run, actor=actor(service), on_progress=progress_line()
        )
        clear_line()
        service.passes.follow()
    wire = TemplateOut.model_validate(found)
    if GLOBALS.json:
        render.put_json(wire)
        return
    render.put(f"{wire.root}: {wire.template or 'no template'}  fits {wire.fit} of {wire.files} files")
    if wire.unknown_characters:
        render.put(f"Nobody goes by: {', '.join(wire.unknown_characters)}  (dam character add NAME)")
    if wire.template and not wire.fit:
        say("No file fits. Paths are compared from below the root to their end.")


@root.command("move")
def root_move(name: str, new_path: Annotated[Path, typer.Argument(readable=False)]) -> None:
    """The drive is mounted elsewhere now. Reads no file. Example: dam root move renders /Volumes/renders"""
    with library() as service:
        _print_roots([service.roots.move(name, str(new_path), actor=actor(service))])


@root.command("remove")
def root_remove(name: str) -> None:
    """Forget a root. Its files are not touched; assets and decisions stay."""
    with library() as service:
        gone = service.roots.remove(name, actor=actor(service))
        say(f"Root {gone['name']} is no longer watched. Its assets and decisions stay in the library.")


def _print_roots(rows: list[dict[str, Any]]) -> None:
    from dam_schemas.asset import RootOut

    for row in rows:
        wire = RootOut.model_validate(row)
        if GLOBALS.json:
            render.put_json(wire)
            continue
        state = wire.state if wire.state == "online" else f"{wire.state}: {wire.state_reason}"
        render.put(f"{wire.name}  {wire.path}")
        render.table(
            [
                ("state", state),
                ("files", str(wire.files)),
                ("protect", " ".join(x for x in (wire.protect, wire.protect_mode) if x)),
                ("watched by", f"{wire.mode} ({wire.file_system or 'not looked at yet'})"),
                ("marker", "yes" if wire.marker else ""),
                ("last scan", wire.last_scan_at or "never"),
                ("full pass", f"{wire.full_scan_at}, {wire.full_scan_s:.1f} s" if wire.full_scan_at else "never"),
            ]
        )


# -- passes


def scan(
    roots: Annotated[
        list[str] | None, typer.Argument(metavar="[ROOT...]", help="Names or paths of roots; a new folder is added.")
    ] = None,
    accept_missing: Annotated[
        bool, typer.Option("--accept-missing", help="The files that are gone are really gone.")
    ] = False,
) -> None:
    """One full pass over the roots: find what is new, changed, moved or gone, and work until nothing is due.

    Example: dam scan /mnt/renders
    """
    with library(create=True) as service:
        names = [_root_name(service, name) for name in roots or []]
        summary = service.passes.scan(names, accept_missing=accept_missing, on_progress=progress_line())
        clear_line()
        print_summary(summary)


def _root_name(service: "Service", name: str) -> str:
    from dam.errors import NotFoundError

    try:
        return str(service.roots.get(name)["id"])
    except NotFoundError:
        if "/" in name or Path(name).exists():
            return str(service.roots.add(name, actor=actor(service))["id"])
        raise


def print_summary(summary: "Summary") -> None:
    from dam_schemas.asset import SummaryOut

    wire = SummaryOut.model_validate(summary)
    if GLOBALS.json:
        render.put_json(wire)
        return
    render.put(f"{wire.seen} files seen, {wire.admitted} new assets, {wire.unchanged} unchanged ({wire.seconds:.1f} s)")
    render.table(
        [
            ("assets", f"{wire.assets}: {counted(wire.by_kind)}"),
            ("review", counted(wire.by_state)),
            ("credentials", counted(wire.by_credential)),
            ("protected", f"{wire.protected} copies"),
            ("missing", str(wire.missing) if wire.missing else ""),
            ("moved or back", str(wire.moved) if wire.moved else ""),
            ("quarantined", str(len(wire.quarantined)) if wire.quarantined else ""),
        ]
        + [("", f"{q.root}/{q.path}: {q.message}") for q in wire.quarantined[:20]]
        + [("waiting", w) for w in wire.waiting[:20]]
        + [("problem", p.message) for p in wire.problems]
    )
    if wire.unexplained:
        say(f"{wire.unexplained} files are unexplained: run dam doctor.")


def counted(found: dict[str, int]) -> str:
    return ", ".join(f"{n} {k}" for k, n in found.items()) or "none"


def watch() -> None:
    """Watch the roots and ingest what comes, until Ctrl-C. Scan is the truth, events are hints."""
    with library() as service:
        stop = _stop_on_signals()
        say(f"Watching {len(service.roots.list())} root(s). Stop with Ctrl-C.")
        service.watching.run(stop)


def worker() -> None:
    """One more ingest worker beside a running service, until Ctrl-C."""
    with library() as service:
        stop = _stop_on_signals()
        say("Working on what is due. Stop with Ctrl-C.")
        service.passes.work_until(stop)


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return stop


# -- serving


def serve(
    port: Annotated[int | None, typer.Option(help="0 = any free port.")] = None,
    host: Annotated[str | None, typer.Option(help="Anything but 127.0.0.1 demands DAM_TOKEN.")] = None,
) -> None:
    """Serve the API and the web UI, without watching. Example: dam serve --port 8340"""
    from dam.service.following import Follower

    with library(port=port, host=host) as service, Follower(service.passes):
        stop = _stop_on_signals()
        server = _server(service)
        say(f"Headwater is at {server.url}  (API: {server.url}/api/v1, stop with Ctrl-C)")
        stop.wait()
        server.stop()


def up(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH...]", readable=False, help="Folders to watch.")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Make a demo drive beside the library and watch it.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Stop when everything is done, and print the summary.")] = False,
    port: Annotated[int | None, typer.Option(help="0 = any free port.")] = None,
) -> None:
    """The main job in one word: create the library if there is none, add PATHs, ingest, watch, serve API and UI.

    Examples: dam up /mnt/renders · dam up --demo · dam up --demo --once --json
    """
    if demo:
        _choose_demo_library()
    with library(create=True, port=port) as service:
        if demo:
            _demo(service)
        for path in paths or []:
            service.roots.ensure(str(path), actor=actor(service))
        if once:
            summary = service.passes.scan(on_progress=progress_line())
            clear_line()
            print_summary(summary)
            return
        _serve_and_watch(service, demo=demo)


def _choose_demo_library() -> None:
    """Unless a library is named, the demo gets one of its own: it must not mix with real work."""
    import os

    from dam.settings import library_folder

    if GLOBALS.library is None and "DAM_LIBRARY" not in os.environ and library_folder(None).name == "headwater":
        GLOBALS.library = library_folder(None).with_name("headwater-demo")


def _demo(service: "Service") -> None:
    from dam.service.demo.library import ensure_demo

    folder, made = ensure_demo(service)
    say(f"Demo drive: {folder} ({made} files made)" if made else f"Demo drive: {folder}")


def _serve_and_watch(service: "Service", *, demo: bool) -> None:
    stop = _stop_on_signals()
    server = _server(service)
    say(f"Headwater is at {server.url}  (API: {server.url}/api/v1, stop with Ctrl-C)")
    _say_what_to_try(service, demo=demo)
    service.watching.run(stop, on_tick=service.keys.tick)
    server.stop()
    say("Stopped. Nothing is lost: start again with dam up.")


def _say_what_to_try(service: "Service", *, demo: bool) -> None:
    """Commands that work as they stand, in a second terminal."""
    import os
    import shlex

    dam = os.environ.get("DAM_SHOWN_AS", "dam")  # scripts/dam says how it was called
    here = f"{dam} --library {shlex.quote(str(service.parts.settings.library))}"
    lines = [f"{here} search is:ai", f"{here} doctor", f"{dam} inspect FILE"]
    if demo:
        drive = shlex.quote(service.roots.list()[0]["path"])
        lines = [
            f'{here} search "mara warehouse"',
            f"{here} lineage mara_warehouse_dusk_00001_.png",
            f"{dam} inspect {drive}/01_generated/mara_voss_portrait_v002.png",
            f"{here} verify {drive}/04_delivery/signed/harbour_light_key_art.png",
            f'{here} review approve mara_voss_portrait_v002.png --reason "final look"',
        ]
    say("Try, in a second terminal:")
    for line in lines:
        say(f"  {line}")


class _Running:
    """uvicorn on a thread of its own, so that signals stay with the command."""

    def __init__(self, service: "Service") -> None:
        import uvicorn

        from dam_api.app import create_app

        chosen = service.parts.settings
        config = uvicorn.Config(
            create_app(service), host=chosen.host, port=chosen.port, log_level="warning", access_log=False, lifespan="off",
            timeout_graceful_shutdown=3, server_header=False,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._socket = config.bind_socket()
        host, bound = self._socket.getsockname()[:2]
        self.url = f"http://{host}:{bound}"
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.02)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(STOP_GRACE_S)
        self._socket.close()


def _server(service: "Service") -> _Running:
    from dam.errors import BusyError, PolicyError

    chosen = service.parts.settings
    if chosen.host not in ("127.0.0.1", "::1", "localhost") and not chosen.token:
        raise PolicyError(
            f"Serving on {chosen.host} opens the library to the network.",
            next_step="Set a token first: export DAM_TOKEN=$(openssl rand -hex 16)", code="serve.token_needed",
        )  # fmt: skip
    try:
        return _Running(service)
    except SystemExit as error:  # how uvicorn says that the port is taken
        raise BusyError(
            f"Port {chosen.port} is taken.", next_step="Choose another: --port 8341", code="serve.port_taken"
        ) from error


def migrate() -> None:
    """Bring the library's tables to this version."""
    import dam_migrations

    chosen = settings()
    before = dam_migrations.current(chosen.catalogue_path)
    if before is None:
        dam_migrations.require_current(chosen.catalogue_path)
    dam_migrations.upgrade(chosen.catalogue_path)
    say(
        f"Tables: {before} -> {dam_migrations.HEAD}"
        if before != dam_migrations.HEAD
        else f"Tables are at {before} already."
    )
