"""The readable page of a bundle: one HTML file, nothing from elsewhere, no script, everything escaped."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from dam.lineage import drawing
from dam.media.paths import display
from dam.model import CredentialState
from dam.report import bundle
from dam.report.bundle import Member
from dam.report.contents import Facts, spoken

_LINE, _PROSE = 300, 6_000
CREDENTIAL = {
    CredentialState.NONE: "It carries no content credential (C2PA): nothing inside the file proves where it comes from.",
    CredentialState.REMOTE_NOT_FETCHED: "It names a credential on a server, which was not fetched.",
    CredentialState.UNREADABLE: "It carries a credential that cannot be read.",
    CredentialState.CONTENT_MISMATCH: "It carries a credential whose signed contents are not those of the file.",
    CredentialState.CREDENTIAL_PROBLEM: "It carries a credential whose certificate is expired, revoked or not fit for signing.",
    CredentialState.UNTRUSTED_SIGNER: "It carries an intact credential by a signer whom no trust list of this library holds.",
    CredentialState.TRUSTED: "It carries an intact credential, and a trust list of this library holds its signer.",
}


def render(facts: Facts, about: Mapping[str, Any], members: Sequence[Member]) -> Member:
    """The page as a member. `about` is what the index will say beside its members."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    env = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    env.filters |= {"line": line, "prose": _prose, "when": when, "size": size, "pretty": _pretty, "word": _word}
    thumb = base64.b64encode(facts.thumbnail).decode() if facts.thumbnail else None
    state = facts.paper.verdict.state if facts.paper else CredentialState.NONE
    text = env.get_template("report.html").render(
        about=about,
        asset=facts.detail,
        made=spoken(facts.detail["generation"], prompts=facts.prompts) or {},
        paper=facts.paper,
        credential=CREDENTIAL[state],
        thumbnail=thumb,
        parents=_neighbours(facts, up=True),
        children=_neighbours(facts, up=False),
        alike=_alike(facts),
        drawing=Markup(drawing.svg(facts.lineage, facts.titles)),  # noqa: S704  # made of escaped text
        drawn=len(facts.lineage.nodes) > 1,
        entries=[link for _, link in facts.links],
        members=members,
        prompts=facts.prompts,
    )
    what = "the same for people: open it first"
    return bundle.member(bundle.PAGE, text.encode("utf-8", "replace"), media_type="text/html", what=what)


def _neighbours(facts: Facts, *, up: bool) -> list[dict[str, Any]]:
    start = facts.lineage.start
    found = []
    for edge in facts.lineage.edges:
        other, own = (edge.parent_id, edge.child_id) if up else (edge.child_id, edge.parent_id)
        if own == start:
            found.append({
                "title": facts.titles.get(other, other), "sha256": facts.digests.get(other, ""),
                "relation": str(edge.relation), "evidence": edge.evidence, "confidence": edge.confidence,
            })  # fmt: skip
    return found[:200]


def _alike(facts: Facts) -> list[dict[str, Any]]:
    start, found = facts.lineage.start, []
    for edge in facts.alike[:100]:
        other = edge.parent_id if edge.child_id == start else edge.child_id
        found.append({"title": facts.titles.get(other, other), "confidence": edge.confidence})
    return found


def line(text: object, limit: int = _LINE) -> str:
    """One line of a stranger's text, made visible."""
    whole = str(text)
    return display(whole if len(whole) <= limit else whole[: limit - 1] + "…")


def _prose(text: object, limit: int = _PROSE) -> str:
    whole = str(text)
    lines = "\n".join(display(one) for one in whole[:limit].splitlines())
    return lines if len(whole) <= limit else f"{lines}… ({len(whole) - limit:,} more characters)"


def when(iso: object) -> str:
    try:
        return datetime.fromisoformat(str(iso)).strftime("%-d %B %Y, %H:%M:%S UTC")
    except ValueError:
        return line(iso, 40)


def size(count: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _pretty(value: object) -> str:
    return line(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str), 400)


def _word(text: object) -> str:
    return line(str(text).replace("_", " ").replace(".", " "), 80)
