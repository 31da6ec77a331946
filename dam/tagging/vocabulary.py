"""Characters as their bibles name them, and the keys by which texts are compared."""

import re
import unicodedata
from dataclasses import dataclass

CHARACTER, SCENE, SHOT, PROJECT, TAG = "character", "scene", "shot", "project", "tag"
KINDS = (CHARACTER, SCENE, SHOT, PROJECT, TAG)
NAME_CHARS = 100

_BETWEEN = re.compile(r"[\s_\-‐-―]+")
_MODEL_SUFFIX = re.compile(r"\.(?:safetensors|ckpt|pt|pth|bin|gguf)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Character:
    """One character by the newest version of its bible. An alias that begins with "=" is compared with its capitals."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    loras: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Tag:
    """One finding. `term` is a character's id, else the name; `detail` says what was found where."""

    kind: str
    term: str
    source: str  # prompt, lora, path, lineage
    confidence: float
    detail: str = ""


def key(text: str) -> str:
    """What two spellings of one name have in common: NFKC, no case, one blank between words."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _BETWEEN.sub(" ", folded).strip()


def proper_name(text: str) -> str | None:
    """A name that a person may give to something, its blanks tidied; None if it is empty, too long, or has no letters,
    or characters that cannot be seen.
    """
    name = " ".join(text.split())
    sound = 0 < len(name) <= NAME_CHARS and name.isprintable() and any(c.isalnum() for c in name) and key(name)
    return name if sound else None


def lora_key(name: str) -> str:
    """A LoRA by its name alone: no folder, no suffix, no case."""
    return key(_MODEL_SUFFIX.sub("", re.split(r"[/\\]", name.strip())[-1]))
