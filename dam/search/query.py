"""A query as a small tree of frozen dataclasses, and its canonical text.

The tree is the promise of the query language: engines compile it, the parser (grammar.py) makes it, and `render` gives
back text that parses to the same tree.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class All:
    """Everything: the empty query."""


@dataclass(frozen=True, slots=True)
class Word:
    """Text without blanks, quotes or parentheses; `*` stands for any characters. May hold several index words (`a_b`)."""

    text: str


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """A word with up to `distance` letters wrong, missing, swapped or too many."""

    text: str
    distance: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand side by side."""

    text: str


@dataclass(frozen=True, slots=True)
class Term:
    """`field` op `value`; op is ":" (contains, `*` allowed), "=" (exactly), ">", ">=", "<" or "<="."""

    field: str
    value: str
    op: str = ":"


@dataclass(frozen=True, slots=True)
class Ids:
    """Exactly these assets: what an outside term (`similar:X`) was resolved to. Never made by the parser."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    child: "Node"


@dataclass(frozen=True, slots=True)
class And:
    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    children: tuple["Node", ...]


Node = All | Word | Fuzzy | Phrase | Term | Ids | Not | And | Or
Leaf = All | Word | Fuzzy | Phrase | Term | Ids


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked. `understood` is the canonical text of `tree`; `notes` say in words what was read differently."""

    tree: Node
    understood: str
    notes: tuple[str, ...] = ()


_PLAIN_VALUE = re.compile(r'[^\s()"\\<>=][^\s()"\\]*')


def quote(text: str) -> str:
    """Put text in double quotes as the language escapes them."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def render(node: Node) -> str:
    """The canonical text of a tree; "" for everything."""
    match node:
        case Not(child):
            inner = f"({render(child)})" if isinstance(child, And | Or) else render(child)
            return f"NOT {inner}" if inner.startswith("-") else f"-{inner}"  # `---ar` would be a word
        case And(children):
            return " ".join(f"({render(child)})" if isinstance(child, Or) else render(child) for child in children)
        case Or(children):
            return " OR ".join(render(child) for child in children)
        case _:
            return render_leaf(node)


def render_leaf(node: Leaf) -> str:
    match node:
        case Word(text):
            return text
        case Fuzzy(text, distance):
            return f"{text}~{'' if distance == 1 else distance}"
        case Phrase(text):
            return quote(text)
        case Term(field, value, op):
            sign = "" if op == ":" else op
            return f"{field}:{sign}{value if _PLAIN_VALUE.fullmatch(value) else quote(value)}"
        case Ids(ids):
            return f"<{len(ids)} assets>"
        case All():
            return ""


def leaves(node: Node, *, positive_only: bool = False) -> Iterator[Leaf]:
    """Every leaf from left to right; with `positive_only` none below a Not."""
    match node:
        case And(children) | Or(children):
            for child in children:
                yield from leaves(child, positive_only=positive_only)
        case Not(child):
            if not positive_only:
                yield from leaves(child)
        case _:
            yield node


def resolve(query: Query, answers: Mapping[Term, tuple[str, ...]]) -> Query:
    """Replace outside terms (fields.outside_terms) by the assets that the caller found for them."""
    return Query(_resolved(query.tree, answers), query.understood, query.notes)


def _resolved(node: Node, answers: Mapping[Term, tuple[str, ...]]) -> Node:
    match node:
        case Term() if node in answers:
            return Ids(tuple(answers[node]))
        case Not(child):
            return Not(_resolved(child, answers))
        case And(children):
            return And(tuple(_resolved(child, answers) for child in children))
        case Or(children):
            return Or(tuple(_resolved(child, answers) for child in children))
        case _:
            return node
