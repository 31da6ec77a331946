"""Text as the index sees it: one rule for documents and queries, so that both always meet.

Scripts written without blanks (Chinese, Japanese, Thai ...) have no words to split at. Each run of them becomes its
overlapping pairs of characters in order, plus every single character at the end of the text: any piece of a run is then
found as a phrase of pairs, without a dictionary. Measured: a plain tokenizer finds none of them.
"""

import re
import unicodedata
from collections.abc import Iterable

TEXT_LIMIT_CHARS = 200_000
PART_LIMIT_CHARS = 60_000
WORD_LIMIT_BYTES = 120  # longer words are data, not language: neither indexed nor found

# Thai, Lao, Myanmar, Hangul, Khmer, kana, bopomofo, ideographs with their extensions and compatibility forms
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3041-\u30fa\u30fc-\u318f\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U000323af]+"
)


def clean(text: str) -> str:
    """Compatibility-normalised, case-folded, no lone surrogates, at most TEXT_LIMIT_CHARS."""
    text = text[:TEXT_LIMIT_CHARS]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.encode(errors="replace").decode())
    return text.casefold()


def indexed(parts: Iterable[str | None]) -> str:
    """What is fed to a text field for these parts."""
    text = clean("\n".join(part[:PART_LIMIT_CHARS] for part in parts if part))
    if text.isascii():
        return text
    singles: dict[str, None] = {}
    for run in _UNSPACED.findall(text):
        singles.update(dict.fromkeys(run))
    spaced = _UNSPACED.sub(lambda match: f" {pairs(match[0])} ", text)
    return f"{spaced}\n{' '.join(singles)}" if singles else spaced


def asked(text: str) -> str:
    """What is looked for in a text field: pairs like the document's, without the single characters."""
    text = clean(text)
    return text if text.isascii() else _UNSPACED.sub(lambda match: f" {pairs(match[0])} ", text)


def pairs(run: str) -> str:
    """Overlapping pairs, separated by blanks; a single character stays itself."""
    return " ".join(run[at : at + 2] for at in range(max(1, len(run) - 1)))


def label_key(name: str) -> str:
    """How a whole name is compared: normalised, one blank between words."""
    return " ".join(clean(name).split())[:500]
