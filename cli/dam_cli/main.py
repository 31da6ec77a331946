"""The entry point: global options, the commands, and errors as words with documented exit codes.

0 yes/done · 1 the answer is no · 2 usage · 3 bad input file · 4 conflict or refused by policy · 5 library busy or needs
migration · 10 internal error. stdout = data, stderr = words; no traceback without --debug.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dam_cli import (
    casting,
    clusters,
    collecting,
    copies,
    cuts,
    evidence,
    files,
    finding,
    keys,
    libraries,
    marks,
    reviewing,
    trust,
    upkeep,
)
from dam_cli.session import GLOBALS

EPILOG = "Start with: dam up FOLDER. Every command has examples: dam COMMAND --help."

app = typer.Typer(
    name="dam",
    help="Headwater: find it, prove it, and never lose a decision.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def _globals(
    library: Annotated[
        Path | None,
        typer.Option(help="The library's folder [default: DAM_LIBRARY, ./.dam, or the user's data folder]."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the wire models as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No words on stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and logs.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours.")] = False,
) -> None:
    GLOBALS.library = library or GLOBALS.library
    GLOBALS.json = json or GLOBALS.json
    GLOBALS.quiet, GLOBALS.debug = quiet or GLOBALS.quiet, debug or GLOBALS.debug
    GLOBALS.color = not no_color and "NO_COLOR" not in os.environ


@app.command()
def version() -> None:
    """Print the version."""
    from dam import __version__

    sys.stdout.write(__version__ + "\n")


for module in (
    libraries,
    files,
    finding,
    reviewing,
    casting,
    collecting,
    clusters,
    cuts,
    copies,
    marks,
    evidence,
    keys,
    trust,
    upkeep,
):
    module.register(app)

FLAGS_ANYWHERE = {"--json": "json", "--quiet": "quiet", "-q": "quiet", "--debug": "debug"}


def _take_flags(arguments: list[str]) -> list[str]:
    """Let --json, --quiet and --debug stand after the command too, as in gh and git; `--` ends the search."""
    kept: list[str] = []
    for at, word in enumerate(arguments):
        if word == "--":
            return kept + arguments[at:]
        if word in FLAGS_ANYWHERE:
            setattr(GLOBALS, FLAGS_ANYWHERE[word], True)
        else:
            kept.append(word)
    return kept


def main() -> None:
    """Run one command and leave with its exit code."""
    try:
        sys.exit(run(sys.argv[1:]))
    except BrokenPipeError:  # `dam search | head` is no error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def run(arguments: list[str]) -> int:
    """Run one command in this process; returns its exit code."""
    from dam.errors import DamError

    arguments = _take_flags(arguments)
    if not GLOBALS.debug:
        import logging

        logging.getLogger("dam").addHandler(logging.NullHandler())
        logging.getLogger("dam").propagate = False
    try:
        code = app(args=arguments, standalone_mode=False)
        sys.stdout.flush()
        return int(code) if isinstance(code, int) else 0
    except DamError as error:
        if GLOBALS.debug:
            raise
        _tell(error)
        return error.exit_status
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  # the top of the door
        return _unexpected(error)


def _unexpected(error: Exception) -> int:
    """Usage errors of the parser are shown by it; anything else is a defect of ours, said in one line."""
    if hasattr(error, "show") and hasattr(error, "exit_code"):
        error.show()
        return int(error.exit_code)
    if GLOBALS.debug:
        raise error
    words = f"dam: internal error: {type(error).__name__}: {error}\nRun again with --debug and report what it prints."
    sys.stderr.write(words + "\n")
    return 10


def _tell(error: object) -> None:
    import json

    from dam.errors import DamError
    from dam.media.paths import display

    assert isinstance(error, DamError)
    if GLOBALS.json:
        answer = {"error": {"code": error.code, "message": error.message, "next_step": error.next_step or None}}
        sys.stderr.write(json.dumps(answer, ensure_ascii=False) + "\n")
        return
    sys.stderr.write(f"dam: {display(error.message)}\n")
    if error.next_step:
        sys.stderr.write(f"     {display(error.next_step)}\n")


if __name__ == "__main__":
    main()
