"""Commands that the documents show exist, with the options that they show."""

import shlex

import pytest

from dam_cli.main import FLAGS_ANYWHERE
from tests.docs.reference import DOCS, MAIN, commands, dam_calls

PAGES = [MAIN / "README.md", MAIN / "CONTRIBUTING.md", MAIN / "CHANGELOG.md"]
PAGES += sorted(p for p in DOCS.rglob("*.md") if p.name != "cli.md")
KNOWN = dict(commands())
PLACEHOLDERS = {"COMMAND", "..."}


def name_of(words):
    """The command that these words call ("dam root add"), and the words after it."""
    name, rest = "dam", list(words)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        if word == "--library":
            rest.pop(0)
    while rest and f"{name} {rest[0]}" in KNOWN:
        name = f"{name} {rest.pop(0)}"
    if rest and (meant := getattr(KNOWN[name], "default_command", None)):
        name = f"{name} {meant}"
    return name, rest


def options_of(command):
    return {flag for parameter in command.params for flag in [*parameter.opts, *parameter.secondary_opts]}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(MAIN)))
def test_every_command_shown_exists(page):
    for words in dam_calls(page.read_text()):
        if words[0] in PLACEHOLDERS or words[0].startswith("--json"):
            continue
        name, rest = name_of(words)
        assert name != "dam" or not rest, f"there is no command: dam {' '.join(words)}"
        allowed = options_of(KNOWN[name]) | set(FLAGS_ANYWHERE) | {"--help"}
        shown = [w.partition("=")[0] for w in shlex.split(" ".join(rest), comments=True) if w.startswith("-")]
        assert set(shown) <= allowed, f"dam {' '.join(words)}: {set(shown) - allowed}"


def test_the_readme_shows_the_commands_that_a_newcomer_needs():
    called = {name_of(words)[0] for words in dam_calls((MAIN / "README.md").read_text())}
    assert {"dam up", "dam search", "dam show", "dam review approve", "dam verify", "dam inspect"} <= called
    for script in ("scripts/dam", "scripts/test", "scripts/nightly"):
        assert (MAIN / script).is_file()


def test_the_readme_lists_every_exit_code():
    from dam import errors

    found = {
        thing.exit_status
        for thing in vars(errors).values()
        if isinstance(thing, type) and issubclass(thing, errors.DamError)
    }
    text = (MAIN / "README.md").read_text()
    for code in sorted(found | {0, 130}):
        assert f"\n| {code} | " in text
