"""The grammar of A1111's infotext: prompt lines, `Negative prompt:` lines, then `Key: value` pairs on one line.

Source: AUTOMATIC1111 `infotext_utils.parse_generation_parameters`. In the wild the settings are not always the last line,
run over several lines or stand behind the prompt on its own line; values hold unquoted JSON; and the prompt may itself be
JSON. So the settings are found by what they say, not by where they stand. Every step is linear in the text's length.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dam.metadata.contract import parse_json
from dam.metadata.once import once

_MAX_LINE_CHARS = 20_000  # of one line, to see whether it holds settings
_MAX_LOOK_CHARS = 1_500_000  # of all lines together
_MAX_LINES = 200_000
_MAX_SETTINGS_CHARS = 1 << 19
_MAX_PAIRS = 2000
_MAX_COMMAS = 20_000
_MAX_BROKEN_JSON = 8

# What only a sampler's settings have; `known` alone (a size, a model) is what any camera's text may say.
_CORE = (
    r"Steps(?=[ \t]*:[ \t]*\"?\d)|Seed(?=[ \t]*:[ \t]*\"?-?\d)|CFG scale(?=[ \t]*:[ \t]*\"?[\d.])|Sampler|Schedule type"
    r"|Denoising strength(?=[ \t]*:[ \t]*[\d.])|Clip skip|Model hash|Lora hashes|Hashes|Civitai resources|Civitai metadata"
    r"|Pipeline|Operations"
)
_KNOWN = (
    r"Size(?=[ \t]*:[ \t]*\d+x)|Width|Height|Model|App|Version|VAE|VAE hash|Parser|Backend|Created Date|RNG|Scheduler"
)
_PAIR = re.compile(rf"(?:^|,)[ \t]{{0,8}}(?:({_CORE})|({_KNOWN}))[ \t]{{0,8}}:", re.IGNORECASE)
_ANCHOR = re.compile(
    r"(?:Steps|Seed|CFG scale|Sampler|Model|Size|Version|VAE|Width|Height|Clip skip)[ \t]*:", re.IGNORECASE
)
_WORDS = (
    "Steps:",
    "steps:",
    "Seed:",
    "seed:",
    "CFG scale:",
    "CFG Scale:",
)  # plain words: a hundred times faster to look for
_INLINE = re.compile(r"(?<=[^,\s])([ \t]+)Steps: ?\d{1,5},", re.IGNORECASE)
_SPACE = re.compile(r"[\s,]*+")
_KEY = re.compile(r"(\w[\w \-/.()+&'#%]{0,60}?):[ \t]*+")
_END = re.compile(r"[,\n]")
_QUOTED = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_TEMPLATE = re.compile(r"(?:Negative )?Template:", re.IGNORECASE)
_NEGATIVE = re.compile(r"[ \t]*Negative prompt:", re.IGNORECASE)
_LABEL = re.compile(r"(?:Positive )?Prompt:[ \t]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Infotext:
    """The four parts of an infotext; `settings` keeps the keys as written (the first of a kind wins)."""

    prompt: str
    negative: str
    settings: Mapping[str, str]
    templates: tuple[str, ...] = ()


@once
def parse_infotext(text: str) -> Infotext | None:
    """Split an infotext; None = this is not one."""
    if not any(word in text for word in _WORDS):
        return None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\0\ufeff\n ").split("\n", _MAX_LINES)
    at = _settings_line(lines)
    if at is None:
        return None
    head, tail = lines[:at], lines[at:]
    inline = _INLINE.search(tail[0][:_MAX_LINE_CHARS]) if not _PAIR.match(tail[0]) else None
    if inline:  # "a cat Negative prompt: bad Steps: 20, ..": all on one line
        before = re.split(r"[ \t]Negative prompt:", tail[0][: inline.start()], maxsplit=1, flags=re.IGNORECASE)
        head += [before[0], *(f"Negative prompt:{part}" for part in before[1:])]
        tail[0] = tail[0][inline.end(1) :]
    cut = next((i for i, line in enumerate(tail) if i and _TEMPLATE.match(line)), len(tail))
    settings = parse_settings("\n".join(tail[:cut]))
    prompt, negative, template = _prompts(head)
    templates = tuple(t for t in (template, "\n".join(tail[cut:])) if t.strip())
    return Infotext(prompt.strip(), negative.strip(), settings, templates)


def _prompts(lines: Sequence[str]) -> tuple[str, str, str]:
    parts: dict[str, list[str]] = {"prompt": [], "negative": [], "template": []}
    part = "prompt"
    for line in lines:
        found = _NEGATIVE.match(line)
        if found:
            part, line = "negative", line[found.end() :]  # noqa: PLW2901  # the rest of the line goes on
        elif _TEMPLATE.match(line) and any(parts["prompt"]):
            part = "template"
        parts[part].append(line)
    label = _LABEL.match(parts["prompt"][0]) if parts["prompt"] else None
    if label:
        parts["prompt"][0] = parts["prompt"][0][label.end() :]
    return "\n".join(parts["prompt"]), "\n".join(parts["negative"]), "\n".join(parts["template"])


@dataclass(slots=True)
class _Run:
    """Lines that follow each other and each start with a known key, seen from the last one upwards."""

    start: int
    core: set[str]
    known: set[str]
    whole: bool  # its lowest line says enough by itself: a line above it is the prompt's

    @property
    def enough(self) -> bool:
        return len(self.core) >= 2 and (len(self.core | self.known) >= 3 or "steps" in self.core)


def _settings_line(lines: Sequence[str]) -> int | None:
    """Where the last run of settings starts: two keys that only samplers have, and a third or `Steps`."""
    budget = _MAX_LOOK_CHARS
    run: _Run | None = None
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at][:_MAX_LINE_CHARS]
        budget -= len(line) + 8
        if budget < 0:
            break
        core: set[str] = set()
        known: set[str] = set()
        if ":" in line and _ANCHOR.search(line):
            for pair in _PAIR.finditer(_from_steps(line)):
                (core if pair[1] else known).add((pair[1] or pair[2]).lower())
        this = _Run(at, core, known, whole=False)
        this.whole = this.enough
        if run is not None and _PAIR.match(line) and not (run.whole and len(core) < 2):
            run = _Run(at, run.core | core, run.known | known, run.whole or this.whole)
        elif run is not None and run.enough:
            return run.start
        else:
            run = this if this.enough or _PAIR.match(line) else None
    return run.start if run is not None and run.enough else None


def _from_steps(line: str) -> str:
    """The part of a line that may be settings: what follows `Steps:` if a prompt stands before it."""
    inline = None if _PAIR.match(line) else _INLINE.search(line)
    return line[inline.end(1) :] if inline else line


def parse_settings(text: str) -> dict[str, str]:
    """`Key: value` pairs; values may be quoted strings or unquoted JSON with commas inside."""
    text = text[:_MAX_SETTINGS_CHARS]
    reader = _Settings(text)
    found: dict[str, str] = {}
    at = 0
    for _ in range(_MAX_COMMAS):
        if at >= len(text) or len(found) >= _MAX_PAIRS:
            break
        space = _SPACE.match(text, at)
        at = space.end() if space else at
        key = _KEY.match(text, at)
        if key is not None:
            value, at = reader.value(key.end())
            found.setdefault(key[1].strip(), value)
        at = reader.after(at)
    return found


class _Settings:
    """Values of one settings text. Only so many broken JSON values are tried, so that a text cannot cost more each time."""

    __slots__ = ("_broken", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._broken = 0

    def value(self, at: int) -> tuple[str, int]:
        """The value that starts here and the position behind it."""
        text = self._text
        head = text[at : at + 1]
        if head in ("{", "[") and self._broken < _MAX_BROKEN_JSON:
            try:
                end = json.JSONDecoder(strict=False).raw_decode(text, at)[1]
                return text[at:end], end
            except (ValueError, RecursionError):
                self._broken += 1
        quoted = _QUOTED.match(text, at) if head == '"' else None
        if quoted:
            plain = parse_json(quoted[0])
            return (plain if isinstance(plain, str) else quoted[0][1:-1]), quoted.end()
        following = _END.search(text, at)
        stop = following.start() if following else len(text)
        return text[at:stop].strip(), stop

    def after(self, at: int) -> int:
        """The position behind the next comma or line end."""
        end = _END.search(self._text, at)
        return end.end() if end else len(self._text)
