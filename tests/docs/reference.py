"""The two pages that are written by the code: docs/cli.md and docs/settings.md.

python -m tests.docs.reference writes them again after a command or a setting has changed.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import typer.main
from pydantic_core import PydanticUndefined

from dam.settings import Settings
from dam_cli.main import app

MAIN = Path(__file__).resolve().parents[2]
DOCS = MAIN / "docs"
WIDTH = 100
BEGIN, END = "<!-- generated: python -m tests.docs.reference -->", "<!-- end of what is generated -->"

CLI_HEAD = """\
# The command line

Generated from `--help` of every command. Global options stand before the command; `--json`, `--quiet` and `--debug` may
also stand after it. Exit codes and where the library lies are in the [README](../README.md); the query language is in
[search.md](search.md); what `--json` prints is in [api.md](api.md).
"""
SETTINGS_HEAD = """\
# Settings

A setting comes from a flag of the command, else from its environment variable, else from `dam.toml` in the library's
folder, else it has its default. In `dam.toml` it stands under its name: `protect = "all"`. A wrong value is a usage
error (exit 2) that names the setting, and so is an unknown name in `dam.toml`.
"""
SETTINGS_TAIL = """\
`library` is not read from `dam.toml` (which lies in it): it is `--library`, else `DAM_LIBRARY`, else `./.dam` if that
folder is there, else `$XDG_DATA_HOME/headwater` or `~/.local/share/headwater`.

`protect` is the library's policy; a root may have its own (`dam root set NAME --protect all`). It counts for files that
come after. `database_url` is reserved for PostgreSQL and not used yet: `dam.toml` must not name it. Put `token` into
the environment rather than into a file that others can read. `signing_chain`, `signing_key`, `pkcs11_pin`,
`timestamps`, `tsa_url` and `rotate_days` are explained in [keys.md](keys.md); `pkcs11_pin` is refused in `dam.toml`.
"""


def commands() -> Iterator[tuple[str, object]]:
    """Every command with its full name ("dam root add"), groups before their commands."""
    yield from _below("dam", typer.main.get_command(app))


def _below(name: str, command: object) -> Iterator[tuple[str, object]]:
    yield name, command
    for word, child in getattr(command, "commands", {}).items():
        yield from _below(f"{name} {word}", child)


def help_of(name: str, command) -> str:
    """What --help prints, at a fixed width, whatever the terminal."""
    context = command.context_class(command, info_name=name, terminal_width=WIDTH)
    lines = command.get_help(context).splitlines()
    return "\n".join(line.rstrip() for line in lines).strip()


def cli_page() -> str:
    parts = [CLI_HEAD, BEGIN, ""]
    for name, command in commands():
        parts += [f"## {name}", "", "```", help_of(name, command), "```", ""]
    return "\n".join([*parts, END, ""])


def settings_page() -> str:
    rows = ["| setting | environment | default | meaning |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        meaning = (field.description or "the port where API and web page listen; 0 = any free one").replace("|", "\\|")
        rows.append(f"| `{name}` | `DAM_{name.upper()}` | {_default(field.default)} | {meaning} |")
    return "\n".join([SETTINGS_HEAD, BEGIN, "", *rows, "", END, "", SETTINGS_TAIL])


def _default(value: object) -> str:
    if value is PydanticUndefined:
        return "see below"
    if value is None:
        return "not set"
    return f"`{value}`"


PAGES = {"cli.md": cli_page, "settings.md": settings_page}


def code_lines(text: str) -> Iterator[str]:
    """The lines inside fenced code blocks."""
    inside = False
    for line in text.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif inside:
            yield line


def dam_calls(text: str) -> Iterator[list[str]]:
    """The words after `dam` of every command line in code blocks and in inline code."""
    inline = re.findall(r"`(dam [^`]+)`", text)
    for line in [*code_lines(text), *inline]:
        found = re.match(r"\s*(?:\S*/)?dam\s+(.*)", line)
        if found:
            yield found[1].split()


def main() -> None:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())


if __name__ == "__main__":
    main()
