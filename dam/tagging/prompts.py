"""Which characters a prompt asks for: by name, alias or trigger word, never by a piece of another word.

What a prompt refuses is not asked for: "without Mara", "no Mara or Ilse", `--no mara` (Midjourney), `(mara:0)`,
"ohne Mara", マラなし, 没有玛拉. Negative prompts are not read at all.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from dam.tagging.vocabulary import CHARACTER, Character, Tag, key

PROMPT_CHARS = 100_000
MAX_HITS = 200  # of names in one prompt: who stands in it more often has been found
SURE, LIKELY, FAINT, AMBIGUOUS = 0.95, 0.85, 0.6, 0.5
_FAINT_WEIGHT = 0.3

_NETWORK = re.compile(r"<[a-z]{2,12}:[^<>]{0,300}>", re.IGNORECASE)  # <lora:mara_v2:0.8>: read as a LoRA, not as words
_MJ_NO = re.compile(r"(?:^|\s)(?:--|—|–)no\b(?:(?!\s(?:--|—|–)).)*", re.IGNORECASE | re.DOTALL)
_WEIGHTED = re.compile(r"\(([^()]{0,2000}?):\s*(-?\d{0,3}(?:\.\d{1,6})?)\s*\)")
_SPLIT = re.compile(r"[,.;:!?\n|()\[\]{}\"“”、。，；：！？]")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f]"
)

# Negators, and the words that may stand between one and what it refuses. Two negators make a yes: "nobody except Mara".
_NO = frozenset(
    re.split(
        " ",
        "no not without never except excluding minus nobody none nothing neither instead rather cannot dont don't isn't remove"
        " avoid exclude omit kein keine keinen keinem keiner ohne nicht ausser statt sans sauf pas aucun aucune sin excepto"
        " salvo ningún senza tranne",
    )
)
_BETWEEN = frozenset(
    re.split(
        " ",
        "a an the any our of one or and with other others than people person persons show shows showing include including"
        " featuring feature like to sign trace be body else as la le el der die das den dem de et ou und oder y o picture"
        " image bild von nor",
    )
)
_BUT = frozenset(["but", "aber", "mais", "pero", "sondern"])  # "nobody but Mara", "not Mara but Ilse": a yes
_ALL = frozenset(
    ["everyone", "everybody", "all", "anyone", "anybody", "anything", "everything"]
)  # "all but Mara": a no
_ONLY = frozenset(["only", "just", "merely", "simply", "nur", "seulement", "solo"])
_REFUSED_AFTER = re.compile(
    r"\s*(?:さん|ちゃん|様|君)?\s*(?:なし|無し|抜き|以外|のいない|がいない|はいない|の居ない|ではな|じゃな|を含まな|を除|を入れな|(?:이|가|은|는|도)?\s*없|제외|"
    r"(?:이|가|은|는)?\s*아닌|말고|不在|除外|禁止)"
)
_ABSENT = re.compile(
    r"(?:'s)?\s*(?:(?:is|are|was|were)\s+)?(?:(?:absent|missing|nowhere|excluded|left out|removed|gone)\s*(?:$|[,.;!?\n)])"
    r"|(?:is|are|was)\s*(?:not|n't)\s+(?:in|here|there|present|visible|shown|part)\b)",
    re.IGNORECASE,
)
_NEITHER = re.compile(r"\bneither\b(?=[^.;!?\n]{0,200}\bnor\b)", re.IGNORECASE)
_REFUSED_BEFORE = re.compile(
    r"(?:没有|沒有|不要|不是|不含|不包含|除了|除去|無|无|避免|禁止|别画|not\s*|ohne\s*)(?:任何|出现|出現|有|画|畫)?$"
)


@dataclass(frozen=True, slots=True)
class _Name:
    text: str
    character: str
    confidence: float
    pattern: str
    cased: bool


class Names:
    """Every name of every character as one set of patterns: made once, asked for every prompt."""

    def __init__(self, characters: Iterable[Character]) -> None:
        names = [n for c in characters for n in _names_of(c)]
        self._by_key: dict[str, list[_Name]] = {}
        for name in names:
            self._by_key.setdefault(name.text if name.cased else key(name.text), []).append(name)
        self._loose = _alternatives([n for n in names if not n.cased], re.IGNORECASE)
        self._cased = _alternatives([n for n in names if n.cased], 0)

    def asked_for(self, prompt: str) -> list[Tag]:
        """The characters that a prompt asks for, each once, the surest finding."""
        text = _wanted(unicodedata.normalize("NFKC", prompt[:PROMPT_CHARS]))
        found: dict[str, Tag] = {}
        spans = self._spans(text)
        for start, end, names in spans:
            if _is_refused(text, start, end, spans):
                continue
            several = len({n.character for n in names}) > 1
            for name in names:
                sure = AMBIGUOUS if several else name.confidence
                if _is_faint(text, start, end):
                    sure = min(sure, FAINT)
                if name.character not in found or found[name.character].confidence < sure:
                    found[name.character] = Tag(CHARACTER, name.character, "prompt", sure, text[start:end])
        return [found[one] for one in sorted(found)]

    def character_named(self, text: str) -> str | None:
        """The one character that goes by this name, say in a path; None if nobody or several do."""
        named = self._by_key.get(key(text), []) + self._by_key.get(text, [])
        owners = {n.character for n in named}
        return owners.pop() if len(owners) == 1 else None

    def _spans(self, text: str) -> list[tuple[int, int, list[_Name]]]:
        """Where names stand; of overlapping ones the longest, so "Mara Voss" is not also "Mara"."""
        hits: list[tuple[int, int, list[_Name]]] = []
        for pattern, cased in ((self._loose, False), (self._cased, True)):
            if pattern is None:
                continue
            for match in islice(pattern.finditer(text), MAX_HITS):
                names = self._by_key.get(match[0] if cased else key(match[0]), [])
                if names:
                    hits.append((match.start(), match.end(), [n for n in names if n.cased == cased] or names))
        hits.sort(key=lambda hit: (hit[0] - hit[1], hit[0]))
        taken: list[tuple[int, int, list[_Name]]] = []
        for start, end, names in hits:
            if all(end <= a or start >= b for a, b, _ in taken):
                taken.append((start, end, names))
        return sorted(taken, key=lambda hit: hit[0])


def _names_of(character: Character) -> list[_Name]:
    found = []
    for text in (*character.names, *character.triggers):
        bare = unicodedata.normalize("NFKC", text.strip())
        cased, bare = bare.startswith("="), bare.removeprefix("=").strip()
        if not _WORD.search(bare):
            continue
        whole = len(key(bare).split(" ")) > 1 or text in character.triggers or bool(_UNSPACED.search(bare))
        pattern = _pattern(bare) + (r"(?!-[^\W\d_])" if cased else "")  # "Rose-coloured" is nobody
        found.append(_Name(bare, character.id, SURE if whole else LIKELY, pattern, cased))
    return found


def _pattern(name: str) -> str:
    """Blanks, underscores and hyphens are one; the ends are no letters, except in scripts without blanks."""
    pieces = [re.escape(piece) for piece in re.split(r"[\s_\-]+", name) if piece]
    before = "" if _UNSPACED.match(name) else r"(?<![^\W_])"
    after = "" if _UNSPACED.match(name[-1]) else r"(?![^\W_])"
    return before + r"[\s_\-]{1,3}".join(pieces) + after


def _alternatives(names: Sequence[_Name], flags: int) -> re.Pattern[str] | None:
    longest_first = sorted({n.pattern for n in names}, key=lambda p: (-len(p), p))
    return re.compile("|".join(longest_first), flags) if longest_first else None


def _wanted(text: str) -> str:
    """The prompt without networks, without what Midjourney's --no refuses, and without what weighs nothing."""
    text = _NETWORK.sub(" , ", text.replace("\\(", " ").replace("\\)", " "))
    text = _MJ_NO.sub(" , ", text)
    return _WEIGHTED.sub(lambda m: " , " if _weight(m[2]) <= 0 else m[0], text)


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


