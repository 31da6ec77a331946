"""Commands about who and what assets show: character, tag, scene."""

from typing import Annotated, Any

import typer

from dam_cli import render
from dam_cli.session import GLOBALS, clear_line, library, progress_line, say

character = typer.Typer(help="Characters and their bibles.", no_args_is_help=True, rich_markup_mode=None)
tag = typer.Typer(help="What assets show, by machine and by people.", no_args_is_help=True, rich_markup_mode=None)
scene = typer.Typer(help="Scenes, as paths and people name them.", no_args_is_help=True, rich_markup_mode=None)

Many = list[str] | None
Alias = Annotated[Many, typer.Option("--alias", help='Another name; "=Rose" is compared with its capitals.')]
Trigger = Annotated[Many, typer.Option("--trigger", help="A trained word that stands for it in prompts.")]
Lora = Annotated[Many, typer.Option("--lora", help="A LoRA that draws it, by file name.")]
Reference = Annotated[Many, typer.Option("--reference", help="An asset that shows how it should look.")]
Must = Annotated[str | None, typer.Option("--must", help="What it must have.")]
Never = Annotated[str | None, typer.Option("--never", help="What it must never have.")]
Person = Annotated[str | None, typer.Option("--as", help="Who says so [default: the setting person, else the login].")]
Assets = Annotated[list[str], typer.Argument(metavar="ASSET...", help="Ids, unique prefixes, SHA-256 or paths.")]


def register(app: typer.Typer) -> None:
    app.add_typer(character, name="character")
    app.add_typer(tag, name="tag")
    app.add_typer(scene, name="scene")


@character.command("add")
def add(
    name: str, alias: Alias = None, trigger: Trigger = None, lora: Lora = None, reference: Reference = None,
    must: Must = None, never: Never = None, person: Person = None,
) -> None:  # fmt: skip
    """Tell of a character. Assets whose prompt, LoRA or path names it are found by it from now on.

    Example: dam character add "Mara Voss" --alias Mara --trigger mrvs --lora mara_v2
    """
    _write(
        name,
        person,
        new=True,
        aliases=alias,
        triggers=trigger,
        loras=lora,
        references=reference,
        must=must,
        never=never,
    )


@character.command("set")
def set_(
    name: str, alias: Alias = None, trigger: Trigger = None, lora: Lora = None, reference: Reference = None,
    must: Must = None, never: Never = None, person: Person = None,
) -> None:  # fmt: skip
    """Write a new version of a bible: a list that is given replaces the old one, the rest stays. No drive is touched.

    Example: dam character set "Mara Voss" --alias Mara --alias "Captain Voss"
    """
    _write(
        name,
        person,
        new=False,
        aliases=alias,
        triggers=trigger,
        loras=lora,
        references=reference,
        must=must,
        never=never,
    )


@character.command("list")
def list_() -> None:
    """Every character, by its newest bible. Exit 1 if there is none."""
    with library() as service:
        rows = service.cast.characters()
    for row in rows:
        _put(row)
    raise typer.Exit(0 if rows else 1)


@character.command()
def show(name: str) -> None:
    """One character with every version of its bible, by name, alias or id."""
    with library() as service:
        _put(service.cast.character(name), whole=True)


@character.command()
def retire(name: str, person: Person = None) -> None:
    """No longer look for a character. Its bibles, and what people said of it, stay."""
    with library() as service:
        gone = service.cast.retire(name, person=service.reviews.person(person))
        service.passes.follow()
    say(f"{gone['name']} is no longer looked for.")
    _put(gone)


@scene.command("list")
def scenes() -> None:
    """Every scene with how many assets show it. Exit 1 if there is none."""
    _terms("scene")


