"""How a root is watched: by kernel events and full passes, or by polling where events do not tell what others write."""

from collections.abc import Iterable, Mapping
from typing import Any

from dam import mounts
from dam.settings import Settings

EVENTS, POLLING = "events", "polling"
MODES = (EVENTS, POLLING)


def mode_of(root: Mapping[str, Any]) -> str:
    """A root's own mode if a person chose one, else what its file system asks for (`file_system` None = unknown yet)."""
    chosen = root.get("watch_mode")
    if chosen in MODES:
        return str(chosen)
    return POLLING if mounts.is_share(root.get("file_system")) else EVENTS


def with_mode(roots: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of roots with how each is watched, as the doors show them."""
    return [{**root, "mode": mode_of(root)} for root in roots]


def settle_of(root: Mapping[str, Any], settings: Settings) -> float:
    """How long a file of this root must stay unchanged before it is read: writers on other machines stall for longer."""
    if mounts.is_share(root.get("file_system")):
        return max(settings.settle_s, settings.share_settle_s)
    return settings.settle_s
