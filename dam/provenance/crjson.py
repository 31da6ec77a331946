"""One manifest in crJSON, the form that the conformance programme's rubrics are written for. Pure.

crJSON (`Reader.crjson()` of c2pa-python) lists a file's manifests, the active one first; each has `label`, `assertions`
by label, `claim.v2` (or `claim`, version 1), `signature` and `validationResults`. The rubrics' language, json-formula,
reads what is absent as null and gives up on a value of the wrong kind: here absent is None, and giving up is a
`GapError`. Everything is a stranger's: nothing here recurses, and every pass over a list is linear.
"""

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

MISSING_RESULTS = "MISSING_VALIDATION_RESULTS"
ACTIONS = "c2pa.actions.v2"
OPENED = "c2pa.opened"
MAX_ACTIONS = 10_000  # of one manifest; real ones have tens
CREATED = "c2pa.created"


class GapError(Exception):
    """A value that no schema allows, or a list of absurd length, where a rule has to look: it cannot be met, so it fails."""


def member(value: object, name: str) -> Any:
    """A member of an object, or None."""
    return value.get(name) if isinstance(value, dict) else None


def word(value: object) -> str:
    """A value as text: "" for an absent one.

    Raises:
        GapError: a list or an object.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        raise GapError
    return "" if value is None else str(value).lower()


def among(value: object, names: Collection[str]) -> bool:
    """Whether a value is one of these words; anything but a text is not."""
    return isinstance(value, str) and value in names


def holds(value: object, part: str) -> bool:
    """Whether a text has this part, or a list this member; an absent value has none.

    Raises:
        GapError: a number, a boolean or an object.
    """
    if value is None:
        return False
    if isinstance(value, str | list):
        return part in value
    raise GapError


def count(value: object) -> int:
    """How long a list, an object or a text is; an absent one is 0 long.

    Raises:
        GapError: a number or a boolean.
    """
    if value is None:
        return 0
    if isinstance(value, dict | list | str):
        return len(value)
    raise GapError


class View:
    """What the rules ask of one manifest. Every attribute may raise `GapError`."""

    def __init__(self, manifest: object) -> None:
        self.manifest = manifest

    @cached_property
    def assertions(self) -> Mapping[str, Any]:
        found = member(self.manifest, "assertions")
        if not found:  # json-formula takes "", 0, [] and {} for nothing
            return {}
        if not isinstance(found, dict):
            raise GapError
        return found

    @cached_property
    def actions(self) -> list[Any]:
        """The actions of all actions assertions, in the order of the manifest; what is no object stays in the list."""
        found: list[Any] = []
        for value in self.assertions.values():
            held = member(value, "actions")
            if isinstance(held, list):
                found += held
            elif held is not None:
                found.append(held)
        if len(found) > MAX_ACTIONS:
            raise GapError
        return found

    @cached_property
    def ingredients(self) -> dict[str, Any]:
        """The assertions that state a relationship, by label, whatever they are called."""
        return {label: one for label, one in self.assertions.items() if member(one, "relationship") is not None}

    @cached_property
    def claim(self) -> Any:
        return member(self.manifest, "claim.v2")

    @cached_property
    def failures(self) -> list[Any]:
        """The validator's failures; where it left no results at all, that is the failure."""
        results = member(self.manifest, "validationResults")
        if not results:
            return [{"code": MISSING_RESULTS}]
        found = member(results, "failure")
        return found if isinstance(found, list) else []

    def named(self, *names: str) -> list[Any]:
        """The actions that have one of these names."""
        return [one for one in self.actions if among(member(one, "action"), names)]

    def stated(self, label: str) -> Any:
        """The data of one assertion, by its exact label."""
        return member(member(self.manifest, "assertions"), label)


def manifests(document: object) -> list[Any]:
    """The manifests of a crJSON document, the active one first."""
    found = member(document, "manifests")
    return found if isinstance(found, list) else []


def active(document: object) -> View:
    """The active manifest, an empty one where there is none."""
    found = manifests(document)
    return View(found[0] if found else None)
