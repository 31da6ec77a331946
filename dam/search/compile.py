"""From a query tree to tantivy's query objects. Text is never spliced into tantivy's own syntax."""

import re
from dataclasses import dataclass
from typing import Any

import tantivy

from dam.search.fields import FIELDS, FieldType, date_span_us
from dam.search.query import All, And, Fuzzy, Ids, Node, Not, Or, Phrase, Term, Word, leaves
from dam.search.schema import LABEL_FIELDS
from dam.search.text import WORD_LIMIT_BYTES, asked, clean, label_key

_RUN = re.compile(r"(?:[^\W_]|\*)+")
_PATTERN_LIMITS = ((120, 4), (40, 3), (16, 2))  # bytes, pieces: tantivy refuses automata above 1,000 states
_HEAD_BOOST = 1.5
_REGEX_SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$#&~\-])")

_STATES = {"ai": ("ai", "true"), "protected": ("protected", "true"), "unprotected": ("protected", "false")}
_STATES |= {state: ("status", state) for state in ("approved", "rejected", "unreviewed")}
_STATES |= {state: ("availability", state) for state in ("online", "offline", "missing")}
_STATES |= {name: ("flag", name) for name in ("quarantined", "stacked", "duplicate")}


def is_ranked(tree: Node) -> bool:
    """Whether relevance means anything: some wanted words without wildcard."""
    return any(
        isinstance(leaf, Phrase)
        or (isinstance(leaf, Word) and "*" not in leaf.text)
        or (isinstance(leaf, Term) and FIELDS[leaf.field] is FieldType.TEXT and "*" not in leaf.value)
        for leaf in leaves(tree, positive_only=True)
    )


