"""How `dam verify` tells a verdict to people: what holds, who signed and when, what was said, and what it does not prove."""

import sys
from typing import TYPE_CHECKING

from dam_cli import render

if TYPE_CHECKING:
    from dam_schemas.answers import RubricOut, RuleOut, VerifyOut
    from dam_schemas.inspect import ActionOut, CredentialsOut

SHOWN_ACTIONS = 8
SHOWN_MATCHES = 5
_SOUND = ("trusted", "untrusted_signer")
_AI = {True: "yes", False: "no", None: "nothing says"}


def _credential(seen: "CredentialsOut") -> str:
    from dam.provenance import sentences

    tier = f" ({sentences.TIERS[seen.tier]})" if seen.tier in sentences.TIERS else ""
    return f"{seen.state}{tier}{' by sidecar' if seen.sidecar else ''}"


def print_verdict(wire: "VerifyOut") -> None:
    """One file's verdict. Nothing is shown that the file or this library does not say itself."""
    from dam.provenance import sentences

    word = render.style("AUTHENTIC", "1;32") if wire.authentic else render.style("NOT PROVEN AUTHENTIC", "1;31")
    render.put(wire.path)
    sys.stdout.write(f"  {word}\n")
    seen = wire.credentials
    says = "says" if seen.state in _SOUND else "unproven"
    rows = [
        ("because", "\n".join(wire.reasons)),
        ("credential", _credential(seen)),
        ("signer", seen.issuer or ""),
        ("signed", _when(seen)),
        ("made with", seen.generator or ""),
        *((says, _action(one)) for one in seen.actions[:SHOWN_ACTIONS]),
        ("", f"and {len(seen.actions) - SHOWN_ACTIONS} more" if len(seen.actions) > SHOWN_ACTIONS else ""),
        ("made by AI", _AI[wire.ai_generated] + (f" ({wire.digital_source_type})" if wire.digital_source_type else "")),
        ("ingredients", ", ".join(one.title or one.relationship or "unnamed" for one in seen.ingredients)),
        ("mark", f"{wire.mark.mark_id} ({wire.mark.engine})" if wire.mark else ""),
        *(("ours", words) for words in _matches(wire)),
        ("codes", ", ".join(seen.codes)),
        *(("problem", f"{p.code}: {p.message}") for p in wire.problems),
        ("not proven", sentences.NOT_PROVEN),
    ]
    render.table(rows)
    if wire.rubric is not None:
        _print_rubric(wire.rubric)


def _matches(wire: "VerifyOut") -> list[str]:
    """The assets of ours that it may be, the surest first, each with every way in which it was found."""
    found: dict[str, list[str]] = {}
    for one in wire.matches:
        found.setdefault(one.asset_id, []).append(f"{one.found_by} ({one.score:.3f})")
    return [f"{asset_id} by {', '.join(ways)}" for asset_id, ways in list(found.items())[:SHOWN_MATCHES]]


def _when(seen: "CredentialsOut") -> str:
    stamp = seen.timestamp
    if seen.label is None:
        return ""
    if stamp.at is None:
        return "at an unknown time"
    by = f", stamped by {stamp.authority}" if stamp.authority else ""
    kind = {"trusted": "on a trust list", "untrusted": "on no trust list"}.get(stamp.state, stamp.state)
    return f"{stamp.at}{by} ({'our own, ' if stamp.local else ''}{kind})"


def _action(one: "ActionOut") -> str:
    """Created by gpt-image 2.0 (trainedAlgorithmicMedia)"""
    words = [one.action.removeprefix("c2pa.").replace(".", " ")]
    words += [f"by {one.software_agent}"] if one.software_agent else []
    words += [f"({one.digital_source_type})"] if one.digital_source_type else []
    words += [f"- {one.description}"] if one.description else []
    return " ".join(words)


def _print_rubric(wire: "RubricOut") -> None:
    verdict = render.style("PASSED", "1;32") if wire.passed else render.style("NOT PASSED", "1;31")
    sys.stdout.write(f"  {verdict}  {wire.name}: {wire.met}/{wire.total} rules\n")
    render.table((_mark(rule), _rule_line(rule)) for rule in wire.rules)
    met = sum(rule.passed for rule in wire.integrity)
    sys.stdout.write(f"  integrity: {met}/{len(wire.integrity)} rules\n")
    render.table((_mark(rule), _rule_line(rule)) for rule in wire.integrity if not rule.passed)
    for one in wire.signals:
        name = f"{one.label or ''}{' (an ingredient)' if one.inferred else ''}"
        render.table([("signals", f"{name}: {', '.join(one.signals) or 'none'}")])


def _mark(rule: "RuleOut") -> str:
    return "ok" if rule.passed else rule.level


def _rule_line(rule: "RuleOut") -> str:
    name = rule.id.removeprefix("validation:")
    if rule.passed:
        return str(name)
    where = f" [{rule.section}]" if rule.section else ""
    return f"{name}: {rule.demand}{where}\nfound: {', '.join(rule.matches)}"
