r"""From what a person typed to a tree: never an error, always an answer that says how it was understood.

    query  = group { "OR" group }          AND binds tighter than OR
    group  = unary { [ "AND" ] unary }
    unary  = { "NOT" | "-" } ( "(" query ")" | leaf )
    leaf   = word | word~ | "phrase" | field:value | field:"quoted value" | field:>value | field:a..b

Keywords are upper case. `--word` is a word (prompts are pasted with their options). In quotes `\"` is a quote and `\\` a
backslash. An unknown field is searched as words. Limits: 64 KiB, 32 levels of parentheses, 256 terms, 32 wildcards.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from dam.search.fields import field_named, read_terms
from dam.search.query import All, And, Fuzzy, Leaf, Node, Not, Or, Phrase, Query, Word, render, render_leaf

INPUT_LIMIT_BYTES = 64 * 1024
CANONICAL_LIMIT_BYTES = 56 * 1024  # leaves re-rendered: escaping may lengthen them, and the answer must parse again
DEPTH_LIMIT = 32
TERM_LIMIT = 256
WILDCARD_LIMIT = 32  # each becomes an automaton: 256 of the worst took 8 s to build
TEXT_LIMIT_CHARS = 1000
NOTE_LIMIT = 20

_BLANKED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TYPOGRAPHIC_QUOTES = str.maketrans("“”„‟", '""""')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_BARE = re.compile(r'[^\s()"]+')
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,31}):(>=|<=|>|<|=)?")
_FUZZY = re.compile(r"([^\W_]{3,60})~([12])?")
_ESCAPE = re.compile(r'\\(["\\])')


@dataclass(frozen=True, slots=True)
class _Token:
    """`kind` is one of ( ) OR NOT leaf; a leaf carries the nodes that must all hold."""

    kind: str
    nodes: tuple[Leaf, ...] = ()


def parse(text: str, *, today: date | None = None) -> Query:
    """Read a query. Never raises; every departure from what was typed stands in `notes`.

    `today` (default: today in UTC) is what "yesterday" is counted from; `understood` has the dates themselves.
    """
    notes: list[str] = []
    lexer = _Lexer(_clean(text, notes), notes, today or datetime.now(UTC).date())
    tokens = list(_bounded(lexer.tokens(), notes))
    tree = _Parser(tokens, notes).parse()
    unique = tuple(dict.fromkeys(notes))
    return Query(tree, render(tree), unique[:NOTE_LIMIT])


def _clean(text: str, notes: list[str]) -> str:
    text = _BLANKED.sub(" ", text[: INPUT_LIMIT_BYTES + 1]).translate(_TYPOGRAPHIC_QUOTES)
    raw = text.encode()
    if len(raw) > INPUT_LIMIT_BYTES:
        notes.append("The query was longer than 64 KiB; the rest was left out.")
        text = raw[:INPUT_LIMIT_BYTES].decode(errors="ignore")
    return text


def _bounded(tokens: Iterator[_Token], notes: list[str]) -> Iterator[_Token]:
    """Pass tokens on until there are too many terms."""
    terms = wildcards = size_bytes = 0
    for token in tokens:
        terms += len(token.nodes)
        size_bytes += sum(len(render_leaf(node).encode()) for node in token.nodes)
        wildcards += sum(isinstance(n, Fuzzy) or "*" in render_leaf(n) for n in token.nodes)
        if terms > TERM_LIMIT or wildcards > WILDCARD_LIMIT or size_bytes > CANONICAL_LIMIT_BYTES:
            notes.append(
                f"The query has more than {TERM_LIMIT} terms, more than {WILDCARD_LIMIT} wildcards or is too long; "
                "the rest was left out."
            )
            return
        yield token


