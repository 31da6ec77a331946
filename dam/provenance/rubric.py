"""Does a file's credential pass the C2PA conformance programme's own rubrics? (docs/rubric.md)

The rules are in `rules`, the signals in `signals`; both are ports under CC BY 4.0 of what the C2PA Conformance Task Force
publishes. A rubric is not a verdict: it says whether a manifest is made as the programme wants, not who signed it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from dam.errors import UnreadableError
from dam.provenance import bounds, sdk
from dam.provenance.crjson import GapError, View, active
from dam.provenance.rules import CONFORMANCE, INTEGRITY, Level, Rule
from dam.provenance.signals import ManifestSignals, signals
from dam.provenance.trust import TrustStore

NAME = "C2PA Asset Conformance 0.2 Spec 2.4"
MAX_MATCHES = 32
MAX_MATCH_CHARS = 200
UNJUDGED = "cannot be judged: a value has a kind, or a list a length, that no real manifest has"


@dataclass(frozen=True, slots=True)
class RuleResult:
    """`matches` names what offends, at most MAX_MATCHES. Attribute names are the wire's (dam_schemas.answers.RuleOut)."""

    id: str
    level: Level
    passed: bool
    demand: str
    section: str | None
    matches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """`passed`: no rule of level "fail" is broken, of the conformance rubric; `met` of its `total` rules are met."""

    name: str
    passed: bool
    met: int
    total: int
    rules: tuple[RuleResult, ...]
    integrity: tuple[RuleResult, ...]
    signals: tuple[ManifestSignals, ...]


def judge(path: str, mime: str, store: TrustStore | None) -> Report | None:
    """Hold a file's active manifest against the rubrics; None where it has none that can be read.

    Raises:
        UnreadableError: the operating system refuses to open it.
    """
    try:
        file = open(path, "rb", buffering=1 << 20)  # noqa: SIM115  # str paths may carry undecodable bytes
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{path!a} cannot be opened: {error}.") from error
    with file:
        return judge_stream(file, mime, store)


def judge_stream(stream: BinaryIO, mime: str, store: TrustStore | None) -> Report | None:
    """As `judge`, of an open file; never raises on any bytes."""
    if bounds.too_many_assertions(stream):
        return None
    try:
        document = sdk.read_crjson(stream, mime, store.lists() if store else ())
    except sdk.SdkError:
        return None
    return evaluate(document) if document is not None else None


def evaluate(document: object) -> Report:
    """Apply the rubrics to crJSON. Never raises, whatever the document is; time grows with its length only."""
    view = active(document)
    rules = tuple(_applied(rule, view) for rule in CONFORMANCE)
    return Report(
        name=NAME,
        passed=all(one.passed for one in rules if one.level == "fail"),
        met=sum(one.passed for one in rules),
        total=len(rules),
        rules=rules,
        integrity=tuple(_applied(rule, view) for rule in INTEGRITY),
        signals=signals(document),
    )


def _applied(rule: Rule, view: View) -> RuleResult:
    try:
        matches = _shown(islice(rule.check(view), MAX_MATCHES))
    except GapError:
        matches = (UNJUDGED,)
    return RuleResult(rule.id, rule.level, not matches, rule.demand, rule.section, matches)


def _shown(offenders: Iterable[Any]) -> tuple[str, ...]:
    return tuple(one[:MAX_MATCH_CHARS] if isinstance(one, str) else _kind(one) for one in offenders)


def _kind(value: object) -> str:
    """What stands where a word should: never the value itself, which may be of any size."""
    if value is None:
        return "(none)"
    if isinstance(value, bool | int | float):
        return str(value)[:MAX_MATCH_CHARS]
    return "(an object)" if isinstance(value, dict) else "(a list)"
