"""Find one-file plug-ins: first the modules of a room's folder, then an entry-point group.

A plug-in module defines `PLUGIN` (or `PLUGINS`, a sequence). A broken one is reported in `Discovery.broken` and never
stops the others; a missing optional library becomes a sentence there.
"""

import importlib
import importlib.metadata
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Generic, TypeVar

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Broken:
    """A plug-in that could not be loaded, with the reason as a sentence."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Discovery(Generic[P]):
    """What was found, in name order, and what could not be loaded."""

    plugins: tuple[P, ...]
    broken: tuple[Broken, ...]


def discover(package: ModuleType, group: str, accepts: Callable[[Any], bool]) -> Discovery[Any]:
    """Load every plug-in of a folder package and of an entry-point group.

    Args:
        package: the folder package, say `dam.metadata.readers`.
        group: the entry-point group, say "dam.metadata_readers".
        accepts: tells whether an object has the shape that the room expects (a Protocol check).
    """
    found: list[Any] = []
    broken: list[Broken] = []
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        name = f"{package.__name__}.{info.name}"
        try:
            module = importlib.import_module(name)
        except Exception as error:  # noqa: BLE001  # the edge of a plug-in: one broken file must not stop the rest
            broken.append(Broken(name, f"{type(error).__name__}: {error}"))
            continue
        found += _of(module)
    for point in sorted(importlib.metadata.entry_points(group=group), key=lambda p: p.name):
        try:
            found += _of(point.load())
        except Exception as error:  # noqa: BLE001
            broken.append(Broken(f"{group}:{point.name}", f"{type(error).__name__}: {error}"))
    good = []
    for plugin in found:
        if accepts(plugin):
            good.append(plugin)
        else:
            broken.append(Broken(repr(plugin), f"does not have the shape of {group}"))
    return Discovery(tuple(good), tuple(broken))


def _of(thing: Any) -> list[Any]:
    if isinstance(thing, ModuleType):
        many = getattr(thing, "PLUGINS", None)
        one = getattr(thing, "PLUGIN", None)
        return list(many) if many is not None else [one] if one is not None else []
    return [thing]
