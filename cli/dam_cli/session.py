"""What every command needs: the global options, the library, and errors turned into words and exit codes."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dam.service.library import Service
    from dam.service.passes import Progress
    from dam.settings import Settings


@dataclass(slots=True)
class Globals:
    """The options before the command (and `--json` after it)."""

    library: Path | None = None
    json: bool = False
    quiet: bool = False
    debug: bool = False
    color: bool = True


GLOBALS = Globals()


def settings(**flags: object) -> "Settings":
    """The settings of the chosen library. A wrong value is a usage error that names the setting."""
    import tomllib

    from pydantic import ValidationError

    from dam.errors import UsageError
    from dam.settings import load

    try:
        return load(GLOBALS.library, **flags)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"dam.toml cannot be read: {error}.", next_step="Repair or remove it.") from error
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        raise UsageError(
            f"The setting {name} is wrong: {first['msg']}.", next_step=f"Look at dam.toml or DAM_{name.upper()}."
        ) from error


@contextlib.contextmanager
def library(*, create: bool = False, **flags: object) -> "Iterator[Service]":
    """The open library. `create` makes it on first use; otherwise a missing or older one says what to run."""
    import dam_migrations
    from dam.service.library import check_supplied, create_library, open_service, protect_folder

    chosen = settings(**flags)
    found = dam_migrations.current(chosen.catalogue_path)
    if create and found is None:
        check_supplied(chosen)
        protect_folder(chosen.library)
        dam_migrations.upgrade(chosen.catalogue_path)
        create_library(chosen)
        say(f"Created a library in {chosen.library}")
    dam_migrations.require_current(chosen.catalogue_path)
    with open_service(chosen) as service:
        yield service


def say(text: str) -> None:
    """One line of words for people, on stderr."""
    from dam.media.paths import display

    if not GLOBALS.quiet:
        sys.stderr.write(display(text) + "\n")


def progress_line() -> "Callable[[Progress], None] | None":
    """A line on stderr, rewritten in place, only where a person watches."""
    if GLOBALS.quiet or not sys.stderr.isatty():
        return None

    def show(now: "Progress") -> None:
        eta = f", about {now.eta_s:.0f} s to go" if now.eta_s is not None else ""
        words = ("seen", "expected") if now.doing == "looking" else ("done", "to do")
        sys.stderr.write(f"\r\033[K{now.done} {words[0]}, {now.left} {words[1]}, {now.rate:.1f}/s{eta}")
        sys.stderr.flush()

    return show


def clear_line() -> None:
    if not GLOBALS.quiet and sys.stderr.isatty():
        sys.stderr.write("\r\033[K")


def actor(service: "Service") -> str:
    """Who asks, as the ledger names people."""
    return f"person:{service.reviews.person()}"
