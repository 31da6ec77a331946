"""InvokeAI's command line (`"prompt [negative]" -s 50 -S 1 -W 512 -I init.png -f 0.7`), the metadata of its first versions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

_SWITCH = re.compile(
    r"(?<!\S)-(?:(S|s|W|H|C|I|A|f|M|G|U|n|g|i|v|V|F|o|N)(?:[ =]*)|-?([a-z][a-z_]{1,30})[ =]+)(\"[^\"]*\"|'[^']*'|[^\s\"'-][^\s]*|-?[\d.]+|(?=\s|$))"
)
_LONG = {
    "seed": "S",
    "steps": "s",
    "width": "W",
    "height": "H",
    "cfg_scale": "C",
    "sampler": "A",
    "init_img": "I",
    "strength": "f",
    "init_mask": "M",
}
_FIX = re.compile(r"!fix\s+(?:\"([^\"]+)\"|'([^']+)'|(\S+))")
_NEGATIVE = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Dream:
    """A command line taken apart; `switches` under their one-letter names."""

    prompt: str | None
    negative: str | None
    switches: Mapping[str, str]
    init: str | None = None


def _first(found: re.Match[str]) -> str | None:
    return next((group for group in found.groups() if group), None)


def parse_dream(text: str) -> Dream:
    """Read a command line; a line that is none ("<too lazy to implement>") gives an empty one."""
    text = text.strip()[:100_000]
    fixed = _FIX.match(text)  # a picture made better: no prompt but the picture's name
    if fixed:
        return replace(parse_dream(f'"" {text[fixed.end() :]}'), prompt=None, negative=None, init=_first(fixed))
    quoted = re.match(r"\"((?:\\.|[^\"\\])*)\"|'((?:\\.|[^'\\])*)'", text)
    first = _SWITCH.search(text, quoted.end() if quoted else 0)
    prompt = (quoted[1] if quoted[1] is not None else quoted[2]) if quoted else text[: first.start()] if first else ""
    switches: dict[str, str] = {}
    for short, long, value in _SWITCH.findall(text[quoted.end() if quoted else len(prompt) :]):
        name = short or _LONG.get(long, long)
        switches.setdefault(name, value.strip("\"'"))
    if not prompt.strip() and not switches:
        return Dream(None, None, {})
    positive, negative = split_negative(prompt.strip())
    return Dream(positive, negative, switches, switches.get("I") or None)


def split_negative(prompt: str) -> tuple[str, str]:
    """What stands in square brackets is the negative prompt."""
    negative = ", ".join(part.strip() for part in _NEGATIVE.findall(prompt) if part.strip())
    return _NEGATIVE.sub("", prompt).strip(), negative
