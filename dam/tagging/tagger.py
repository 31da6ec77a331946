"""All that can be said of one asset from its prompt, LoRAs and places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dam.tagging.prompts import Names
from dam.tagging.templates import Template, read
from dam.tagging.vocabulary import CHARACTER, Character, Tag, lora_key

LORA = 0.9


@dataclass(frozen=True, slots=True)
class Facts:
    """`loras` are (name, weight, None = not said); `places` are (root id, path below the root)."""

    prompt: str | None = None
    loras: Sequence[tuple[str, float | None]] = ()
    places: Sequence[tuple[str, str]] = ()


@dataclass
class Tagger:
    """`characters` by their newest bibles, `templates` by root id."""

    characters: Sequence[Character] = ()
    templates: Mapping[str, Template] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._names = Names(self.characters)
        self._loras: dict[str, list[str]] = {}
        for one in self.characters:
            for name in one.loras:
                self._loras.setdefault(lora_key(name), []).append(one.id)

    def __bool__(self) -> bool:
        return bool(self.characters or self.templates)

    def who(self, name: str) -> str | None:
        """The id of the one character that goes by a name."""
        return self._names.character_named(name)

    def tags(self, facts: Facts) -> list[Tag]:
        """One finding for each (kind, term, source), the surest; sorted."""
        found = self._names.asked_for(facts.prompt) if facts.prompt else []
        for name, weight in facts.loras:
            if weight is None or weight > 0:
                found += [Tag(CHARACTER, owner, "lora", LORA, name) for owner in self._loras.get(lora_key(name), [])]
        for root_id, path in facts.places:
            if (template := self.templates.get(root_id)) is not None:
                found += read(template, path, self.who)[0]
        best: dict[tuple[str, str, str], Tag] = {}
        for tag in sorted(found, key=lambda t: (-t.confidence, t.detail)):
            best.setdefault((tag.kind, tag.term, tag.source), tag)
        return [best[one] for one in sorted(best)]
