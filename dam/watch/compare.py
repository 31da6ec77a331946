"""What a pass over a root means, against what is known of it: a plan, no action."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dam.media.files import Entry
from dam.watch.walk import Ignored, Unseen

Seen = tuple[int, int, str]  # size_bytes, mtime_ns, inode


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalogue knows of a path. `missing`: it was not there at the last pass. `held`: quarantined or waiting."""

    seen: Seen
    location_id: str | None = None
    missing: bool = False
    held: bool = False


@dataclass(slots=True)
class Plan:
    """The difference. `arrivals` are new or changed files, `returned` and `vanished` location ids.

    `moved` of the vanished stand at another path now: a rename keeps size, mtime and inode.
    """

    seen: int = 0
    unchanged: int = 0
    ignored: int = 0
    arrivals: list[Entry] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    moved: int = 0
    gone_intake: list[str] = field(default_factory=list)
    unseen: list[Unseen] = field(default_factory=list)
    known_online: int = 0

    @property
    def lost(self) -> int:
        """How many of the files known to be online this pass found nowhere."""
        return len(self.vanished) - self.moved

    def missing_share(self) -> float:
        """Which share of the files known to be online this pass found nowhere."""
        return self.lost / self.known_online if self.known_online else 0.0


def compare(found: Iterable[Entry | Unseen | Ignored], known: Mapping[str, Known]) -> Plan:
    """Sort a walk's findings. Nothing below a folder that could not be read counts as vanished."""
    plan = Plan(known_online=sum(1 for k in known.values() if k.location_id and not k.missing))
    paths: set[str] = set()
    for item in found:
        if isinstance(item, Ignored):
            plan.ignored += 1
        elif isinstance(item, Unseen):
            plan.unseen.append(item)
        else:
            plan.seen += 1
            paths.add(item.path)
            _sort(plan, item, known.get(item.path))
    hidden = tuple(u.path + "/" if u.path else "" for u in plan.unseen)
    unseen = {u.path for u in plan.unseen}
    gone: list[Known] = []
    for path, was in known.items():
        if path in paths or path in unseen or (hidden and path.startswith(hidden)):
            continue
        if was.held:
            plan.gone_intake.append(path)
        if was.location_id and not was.missing:
            plan.vanished.append(was.location_id)
            gone.append(was)
    if gone:
        present = {e.seen for e in plan.arrivals} | {was.seen for path, was in known.items() if path in paths}
        plan.moved = sum(was.seen in present for was in gone)
    return plan


def _sort(plan: Plan, entry: Entry, was: Known | None) -> None:
    if was is None or was.seen != entry.seen:
        plan.arrivals.append(entry)
    elif was.missing and was.location_id:
        plan.returned.append(was.location_id)
    else:
        plan.unchanged += 1
