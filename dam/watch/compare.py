"""What a pass over a root means, against what is known of it: a plan, no action."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dam.catalogue.drives import Known
from dam.media.files import Entry
from dam.watch.walk import Ignored, Unseen


@dataclass(slots=True)
class Plan:
    """The difference. `arrivals` are new or changed files, `returned` and `vanished` location ids.

    `settled`: nothing is different, and nothing here waits to be read.
    """

    seen: int = 0
    unchanged: int = 0
    ignored: int = 0
    arrivals: list[Entry] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    gone_intake: list[str] = field(default_factory=list)
    unseen: list[Unseen] = field(default_factory=list)
    waiting: bool = False

    @property
    def settled(self) -> bool:
        return not (self.waiting or self.arrivals or self.returned or self.vanished or self.gone_intake or self.unseen)


def compare(found: Iterable[Entry | Unseen | Ignored], known: Mapping[str, Known]) -> Plan:
    """Sort a walk's findings. Nothing below a folder that could not be read counts as vanished."""
    plan = Plan()
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
    for path, was in known.items():
        if path in paths or path in unseen or (hidden and path.startswith(hidden)):
            continue
        if was.held:
            plan.gone_intake.append(path)
        if was.location_id and not was.missing:
            plan.vanished.append(was.location_id)
    return plan


def _sort(plan: Plan, entry: Entry, was: Known | None) -> None:
    if was is None or was.seen != entry.seen:
        plan.arrivals.append(entry)
    elif was.missing and was.location_id:
        plan.returned.append(was.location_id)
    else:
        plan.unchanged += 1
        plan.waiting |= was.waits
