"""Did you mean: a query that finds nothing, with its odd words replaced by names that the library knows. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches

from dam.search.fields import FIELDS, FieldType
from dam.search.query import And, Fuzzy, Leaf, Node, Not, Or, Phrase, Term, Word, leaves
from dam.search.text import label_key

CLOSE = 0.72  # difflib's ratio; "warehose" and "warehouse" have 0.94
MOST, WORDS = 3, 8  # suggestions, and odd words that are looked up
NAMES = 2_000


def suggestions(tree: Node, known: Mapping[str, Sequence[str]]) -> list[Node]:
    """Up to three queries like this one, the closest first. `known` are names by field (character, model, ...)."""
    names = {field: list(names)[:NAMES] for field, names in known.items() if FIELDS.get(field) is FieldType.LABEL}
    found: list[tuple[float, Node]] = []
    for leaf in [one for one in leaves(tree, positive_only=True) if _text(one)][:WORDS]:
        for ratio, better in _better(leaf, names):
            found.append((ratio, _replaced(tree, leaf, better)))
    found.sort(key=lambda one: -one[0])
    return list(dict.fromkeys(node for _, node in found))[:MOST]


def _text(leaf: Leaf) -> str:
    match leaf:
        case Word(text) | Phrase(text) | Fuzzy(text, _):
            return label_key(text)
        case Term(field, value, _) if FIELDS[field] is FieldType.LABEL:
            return label_key(value)
        case _:
            return ""


def _better(leaf: Leaf, names: Mapping[str, Sequence[str]]) -> Iterator[tuple[float, Term]]:
    asked = _text(leaf).strip("*")
    fields = [leaf.field] if isinstance(leaf, Term) else list(names)
    for field in fields:
        whole = {label_key(name): name for name in names.get(field, ())}
        pieces = {piece: name for name in whole.values() for piece in label_key(name).split() if len(piece) > 2}
        for key in get_close_matches(asked, sorted({*whole, *pieces}), n=2, cutoff=CLOSE):
            name = whole.get(key) or pieces[key]
            if label_key(name) != asked:
                yield SequenceMatcher(None, asked, key).ratio(), Term(field, name, "=")


def _replaced(node: Node, old: Leaf, new: Leaf) -> Node:
    match node:
        case Not(child):
            return Not(_replaced(child, old, new))
        case And(children):
            return And(tuple(_replaced(child, old, new) for child in children))
        case Or(children):
            return Or(tuple(_replaced(child, old, new) for child in children))
        case _:
            return new if node == old else node