class _Lexer:
    """One pass from left to right."""

    def __init__(self, text: str, notes: list[str], today: date) -> None:
        self.text = text
        self.notes = notes
        self.today = today
        self.at = 0
        self.quotes_close = True  # after one unclosed quote the others are blanks too: keeps the pass linear

    def tokens(self) -> Iterator[_Token]:
        while self.at < len(self.text):
            char = self.text[self.at]
            if char.isspace():
                self.at += 1
            elif char in "()":
                self.at += 1
                yield _Token(char)
            elif char == "-" and self._negates():
                self.at += 1
                yield _Token("NOT")
            elif char == '"':
                quoted = self._quoted()
                if quoted is not None:
                    yield from self._leaf(Phrase(quoted), quoted)
            else:
                yield from self._bare()

    def _negates(self) -> bool:
        after = self.text[self.at + 1 : self.at + 2]
        return bool(after) and not after.isspace() and after not in "-)"

    def _quoted(self) -> str | None:
        match = _QUOTED.match(self.text, self.at) if self.quotes_close else None
        if match is None:
            self.quotes_close = False
            self.at += 1
            self.notes.append("A quotation mark is not closed; it was left out.")
            return None
        self.at = match.end()
        return self._cut(_ESCAPE.sub(r"\1", match[1]).strip())

    def _bare(self) -> Iterator[_Token]:
        match = _FIELD.match(self.text, self.at)
        if match is not None and (field := field_named(match[1])) is not None:
            yield from self._field(field, match)
            return
        word = self._word()
        if match is not None and searchable(word[match.end() - match.start() :]):
            self.notes.append(f"{match[1]}: is not a field; {word[:60]} was searched as words.")
        if word in {"OR", "NOT", "AND"}:
            if word != "AND":
                yield _Token(word)
            return
        if (fuzzy := _FUZZY.fullmatch(word)) is not None:
            yield from self._leaf(Fuzzy(fuzzy[1], int(fuzzy[2] or 1)), fuzzy[1])
            return
        yield from self._leaf(Word(word), word)

    def _field(self, field: str, match: re.Match[str]) -> Iterator[_Token]:
        start, value_at = self.at, match.end()
        self.at = value_at
        quoted = self._quoted() if self.text[value_at : value_at + 1] == '"' else None
        value = quoted if quoted is not None else self._word_at(value_at)
        if not value or (value.strip("*") == "" and match[2]):
            self.notes.append(f"{match[0]} has no value; it was searched as a word.")
            typed = self.text[start:value_at]
            yield from self._leaf(Word(typed), typed)
            return
        terms, note = read_terms(field, match[2] or ":", value, self.today)
        if note:
            self.notes.append(note)
        if terms:
            yield _Token("leaf", terms)
        elif quoted is not None:
            yield from self._leaf(Phrase(quoted), quoted)
        else:
            typed = self._cut(self.text[start : self.at])
            yield from self._leaf(Word(typed), typed)

    def _word(self) -> str:
        return self._word_at(self.at)

    def _word_at(self, start: int) -> str:
        match = _BARE.match(self.text, start)
        self.at = match.end() if match else max(self.at, start)
        return self._cut(match[0]) if match else ""

    def _cut(self, text: str) -> str:
        if len(text) > TEXT_LIMIT_CHARS:
            self.notes.append(f"A term is longer than {TEXT_LIMIT_CHARS} characters; its end was left out.")
        return text[:TEXT_LIMIT_CHARS].strip()

    def _leaf(self, node: Leaf, text: str) -> Iterator[_Token]:
        if searchable(text):
            yield _Token("leaf", (node,))
        elif text.strip("*"):
            self.notes.append(f"{text[:60]} holds nothing to search for; it was left out.")


def searchable(text: str) -> bool:
    """True if there is a letter or digit in it."""
    return any(char.isalnum() for char in text)


class _Parser:
    """Recursive descent; depth is bounded by DEPTH_LIMIT, and whatever does not fit is read as if it were not there."""

    def __init__(self, tokens: list[_Token], notes: list[str]) -> None:
        self.tokens = tokens
        self.notes = notes
        self.at = 0
        self.depth = 0
        self.too_deep = 0

    def parse(self) -> Node:
        return self._query() or All()

    def _peek(self) -> str:
        return self.tokens[self.at].kind if self.at < len(self.tokens) else "end"

    def _query(self) -> Node | None:
        """Up to the end, or to the parenthesis that closes this level (left in place)."""
        groups: list[Node] = []
        group: list[Node] = []
        pending = False
        while (kind := self._peek()) != "end":
            if kind == ")" and self._closes():
                break
            if kind == "OR":
                self.at += 1
                pending = True
                if not group:
                    self.notes.append("An OR had nothing on its left; it was left out.")
                groups.extend(_joined(And, group))
                group = []
                continue
            node = self._unary()
            if node is not None:
                group.append(node)
                pending = False
        if pending:
            self.notes.append("An OR had nothing on its right; it was left out.")
        groups.extend(_joined(And, group))
        joined = _joined(Or, groups)
        return joined[0] if joined else None

    def _closes(self) -> bool:
        """Whether the ")" here ends this level; otherwise step over it."""
        if self.too_deep:
            self.too_deep -= 1
        elif self.depth:
            return True
        else:
            self.notes.append("A closing parenthesis had no opening one; it was left out.")
        self.at += 1
        return False

    def _unary(self) -> Node | None:
        negative = False
        while self._peek() == "NOT":
            self.at += 1
            negative = not negative
        kind = self._peek()
        node: Node | None = None
        if kind == "(":
            node = self._group()
        elif kind == "leaf":
            nodes = self.tokens[self.at].nodes
            self.at += 1
            node = nodes[0] if len(nodes) == 1 else And(nodes)
        elif negative:
            self.notes.append("A NOT had nothing to its right; it was left out.")
        if node is None or not negative:
            return node
        return node.child if isinstance(node, Not) else Not(node)

    def _group(self) -> Node | None:
        self.at += 1
        if self.depth == DEPTH_LIMIT:
            self.too_deep += 1
            self.notes.append(f"Parentheses are nested deeper than {DEPTH_LIMIT}; the inner ones were left out.")
            return None
        self.depth += 1
        node = self._query()
        self.depth -= 1
        if self._peek() == ")":
            self.at += 1
        else:
            self.notes.append("A parenthesis is not closed; it was read as closed at the end.")
        return node


def _joined(kind: type[And] | type[Or], nodes: list[Node]) -> list[Node]:
    """One node of that kind with nested ones of the same kind taken up into it; nothing for nothing."""
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.children if isinstance(node, kind) else (node,))
    if len(flat) < 2:
        return flat
    return [kind(tuple(flat))]