@dataclass(frozen=True, slots=True)
class Compiler:
    """`analyzer` must be the one that indexed the documents."""

    schema: Any
    analyzer: Any

    def compile(self, tree: Node) -> Any:
        query = self._node(tree)
        return tantivy.Query.all_query() if query is None else query

    def _node(self, node: Node) -> Any:
        """None = says nothing (a word that the tokenizer dissolves)."""
        match node:
            case All():
                return None
            case Word(text):
                return self._words(text, wildcards=True)
            case Fuzzy(text, distance):
                return self._fuzzy(text, distance)
            case Phrase(text):
                return self._words(text, wildcards=False)
            case Term():
                return self._term(node)
            case Ids(ids):
                return _filter(tantivy.Query.term_set_query(self.schema, "id", list(ids))) if ids else _nothing()
            case Not(child):
                query = self._node(child)
                return None if query is None else _without([query], [])
            case And(children):
                return self._all_of(children)
            case Or(children):
                return _boolean(tantivy.Occur.Should, [self._node(child) for child in children])

    def _all_of(self, children: tuple[Node, ...]) -> Any:
        """Negatives beside a positive are clauses of their own: walking "everything but" would visit every document."""
        wanted = [
            query for child in children if not isinstance(child, Not) and (query := self._node(child)) is not None
        ]
        refused = [
            query for child in children if isinstance(child, Not) and (query := self._node(child.child)) is not None
        ]
        if not refused:
            return _boolean(tantivy.Occur.Must, wanted)
        return _without(refused, wanted)

    def _words(self, text: str, *, wildcards: bool) -> Any:
        """Anywhere in the asset's text; a find in its name or tags counts more."""
        everywhere = self._in_field("text", text, wildcards=wildcards)
        if everywhere is None or (wildcards and "*" in text):
            return everywhere
        head = self._in_field("head", text, wildcards=wildcards)
        return _boolean(tantivy.Occur.Should, [everywhere, tantivy.Query.boost_query(head, _HEAD_BOOST)])

    def _fuzzy(self, text: str, distance: int) -> Any:
        """Each index word of the text nearly; what the tokenizer dissolves says nothing."""
        tokens = self.analyzer.analyze(asked(text))
        near = [
            tantivy.Query.fuzzy_term_query(self.schema, "text", token, distance=distance, transposition_cost_one=True)
            for token in tokens
        ]
        return _boolean(tantivy.Occur.Must, near)

    def _in_field(self, field: str, text: str, *, wildcards: bool) -> Any:
        if any(len(run.encode()) >= WORD_LIMIT_BYTES for run in _RUN.findall(asked(text))):
            return _nothing()
        if wildcards and "*" in text:
            patterns = [self._run_pattern(run) for run in _RUN.findall(asked(text)) if run.strip("*")]
            if not patterns:
                return self._regex(field, ".+")  # `prompt:*`: there is one
            if len(patterns) == 1:
                return self._regex(field, patterns[0])
            return tantivy.Query.regex_phrase_query(self.schema, field, patterns)
        tokens = self.analyzer.analyze(asked(text))
        if not tokens:
            return None
        if len(tokens) == 1:
            return tantivy.Query.term_query(self.schema, field, tokens[0])
        return tantivy.Query.phrase_query(self.schema, field, tokens)

    def _run_pattern(self, run: str) -> str:
        return self._pattern(["".join(self.analyzer.analyze(piece)) for piece in run.split("*")])

    def _pattern(self, pieces: list[str]) -> str:
        """A regular expression for pieces with anything between them. One that is too large ends early in "anything"."""
        for size_bytes, count in _PATTERN_LIMITS:
            pattern = _bounded_pattern(pieces, size_bytes, count)
            try:
                tantivy.Query.regex_query(self.schema, "text", pattern)
            except ValueError:
                continue
            return pattern
        return ".*"

    def _regex(self, field: str, pattern: str) -> Any:
        return _filter(tantivy.Query.regex_query(self.schema, field, pattern))

    def _equals(self, field: str, value: str) -> Any:
        return _filter(tantivy.Query.term_query(self.schema, field, value))

    def _term(self, term: Term) -> Any:
        kind = FIELDS[term.field]
        if kind is FieldType.IS:
            return self._equals(*_STATES[term.value])
        if kind is FieldType.TEXT:
            return self._in_field(term.field, term.value, wildcards=True)
        if kind is FieldType.LABEL:
            return self._label(term)
        if kind is FieldType.KEYWORD:
            return self._keyword(term)
        if kind is FieldType.NUMBER or kind is FieldType.DATE:
            return _filter(self._span(term))
        return _nothing()  # an outside term that nobody resolved

    def _label(self, term: Term) -> Any:
        assert term.field in LABEL_FIELDS
        raw, key = f"{term.field}_raw", label_key(term.value)
        if term.op == "=":
            return self._equals(raw, key)
        whole = self._regex(raw, self._pattern(key.split("*"))) if "*" in key else self._equals(raw, key)
        words = self._in_field(term.field, term.value, wildcards=True)
        return whole if words is None else _filter(_boolean(tantivy.Occur.Should, [whole, words]))

    def _keyword(self, term: Term) -> Any:
        field, value = term.field, clean(term.value)
        if field == "parse":
            field, value = "flag", f"parse:{value}"
        if field in {"id", "sha256"} and "*" not in value:
            value += "*"
        if "*" in value:
            return self._regex(field, self._pattern(value.split("*")))
        return self._equals(field, value)

    def _span(self, term: Term) -> Any:
        if term.field == "duration":
            kind, low, high = tantivy.FieldType.Float, float(term.value), float(term.value) + 1e-6
        elif FIELDS[term.field] is FieldType.DATE:
            kind, (low, high) = tantivy.FieldType.Integer, date_span_us(term.value) or (0, 0)
        else:
            kind, low, high = tantivy.FieldType.Integer, int(term.value), int(term.value) + 1
        bounds = {":": (low, high), ">": (high, None), ">=": (low, None), "<": (None, low), "<=": (None, high)}
        least, below = bounds[term.op]
        return tantivy.Query.range_query(
            self.schema, term.field, kind, least, below, include_lower=True, include_upper=below is None
        )


def _bounded_pattern(pieces: list[str], limit_bytes: int, limit_count: int) -> str:
    pattern, size_bytes = [], 0
    for at, piece in enumerate(pieces):
        size_bytes += len(piece.encode())
        if size_bytes > limit_bytes or at == limit_count:
            pattern.append("")
            break
        pattern.append(_REGEX_SPECIAL.sub(r"\\\1", piece))
    return re.sub(r"(?:\.\*){2,}", ".*", ".*".join(pattern) if len(pattern) > 1 else pattern[0] or ".*")


def _filter(query: Any) -> Any:
    """Selects, but does not rank."""
    return tantivy.Query.const_score_query(query, 0.0)


def _nothing() -> Any:
    return tantivy.Query.empty_query()


def _without(refused: list[Any], wanted: list[Any]) -> Any:
    """All of `wanted` (everything where it is empty) and none of `refused`."""
    must, must_not = tantivy.Occur.Must, tantivy.Occur.MustNot
    kept = wanted or [_filter(tantivy.Query.all_query())]
    return tantivy.Query.boolean_query([(must, query) for query in kept] + [(must_not, query) for query in refused])


def _boolean(occur: Any, queries: list[Any]) -> Any:
    known = [query for query in queries if query is not None]
    if len(known) < 2:
        return known[0] if known else None
    return tantivy.Query.boolean_query([(occur, query) for query in known])