def _is_refused(text: str, start: int, end: int, spans: Sequence[tuple[int, int, list[_Name]]]) -> bool:
    if _ABSENT.match(text, end) or _is_in_neither(text, start):
        return True
    if _REFUSED_AFTER.match(text, end) or _REFUSED_BEFORE.search(text, max(0, start - 12), start):
        return True
    clause = max((m.end() for m in _SPLIT.finditer(text, max(0, start - 200), start)), default=max(0, start - 200))
    no, but = 0, False
    words = list(_WORD.finditer(text, clause, start))
    for at in range(len(words) - 1, max(-1, len(words) - 9), -1):
        word = words[at][0].casefold()
        if word in _ONLY and at and words[at - 1][0].casefold() in _NO:
            return False
        if word in _BUT:
            if no:
                break  # "everybody but not Mara": what stands before it is another matter
            but = True
        elif but and word in _ALL:
            return True
        elif word in _NO:
            no += 1
        elif word not in _BETWEEN and not any(a <= words[at].start() < b for a, b, _ in spans):
            break
    return (no + (but and no > 0)) % 2 == 1


def _is_in_neither(text: str, start: int) -> bool:
    """In a list that "neither" begins and "nor" ends: neither Ilse, Mara nor Kenji."""
    for match in _NEITHER.finditer(text, max(0, start - 200), len(text)):
        if match.start() >= start:
            return False
        between = text[match.end() : start]
        if not re.search(r"[.;!?\n]", between) and len(re.findall(r"\bnor\b", between, re.IGNORECASE)) <= 1:
            return not re.search(r"\bnor\b.*,", between, re.IGNORECASE | re.DOTALL)
    return False


def _is_faint(text: str, start: int, end: int) -> bool:
    """In parentheses with a small weight: (mara:0.2)."""
    for match in _WEIGHTED.finditer(text, max(0, start - 200)):
        if match.start() > start:
            return False
        if match.end() >= end:
            return _weight(match[2]) < _FAINT_WEIGHT
    return False