@tag.command("list")
def tags(
    asset: Annotated[str | None, typer.Argument(help="Only what this asset shows, with sources.")] = None,
    kind: Annotated[str | None, typer.Option(help="character, scene, shot, project or tag.")] = None,
) -> None:
    """Every term, or what one asset shows and why. Exit 1 if there is none. Example: dam tag list 019a7c --json"""
    from dam_schemas.cast import TagOut

    if asset is None:
        _terms(kind)
    with library() as service:
        rows = [row for row in service.cast.of(asset or "") if kind in (None, row["kind"])]
    for row in rows:
        wire = TagOut.model_validate(row)
        if GLOBALS.json:
            render.put_json(wire)
        else:
            said = {True: "  confirmed", False: "  REFUSED", None: ""}[wire.confirmed]
            render.put(
                f"{wire.kind:<10} {wire.name}  {wire.source} {wire.confidence:.2f}{said}  {wire.detail}".rstrip()
            )
    raise typer.Exit(0 if rows else 1)


@tag.command("add")
def confirm(
    assets: Assets, kind: Annotated[str, typer.Option()], name: Annotated[str, typer.Option()], person: Person = None
) -> None:
    """Say that assets show something. It stands above what the machine finds.

    Example: dam tag add 019a7c 019b2e --kind scene --name sc010
    """
    _say(assets, kind, name, confirmed=True, person=person)


@tag.command()
def refuse(
    assets: Assets, kind: Annotated[str, typer.Option()], name: Annotated[str, typer.Option()], person: Person = None
) -> None:
    """Say that assets do not show something. It is remembered: no prompt or path brings it back.

    Example: dam tag refuse 019a7c --kind character --name Mara
    """
    _say(assets, kind, name, confirmed=False, person=person)


@tag.command()
def forget(
    assets: Assets, kind: Annotated[str, typer.Option()], name: Annotated[str, typer.Option()], person: Person = None
) -> None:
    """Take back what people said: the machine's finding counts again."""
    _say(assets, kind, name, confirmed=None, person=person)


def _say(assets: list[str], kind: str, name: str, *, confirmed: bool | None, person: str | None) -> None:
    from dam_schemas.cast import TaggedOut

    with library() as service:
        found = [service.find.id_of(one) for one in assets]
        rows = service.cast.say(found, kind, name, confirmed=confirmed, person=service.reviews.person(person))
        service.passes.follow()
    for row in rows:
        wire = TaggedOut.model_validate(row)
        if GLOBALS.json:
            render.put_json(wire)
        else:
            shown = sorted({f"{t.kind}:{t.name}" for t in wire.tags if t.confirmed is not False})
            render.put(f"{wire.asset_id}  {', '.join(shown) or 'nothing'}")


def _write(name: str, person: str | None, *, new: bool, **said: Any) -> None:
    changes = {k: v for k, v in said.items() if v is not None}
    with library() as service:
        who = service.reviews.person(person)
        made = service.cast.write(name, changes, person=who, new=new, on_progress=progress_line())
        clear_line()
        service.passes.follow()
        made |= {"assets": service.cast.character(made["id"])["assets"]}
    _put(made)


def _put(row: dict[str, Any], *, whole: bool = False) -> None:
    from dam_schemas.cast import CharacterOut

    wire = CharacterOut.model_validate(row)
    if GLOBALS.json:
        render.put_json(wire)
        return
    render.put(f"{wire.name}  version {wire.version}, {wire.assets} assets")
    rows = [
        (word, ", ".join(names))
        for word, names in (("aliases", wire.aliases), ("triggers", wire.triggers), ("loras", wire.loras))
    ]
    rows += [("must", wire.must or ""), ("never", wire.never or ""), ("references", ", ".join(wire.references))]
    if wire.retagged is not None:
        rows.append(("tagged anew", f"{wire.retagged} assets"))
    render.table([(word, text) for word, text in rows if text])
    for one in wire.versions if whole else ():
        render.put(f"  version {one.number}  {one.created_at[:19]}  {one.person}  {', '.join(one.aliases)}")


def _terms(kind: str | None) -> None:
    from dam_schemas.cast import TermOut

    with library() as service:
        rows = service.cast.terms(kind)
    for row in rows:
        wire = TermOut.model_validate(row)
        if GLOBALS.json:
            render.put_json(wire)
        else:
            render.put(f"{wire.kind:<10} {wire.name}  {wire.assets}")
    raise typer.Exit(0 if rows else 1)
