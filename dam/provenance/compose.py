"""The two statements that this house makes: on a protected copy, and on a file that it saw being made. Pure."""

from collections.abc import Sequence

import dam
from dam.provenance.statement import (
    GENERATOR,
    ActionEntry,
    AssetFacts,
    IngredientEntry,
    SoftBindingEntry,
    Software,
    SourceType,
    Statement,
)

PARENT = "original"
_US = Software(name=GENERATOR, version=dam.__version__)


def protected_copy(
    *,
    title: str,
    original_title: str,
    asset: AssetFacts,
    mark: SoftBindingEntry | None = None,
    fingerprints: Sequence[SoftBindingEntry] = (),
    source_type: SourceType | None = None,
    converted: bool = False,
) -> Statement:
    """What we did to an original: opened it, marked it (if a mark was put in), re-encoded it (if the type changed).

    `mark` is None where the kind of file takes no mark; `source_type` is what evidence says the original is (None =
    nothing says); `converted` says that the copy has another media type than the original.
    """
    actions = [ActionEntry(action="c2pa.opened", ingredients=(PARENT,))]
    if mark:
        actions.append(ActionEntry(action="c2pa.watermarked.bound", software=_US, source_type=source_type))
    if converted:
        actions.append(ActionEntry(action="c2pa.converted", software=_US))
    parent = IngredientEntry(label=PARENT, title=original_title, relationship="parentOf", source_type=source_type)
    return Statement(
        title=title,
        actions=tuple(actions),
        ingredients=(parent,),
        soft_bindings=(*([mark] if mark else []), *fingerprints),
        asset=asset,
    )


def creation(
    *,
    title: str,
    tool: Software,
    source_type: SourceType,
    ingredients: Sequence[IngredientEntry] = (),
    asset: AssetFacts | None = None,
) -> Statement:
    """How a tool made a file: from nothing (`c2pa.created`), or out of a parent (`c2pa.opened`, `c2pa.edited`)."""
    parent = tuple(one.label for one in ingredients if one.relationship == "parentOf")
    inputs = tuple(one.label for one in ingredients if one.relationship == "inputTo")
    making = ActionEntry(
        action="c2pa.edited" if parent else "c2pa.created", source_type=source_type, software=tool, ingredients=inputs
    )
    opened = [ActionEntry(action="c2pa.opened", ingredients=parent)] if parent else []
    placed = [
        ActionEntry(action="c2pa.placed", ingredients=(one.label,))
        for one in ingredients
        if one.relationship == "componentOf"
    ]
    return Statement(title=title, actions=(*opened, making, *placed), ingredients=tuple(ingredients), asset=asset)
